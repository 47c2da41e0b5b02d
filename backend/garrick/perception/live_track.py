"""Follows a face from camera frames as they come: face, head and gaze of each frame, from what was seen until then.

At first the person is met: identity, calm face, pose and gaze are learnt from a second and a half of looking calmly into
the camera. All that follows is a departure from that: whoever is calm has weights of 0 and looks straight ahead, wherever
the camera stands. Each frame is solved by the solver of whole clips, tied to the frame before alone.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from garrick.bodies.head import load_head
from garrick.context import RunContext
from garrick.core.easing import smoothstep
from garrick.core.gaze import EYE_LOOK, eye_look_weights
from garrick.core.rotation import axis_angles
from garrick.core.transfer import nearest_rotations
from garrick.perception.clip_fit import Person, Sighting, meet, solve
from garrick.perception.face_net import SIZE, face_points
from garrick.perception.faces import detect_faces
from garrick.perception.fit import State
from garrick.perception.image import assumed_focal
from garrick.perception.lids import BLINKS, WIDES
from garrick.perception.live_sight import LiveSight
from garrick.perception.live_smooth import OneEuro

CALM_S = 1.5
"""Seconds of a calm face that a person is learnt from."""

Phase = Literal["calibrating", "tracking", "away"]

_MET = 24  # frames that a person is learnt from, at most
_LEAST = 12  # and at least
_LOST_S = 0.5  # without a face after which learning begins anew
_HOLD_S, _EASE_S = 0.4, 0.8  # after the face has gone: how long it is held, and how long it takes to come to rest
_JOIN_S = 0.25  # in which a face that is back is taken up
_SURE = 3  # frames in a row that a face must be seen to be back
_BEFORE_S = 1.0  # since when the pose of the picture before is a good place to begin from
_GOOD, _BAD = 0.01, 0.03  # of the face's width missed by the fit: trusted fully, least
_SEEN = 0.05  # the least trust in what is seen at all
_SHUT = 0.5  # weight of a blink from which the gaze is held
_USUAL = 0.08  # how far shades of lids at rest lie from the learnt ones in a clip in which somebody moves
_WIDE_SPAN = 3  # frames: what is wide for less than half of them is not
# cutoffs at rest and by speed: of weights, radians of the head, metres, radians of gaze; lids are the quickest
_FACE, _LIDS, _TURN, _SHIFT, _GAZE = (1.0, 5.0), (3.0, 8.0), (2.0, 12.0), (1.5, 60.0), (1.5, 6.0)


@dataclass(frozen=True)
class Look:
    """What a picture shows.

    time: seconds.    size: width and height.    face: None where the person is not seen.    anew: calibration begins.
    sight: what has looked.
    """

    time: float
    size: tuple[int, int]
    face: Sighting | None
    anew: bool
    sight: LiveSight


@dataclass(frozen=True)
class Instant:
    """The person at one time, in seconds.

    face: (52,) weights 0..1.    head_rotation: (3,) axis-angle and head_translation: (3,) metres, from the calm pose and
    in its axes.    gaze: (2, 2) radians, from the calm one.    confidence: 0..1, 0 while nobody is tracked.
    """

    time: float
    face: np.ndarray
    head_rotation: np.ndarray
    head_translation: np.ndarray
    gaze: np.ndarray
    confidence: float
    phase: Phase


class LiveTracker:
    """One person before one camera. `look` may run in another thread than `place`, a picture ahead.

    person: counts the faces of the first picture that shows any, from the left; None for the largest.
    """

    def __init__(self, person: int | None = None) -> None:
        self._person = person
        self._size: tuple[int, int] | None = None
        self._head, self._ctx = load_head(), RunContext()
        self._sight = LiveSight(person)
        self._anew = False
        self._calm: _Calm | None = None
        self._learning: list[Look] = []
        self._learns = True
        self._before: tuple[float, State] | None = None
        self._row = 0  # frames with a face, one after the other
        self._gaze = np.zeros((2, 2))
        self._wide: deque[np.ndarray] = deque(maxlen=_WIDE_SPAN)
        self._filter = _filter()
        self._presence = _Presence()

    def warm_up(self) -> None:
        """Load the nets, so that the first picture does not wait."""
        detect_faces(np.zeros((SIZE, SIZE, 3), np.uint8))
        face_points(np.zeros((SIZE, SIZE, 3), np.uint8))

    def calibrate(self) -> None:
        """Learn the person anew, whoever is there now, from the next picture on; from any thread."""
        self._anew = True

    @property
    def identity(self) -> np.ndarray | None:
        """(B,) float32 of the person; None before the first calibration has ended."""
        return None if self._calm is None else self._calm.person.identity

    def see(self, picture: np.ndarray, time: float) -> Instant:
        """The next picture, (H, W, 3) uint8 sRGB; time: seconds, later than the last. See `look` and `place`."""
        return self.place(self.look(picture, time))

    def look(self, picture: np.ndarray, time: float) -> Look:
        """Find the face: the half that the landmark net does. Another size of picture is another camera."""
        size = picture.shape[1], picture.shape[0]
        anew, self._anew = self._anew or size != self._size, False
        if anew:
            self._sight, self._size = LiveSight(self._person), size
        return Look(time, size, self._sight.see(picture), anew, self._sight)

    def place(self, look: Look) -> Instant:
        """Solve what was looked at, in the order of looking; the picture that ends the calibration takes two seconds."""
        if look.anew:
            self._learns, self._learning = True, []
            self._presence.go(look.time)
        self._row = 0 if look.face is None else self._row + 1
        self._before = None if look.face is None else self._before
        if self._learns:
            self._learn(look)
            return self._shown(look.time, "calibrating", 0.0)
        if look.face is None or (self._row < _SURE and not self._presence.here):
            self._presence.go(look.time)
            return self._shown(look.time, "away", 0.0)
        values, confidence = self._solve(look.time, look.face)
        if not np.isfinite(values).all():  # nothing that comes after may begin from there
            self._before = None
            self._presence.go(look.time)
            return self._shown(look.time, "away", 0.0)
        if not self._presence.here:
            self._filter = _filter()
            self._presence.come(look.time)
        self._presence.update(self._filter.step(look.time, values))
        return self._shown(look.time, "tracking", confidence)

    def _learn(self, look: Look) -> None:
        """Collect calm frames; when they are enough, meet the person."""
        if look.face is None:
            if self._learning and look.time - self._learning[-1].time > _LOST_S:
                self._learning = []
            return
        self._learning.append(look)
        if look.time - self._learning[0].time < CALM_S or len(self._learning) < _LEAST:
            return
        chosen = np.linspace(0, len(self._learning) - 1, min(_MET, len(self._learning))).astype(int)
        sightings = [face for index in chosen if (face := self._learning[index].face) is not None]
        focal = assumed_focal(look.size)
        intrinsics = np.array([[focal, 0, look.size[0] / 2], [0, focal, look.size[1] / 2], [0, 0, 1.0]])
        person, solved = meet(self._head, sightings, intrinsics, self._ctx)
        # somebody who hardly moves looks as usual to the hair, and lids that are told by skin alone would run away
        lids = replace(person.lids, usual=np.maximum(person.lids.usual, _USUAL))
        self._calm = _Calm.of(replace(person, lids=lids), solved.states, solved.gaze)
        self._before = look.time, solved.states[-1]
        look.sight.remember(sightings)
        self._learns, self._learning = False, []
        self._gaze = np.zeros((2, 2))

    def _solve(self, time: float, face: Sighting) -> tuple[np.ndarray, float]:
        """(62,) weights, rotation, translation and gaze, and how far they can be trusted."""
        calm = self._calm
        assert calm is not None  # nothing is solved before somebody was met
        before = None if self._before is None or time - self._before[0] > _BEFORE_S else self._before[1]
        if before is None:  # from afar it takes two rounds
            before = solve(calm.person, [face], None, self._ctx).states[-1]
        solved = solve(calm.person, [face], before, self._ctx)
        state = solved.states[-1]
        self._before = time, state
        weights = state.face.copy()
        self._wide.append(weights[list(WIDES)])
        weights[list(WIDES)] = np.median(self._wide, axis=0)
        if np.isfinite(solved.gaze[0]).all() and weights[list(BLINKS)].max() < _SHUT:
            self._gaze = solved.gaze[0] - calm.gaze
        turn = axis_angles(calm.turn.T @ state.turn)
        shift = calm.turn.T @ ((state.shift - calm.shift) * (1, -1, -1))
        confidence = float(np.clip((_BAD - solved.missed[0]) / (_BAD - _GOOD), _SEEN, 1))
        return np.concatenate([weights, turn, shift, self._gaze.ravel()]), confidence

    def _shown(self, time: float, phase: Phase, confidence: float) -> Instant:
        values = self._presence.shown(time)
        gaze = values[58:].reshape(2, 2)
        face = np.clip(values[:52], 0, 1)
        face[list(EYE_LOOK)] = eye_look_weights(gaze)
        return Instant(time, face, values[52:55], values[55:58], gaze, confidence, phase)


@dataclass(frozen=True)
class _Calm:
    """A person and how they are when calm: turn (3, 3), shift (3,) as of a `State`, gaze (2, 2)."""

    person: Person
    turn: np.ndarray
    shift: np.ndarray
    gaze: np.ndarray

    @classmethod
    def of(cls, person: Person, states: list[State], gaze: np.ndarray) -> _Calm:
        turn = nearest_rotations(np.mean([state.turn for state in states], axis=0))
        shift = np.median([state.shift for state in states], axis=0)
        seen = gaze[np.isfinite(gaze).all(axis=(1, 2))]
        return cls(person, turn, shift, np.median(seen, axis=0) if len(seen) else np.zeros((2, 2)))


class _Presence:
    """Joins what is shown when a face comes and goes: held, brought to rest, taken up again."""

    def __init__(self) -> None:
        self.here = False
        self._values = self._from = np.zeros(62)
        self._since = -np.inf

    def come(self, time: float) -> None:
        """The face is there from now on."""
        self._from, self._since, self.here = self.shown(time), time, True

    def go(self, time: float) -> None:
        """The face is away; the first such call counts."""
        if self.here:
            self._from, self._since, self.here = self.shown(time), time, False

    def update(self, values: np.ndarray) -> None:
        """(62,) values while the face is there."""
        self._values = values

    def shown(self, time: float) -> np.ndarray:
        """(62,) what to show."""
        past = time - self._since
        if self.here:
            return self._from + (self._values - self._from) * smoothstep(past / _JOIN_S)
        return self._from * (1 - smoothstep((past - _HOLD_S) / _EASE_S))


def _filter() -> OneEuro:
    cutoffs = np.array([_FACE] * 52 + [_TURN] * 3 + [_SHIFT] * 3 + [_GAZE] * 4)
    cutoffs[list(BLINKS)] = _LIDS
    return OneEuro(*cutoffs.T)
