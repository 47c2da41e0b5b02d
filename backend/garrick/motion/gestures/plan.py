"""When somebody gestures, and how: strokes on the accents of what is said, by its words where they mean something.

Every second accent or so carries a stroke; the end of a stroke falls on its accent (Loehr 2012: apexes and pitch accents
lie together, within a sixth of a second at most). Hands rest between turns, and stay up between the phrases of one. How
strokes differ from each other is drawn in `forms`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from garrick.bodies.hand import Side
from garrick.motion.gestures.forms import PLAIN, Form, Habits, Unit, other_side
from garrick.motion.gestures.vocabulary import GESTURES, MEANT
from garrick.speech.speech import Prosody, Speech, Word

_APART = 0.55  # seconds between two strokes at least
SHARE = 0.7  # of the accents get a stroke at amplitude 1
_MEANT_SHARE = 0.7  # of the words that mean a gesture and carry an accent get it
_ON_WORD = 0.08  # seconds beside a word that still belong to it
PHRASE_PAUSE = 0.25  # seconds of silence that part two phrases
_NEXT = 0.75  # seconds that the hand takes from one sign to the next
_EARLIEST = 0.45  # seconds that a hand needs to get up
_NEAR = 0.12  # seconds around an accent in which the pitch that makes it is looked for
WEIGHT = (0.75, 1.3)  # size of the strokes on the least and the strongest accent of a clip


@dataclass(frozen=True)
class Stroke:
    """A gesture of `GESTURES`, the second at which its stroke ends, its hands (the leading one first), how it is made.

    meant: a mark or a word asks for it, so that it must look like itself; others carry a beat and nothing more.
    until: seconds at which its phrase ends, None where nobody knows.
    """

    gesture: str
    time: float
    sides: tuple[Side, ...]
    form: Form = PLAIN
    meant: bool = False
    until: float | None = None


def plan_strokes(speech: Speech, amount: float, rng: np.random.Generator) -> list[Stroke]:
    """The strokes of a clip in order of time.

    amount: 0..2, how much is gestured; at 0 only what the text's marks ask for. Marks always come, and other strokes
    make room for them. Words count in English only; elsewhere the melody alone decides.
    """
    habits = Habits.of(rng)
    asked = _asked(speech, habits, rng)
    meant = _meant(speech) if speech.language.startswith("en") else []
    found: list[Stroke] = []
    said: set[str] = set()
    weights = _weights(speech.prosody)
    for phrase, (accents, end) in enumerate(_phrases(speech.prosody)):
        unit, before = Unit.of(habits, rng, phrase), None
        for accent in accents:
            chance, whim = rng.random(), rng.random()
            name = _gesture_at(meant, accent)
            if name is not None and whim < _MEANT_SHARE * min(amount, 1) and name not in said:
                said.add(name)  # the same sign twice in a clip would be a tic
            elif chance < SHARE * amount:
                name = None
            else:
                continue
            gesture, form = unit.next(name, weights[accent], before, rng)
            near = [stroke.time for stroke in (*asked, *found) if abs(stroke.time - accent) < room_of(gesture)]
            if accent >= _EARLIEST and not near:
                stroke = stroke_of(gesture, accent, unit.lead, form, meant=name is not None)
                found.append(replace(stroke, until=end))
                before = form
    return sorted([*asked, *found], key=lambda stroke: stroke.time)


def _asked(speech: Speech, habits: Habits, rng: np.random.Generator) -> list[Stroke]:
    """What marks ask for, each as its picture is, and late enough for the one before to be seen."""
    found: list[Stroke] = []
    for mark in speech.marks:
        if mark.name in GESTURES:
            before = found[-1].time + _shown(found[-1].gesture) if found else _EARLIEST
            kept = Unit.of(habits, rng).alike
            form = Form(other=kept.other, echo=kept.echo, sinks=0.6, rest=kept.rest)
            found.append(stroke_of(mark.name, max(mark.time, before), habits.first, form, meant=True))
    return found


def _shown(name: str) -> float:
    """Seconds from the end of a gesture's stroke in which the next one cannot end its own."""
    gesture = GESTURES[name]
    return _NEXT + gesture.repeats * gesture.lasts + gesture.held / 2


def stroke_of(name: str, time: float, lead: Side, form: Form, meant: bool) -> Stroke:
    return Stroke(name, float(time), (lead, other_side(lead)) if GESTURES[name].both else (lead,), form, meant)


def room_of(name: str) -> float:
    """Seconds that a gesture keeps free around its stroke."""
    gesture = GESTURES[name]
    return _APART + (gesture.held if gesture.placed else 0.0) + gesture.repeats * gesture.lasts


def _meant(speech: Speech) -> list[tuple[Word, str]]:
    named = [(word, MEANT.get(word.text.lower().strip(".,;:!?\"'"))) for word in speech.words]
    return [(word, name) for word, name in named if name is not None]


def _gesture_at(meant: list[tuple[Word, str]], accent: float) -> str | None:
    for word, name in meant:
        if word.start - _ON_WORD <= accent <= word.end + _ON_WORD:
            return name
    return None


def _weights(prosody: Prosody) -> dict[float, float]:
    """Accent -> how strong it is among the clip's: the size of its stroke, by the highest pitch around it."""
    clock = np.arange(len(prosody.semitones)) * prosody.hop
    tops = [prosody.semitones[np.abs(clock - accent) <= _NEAR].max(initial=-np.inf) for accent in prosody.accents]
    ranks = np.argsort(np.argsort(tops)) / max(len(tops) - 1, 1) if len(set(tops)) > 1 else np.full(len(tops), 0.5)
    return {
        float(accent): float(np.interp(rank, [0, 1], WEIGHT))
        for accent, rank in zip(prosody.accents, ranks, strict=True)
    }


def _phrases(prosody: Prosody) -> list[tuple[list[float], float | None]]:
    """The accents phrase by phrase, and the second at which each phrase ends."""
    pauses = [start for start, end in prosody.pauses if end - start >= PHRASE_PAUSE]
    last = float(prosody.phrase_ends[-1]) if len(prosody.phrase_ends) else None
    parts: list[tuple[list[float], float | None]] = [([], end) for end in (*map(float, pauses), last)]
    for accent in prosody.accents:
        parts[int(np.searchsorted(pauses, accent))][0].append(float(accent))
    return parts
