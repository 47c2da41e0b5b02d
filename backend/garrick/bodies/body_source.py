"""The body in the source mesh: where it is cut, which bones hold it, and how a sampled person is brought to the T-pose."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix, diags
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree
from scipy.spatial.transform import Rotation

from garrick.bodies import build, build_hands
from garrick.bodies.body_bones import BONE_PARENTS, BONES, twists
from garrick.bodies.dual_quaternions import skin_dual_numpy
from garrick.bodies.makehuman import METRES, BaseMesh
from garrick.core.easing import smoothstep
from garrick.core.performance import BODY_JOINTS
from garrick.core.rotation import axis_angles, rotation_matrices, shortest_turns

_CUBES = {
    "pelvis": "joint-pelvis", "spine1": "joint-spine-4", "spine2": "joint-spine-2", "spine3": "joint-spine-1",
    "left_collar": "joint-l-clavicle", "right_collar": "joint-r-clavicle", "left_shoulder": "joint-l-shoulder",
    "right_shoulder": "joint-r-shoulder", "left_elbow": "joint-l-elbow", "right_elbow": "joint-r-elbow",
    "left_wrist": "joint-l-hand", "right_wrist": "joint-r-hand", "head": "joint-neck",
}  # fmt: skip
_PALM = {f"{side}_{name}": f"joint-{side[0]}-finger-{number}-1" for side in ("left", "right")
         for name, number in (("index", 2), ("middle", 3), ("pinky", 5))}  # fmt: skip
# the source's bones in each joint; those of neck and arms are shared out by rule
_TORSO = {
    "pelvis": ("root", "spine05", *(f"{bone}.{side}" for bone in ("pelvis", "upperleg01", "upperleg02") for side in "LR")),
    "spine1": ("spine04", "spine03"), "spine2": ("spine02", "breast.L", "breast.R"), "spine3": ("spine01",),
    "left_collar": ("clavicle.L", "shoulder01.L"), "right_collar": ("clavicle.R", "shoulder01.R"),
}  # fmt: skip
_NECK_PLACE = 0.15  # of the way from where the head turns down to where the chest does
_ARM = {"upperarm": ("upper_arm1", "upper_arm2", "shoulder"), "lowerarm": ("elbow", "forearm1", "forearm2", "forearm3")}
_HAND = ("wrist", "metacarpal", "finger")
_COLLAR_REACH = 0.08  # metres from the head's rim over which arms begin to hold the skin
_ROUNDS = 6  # in which weights are evened out
_SIDES = (("left", 1.0), ("right", -1.0))


@dataclass(frozen=True)
class Cut:
    """The parts of the base mesh that a figure is made of; all ids are of its vertices.

    head, own, hands: vertices of the head's skin, of the body alone, of the left and the right hand, in their models' order.
    rims:             vertices of the body's edge that head, left and right hand bring along.
    figure:           (source vertices,) vertex of the figure, -1 where there is none.
    quads:            (Q, 4), quad_uvs: (Q, 4) into uvs: all but the head's; quad_parts: 0 body, 1 left, 2 right hand.
    keep:             what is sampled, `local` maps into it.
    part_sizes:       vertices of the figure's head, body, left and right hand.
    """

    base: BaseMesh
    hand: build_hands.Source
    anchor: np.ndarray
    head: np.ndarray
    own: np.ndarray
    hands: tuple[np.ndarray, np.ndarray]
    rims: tuple[np.ndarray, np.ndarray, np.ndarray]
    figure: np.ndarray
    quads: np.ndarray
    quad_parts: np.ndarray
    quad_uvs: np.ndarray
    uvs: np.ndarray
    keep: np.ndarray
    local: np.ndarray
    part_sizes: tuple[int, int, int, int]

    @classmethod
    def of(cls, base: BaseMesh, data: Path, head_size: int) -> Cut:
        """Cut the body along the edges of head and hands, and on a loop of edges about the hips."""
        head, right = build.Source.cut(base, data), build_hands.Source.cut(base, data)
        skin = base.groups["body"]
        right_ids = right.keep[right.skin]
        hands = (_mirrored(base, right_ids), right_ids)
        kinds = np.where(_same(base.quads[skin], base.quads[head.skin_quads]), 3, 0)
        for part, ids in enumerate(hands, start=1):
            kinds[_same(base.quads[skin], ids[right.quads])] = part
        trunk = base.quads[skin[kinds == 0]]
        spread = skin[kinds == 0][_above(trunk, _hip_loop(base, trunk), base.vertices)]
        body = np.unique(base.quads[spread])
        rims = tuple(np.intersect1d(body, ids) for ids in (head.skin_ids, *hands))
        own = np.setdiff1d(body, np.concatenate(rims))
        figure = np.full(len(base.vertices), -1)
        sizes = (head_size, len(own), len(right_ids), len(right_ids))
        for ids, start in zip((head.skin_ids, own, *hands), np.cumsum((0, *sizes)), strict=False):
            figure[ids] = start + np.arange(len(ids))
        pieces = [spread, skin[kinds == 1], skin[kinds == 2]]
        chosen = np.concatenate(pieces)
        texels, corners = np.unique(base.quad_uvs[chosen], return_inverse=True)
        cubes = base.group_vertices("joint-head", *_CUBES.values(), *_PALM.values())
        keep = np.unique(np.concatenate([head.skin_ids, body, *hands, right.keep, cubes]))
        local = np.full(len(base.vertices), -1)
        local[keep] = np.arange(len(keep))
        return cls(
            base=base, hand=right, anchor=local[base.group_vertices("joint-head")], head=head.skin_ids, own=own, hands=hands,
            rims=(rims[0], rims[1], rims[2]), figure=figure, quads=base.quads[chosen],
            quad_parts=np.repeat([0, 1, 2], [len(piece) for piece in pieces]), quad_uvs=corners.reshape(-1, 4),
            uvs=base.uvs[texels], keep=keep, local=local, part_sizes=sizes,
        )  # fmt: skip

    @property
    def body(self) -> np.ndarray:
        """The body's own vertices, then those of its rims."""
        return np.concatenate([self.own, *self.rims])

    def anchored(self, people: np.ndarray) -> np.ndarray:
        """(N, keep, 3) decimetres -> metres with the head joint at the origin."""
        return (people - people[:, self.anchor].mean(axis=1, keepdims=True)) * METRES

    def centre(self, people: np.ndarray, cube: str) -> np.ndarray:
        """(N, keep, 3) -> (N, 3): the middle of a joint's cube."""
        return people[:, self.local[self.base.group_vertices(cube)]].mean(axis=1)

    def skinning(self, bones: dict[str, np.ndarray], person: np.ndarray) -> np.ndarray:
        """(source vertices, 24) weights in `BONES` order; person: (keep, 3), whose arms say how far down a vertex lies.

        Arms: twist bones take over from each other along the limb. Neck: as `bodies.build` shares it with the head.
        """
        weights = np.zeros((len(self.base.vertices), len(BONES)))

        def add(bone: str, column: np.ndarray) -> None:
            weights[:, BONES.index(bone)] += column

        for joint, names in _TORSO.items():
            add(joint, np.sum([bones[name] for name in names], axis=0))
        add("neck", 0.66 * bones["neck01"] + 0.33 * bones["neck02"])
        points = np.zeros_like(self.base.vertices)
        points[self.keep] = person
        for side, _ in _SIDES:
            places = [self.centre(person[None], _CUBES[f"{side}_{name}"])[0] for name in ("shoulder", "elbow", "wrist")]
            for (stem, chain), start, end in zip(_ARM.items(), places[:2], places[1:], strict=True):
                along = (points - start) @ (end - start) / ((end - start) @ (end - start)) * (len(chain) - 1)
                limb = bones[f"{stem}01.{side[0].upper()}"] + bones[f"{stem}02.{side[0].upper()}"]
                for step, name in enumerate(chain):
                    near = np.clip(1 - np.abs(np.clip(along, 0, len(chain) - 1) - step), 0, 1)
                    add(f"{side}_{name}", limb * near)
            hand = [name for name in bones if name.endswith(f".{side[0].upper()}") and name.startswith(_HAND)]
            add(f"{side}_wrist", np.sum([bones[name] for name in hand], axis=0))
        weights[:, BONES.index("head")] = np.clip(1 - weights.sum(axis=1), 0, 1)
        weights /= weights.sum(axis=1, keepdims=True)
        # the head model's shoulders are those of hanging arms, and stay so in every pose of the arms: near its rim, the
        # collars take over what the arms would hold
        sampled = np.flatnonzero(self.local >= 0)
        away = KDTree(person[self.local[self.head]]).query(points[sampled])[0] * METRES
        taken = np.zeros(len(weights))
        taken[sampled] = smoothstep(1 - away / _COLLAR_REACH)
        for side, _ in _SIDES:
            arm = [BONES.index(f"{side}_{name}") for name in _ARM["upperarm"]]
            given = weights[:, arm] * taken[:, None]
            weights[:, arm] -= given
            weights[:, BONES.index(f"{side}_collar")] += given.sum(axis=1)
        # the source's are meant for a subdivided surface: as they are, shoulders and elbows crease
        here, there = self.quads.ravel(), np.roll(self.quads, -1, axis=1).ravel()
        pairs = np.concatenate([here, there]), np.concatenate([there, here])
        graph = csr_matrix((np.ones(len(pairs[0])), pairs), (len(weights), len(weights)))
        around = diags(1 / np.maximum(np.asarray(graph.sum(axis=1)).ravel(), 1)) @ graph
        for _ in range(_ROUNDS):
            weights[self.own] = (weights[self.own] + around[self.own] @ weights) / 2
        return weights


@dataclass(frozen=True)
class Stand:
    """How people stand in the source, and how they come to the T-pose.

    people: (N, keep, 3) metres.    joints: (N, 14, 3) of the T-pose, `BODY_JOINTS` and where the head turns.
    quaternions: (N, 24, 4), shifts: (N, 24, 3): what brings each of `BONES` there.
    """

    cut: Cut
    people: np.ndarray
    joints: np.ndarray
    quaternions: np.ndarray
    shifts: np.ndarray

    @classmethod
    def of(cls, cut: Cut, people: np.ndarray) -> Stand:
        """people: (N, keep, 3) decimetres. Collars stay as they are; arms and hands go level, palms down."""
        people = cut.anchored(people).astype(np.float64)
        centre = {name: cut.centre(people, cube) for name, cube in (_CUBES | _PALM).items()}
        centre["neck"] = (1 - _NECK_PLACE) * centre["head"] + _NECK_PLACE * centre["spine3"]
        places = dict(centre)
        turns = np.broadcast_to(np.eye(3), (len(people), len(BONES), 3, 3)).copy()
        shifts = np.zeros((len(people), len(BONES), 3))

        def put(bone: str, joint: str, turn: np.ndarray) -> None:
            turns[:, BONES.index(bone)] = turn
            shifts[:, BONES.index(bone)] = places[joint] - (turn @ centre[joint][..., None])[..., 0]

        for side, sign in _SIDES:
            outwards = np.array([sign, 0.0, 0.0])
            shoulder, elbow, wrist = (f"{side}_{name}" for name in ("shoulder", "elbow", "wrist"))
            upper, fore = centre[elbow] - centre[shoulder], centre[wrist] - centre[elbow]
            raised = np.swapaxes(shortest_turns(outwards, _unit(upper)), 1, 2)
            fore_raised = _unit((raised @ fore[..., None])[..., 0])
            straight = np.swapaxes(shortest_turns(outwards, fore_raised), 1, 2) @ raised
            places[elbow] = centre[shoulder] + _lengths(upper) * outwards
            places[wrist] = places[elbow] + _lengths(fore) * outwards
            x = _unit(centre[f"{side}_middle"] - centre[wrist]) * sign
            z = centre[f"{side}_index"] - centre[f"{side}_pinky"]
            z = _unit(z - (z * x).sum(axis=1, keepdims=True) * x)
            flat = np.stack([x, np.cross(z, x), z], axis=1)
            roll = twists(np, axis_angles(flat @ np.swapaxes(straight, 1, 2)))
            for name in _ARM["upperarm"]:
                put(f"{side}_{name}", shoulder, raised)
            for step, name in enumerate(_ARM["lowerarm"]):
                rolled = rotation_matrices(roll[:, None] * step / 3 * np.array([1.0, 0, 0])) @ straight
                put(f"{side}_{name}", elbow, rolled)
            put(wrist, wrist, flat)
        joints = np.stack([places[name] for name in (*BODY_JOINTS, "head")], axis=1)
        quaternions = Rotation.from_matrix(turns.reshape(-1, 3, 3)).as_quat()[:, [3, 0, 1, 2]]
        quaternions = quaternions.reshape(-1, len(BONES), 4)
        for bone, parent in enumerate(BONE_PARENTS):
            if parent >= 0:
                near = (quaternions[:, bone] * quaternions[:, parent]).sum(axis=1)
                quaternions[:, bone] *= np.where(near < 0, -1, 1)[:, None]
        return cls(cut, people, joints, quaternions, shifts)

    def unposed(self, ids: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """(N, n, 3) metres: source vertices (n,) in the T-pose; weights: (n, 24)."""
        return skin_dual_numpy(self.people[:, self.cut.local[ids]], self.quaternions, self.shifts, weights)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / _lengths(vectors)


def _lengths(vectors: np.ndarray) -> np.ndarray:
    return np.linalg.norm(vectors, axis=-1, keepdims=True)


def _mirrored(base: BaseMesh, ids: np.ndarray) -> np.ndarray:
    """The vertices on the other side; the source is symmetric to the last digit."""
    places = {tuple(point): number for number, point in enumerate(np.round(base.vertices, 4).tolist())}
    return np.array([places[tuple(point)] for point in np.round(base.vertices[ids] * (-1, 1, 1), 4).tolist()])


def _same(quads: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(Q,) bool: which quads are among others, whatever corner they start from."""
    known = {tuple(corners) for corners in np.sort(others, axis=1).tolist()}
    return np.array([tuple(corners) in known for corners in np.sort(quads, axis=1).tolist()])


def _hip_loop(base: BaseMesh, quads: np.ndarray) -> set[tuple[int, int]]:
    """The closed loop of edges round the trunk whose middle is nearest to the hip joints' height."""
    owners: dict[tuple[int, int], set[int]] = {}
    around: dict[int, set[int]] = {}
    for number, corners in enumerate(quads.tolist()):
        for a, b in zip(corners, corners[1:] + corners[:1], strict=True):
            owners.setdefault((min(a, b), max(a, b)), set()).add(number)
            around.setdefault(a, set()).add(b)
            around.setdefault(b, set()).add(a)
    hips = base.vertices[base.group_vertices("joint-l-upper-leg")].mean(axis=0)
    best: tuple[float, list[int]] = (np.inf, [])
    front = [a for a in around if abs(base.vertices[a, 0]) < 1e-4 and base.vertices[a, 2] > hips[2]]
    for start in sorted(front):
        for first in sorted(b for b in around[start] if base.vertices[b, 0] > 1e-4):
            loop = [start, first]
            while len(loop) < 100 and len(around[loop[-1]]) == 4 and loop[-1] != start:
                beside = owners[min(loop[-2:]), max(loop[-2:])]
                loop.append(
                    next(c for c in around[loop[-1]] if not beside & owners[min(c, loop[-1]), max(c, loop[-1])])
                )
            if loop[-1] == start and np.ptp(base.vertices[loop, 0]) > 2 * abs(hips[0]):
                off = abs(base.vertices[loop[:-1], 1].mean() - hips[1])
                best = min(best, (off, loop))
    return {(min(a, b), max(a, b)) for a, b in zip(best[1], best[1][1:], strict=False)}


def _above(quads: np.ndarray, loop: set[tuple[int, int]], vertices: np.ndarray) -> np.ndarray:
    """(Q,) bool: what is connected with the highest quad without crossing a loop of edges."""
    edges: dict[tuple[int, int], int] = {}
    pairs = []
    for number, corners in enumerate(quads.tolist()):
        for a, b in zip(corners, corners[1:] + corners[:1], strict=True):
            key = (min(a, b), max(a, b))
            if key not in loop and key in edges:
                pairs.append((edges[key], number))
            edges[key] = number
    here, there = np.array(pairs).T
    graph = coo_matrix((np.ones(len(here)), (here, there)), (len(quads), len(quads)))
    labels = connected_components(graph, directed=False)[1]
    return labels == labels[vertices[quads, 1].mean(axis=1).argmax()]
