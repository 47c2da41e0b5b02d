"""Hair as arrays of strands in Garrick's space: scalp hair, brows, lashes. Numpy and a ray-caster, no scene."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from mathutils.bvhtree import BVHTree
from scipy.interpolate import PchipInterpolator, RegularGridInterpolator
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from portrait.person import Person

SKULL = np.array([0.0, 0.045, 0.0])  # middle of the skull, from which the scalp is seen in polar directions
PARTING = 0.026  # metres to the subject's left
_HAIRLINE = PchipInterpolator(
    np.radians([0, 18, 34, 48, 60, 74, 90, 105, 122, 150, 180]),
    [0.0930, 0.0945, 0.0905, 0.0780, 0.0600, 0.0380, 0.0500, 0.0500, 0.0050, -0.0350, -0.0420],
)
"""Height of the hairline in metres over the azimuth about the skull (0 in front, 180 degrees behind)."""

_BROWS = (
    ((276, 283, 282, 295, 285), (300, 293, 334, 296, 336)),
    ((46, 53, 52, 65, 55), (70, 63, 105, 66, 107)),
)
"""Lower and upper line of each brow in MediaPipe's face points, from the outside to the nose: subject's left, right."""

_UPPER_LIDS = {1: (263, 466, 388, 387, 386, 385, 384, 398), -1: (33, 246, 161, 160, 159, 158, 157, 173)}
_LOWER_LIDS = {1: (263, 249, 390, 373, 374, 380, 381), -1: (33, 7, 163, 144, 145, 153, 154)}


@dataclass(frozen=True)
class Strands:
    """points: (n, k, 3) metres from root to tip; radius: (n,) metres at the root, running out at the tip."""

    points: np.ndarray
    radius: np.ndarray


class Scalp:
    """The skull's surface as a distance over polar directions, smooth where the ears are."""

    def __init__(self, person: Person) -> None:
        skin = person.head.quads[person.head.quad_parts == 0]
        self.tree = BVHTree.FromPolygons(person.vertices.tolist(), skin.tolist())
        azimuth, height = np.linspace(-np.pi, np.pi, 181), np.linspace(-np.pi / 2, np.pi / 2, 91)
        grid = [[self._distance(a, h) for h in height] for a in azimuth]
        self._radius = RegularGridInterpolator((azimuth, height), gaussian_filter(grid, 1.5, mode=("wrap", "nearest")))

    def radius(self, directions: np.ndarray) -> np.ndarray:
        """(..., 3) unit -> (...,) metres from the skull's middle to the skin."""
        azimuth = np.arctan2(directions[..., 0], directions[..., 2])
        return self._radius(np.stack([azimuth, np.arcsin(np.clip(directions[..., 1], -1, 1))], axis=-1))

    def _distance(self, azimuth: float, height: float) -> float:
        flat = np.cos(height)
        ray = (flat * np.sin(azimuth), np.sin(height), flat * np.cos(azimuth))
        hit = self.tree.ray_cast(SKULL.tolist(), ray)
        return hit[3] if hit[0] is not None else 0.08


def covered(points: np.ndarray) -> np.ndarray:
    """(..., 3) -> (...,) metres above the hairline, negative on the bare skin."""
    off = points - SKULL
    return points[..., 1] - _HAIRLINE(np.abs(np.arctan2(off[..., 0], off[..., 2])))


def scalp_hair(scalp: Scalp, count: int, rng: np.random.Generator) -> Strands:
    """Hair from a side parting, tucked behind the ears and falling to the shoulders, in locks, with loose hairs."""
    roots = _scalp_roots(scalp, count, rng)
    start = _unit(roots)
    azimuth = np.abs(np.arctan2(roots[:, 0], roots[:, 2]))
    side = np.where(roots[:, 0] < PARTING * np.clip(roots[:, 2] / 0.03 + 1, 0, 1), -1.0, 1.0)
    front = np.clip((roots[:, 2] + 0.01) / 0.08, 0, 1)
    behind = np.clip(azimuth, np.radians(122), None) + np.abs(rng.normal(0, 0.22, len(roots)))
    behind = np.minimum(behind, np.pi - 0.05)
    end = _polar(side * behind, rng.normal(-0.20, 0.09, len(roots)))
    # Off the parting first to the side and up, then back over the ear.
    by = np.stack([side * (0.42 + 0.5 * front), 0.62 - 0.10 * front, 0.10 + 0.05 * front], axis=1)
    by = _unit(0.9 * _unit(start + end) + (0.25 + 0.75 * front[:, None]) * (by + 0.4 * start))
    steps = np.linspace(0, 1, 18)[:, None]
    path = _unit((1 - steps) ** 2 * start[:, None] + 2 * steps * (1 - steps) * by[:, None] + steps**2 * end[:, None])

    lock, wander = _locks(start, rng)
    rise = np.sin(np.pi * (0.06 + 0.80 * steps[:, 0]) ** 0.6)[None]  # lift at once, lie down behind the ear
    above = np.clip(covered(roots + SKULL) / 0.035, 0, 1)
    high = np.clip(start[:, 1] / 0.75, 0, 1)
    volume = 0.002 + (0.25 + 0.75 * above) * (0.0025 + 0.006 * front * high + 0.008 * high**2)
    layer = rng.uniform(0.1, 1.0, len(roots)) ** 0.7 * (1 + 0.07 * lock)
    loose = rng.random(len(roots)) < 0.006
    layer[loose] *= rng.uniform(1.2, 2.0, loose.sum())
    lift = rise * (volume * layer)[:, None] + 0.0006
    path = _unit(path + wander * steps * (1 - steps) * 4)
    lying = SKULL + path * (scalp.radius(path) + lift)[..., None]
    points = np.concatenate([lying, _falling(lying, side * behind, lock, rng)], axis=1)
    points += _frizz(points.shape, np.linspace(0, 1, points.shape[1])[:, None], rng, np.where(loose, 3.0, 1.0))
    return Strands(points, np.full(len(points), 6e-5))


def brows(person: Person, scalp: Scalp, count: int, rng: np.random.Generator) -> Strands:
    """Hairs between the two landmark lines of each brow: upwards at the nose, outwards along the arch."""
    marks = person.head.landmarks(person.vertices)
    strands = []
    for lower, upper in _BROWS:
        low, high = (PchipInterpolator(np.linspace(0, 1, 5), marks[list(line[::-1])]) for line in (lower, upper))
        along = rng.beta(1.15, 1.05, count)  # 0 at the nose
        width = 0.95 * (1 - 0.62 * along) * np.where(along < 0.08, along / 0.08 * 0.5 + 0.5, 1)
        across = 0.34 + 0.16 * along + width * rng.uniform(-0.5, 0.5, count)
        root = low(along) * (1 - across[:, None]) + high(along) * across[:, None]
        tangent = _unit(low.derivative()(along) + high.derivative()(along))
        # Hairs of the lower edge rise, those of the upper edge lie flat: they meet in the ridge of the brow.
        climb = (0.80 - 1.05 * along + 0.6 * (0.5 - across)) + rng.normal(0, 0.16, count)
        aim = _unit(tangent + climb[:, None] * np.array([0.0, 1.0, 0.0]))
        length = (0.0085 - 0.002 * along) * rng.uniform(0.7, 1.15, count)
        steps = np.linspace(0, 1, 6)[:, None]
        bend = tangent[:, None] * (steps**2)[None] * 0.35
        points = root[:, None] + length[:, None, None] * (aim[:, None] * steps + bend)
        strands.append(_laid_on(scalp.tree, points, 0.0003 + 0.0009 * np.sin(np.pi * steps[:, 0] * 0.8)))
    points = np.concatenate(strands)
    return Strands(points, np.full(len(points), 6e-5))


def lashes(person: Person, rng: np.random.Generator) -> Strands:
    """Curved hairs off both lids of both eyes, longest outwards."""
    marks = person.head.landmarks(person.vertices)
    joints = person.head.joints(person.identity)
    strands = []
    for lids, up, count, longest in ((_UPPER_LIDS, 1.0, 95, 0.0074), (_LOWER_LIDS, -1.0, 40, 0.0030)):
        for side, line in lids.items():
            curve = PchipInterpolator(np.linspace(0, 1, len(line)), marks[list(line)])
            along = np.sort(rng.uniform(0.04, 1.0, count))  # 0 at the outer corner
            root = curve(along)
            out = _unit(root - joints[3 if side > 0 else 4])
            root = root - 0.0009 * out - np.array([0.0, 0.0007 * up, 0.0])
            fan = np.array([side, 0.0, 0.0]) * (0.75 * (1 - along) - 0.22)[:, None]
            aim = _unit(out + fan + np.array([0.0, 0.12 * up, 0.15]) + rng.normal(0, 0.07, (count, 3)))
            length = (
                longest * (0.55 + 0.45 * np.sin(np.pi * (0.18 + 0.72 * (1 - along)))) * rng.uniform(0.8, 1.1, count)
            )
            steps = np.linspace(0, 1, 7)[:, None]
            curl = np.array([0.0, 0.62 * up, 0.0]) * steps**2
            strands.append(root[:, None] + length[:, None, None] * (aim[:, None] * steps + curl))
    points = np.concatenate(strands)
    return Strands(points, np.full(len(points), 7e-5))


def _scalp_roots(scalp: Scalp, count: int, rng: np.random.Generator) -> np.ndarray:
    """(n, 3) from the skull's middle: even over the directions that are covered, thin at the hairline."""
    directions = _unit(rng.normal(size=(count * 3, 3)))
    roots = directions * scalp.radius(directions)[:, None]
    inside = covered(roots + SKULL) + rng.normal(0, 0.0028, len(roots))
    keep = rng.random(len(roots)) < np.clip(inside / 0.006, 0, 1)
    return roots[keep][:count]


def _falling(lying: np.ndarray, azimuth: np.ndarray, lock: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(n, 14, 3): from where the strands leave the head, down behind the shoulders in soft waves."""
    leave, tangent = lying[:, -1], _unit(lying[:, -1] - lying[:, -2])
    reach = 0.104 + 0.010 * lock[:, None] + rng.normal(0, 0.006, (len(lying), 1))
    target = np.column_stack([np.sin(azimuth), np.zeros(len(azimuth)), np.cos(azimuth)]) * reach
    target += np.column_stack(
        [np.zeros(len(azimuth)), rng.uniform(-0.24, -0.19, len(azimuth)), np.full(len(azimuth), -0.012)]
    )
    bend = leave + tangent * 0.035 + np.array([0.0, -0.02, 0.0])
    steps = np.linspace(0, 1, 15)[1:, None]
    fall = (1 - steps) ** 2 * leave[:, None] + 2 * steps * (1 - steps) * bend[:, None] + steps**2 * target[:, None]
    wave = 0.0035 * np.sin(2 * np.pi * (1.3 * steps + 0.18 * lock[:, None, None])) * steps
    outward = np.stack([np.sin(azimuth), np.zeros(len(azimuth)), np.cos(azimuth)], axis=1)
    return fall + wave * outward[:, None]


def _locks(start: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A height of its own for each lock and a sideways drift: (n,) normal and (n, 1, 3) small."""
    middles = start[rng.choice(len(start), 420, replace=False)]
    own = cKDTree(middles).query(start + rng.normal(0, 0.02, start.shape))[1]
    towards = middles[own] - start
    drift = rng.normal(0, 0.018, middles.shape)[own] + 0.45 * towards
    return rng.normal(0, 1, len(middles))[own], drift[:, None]


def _frizz(shape: tuple[int, ...], steps: np.ndarray, rng: np.random.Generator, amount: np.ndarray) -> np.ndarray:
    waves = rng.uniform(0.5, 2.0, (shape[0], 1, 3))
    phase = rng.uniform(0, 2 * np.pi, (shape[0], 1, 3))
    return 0.00025 * amount[:, None, None] * steps * np.sin(2 * np.pi * waves * steps + phase)


def _laid_on(tree: BVHTree, points: np.ndarray, lift: np.ndarray) -> np.ndarray:
    """Move points to `lift` (k,) metres above the nearest skin."""
    laid = np.empty_like(points)
    for strand, line in enumerate(points):
        for step, point in enumerate(line):
            place, normal, _, _ = tree.find_nearest(point.tolist())
            laid[strand, step] = np.array(place) + np.array(normal) * lift[step]
    return laid


def _polar(azimuth: np.ndarray, height: np.ndarray) -> np.ndarray:
    """Azimuth about +Y from +Z and height above the horizon, radians -> (n, 3) unit."""
    return np.stack([np.cos(height) * np.sin(azimuth), np.sin(height), np.cos(height) * np.cos(azimuth)], axis=-1)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
