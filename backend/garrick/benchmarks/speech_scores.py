"""How near what was found comes to the true phones: frames, lip closures and edges.

Frames are 10 ms; a frame counts for the symbol at its middle. HH and what has no mouth shape of its own is not scored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from garrick.benchmarks.notations import (
    ALLOWED,
    CLOSED,
    LABIODENTAL,
    OCULUS,
    PHONES,
    Cue,
    MouthCue,
    Notation,
)
from garrick.speech.speech import Phone

HOP = 0.01  # seconds
NEAR = 0.04  # seconds that a closure may be off
LAGS = np.arange(-10, 11) * HOP  # seconds tried by `best_lag`

Pairs = Sequence[tuple[Sequence[Cue], Sequence[Phone]]]
"""(found, true) of each recording."""


@dataclass(frozen=True)
class Scores:
    """Shares 0..1; nan where there is nothing to score.

    visemes:        all frames whose Oculus viseme is right; nan for a notation that is coarser.
    visemes_spoken: the same over frames in which the truth is no silence.
    lips:           all frames whose lip class, of six, is right.
    lips_spoken:    the same over frames in which the truth is no silence.
    allowed:        speech frames whose lip class Rhubarb's own rules allow for the true phone.
    bilabial, labiodental: (recall, precision) of closures, a run of such symbols being one, within NEAR.
    edge:           median seconds from a true boundary to the nearest found one.
    """

    visemes: float
    visemes_spoken: float
    lips: float
    lips_spoken: float
    allowed: float
    bilabial: tuple[float, float]
    labiodental: tuple[float, float]
    edge: float


def score(found: Sequence[Cue], true: Sequence[Phone], notation: Notation = PHONES) -> Scores:
    """Compare what was found in a recording, written in a notation, with its true phones."""
    return score_all([(found, true)], notation)


def score_all(pairs: Pairs, notation: Notation = PHONES) -> Scores:
    """Compare several recordings as if they were one."""
    frames = [_frames(found, true, notation) for found, true in pairs]
    said = np.concatenate([rows[0] for rows in frames])
    meant = np.concatenate([rows[1] for rows in frames])
    spoken = meant != PHONES.rest
    right = said == meant if notation.has_visemes else np.full(len(said), np.nan)
    lips = np.array([notation.lips[name] for name in said])
    lips_right = lips == np.array([PHONES.lips[name] for name in meant])
    fits = np.array([shape in ALLOWED[name] for shape, name in zip(lips, meant, strict=True)])
    distances = [distance for found, true in pairs for distance in _edge_distances(found, true)]
    return Scores(
        visemes=_share(right),
        visemes_spoken=_share(right[spoken]),
        lips=_share(lips_right),
        lips_spoken=_share(lips_right[spoken]),
        allowed=_share(fits[spoken]),
        bilabial=_closures(pairs, notation, CLOSED),
        labiodental=_closures(pairs, notation, LABIODENTAL),
        edge=float(np.median(distances)) if distances else float("nan"),
    )


def best_lag(pairs: Pairs, notation: Notation = PHONES) -> tuple[float, Scores]:
    """The shift in seconds, of LAGS, that makes most frames' lips right, and the scores with it.

    A program that is a constant time late is judged by this too: its user can move its result.
    """
    truth = [_lips(true, _times(true), PHONES) for _, true in pairs]
    scored = [_sampled(true, _times(true), PHONES) != "" for _, true in pairs]

    def right(lag: float) -> int:
        found = [_lips(cues, _times(true) - lag, notation) for cues, true in pairs]
        return sum(int((one == other)[kept].sum()) for one, other, kept in zip(found, truth, scored, strict=True))

    lag = float(max(sorted(LAGS, key=abs), key=right))
    moved = [([MouthCue(cue.symbol, cue.start + lag, cue.end + lag) for cue in found], true) for found, true in pairs]
    return lag, score_all(moved, notation)


def _lips(cues: Sequence[Cue], times: np.ndarray, notation: Notation) -> np.ndarray:
    """The lip class at each time, that of the cue before for a symbol without one."""
    lips = np.full(len(times), notation.lips[notation.rest], dtype=object)
    last = notation.lips[notation.rest]
    for cue in cues:
        last = notation.lips[notation.classes[cue.symbol]] if cue.symbol in notation.classes else last
        first, stop = np.searchsorted(times, (cue.start, cue.end))
        lips[first:stop] = last
    return lips


def _times(true: Sequence[Phone]) -> np.ndarray:
    """The middles of the frames, seconds."""
    return (np.arange(round(max(phone.end for phone in true) / HOP)) + 0.5) * HOP


def _share(right: np.ndarray) -> float:
    return float(right.mean()) if len(right) else float("nan")


def _frames(found: Sequence[Cue], true: Sequence[Phone], notation: Notation) -> tuple[np.ndarray, np.ndarray]:
    """The classes found and the visemes meant at the scored frames. A symbol without a class keeps the last one, as a
    mouth does."""
    times = _times(true)
    meant, said = _sampled(true, times, PHONES), _sampled(found, times, notation)
    scored = meant != ""
    for index in np.flatnonzero(said == ""):
        said[index] = said[index - 1] if index else notation.rest
    return said[scored], meant[scored]


def _sampled(cues: Sequence[Cue], times: np.ndarray, notation: Notation) -> np.ndarray:
    """The class at each time: "" for a symbol that has none, rest where nothing is written."""
    names = np.full(len(times), notation.rest, dtype=object)
    for cue in cues:
        first, stop = np.searchsorted(times, (cue.start, cue.end))
        names[first:stop] = notation.classes.get(cue.symbol, "")
    return names


def _closures(pairs: Pairs, notation: Notation, lips: str) -> tuple[float, float]:
    """(recall, precision): a found run of the lip class hits a true one whose span it touches when NEAR is added."""
    hits = hits_of_found = true_count = found_count = 0
    for found, true in pairs:
        wanted = _runs(true, lambda symbol: PHONES.lips.get(OCULUS.get(symbol, "")) == lips)
        heard = _runs(found, lambda symbol: notation.lips.get(notation.classes.get(symbol, "")) == lips)
        hits += sum(any(_touch(run, other) for other in heard) for run in wanted)
        hits_of_found += sum(any(_touch(run, other) for other in wanted) for run in heard)
        true_count += len(wanted)
        found_count += len(heard)
    nan = float("nan")
    return hits / true_count if true_count else nan, hits_of_found / found_count if found_count else nan


def _runs(cues: Sequence[Cue], wanted: Callable[[str], bool]) -> list[tuple[float, float]]:
    runs: list[tuple[float, float]] = []
    for cue in cues:
        if wanted(cue.symbol):
            if runs and cue.start - runs[-1][1] < HOP / 2:
                runs[-1] = runs[-1][0], cue.end
            else:
                runs.append((cue.start, cue.end))
    return runs


def _touch(run: tuple[float, float], other: tuple[float, float]) -> bool:
    return run[0] - NEAR <= other[1] and other[0] <= run[1] + NEAR


def _edge_distances(found: Sequence[Cue], true: Sequence[Phone]) -> list[float]:
    edges = np.array([cue.start for cue in found] + [cue.end for cue in found])
    starts = [phone.start for before, phone in pairwise(true) if before.symbol != phone.symbol]
    return [float(np.abs(edges - start).min()) for start in starts] if len(edges) else []
