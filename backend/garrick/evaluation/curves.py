"""What curves alone tell: whether they tremble, whether the upper face lives, and how much of a range is used.

Vertices are `garrick.evaluation.vertices`; loops and few expressions are `garrick.evaluation.repetition`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import combinations

import numpy as np
from scipy.signal import savgol_filter

from garrick.core.arkit import ARKIT_NAMES
from garrick.core.performance import Performance
from garrick.errors import InputError
from garrick.evaluation.metric import CLOSER, LOWER, Metric, Score, score

UPPER_FACE: tuple[int, ...] = tuple(
    index
    for index, name in enumerate(ARKIT_NAMES)
    if name.startswith(("brow", "eyeBlink", "eyeSquint", "eyeWide", "cheekSquint", "noseSneer"))
)
"""Curves of brows, lids and what lies under the eyes; where the eyes look is gaze, not face."""

KINDS: dict[str, str] = {
    "face": "1/s^3", "head_rotation": "rad/s^3", "head_translation": "m/s^3", "gaze": "rad/s^3",
    "body_pose": "rad/s^3", "left_hand": "rad/s^3", "right_hand": "rad/s^3",
}  # fmt: skip
"""Channels of a Performance whose jitter is measured, and in which unit."""

JITTER: dict[str, Metric] = {
    kind: Metric(
        f"jitter, {kind}", unit, CLOSER, "mean magnitude of the third difference times fps^3 (Yi et al. 2021, TransPose)", 25
    )
    for kind, unit in KINDS.items()
}  # fmt: skip
ROUGHNESS = Metric(
    "roughness", "times", LOWER, "jitter over that of the curve smoothed by Savitzky-Golay, cubic, 0.28 s; 1 is smooth", 25
)  # fmt: skip
FDD = Metric(
    "FDD, curves", "weight", LOWER,
    "Xing et al. 2023, CodeTalker: difference of the deviations over time; here of the ARKit curves of the upper face", 50,
)  # fmt: skip
DIVERSITY_VARIANCE = Metric(
    "diversity, variance", "weight^2", CLOSER,
    "ChatAnyone (2025): variance over time of what moves the face, mean of the curves", 50,
)  # fmt: skip
DIVERSITY_FEATURES = Metric(
    "diversity, features", "", CLOSER,
    "mean distance of pairs in a feature space; here of one-second windows by mean, deviation and speed of each curve", 10,
)  # fmt: skip
DIVERSITY_L1 = Metric(
    "diversity, L1 of clips", "weight", CLOSER,
    "Liu et al. 2024, EMAGE (BEAT2): L1 distance between clips; here the mean of the curves and frames, all pairs", 10,
)  # fmt: skip

_SMOOTHED = 0.28  # seconds: seven frames at 25 a second; a blink is slower, a tremble faster
_WINDOW = 1.0  # seconds


def jitter(performance: Performance, kind: str) -> Score:
    """Mean magnitude of the third difference of one of KINDS per second cubed; `each` has one value a frame but three.

    The magnitude is that of each curve of the face, else of each joint's vector; a head that turned past half a turn would
    jump. People are not at 0: compare with a recording, or look at `roughness`.
    """
    if kind not in KINDS:
        raise InputError(f"There is no channel {kind!r}; there are {', '.join(KINDS)}.")
    return score(JITTER[kind], third_difference(getattr(performance, kind), performance.fps))


def roughness(curves: np.ndarray, fps: Fraction) -> Score:
    """How many times more than its own smoothed self a set of curves (F, ...) jitters; a cubic and stillness give 1.

    Noise counts the more frames a second there are, so compare clips of one rate; a face that an iPhone tracked at 60 has 7,
    ours at 25 has 2.5. At rates below 18 frames a second the smoother still takes five frames.
    """
    width = max(5, 2 * int(_SMOOTHED * float(fps) / 2) + 1)
    if len(curves) < width:
        raise InputError(f"{len(curves)} frames cannot be smoothed; at least {width} are needed.")
    smooth = np.asarray(savgol_filter(np.asarray(curves, np.float64), width, polyorder=3, axis=0))
    own, reference = third_difference(curves, fps), third_difference(smooth, fps)
    still = 1e-6 * float(fps) ** 3  # float32 curves tremble by as much
    return score(ROUGHNESS, (float(own.mean()) + still) / (float(reference.mean()) + still), len(own))


def third_difference(curves: np.ndarray, fps: Fraction) -> np.ndarray:
    """(F, C) curves or (F, ..., 3) vectors -> (F - 3,) mean magnitude of the third difference, per second cubed.

    The last axis is taken as a vector where it has two or three values (an angle pair, a rotation, a place).
    """
    if len(curves) < 4:
        raise InputError(f"Jitter needs four frames or more, not {len(curves)}.")
    third = np.diff(np.asarray(curves, np.float64), n=3, axis=0) * float(fps) ** 3
    sizes = np.linalg.norm(third, axis=-1) if third.shape[-1] in (2, 3) else np.abs(third)
    return sizes.reshape(len(third), -1).mean(axis=1)


def upper_face_deviation(found: np.ndarray, real: np.ndarray) -> Score:
    """FDD on curves: |mean over UPPER_FACE of (deviation over time, found - real)|, (F, 52) each, lengths may differ.

    `each` keeps the sign, one value a curve: below 0 the found one is too still.
    """
    for face in (found, real):
        _check_face(face)
        if len(face) < 2:
            raise InputError("The dynamics of a face need two frames or more.")
    upper = list(UPPER_FACE)
    each = np.asarray(found, np.float64)[:, upper].std(axis=0) - np.asarray(real, np.float64)[:, upper].std(axis=0)
    return replace(score(FDD, float(np.abs(each.mean())), min(len(found), len(real))), each=each)


def diversity_variance(face: np.ndarray) -> Score:
    """Variance over time of each of the (F, 52) curves, their mean."""
    _check_face(face)
    return score(DIVERSITY_VARIANCE, float(np.asarray(face, np.float64).var(axis=0).mean()), len(face))


def diversity_features(faces: Sequence[np.ndarray], fps: Fraction) -> Score:
    """Mean Euclidean distance of all pairs of one-second windows of the clips, each (F, 52), in `window_features`.

    No net is trained for it, so it is no FGD space: comparable only with itself.
    """
    features = np.concatenate([window_features(face, fps) for face in faces]) if faces else np.zeros((0, 1))
    if len(features) < 2:
        raise InputError("Diversity needs two windows of a second or more.", "Give longer clips, or more of them.")
    pairs = len(features) * (len(features) - 1) / 2
    squares = np.square(features).sum(axis=1)
    distances = np.sqrt(np.maximum(squares[:, None] + squares[None] - 2 * features @ features.T, 0))
    return score(DIVERSITY_FEATURES, float(np.triu(distances, 1).sum() / pairs), len(features))


def window_features(face: np.ndarray, fps: Fraction) -> np.ndarray:
    """(F, 52) -> (W, 156): of each whole second the mean, deviation and mean speed (weight per 0.1 s) of each curve."""
    _check_face(face)
    length = max(2, round(_WINDOW * float(fps)))
    whole = len(face) // length
    windows = np.asarray(face[: whole * length], np.float64).reshape(whole, length, -1)
    speed = np.abs(np.diff(windows, axis=1)).mean(axis=1) * float(fps) * 0.1
    return np.concatenate([windows.mean(axis=1), windows.std(axis=1), speed], axis=1)


def diversity_l1(clips: Sequence[np.ndarray]) -> Score:
    """Mean absolute difference of all pairs of clips of curves, (F, C) each, over the frames that both have.

    EMAGE prints the sum over its channels and the distance to the mean clip: its figures are others.
    """
    if len(clips) < 2:
        raise InputError("The distance between clips needs two clips or more.")
    if len({clip.shape[1:] for clip in clips}) > 1 or min(map(len, clips)) == 0:
        raise InputError("The clips must have frames, and the same curves.")
    distances = []
    for one, other in combinations(clips, 2):
        both = min(len(one), len(other))
        distances.append(float(np.abs(np.asarray(one[:both], np.float64) - other[:both]).mean()))
    return replace(score(DIVERSITY_L1, float(np.mean(distances)), len(clips)), each=np.array(distances))


def _check_face(face: np.ndarray) -> None:
    if face.ndim != 2 or face.shape[1] != len(ARKIT_NAMES) or len(face) == 0:
        raise InputError(f"Face curves must be frames by {len(ARKIT_NAMES)}, not of the shape {face.shape}.")
