"""Whether the lips keep time with the voice: how late they are, how well they follow, and whether they shut when they must.

What the lips should do is told from the phones alone, by the openness of vowels in the IPA chart, not by our own visemes:
a performance is not to be marked by the table that made it.

Measured: the product's own curves have a lag of -5 ms, a correlation of 0.84 and shut on 40 of 40. Landmarks of two real
clips say that their picture is 150 and 292 ms before their sound (correlation 0.37 and 0.70); moved by that, their lips shut
on 6 of 7 and 2 of 3 bilabials, and on 0 and 1 before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy.ndimage import gaussian_filter1d

from garrick.bodies.head import load_head
from garrick.core.performance import Performance
from garrick.core.timing import frame_times
from garrick.errors import InputError
from garrick.evaluation.landmarks import EYES_APART
from garrick.evaluation.metric import CLOSER, HIGHER, Metric, Score, score
from garrick.motion.lips import lips_of
from garrick.speech.alphabet import BILABIALS, SILENCE, VOWELS
from garrick.speech.speech import Phone

REACH = 0.04  # seconds around a p, b or m in which the lips may shut
SHUT = 0.15  # of the clip's own open aperture, above where its lips rest: what counts as shut
RESTING = 0.1  # of it, at most, is a gap that a detector sees between lips that touch
OPEN = 95  # percentile of the aperture in vowels: the clip's own open aperture
FARTHEST = 0.4  # seconds of lag that are tried, either way

TOUCHING = 0.022
"""Eyes' distances that MediaPipe's net sees between lips that touch: the median of 35 portraits with closed mouths, which
have 0.004 to 0.032. Open vowels have 0.1 to 0.2."""
INNER_LIPS = ((13, 14), (82, 87), (312, 317))
"""Face points of the upper and lower inner lip that lie over each other, in the middle and at both sides of it."""

LAG = Metric("lip lag", "ms", CLOSER, "peak of the correlation of aperture and expected openness; > 0: lips late", 75)
FOLLOWING = Metric("lip correlation", "-1..1", HIGHER, "Pearson, aperture and expected openness, at the best lag", 75)
CLOSURES = Metric(
    "bilabial closures", "share", HIGHER, "p, b, m with shut lips within 40 ms; JALI (Edwards et al. 2016)", 5
)  # fmt: skip

_STEP = 0.01  # seconds between the lags that are tried; the parabola finds what lies between
_BLUR = 0.05  # seconds, standard deviation: the mouth is on its way from one phone to the next (coarticulation)
_GRID = 0.002  # seconds of the track of expected openness
# height of the vowel in the IPA chart, open 1 .. close 0.3; rounding takes a third of it
_OPENNESS = {
    "AA": 1.0, "AE": 0.9, "AW": 0.85, "AY": 0.85, "EH": 0.7, "AH": 0.65, "EY": 0.5, "IH": 0.45, "IY": 0.3,
    "AO": 0.6, "OY": 0.5, "OW": 0.4, "ER": 0.4, "UH": 0.3, "UW": 0.2,
    "P": 0.0, "B": 0.0, "M": 0.0, "F": 0.1, "V": 0.1, "W": 0.15, "SH": 0.2, "ZH": 0.2, "CH": 0.2, "JH": 0.2,
    "S": 0.2, "Z": 0.2, SILENCE: 0.0,
}  # fmt: skip
"""0..1; the tongue's consonants (t, l, k, h ...) are not here: their lips are those of their neighbours."""


@dataclass(frozen=True)
class Sync:
    """How the lips of a clip keep time.

    lag, following, closures: see the metrics of those names; each of closures is 1 shut, 0 open, one a bilabial.
    bilabials: how many p, b and m the clip shows.
    missed:    seconds of the middles of those on which the lips stay open.
    """

    lag: Score
    following: Score
    closures: Score
    bilabials: int
    missed: tuple[float, ...]

    def sentence(self) -> str:
        """For a report: "lips open on 2 of 14 bilabials, at 3.2 s and 7.9 s"."""
        if self.bilabials == 0:
            return "no bilabials in this clip"
        if not self.missed:
            return f"lips shut on all {self.bilabials} bilabials"
        times = [f"{time:.1f} s" for time in self.missed]
        listed = times[0] if len(times) == 1 else f"{', '.join(times[:-1])} and {times[-1]}"
        return f"lips open on {len(times)} of {self.bilabials} bilabials, at {listed}"


def lip_sync(aperture: np.ndarray, fps: Fraction, phones: Sequence[Phone]) -> Sync:
    """Measure (F,) lip aperture, in any unit, against the phones of the voice; nan where the face was not found.

    Raises InputError for no frames, a voice in which nobody speaks, lips that were never seen or speech after the clip.
    """
    aperture = np.asarray(aperture, np.float64)
    if aperture.ndim != 1 or len(aperture) == 0:
        raise InputError("There are no frames to measure lips on.", "Give one aperture a frame.")
    times = frame_times(len(aperture), fps)
    if not any(phone.symbol != SILENCE and phone.start <= times[-1] for phone in phones):
        raise InputError("Nobody speaks in this clip, so lips cannot keep time with the voice.")
    if not np.isfinite(aperture).any():
        raise InputError("No frame shows a face, so its lips cannot be measured.")
    lag, peak, warning = best_lag(aperture, times, *_openness_track(phones))
    seen = int(np.isfinite(aperture).sum())
    middles, shut = _closures(aperture, times, phones)
    return Sync(
        lag=_warned(score(LAG, lag * 1000, seen), warning),
        following=_warned(score(FOLLOWING, peak, seen), warning),
        closures=score(CLOSURES, shut if len(shut) else np.full(1, np.nan)),
        bilabials=len(shut),
        missed=tuple(float(time) for time in middles[shut == 0]),
    )


def aperture_of_points(points: np.ndarray) -> np.ndarray:
    """(F, N >= 468, 2 or 3) face points -> (F,) gap of the inner lips in distances of the outer eye corners.

    Lips that touch have about 0 (see TOUCHING); a frame without a face (nan) has nan.
    """
    if points.ndim != 3 or points.shape[1] < 468:
        raise InputError(f"A face has 468 points or more, in 2 or 3 dimensions, not the shape {points.shape}.")
    gaps = [np.linalg.norm(points[:, upper] - points[:, lower], axis=-1) for upper, lower in INNER_LIPS]
    apart = np.linalg.norm(points[:, EYES_APART[0]] - points[:, EYES_APART[1]], axis=-1)
    return np.maximum(np.mean(gaps, axis=0) / apart - TOUCHING, 0.0)


def aperture_of_curves(performance: Performance) -> np.ndarray:
    """(F,) metres between the lips of the performance's own head, 0 where they touch. Raises MissingError."""
    head = load_head()
    identity = performance.identity if len(performance.identity) else np.zeros(len(head.identity_basis), np.float32)
    return np.maximum(lips_of(head, identity).gap(performance.face.astype(np.float64)), 0.0)


def expected_openness(phones: Sequence[Phone], times: np.ndarray) -> np.ndarray:
    """(F,) 0..1 at any seconds: how far the phones want the lips apart; closed before the first and after the last."""
    return np.interp(times, *_openness_track(phones), left=0.0, right=0.0)


def _openness_track(phones: Sequence[Phone]) -> tuple[np.ndarray, np.ndarray]:
    """(T,) seconds, every _GRID, and (T,) 0..1; beyond its ends the lips are shut."""
    last = max(phone.end for phone in phones)
    grid = np.arange(-2 * FARTHEST, last + 2 * FARTHEST, _GRID)
    targets = np.full(len(grid), np.nan)
    targets[(grid < min(phone.start for phone in phones)) | (grid >= last)] = 0.0
    for phone in phones:
        targets[(grid >= phone.start) & (grid < phone.end)] = _OPENNESS.get(phone.symbol, np.nan)
    known = np.isfinite(targets)
    return grid, gaussian_filter1d(np.interp(grid, grid[known], targets[known]), _BLUR / _GRID)


def best_lag(aperture: np.ndarray, times: np.ndarray, grid: np.ndarray, track: np.ndarray) -> tuple[float, float, str]:
    """Seconds by which (F,) lips at (F,) seconds come after a track, the correlation there, and a warning.

    aperture: nan where unseen.    grid, track: (T,) seconds and what the lips should do then; its ends are held.
    """
    seen = np.isfinite(aperture)
    moved = aperture[seen] - aperture[seen].mean()
    if np.abs(moved).max() < 1e-9 * max(1.0, float(np.abs(aperture[seen]).max())):
        return float("nan"), float("nan"), "The lips never move."
    steps = round(FARTHEST / _STEP)
    lags = np.arange(-steps, steps + 1) * _STEP
    wanted = np.interp(times[seen] - lags[:, None], grid, track)
    wanted -= wanted.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(wanted, axis=1) * np.linalg.norm(moved)
    correlation = np.where(lengths > 0, wanted @ moved / np.maximum(lengths, 1e-12), 0.0)
    best = int(np.argmax(correlation))
    if best in (0, len(lags) - 1):
        return float(lags[best]), float(correlation[best]), f"The lag lies beyond {FARTHEST * 1000:.0f} ms, or nowhere."
    before, peak, after = correlation[best - 1 : best + 2]
    curve = before - 2 * peak + after
    offset = 0.5 * (before - after) / curve if curve < 0 else 0.0
    return float(lags[best] + offset * _STEP), float(peak - 0.25 * (before - after) * offset), ""


def _closures(aperture: np.ndarray, times: np.ndarray, phones: Sequence[Phone]) -> tuple[np.ndarray, np.ndarray]:
    """(B,) seconds of the middles of the bilabials that are seen, and (B,) 1 where the lips shut, 0 where not."""
    threshold = shut_below(aperture, times, phones)
    middles, shut = [], []
    for phone in phones:
        if phone.symbol not in BILABIALS or phone.start > times[-1]:
            continue
        middle = (phone.start + phone.end) / 2
        near = (times >= phone.start - REACH - 1e-9) & (times <= phone.end + REACH + 1e-9)
        near[np.argmin(np.abs(times - middle))] = True  # below 12 frames a second none may lie so near
        gaps = aperture[near & np.isfinite(aperture)]
        if len(gaps):
            middles.append(middle)
            shut.append(float(gaps.min() <= threshold))
    return np.array(middles), np.array(shut)


def shut_below(aperture: np.ndarray, times: np.ndarray, phones: Sequence[Phone]) -> float:
    """The aperture below which the lips of this clip are shut.

    A detector sees a gap between lips that touch, always about the same: it is measured as the clip's smallest aperture,
    up to RESTING of the open one: lips that never shut do not raise the bar.
    """
    seen = np.isfinite(aperture)
    vowels = np.zeros(len(times), bool)
    for phone in phones:
        if phone.symbol in VOWELS:
            vowels |= (times >= phone.start) & (times < phone.end)
    wide = float(np.percentile(aperture[seen & vowels] if (seen & vowels).any() else aperture[seen], OPEN))
    rest = min(float(aperture[seen].min()), RESTING * wide)
    return rest + SHUT * (wide - rest)


def _warned(measured: Score, warning: str) -> Score:
    """The score with a warning of its own kind before the general one."""
    return Score(measured.metric, measured.value, measured.samples, measured.each, warning or measured.warning)
