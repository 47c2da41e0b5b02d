"""How near the points of a made face or hand come to the real ones, and how many of them are there at all.

Points are (F, N, D): D = 2 or 3, pixels or metres of the same picture or space in both; a point that the detector did not
find is nan. Faces are MediaPipe's (N >= 468, as `garrick.perception.landmarks` gives them), unless other points are named.

Head pose is removed before a distance is taken, or a head that nods would count as a mouth that errs: in each frame the
found face is laid over the real one by the similarity (turn, one scale, shift; Umeyama 1991) that fits the points of
STABLE best. With D = 2 this removes what happens in the picture's plane; a head turned out of it keeps its foreshortening.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from garrick.errors import InputError
from garrick.evaluation.metric import HIGHER, LOWER, Metric, Score, score

STABLE: tuple[int, ...] = (33, 133, 362, 263, 168, 6, 197)
"""Corners of the eyes and the bridge of the nose: what no expression moves."""
EYES_APART = (33, 263)
"""Outer corners of the eyes; their distance is the size of a face (the interocular norm of 300-W, Sagonas et al. 2013)."""
MOUTH: tuple[int, ...] = (
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409,
    78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95,
)  # fmt: skip
"""Outer and inner edge of the lips."""
NEAR = 0.1  # of the size, the threshold of PCK@0.1 (Andriluka et al. 2014 take 0.5 of the head for whole bodies)

LMD = Metric(
    "LMD, mouth, head pose removed", "of the eyes' distance", LOWER,
    "Chen et al. 2018, Lip movements generation at a glance: Euclidean, not squared; similarity on eye corners and nose", 25,
)  # fmt: skip
AKD = Metric(
    "AKD, head pose removed", "px", LOWER,
    "Siarohin et al. 2019, First order motion model: mean Euclidean distance; here after a similarity on stable points", 25,
)  # fmt: skip
AKD_IN_PLACE = Metric(
    "AKD, head pose kept", "px", LOWER, "Siarohin et al. 2019, First order motion model: mean Euclidean distance", 25
)
MKR = Metric(
    "MKR", "share", LOWER, "Siarohin et al. 2019, First order motion model: real keypoints that are missed", 25
)
PCK = Metric(f"PCK@{NEAR:g}", "share", HIGHER, "Yang and Ramanan 2013: keypoints within a share of the size", 25)
HKC = Metric("HKC", "0..1", HIGHER, "EchoMimicV2 (Meng et al. 2024): mean detector confidence of hand keypoints", 25)


def lmd(found: np.ndarray, real: np.ndarray, points: Sequence[int] = MOUTH, stable: Sequence[int] = STABLE) -> Score:
    """Landmark distance: mean over frames and `points`, in distances of the real face's outer eye corners."""
    _check(found, real)
    size = _eyes_apart(real)
    laid = without_pose(found, real, stable)
    rows = list(points)
    return score(LMD, _mean_of_row(np.linalg.norm(laid[:, rows] - real[:, rows], axis=-1)) / size)


def akd(found: np.ndarray, real: np.ndarray, stable: Sequence[int] | None = STABLE) -> Score:
    """Average keypoint distance over the points seen in both, in the points' own unit (pixels).

    stable: points by which the pose is removed; None keeps it, for hands and bodies.
    """
    _check(found, real)
    laid = found if stable is None else without_pose(found, real, stable)
    return score(AKD_IN_PLACE if stable is None else AKD, _mean_of_row(np.linalg.norm(laid - real, axis=-1)))


def mkr(found: np.ndarray, real: np.ndarray) -> Score:
    """Missed keypoint rate: of the points seen in the real frame, the share not seen in the found one."""
    _check(found, real)
    there, seen = _seen(real), _seen(found)
    return score(MKR, _share((there & ~seen).sum(axis=1), there.sum(axis=1)))


def pck(found: np.ndarray, real: np.ndarray, size: float | np.ndarray, near: float = NEAR) -> Score:
    """Share of the real frame's points that are found within `near` of the size; a missed one is not within.

    size: of the face, hand or body, in the points' unit, one or (F,); usually the longer side of its box.
    """
    _check(found, real)
    reach = np.broadcast_to(np.asarray(size, np.float64) * near, len(real))
    if not (reach > 0).all():
        raise InputError("The size that PCK is measured against must be greater than 0.")
    there = _seen(real)
    within = there & (np.linalg.norm(found - real, axis=-1) <= reach[:, None])  # nan is not within
    measured = score(PCK, _share(within.sum(axis=1), there.sum(axis=1)))
    if near == NEAR:
        return measured
    named = Metric(f"PCK@{near:g}", PCK.unit, PCK.better, PCK.source, PCK.least)
    return score(named, measured.each if measured.each is not None else measured.value)


def hkc(confidence: np.ndarray) -> Score:
    """Hand keypoint confidence: (F, K) the detector's 0..1 for each keypoint; nan where no hand is to be seen.

    It is the detector's word: figures of different detectors cannot be compared.
    """
    if confidence.ndim != 2:
        raise InputError(f"Confidences must be frames by keypoints, not of the shape {confidence.shape}.")
    if (confidence < 0).any() or (confidence > 1).any():
        raise InputError("A confidence must lie between 0 and 1.")
    return score(HKC, _mean_of_row(confidence))


def without_pose(found: np.ndarray, real: np.ndarray, stable: Sequence[int] = STABLE) -> np.ndarray:
    """(F, N, D) found points, each frame laid over the real one by the similarity that fits the stable points best.

    A frame in which fewer than D + 1 of them are seen in both is nan: nothing holds it in place.
    """
    _check(found, real)
    if max(stable) >= found.shape[1]:
        raise InputError(f"Point {max(stable)} holds the head still, but there are only {found.shape[1]} points.")
    laid = np.full(found.shape, np.nan)
    for frame, (mine, theirs) in enumerate(zip(found, real, strict=True)):
        held = [point for point in stable if np.isfinite(mine[point]).all() and np.isfinite(theirs[point]).all()]
        if len(held) > found.shape[2]:
            laid[frame] = _similar(mine[held].astype(np.float64), theirs[held].astype(np.float64), mine)
    return laid


def _similar(source: np.ndarray, target: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(N, D) points carried by the similarity that brings (S, D) source nearest to target (Umeyama 1991, eq. 40-43)."""
    middle, aim = source.mean(axis=0), target.mean(axis=0)
    away, wanted = source - middle, target - aim
    left, sizes, right = np.linalg.svd(wanted.T @ away)
    signs = np.ones(len(sizes))
    signs[-1] = np.sign(np.linalg.det(left @ right)) or 1.0  # a turn, never a mirror
    spread = np.square(away).sum()
    if spread == 0:
        return np.full(points.shape, np.nan)  # all in one place: no turn and no scale can be told
    scale = (sizes * signs).sum() / spread
    return (points - middle) @ (scale * (left * signs) @ right).T + aim


def _check(found: np.ndarray, real: np.ndarray) -> None:
    for points in (found, real):
        if points.ndim != 3 or points.shape[2] not in (2, 3):
            raise InputError(f"Points must be frames by points by 2 or 3, not of the shape {points.shape}.")
    if len(found) == 0:
        raise InputError("There are no frames to measure.", "Give at least one frame.")
    if found.shape != real.shape:
        raise InputError(
            f"The clips differ: {len(found)} frames of {found.shape[1]} points and {len(real)} of {real.shape[1]}, "
            f"in {found.shape[2]} and {real.shape[2]} dimensions.",
            "Bring both to the same frame rate, length and detector.",
        )


def _seen(points: np.ndarray) -> np.ndarray:
    """(F, N) whether the detector found the point."""
    return np.isfinite(points).all(axis=-1)


def _eyes_apart(points: np.ndarray) -> float:
    """Mean distance of the outer corners of the eyes over the frames that have both; nan if none has."""
    first, second = EYES_APART
    if max(EYES_APART) >= points.shape[1]:
        raise InputError(
            f"A face's size is that of points {first} and {second}; there are only {points.shape[1]} points."
        )
    apart = np.linalg.norm(points[:, first] - points[:, second], axis=-1)
    return float(apart[np.isfinite(apart)].mean()) if np.isfinite(apart).any() else float("nan")


def _mean_of_row(values: np.ndarray) -> np.ndarray:
    """(F, N) -> (F,) mean of what is not nan; nan where nothing is."""
    known = np.isfinite(values)
    return _share(np.where(known, values, 0.0).sum(axis=1), known.sum(axis=1))


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """(F,) part / whole; nan where there is no whole."""
    return np.where(whole > 0, part / np.maximum(whole, 1), np.nan)
