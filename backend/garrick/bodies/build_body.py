"""Makes the body out of the CC0 body data, once: `body-<recipe>.npz` in the user cache.

Sources: MakeHuman base mesh, targets and rig (CC0), rig weights file (NAVER, CC0). The result is CC0 as well and fits the
head and the hands that are built from the same data: it ends where they begin. The recipe is deterministic. The source
stands in an A-pose: every sampled body is brought to the T-pose first, then principal components are taken, and regressed
on the identity of the head that the same sliders gave.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.spatial import KDTree

from garrick.bodies import build, build_hands, identity
from garrick.bodies.body import RECIPE, body_path
from garrick.bodies.body_bones import BONES
from garrick.bodies.body_source import Cut, Stand
from garrick.bodies.hand import load_hand
from garrick.bodies.head import Head, load_head
from garrick.bodies.makehuman import read_base_mesh, read_bone_weights
from garrick.bodies.store import write_model
from garrick.core.easing import smoothstep

COMPONENTS = 16
SAMPLES = 1000
_ADULT = np.array([[0.6, 0.5, 0.5, 0.5, 0.5, 0.5, 1 / 3, 1 / 3, 1 / 3]])  # macro sliders of the head's average adult
_REACH = (0.07, 0.05, 0.05)  # metres over which the body gives way to the rims of head, left and right hand
_NEAR = 4  # rim vertices that a vertex listens to
_RIDGE = 1e-2  # of a coefficient's variance
_CREDITS = "Body: CC0. MakeHuman team (base mesh, targets, rig); NAVER (weights); Garrick."


def ensure_built(progress: Callable[[str], None] = lambda line: None) -> Path:
    """Build the body, and the head and the hands that it fits, unless they are there; a minute in all.

    Raises MissingError without the body data and OutputError where it can't be written.
    """
    from garrick.weights import registry

    build.ensure_built(progress)
    build_hands.ensure_built(progress)
    path = body_path()
    if not path.exists():
        write_model(path, build_arrays(registry.path("body_data"), progress), compress=False)
    return path


def build_arrays(data: Path, progress: Callable[[str], None]) -> dict[str, np.ndarray]:
    """The arrays of `bodies.body.Body` from the body data folder, for the head and the hands in the user cache."""
    base = read_base_mesh(data / "mpfb2" / "3dobjs" / "base.obj")
    head, hands = load_head(), (load_hand("left"), load_hand("right"))
    cut = Cut.of(base, data, len(head.template))
    progress("sampling bodies")
    targets = identity.read_targets(data / "mpfb2" / "targets", len(base.vertices), cut.keep)
    drawn, _ = identity.sample(targets, SAMPLES, np.random.default_rng(RECIPE))
    adult = np.zeros((1, drawn.shape[1]), np.float32)
    adult[:, : len(targets.macros)] = identity.macro_weights(targets, _ADULT)
    people = np.concatenate([adult, drawn]) @ targets.offsets.reshape(len(targets.offsets), -1)
    people = people.reshape(len(people), -1, 3) + base.vertices[cut.keep].astype(np.float32)
    skinning = cut.skinning(read_bone_weights(data / "mpfb2" / "rigs" / "standard", len(base.vertices)), people[0])
    stands = [Stand.of(cut, people[start : start + 50]) for start in range(0, len(people), 50)]
    bodies = np.concatenate([stand.unposed(cut.body, skinning[cut.body]) for stand in stands]).astype(np.float32)
    joints = np.concatenate([stand.joints for stand in stands])
    progress("principal components of bodies")
    mean, basis, coefficients = identity.principal_components(bodies[1:].reshape(SAMPLES, -1), COMPONENTS)
    moved = (joints[1:, :-1] - joints[1:, :-1].mean(axis=0)).reshape(SAMPLES, -1)
    heads = _coefficients(cut.anchored(people[1:])[:, cut.local[cut.head]], head.template, head.identity_basis)
    flat, _ = cut.hand.flat(people[1:, cut.local[cut.hand.keep]])
    palms = _coefficients(flat, hands[1].template, hands[1].identity_basis)
    template = mean.reshape(-1, 3)
    stitch_rims, stitch_weights = _stitches(template, cut)
    return {
        "credits": np.array(_CREDITS),
        "template": template.astype(np.float32),
        "identity_basis": basis.reshape(COMPONENTS, -1, 3).astype(np.float16),
        "joint_template": joints[1:, :-1].mean(axis=0).astype(np.float32),
        "joint_basis": (np.linalg.pinv(coefficients) @ moved).reshape(COMPONENTS, -1, 3).astype(np.float32),
        "identity_map": _regressed(heads, coefficients).astype(np.float32),
        "hand_map": _regressed(heads, palms).astype(np.float32),
        "rim": cut.figure[np.concatenate(cut.rims)].astype(np.int32),
        "stitch_rims": stitch_rims.astype(np.int32),
        "stitch_weights": stitch_weights.astype(np.float32),
        "weights": _figure_weights(cut, skinning, head).astype(np.float32),
        "quads": cut.figure[cut.quads].astype(np.int32),
        "quad_parts": cut.quad_parts.astype(np.uint8),
        "quad_uvs": cut.quad_uvs.astype(np.int32),
        "uvs": cut.uvs.astype(np.float32),
        "part_sizes": np.array(cut.part_sizes, np.int32),
    }


def _coefficients(meshes: np.ndarray, template: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """(N, B) least-squares coefficients of meshes (N, n, 3) that are the first n vertices of a model."""
    count = meshes.shape[1]
    design = basis[:, :count].reshape(len(basis), -1).astype(np.float64)
    off = (meshes - template[:count]).reshape(len(meshes), -1)
    return np.linalg.solve(design @ design.T, design @ off.T).T


def _regressed(given: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """(1 + B, K) ridge regression of wanted (N, K) on 1 and given (N, B)."""
    design = np.column_stack([np.ones(len(given)), given])
    penalty = _RIDGE * len(given) * np.eye(design.shape[1])
    penalty[0, 0] = 0
    return np.linalg.solve(design.T @ design + penalty, design.T @ wanted)


def _stitches(template: np.ndarray, cut: Cut) -> tuple[np.ndarray, np.ndarray]:
    """(N, 4) nearest vertices of the rims, and by how much of their moves a vertex goes along: all of it at the rim."""
    own, ends = len(cut.own), np.cumsum([0, *(len(rim) for rim in cut.rims)])
    near, weights = np.zeros((own, _NEAR), int), np.zeros((own, _NEAR))
    for start, end, reach in zip(ends, ends[1:], _REACH, strict=False):
        found = KDTree(template[own + start : own + end]).query(template[:own], _NEAR)
        distance, rows = np.asarray(found[0]), np.asarray(found[1])
        fade = 1 - distance[:, :1] / reach
        share = distance**-2.0
        share = smoothstep(fade) * share / share.sum(axis=1, keepdims=True)
        mine = fade[:, 0] > 0
        near[mine], weights[mine] = rows[mine] + start, share[mine]
    return near, weights


def _figure_weights(cut: Cut, skinning: np.ndarray, head: Head) -> np.ndarray:
    """(V, 24): the figure's; the head's own skinning keeps what turns with it, the body's joints share the rest."""
    weights = np.zeros((sum(cut.part_sizes), len(BONES)))
    for ids in (cut.own, *cut.hands):
        weights[cut.figure[ids]] = skinning[ids]
    weights[: len(head.template), BONES.index("head")] = 1
    held, turning = skinning[cut.head].copy(), BONES.index("head")
    held[:, turning] = 0
    held *= head.weights[: len(held), :1] / np.maximum(held.sum(axis=1, keepdims=True), 1e-9)
    held[:, turning] = 1 - held.sum(axis=1)
    weights[: len(held)] = held
    return weights
