"""Building the body: where it is cut, what the T-pose comes from, and the promise that the same data give the same model."""

from __future__ import annotations

import numpy as np
import pytest
from garrick.bodies import build_body, identity
from garrick.bodies.body import load_body
from garrick.bodies.body_bones import BONES, bone_transforms
from garrick.bodies.body_source import Cut, Stand
from garrick.bodies.build_body import build_arrays
from garrick.bodies.dual_quaternions import quaternions_of, skin_dual_numpy
from garrick.bodies.head import load_head
from garrick.bodies.makehuman import read_base_mesh, read_bone_weights
from garrick.core.performance import BODY_JOINTS
from garrick.core.rotation import axis_angles, rotation_matrices


@pytest.fixture(scope="module")
def source(body_data):
    """The base mesh, cut, and its weights as the base person has them."""
    base = read_base_mesh(body_data / "mpfb2" / "3dobjs" / "base.obj")
    cut = Cut.of(base, body_data, len(load_head().template))
    bones = read_bone_weights(body_data / "mpfb2" / "rigs" / "standard", len(base.vertices))
    return cut, cut.skinning(bones, base.vertices[cut.keep])


@pytest.fixture(scope="module")
def targets(source, body_data):
    """The targets of all that is sampled: read once, as that takes seconds."""
    cut, _ = source
    return identity.read_targets(body_data / "mpfb2" / "targets", len(cut.base.vertices), cut.keep)


def test_building_anew_gives_the_cached_body(body_data, targets, monkeypatch):
    monkeypatch.setattr(identity, "read_targets", lambda *_: targets)
    lines = []
    arrays, cached = build_arrays(body_data, lines.append), load_body()
    for name in ("rim", "stitch_rims", "quads", "quad_parts", "quad_uvs", "part_sizes"):
        np.testing.assert_array_equal(arrays[name], getattr(cached, name))
    for name in ("template", "joint_template", "weights", "uvs", "stitch_weights"):
        np.testing.assert_allclose(arrays[name], getattr(cached, name), atol=1e-5)
    np.testing.assert_allclose(arrays["identity_basis"].astype(np.float32), cached.identity_basis, atol=2e-4)
    assert "CC0" in str(arrays["credits"])
    assert lines


def test_nothing_is_built_twice(body_data, monkeypatch):
    load_body()
    monkeypatch.setattr(build_body, "build_arrays", lambda *_: pytest.fail("built again"))
    assert build_body.ensure_built().exists()


def test_parts_meet_on_the_source_s_own_vertices(source):
    cut, _ = source
    assert [len(rim) for rim in cut.rims] == [42, 20, 20]
    for rim, ids in zip(cut.rims, (cut.head, *cut.hands), strict=True):
        assert np.isin(rim, ids).all()
        assert not np.isin(cut.own, ids).any()
    assert (cut.figure[cut.quads] >= 0).all()
    assert len(np.unique(cut.figure[cut.figure >= 0])) == (cut.figure >= 0).sum()
    places = cut.base.vertices
    np.testing.assert_allclose(places[cut.hands[0]], places[cut.hands[1]] * (-1, 1, 1), atol=1e-4)


def test_weights_are_whole_and_alike_on_both_sides(source):
    cut, weights = source
    used = np.concatenate([cut.body, *cut.hands])
    assert weights[used].min() > -1e-9
    np.testing.assert_allclose(weights[used].sum(axis=1), 1, atol=1e-6)
    left, right = (weights[cut.hands[side]] for side in (0, 1))
    swapped = [BONES.index(name.replace("left", "x").replace("right", "left").replace("x", "right")) for name in BONES]
    np.testing.assert_allclose(left, right[:, swapped], atol=1e-3)
    arm = [BONES.index(f"left_{name}") for name in ("shoulder", "upper_arm1", "upper_arm2")]
    assert weights[cut.head][:, arm].max() == 0  # arms leave the head model's shoulders alone
    assert weights[cut.own][:, arm].sum(axis=1).max() > 0.95


def test_the_source_s_own_pose_comes_back_out_of_the_t_pose(source):
    """The one pose for which there is a sculpted shape: arms half down, elbows half bent, hands as they hang."""
    cut, weights = source
    stand = Stand.of(cut, cut.base.vertices[cut.keep][None].astype(np.float32))
    laid = stand.unposed(cut.body, weights[cut.body])[0]
    pose = np.zeros((13, 3))
    for side in ("left", "right"):
        carried = np.eye(3)
        for joint in ("shoulder", "elbow", "wrist"):
            w, x, y, z = stand.quaternions[0, BONES.index(f"{side}_{joint}")]
            angle = 2 * np.arctan2(np.linalg.norm((x, y, z)), w)
            back = rotation_matrices(-np.array([x, y, z]) / max(np.linalg.norm((x, y, z)), 1e-12) * angle)
            pose[BODY_JOINTS.index(f"{side}_{joint}")] = axis_angles(carried.T @ back)
            carried = back
    assert np.degrees(np.abs(pose[BODY_JOINTS.index("left_shoulder"), 2])) == pytest.approx(50, abs=6)
    quaternions, shifts = bone_transforms(np, pose, np.zeros(3), stand.joints[0])
    posed = skin_dual_numpy(laid, quaternions, shifts, weights[cut.body])
    np.testing.assert_allclose(posed, stand.people[0, cut.local[cut.body]], atol=2e-5)
    fore = [BONES.index(f"left_forearm{number}") for number in (1, 2, 3)]
    assert np.ptp(laid[weights[cut.body][:, fore].sum(axis=1) > 0.9, 1]) < 0.12  # level


def test_quaternions_of_the_unposing_are_near_their_parents(source):
    cut, _ = source
    stand = Stand.of(cut, cut.base.vertices[cut.keep][None].astype(np.float32))
    upright = quaternions_of(np, np.zeros(3))
    assert ((stand.quaternions @ upright) > 0).all()


def test_heads_tell_their_bodies(source, targets):
    """The regression on people that the model has not seen, in metres of skin."""
    cut, weights = source
    drawn, _ = identity.sample(targets, 40, np.random.default_rng(77))
    people = (drawn @ targets.offsets.reshape(len(targets.offsets), -1)).reshape(40, -1, 3)
    people += cut.base.vertices[cut.keep].astype(np.float32)
    truth = Stand.of(cut, people).unposed(cut.body, weights[cut.body])
    head, body = load_head(), load_body()
    basis = head.identity_basis[:, : len(cut.head)].reshape(len(head.identity_basis), -1)
    seen = (cut.anchored(people)[:, cut.local[cut.head]] - head.template[: len(cut.head)]).reshape(40, -1)
    coefficients = np.linalg.solve(basis @ basis.T, basis @ seen.T).T
    told = np.stack([body.shape(one)[0] for one in coefficients])
    error = np.linalg.norm(told - truth, axis=2)
    assert error.mean() < 0.005
    assert np.percentile(error, 95) < 0.013
