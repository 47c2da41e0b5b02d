"""One performance's motion for another person: groups of its curves, from a common start, from rest, in another's range."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from fractions import Fraction

import numpy as np

from .arkit import ARKIT_INDEX, ARKIT_NAMES
from .gaze import EYE_LOOK, eye_look_weights
from .groups import Selection, selection
from .performance import CHANNELS, PROVENANCES, Performance
from .rotation import axis_angles, rotation_matrices

_GENERATED = PROVENANCES[0]  # what a channel without a track is
_LOOKS = list(EYE_LOOK)
_CALM = 0.1  # of the frames: those in which a face is at rest
_MOVES = 0.04  # weight from which a curve's range is more than noise
_REACH = 95.0  # percent of the frames that a range holds: one cry does not set it
_GAINS = (0.5, 2.0)  # beyond these a face would freeze or break


def layered(base: Performance, over: Performance, groups: Collection[str]) -> Performance:
    """`base` with some groups of `over` (see `groups`), at base's rate and with over's provenance.

    Where `over` is shorter it goes on backwards, and so on. Raises ValueError for an unknown group.
    """
    over = over.resampled(base.fps) if over.fps != base.fps else over
    taken, chosen = to_and_fro(len(over), len(base)), selection(groups)
    arrays = {name: getattr(over, name)[taken] for name in chosen.channels}
    if chosen.face:
        arrays["face"] = base.face.copy()
        arrays["face"][:, chosen.face] = over.face[taken][:, chosen.face]
    return replace(base, tracks=_origins(base, over, chosen), **arrays)


def _origins(base: Performance, over: Performance, chosen: Selection) -> dict[str, str]:
    """The tracks of what is made of two: most of the face in one entry, what came from elsewhere in its own."""
    giver = {name: over if name in chosen.channels else base for name in CHANNELS[1:]}
    tracks = {name: one.tracks[name] for name, one in giver.items() if name in one.tracks}
    face = []
    for column, name in enumerate(ARKIT_NAMES):
        origins = (over if column in chosen.face else base).tracks
        face.append(origins.get(f"face.{name}", origins.get("face", _GENERATED)))
    most = max(PROVENANCES, key=face.count)
    tracks |= {} if most == _GENERATED else {"face": most}
    return tracks | {f"face.{name}": own for name, own in zip(ARKIT_NAMES, face, strict=True) if own != most}


def to_and_fro(frames: int, wanted: int) -> np.ndarray:
    """(wanted,) frame numbers 0, 1 ... frames - 1, frames - 2 ... 0, 1 ...: motion for longer than there is any."""
    turn = max(2 * frames - 2, 1)
    steps = np.arange(wanted) % turn
    return np.minimum(steps, turn - steps) if frames > 1 else np.zeros(wanted, int)


def starting_as(
    performance: Performance, frame: int, face: np.ndarray, rotation: np.ndarray, gaze: np.ndarray
) -> Performance:
    """The same motion of somebody who in `frame` has this pose: what a photo shows, when that frame is the photo.

    face: (52,) weights, those of the other frames move along, within 0..1.    rotation: (3,) axis-angle.
    gaze: (2, 2) radians.    The head's translation is 0 in that frame.
    """
    turns = rotation_matrices(performance.head_rotation.astype(np.float64))
    turns = turns @ turns[frame].T @ rotation_matrices(np.asarray(rotation, np.float64))
    looks = performance.gaze + (gaze - performance.gaze[frame]).astype(np.float32)
    moved = np.clip(performance.face + (face - performance.face[frame]), 0, 1)
    moved[:, _LOOKS] = eye_look_weights(looks)
    return replace(
        performance,
        face=moved,
        head_rotation=axis_angles(turns).astype(np.float32),
        head_translation=performance.head_translation - performance.head_translation[frame],
        gaze=looks,
    )


def from_rest(performance: Performance) -> Performance:
    """Neutral difference: how far the face leaves its calm, and the head its usual pose, which becomes straight ahead.

    Calm is the median of the tenth of the frames that show the least, wherever the eyes look.
    """
    face = performance.face.astype(np.float64)
    shown = np.delete(face, _LOOKS, axis=1).sum(axis=1)
    calm = np.median(face[np.argsort(shown, kind="stable")[: max(1, round(_CALM * len(face)))]], axis=0)
    calm[_LOOKS] = 0
    turns = rotation_matrices(performance.head_rotation.astype(np.float64))
    return replace(
        performance,
        face=np.maximum(face - calm, 0).astype(np.float32),
        head_rotation=axis_angles(turns @ _usual(turns).T).astype(np.float32),
        head_translation=performance.head_translation - np.median(performance.head_translation, axis=0),
    )


def in_range_of(performance: Performance, like: Performance) -> Performance:
    """Range normalisation: each curve of the face, and the head's turns and shifts, scaled to the reach of another's.

    Both should be `from_rest`. Reach is what 95 % of the frames stay below; left and right are scaled alike, so that
    nobody's smile goes askew; gains lie within .5 and 2. A curve that hardly moves in either is left alone.
    """
    gains = np.ones(52)
    own, others = _reach(performance.face), _reach(like.face)
    moves = (own > _MOVES) & (others > _MOVES)
    moves[_LOOKS] = False  # those follow the gaze
    gains[moves] = np.clip(others[moves] / own[moves], *_GAINS)
    turn = _gain(performance.head_rotation, like.head_rotation, np.radians(0.5))
    shift = _gain(performance.head_translation, like.head_translation, 1e-3)
    return replace(
        performance,
        face=np.clip(performance.face * gains, 0, 1).astype(np.float32),
        head_rotation=(performance.head_rotation * turn).astype(np.float32),
        head_translation=(performance.head_translation * shift).astype(np.float32),
    )


def held(rotations: np.ndarray, translations: np.ndarray, fps: Fraction) -> Performance:
    """Nothing but a head that moves. rotations: (F, 3) axis-angle.    translations: (F, 3) metres from rest."""
    return replace(Performance.rest(len(rotations), fps), head_rotation=rotations, head_translation=translations)


def nearest_rotations(matrices: np.ndarray) -> np.ndarray:
    """(..., 3, 3) matrices -> the rotations nearest to them: of a mean, the chordal mean (by SVD)."""
    left, _, right = np.linalg.svd(matrices)
    last = np.linalg.det(left @ right)[..., None]
    return left * np.concatenate([np.ones_like(last), np.ones_like(last), last], axis=-1)[..., None, :] @ right


def _reach(face: np.ndarray) -> np.ndarray:
    """(52,) what most frames stay below; of a left and a right curve the larger one's for both."""
    reach = np.percentile(face, _REACH, axis=0)
    for name, column in ARKIT_INDEX.items():
        if name.endswith("Left"):
            pair = [column, ARKIT_INDEX[f"{name[:-4]}Right"]]
            reach[pair] = reach[pair].max()
    return reach


def _gain(own: np.ndarray, others: np.ndarray, least: float) -> float:
    """For (F, 3) vectors from rest: reach of the others' over the own; 1 where either stays below `least`."""
    reaches = [float(np.percentile(np.linalg.norm(vectors, axis=1), _REACH)) for vectors in (own, others)]
    return 1.0 if min(reaches) < least else float(np.clip(reaches[1] / reaches[0], *_GAINS))


def _usual(turns: np.ndarray) -> np.ndarray:
    """(3, 3) the rotation nearest to the median of (F, 3, 3)."""
    return nearest_rotations(np.median(turns, axis=0))
