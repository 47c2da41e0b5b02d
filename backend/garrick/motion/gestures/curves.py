"""Strokes -> joint rotations of both arms and hands, and what keeps them alive in between.

A hand moves from stance to stance along minimum-jerk curves (Flash and Hogan 1985), joint by joint, shoulder first and
wrist last; no joint turns faster than a speaker's do. Between near strokes it goes back a part of its way only (Kendon's
partial retraction), and the hand that has no stroke may follow in small what the other one does. The last stroke of a phrase
is held until it ends, and the hand goes back with that end: gestures lengthen at a phrase's boundary as sounds do
(Krivokapic, Tiede and Tyrone 2017).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass

import numpy as np

from garrick.bodies.body_limits import clamp
from garrick.bodies.hand import Side
from garrick.core.euler import smooth_axis_angles
from garrick.core.performance import BODY_JOINTS
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.motion.gestures.arms import ARMS, STANCES, Stance, Way, arm_turns, moved
from garrick.motion.gestures.forms import AS_PICTURED, Fingers
from garrick.motion.gestures.plan import Stroke
from garrick.motion.gestures.shapes import hand_shape
from garrick.motion.gestures.vocabulary import GESTURES
from garrick.motion.rules.wander import wander

ARM = 4  # of the rows of a pose are collar, shoulder, elbow and wrist; 15 of the hand follow
DELAY = np.array([-0.04, -0.04, -0.02, 0.0] + [0.015] * 15)  # seconds after the wrist: joints near the body go first
_FASTEST, EASY = 7.0, 3.0  # radians a second of any arm joint at its peak, in a stroke and on the way back to rest
_PEAK = 1.875  # peak over mean speed of a minimum-jerk move
_LEAST, _LEAST_BACK = 0.26, 0.55  # seconds that any move takes
_REST_AFTER = 3.6  # seconds without a stroke in which a hand goes to rest
TIRED = 9.0  # seconds after which it hangs, wherever it rested
LINGER, LINGER_LAST = (
    0.3,
    0.9,
)  # seconds for which the end of a stroke is held before the hand sinks: a little, or to rest
_OVER = 0.2  # seconds since a phrase's end in which a hand goes back with it
_HELD_LEAST, _HELD_MOST = 0.08, 1.1  # seconds for which it waits for that end, at least and at most
_SECOND_HAND, _SECOND_LAG = 0.9, 0.03  # reach and seconds of delay of the hand that follows: two alike look mechanical
_ECHO_LASTS, _ECHO_LAG = 0.34, 0.1  # seconds of what a hand does that follows in small, and of its delay
_SIGN_SINKS = 0.65  # share of the way to readiness that a hand goes back at least from a sign
_BEHIND = 0.7  # of a beat's way lies before the place where the gesture ends, the rest beyond it
_EASY_HAND = "loose"  # the shape of a gesture that shows nothing by its fingers
_NOD = Way(up=-12.0)  # what is echoed of a stroke that goes its gesture's own way
_AT_ONCE = 1000  # frames: matrices of a whole clip would take more memory than its voice
_READY = 0.5  # of the way to a beat's shape fingers go while it is prepared: the stroke is too short for all of it
_TOGETHER = 1.6  # of a finger's own restlessness, what all curl together (Santello et al. 1998: the first hand synergy)
FINGERS = "fingers"
"""The name by which a hand's `Fingers` are drawn: the same for both, so that hands of one seed are alike."""
RESTLESS = np.radians([0.3, 1.0, 1.2, 1.6] + [1.0] * 15)  # standard deviation of what is never quite still


@dataclass(frozen=True)
class Key:
    """A pose (19, 3, 3) and the second at which it is reached."""

    time: float
    pose: np.ndarray


def arm_curves(
    strokes: Sequence[Stroke],
    side: Side,
    times: np.ndarray,
    amplitude: float,
    rng: np.random.Generator,
    hand: Callable[[str], np.random.Generator] | None = None,
) -> np.ndarray:
    """(F, 19, 3) axis-angle radians of collar, shoulder, elbow, wrist and the 15 joints of a hand.

    times: (F,) seconds, equally spaced.    amplitude: 0..2, how far strokes reach that are placed nowhere in particular.
    hand: what the fingers draw from, by name, where they have a seed of their own; no joint of the arm depends on it.
    """
    reach, own = min(amplitude, 2.0), fingers_of(strokes, deepcopy(rng) if hand is None else hand(FINGERS))
    moves = [
        move_of(stroke, side, reach, own.get(stroke.form.phrase, AS_PICTURED))
        for stroke in strokes
        if side in stroke.sides or stroke.form.other
    ]
    keys = keys_of(moves, side)
    curves = np.empty((len(times), len(DELAY), 3))
    for start in range(0, len(times), _AT_ONCE):
        part = times[start : start + _AT_ONCE]
        alive = restless(part, deepcopy(rng), None if hand is None else hand(f"{side} arm"))
        turns = _between(keys, part) @ rotation_matrices(alive)
        curves[start : start + _AT_ONCE] = smooth_axis_angles(turns, curves[start - 1] if start else None)
    return curves


def restless(times: np.ndarray, arm: np.random.Generator, hand: np.random.Generator | None = None) -> np.ndarray:
    """(F,) seconds -> (F, 19, 3) axis-angle of what is never quite still; hand: where its fingers have a generator."""
    alive = wander(times, 3 * len(DELAY), arm).reshape(len(times), -1, 3)
    if hand is not None:
        alive[:, ARM:] = wander(times, 3 * len(DELAY), hand).reshape(len(times), -1, 3)[:, ARM:]
    alive[:, ARM:, 0] += _TOGETHER * alive[:, ARM, 1:2]
    alive[:, ARM:, 1:] = 0  # fingers only curl
    return alive * RESTLESS[:, None]


def fingers_of(strokes: Sequence[Stroke], rng: np.random.Generator) -> dict[int | None, Fingers]:
    """Draw the fingers of one hand for each phrase that has strokes, by its number."""
    last = max((stroke.form.phrase for stroke in strokes if stroke.form.phrase is not None), default=-1)
    return {phrase: Fingers.of(rng) for phrase in range(last + 1)}


@dataclass(frozen=True)
class Move:
    """One hand's part in a stroke: from `before` to `end`, which it reaches at `time` and holds.

    back: the pose to which it sinks until a near stroke, rest: where it waits for a far one.
    until: seconds at which the phrase ends, None where nobody knows.
    """

    time: float
    lasts: float
    before: np.ndarray
    end: np.ndarray
    held: float
    repeats: int
    back: np.ndarray
    rest: np.ndarray
    until: float | None = None


def move_of(stroke: Stroke, side: Side, reach: float, fingers: Fingers = AS_PICTURED) -> Move:
    """reach: how far it goes; see `arm_curves`."""
    form, gesture = stroke.form, GESTURES[stroke.gesture]
    waiting = _waiting(fingers, side)
    rest = pose_of(form.rest, waiting, side)
    if side not in stroke.sides:
        way, waits = (form.way or _NOD * form.size) * (form.echo * reach), STANCES[form.other]
        before, end = (pose_of(moved(waits, way * share), waiting, side) for share in (-0.5, 0.5))
        back = pose_of(form.other, waiting, side)
        return Move(stroke.time + _ECHO_LAG, _ECHO_LASTS, before, end, gesture.held, 0, back, rest, stroke.until)
    second = side != stroke.sides[0]
    ready = pose_of(moved(STANCES["ready"], form.place), waiting, side)
    before, end = _before_and_end(stroke, side, fingers)
    if second and form.alternate:
        before, end = end, before
    if not gesture.placed:
        share = reach * (1.0 if form.way else form.size) * (_SECOND_HAND if second else 1.0)
        before, end = towards(ready, before, share), towards(ready, end, share)
    back = towards(end, ready, max(form.sinks, _SIGN_SINKS) if gesture.placed else form.sinks)
    if gesture.placed:
        back[ARM:] = ready[ARM:]  # half a sign would be a claw
    lag = _SECOND_LAG if second else 0.0
    return Move(stroke.time + lag, gesture.lasts, before, end, gesture.held, gesture.repeats, back, rest, stroke.until)


def _before_and_end(stroke: Stroke, side: Side, fingers: Fingers) -> tuple[np.ndarray, np.ndarray]:
    """The poses where a stroke starts and ends that is as large as in its gesture's picture."""
    form, gesture = stroke.form, GESTURES[stroke.gesture]
    before, end = STANCES[gesture.before], STANCES[gesture.stroke]
    last = first = hand_shape(gesture.shape, side)
    if gesture.shape == _EASY_HAND and not gesture.placed:
        shape = fingers.shape if gesture.free and fingers.shape else gesture.shape
        last = _blended(hand_shape("relaxed", side), hand_shape(shape, side), fingers.opens)
        first = _blended(_waiting(fingers, side), last, _READY) if form.way is not None else last
    ways = (before, form.place), (end, form.place)
    if form.way is not None:
        ways = (end, form.place + form.way * -_BEHIND), (end, form.place + form.way * (1 - _BEHIND))
    opening, closing = (moved(stance, way, form.roll) for stance, way in ways)
    return pose_of(opening, first, side), pose_of(closing, last, side)


def _waiting(fingers: Fingers, side: Side) -> np.ndarray:
    """(15, 3) axis-angle of a hand that has nothing to show."""
    return _blended(hand_shape("relaxed", side), hand_shape("fist", side), fingers.curls)


def _blended(one: np.ndarray, other: np.ndarray, share: float) -> np.ndarray:
    """(15, 3) axis-angle of two hands -> on the way from the one to the other, or beyond, each joint the shortest way."""
    start = rotation_matrices(one)
    way = axis_angles(np.swapaxes(start, -1, -2) @ rotation_matrices(other))
    return axis_angles(start @ rotation_matrices(way * share)) if share else one


def keys_of(moves: Sequence[Move], side: Side) -> list[Key]:
    """Poses in order of time; a stroke for which no time is left is dropped."""
    hang = pose_of("hang", "relaxed", side)
    keys, last = [Key(-1.0, hang)], None
    for move in moves:
        lasts = max(move.lasts, hurried(move.before, move.end))
        start = move.time - lasts
        if last is not None:
            _sink(keys, last, start, move.before, hang)
        _let_go(keys, start - seconds_there(keys[-1].pose, move.before))
        here = keys[-1]
        if start - here.time >= seconds_there(here.pose, move.before):
            keys.append(Key(start - seconds_there(here.pose, move.before), here.pose))
            keys.append(Key(start, move.before))
        elif move.time - here.time >= seconds_there(here.pose, move.end):
            keys.append(Key(move.time - seconds_there(here.pose, move.end), here.pose))
        else:
            continue
        keys.append(Key(move.time, move.end))
        for number in range(move.repeats):
            keys.append(Key(keys[-1].time + lasts, move.end if number % 2 else move.before))
        keys.append(Key(keys[-1].time + move.held, keys[-1].pose))
        last = move
    if last is not None:
        _sink(keys, last, np.inf, hang, hang)
    return keys


def _let_go(keys: list[Key], by: float) -> None:
    """End a hold early where the next gesture needs the time."""
    if len(keys) > 1 and keys[-1].pose is keys[-2].pose and keys[-1].time > by:
        keys[-1] = Key(max(keys[-2].time, by), keys[-1].pose)


def _sink(keys: list[Key], last: Move, until: float, then: np.ndarray, hang: np.ndarray) -> None:
    """Let the hand go after its last stroke and before it needs to get to the pose `then`, at `until`."""
    here = keys[-1]
    free = until - here.time
    if free >= _REST_AFTER:
        goal, held = hang if np.isinf(free) else last.rest, LINGER_LAST
    else:
        goal, held = last.back, LINGER
    back = seconds_back(here.pose, goal)
    if last.until is not None and -_OVER <= last.until - here.time <= _HELD_MOST and last.until < until:
        held = max(last.until - here.time, _HELD_LEAST)
    if free < held + back + seconds_there(goal, then):
        return
    keys.append(Key(here.time + held, here.pose))
    keys.append(Key(keys[-1].time + back, goal))
    down = seconds_back(goal, hang)
    if until - keys[-1].time >= TIRED + down + seconds_there(hang, then) and goal is not hang:
        keys.append(Key(keys[-1].time + TIRED / 2, goal))
        keys.append(Key(keys[-1].time + down, hang))


def towards(start: np.ndarray, end: np.ndarray, share: float) -> np.ndarray:
    """(19, 3, 3) at a share of the way; beyond its end, for one above 1, go arms only, half as far: joints have limits."""
    scale = np.full(len(start), min(share, 1.0))
    scale[1:ARM] += max(share - 1, 0) / 2
    return start @ rotation_matrices(scale[:, None] * axis_angles(np.swapaxes(start, -1, -2) @ end))


def pose_of(stance: str | Stance, shape: str | np.ndarray, side: Side) -> np.ndarray:
    """(19, 3, 3), the arm within the joints' limits; shape: of the hand, by name or (15, 3) axis-angle."""
    body = np.zeros((len(BODY_JOINTS), 3))
    body[ARMS[side]] = arm_turns(stance, side)
    fingers = hand_shape(shape, side) if isinstance(shape, str) else shape
    return rotation_matrices(np.concatenate([clamp(body)[ARMS[side]], fingers]))


def seconds_there(start: np.ndarray, end: np.ndarray) -> float:
    """How long a move takes that nothing hurries."""
    return max(hurried(start, end), _LEAST)


def seconds_back(start: np.ndarray, end: np.ndarray) -> float:
    """How long a hand takes that goes back."""
    return max(hurried(start, end, EASY), _LEAST_BACK)


def hurried(start: np.ndarray, end: np.ndarray, fastest: float = _FASTEST) -> float:
    """How long a move takes at least."""
    far = np.linalg.norm(axis_angles(np.swapaxes(start[:ARM], -1, -2) @ end[:ARM]), axis=-1).max()
    return _PEAK * float(far) / fastest


def _between(keys: Sequence[Key], times: np.ndarray) -> np.ndarray:
    """(F, 19, 3, 3) at times (F,): each joint on its way from key to key."""
    at, poses = np.array([key.time for key in keys]), np.stack([key.pose for key in keys])
    if len(keys) == 1:
        return np.repeat(poses, len(times), axis=0)
    steps = axis_angles(np.swapaxes(poses[:-1], -1, -2) @ poses[1:])  # (K - 1, 19, 3)
    shown = times[:, None] - DELAY  # (F, 19)
    segment = np.clip(np.searchsorted(at, shown, side="right") - 1, 0, len(steps) - 1)
    share = np.clip((shown - at[segment]) / np.maximum(at[segment + 1] - at[segment], 1e-9), 0, 1)
    joint = np.arange(poses.shape[1])
    eased = share**3 * (10 + share * (6 * share - 15))
    return poses[segment, joint] @ rotation_matrices(steps[segment, joint] * eased[..., None])
