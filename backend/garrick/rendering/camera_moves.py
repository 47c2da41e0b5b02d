"""Camera moves that need no camera file: an orbit, a dolly and a hand that holds the camera, from the photo's own view."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Literal, get_args

import numpy as np

from garrick.core.camera import CameraPath
from garrick.core.easing import smoothstep
from garrick.core.rotation import rotation_matrices
from garrick.perception.portrait import Portrait

Move = Literal["still", "orbit", "dolly", "handheld"]

DEFAULTS: dict[Move, float] = {"still": 0.0, "orbit": 12.0, "dolly": 20.0, "handheld": 4.0}
"""Amounts: degrees to each side of the photo's view, percent of the distance, millimetres of sway (root mean square)."""

_NEAREST = 0.4  # of the distance to the head that a dolly leaves
_SWAY = (0.15, 4.0)  # hertz: slow drift of a standing body, and the faster tremor of arms
_WAVES = 24  # sinusoids in each direction of the sway
_AIM = 0.05  # degrees by which the aim strays for a millimetre of sway
_DEEP = 0.5  # of the sway along the view: arms give less there


def camera_move(
    portrait: Portrait, move: Move, amount: float | None, frames: int, fps: Fraction, rng: np.random.Generator
) -> CameraPath:
    """The photo's camera, moved for `frames` frames around the middle of the face, which it keeps in its aim.

    amount: as in `DEFAULTS`, which None takes. An orbit begins on the subject's right and ends on the left, a dolly comes
    nearer; negative amounts go the other way. Both start and stop softly.
    rng: for the hand, whose sway at a time does not depend on the length of the clip.
    """
    amount = DEFAULTS[move] if amount is None else amount
    if move == "still" or amount == 0:
        return CameraPath.still(portrait.camera, frames, fps)
    own = portrait.camera
    centre = face_centre(portrait)
    poses = _MOVES[move](own.world_to_camera, centre, amount, frames, fps, rng)
    return CameraPath(poses, np.broadcast_to(own.intrinsics, (frames, 3, 3)), own.size, fps)


def face_centre(portrait: Portrait) -> np.ndarray:
    """(3,) world metres: the middle of the landmarks, at the depth of the head."""
    camera = portrait.camera
    ray = np.linalg.solve(camera.intrinsics, [*portrait.landmarks[:468].mean(axis=0), 1.0])
    view = ray * camera.world_to_camera[2, 3]
    return camera.world_to_camera[:3, :3].T @ (view - camera.world_to_camera[:3, 3])


def _orbit(
    own: np.ndarray, centre: np.ndarray, degrees: float, frames: int, _fps: Fraction, _rng: np.random.Generator
) -> np.ndarray:
    angle = np.radians(degrees) * (2 * _eased(frames) - 1)
    # the camera goes round the world's upright axis by +angle: the world, for the camera, by -angle
    turn = rotation_matrices(np.stack([np.zeros(frames), -angle, np.zeros(frames)], axis=1))
    return own @ _rigid(turn, centre - turn @ centre)


def _dolly(
    own: np.ndarray, centre: np.ndarray, percent: float, frames: int, _fps: Fraction, _rng: np.random.Generator
) -> np.ndarray:
    left = np.maximum(1 - percent / 100 * _eased(frames), _NEAREST)
    middle = own[:3, :3] @ centre + own[:3, 3]
    nearer = (left - 1)[:, None] * middle
    return _rigid(np.broadcast_to(np.eye(3), (frames, 3, 3)), nearer) @ own


def _handheld(
    own: np.ndarray, centre: np.ndarray, millimetres: float, frames: int, fps: Fraction, rng: np.random.Generator
) -> np.ndarray:
    times = np.arange(frames) / float(fps)
    sway = _noise(times, 3, rng) * (millimetres / 1000) * [1, 1, _DEEP]
    stray = np.radians(_AIM * millimetres) * _noise(times, 3, rng)
    eye = -own[:3, :3].T @ own[:3, 3]
    middle = own[:3, :3] @ (centre - eye)
    # in the camera's axes: turned back to the face by as much as the sway took it away, then by what the hand misses
    aim = np.stack([-sway[:, 1] / middle[2], sway[:, 0] / middle[2], np.zeros(frames)], axis=1)
    turn = rotation_matrices(aim + stray)
    return _rigid(turn, -(turn @ sway[..., None])[..., 0]) @ own


_MOVES: dict[str, Callable[[np.ndarray, np.ndarray, float, int, Fraction, np.random.Generator], np.ndarray]] = {
    "orbit": _orbit,
    "dolly": _dolly,
    "handheld": _handheld,
}
assert {"still", *_MOVES} == set(get_args(Move)) == set(DEFAULTS)


def _eased(frames: int) -> np.ndarray:
    """(F,) 0..1 with no speed at both ends; a single frame is the middle."""
    share = np.linspace(0, 1, frames) if frames > 1 else np.array([0.5])
    return smoothstep(share)


def _noise(times: np.ndarray, directions: int, rng: np.random.Generator) -> np.ndarray:
    """(F, D) of root mean square 1 over a long time, falling off with frequency as a random walk does."""
    frequencies = np.geomspace(*_SWAY, _WAVES)[:, None] * rng.uniform(0.9, 1.1, (_WAVES, directions))
    strengths = np.geomspace(*_SWAY, _WAVES) ** -0.5  # in logarithmic steps: a power of 1 / f^2
    strengths *= np.sqrt(2 / (strengths**2).sum())
    phases = rng.uniform(0, 2 * np.pi, (_WAVES, directions))
    waves = np.sin(2 * np.pi * times[:, None, None] * frequencies + phases)
    return (waves * strengths[:, None]).sum(axis=1)


def _rigid(turns: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """(F, 4, 4) of rotations (F, 3, 3) and shifts (F, 3)."""
    matrices = np.zeros((len(turns), 4, 4))
    matrices[:, :3, :3], matrices[:, :3, 3], matrices[:, 3, 3] = turns, shifts, 1
    return matrices
