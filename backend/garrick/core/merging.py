"""A performance that came back from an artist: what was touched, and keeping it when the rest is made again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from .arkit import ARKIT_NAMES
from .easing import smoothstep
from .performance import CHANNELS, Performance
from .rotation import axis_angles, rotation_matrices

TOLERANCE = 1e-5
"""Weights, radians or metres by which a curve may miss its own values after a round trip through another program."""

EASE_S = 0.2
"""Seconds in which a kept curve that ends before the clip does runs into the new one."""

_ROTATIONS = ("head_rotation", "body_pose", "left_hand", "right_hand")
EDITED = "edited"


def settled(read: Performance, *known: Performance) -> Performance:
    """`read` with known values, bit for bit, wherever it does not differ from them by more than `TOLERANCE`.

    known: performances that it may stem from; the first that fits a value gives it.
    Rotations are compared as rotations; those that fit none are told by the axis-angle nearest to the first one's, so that
    a turn of more than half a circle stays one. Raises ValueError for performances of another length or rate.
    """
    arrays = {}
    for name in CHANNELS:
        new, first = getattr(read, name), getattr(known[0], name)
        value = nearest_turns(new, first) if name in _ROTATIONS and not np.array_equal(new, first) else new
        for stored in reversed(known):
            _require_alike(read, stored)
            old = getattr(stored, name)
            value = np.where(_apart(name, new, old) > TOLERANCE, value, old)
        arrays[name] = value
    return replace(read, **arrays)


def with_edits(performance: Performance, generated: Performance) -> Performance:
    """`performance` with those curves named "edited" in its tracks that differ from what was generated.

    Raises ValueError for performances of another length or rate.
    """
    _require_alike(performance, generated)
    tracks = dict(generated.tracks)
    for track, name, column in _curves():
        one, other = getattr(performance, name), getattr(generated, name)
        apart = _apart(name, one, other) if column is None else np.abs(one[:, column] - other[:, column])
        if apart.size and apart.max() > TOLERANCE:
            tracks[track] = EDITED
    return replace(performance, tracks=tracks)


def is_edited(performance: Performance, track: str) -> bool:
    """Whether a curve ("face.jawOpen") or channel ("gaze") bears an artist's hand."""
    channel = track.split(".")[0]
    return EDITED in (performance.tracks.get(track), performance.tracks.get(channel))


def merged(generated: Performance, edited: Performance) -> Performance:
    """A new performance that keeps what an artist edited in an earlier one.

    generated: made anew, of any length and rate. edited: the earlier one, with its tracks.
    Curves of the face and whole other channels that are marked "edited" are kept; where they end before the new clip does
    they run into the generated curve within `EASE_S`.
    """
    old = edited if edited.fps == generated.fps else edited.resampled(generated.fps)
    arrays = {name: getattr(generated, name).copy() for name in CHANNELS}
    tracks = dict(generated.tracks)
    for track, name, column in _curves():
        if not is_edited(edited, track):
            continue
        kept, new = getattr(old, name), arrays[name]
        if column is None:
            new[...] = _continued(kept, new, float(generated.fps))
        else:
            new[:, column] = _continued(kept[:, column], new[:, column], float(generated.fps))
        tracks[track] = EDITED
    return replace(generated, tracks=tracks, **arrays)


def nearest_turns(rotations: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """(..., 3) axis-angle radians -> the same rotations, told by the axis-angle that lies nearest to `reference`."""
    wanted = np.asarray(reference, np.float64)
    turns = axis_angles(rotation_matrices(np.asarray(rotations, np.float64)))
    angle = np.linalg.norm(turns, axis=-1, keepdims=True)
    along = np.linalg.norm(wanted, axis=-1, keepdims=True)
    # No turn has no axis of its own: it takes the reference's.
    axis = np.where(angle > 1e-7, turns / np.maximum(angle, 1e-7), wanted / np.maximum(along, 1e-7))
    circles = np.round((np.sum(wanted * axis, axis=-1, keepdims=True) - angle) / (2 * np.pi))
    return turns + 2 * np.pi * circles * axis


def _require_alike(one: Performance, other: Performance) -> None:
    if len(one) != len(other) or one.fps != other.fps:
        raise ValueError(
            f"Performances of {len(one)} frames at {one.fps} and of {len(other)} at {other.fps} cannot be compared."
        )


def _curves() -> Iterator[tuple[str, str, int | None]]:
    """Track name, channel and column of everything that has a provenance of its own."""
    for column, shape in enumerate(ARKIT_NAMES):
        yield f"face.{shape}", "face", column
    for name in CHANNELS[1:]:
        yield name, name, None


def _apart(name: str, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """How far the values of a channel lie apart, weights, metres or radians; a rotation's three numbers as one angle."""
    if name not in _ROTATIONS:
        return np.abs(one - other)
    if np.array_equal(one, other):
        return np.zeros((*one.shape[:-1], 1))
    first, second = (rotation_matrices(np.asarray(turns, np.float64)) for turns in (one, other))
    return np.linalg.norm(axis_angles(np.swapaxes(first, -1, -2) @ second), axis=-1, keepdims=True)


def _continued(kept: np.ndarray, new: np.ndarray, fps: float) -> np.ndarray:
    """`kept` (M, ...) over `new` (F, ...), and after its end the step to `new` eased out."""
    common = min(len(kept), len(new))
    result = new.copy()
    result[:common] = kept[:common]
    ease = smoothstep(1 - np.arange(1, len(new) - common + 1) / (EASE_S * fps))
    step = kept[common - 1] - new[common - 1]
    result[common:] += ease.reshape(-1, *[1] * (new.ndim - 1)).astype(new.dtype) * step
    return result
