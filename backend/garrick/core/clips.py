"""Edits of a whole performance, in groups of its curves (see `groups`): each returns a new one.

Weights stay within 0..1; rotations are scaled, mixed and smoothed as rotations. Curves that an edit changes are "edited"
in the tracks, so that a later generation keeps them. Trimming is `Performance.frames`, stretching `retiming.retimed`,
groups of another performance `transfer.layered`, an artist's curves over new ones `merging.merged`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np

from .arkit import ARKIT_INDEX, ARKIT_NAMES
from .easing import smoothstep
from .edits import closures_kept, gain, smooth
from .euler import euler_matrices
from .gaze import EYE_LOOK, eye_look_weights
from .groups import WHOLE, selection
from .merging import nearest_turns, with_edits
from .performance import Performance, concatenate
from .rotation import axis_angles, rotation_matrices
from .timing import frame_times
from .transfer import nearest_rotations, to_and_fro

TURNS: tuple[str, ...] = ("head_rotation", "body_pose", "left_hand", "right_hand")
"""Channels of axis-angles; the others are numbers that add up."""

ANGLES: tuple[str, ...] = ("head.yaw", "head.pitch", "head.roll", "gaze.yaw", "gaze.pitch")
"""What `shifted` can change besides face weights: yaw + to the subject's left, pitch + up, roll + lifts the left."""

_LOOKS = list(EYE_LOOK)
_ROUNDING = 1e-7


def amplified(
    performance: Performance,
    factor: float,
    groups: Collection[str] = WHOLE,
    about_average: bool = False,
    rest: Performance | None = None,
) -> Performance:
    """Motion `factor` times as large: 0 is at rest, 1 changes nothing.

    about_average: about each curve's own mean instead of rest, so that a head that looks aside goes on doing so.
    rest: one frame of what is rest; zero everywhere without it.
    """
    arrays = {}
    chosen = selection(groups)
    for name, values in _taken(performance, groups).items():
        if name in TURNS and (about_average or rest is not None):
            turns = rotation_matrices(values)
            middle = (
                nearest_rotations(turns.mean(axis=0))
                if rest is None
                else rotation_matrices(getattr(rest, name)[0].astype(np.float64))
            )
            away = axis_angles(np.swapaxes(middle, -1, -2) @ turns)
            values = nearest_turns(axis_angles(middle @ rotation_matrices(away * factor)), values)
        else:
            level = 0.0 if rest is None else getattr(rest, name)[0].astype(np.float64)
            values = gain(values, factor, values.mean(axis=0) if about_average else level)
        arrays[name] = values
    return _with(performance, arrays, chosen.face)


def shifted(performance: Performance, amounts: Mapping[str, float]) -> Performance:
    """Constants added to curves: weights to face weights by their names, radians to `ANGLES`.

    The head turns further about its own axes; lids follow a shifted gaze. Raises ValueError for another name.
    """
    unknown = [name for name in amounts if name not in ARKIT_INDEX and name not in ANGLES]
    if unknown:
        raise ValueError(f"{unknown[0]!r} cannot be shifted; face weights can, and {', '.join(ANGLES)}.")
    yaw, pitch, roll, look_yaw, look_pitch = (float(amounts.get(name, 0.0)) for name in ANGLES)
    turn = euler_matrices(np.array([yaw, -pitch, roll]), "YXZ")
    old = performance.head_rotation.astype(np.float64)
    gaze = performance.gaze + np.array([look_yaw, look_pitch], np.float32)
    face = performance.face.copy()
    face[:, _LOOKS] += eye_look_weights(gaze) - eye_look_weights(performance.gaze)
    for name, amount in amounts.items():
        if name in ARKIT_INDEX:
            face[:, ARKIT_INDEX[name]] += amount
    turned = nearest_turns(axis_angles(rotation_matrices(old) @ turn), old) if yaw or pitch or roll else old
    made = replace(performance, face=np.clip(face, 0, 1), gaze=gaze, head_rotation=turned)
    return with_edits(made, performance)


def smoothed(
    performance: Performance, seconds: float, groups: Collection[str] = WHOLE, sealed_at: np.ndarray | None = None
) -> Performance:
    """A Gaussian of `seconds` standard deviation over each curve, shifting nothing in time.

    sealed_at: (P,) seconds where lips close for a p, b or m: the mouth keeps its values there. Lids that are shut stay so.
    """
    times = frame_times(len(performance), performance.fps)
    chosen = selection(groups)
    arrays = {}
    for name, values in _taken(performance, groups).items():
        if name in TURNS:
            mixed = smooth(times, rotation_matrices(values).reshape(len(values), -1), seconds)
            arrays[name] = nearest_turns(axis_angles(nearest_rotations(mixed.reshape(*values.shape, 3))), values)
        else:
            arrays[name] = smooth(times, values.reshape(len(values), -1), seconds).reshape(values.shape)
    for column in chosen.face if "face" in arrays else ():
        old = performance.face[:, column].astype(np.float64)
        kept = closures_kept(ARKIT_NAMES[column], times, old, np.zeros(0) if sealed_at is None else sealed_at)
        arrays["face"][:, column] += (old - arrays["face"][:, column]) * kept
    return _with(performance, arrays, chosen.face)


def blended(
    performance: Performance, other: Performance, share: np.ndarray | float, groups: Collection[str] = WHOLE
) -> Performance:
    """Between two performances: 0 is the first, 1 the other; of any rate and length.

    share: a number, or (F,) one a frame. The result has the first one's rate and length; where the other is shorter it goes
    on backwards, and so on.
    """
    other = other.resampled(performance.fps) if other.fps != performance.fps else other
    taken, chosen = to_and_fro(len(other), len(performance)), selection(groups)
    shares = np.broadcast_to(np.asarray(share, np.float64), (len(performance),))
    arrays = {}
    for name, values in _taken(performance, groups).items():
        goal = getattr(other, name)[taken].astype(np.float64)
        part = shares.reshape(-1, *[1] * (values.ndim - 1))
        if name in TURNS:
            start = rotation_matrices(values)
            away = axis_angles(np.swapaxes(start, -1, -2) @ rotation_matrices(goal))
            arrays[name] = nearest_turns(axis_angles(start @ rotation_matrices(away * part)), values)
        else:
            arrays[name] = values + (goal - values) * part
    return _with(performance, arrays, chosen.face)


def looped(performance: Performance, seconds: float) -> Performance:
    """The performance as a loop without a seam: its last `seconds` are faded into its first.

    It gets shorter by that time and has no sound any more. Raises ValueError where less than twice that time is there.
    """
    fade, frames = round(seconds * float(performance.fps)), len(performance)
    if not 1 <= fade <= frames // 2:
        longest = frames // 2 / float(performance.fps)
        raise ValueError(f"The loop's crossfade must last at least a frame, and at most {longest:.4g} s here.")
    end, body = performance.frames(frames - fade, frames), performance.frames(0, frames - fade)
    start = blended(end, body.frames(0, fade), smoothstep(np.arange(fade) / fade))
    joined = concatenate([start, body.frames(fade, len(body))])
    return replace(joined, audio=None, tracks=performance.tracks)


def _taken(performance: Performance, groups: Collection[str]) -> dict[str, np.ndarray]:
    """Channels that the groups touch, float64; the face whole."""
    chosen = selection(groups)
    names = (*(("face",) if chosen.face else ()), *chosen.channels)
    return {name: getattr(performance, name).astype(np.float64) for name in names}


def _with(performance: Performance, arrays: Mapping[str, np.ndarray], columns: tuple[int, ...]) -> Performance:
    """The performance with other channels, of the face only some columns; what changed is marked."""
    new = {}
    for name, values in arrays.items():
        old = getattr(performance, name)
        if name == "face":
            values = np.where(np.isin(np.arange(old.shape[1]), columns), np.clip(values, 0, 1), old)
        # what is at rest stays so to the bit: whether a body moves is told by it
        moved = np.abs(values - old).max(axis=0, initial=0) > _ROUNDING
        new[name] = np.where(moved.any(axis=-1, keepdims=True) if name in TURNS else moved, values, old)
    return with_edits(replace(performance, **new), performance)
