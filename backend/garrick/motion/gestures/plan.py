"""When somebody gestures, and how: strokes on the accents of what is said, by its words where they mean something.

Every second accent or so carries a stroke; the end of a stroke falls on its accent (Loehr 2012: apexes and pitch accents
lie together, within a sixth of a second at most). Hands rest between turns, and stay up between the phrases of one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from garrick.bodies.hand import Side
from garrick.motion.gestures.vocabulary import GESTURES, MEANT
from garrick.speech.speech import Prosody, Speech, Word

_APART = 0.55  # seconds between two strokes at least
_SHARE = 0.6  # of the accents get a stroke at amplitude 1
_MEANT_SHARE = 0.7  # of the words that mean a gesture and carry an accent get it
_ON_WORD = 0.08  # seconds beside a word that still belong to it
_PHRASE_PAUSE = 0.25  # seconds of silence that part two phrases
_PLAIN = {"beat": 0.45, "beat_both": 0.2, "open_palm": 0.15, "open_palms": 0.1, "precision_grip": 0.1}
_RIGHT = 0.85  # of people gesture with the right hand first
_CHANGE = 0.15  # chance that a phrase is the other hand's
_NEXT = 0.75  # seconds that the hand takes from one sign to the next
_EARLIEST = 0.45  # seconds that a hand needs to get up


@dataclass(frozen=True)
class Stroke:
    """A gesture of `GESTURES`, the second at which its stroke ends, and the hands that make it."""

    gesture: str
    time: float
    sides: tuple[Side, ...]


def plan_strokes(speech: Speech, amount: float, rng: np.random.Generator) -> list[Stroke]:
    """The strokes of a clip in order of time.

    amount: 0..2, how much is gestured; at 0 only what the text's marks ask for. Marks always come, and other strokes
    make room for them. Words count in English only; elsewhere the melody alone decides.
    """
    first: Side = "right" if rng.random() < _RIGHT else "left"
    asked = _asked(speech, first)
    meant = _meant(speech) if speech.language.startswith("en") else []
    found: list[Stroke] = []
    said: set[str] = set()
    for accents in _phrases(speech.prosody):
        lead: Side = first if rng.random() > _CHANGE else _other(first)
        plain = str(rng.choice(list(_PLAIN), p=list(_PLAIN.values())))
        for accent in accents:
            chance, whim = rng.random(), rng.random()
            name = _gesture_at(meant, accent)
            if name is not None and whim < _MEANT_SHARE * min(amount, 1) and name not in said:
                said.add(name)  # the same sign twice in a clip would be a tic
            elif chance < _SHARE * amount:
                name = plain
            else:
                continue
            near = [stroke.time for stroke in (*asked, *found) if abs(stroke.time - accent) < _room(name)]
            if accent >= _EARLIEST and not near:
                found.append(_made(name, accent, lead))
    return sorted([*asked, *found], key=lambda stroke: stroke.time)


def _asked(speech: Speech, lead: Side) -> list[Stroke]:
    """What marks ask for, each late enough for the one before to be seen."""
    found: list[Stroke] = []
    for mark in speech.marks:
        if mark.name in GESTURES:
            before = found[-1].time + _shown(found[-1].gesture) if found else _EARLIEST
            found.append(_made(mark.name, max(mark.time, before), lead))
    return found


def _shown(name: str) -> float:
    """Seconds from the end of a gesture's stroke in which the next one cannot end its own."""
    gesture = GESTURES[name]
    return _NEXT + gesture.repeats * gesture.lasts + gesture.held / 2


def _made(name: str, time: float, lead: Side) -> Stroke:
    return Stroke(name, float(time), ("left", "right") if GESTURES[name].both else (lead,))


def _other(side: Side) -> Side:
    return "left" if side == "right" else "right"


def _room(name: str) -> float:
    """Seconds that a gesture keeps free around its stroke."""
    gesture = GESTURES[name]
    return _APART + (gesture.held if gesture.placed else 0.0) + gesture.repeats * gesture.lasts


def _meant(speech: Speech) -> list[tuple[Word, str]]:
    named = [(word, MEANT.get(word.text.lower().strip(".,;:!?\"'")), index) for index, word in enumerate(speech.words)]
    return [(word, name) for word, name, _ in named if name is not None]


def _gesture_at(meant: list[tuple[Word, str]], accent: float) -> str | None:
    for word, name in meant:
        if word.start - _ON_WORD <= accent <= word.end + _ON_WORD:
            return name
    return None


def _phrases(prosody: Prosody) -> list[list[float]]:
    """The accents, phrase by phrase."""
    pauses = [start for start, end in prosody.pauses if end - start >= _PHRASE_PAUSE]
    parts: list[list[float]] = [[] for _ in range(len(pauses) + 1)]
    for accent in prosody.accents:
        parts[int(np.searchsorted(pauses, accent))].append(float(accent))
    return parts
