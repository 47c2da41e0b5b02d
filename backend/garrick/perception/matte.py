"""The person's matte: selfie segmentation, sharpened to hair by closed-form matting."""

from __future__ import annotations

import cv2
import numpy as np

from garrick.core.easing import smoothstep
from garrick.errors import InputError
from garrick.perception.nets import run_net

_NET = 256
_PERSON, _NOBODY = 0.7, 0.15  # confidence from which a pixel is the person's, and below which it is not,
_INWARDS, _OUTWARDS = 0.018, 0.02  # of the longer side: farther than so from what may be otherwise; hair reaches out
_ALIKE = (0.04, 0.14)  # full scale: colours that tell nothing apart, and such that do
_AROUND = 0.004  # of the longer side
_PLAIN = (0.33, 0.5, 0.7, 0.85), (0.0, 0.5, 0.7, 1.0)  # what a matte becomes where they are alike
_SOLVE = (
    512  # longer side at which the matte is solved, about half a second; larger pictures are carried on by the guide
)


def person_matte(image: np.ndarray) -> np.ndarray:
    """(H, W) float32, 0..1; image: (H, W, 3) uint8.

    Trimap from the net's confidence, closed-form matting (Levin et al. 2008, by pymatting) at a reduced size, then a
    guided filter (He et al. 2010) carries the matte to the picture's own edges. A picture without background is all person.
    Raises InputError where nobody is told from the background.
    """
    height, width = image.shape[:2]
    small = cv2.resize(image, (_NET, _NET), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    person = run_net("selfie_segmentation", small)[0].reshape(_NET, _NET)
    scale = min(1.0, _SOLVE / max(height, width))
    size = (round(width * scale), round(height * scale))
    reduced = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.float64) / 255
    trimap = _trimap(cv2.resize(person, size))
    if not (trimap == 1).any():
        raise InputError(
            "The person cannot be told from the background.",
            "Use a photo in which head and shoulders stand out from what is behind them.",
        )
    if not (trimap == 0).any():
        return np.ones((height, width), np.float32)
    alpha = _solved(reduced, trimap)
    full = cv2.resize(alpha.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    guided = _guided_filter(image.astype(np.float32) / 255, full, max(2, round(2 / scale)), 1e-4)
    sharp = np.clip((guided - 0.04) / 0.92, 0, 1)  # a matte of 0.98 inside a person is a person
    return _decided(image, sharp.astype(np.float32))


def _solved(image: np.ndarray, trimap: np.ndarray) -> np.ndarray:
    """(H, W) float64, 0..1.    image: (H, W, 3) float64, 0..1.    trimap: (H, W), 0, 0.5 or 1."""
    from garrick.perception.closed_form import estimate_alpha_cf

    return estimate_alpha_cf(image, trimap)


def _trimap(person: np.ndarray) -> np.ndarray:
    trimap = np.full(person.shape, 0.5)
    trimap[cv2.erode((person > _PERSON).astype(np.uint8), _round(_INWARDS * max(person.shape))) > 0] = 1
    trimap[cv2.dilate((person > _NOBODY).astype(np.uint8), _round(_OUTWARDS * max(person.shape))) == 0] = 0
    return trimap


def _round(radius: float) -> np.ndarray:
    side = 2 * max(2, round(radius)) + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))


def _decided(image: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """(H, W) the matte with a plain outline where the person looks like what is behind them.

    There the picture does not tell how much of either is seen, and the solver leaves a veil.
    """
    from garrick.perception.closed_form import estimate_foreground_ml

    person, behind = estimate_foreground_ml(image.astype(np.float32) / 255, alpha, return_background=True)
    apart = cv2.GaussianBlur(np.abs(person - behind).max(axis=2), (0, 0), _AROUND * max(alpha.shape))
    low, high = _ALIKE
    plain = np.interp(alpha, *_PLAIN).astype(np.float32)
    return alpha + (1 - smoothstep((apart - low) / (high - low))) * (plain - alpha)


def _guided_filter(guide: np.ndarray, image: np.ndarray, radius: int, epsilon: float) -> np.ndarray:
    """Grey-guide form: guide (H, W, 3), image (H, W), box radius in pixels."""
    grey = guide.mean(axis=2)
    box = (2 * radius + 1, 2 * radius + 1)
    mean_guide, mean_image = cv2.blur(grey, box), cv2.blur(image, box)
    covariance = cv2.blur(grey * image, box) - mean_guide * mean_image
    variance = cv2.blur(grey * grey, box) - mean_guide**2
    slope = covariance / (variance + epsilon)
    offset = mean_image - slope * mean_guide
    return cv2.blur(slope, box) * grey + cv2.blur(offset, box)
