"""How a stroke is made, beside which gesture it is: where, which way, how large, and what the other hand does meanwhile.

Nobody beats twice alike, and nobody's hands go home between the strokes of one thought. So a clip has somebody's habits,
a phrase is a unit of gesture (Kendon 2004) that keeps its place, its hands and their shape (McNeill's catchment, 2005), and
each stroke in it goes its own way. How often what comes is set by eye; no study stands behind these shares.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from garrick.bodies.hand import Side
from garrick.motion.gestures.arms import HERE, Way
from garrick.motion.gestures.vocabulary import GESTURES

_PLAIN = {"beat": 0.34, "beat_both": 0.18, "open_palm": 0.16, "open_palms": 0.12, "precision_grip": 0.12, "frame": 0.08}
_FAITHFUL = 14.0  # how near a speaker's own shares lie to these
_AKIN = {
    "beat": ("open_palm", "precision_grip", "dismiss"),
    "beat_both": ("open_palms", "frame"),
    "open_palm": ("beat", "sweep"),
    "open_palms": ("beat_both", "frame"),
    "precision_grip": ("beat", "open_palm"),
    "frame": ("beat_both", "open_palms"),
}  # what a unit passes to
_PASS = 0.3  # chance of a stroke that it does
_RIGHT = 0.85  # of people gesture with the right hand first
_CHANGE = 0.2  # chance that a phrase is the other hand's
_WAYS = (
    (0.34, Way(0.0, -1.0, 0.0)),
    (0.2, Way(0.6, -0.8, 0.0)),
    (0.13, Way(1.0, -0.25, 0.0)),
    (0.17, Way(0.1, -0.5, 0.9)),
    (0.08, Way(-0.5, -0.8, 0.0)),
    (0.08, Way(0.2, 0.9, 0.0)),
)  # chance and direction of a beat's stroke
_REACH = 21.0  # degrees of a beat of usual size
_SIZES = 0.22  # nat, standard deviation of a stroke's size
_SHAPES = {"loose": 0.4, "flat": 0.2, "relaxed": 0.25, "open": 0.15}  # of a hand that beats
_OPENS = (0.5, 1.1)  # share of the way from a relaxed hand to that shape
_CURLS = (-0.12, 0.3)  # share of the way from a relaxed hand to a fist, of a hand that waits
_ALTERNATE = 0.4  # chance that two beating hands take turns
_OTHERS = {"waist": 0.36, "low": 0.3, "ready": 0.14, "": 0.2}  # what the hand does that has no stroke
_OWN_REST = 0.7  # chance that a phrase ends where the speaker's hands like to rest
_RESTS = {"hang": 0.5, "waist": 0.28, "low": 0.22}


@dataclass(frozen=True)
class Form:
    """How one stroke is made. As it stands: like the gesture's own picture, with one hand still.

    place:  where the hands are, from where the gesture has them.    roll: degrees by which the palms turn upwards.
    way:    from the start to the end of a stroke that is free; None for the gesture's own.
    phrase: number of the clip's phrase that it is in, whose `Fingers` are its hands'; None for those of the pictures.
    size:   factor of how far the stroke goes.
    alternate: the second of two hands goes where the first comes from.
    other:  stance in which a hand waits that has no part in the stroke; "" leaves it where it is.
    echo:   0..1, share of the stroke that it makes all the same.
    sinks:  0..1, share of the way to readiness that hands go back between this stroke and a near one.
    rest:   stance to which both hands go where no other stroke is near.
    """

    place: Way = HERE
    roll: float = 0.0
    way: Way | None = None
    phrase: int | None = None
    size: float = 1.0
    alternate: bool = False
    other: str = ""
    echo: float = 0.0
    sinks: float = 1.0
    rest: str = "hang"


PLAIN = Form()
"""As the gesture's own picture."""


@dataclass(frozen=True)
class Fingers:
    """What the gestures of a phrase leave to the fingers of one hand. As it stands: nothing, all is as in the pictures.

    shape: at the end of a beat, or "" for the gesture's own.    opens: share of the way to it, from a relaxed hand.
    curls: -1..1, share of the way from a relaxed hand to a fist, and below 0 away from it, while it waits.
    """

    shape: str = ""
    opens: float = 1.0
    curls: float = 0.0

    @classmethod
    def of(cls, rng: np.random.Generator) -> Fingers:
        """Draw a phrase's."""
        return cls(_one_of(_SHAPES, rng), rng.uniform(*_OPENS), rng.uniform(*_CURLS))


AS_PICTURED = Fingers()
"""Fingers to which nothing is left."""


@dataclass(frozen=True)
class Habits:
    """Somebody's: the hand that comes first, how likely each plain gesture is, how large strokes are, where hands rest."""

    first: Side
    plain: dict[str, float]
    size: float
    rest: str

    @classmethod
    def of(cls, rng: np.random.Generator) -> Habits:
        """Draw a speaker."""
        first: Side = "right" if rng.random() < _RIGHT else "left"
        shares = rng.dirichlet(_FAITHFUL * np.array(list(_PLAIN.values())))
        return cls(first, dict(zip(_PLAIN, shares, strict=True)), float(rng.uniform(0.9, 1.15)), _one_of(_RESTS, rng))


@dataclass(frozen=True)
class Unit:
    """What the strokes of one phrase have in common."""

    lead: Side
    plain: str
    alike: Form

    @classmethod
    def of(cls, habits: Habits, rng: np.random.Generator, phrase: int | None = None) -> Unit:
        """Draw a phrase's; phrase: its number."""
        lead = habits.first if rng.random() > _CHANGE else other_side(habits.first)
        # a little inwards and forwards of the pictures, where each hand is alone in front of the speaker
        place = Way(rng.uniform(-14, 4), float(np.clip(rng.normal(2, 6), -8, 14)), rng.uniform(-3, 10))
        alike = Form(
            place=place,
            roll=rng.uniform(-25, 30),
            phrase=phrase,
            size=habits.size,
            alternate=bool(rng.random() < _ALTERNATE),
            other=_one_of(_OTHERS, rng),
            echo=rng.uniform(0.15, 0.5),
            rest=habits.rest if rng.random() < _OWN_REST else _one_of(_RESTS, rng),
        )
        return cls(lead, _one_of(habits.plain, rng), alike)

    def next(self, name: str | None, weight: float, before: Form | None, rng: np.random.Generator) -> tuple[str, Form]:
        """The next stroke: a gesture, and how it is made.

        name: of the gesture, or None for a plain one.    weight: 0.. of the accent, 1 for a usual one.
        before: the stroke before in the unit.
        """
        passes, akin = rng.random() < _PASS, _AKIN[self.plain]
        plain = str(rng.choice(akin)) if passes else self.plain
        size = self.alike.size * weight * float(np.exp(rng.normal(0, _SIZES)))
        size = float(np.clip(size, 0.55, 1.5))
        drift = Way(*rng.normal(0, 3, 2))
        last = None if before is None else before.way
        form = replace(
            self.alike,
            place=self.alike.place + drift,
            roll=self.alike.roll + rng.normal(0, 6),
            way=_way(last, rng) * (_REACH * size),
            size=size,
            sinks=rng.uniform(0.2, 0.75),
        )
        found = plain if name is None else name
        return found, fitting(found, form)


def fitting(name: str, form: Form) -> Form:
    """Of a form what the gesture leaves free: a sign looks as it must, and only beats go any way."""
    gesture = GESTURES[name]
    if gesture.free:
        return form
    if gesture.placed:
        return replace(form, way=None, alternate=False, place=HERE, roll=0.0, size=1.0)
    return replace(form, way=None, alternate=False, roll=form.roll / 3)


def other_side(side: Side) -> Side:
    """The other one."""
    return "left" if side == "right" else "right"


def _way(last: Way | None, rng: np.random.Generator) -> Way:
    """A direction of length 1 or so, not the last one's."""
    shares = np.array([share for share, _ in _WAYS])
    if last is not None:
        along = np.array([way.out * last.out + way.up * last.up + way.forth * last.forth for _, way in _WAYS])
        shares = np.where(along == along.max(), shares * 0.25, shares)
    way = _WAYS[int(rng.choice(len(_WAYS), p=shares / shares.sum()))][1]
    return way + Way(*rng.normal(0, 0.12, 2))


def _one_of(shares: dict[str, float], rng: np.random.Generator) -> str:
    weights = np.array(list(shares.values()))
    return str(rng.choice(list(shares), p=weights / weights.sum()))
