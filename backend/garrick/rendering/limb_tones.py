"""The skin's tone on hands and on arms: what the photo's own have where they are lit, and the face's where it shows none."""

from __future__ import annotations

import cv2
import numpy as np

from garrick.perception.own_arms import OwnArms

_FORESHORTENED = 0.55  # of the upper arm's length
_LIKE = 20.0  # CIELAB distance, lightness counting a quarter, up to which a pixel of an arm is skin
_FEW = 0.02  # of the shoulders' width: side of a square of pixels that tell
_HAND, _FOREARM, _ELBOW = (
    0.6,
    0.06,
    0.12,
)  # widths of the shoulders about a wrist, from the line down a forearm, at an elbow
_WRIST, _UNDER_CUFF = 0.85, 0.15  # of the forearm, at which the hand begins, and the arm
_LIT, _ARM_LIT = 60, 75  # percentile
_OWN, _ARM_OWN = (
    0.80,
    0.4,
)  # how far their tone is taken, not the face's: arms hang in the shade, which is not their tone
# what hands are redder than faces: by nine photos, a* over L* is a fifth larger in one light
_THAN_FACE = np.array([1.015, 0.988, 0.985])


def skin_tones(
    photo: np.ndarray, alpha: np.ndarray, own: OwnArms, skin: np.ndarray, cloth: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """(3,) sRGB each: of hands and of arms above them.

    photo: (H, W, 3) float32, 0..1.    alpha: (H, W).    skin: (3,) the face's.    cloth: (3,) a sleeve's, if there is any.
    """
    y, x = np.indices(alpha.shape)
    width = float(np.linalg.norm(own.joints["left"][0] - own.joints["right"][0]))
    hands, arms = np.zeros((2, *alpha.shape), bool)
    for side, mask in own.masks.items():
        _, elbow, wrist = own.joints[side]
        there = (mask > 0.95) & (alpha > 0.95)
        near = there & (np.hypot(x - wrist[0], y - wrist[1]) < _HAND * width)
        if points_ahead(own.joints[side]):
            elbowed = there & (np.hypot(x - elbow[0], y - elbow[1]) < _ELBOW * width)
            arms |= elbowed
            hands |= near & ~elbowed
            continue
        bone = wrist - elbow
        long = max(float(np.hypot(*bone)), 1e-6)
        along = ((x - elbow[0]) * bone[0] + (y - elbow[1]) * bone[1]) / long**2
        aside = np.abs((x - elbow[0]) * bone[1] - (y - elbow[1]) * bone[0]) / long
        hands |= near & (along > _WRIST)
        arms |= there & (aside < _FOREARM * width) & (along > _UNDER_CUFF) & (along < _WRIST)
    few = _FEW * width**2
    hand = _lit(photo[hands], skin, cloth, few, _LIT)
    arm = _lit(photo[arms], skin, cloth, few, _ARM_LIT)
    if hand is None and arm is None:
        return redder(skin), skin
    # where only one of both is seen, the other has its tone
    if hand is None or arm is None:
        tone = skin + _OWN * ((arm if hand is None else hand) - skin)
        return tone, tone
    return skin + _OWN * (hand - skin), skin + _ARM_OWN * (arm - skin)


def redder(skin: np.ndarray) -> np.ndarray:
    """(3,) the tone of hands that nothing shows, from that of the face."""
    return np.clip(skin * _THAN_FACE, 0, 1)


def points_ahead(joints: np.ndarray) -> bool:
    """Whether a forearm points at the camera; joints: (3, 2) pixels of shoulder, elbow and wrist."""
    return bool(np.linalg.norm(joints[2] - joints[1]) < _FORESHORTENED * np.linalg.norm(joints[1] - joints[0]))


def _lit(colours: np.ndarray, skin: np.ndarray, cloth: np.ndarray | None, few: float, lit: float) -> np.ndarray | None:
    """(3,) a percentile of what those of (n, 3) colours that are skin have; None where they are too few."""
    if len(colours) < max(few, 1):
        return None
    tones = np.array([[tone for tone in (skin, cloth) if tone is not None]], np.float32)
    scale = np.array([0.25, 1, 1], np.float32)
    lab = cv2.cvtColor(np.ascontiguousarray(colours[None]), cv2.COLOR_RGB2LAB)[0] * scale
    away = np.linalg.norm(lab[:, None] - cv2.cvtColor(tones, cv2.COLOR_RGB2LAB)[0] * scale, axis=2)
    like = (away[:, 0] < _LIKE) & (away.argmin(axis=1) == 0)
    return np.percentile(colours[like], lit, axis=0) if like.sum() >= max(few, 1) else None
