"""Edits of animation curves: gain, smoothing, fewer keys, a lip seal, a blink, left for right.

Curves are (N, C) values at (N,) times in seconds that ascend and need not be even: an artist's keys, or a performance's
frames. Everything is returned anew.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from .arkit import ARKIT_INDEX, ARKIT_NAMES
from .easing import smoothstep
from .performance import BODY_JOINTS, Performance

SEAL_RAMP = 0.075  # seconds from open to shut: lip closures take 60-80 ms and never pop
_AHEAD = 16  # keys that a reduction looks at for every key at once
LID_FALL, LID_RISE = 0.06, 0.14  # seconds: lids fall fast and rise slowly

MOUTH = ("jaw", "mouth", "tongue", "viseme")
"""What the names of weights begin with that shut the lips."""

BLINK: tuple[int, ...] = tuple(ARKIT_INDEX[f"eyeBlink{side}"] for side in ("Left", "Right"))
_WIDE = [ARKIT_INDEX[f"eyeWide{side}"] for side in ("Left", "Right")]
_JAW, _CLOSE, _PUCKER = (ARKIT_INDEX[name] for name in ("jawOpen", "mouthClose", "mouthPucker"))
_PRESS = [ARKIT_INDEX[f"mouthPress{side}"] for side in ("Left", "Right")]
OPENERS: tuple[int, ...] = tuple(
    ARKIT_INDEX[name]
    for name in (
        "mouthFunnel", "mouthShrugUpper", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft",
        "mouthUpperUpRight", "mouthStretchLeft", "mouthStretchRight", "jawForward", "tongueOut",
    )
)  # fmt: skip
"""Weights besides jawOpen that part the lips."""

_SHUT = 0.7  # weight of eyeBlink from which lids are shut
_SEALED_JAW, _PRESSED, _PUCKER_KEPT = 0.10, 0.2, 0.7  # jawOpen at most, mouthPress at least, of mouthPucker ("boo")

SEAL: tuple[int, ...] = (_JAW, _CLOSE, _PUCKER, *_PRESS, *OPENERS)
"""Columns of the face that `sealed` changes."""

BLINKING: tuple[int, ...] = (*BLINK, *_WIDE)
"""Columns of the face that `blinked` changes."""


def gain(values: np.ndarray, factor: float, about: np.ndarray | float = 0.0) -> np.ndarray:
    """Distance of the values from `about`, times `factor`."""
    return about + (np.asarray(values, np.float64) - about) * factor


def smooth(times: np.ndarray, values: np.ndarray, seconds: float) -> np.ndarray:
    """(N,), (N, C) -> (N, C): a Gaussian of `seconds` standard deviation, shifting nothing in time.

    At each key a straight line is fitted to its neighbourhood, so straight lines stay as they are, at the ends and with
    uneven keys too.
    """
    times, values = np.asarray(times, np.float64), np.asarray(values, np.float64)
    if len(times) < 3 or seconds <= 0:
        return values.copy()
    reach = 6 * seconds  # where the weight is 2e-8
    first, last = np.searchsorted(times, times - reach), np.searchsorted(times, times + reach, "right")
    share = np.gradient(times)  # of time that each key speaks for: crowded keys do not outvote lone ones
    sums = np.zeros((5, len(times), values.shape[1]))
    rows = np.arange(len(times))
    for step in range(int((first - rows).min()), int((last - rows).max())):
        other = np.clip(rows + step, 0, len(times) - 1)
        valid = (rows + step >= first) & (rows + step < last)
        away = times[other] - times
        weight = np.where(valid, share[other] * np.exp(-0.5 * (away / seconds) ** 2), 0.0)[:, None]
        away = away[:, None]
        for row, term in enumerate((1.0, away, away**2, values[other], away * values[other])):
            sums[row] += weight * term
    total, slant, spread, level, tilt = sums
    fitted = total * spread - slant**2
    lone = fitted <= 1e-12 * total * seconds**2  # nobody near enough
    return np.where(lone, values, (spread * level - slant * tilt) / np.where(lone, 1.0, fitted))


def reduce_keys(times: np.ndarray, values: np.ndarray, error: float) -> np.ndarray:
    """(N,), (N, C) -> (K,) indices of the keys to keep, first and last among them.

    Straight lines between the kept keys pass every dropped one within `error`, in every column. Keys are dropped
    greedily: from each kept one to the farthest that a line may reach.
    """
    times, values = np.asarray(times, np.float64), np.asarray(values, np.float64)
    if len(times) == 0:
        return np.zeros(0, np.int64)
    near, far = _look_ahead(times, values, error)
    kept = [0]
    while kept[-1] < len(times) - 1:
        start = kept[-1]
        kept.append(_farthest(times, values, start, error) if far[start] else near[start])
    return np.array(kept, np.int64)


def _look_ahead(times: np.ndarray, values: np.ndarray, error: float) -> tuple[list[int], list[bool]]:
    """For every key at once: the last key within `_AHEAD` that a line reaches, and whether it may reach farther."""
    count = len(times)
    reached = np.arange(1, count + 1)
    low, high = np.full(values.shape, -np.inf), np.full(values.shape, np.inf)
    for step in range(1, min(_AHEAD, count - 1) + 1):
        open_ = count - step
        span = (times[step:] - times[:-step])[:, None]
        rise = values[step:] - values[:-step]
        slope = rise / span
        fits = ((slope >= low[:open_]) & (slope <= high[:open_])).all(axis=1)
        reached[:open_][fits] = np.flatnonzero(fits) + step
        low[:open_] = np.maximum(low[:open_], (rise - error) / span)
        high[:open_] = np.minimum(high[:open_], (rise + error) / span)
    farther = (low <= high).all(axis=1) & (np.arange(count) + _AHEAD < count - 1)
    return reached.tolist(), farther.tolist()


def _farthest(times: np.ndarray, values: np.ndarray, start: int, error: float) -> int:
    """The last key that a line from `start` reaches past all between; looks ahead in growing steps."""
    best, reach = start + 1, 4 * _AHEAD
    while True:
        end = min(start + reach, len(times) - 1)
        span = (times[start + 1 : end + 1] - times[start])[:, None]
        rise = values[start + 1 : end + 1] - values[start]
        low = np.maximum.accumulate((rise - error) / span)
        high = np.minimum.accumulate((rise + error) / span)
        slope = rise / span
        fits = ((slope[1:] >= low[:-1]) & (slope[1:] <= high[:-1])).all(axis=1)
        if fits.any():
            best = start + 2 + int(np.flatnonzero(fits)[-1])
        if end == len(times) - 1 or (low[-1] > high[-1]).any():
            return best
        reach *= 4


def closures_kept(source: str, times: np.ndarray, values: np.ndarray, sealed_at: np.ndarray) -> np.ndarray:
    """(N,) 0..1: how much of each value of a curve a smoothing must leave as it was.

    source: the face weight that the curve is, or "viseme.PP" and the like; values (N,) are its own. sealed_at: (P,) seconds
    where lips close for a p, b or m: mouths keep those moments, lids the ones in which they are shut.
    """
    if source.startswith("eyeBlink"):
        shut, hold = times[values > _SHUT], 0.02
    else:
        shut, hold = np.sort(sealed_at) if source.startswith(MOUTH) else np.zeros(0), 0.04
    if len(shut) == 0:
        return np.zeros(len(times))
    after = np.clip(np.searchsorted(shut, times), 1, max(len(shut) - 1, 1))
    before, after = shut[after - 1], shut[np.minimum(after, len(shut) - 1)]
    nearest = np.where(np.abs(times - before) <= np.abs(times - after), before, after)
    return seal_amount(times, nearest, hold)


def seal_amount(times: np.ndarray, at: np.ndarray | float, hold: float) -> np.ndarray:
    """(N,) 0..1: 1 for `hold` seconds about `at`, with soft ramps of `SEAL_RAMP` on both sides."""
    away = np.abs(np.asarray(times) - at) - hold / 2
    return smoothstep(1 - away / SEAL_RAMP)


def sealed(face: np.ndarray, amount: np.ndarray) -> np.ndarray:
    """(N, 52), (N,) 0..1 -> (N, 52): the lips closed by `amount`; what parts them gives way."""
    face = np.asarray(face, np.float64)
    shut = pressed(face)
    shut[:, OPENERS] = 0.0
    return face + (shut - face) * np.asarray(amount)[:, None]


def pressed(face: np.ndarray) -> np.ndarray:
    """(N, 52) -> (N, 52): lips that close for p, b or m: the jaw nearly shut, mouthClose takes back what is left of it."""
    shut = face.copy()
    shut[:, _JAW] = np.minimum(shut[:, _JAW], _SEALED_JAW)
    shut[:, _CLOSE] = shut[:, _JAW]
    shut[:, _PUCKER] *= _PUCKER_KEPT
    shut[:, _PRESS] = np.maximum(shut[:, _PRESS], _PRESSED)
    return shut


def lid_drop(away: np.ndarray) -> np.ndarray:
    """Seconds after the moment when the lids are shut -> 0 open .. 1 shut; the opening slows down, the closing does not."""
    away = np.asarray(away)
    return np.where(away <= 0, smoothstep(1 + away / LID_FALL), (1 - smoothstep(away / LID_RISE)) ** 1.3)


def blinked(face: np.ndarray, drop: np.ndarray) -> np.ndarray:
    """(N, 52), (N,) 0..1 -> (N, 52): the lids closed by `drop` from where they are."""
    face = np.array(face, np.float64)
    drop = np.asarray(drop)[:, None]
    face[:, BLINK] += (1 - face[:, BLINK]) * drop
    face[:, _WIDE] *= 1 - drop
    return face


def mirrored_name(name: str) -> str:
    """The name of the same thing on the other side: "mouthSmileLeft", "left_eye", "Hand.L", "eye_r"; else unchanged."""
    for left, right in (("Left", "Right"), ("left", "right"), ("LEFT", "RIGHT")):
        if left in name or right in name:
            return re.sub(f"{left}|{right}", lambda match: right if match[0] == left else left, name)  # noqa: B023
    side = re.search(r"(?<=[._-])[LRlr](?=$|[._-])", name)
    if side is None:
        return name
    other = {"L": "R", "R": "L", "l": "r", "r": "l"}[side[0]]
    return name[: side.start()] + other + name[side.end() :]


def mirrored(performance: Performance) -> Performance:
    """What the performance looks like in a mirror: left for right, everywhere."""
    turn, place = np.array([1, -1, -1], np.float32), np.array([-1, 1, 1], np.float32)
    faces = [ARKIT_INDEX[mirrored_name(name)] for name in ARKIT_NAMES]
    joints = [BODY_JOINTS.index(mirrored_name(name)) for name in BODY_JOINTS]
    return replace(
        performance,
        face=performance.face[:, faces],
        head_rotation=performance.head_rotation * turn,
        head_translation=performance.head_translation * place,
        gaze=performance.gaze[:, ::-1] * np.array([-1, 1], np.float32),
        body_pose=performance.body_pose[:, joints] * turn,
        left_hand=performance.right_hand * turn,
        right_hand=performance.left_hand * turn,
        tracks={_mirrored_track(track): origin for track, origin in performance.tracks.items()},
    )


def _mirrored_track(track: str) -> str:
    return mirrored_name(track) if track.startswith("face.") or track in ("left_hand", "right_hand") else track
