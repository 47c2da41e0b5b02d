"""Blinks that end where the lids meet: the source's go a third too far, and identities change how far that is."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from garrick.bodies.head import PARTS, Head
from garrick.core.arkit import ARKIT_INDEX

LIDS = (
    (362, 382, 381, 380, 374, 373, 390, 249, 263, 466, 388, 387, 386, 385, 384, 398),
    (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
)
"""Lid contours of the subject's left and right eye, MediaPipe's numbers: from a corner along the lower lid, and back."""

BLINKS = (ARKIT_INDEX["eyeBlinkLeft"], ARKIT_INDEX["eyeBlinkRight"])

_LOWER = slice(0, 9)
_FALLS = 0.0015  # metres by which a blink lowers what counts as upper lid
_COLUMNS = 9  # of an eye, in which its lid's edge is looked for
_SHARES = (0.4, 1.3)  # of its way in the source, that a lid may go


def with_lids_that_meet(head: Head, face: np.ndarray) -> Head:
    """The head with blinks that take the upper lids' edges to the lower ones, whatever identity is in its template.

    face: (52,) the expression, but for blinks, in which they shall meet.
    """
    basis = head.face_basis.copy()
    opened, closed = (head.vertices(face=_with_blinks(face, weight)) for weight in (0, 1))
    contours = head.landmarks(closed)
    for row, loop in zip(BLINKS, LIDS, strict=True):
        lower = contours[list(loop[_LOWER])]
        lower = lower[np.argsort(lower[:, 0])]
        lid = upper_lid(head, row)
        found = []
        for left, right in pairwise(np.linspace(lower[0, 0], lower[-1, 0], _COLUMNS + 1)):
            column = lid[(opened[lid, 0] >= left) & (opened[lid, 0] < right)]
            if len(column):
                edge = column[np.argmin(closed[column, 1])]
                way = opened[edge, 1] - np.interp(closed[edge, 0], lower[:, 0], lower[:, 1])
                found.append((opened[edge, 0], way / (opened[edge, 1] - closed[edge, 1])))
        if len(found) < 3:
            continue
        places, shares = np.transpose(found)
        shares = np.convolve(np.pad(shares, 1, "edge"), (0.25, 0.5, 0.25), "valid")
        moves = np.abs(basis[row]).max(axis=1) > 1e-5
        share = np.clip(np.interp(opened[moves, 0], places, shares), *_SHARES)
        basis[row, moves] *= share[:, None].astype(np.float32)
    return replace(head, face_basis=basis)


def upper_lid(head: Head, row: int) -> np.ndarray:
    """(n,) vertices that one of BLINKS lowers."""
    skin = head.vertex_parts == PARTS.index("skin")
    return np.flatnonzero(skin & (head.face_basis[row, :, 1] < -_FALLS))


def _with_blinks(face: np.ndarray, weight: float) -> np.ndarray:
    face = face.astype(np.float32)
    face[list(BLINKS)] = weight
    return face
