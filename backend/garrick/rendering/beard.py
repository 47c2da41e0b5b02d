"""Where a beard is that the photo shows from the front, and how far it goes on at the sides of the jaw."""

from __future__ import annotations

import numpy as np

from garrick.bodies.head import PARTS, Head
from garrick.rendering.hair import diffuse

_UNLIKE = (0.30, 0.60)  # logarithm of a colour's ratio to the skin's: from where it may be a beard's, and surely is
_LOW, _LOWEST = -0.025, -0.15  # metres above the eyes between which beards grow
_CHIN, _CHIN_ASIDE, _CHIN_FRONT = -0.085, 0.03, 0.02  # metres above the eyes, beside the middle and behind the eyes
_HAIRY = 0.5  # share of the chin that is, in a beard
_EAR, _NECK = 0.078, 0.030  # metres behind the eyes and in front of the neck's joint: where beards end
_TRUST = 0.02  # beside 1 for what the photo shows


def beard_field(head: Head, colour: np.ndarray, skin: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """(V,) 0..1: how surely a beard grows at each vertex; all 0 for whoever has none.

    colour: (V, 3) of the photo, 0..1.    skin: (3,) the face's.    seen: (V,) bool: where the photo shows the head well.
    """
    up, back = head.template[:, 1] - head.joint_template[3:, 1].mean(), head.joint_template[3:, 2].mean()
    back = back - head.template[:, 2]
    plain = (head.vertex_parts == PARTS.index("skin")) & (head.lips == 0) & (head.weights[:, 0] < 0.5)
    zone = plain & (up < _LOW) & (up > _LOWEST)
    apart = np.abs(np.log((colour + 0.05) / (skin + 0.05))).max(axis=1)
    darker = colour.mean(axis=1) < skin.mean()
    hairy = np.clip((apart - _UNLIKE[0]) / (_UNLIKE[1] - _UNLIKE[0]), 0, 1) * darker
    chin = zone & seen & (up < _CHIN) & (np.abs(head.template[:, 0]) < _CHIN_ASIDE) & (back < _CHIN_FRONT)
    if not chin.any() or hairy[chin].mean() < _HAIRY:
        return np.zeros(len(up), np.float32)
    known = zone & seen
    ends = plain & ((back > _EAR) | (up >= _LOW))
    trust = np.where(known, 1.0, np.where(ends, _TRUST, 0.0))
    value = np.where(known, hairy, 0.0)
    return np.where(plain, np.clip(diffuse(head, value[:, None], trust)[:, 0], 0, 1), 0).astype(np.float32)
