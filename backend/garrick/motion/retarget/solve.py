"""The 52 shapes on a rig with other shapes: which mix of its own comes nearest to each of ours, as they move the surface.

For every one of our shapes the rig's are weighted by least squares on vertex offsets, each weight within 0..1 (as Lewis and
Anjyo 2010 fit blendshape weights, bounded). Both heads must lie over one another at rest, in metres; `laid_over` brings a
foreign one there. So FLAME's or any scanned set of expressions can be driven without a table of names.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import lsq_linear
from scipy.spatial import KDTree

from garrick.bodies.head import Head
from garrick.bodies.surface import closest_points, quad_normals
from garrick.core.arkit import ARKIT_NAMES
from garrick.core.retarget_presets import Recipe

_SUNK = 0.002  # metres below the surface at which points are compared: lips that touch lie apart there
_SEEN = 0.02  # gain from which a shape counts in a recipe
_PRICE = 0.01  # of a whole weight, as a share of the motion's own square sum
_PASSES = 200
_OPEN, _CLOSE = "jawOpen", "mouthClose"
_UNCLOSED = 0.5  # error of mouthClose from which lips would show daylight
_STILL = 1e-6  # metres, root mean square: a shape that moves less has nothing to be matched
_ROUNDS, _KEPT = 30, 0.8  # of the fit of one head over another, and the share of points that it goes by
_ALIKE = 0.5  # cosine of the normals of points that may match
_FACE = 0.05  # of the largest motion: what moves more is the face


@dataclass(frozen=True)
class ShapeSet:
    """A face at rest and what its shapes do to it.

    vertices: (V, 3) metres.    triangles: (T, 3) int.    names: (S,).    deltas: (S, V, 3) metres at weight 1.
    """

    vertices: np.ndarray
    triangles: np.ndarray
    names: tuple[str, ...]
    deltas: np.ndarray


def shapes_of(head: Head, identity: np.ndarray, part: np.ndarray) -> ShapeSet:
    """Our 52 shapes of a person, identity (B,), on some of the vertices, part (V,) bool."""
    number = np.cumsum(part) - 1
    corners = head.triangles[part[head.triangles].all(axis=1)]
    whole = (corners[:, 1] != corners[:, 2]) & (corners[:, 0] != corners[:, 2])  # a quad may be a triangle and nothing
    return ShapeSet(head.vertices(identity)[part], number[corners[whole]], ARKIT_NAMES, head.face_basis[:, part])


@dataclass(frozen=True)
class ShapeFit:
    """How one set of shapes makes another.

    sources: (S,) names of the shapes to be made.    targets: (K,) names of those that make them.
    gains: (S, K) float64, 0..1; negative where a shape takes another's back, see `solve`.
    error: (S,) how much of each one's motion is missed, root mean squares: 0 is exact, 1 nothing; nan where it moves
           nothing that the target has.    worst: (S,) the largest miss at a vertex, metres.
    """

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    gains: np.ndarray
    error: np.ndarray
    worst: np.ndarray

    def weights(self, values: np.ndarray) -> np.ndarray:
        """(F, S) weights of the sources -> (F, K) of the targets, 0..1."""
        return np.clip(np.asarray(values, np.float64) @ self.gains, 0, 1)

    def recipes(self) -> dict[str, Recipe]:
        """Target -> the sources that it follows, as `core.retarget_presets` has them; small gains left out."""
        found = {}
        for column, target in enumerate(self.targets):
            rows = np.flatnonzero(np.abs(self.gains[:, column]) >= _SEEN)
            if len(rows):
                found[target] = tuple((self.sources[row], round(float(self.gains[row, column]), 3)) for row in rows)
        return found


def solve(sources: ShapeSet, targets: ShapeSet, reach: float = 0.01) -> ShapeFit:
    """Make each shape of `sources` of those of `targets`, where their surfaces lie within `reach` metres of each other.

    A rig that cannot close its lips over an open jaw gets them closed by the jaw: mouthClose takes back what jawOpen does.
    Raises ValueError when they do so nowhere.
    """
    prints = closest_points(
        _sunk(sources.vertices, sources.triangles), _sunk(targets.vertices, targets.triangles), targets.triangles
    )
    near = prints.distance < reach
    if not near.any():
        raise ValueError("The two faces do not lie over one another: no vertex is near the other's surface.")
    wanted = sources.deltas.astype(np.float64)[:, near].reshape(len(sources.names), -1)
    basis = prints.carry(targets.deltas.astype(np.float64))[:, near].reshape(len(targets.names), -1)
    gains = _bounded(basis, wanted)
    moved = np.sqrt((wanted**2).mean(axis=1))

    def errors(missed: np.ndarray) -> np.ndarray:
        return np.where(moved > _STILL, np.sqrt((missed**2).mean(axis=1)) / np.maximum(moved, _STILL), np.nan)

    missed = gains @ basis - wanted
    if {_CLOSE, _OPEN} <= set(sources.names):
        close, jaw = sources.names.index(_CLOSE), sources.names.index(_OPEN)
        if errors(missed)[close] > _UNCLOSED:
            gains[close] = -gains[jaw]
            missed = gains @ basis - wanted
    error = errors(missed)
    worst = np.linalg.norm(missed.reshape(len(missed), -1, 3), axis=2).max(axis=1)
    return ShapeFit(sources.names, targets.names, gains, error, worst)


def _bounded(basis: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """(K, n), (S, n) -> (S, K) weights 0..1 of the basis whose sums come nearest, of shapes that earn their place.

    First with a price on every weight (coordinate descent), which leaves out those that only fill up a rest; then those
    that are left without it.
    """
    overlap, likeness = basis @ basis.T, wanted @ basis.T
    own = np.maximum(np.diag(overlap), 1e-18)
    price = _PRICE * (wanted**2).sum(axis=1)
    gains = np.zeros(likeness.shape)
    for _ in range(_PASSES):
        for k in range(len(basis)):
            rest = likeness[:, k] - price - gains @ overlap[:, k] + gains[:, k] * overlap[k, k]
            gains[:, k] = np.clip(rest / own[k], 0, 1)
    for row, motion in zip(gains, wanted, strict=True):
        used = np.flatnonzero(row)
        if len(used):
            # the same least squares in as many rows as there are shapes
            directions, lengths = np.linalg.qr(basis[used].T)
            row[used] = lsq_linear(lengths, directions.T @ motion, (0, 1), method="bvls").x
    return gains


def laid_over(foreign: ShapeSet, own: ShapeSet) -> ShapeSet:
    """The foreign face turned not at all, but scaled and shifted onto our own, whatever its unit and origin.

    Both must look along +Z with +Y up. Begins where shapes move the two most, and ends where the surfaces lie closest (ICP
    on the nearer share of points, as a foreign head may have hair or a body). Raises ValueError for shapes without motion.
    """
    theirs, ours = _moved(foreign), _moved(own)
    scale = float(np.sqrt(ours[1] / theirs[1]))
    shift = ours[0] - scale * theirs[0]
    face = _motion(own) > _FACE * _motion(own).max()
    goal, normal = own.vertices[face], _normals(own.vertices, own.triangles)[face]
    around = _normals(foreign.vertices, foreign.triangles)
    tree = KDTree(foreign.vertices)
    for _ in range(_ROUNDS):
        distance, match = tree.query((goal - shift) / scale)
        alike = (around[match] * normal).sum(axis=1) > _ALIKE
        kept = alike & (distance <= np.quantile(distance[alike], _KEPT))
        # along the surface points may slide: only how far they lie before it counts (Chen and Medioni 1991)
        terms = np.column_stack([(normal * foreign.vertices[match]).sum(axis=1), normal])[kept]
        solution = np.linalg.lstsq(terms, (normal * goal).sum(axis=1)[kept], rcond=None)[0]
        scale, shift = float(solution[0]), solution[1:]
    return replace(foreign, vertices=scale * foreign.vertices + shift, deltas=scale * foreign.deltas)


def _sunk(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """(V, 3) the vertices a little below their surface."""
    return vertices - _SUNK * _normals(vertices, triangles)


def _normals(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """(V, 3) of unit length."""
    return quad_normals(np.ascontiguousarray(vertices, np.float64), np.ascontiguousarray(triangles[:, [0, 1, 2, 2]]))


def _motion(shapes: ShapeSet) -> np.ndarray:
    """(V,) how much all shapes together move each vertex."""
    return np.linalg.norm(shapes.deltas.astype(np.float64), axis=2).sum(axis=0)


def _moved(shapes: ShapeSet) -> tuple[np.ndarray, float]:
    """The middle of what the shapes move, (3,), and the mean square distance from it."""
    motion = _motion(shapes)
    if not motion.sum() > 0:
        raise ValueError("None of the shapes moves anything.")
    share = motion / motion.sum()
    middle = share @ shapes.vertices
    return middle, float(share @ ((shapes.vertices - middle) ** 2).sum(axis=1))
