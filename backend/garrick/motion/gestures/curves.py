"""Strokes -> joint rotations of both arms and hands, and what keeps them alive in between.

A hand moves from stance to stance along minimum-jerk curves (Flash and Hogan 1985), joint by joint, shoulder first and
wrist last; no joint turns faster than a speaker's do.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

import numpy as np

from garrick.bodies.hand import Side
from garrick.core.euler import smooth_axis_angles
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.motion.gestures.arms import arm_turns
from garrick.motion.gestures.plan import Stroke
from garrick.motion.gestures.shapes import hand_shape
from garrick.motion.gestures.vocabulary import GESTURES, Gesture
from garrick.motion.rules.wander import wander

ARM = 4  # of the rows of a pose are collar, shoulder, elbow and wrist; 15 of the hand follow
_DELAY = np.array([-0.04, -0.04, -0.02, 0.0] + [0.015] * 15)  # seconds after the wrist: joints near the body go first
_FASTEST, _EASY = 7.0, 3.0  # radians a second of any arm joint at its peak, in a stroke and on the way back to rest
_PEAK = 1.875  # peak over mean speed of a minimum-jerk move
_LEAST, _LEAST_BACK = 0.26, 0.55  # seconds that any move takes
_REST_AFTER = 1.8  # seconds without a stroke in which a hand goes back to rest
_LINGER = 0.9  # seconds for which the end of a stroke is held before the hand sinks to readiness
_SECOND_HAND, _SECOND_LAG = 0.9, 0.03  # reach and seconds of delay of the hand that follows: two alike look mechanical
_AT_ONCE = 1000  # frames: matrices of a whole clip would take more memory than its voice
_RESTLESS = np.radians([0.3, 0.8, 0.9, 1.2] + [1.0] * 15)  # standard deviation of what is never quite still


@dataclass(frozen=True)
class _Key:
    """A pose (19, 3, 3) and the second at which it is reached."""

    time: float
    pose: np.ndarray


def arm_curves(
    strokes: Sequence[Stroke], side: Side, times: np.ndarray, amplitude: float, rng: np.random.Generator
) -> np.ndarray:
    """(F, 19, 3) axis-angle radians of collar, shoulder, elbow, wrist and the 15 joints of a hand.

    times: (F,) seconds, equally spaced.    amplitude: 0..2, how far strokes reach that are placed nowhere in particular.
    """
    lag = 0.0 if side == "right" else _SECOND_LAG
    reach = min(amplitude, 2.0)
    own = [stroke for stroke in strokes if side in stroke.sides]
    keys = _keys([(stroke, reach * (_SECOND_HAND if lag and len(stroke.sides) > 1 else 1.0)) for stroke in own], side)
    curves = np.empty((len(times), len(_DELAY), 3))
    for start in range(0, len(times), _AT_ONCE):
        part = times[start : start + _AT_ONCE]
        alive = wander(part, 3 * len(_DELAY), deepcopy(rng)).reshape(len(part), -1, 3) * _RESTLESS[:, None]
        alive[:, ARM:, 1:] = 0  # fingers only curl
        turns = _between(keys, part - lag) @ rotation_matrices(alive)
        curves[start : start + _AT_ONCE] = smooth_axis_angles(turns, curves[start - 1] if start else None)
    return curves


def _keys(strokes: Sequence[tuple[Stroke, float]], side: Side) -> list[_Key]:
    """Stances in order of time; a stroke for which no time is left is dropped."""
    rest, ready = _pose("hang", "relaxed", side), _pose("ready", "relaxed", side)
    keys = [_Key(-1.0, rest)]
    for stroke, reach in strokes:
        gesture = GESTURES[stroke.gesture]
        before, end = _reached(gesture, ready, side, reach)
        lasts = max(gesture.lasts, _hurried(before, end))
        start = stroke.time - lasts
        _sink(keys, start, rest, ready)
        _let_go(keys, start - _seconds(keys[-1].pose, before))
        here = keys[-1]
        if start - here.time >= _seconds(here.pose, before):
            keys.append(_Key(start - _seconds(here.pose, before), here.pose))
            keys.append(_Key(start, before))
        elif stroke.time - here.time >= _seconds(here.pose, end):
            keys.append(_Key(stroke.time - _seconds(here.pose, end), here.pose))
        else:
            continue
        keys.append(_Key(stroke.time, end))
        for number in range(gesture.repeats):
            keys.append(_Key(keys[-1].time + lasts, end if number % 2 else before))
        keys.append(_Key(keys[-1].time + gesture.held, keys[-1].pose))
    _sink(keys, np.inf, rest, ready)
    return keys


def _let_go(keys: list[_Key], by: float) -> None:
    """End a hold early where the next gesture needs the time."""
    if len(keys) > 1 and keys[-1].pose is keys[-2].pose and keys[-1].time > by:
        keys[-1] = _Key(max(keys[-2].time, by), keys[-1].pose)


def _sink(keys: list[_Key], until: float, rest: np.ndarray, ready: np.ndarray) -> None:
    """Let the hand go before the next stroke starts at `until`: to rest where there is time, else to readiness."""
    here = keys[-1]
    if len(keys) == 1:
        return
    free = until - here.time
    goal, most = (rest, _REST_AFTER) if free >= 2 * _REST_AFTER else (ready, _LINGER)
    if free < most + _seconds(here.pose, goal, _EASY) + _LEAST:
        return
    keys.append(_Key(here.time + most / 2, here.pose))
    keys.append(_Key(keys[-1].time + max(_seconds(here.pose, goal, _EASY), _LEAST_BACK), goal))


def _reached(gesture: Gesture, ready: np.ndarray, side: Side, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """The poses where a stroke starts and ends."""
    before, end = _pose(gesture.before, gesture.shape, side), _pose(gesture.stroke, gesture.shape, side)
    if gesture.placed:
        return before, end
    return _towards(ready, before, reach), _towards(ready, end, reach)


def _towards(start: np.ndarray, end: np.ndarray, share: float) -> np.ndarray:
    """Beyond the end for a share above 1: arms only, and half as far, as joints have their limits."""
    scale = np.full(len(start), min(share, 1.0))
    scale[1:ARM] += max(share - 1, 0) / 2
    return start @ rotation_matrices(scale[:, None] * axis_angles(np.swapaxes(start, -1, -2) @ end))


def _pose(stance: str, shape: str, side: Side) -> np.ndarray:
    """(19, 3, 3)."""
    return rotation_matrices(np.concatenate([arm_turns(stance, side), hand_shape(shape, side)]))


def _seconds(start: np.ndarray, end: np.ndarray, fastest: float = _FASTEST) -> float:
    """How long a move takes that nothing hurries."""
    return max(_hurried(start, end, fastest), _LEAST)


def _hurried(start: np.ndarray, end: np.ndarray, fastest: float = _FASTEST) -> float:
    """How long a move takes at least."""
    far = np.linalg.norm(axis_angles(np.swapaxes(start[:ARM], -1, -2) @ end[:ARM]), axis=-1).max()
    return _PEAK * float(far) / fastest


def _between(keys: Sequence[_Key], times: np.ndarray) -> np.ndarray:
    """(F, 19, 3, 3) at times (F,): each joint on its way from key to key."""
    at, poses = np.array([key.time for key in keys]), np.stack([key.pose for key in keys])
    if len(keys) == 1:
        return np.repeat(poses, len(times), axis=0)
    steps = axis_angles(np.swapaxes(poses[:-1], -1, -2) @ poses[1:])  # (K - 1, 19, 3)
    shown = times[:, None] - _DELAY  # (F, 19)
    segment = np.clip(np.searchsorted(at, shown, side="right") - 1, 0, len(steps) - 1)
    share = np.clip((shown - at[segment]) / np.maximum(at[segment + 1] - at[segment], 1e-9), 0, 1)
    joint = np.arange(poses.shape[1])
    eased = share**3 * (10 + share * (6 * share - 15))
    return poses[segment, joint] @ rotation_matrices(steps[segment, joint] * eased[..., None])
