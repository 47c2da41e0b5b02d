"""Gestures while somebody speaks: hands that get ready before they know for what.

An accent is known hardly before it is there (`live_accents`), and a stroke must end on it. So the hands are prepared when a
phrase begins, and anew when a stroke has been held: for a stroke that is drawn by then, of the same habits, units and forms
as a whole clip's. The accent then only lets it go, from where the hand waits, and as far as it gets in time; what no accent
calls for sinks a part of its way. In a pause the hands go to where they rest. Words are not known while they are said, so
the strokes are plain ones; a text that is spoken for the stream is known, and gets what it would get as a clip.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np

from garrick.bodies.body_limits import clamp
from garrick.bodies.hand import Side
from garrick.context import RunContext
from garrick.core.euler import smooth_axis_angles
from garrick.core.performance import BODY_JOINTS
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.motion.gestures.arms import ARMS
from garrick.motion.gestures.clearance import keep_clear
from garrick.motion.gestures.curves import (
    ARM,
    DELAY,
    EASY,
    FINGERS,
    LINGER,
    LINGER_LAST,
    TIRED,
    Move,
    fingers_of,
    hurried,
    keys_of,
    move_of,
    pose_of,
    restless,
    seconds_back,
    seconds_there,
    towards,
)
from garrick.motion.gestures.forms import AS_PICTURED, Fingers, Form, Habits, Unit
from garrick.motion.gestures.fusion import slowed
from garrick.motion.gestures.live_arm import LEAD, LiveArm
from garrick.motion.gestures.plan import PHRASE_PAUSE, SHARE, WEIGHT, Stroke, plan_strokes, room_of, stroke_of
from garrick.motion.gestures.shapes import hand_shape
from garrick.motion.live_accents import Accent
from garrick.motion.live_frames import ARM_JOINTS, continued
from garrick.speech.speech import Speech

_FASTEST = 7.0  # radians a second of any arm joint
_PLANNED = 7.01  # the same of what `curves` has planned, and a little for rounding
_QUICKEST = 0.1  # seconds of a stroke that is late for its accent
_BEHIND = 0.06  # seconds that a stroke may end after its accent; it goes so far only as it gets by then,
_SMALLEST = 0.4  # but this share of its way at least
_PATIENCE = 1.2  # seconds for which a hand waits for an accent
_RANKED = 12  # accents among which one is strong or weak
_AROUND = 0.45  # seconds before and after what is shown in which hands make room for each other
_CLEAR_FADE = 0.3  # seconds over which a disagreement about that fades
_SIGN_SINKS = 0.6  # share of the way to readiness that hands go back from a gesture that was asked for, as in a clip
_KEPT = 1.0  # seconds of the past that can still be asked for
_ROWS = [BODY_JOINTS.index(name) for name in ARM_JOINTS]
_SHOULDERS = [BODY_JOINTS.index(f"{side}_shoulder") for side in ARMS]


class LiveGestures:
    """Both arms of one speaker. The same calls give the same motion.

    amount: above 0, at most 2, as `Manner.gestures`.    identity: (B,) of the person, whose build the hands keep out of.
    """

    def __init__(self, amount: float, identity: np.ndarray, ctx: RunContext) -> None:
        self._amount, self._identity, self._ctx = amount, identity, ctx
        self._rng = ctx.rng("gestures")
        self._habits = Habits.of(self._rng)
        self._arms: dict[Side, LiveArm] = {side: LiveArm(side) for side in ARMS}
        self._rises: deque[float] = deque(maxlen=_RANKED)
        self._unit: Unit | None = None
        self._drawn = ctx.rng(FINGERS)
        self._fingers = AS_PICTURED
        self._before: Form | None = None
        self._next: Stroke | None = None  # None: the next accent gets no stroke
        self._waits = np.inf  # seconds since which hands are ready for it
        self._moves: dict[Side, Move] = {}  # what each hand did last, or is ready for
        self._raised = False
        self._struck, self._free = -np.inf, 0.0  # seconds: of the last stroke, and until which it is held
        self._said = -np.inf  # seconds at which a text, or a gesture that was asked for, is over
        self._rested = 0  # how far the hands are on their way home
        self._shown: np.ndarray | None = None  # (13, 3), the last frame
        self._hands: dict[Side, np.ndarray] = {side: hand_shape("relaxed", side) for side in ARMS}
        self._swung = np.zeros((2, 3))
        self._alive: dict[Side, tuple[int, np.ndarray]] = {
            side: (0, np.zeros((0, len(DELAY), 3))) for side in self._arms
        }
        self.strokes: deque[Stroke] = deque(maxlen=_RANKED)
        """The latest strokes, each with the second at which it ends."""

    def plan(self, shown: float, silence: float, accents: Sequence[Accent]) -> None:
        """Decide what the hands do from `shown` seconds on, the next frame's.

        silence: seconds since the last sound of speech, infinite before the first.    accents: those that are new.
        """
        start = shown + LEAD
        for accent in accents:
            self._rises.append(accent.rise)
        if start < self._said:
            return
        if silence >= PHRASE_PAUSE:
            self._go_home(start, min(silence, start - self._said))
            return
        if self._unit is None:
            self._unit, self._before, self._rested = Unit.of(self._habits, self._rng), None, 0
            self._fingers = Fingers.of(self._drawn)
            self._deal()
        for accent in accents:
            self._answer(accent, start)
        if start >= self._free:
            self._get_ready(start)

    def say(self, speech: Speech, start: float) -> None:
        """Gesture with a speech that is known as a whole and begins at `start` seconds, as `curves` would."""
        strokes = plan_strokes(speech, self._amount, self._ctx.rng("gestures"))
        self._end_phrase()
        self._said, self._moves, self._raised = start + speech.duration, {}, False
        fingers = fingers_of(strokes, self._ctx.rng(FINGERS))
        for side, arm in self._arms.items():
            moves = [self._move(stroke, side, fingers.get(stroke.form.phrase, AS_PICTURED)) for stroke in strokes]
            keys = keys_of([move for move in moves if move is not None], side)
            arm.go(start + LEAD, keys[0].pose, seconds_back(arm.goal, keys[0].pose), EASY)
            for here, there in pairwise(keys):
                if there.pose is not here.pose:
                    begin = start + (here.time if here.time >= LEAD else max(here.time, 0.0) + LEAD)
                    arm.go(begin, there.pose, there.time - here.time, _PLANNED)
            self._free = max(self._free, start + max([0.0, *(stroke.time for stroke in strokes)]))

    def ask(self, name: str, shown: float) -> float:
        """Make a gesture of `GESTURES` at once, as its picture is -> the second at which its stroke ends.

        shown: seconds of the next frame. Until it is over no accent is answered; then the hands go on as after a stroke.
        """
        unit = self._unit or Unit.of(self._habits, self._rng)
        form = Form(other=unit.alike.other, echo=unit.alike.echo, sinks=_SIGN_SINKS, rest=unit.alike.rest)
        stroke = stroke_of(name, 0.0, unit.lead, form, meant=True)
        moves: dict[Side, Move] = {
            side: move for side in self._arms if (move := self._move(stroke, side, AS_PICTURED)) is not None
        }
        start = shown + LEAD
        ready = max(
            self._arms[side].go(start, move.before, seconds_there(self._arms[side].goal, move.before))
            for side, move in moves.items()
        )
        struck, over = dict[Side, float](), []
        for side, move in moves.items():
            arm = self._arms[side]
            arrives = struck[side] = arm.go(ready + move.time, move.end, move.lasts)
            for number in range(move.repeats):
                arrives = arm.go(arrives, move.end if number % 2 else move.before, move.lasts)
            over.append(arrives + move.held)
        self._moves |= moves
        self._said = self._free = max(over)
        self._struck = struck[unit.lead]
        self._raised, self._waits, self._rested = True, np.inf, 0
        return self._struck

    def frames(
        self, trunk: np.ndarray, past: int, first: int, stop: int, fps: Fraction
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(n, 8, 3) of `ARM_JOINTS`, (n, 15, 3) of the left and of the right hand, frames first .. stop - 1: axis-angle.

        trunk: (F, 13, 3) axis-angle of the trunk, and of the collars with the breath, frames `past`, past + 1, ..., as far
        as they are known.
        """
        around = round(_AROUND * fps)
        low, high = max(past, first - around), stop + around
        times = np.arange(low, high) / float(fps)
        pose = trunk[np.minimum(np.arange(low, high) - past, len(trunk) - 1)].copy()
        new = slice(first - low, stop - low)
        hands = {}
        for side, arm in self._arms.items():
            alive = self._restlessness(side, low, high, fps)
            turns = arm.poses(times, slice(ARM)) @ rotation_matrices(alive[:, :ARM])
            fingers = arm.poses(times[new], slice(ARM, None)) @ rotation_matrices(alive[new, ARM:])
            arm.forget(times[0] - _KEPT)
            turns[:, 0] = rotation_matrices(pose[:, ARMS[side][0]]) @ turns[:, 0]
            pose[:, ARMS[side]] = axis_angles(turns)
            hands[side] = smooth_axis_angles(fingers, self._hands[side])
            self._hands[side] = hands[side][-1]
        return self._cleared(clamp(pose), new, fps), hands["left"], hands["right"]

    def _restlessness(self, side: Side, low: int, high: int, fps: Fraction) -> np.ndarray:
        """(F, 19, 3) axis-angle of what is never quite still, frames low .. high - 1; neither falls from call to call."""
        first, kept = self._alive[side]
        times = np.arange(max(low, first + len(kept)), high) / float(fps)
        more = restless(times, self._ctx.rng(f"{side} arm"))
        alive = np.concatenate([kept[max(low - first, 0) :], more])
        self._alive[side] = low, alive
        return alive

    def _cleared(self, pose: np.ndarray, new: slice, fps: Fraction) -> np.ndarray:
        """(F, 13, 3) -> (n, 8, 3): with room between the hands, and no faster than a speaker's."""
        turns = rotation_matrices(pose)
        free = rotation_matrices(keep_clear(pose, float(fps), self._identity)[:, _SHOULDERS])
        swing = axis_angles(np.swapaxes(turns[:, _SHOULDERS], -1, -2) @ free).reshape(len(pose), -1)
        self._swung = continued(swing, self._swung.reshape(-1), new.start, fps, _CLEAR_FADE, new.stop)
        turns[:, _SHOULDERS] = turns[:, _SHOULDERS] @ rotation_matrices(swing.reshape(len(pose), -1, 3))
        made = turns[new][:, _ROWS]
        if self._shown is None:
            self._shown = axis_angles(made[0])
        made = slowed(np.concatenate([rotation_matrices(self._shown)[None], made]), float(fps), _FASTEST)[1:]
        found = smooth_axis_angles(made, self._shown)
        self._shown = found[-1]
        return found

    def _deal(self) -> None:
        """Draw whether the next accent gets a stroke, and which."""
        assert self._unit is not None
        self._waits = np.inf
        if self._rng.random() >= SHARE * self._amount:
            self._next = None
            return
        name, form = self._unit.next(None, 1.0, self._before, self._rng)
        self._next = stroke_of(name, 0.0, self._unit.lead, form, meant=False)

    def _answer(self, accent: Accent, start: float) -> None:
        """Let the stroke go, or leave the accent alone."""
        stroke = self._next
        if stroke is None:
            self._deal()
            return
        if accent.time - self._struck < room_of(stroke.gesture):
            return
        stroke = replace(stroke, time=accent.time, form=self._weighed(stroke.form, accent.rise))
        ends = []
        for side, arm in self._arms.items():
            if (move := self._move(stroke, side, self._fingers)) is not None:
                begin = max(start, move.time - move.lasts)
                here = arm.poses(np.array([begin]))[0]
                share = (move.time + _BEHIND - begin) / max(hurried(here, move.end), _QUICKEST)
                end = towards(here, move.end, float(np.clip(share, _SMALLEST, 1)))
                ends.append(arm.go(begin, end, max(move.time - begin, _QUICKEST)) + move.held)
                self._moves[side] = move
        self.strokes.append(replace(stroke, time=self._arms[stroke.sides[0]].arrives))
        self._struck, self._free, self._before, self._raised = accent.time, max(ends), stroke.form, True
        self._deal()

    def _get_ready(self, start: float) -> None:
        """Bring the hands to where the next stroke begins, or let them sink."""
        if self._next is not None and self._waits == np.inf:
            for side, arm in self._arms.items():
                if (move := self._move(self._next, side, self._fingers)) is not None:
                    arm.go(start, move.before, seconds_back(arm.goal, move.before), EASY)
                    self._moves[side] = move
                elif side in self._moves:
                    self._sink(side, start)
            self._waits, self._raised = start, True
        elif self._raised and start > (self._free + LINGER if self._next is None else self._waits + _PATIENCE):
            for side in self._moves:
                self._sink(side, start)
            self._raised = False

    def _sink(self, side: Side, start: float) -> None:
        """A part of the way back."""
        arm, back = self._arms[side], self._moves[side].back
        arm.go(start, back, seconds_back(arm.goal, back), EASY)

    def _go_home(self, start: float, silence: float) -> None:
        """In a pause: after a little a part of the way, then to rest, and after long hang."""
        self._end_phrase()
        if start < self._free or not self._moves:
            return
        stage = int(np.searchsorted([LINGER, LINGER_LAST, TIRED], silence, side="right"))
        if stage > self._rested:
            self._rested = stage
            for side, move in self._moves.items():
                arm = self._arms[side]
                goal = (move.back, move.rest, pose_of("hang", "relaxed", side))[stage - 1]
                arm.go(start, goal, seconds_back(arm.goal, goal), EASY)

    def _end_phrase(self) -> None:
        self._unit, self._next, self._waits = None, None, np.inf

    def _move(self, stroke: Stroke, side: Side, fingers: Fingers) -> Move | None:
        """One hand's part; None where it has none."""
        if side not in stroke.sides and not stroke.form.other:
            return None
        return move_of(stroke, side, min(self._amount, 2.0), fingers)

    def _weighed(self, form: Form, rise: float) -> Form:
        """Larger on a stronger accent, by its rank among the latest."""
        rank = float(
            np.mean([other < rise for other in self._rises]) + np.mean([other <= rise for other in self._rises])
        )
        weight = float(np.interp(rank / 2, [0, 1], WEIGHT))
        return replace(form, size=form.size * weight, way=None if form.way is None else form.way * weight)
