"""Errors on the mesh, as papers on 3D faces report them: LVE of the lips, FDD of the upper face.

What is compared is how far the 52 weights move each vertex of the mesh of `garrick.bodies.head`: pose and identity play no
part. Units and regions differ from paper to paper (VOCASET in metres, BIWI in its own), so a figure is comparable only
within one protocol; ours is in millimetres.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from garrick.bodies.head import Head, load_head
from garrick.core.performance import Performance
from garrick.errors import InputError
from garrick.evaluation.landmarks import MOUTH
from garrick.evaluation.metric import LOWER, Metric, Score, score

LVE = Metric(
    "LVE", "mm^2", LOWER, "Richard et al. 2021, MeshTalk: mean over frames of the largest squared error of a lip vertex", 50
)  # fmt: skip
FDD_VERTICES = Metric(
    "FDD, vertices", "mm", LOWER,
    "Xing et al. 2023, CodeTalker: difference of the deviations over time of each upper face vertex's way from rest", 50,
)  # fmt: skip

_MILLIMETRES = 1000.0
_NOSE_BRIDGE, _TEMPLES = 197, (127, 356)  # face points: the upper face lies above the one and before the others
_CHUNK = 256  # frames posed at once, so that memory stays flat


def lip_vertex_error(found: Performance, real: Performance) -> Score:
    """LVE of two performances of the same length and rate. Raises InputError, MissingError."""
    _check(found, real)
    head = load_head()
    lips = lip_vertices(head)
    each = []
    for first in range(0, len(real), _CHUNK):
        part = slice(first, first + _CHUNK)
        each.append(largest_squared(_posed(head, found.face[part], lips), _posed(head, real.face[part], lips)))
    return score(LVE, np.concatenate(each) * _MILLIMETRES**2)


def largest_squared(found: np.ndarray, real: np.ndarray) -> np.ndarray:
    """(F, L, 3) vertices each -> (F,) the largest squared distance of a vertex, in their unit squared."""
    if found.shape != real.shape:
        raise InputError(f"The vertices differ: {found.shape} and {real.shape}.")
    return np.square(found - real).sum(axis=-1).max(axis=-1)


def upper_face_deviation_on_vertices(found: Performance, real: Performance) -> Score:
    """FDD: |mean over the upper face of (deviation over time of a vertex's distance from rest, found - real)|.

    The lengths may differ. `each` keeps the sign, one value a vertex, mm: below 0 the found one is too still.
    CodeTalker's code takes the squared distance, its paper the distance; this is the paper's.
    """
    if min(len(found), len(real)) < 2:
        raise InputError("The dynamics of a face need two frames or more.")
    head = load_head()
    upper = upper_vertices(head)
    each = (_deviation(head, found.face, upper) - _deviation(head, real.face, upper)) * _MILLIMETRES
    return replace(score(FDD_VERTICES, float(np.abs(each.mean())), min(len(found), len(real))), each=each)


def lip_vertices(head: Head) -> np.ndarray:
    """(L,) the vertices on which the landmarks of both edges of the lips hang."""
    return np.unique(head.landmark_corners[list(MOUTH)])


def upper_vertices(head: Head) -> np.ndarray:
    """(U,) the skin above the bridge of the nose and in front of the temples: brows, lids, forehead."""
    marks = head.landmarks(head.template)
    skin = head.vertex_parts == 0
    high = head.template[:, 1] > marks[_NOSE_BRIDGE, 1]
    front = head.template[:, 2] > marks[list(_TEMPLES), 2].mean()
    return np.flatnonzero(skin & high & front)


def _posed(head: Head, face: np.ndarray, vertices: np.ndarray) -> np.ndarray:
    """(F, 52) weights -> (F, n, 3) metres that each vertex moves from rest."""
    basis = head.face_basis[:, vertices].astype(np.float64)
    return np.tensordot(face.astype(np.float64), basis, axes=1)


def _deviation(head: Head, face: np.ndarray, vertices: np.ndarray) -> np.ndarray:
    """(F, 52) weights -> (n,) metres: standard deviation over time of each vertex's distance from rest."""
    ways = [
        np.linalg.norm(_posed(head, face[first : first + _CHUNK], vertices), axis=-1)
        for first in range(0, len(face), _CHUNK)
    ]
    return np.concatenate(ways).std(axis=0)


def _check(found: Performance, real: Performance) -> None:
    if len(real) == 0 or len(found) == 0:
        raise InputError("There are no frames to measure.")
    if len(found) != len(real) or found.fps != real.fps:
        raise InputError(
            f"The performances differ: {len(found)} frames at {found.fps} and {len(real)} at {real.fps} a second.",
            "Resample them to one rate and cut them to one length.",
        )
