"""Makes `bodies/hand_correctives.npz`: how the skin of a bent hand differs from what linear blending makes of it.

    python -m garrick.training.hand_correctives [OUT.npz] [POSES]

No captured hands are used. The average hand is filled with tetrahedra of nearly incompressible flesh (the stable
neo-Hookean energy of Smith, de Goes and Kim 2018, without its barrier) around rigid bones, and settles in random poses
within the limits; where a joint folds, flesh stays on its own side of the plane that halves the angle. Bones so thin let
the flesh of a fist out at its back, in boxes, where a real one has skin on bone: there the skin turns about the joints
instead (dual quaternions, Kavan et al. 2007), and flesh moves it only in the fold, and little aside. The correctives are
those of MANO (Romero et al. 2017), linear in R - 1 of the fifteen joints, fitted by ridge regression to the posed vertices.
A joint's correctives touch only skin that it bends. Needs the built hands.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numba
import numpy as np
from scipy.sparse import coo_array, csr_array, diags_array
from scipy.sparse.linalg import splu
from scipy.spatial import Delaunay

from garrick.bodies.correctives import Correctives
from garrick.bodies.dual_quaternions import multiplied, quaternions_of, skin_dual_numpy, turned
from garrick.bodies.hand import JOINT_LIMITS, Hand, load_hand, rotations_of
from garrick.bodies.lbs import skin_numpy
from garrick.bodies.mano import PARENTS
from garrick.bodies.surface import quad_normals
from garrick.core.archive import save_arrays
from garrick.core.easing import smoothstep
from garrick.core.rotation import rotation_matrices

POSES = 180
_SEED = 1
_BULK = 6.0  # of flesh, its shear modulus being one
_SKIN = 0.05  # stiffness of the surface's edges, which hold what no tetrahedron holds
_PLANE = 10.0  # stiffness of the planes in folded joints
_RING, _ROUND, _THICK = 0.0025, 6, 0.15  # metres between a bone's rings; points of a ring; its radius over the finger's
_SLIVER = 2e-3  # a tetrahedron's volume over its longest edge's cube, below which it is left out
_STEPS, _MEMORY, _SETTLED = 90, 8, 1e-3
_REACH = 0.018  # metres from a joint within which its plane acts
_BACK = (0.1, 0.6)  # cosine from a finger's back to its skin's normal, from which flesh counts less, and not at all
_ASIDE, _FARTHEST = (
    0.2,
    3.5e-3,
)  # what is left of flesh that goes along a joint's axis; metres that it moves skin at most
_RIDGE = 3e-3
_BLENDED, _LEAST = 0.03, 1e-4  # S (1 - S) of a joint's share S of a vertex: corrected whole from here, and at all
_SPREAD, _SMOOTHED = 4, 1  # times that a joint's reach, and what was found, are averaged with their neighbours'


@dataclass(frozen=True)
class Flesh:
    """The hand's inside at rest: the hand's V vertices, then points of its bones.

    rest: (N, 3) metres.    weights: (N, 16), one-hot for the bones.    free: (N,) bool.
    gradient: (3T, N) of each tetrahedron.    volume: (T,).    edges: (E, N) of the skin.
    sides: (15, N) metres along each joint's bone from the joint, 0 where its plane does not act.
    """

    rest: np.ndarray
    weights: np.ndarray
    free: np.ndarray
    gradient: csr_array
    volume: np.ndarray
    edges: csr_array
    sides: np.ndarray

    @cached_property
    def lengths(self) -> np.ndarray:
        """(E,) metres of the edges at rest."""
        return np.linalg.norm(self.edges @ self.rest, axis=1)

    @classmethod
    def of(cls, hand: Hand) -> Flesh:
        """Fill a hand."""
        template = hand.template.astype(np.float64)
        bones, owners = _bone_points(hand)
        rest = np.concatenate([template, bones])
        weights = np.concatenate([hand.weights.astype(np.float64), np.eye(16)[owners]])
        free = np.concatenate([hand.weights[:, 0] < 0.999, np.zeros(len(bones), bool)])
        tetrahedra = Delaunay(rest).simplices
        corners = rest[tetrahedra]
        sides = np.swapaxes(corners[:, 1:] - corners[:, :1], 1, 2)  # (T, 3, 3), columns are edges
        volume = np.linalg.det(sides) / 6
        longest = np.linalg.norm(corners[:, :, None] - corners[:, None], axis=-1).max(axis=(1, 2))
        kept = np.abs(volume) > _SLIVER * longest**3
        kept &= winding(corners.mean(axis=1), template, hand.triangles) > 0.5
        kept &= ~_across_fingers(weights, tetrahedra)
        tetrahedra, sides, volume = tetrahedra[kept], sides[kept], np.abs(volume[kept])
        inverse = np.linalg.inv(sides)  # (T, 3 edges, 3)
        slopes = np.concatenate([-inverse.sum(axis=1, keepdims=True), inverse], axis=1)  # (T, 4, 3)
        count = len(tetrahedra)
        rows = np.broadcast_to(3 * np.arange(count)[:, None, None] + np.arange(3), (count, 4, 3))
        columns = np.broadcast_to(tetrahedra[..., None], (count, 4, 3))
        gradient = coo_array((slopes.ravel(), (rows.ravel(), columns.ravel())), (3 * count, len(rest))).tocsr()
        pairs = np.unique(
            np.sort(np.concatenate([hand.triangles[:, [k, (k + 1) % 3]] for k in range(3)]), axis=1), axis=0
        )
        ends = np.arange(len(pairs))
        edges = coo_array(
            (np.repeat([1.0, -1.0], len(pairs)), (np.tile(ends, 2), pairs.T.ravel())), (len(pairs), len(rest))
        ).tocsr()
        return cls(rest, weights, free, gradient, volume, edges, _sides(hand, rest, weights))


def _bone_points(hand: Hand) -> tuple[np.ndarray, np.ndarray]:
    """(n, 3) points on rings about the bones of the fingers and (n,) the joint that turns each."""
    joints, points, owners = hand.joints().astype(np.float64), [], []
    for joint in range(1, 16):
        end = hand.template[hand.tips[(joint - 1) // 3]] if joint % 3 == 0 else joints[joint + 1]
        along = end - joints[joint]
        length = np.linalg.norm(along)
        along /= length
        off = hand.template - joints[joint]
        beside = np.abs(off @ along - length / 2) < length / 4
        near = np.linalg.norm(off - (off @ along)[:, None] * along, axis=1)[beside & (hand.weights[:, joint] > 0.3)]
        radius = _THICK * float(np.percentile(near, 25))
        side = np.cross(along, [0.0, 1.0, 0.0])
        side /= np.linalg.norm(side)
        turns = np.arange(_ROUND) * 2 * np.pi / _ROUND
        ring = radius * (np.cos(turns)[:, None] * side + np.sin(turns)[:, None] * np.cross(along, side))
        # a bone leaves room for its neighbour where they fold
        start, stop = 1.6 * radius, length - (1.6 * radius if joint % 3 else 2.5 * radius)
        for place in np.linspace(start, stop, max(2, round((stop - start) / _RING))):
            points.extend(joints[joint] + place * along + ring)
            owners.extend([joint] * _ROUND)
    return np.array(points), np.array(owners)


@numba.njit(cache=True)
def winding(points, vertices, triangles):
    """(n,) how often a surface goes round each of (n, 3) points: 1 inside (van Oosterom and Strackee 1983)."""
    found = np.zeros(len(points))
    for n in range(len(points)):
        for t in range(len(triangles)):
            a, b, c = vertices[triangles[t, 0]], vertices[triangles[t, 1]], vertices[triangles[t, 2]]
            ax, ay, az = a[0] - points[n, 0], a[1] - points[n, 1], a[2] - points[n, 2]
            bx, by, bz = b[0] - points[n, 0], b[1] - points[n, 1], b[2] - points[n, 2]
            cx, cy, cz = c[0] - points[n, 0], c[1] - points[n, 1], c[2] - points[n, 2]
            la, lb = np.sqrt(ax * ax + ay * ay + az * az), np.sqrt(bx * bx + by * by + bz * bz)
            lc = np.sqrt(cx * cx + cy * cy + cz * cz)
            ab, bc, ca = ax * bx + ay * by + az * bz, bx * cx + by * cy + bz * cz, cx * ax + cy * ay + cz * az
            triple = ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx)
            found[n] += np.arctan2(triple, la * lb * lc + ab * lc + bc * la + ca * lb) / (2 * np.pi)
    return found


def _across_fingers(weights: np.ndarray, tetrahedra: np.ndarray) -> np.ndarray:
    """(T,) bool: whether a tetrahedron reaches from one finger to another."""
    fingers = weights[:, 1:].reshape(-1, 5, 3).sum(axis=2) > 0.5
    return fingers[tetrahedra].any(axis=1).sum(axis=1) > 1


def _sides(hand: Hand, rest: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(15, N) as `Flesh.sides`."""
    joints, sides = hand.joints().astype(np.float64), np.zeros((15, len(rest)))
    for joint in range(1, 16):
        if joint == 13:  # the thumb's saddle lies inside the palm
            continue
        parent = PARENTS[joint]
        along = hand.axes[joint - 1, 2]
        off = rest - joints[joint]
        own = weights[:, [joint, parent]].sum(axis=1) > 0.6
        near = own & (np.linalg.norm(off, axis=1) < _REACH)
        sides[joint - 1] = np.where(near, off @ along, 0)
    return sides


def settle(flesh: Flesh, start: np.ndarray, planes: tuple[np.ndarray, np.ndarray], solve: Callable) -> np.ndarray:
    """(N, 3) where flesh comes to rest from `start` (N, 3), whose bones stay; planes: (15, 3) points and normals.

    L-BFGS with the factored stiffness of small turns (`stiffness`) for its first guess (Liu, Bouaziz and Kavan 2017).
    """
    place, (cost, slope) = start.copy(), energy(flesh, start, planes)
    moves, changes, first = [], [], np.linalg.norm(slope)
    for _ in range(_STEPS):
        way, used = slope.copy(), []
        for move, change in zip(reversed(moves), reversed(changes), strict=True):
            share = (move * way).sum() / (move * change).sum()
            way -= share * change
            used.append(share)
        way = solve(way)
        for move, change, share in zip(moves, changes, reversed(used), strict=True):
            way += move * (share - (change * way).sum() / (move * change).sum())
        step, along = 1.0, (way * slope).sum()
        while True:
            tried = place - step * way
            after, gradient = energy(flesh, tried, planes)
            if after <= cost - 1e-4 * step * along or step < 1e-4:
                break
            step /= 2
        if step < 1e-4:
            break
        if ((tried - place) * (gradient - slope)).sum() > 0:
            moves, changes = [*moves, tried - place][-_MEMORY:], [*changes, gradient - slope][-_MEMORY:]
        place, cost, slope = tried, after, gradient
        if np.linalg.norm(slope) < _SETTLED * first:
            break
    return place


def stiffness(flesh: Flesh) -> Callable[[np.ndarray], np.ndarray]:
    """Solves (N, 3) slopes for moves of what is free."""
    held = np.flatnonzero(flesh.free)
    gradient, edges = flesh.gradient[:, held], flesh.edges[:, held]
    mean = flesh.volume.sum() / len(flesh.lengths)
    system = (1 + _BULK / 3) * gradient.T @ diags_array(np.repeat(flesh.volume, 3)) @ gradient
    system = system + _SKIN * mean * edges.T @ diags_array(1 / flesh.lengths**2) @ edges
    factor = splu((system + 1e-12 * diags_array(np.ones(len(held)))).tocsc())

    def solve(slope: np.ndarray) -> np.ndarray:
        moved = np.zeros_like(slope)
        moved[held] = factor.solve(slope[held])
        return moved

    return solve


def energy(flesh: Flesh, place: np.ndarray, planes: tuple[np.ndarray, np.ndarray]) -> tuple[float, np.ndarray]:
    """Energy, and its slope (N, 3), zero where nothing is free."""
    f = np.swapaxes((flesh.gradient @ place).reshape(-1, 3, 3), 1, 2)  # (T, 3, 3), columns by rest axes
    cofactor = np.stack(
        [np.cross(f[:, :, 1], f[:, :, 2]), np.cross(f[:, :, 2], f[:, :, 0]), np.cross(f[:, :, 0], f[:, :, 1])], axis=2
    )
    volume = (f[:, :, 0] * cofactor[:, :, 0]).sum(axis=1)
    dense = 0.5 * ((f**2).sum(axis=(1, 2)) - 3) - (volume - 1) + 0.5 * _BULK * (volume - 1) ** 2
    cost = float(flesh.volume @ dense)
    stress = f + (_BULK * (volume - 1) - 1)[:, None, None] * cofactor
    slope = flesh.gradient.T @ np.swapaxes(stress * flesh.volume[:, None, None], 1, 2).reshape(-1, 3)
    ways = flesh.edges @ place
    now = np.linalg.norm(ways, axis=1)
    mean = flesh.volume.sum() / len(now)
    strain = now / flesh.lengths - 1
    cost += 0.5 * _SKIN * mean * float((strain**2).sum())
    slope += flesh.edges.T @ (_SKIN * mean * (strain / flesh.lengths / np.maximum(now, 1e-9))[:, None] * ways)
    points, normals = planes
    share = flesh.volume.sum() / len(flesh.rest) / 0.004**2
    for joint in range(15):
        rows = np.flatnonzero((flesh.sides[joint] != 0) & flesh.free)
        if len(rows):
            sign = np.sign(flesh.sides[joint, rows])
            over = np.minimum(sign * ((place[rows] - points[joint]) @ normals[joint]), 0)
            cost += 0.5 * _PLANE * share * float((over**2).sum())
            slope[rows] += _PLANE * share * (over * sign)[:, None] * normals[joint]
    slope[~flesh.free] = 0
    return cost, slope


def _planes(hand: Hand, rotations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(15, 3) places of the joints and (15, 3) normals, along the fingers, of the planes that halve their angles."""
    turns, joints = rotation_matrices(rotations.astype(np.float64)), hand.joints().astype(np.float64)
    world, places, normals = [np.eye(3)], [joints[0]], []
    for joint in range(1, 16):
        parent = PARENTS[joint]
        places.append(places[parent] + world[parent] @ (joints[joint] - joints[parent]))
        world.append(world[parent] @ turns[joint - 1])
        along = hand.axes[joint - 1, 2]
        normal = world[parent] @ along + world[joint] @ along
        normals.append(normal / np.linalg.norm(normal))
    return np.array(places[1:]), np.array(normals)


def random_poses(hand: Hand, count: int) -> np.ndarray:
    """(count, 15, 3) axis-angle within the limits: joints by themselves, all of a finger, and all fingers alike in turns."""
    rng, (low, high) = np.random.default_rng(_SEED), np.moveaxis(JOINT_LIMITS, 2, 0)
    turned = rng.uniform(low, high, (count, 15, 3))
    for start, fingers in ((1, 5), (2, 1)):
        curl = np.repeat(rng.uniform(0, 1, (count, fingers, 1)), 15 // fingers, axis=1)[..., 0]
        bent = np.clip(curl + rng.normal(0, 0.15, (count, 15)), 0, 1) * high[:, 0]
        turned[start::3, :, 0] = bent[start::3]
        turned[start::3, :, 1:] *= 0.3
    return rotations_of(hand, turned)


def settled(hand: Hand, rotations: np.ndarray, say: Callable[[str], None] = lambda line: None) -> np.ndarray:
    """(P, V, 3) the skin of a hand with flesh in poses (P, 15, 3)."""
    flesh = Flesh.of(hand)
    solve, joints, found = stiffness(flesh), hand.joints().astype(np.float64), []
    for number, one in enumerate(rotations):
        turns = np.concatenate([np.zeros((1, 3)), one])
        start = skin_numpy(flesh.rest, joints, turns, flesh.weights, PARENTS)
        found.append(settle(flesh, start, _planes(hand, one), solve)[: len(hand.template)])
        say(f"{number + 1} of {len(rotations)} poses")
    return np.array(found)


def on_bone(hand: Hand, rotations: np.ndarray, flesh: np.ndarray) -> np.ndarray:
    """(P, V, 3): skin as flesh (P, V, 3) has it in folds, and round over the back of the joints, of poses (P, 15, 3)."""
    axes, weights = hand.axes.astype(np.float64), hand.weights.astype(np.float64)
    quaternions, shifts = _bones(hand, rotations)
    found = np.empty_like(flesh)
    back = np.einsum("vj,jc->vc", weights, np.concatenate([[(0.0, 1.0, 0.0)], axes[:, 1]]))
    normals = quad_normals(np.ascontiguousarray(hand.template), hand.quads)
    low, high = _BACK
    facing = (normals * back).sum(axis=1) / np.linalg.norm(back, axis=1)
    fold = 1 - smoothstep((facing - low) / (high - low))[:, None]
    for pose, (turns, moved) in enumerate(zip(quaternions, shifts, strict=True)):
        round_ = skin_dual_numpy(hand.template.astype(np.float64), turns, moved, weights)
        across = weights[:, 1:] @ turned(np, turns[1:], axes[:, 0])
        across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-6)
        off = flesh[pose] - round_
        off = fold * (off - (1 - _ASIDE) * (off * across).sum(axis=1, keepdims=True) * across)
        long = np.linalg.norm(off, axis=1, keepdims=True)
        found[pose] = round_ + off * np.minimum(1, _FARTHEST / np.maximum(long, 1e-9))
    return found


def _bones(hand: Hand, rotations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(P, 16, 4) quaternions and (P, 16, 3) shifts that move points of the flat hand with each bone."""
    joints, local = hand.joints().astype(np.float64), quaternions_of(np, rotations.astype(np.float64))
    world = [np.broadcast_to([1.0, 0, 0, 0], local[:, 0].shape)]
    places = [np.broadcast_to(joints[0], (len(local), 3))]
    for joint in range(1, 16):
        parent = PARENTS[joint]
        places.append(places[parent] + turned(np, world[parent], joints[joint] - joints[parent]))
        world.append(multiplied(np, world[parent], local[:, joint - 1]))
    quaternions = np.stack(world, axis=1)
    return quaternions, np.stack(places, axis=1) - turned(np, quaternions, joints)


def fit(hand: Hand, rotations: np.ndarray, skin: np.ndarray) -> Correctives:
    """Correctives that bring linear blending nearest to `skin` (P, V, 3) in poses (P, 15, 3)."""
    turns = rotation_matrices(rotations.astype(np.float64))
    bends = (turns - np.eye(3)).reshape(len(turns), 15, 9)
    world = [np.broadcast_to(np.eye(3), (len(turns), 3, 3))]
    for joint in range(1, 16):
        world.append(world[PARENTS[joint]] @ turns[:, joint - 1])
    mixed = np.einsum("vj,jpab->vpab", hand.weights.astype(np.float64), np.stack(world))
    resting = np.concatenate([np.zeros((len(turns), 1, 3)), rotations], axis=1)
    template, joints = hand.template.astype(np.float64), hand.joints().astype(np.float64)
    missed = skin - skin_numpy(template, joints, resting, hand.weights.astype(np.float64), PARENTS)
    around = _neighbours(hand)
    reach, tables = _reach(hand, around), np.zeros((15, 9, len(template), 3))
    for vertex, shares in enumerate(reach):
        own = np.flatnonzero(shares)
        if not len(own):
            continue
        # what a joint may do fades with its share, so it is dearer there
        given = (bends[:, own] * shares[own, None]).reshape(len(turns), -1)
        design = (mixed[vertex][:, :, :, None] * given[:, None, None, :]).reshape(3 * len(turns), -1)
        normal = design.T @ design
        normal[np.diag_indices(len(normal))] += _RIDGE * len(turns)
        found = np.linalg.solve(normal, design.T @ missed[:, vertex].ravel()).reshape(3, len(own), 9)
        tables[own, :, vertex] = np.moveaxis(found, 0, 2) * shares[own, None, None]
    flat = np.moveaxis(tables, 2, 0).reshape(len(template), -1)
    for _ in range(_SMOOTHED):
        flat = (flat + around @ flat) / 2
    return Correctives.of(np.moveaxis(flat.reshape(-1, 135, 3), 0, 1).astype(np.float32))


def _neighbours(hand: Hand) -> csr_array:
    """(V, V) the mean of the vertices that share an edge with each."""
    ends = np.concatenate([hand.triangles[:, [k, (k + 1) % 3]] for k in range(3)])
    ends = np.unique(np.concatenate([ends, ends[:, ::-1]]), axis=0)
    touching = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), (len(hand.template),) * 2).tocsr()
    return csr_array(diags_array(1 / touching.sum(axis=1)) @ touching)


def _reach(hand: Hand, around: csr_array) -> np.ndarray:
    """(V, 15) 0..1: how much of each joint's correctives a vertex gets, all of it where skin hangs on both its sides."""
    fingers = hand.weights[:, 1:].astype(np.float64).reshape(-1, 5, 3)
    share = np.cumsum(fingers[..., ::-1], axis=2)[..., ::-1].reshape(-1, 15)  # of what a joint carries
    blended = share * (1 - share)
    reach = np.clip(blended / _BLENDED, 0, 1)
    for _ in range(_SPREAD):
        reach = (reach + around @ reach) / 2
    return np.where(blended > _LEAST, reach, 0)


def main(out: Path, count: int) -> None:
    """Settle the flesh and write the table."""
    hand = load_hand("right")
    rotations = random_poses(hand, count)
    skin = settled(hand, rotations, lambda line: print(line, flush=True))
    found = fit(hand, rotations, on_bone(hand, rotations, skin))
    save_arrays(
        out,
        {
            "vertices": found.vertices.astype(np.uint16),
            "joints": found.joints.astype(np.uint8),
            "tables": found.tables.astype(np.float16),
        },
    )
    print(f"{out}: {len(found.vertices)} pairs of a vertex and a joint, at most {np.abs(found.tables).max():.4f} m")


if __name__ == "__main__":
    main(
        Path(sys.argv[1] if len(sys.argv) > 1 else "hand_correctives.npz"),
        int(sys.argv[2]) if len(sys.argv) > 2 else POSES,
    )
