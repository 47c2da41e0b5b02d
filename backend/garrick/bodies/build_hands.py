"""Makes both hands out of the CC0 body data, once: `hands-<recipe>/MANO_RIGHT.npz` and `MANO_LEFT.npz` in the user cache.

Sources: MakeHuman base mesh, macro targets and rig (CC0), rig weights file (NAVER, CC0). The result is CC0 as well and has
MANO's keys, so `smplx.MANO` loads it. The recipe is deterministic. The source's hand hangs relaxed: every sampled hand is
laid flat first, then principal components are taken. The pose correctives (`posedirs`) come from simulated flesh
(`garrick.training.hand_correctives`), the pose components from made-up grasps; neither from captured hands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
from scipy.optimize import nnls

from garrick.bodies import identity
from garrick.bodies.correctives import Correctives
from garrick.bodies.hand import FINGERS, JOINT_LIMITS, Side, finger_tips, hand_path, joint_axes, mirrored
from garrick.bodies.lbs import skin_numpy
from garrick.bodies.makehuman import METRES, BaseMesh, macro_targets, read_base_mesh, read_bone_weights, read_target
from garrick.bodies.mano import PARENTS
from garrick.bodies.store import write_model
from garrick.core.archive import load_arrays
from garrick.core.rotation import axis_angles

COMPONENTS = 10
SAMPLES = 1000
_SEED = 1  # of the sampled hands
_NUMBERS = {"thumb": 1, "index": 2, "middle": 3, "ring": 4, "pinky": 5}  # the source's finger numbers
_FAN = {"index": 4.0, "middle": 0.0, "ring": -5.0, "pinky": -11.0}  # degrees to the thumb side when flat, set by eye
_THUMB = np.array([(-0.66, -0.26, 0.70), (-0.70, -0.14, 0.70), (-0.74, -0.08, 0.67)])  # flat, directions of its bones
_ADULT = np.array([[0.6, 0.5, 0.5, 0.5, 0.5, 0.5, 1 / 3, 1 / 3, 1 / 3]])  # macro sliders of the head's average adult
_RIM = 0.05  # skin weight of the hand's bones where the forearm is cut; at 0.5 the rim is ragged
_CREDITS = "Hands: CC0. MakeHuman team (base mesh, targets, rig); NAVER (weights); Garrick."


def ensure_built(progress: Callable[[str], None] = lambda line: None) -> dict[Side, Path]:
    """Build the hands unless they are there; about a quarter of a minute.

    Raises MissingError without the body data and OutputError where they can't be written.
    """
    from garrick.weights import registry

    paths: dict[Side, Path] = {"right": hand_path("right"), "left": hand_path("left")}
    if all(path.exists() for path in paths.values()):
        return paths
    right = build(registry.path("body_data"), progress)
    built: dict[Side, dict[str, np.ndarray]] = {"right": right, "left": mirror(right)}
    for side, path in paths.items():
        write_model(path, built[side], compress=True)
    return paths


def build(data: Path, progress: Callable[[str], None]) -> dict[str, np.ndarray]:
    """The right hand with the keys of `bodies.mano.read_mano`, and quads, tip_vertex_ids and credits beside them."""
    base = read_base_mesh(data / "mpfb2" / "3dobjs" / "base.obj")
    source = Source.cut(base, data)
    progress("sampling hands")
    targets = _macro_targets(data, len(base.vertices), source.keep)
    weights, _ = identity.sample(targets, SAMPLES, np.random.default_rng(_SEED))
    weights = np.concatenate([identity.macro_weights(targets, _ADULT), weights])
    hands = (weights @ targets.offsets.reshape(len(targets.offsets), -1)).reshape(len(weights), -1, 3)
    meshes, joints = source.flat(hands + base.vertices[source.keep].astype(np.float32))
    progress("principal components of hands")
    _, basis, coefficients = identity.principal_components(meshes[1:].reshape(SAMPLES, -1), COMPONENTS)
    # identity zero is the average adult, not the mean of all ages: most callers never give an identity
    template, shapes = meshes[0], basis.reshape(COMPONENTS, -1, 3)
    moved = (joints[1:] - joints[1:].mean(axis=0)).reshape(SAMPLES, -1)
    joint_basis = (np.linalg.pinv(coefficients) @ moved).reshape(COMPONENTS, 16, 3)
    regressor = _regressor(np.stack([template, *shapes]), np.stack([joints[0], *joint_basis]))
    components, mean_pose = _grasps(joint_axes(regressor @ template, "right"))
    parents = np.array(PARENTS)
    parents[0] = 2**32 - 1  # as the official files say "none"
    return {
        "v_template": template.astype(np.float32),
        "shapedirs": np.moveaxis(shapes, 0, 2).astype(np.float32),
        "posedirs": np.moveaxis(_correctives().basis(len(template)), 0, 2),
        "J_regressor": regressor.astype(np.float32),
        "kintree_table": np.stack([parents, np.arange(16)]).astype(np.int64),
        "weights": source.weights.astype(np.float32),
        "f": _triangles(source.quads).astype(np.int32),
        "hands_components": components.astype(np.float32),
        "hands_mean": mean_pose.astype(np.float32),
        "quads": source.quads.astype(np.int32),
        "tip_vertex_ids": finger_tips(template, regressor @ template, source.weights).astype(np.int32),
        "credits": np.array(_CREDITS),
    }


def mirror(right: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The left hand: the right one's mirror image in X, vertex for vertex, with its faces turned round."""
    flip = np.array([-1, 1, 1], np.float32)
    quads = right["quads"][:, [0, 3, 2, 1]]  # split along the same diagonals
    return right | {
        "v_template": right["v_template"] * flip,
        "shapedirs": right["shapedirs"] * flip[:, None],
        "posedirs": np.moveaxis(_correctives().mirrored().basis(len(right["v_template"])), 0, 2),
        "f": _triangles(quads),
        "quads": quads,
        "hands_components": mirrored(right["hands_components"].reshape(-1, 3)).reshape(45, 45),
        "hands_mean": mirrored(right["hands_mean"].reshape(-1, 3)).ravel(),
    }


@dataclass(frozen=True)
class Source:
    """The right hand of the base mesh.

    keep:    (K,) vertex ids of skin and joint cubes.      skin: (V,) rows of `keep` that are skin.
    cubes:   name of a joint cube -> its rows of `keep`.   quads: (Q, 4) into skin.    weights: (V, 16).
    """

    keep: np.ndarray
    skin: np.ndarray
    cubes: dict[str, np.ndarray]
    quads: np.ndarray
    weights: np.ndarray

    @classmethod
    def cut(cls, base: BaseMesh, data: Path) -> Source:
        """Cut the hand off the base mesh with a clean loop of edges at the wrist."""
        bones = read_bone_weights(data / "mpfb2" / "rigs" / "standard", len(base.vertices))
        fingers = np.stack([bones[f"finger{_NUMBERS[name]}-{k}.R"] for name in FINGERS for k in (1, 2, 3)], axis=1)
        hand = fingers.sum(axis=1) + bones["wrist.R"] + sum(bones[f"metacarpal{k}.R"] for k in (1, 2, 3, 4))
        body = base.quads[base.groups["body"]]
        quads = _peeled(body[(hand[body] > _RIM).all(axis=1)])
        skin = np.unique(quads)
        names = [f"joint-r-finger-{number}-{k}" for number in range(1, 6) for k in (1, 2, 3, 4)]
        cubes = {name: base.group_vertices(name) for name in ["joint-r-hand", *names]}
        keep = np.unique(np.concatenate([skin, *cubes.values()]))
        rows = {name: np.searchsorted(keep, ids) for name, ids in cubes.items()}
        # palm, wrist and what is left of the forearm stay with the wrist
        weights = np.column_stack([1 - fingers[skin].sum(axis=1), fingers[skin]])
        weights = np.clip(weights, 0, None)
        weights /= weights.sum(axis=1, keepdims=True)
        return cls(keep, np.searchsorted(keep, skin), rows, np.searchsorted(skin, quads), weights)

    def flat(self, hands: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(N, K, 3) decimetres as the source holds them -> flat in the hand's frame: (N, V, 3) and (N, 16, 3) metres."""
        centre = {name: hands[:, rows].mean(axis=1) for name, rows in self.cubes.items()}
        wrist, middle = centre["joint-r-hand"], centre["joint-r-finger-3-1"]
        x = _unit(wrist - middle)
        across = centre["joint-r-finger-2-1"] - centre["joint-r-finger-5-1"]
        z = _unit(across - (across * x).sum(axis=1, keepdims=True) * x)
        frame = np.stack([x, np.cross(z, x), z], axis=1)  # (N, 3, 3), rows

        def placed(points: np.ndarray) -> np.ndarray:
            return (points - middle[:, None]) @ np.swapaxes(frame, 1, 2) * METRES

        joints = placed(np.stack([wrist, *(centre[name] for name in _cube_names((1, 2, 3)))], axis=1))
        tips = placed(np.stack([centre[name] for name in _cube_names((4,))], axis=1))
        turns = axis_angles(_straightening(joints, tips)).astype(np.float32)
        points = np.concatenate([placed(hands[:, self.skin]), joints], axis=1).astype(np.float32)
        weights = np.concatenate([self.weights, np.eye(16)]).astype(np.float32)
        posed = skin_numpy(points, joints.astype(np.float32), turns, weights, PARENTS)
        return posed[:, :-16], posed[:, -16:]


def _cube_names(numbers: tuple[int, ...]) -> list[str]:
    return [f"joint-r-finger-{_NUMBERS[name]}-{k}" for name in FINGERS for k in numbers]


def _peeled(quads: np.ndarray) -> np.ndarray:
    """The quads without those that stick out of the rim, until each has at most one edge there."""
    while True:
        edges = np.sort(np.stack([quads, np.roll(quads, -1, axis=1)], axis=2), axis=2)  # (Q, 4, 2)
        keys = edges[..., 0] * (quads.max() + 1) + edges[..., 1]
        _, which, counts = np.unique(keys, return_inverse=True, return_counts=True)
        rim = (counts[which.reshape(keys.shape)] == 1).sum(axis=1)
        if (rim < 2).all():
            return quads
        quads = quads[rim < 2]


def _straightening(joints: np.ndarray, tips: np.ndarray) -> np.ndarray:
    """(N, 16, 3, 3) turns that lay hands flat from their joints (N, 16, 3) and tips (N, 5, 3), with no needless twist."""
    count = len(joints)
    local = np.broadcast_to(np.eye(3), (count, 16, 3, 3)).copy()
    for row, name in enumerate(FINGERS):
        fan = np.radians(_FAN.get(name, 0))
        world = np.broadcast_to(np.eye(3), (count, 3, 3))
        for k in range(3):
            joint = 1 + 3 * row + k
            bone = _unit((tips[:, row] if k == 2 else joints[:, joint + 1]) - joints[:, joint])
            goal = _THUMB[k] if name == "thumb" else np.array([-np.cos(fan), 0, np.sin(fan)])
            turned = _between((world @ bone[..., None])[..., 0], goal / np.linalg.norm(goal)) @ world
            local[:, joint] = np.swapaxes(world, 1, 2) @ turned
            world = turned
    return local


def _between(start: np.ndarray, goal: np.ndarray) -> np.ndarray:
    """(N, 3, 3) least turns of unit vectors (N, 3) onto one goal (3,), less than half a turn away."""
    x, y, z = np.cross(start, goal).T
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=1).reshape(-1, 3, 3)
    return np.eye(3) + cross + cross @ cross / (1 + start @ goal)[:, None, None]


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def _correctives() -> Correctives:
    """Those of the right hand."""
    with resources.as_file(resources.files("garrick.bodies") / "hand_correctives.npz") as table:
        arrays = load_arrays(table)
    return Correctives(
        arrays["vertices"].astype(np.int32), arrays["joints"].astype(np.int32), arrays["tables"].astype(np.float32)
    )


def _macro_targets(data: Path, vertex_count: int, keep: np.ndarray) -> identity.Targets:
    """Age, sex, weight, muscle, height, proportions and race; the shapes of hands alone are not among the body data."""
    found = list(macro_targets(data / "mpfb2" / "targets"))
    offsets = np.stack([read_target(path, vertex_count)[keep] for path, _ in found])
    return identity.Targets(offsets, tuple(labels for _, labels in found), {})


def _triangles(quads: np.ndarray) -> np.ndarray:
    return quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3)


def _regressor(meshes: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """(16, V) weights >= 0, each row's sum 1, that give joints from vertices.

    meshes: (1 + B, V, 3) and joints: (1 + B, 16, 3): the average adult, and what each component adds.
    Non-negative least squares over near vertices; a little ridge spreads a joint over more of them.
    """
    regressor = np.zeros((16, meshes.shape[1]))
    for joint in range(16):
        near = np.argsort(np.linalg.norm(meshes[0] - joints[0, joint], axis=1))[: 160 if joint else 700]
        points = np.moveaxis(meshes[:, near], 1, 2).reshape(-1, len(near))
        system = np.vstack([points, np.full(len(near), 10.0), 3e-3 * np.eye(len(near))])
        goal = np.concatenate([joints[:, joint].ravel(), [10.0], np.zeros(len(near))])
        weights, _ = nnls(system, goal)
        regressor[joint, near] = weights / weights.sum()
    return regressor


def _grasps(axes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(45, 45) principal axes, rows, and (45,) mean of made-up poses of the right hand: joints curl together, more or less.

    axes: (15, 3, 3) of `joint_axes`. A prior with no data behind it: it only says that fingers move together.
    """
    rng, count = np.random.default_rng(_SEED), 2000
    together = rng.beta(1.2, 1.8, (count, 1))
    curl = np.clip(0.75 * together + 0.35 * rng.normal(0, 0.5, (count, 5)) + 0.05, 0, 1)
    spread = rng.normal(0, 0.3, (count, 1)) * np.array([1, 0.1, -1, -0.6, 0.8])
    turned = np.zeros((count, 5, 3, 3))
    turned[..., 0] = curl[..., None] * JOINT_LIMITS[:, 0, 1].reshape(5, 3) * (0.85, 0.85, 0.7)
    turned[:, :, 0, 1] = np.radians(15) * spread
    turned[:, 4, 0, 1:] += np.radians([25, -25]) * curl[:, 4, None]  # the thumb comes across the palm
    turned = turned.reshape(count, 15, 3) + rng.normal(0, 0.01, (count, 15, 3))
    poses = np.einsum("nja,jac->njc", turned, axes).reshape(count, 45)
    _, _, components = np.linalg.svd(poses - poses.mean(axis=0), full_matrices=False)
    components *= np.sign(components[np.arange(45), np.abs(components).argmax(axis=1)])[:, None]
    return components, poses.mean(axis=0)
