"""What could be better about a photo that can be used: sentences for the person who chose it, each with a way out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from garrick.bodies.blink import LIDS
from garrick.perception.fit import OVAL

_TURNED, _BENT, _LEANING = 20.0, 25.0, 30.0  # degrees of yaw, pitch, roll: beyond these the frames begin to suffer
_ABOVE, _BESIDE, _BELOW = 0.3, 0.15, 0.1  # of the face's height, between the face and the picture's edge
_ENLARGED = 1.25  # times: what more enlarging than this shows
_DETAIL, _FINE = (
    64,
    0.085,
)  # pixels of a face's height; of its contrast, what is lost at that height: sharp faces lose more
_DARK, _BLACK, _SIDED = 30.0, 15.0, 3.0  # levels; levels, and how many times lighter the other half is
_WHITE, _BURNT = 250, 0.2  # level; share of the face
_OPEN = 0.1  # of the eyes' distance, between the lips
_SHUT = 0.12  # of an eye's width, between the lids
_PLAIN_LIPS, _PLAIN_EYES = 0.25, 0.15  # of the face's contrast: lips had .39, eyes .21, masks and dark glasses 0
_OUTER_LIPS = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)
_INNER_LIPS, _OUTER_CORNERS, _MIDLINE = (13, 14), (33, 263), (10, 152)
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def advice(
    image: np.ndarray, landmarks: np.ndarray, angles: tuple[float, float, float], tall: float
) -> tuple[str, ...]:
    """Sentences on a face; none where nothing is to be said.

    image, landmarks: (H, W, 3) uint8 and (478, 2) pixels of it, as frames show the face.
    angles: yaw, pitch and roll, degrees.    tall: the face's height in pixels of the photo itself.
    The thresholds are ours, set on photos, paintings and frames of clips, and on photos that were spoilt on purpose.
    """
    light = tuple(_light(image, landmarks))
    sharpness = _sharpness(image, landmarks, tall, even=not light)
    hidden = () if light else tuple(_hidden(image, landmarks))
    return (*_pose(*angles), *_room(image, landmarks), *sharpness, *light, *(hidden or _expression(landmarks)))


def _pose(yaw: float, pitch: float, roll: float) -> Iterator[str]:
    if abs(yaw) > _TURNED:
        yield f"The face is turned {abs(yaw):.0f} degrees; a frontal photo gives better frames."
    if abs(pitch) > _BENT:
        way = "up" if pitch > 0 else "down"
        yield f"The face looks {way} by {abs(pitch):.0f} degrees; a photo from the height of the eyes gives better frames."
    if abs(roll) > _LEANING:
        yield f"The head leans by {abs(roll):.0f} degrees. Turn the photo until the head is upright."


def _room(image: np.ndarray, landmarks: np.ndarray) -> Iterator[str]:
    low, high = landmarks[:468].min(axis=0), landmarks[:468].max(axis=0)
    height, width = image.shape[:2]
    tall = high[1] - low[1]
    if low[1] < _ABOVE * tall or min(low[0], width - high[0]) < _BESIDE * tall or height - high[1] < _BELOW * tall:
        yield "The photo is cut close around the head, and its edge shows when the head turns. Use one with room around it."


def _sharpness(image: np.ndarray, landmarks: np.ndarray, tall: float, even: bool) -> Iterator[str]:
    """even: whether the light is; else contrast is the light's, and says nothing about blur."""
    shown = float(np.ptp(landmarks[:468, 1]))
    if shown > _ENLARGED * tall:
        yield (
            f"The face is {tall:.0f} pixels high in the photo and {shown:.0f} in the frames, which will be soft. Use a "
            "larger photo, or smaller frames."
        )
    elif even and shown > 2 * _DETAIL and _lost(image, landmarks, _DETAIL / shown) < _FINE:
        yield "The face is blurred, as if the photo had been enlarged. Use a sharper photo."


def _lost(image: np.ndarray, landmarks: np.ndarray, scale: float) -> float:
    """What of a face's contrast is gone when the picture is scaled down and up again."""
    grey, inside = image.astype(np.float32) @ _LUMA, _oval(image, landmarks)
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    back = cv2.resize(small, grey.shape[::-1], interpolation=cv2.INTER_CUBIC)
    return float(np.sqrt(np.mean((back - grey)[inside] ** 2)) / max(float(grey[inside].std()), 1e-6))


def _light(image: np.ndarray, landmarks: np.ndarray) -> Iterator[str]:
    grey, inside = image.astype(np.float32) @ _LUMA, _oval(image, landmarks)
    (top_x, top_y), (chin_x, chin_y) = landmarks[list(_MIDLINE)]
    y, x = np.mgrid[: grey.shape[0], : grey.shape[1]]
    left = (chin_x - top_x) * (y - top_y) > (chin_y - top_y) * (x - top_x)
    halves = [float(np.median(grey[half])) for half in (inside & left, inside & ~left) if half.any()]
    dark, light = min(halves), max(halves)
    if light < _DARK:
        yield f"The face is very dark (level {light:.0f} of 255). Brighten the photo, or use one with more light."
    elif dark < _BLACK and light > _SIDED * dark:
        yield "Half of the face is nearly black and stays so when the head turns. Use a photo with light from both sides."
    burnt = float((image[inside].min(axis=1) >= _WHITE).mean())
    if burnt > _BURNT:
        yield f"{burnt:.0%} of the face is burnt out to white. Use a photo with less exposure."


def _hidden(image: np.ndarray, landmarks: np.ndarray) -> Iterator[str]:
    """A mask or dark glasses: the net guesses what lies behind, and nothing is drawn there."""
    grey = cv2.GaussianBlur(image.astype(np.float32) @ _LUMA, (0, 0), 1.5)
    whole = max(float(grey[_oval(image, landmarks)].std()), 1e-6)
    lips, *eyes = (float(grey[_filled(image, landmarks, ring)].std()) / whole for ring in (_OUTER_LIPS, *LIDS))
    if lips < _PLAIN_LIPS:
        yield "The mouth is hidden in the photo, and one will be drawn on what hides it. Use a photo that shows the mouth."
    if max(eyes) < _PLAIN_EYES:
        yield "The eyes are hidden in the photo, so blinks and looks will not show. Use a photo that shows the eyes."


def _expression(landmarks: np.ndarray) -> Iterator[str]:
    upper, lower = landmarks[list(_INNER_LIPS)]
    right, left = landmarks[list(_OUTER_CORNERS)]
    if np.linalg.norm(upper - lower) > _OPEN * np.linalg.norm(right - left):
        yield "The mouth is open in the photo; closed lips give better frames."
    if eye_openings(landmarks[None])[0] < _SHUT:
        yield "The eyes are nearly shut in the photo; open eyes give better frames."


def eye_openings(points: np.ndarray) -> np.ndarray:
    """(F, N >= 468, 2) face points -> (F,) distance of the lids in widths of the eye, mean of both; nan without a face."""
    eyes = []
    for lids in LIDS:
        loop = points[:, list(lids)]
        along = loop[:, 8] - loop[:, 0]
        across = np.stack([-along[:, 1], along[:, 0]], axis=1)
        gaps = loop[:, 1:8] - loop[:, :8:-1]
        eyes.append(np.abs(np.einsum("fpd,fd->fp", gaps, across).mean(axis=1)) / (along**2).sum(axis=1))
    return np.mean(eyes, axis=0)


def _oval(image: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """(H, W) bool: inside the face's outline."""
    return _filled(image, landmarks, OVAL)


def _filled(image: np.ndarray, landmarks: np.ndarray, ring: Sequence[int]) -> np.ndarray:
    """(H, W) bool: inside a ring of landmarks."""
    mask = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(landmarks[list(ring)]).astype(np.int32)], (1,))
    return mask > 0
