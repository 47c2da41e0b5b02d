"""Shapes of a hand, by name. Pure data: degrees from the flat hand along each joint's own axes (`garrick.bodies.hand`)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from garrick.bodies.hand import FINGERS, JOINT_LIMITS, Side, posed_hand, rotations_of

_Finger = tuple[float, float, float, float]  # flexion of the three joints, then the first one's spread
_Thumb = tuple[tuple[float, float, float], float, float]  # flexion, spread and twist of the first, then two flexions

_STRAIGHT, _EASY = (4.0, 6.0, 4.0), (12.0, 18.0, 9.0)
_IN: _Thumb = ((30, 10, -20), 45, 40)  # across the palm
_BESIDE: _Thumb = ((5, 5, 0), 8, 5)

_SHAPES: dict[str, tuple[_Thumb, _Finger, _Finger, _Finger, _Finger]] = {
    # thumb, then index, middle, ring and little finger
    "flat": (_BESIDE, (0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0)),
    "relaxed": (((12, 8, -8), 16, 14), (20, 30, 15, 2), (27, 36, 18, 0), (33, 40, 20, -2), (36, 38, 20, -5)),
    "loose": (((4, 10, -4), 10, 10), (8, 16, 8, 5), (14, 22, 11, 0), (20, 26, 13, -3), (22, 26, 14, -9)),
    "open": (((-8, 12, 0), 2, 2), (*_STRAIGHT, 9), (*_STRAIGHT, 1), (*_STRAIGHT, -7), (*_STRAIGHT, -15)),
    "fist": (((38, 22, -30), 55, 50), (85, 100, 60, 0), (87, 102, 62, 0), (88, 102, 62, 0), (88, 98, 60, 0)),
    "point": (((30, 22, -25), 48, 40), (2, 5, 4, 0), (75, 95, 50, 0), (80, 98, 52, 0), (80, 95, 52, 0)),
    "one": (_IN, (2, 5, 4, 0), (78, 98, 55, 0), (82, 100, 55, 0), (82, 96, 55, 0)),
    "two": (_IN, (2, 5, 4, 9), (2, 5, 4, -7), (80, 98, 55, 0), (82, 96, 55, 0)),
    "three": (_IN, (2, 5, 4, 9), (2, 5, 4, 0), (4, 8, 5, -8), (78, 96, 55, 0)),
    "four": (_IN, (2, 5, 4, 9), (2, 5, 4, 1), (2, 5, 4, -7), (4, 8, 5, -15)),
    "pinch": (((26, 36, -32), 22, 18), (46, 48, 24, 4), (50, 50, 26, 0), (44, 46, 24, -3), (40, 40, 22, -8)),
    "ok": (((24, 32, -30), 26, 22), (48, 56, 30, 4), (16, 22, 12, 0), (10, 14, 8, -6), (6, 10, 6, -14)),
    "thumb_up": (((-18, 8, 10), -4, -8), (82, 100, 58, 0), (85, 102, 60, 0), (86, 102, 60, 0), (86, 98, 58, 0)),
}  # fmt: skip
SHAPES: tuple[str, ...] = tuple(_SHAPES)


@lru_cache(maxsize=64)
def hand_shape(name: str, side: Side) -> np.ndarray:
    """(15, 3) axis-angle in MANO's order of a shape of `SHAPES`, within the joints' limits.

    Raises KeyError for another name and MissingError where the hands cannot be built.
    """
    thumb, *fingers = _SHAPES[name]
    turned = np.zeros((5, 3, 3))
    for finger, (first, second, third, spread) in zip(("index", "middle", "ring", "pinky"), fingers, strict=True):
        turned[FINGERS.index(finger), :, 0] = first, second, third
        turned[FINGERS.index(finger), 0, 1] = spread
    root, middle, end = thumb
    turned[FINGERS.index("thumb"), 0] = root
    turned[FINGERS.index("thumb"), 1:, 0] = middle, end
    kept = np.clip(np.radians(turned.reshape(15, 3)), JOINT_LIMITS[..., 0], JOINT_LIMITS[..., 1])
    found = rotations_of(posed_hand(side), kept)
    found.flags.writeable = False
    return found
