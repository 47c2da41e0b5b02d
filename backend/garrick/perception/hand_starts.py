"""Where to begin when nothing is known of a hand: common shapes, seen from everywhere, laid on the points of a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from garrick.bodies.hand import FINGERS
from garrick.perception.hand_points import HIGH, LOW, Pose, View, place_points

_DIRECTIONS, _STARTS = 96, 6
_APART = 0.85  # cosine: starts that look at the hand from nearer directions are one
_GIVE = 0.25  # of the scale that the clip says
_WORLD = 0.3  # what a point in space counts beside one in the picture
_CURLS = {"straight": (5, 5, 3), "half": (30, 45, 25), "curled": (75, 95, 55)}
_THUMBS = {"out": ((0, 0, 0), (0, 0, 0), (0, 0, 0)), "in": ((25, 25, -10), (40, 0, 0), (40, 0, 0))}
# thumb, then index, middle, ring, little finger
_SHAPES = (
    ("out", "straight", "straight", "straight", "straight"),
    ("in", "half", "half", "half", "half"),
    ("in", "curled", "curled", "curled", "curled"),
    ("out", "curled", "curled", "curled", "curled"),
    ("in", "straight", "curled", "curled", "curled"),
    ("in", "straight", "straight", "curled", "curled"),
    ("in", "half", "straight", "straight", "straight"),
)


@dataclass(frozen=True)
class Starts:
    """Every shape from every direction.

    angles: (S, 45).    turns: (D, 3, 3).    points: (S, D, 21, 3) metres about the wrist.
    """

    angles: np.ndarray
    turns: np.ndarray
    points: np.ndarray

    @classmethod
    def of(cls, bones: np.ndarray, axes: np.ndarray) -> Starts:
        """For a hand of these bones, see `hand_points`."""
        shapes, turns = np.array([_angles(*shape) for shape in _SHAPES]), _looks()
        still = np.array([place_points(np.eye(3), shape, bones, axes)[0] for shape in shapes])
        return cls(shapes, turns, np.einsum("dab,spb->sdpa", turns, still))

    def on(self, view: View, scale: float) -> list[Pose]:
        """The likeliest few for one picture, the best first; scale: pixels a metre, about."""
        weights = view.weights / view.weights.sum()
        middle, target = weights @ view.target, view.target @ (1, -1j)
        target = target - weights @ target
        flat = self.points[..., 0] + 1j * self.points[..., 1]
        own = flat @ weights
        flat = flat - own[..., None]
        across = (np.conj(flat) * target) @ weights
        extent = (flat.real**2 + flat.imag**2) @ weights
        scales = np.clip(abs(across) / extent, scale * (1 - _GIVE), scale * (1 + _GIVE))
        spins = across / np.maximum(abs(across), 1e-12)
        misfit = scales**2 * extent - 2 * scales * abs(across)
        if view.trust > 0:
            deep = self.points[..., 2] - (self.points[..., 2] @ weights)[..., None]
            away = deep - (view.world[:, 2] - weights @ view.world[:, 2])
            misfit += _WORLD * view.trust * scales**2 * (away**2 @ weights)
        chosen: list[tuple[int, int]] = []
        for index in np.argsort(misfit, axis=None):
            shape, look = divmod(int(index), len(self.turns))
            near = (self.turns[[other for _, other in chosen], 2] @ self.turns[look, 2] > _APART) if chosen else []
            if not np.any(near):
                chosen.append((shape, look))
            if len(chosen) == _STARTS:
                break
        poses = []
        for at in chosen:
            spin = spins[at]
            turn = np.array([[spin.real, -spin.imag, 0], [spin.imag, spin.real, 0], [0, 0, 1]])
            wrist = -own[at] * spin * scales[at]
            place = np.array([middle[0] + wrist.real, middle[1] - wrist.imag, np.log(scales[at])])
            poses.append(Pose(turn @ self.turns[at[1]], place, self.angles[at[0]].copy()))
        return poses


def _angles(thumb: str, *fingers: str) -> np.ndarray:
    """(45,) radians of a shape, within the limits."""
    found = np.zeros((5, 3, 3))
    for name, curl in zip(("index", "middle", "ring", "pinky"), fingers, strict=True):
        found[FINGERS.index(name), :, 0] = _CURLS[curl]
    found[FINGERS.index("thumb")] = _THUMBS[thumb]
    return np.clip(np.radians(found.ravel()), LOW, HIGH)


def _looks() -> np.ndarray:
    """(D, 3, 3) turns whose last rows, where the camera is as the hand sees it, are spread evenly over the sphere."""
    count = np.arange(_DIRECTIONS) + 0.5
    height, round_ = 1 - 2 * count / _DIRECTIONS, np.pi * (1 + 5**0.5) * count
    ahead = np.stack([np.sqrt(1 - height**2) * np.cos(round_), height, np.sqrt(1 - height**2) * np.sin(round_)], axis=1)
    right = np.cross(ahead, np.where(np.abs(ahead[:, :1]) < 0.7, [[1.0, 0, 0]], [[0, 1.0, 0]]))
    right /= np.linalg.norm(right, axis=1, keepdims=True)
    return np.stack([right, np.cross(ahead, right), ahead], axis=1)
