"""How near found phones come to the true ones: frames, lip closures and edges.

Frames are 10 ms; a frame counts for the phone at its middle. 15 classes are the Oculus visemes, six the shapes that a
viewer can tell apart. HH and what has no mouth shape of its own is not scored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from garrick.speech.alphabet import SILENCE
from garrick.speech.speech import Phone

HOP = 0.01  # seconds
NEAR = 0.04  # seconds that a closure may be off

_OCULUS = {
    "sil": (SILENCE,), "PP": ("P", "B", "M"), "FF": ("F", "V"), "TH": ("TH", "DH"), "DD": ("T", "D"),
    "kk": ("K", "G", "NG"), "CH": ("CH", "JH", "SH", "ZH"), "SS": ("S", "Z"), "nn": ("N", "L"), "RR": ("R", "ER"),
    "aa": ("AA", "AE", "AH", "AW", "AY"), "E": ("EH", "EY"), "I": ("IH", "IY", "Y"), "O": ("AO", "OW", "OY"),
    "U": ("UW", "UH", "W"),
}  # fmt: skip
_SIX = {
    "PP": "closed",
    "FF": "labiodental",
    "U": "rounded",
    "O": "rounded",
    "aa": "open",
    "E": "open",
    "sil": "silence",
}
OCULUS: dict[str, str] = {phone: viseme for viseme, phones in _OCULUS.items() for phone in phones}
"""ARPAbet -> Oculus viseme; HH has none."""
BILABIAL, LABIODENTAL = "PP", "FF"


@dataclass(frozen=True)
class Scores:
    """Shares 0..1; nan where there is nothing to score.

    visemes:        all frames whose Oculus viseme is right.
    visemes_spoken: the same over frames in which the truth is no silence.
    lips_spoken:    six classes, over the same frames.
    bilabial, labiodental: (recall, precision) of closures, a run of such phones being one, within NEAR.
    edge:           median seconds from a true boundary to the nearest found one.
    """

    visemes: float
    visemes_spoken: float
    lips_spoken: float
    bilabial: tuple[float, float]
    labiodental: tuple[float, float]
    edge: float


def score(found: Sequence[Phone], true: Sequence[Phone]) -> Scores:
    """Compare phones that cover the same sound."""
    return score_all([(found, true)])


def score_all(pairs: Sequence[tuple[Sequence[Phone], Sequence[Phone]]]) -> Scores:
    """Compare (found, true) of several recordings as if they were one."""
    frames = [_frames(found, true) for found, true in pairs]
    said = np.concatenate([rows[0] for rows in frames])
    meant = np.concatenate([rows[1] for rows in frames])
    spoken = meant != "sil"
    six_said, six_meant = (np.array([_SIX.get(name, "other") for name in names]) for names in (said, meant))
    distances = [distance for found, true in pairs for distance in _edge_distances(found, true)]
    return Scores(
        visemes=_share(said == meant),
        visemes_spoken=_share((said == meant)[spoken]),
        lips_spoken=_share((six_said == six_meant)[spoken]),
        bilabial=_closures(pairs, BILABIAL),
        labiodental=_closures(pairs, LABIODENTAL),
        edge=float(np.median(distances)) if distances else float("nan"),
    )


def _share(right: np.ndarray) -> float:
    return float(right.mean()) if len(right) else float("nan")


def _frames(found: Sequence[Phone], true: Sequence[Phone]) -> tuple[np.ndarray, np.ndarray]:
    """The visemes found and meant at the scored frames. Frames found as HH keep their last viseme, as a mouth does."""
    count = round(max(phone.end for phone in true) / HOP)
    times = (np.arange(count) + 0.5) * HOP
    meant, said = _sampled(true, times), _sampled(found, times)
    scored = meant != ""
    for index in np.flatnonzero(said == ""):
        said[index] = said[index - 1] if index else "sil"
    return said[scored], meant[scored]


def _sampled(phones: Sequence[Phone], times: np.ndarray) -> np.ndarray:
    """The viseme at each time: "" for HH, "sil" where there is no phone."""
    names = np.full(len(times), "sil", dtype=object)
    for phone in phones:
        names[(times >= phone.start) & (times < phone.end)] = OCULUS.get(phone.symbol, "")
    return names


def _closures(pairs: Sequence[tuple[Sequence[Phone], Sequence[Phone]]], viseme: str) -> tuple[float, float]:
    """(recall, precision): a found run of the viseme hits a true one whose span it touches when NEAR is added."""
    hits = hits_of_found = true_count = found_count = 0
    for found, true in pairs:
        wanted, heard = _runs(true, viseme), _runs(found, viseme)
        hits += sum(any(_touch(run, other) for other in heard) for run in wanted)
        hits_of_found += sum(any(_touch(run, other) for other in wanted) for run in heard)
        true_count += len(wanted)
        found_count += len(heard)
    nan = float("nan")
    return hits / true_count if true_count else nan, hits_of_found / found_count if found_count else nan


def _runs(phones: Sequence[Phone], viseme: str) -> list[tuple[float, float]]:
    runs: list[tuple[float, float]] = []
    for phone in phones:
        if OCULUS.get(phone.symbol) == viseme:
            if runs and phone.start - runs[-1][1] < HOP / 2:
                runs[-1] = runs[-1][0], phone.end
            else:
                runs.append((phone.start, phone.end))
    return runs


def _touch(run: tuple[float, float], other: tuple[float, float]) -> bool:
    return run[0] - NEAR <= other[1] and other[0] <= run[1] + NEAR


def _edge_distances(found: Sequence[Phone], true: Sequence[Phone]) -> list[float]:
    edges = np.array([phone.start for phone in found] + [phone.end for phone in found])
    starts = [phone.start for before, phone in pairwise(true) if before.symbol != phone.symbol]
    return [float(np.abs(edges - start).min()) for start in starts] if len(edges) else []
