"""The published rig of a whole figure: a host that follows the description gets Garrick's own figure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from garrick.bodies.body import joints, make_figure, pose
from garrick.bodies.body_limits import rotations_of
from garrick.bodies.dual_quaternions import multiplied, quaternions_of, skin_dual_numpy, turned
from garrick.bodies.figure_rig import MATERIALS, figure_rig_arrays
from garrick.bodies.head import load_head
from garrick.bodies.rig import rig_arrays
from garrick.core.performance import BODY_JOINTS
from garrick.core.skeleton import PARENTS
from garrick.core.turns import ROTATIONS

pytestmark = pytest.mark.usefixtures("body_data")


@pytest.fixture(scope="module")
def rig(portrait, body_data):
    return figure_rig_arrays(load_head(), portrait)


@pytest.fixture(scope="module")
def figure(portrait, body_data):
    return make_figure(load_head(), portrait.identity)


def in_a_host(rig, turns):
    """(V, 3): the mesh as a host poses it that blends by dual quaternions; turns: joint -> (3,) axis-angle."""
    quaternions, shifts = [], []
    for joint, (name, parent) in enumerate(zip(rig["joint_names"], rig["joint_parents"], strict=True)):
        turn, place = quaternions_of(np, np.asarray(turns.get(str(name), np.zeros(3)))), rig["joint_positions"][joint]
        moved = place
        if parent >= 0:
            turn = multiplied(np, quaternions[parent], turn)
            moved = turned(np, quaternions[parent], place) + shifts[parent]
        quaternions.append(turn)
        shifts.append(moved - turned(np, turn, place))
    return skin_dual_numpy(rig["vertices"], np.stack(quaternions), np.stack(shifts), rig["weights"])


def test_the_head_s_part_is_the_head_s_own_rig(rig, portrait):
    alone = rig_arrays(load_head(), portrait)
    assert set(rig) == set(alone)
    for name in ("vertices", "loops", "polygon_sizes", "uv", "photo_uv", "material", "material_colors"):
        np.testing.assert_array_equal(rig[name][: len(alone[name])], alone[name])
        assert rig[name].dtype == alone[name].dtype
    for name in ("shape_names", "shape_starts", "shape_vertices", "shape_deltas"):
        np.testing.assert_array_equal(rig[name], alone[name])
    assert rig["material_names"].tolist() == [*alone["material_names"], *MATERIALS]


def test_description_is_consistent(rig, figure):
    vertices, count = len(rig["vertices"]), len(rig["joint_names"])
    assert int(rig["polygon_sizes"].sum()) == len(rig["loops"]) == len(rig["uv"]) == len(rig["photo_uv"])
    assert len(rig["polygon_sizes"]) == len(rig["material"])
    assert rig["loops"].max() == vertices - 1
    assert rig["material"].max() < len(rig["material_names"]) == len(rig["material_colors"])
    assert rig["weights"].shape == (vertices, count)
    np.testing.assert_allclose(rig["weights"].sum(axis=1), 1, atol=1e-5)
    assert all(parent < joint for joint, parent in enumerate(rig["joint_parents"]))
    assert 0 <= rig["uv"].min() <= rig["uv"].max() <= 1
    np.testing.assert_allclose(rig["vertices"], pose(figure), atol=1e-6)


def test_every_joint_of_the_skeleton_is_there_and_turned_by_its_channel(rig, figure):
    names = rig["joint_names"].tolist()
    assert names == [*PARENTS, "jaw"]
    assert rig["joint_parents"][names.index("left_index1")] == names.index("left_wrist")
    np.testing.assert_allclose(rig["joint_positions"][:-1], joints(figure), atol=1e-6)
    channels = dict(zip(names, rig["joint_channels"].tolist(), strict=True))
    assert sorted(filter(None, channels.values())) == sorted(ROTATIONS)
    assert channels["left_elbow"] == "body_pose.left_elbow"
    assert channels["head"] == "head_rotation"
    assert channels["right_eye"] == "gaze.right"
    assert channels["left_middle1"] == "left_hand.3"
    assert channels["jaw"] == ""


def test_a_host_gets_the_same_body_where_nothing_twists(rig, figure):
    turned = np.zeros((13, 3))
    for joint, angles in {
        "spine2": (10, 5, 0), "left_collar": (0, 0, 12), "left_shoulder": (0, -40, -55), "left_elbow": (0, -90, 0),
        "right_shoulder": (0, -5, -80), "right_wrist": (0, 10, -40),
    }.items():  # fmt: skip
        turned[BODY_JOINTS.index(joint)] = np.radians(angles)
    body_pose = rotations_of(turned).astype(np.float32)
    fingers = np.zeros((15, 3), np.float32)
    fingers[3:6] = -0.5 * np.eye(3)[2]
    carried = np.linalg.norm(body_pose[BODY_JOINTS.index("spine2")])
    back = -body_pose[BODY_JOINTS.index("spine2")]  # a Performance's head turns in the body's space
    assert carried > 0
    turns = dict(zip(BODY_JOINTS, body_pose, strict=True)) | {"head": back}
    turns |= {f"left_middle{k + 1}": fingers[3 + k] for k in range(3)}
    plain = replace(figure, hands=tuple(replace(hand, pose_basis=0 * hand.pose_basis) for hand in figure.hands))
    ours, theirs = pose(figure, body_pose=body_pose, left_hand=fingers), in_a_host(rig, turns)
    blended = pose(plain, body_pose=body_pose, left_hand=fingers)
    apart = np.linalg.norm(blended - theirs, axis=1)
    trunk = np.arange(len(apart)) < figure.parts[2].start
    assert apart[trunk].max() < 2e-4
    assert apart.max() < 0.003  # fingers, which a hand model blends linearly
    assert 1e-4 < np.linalg.norm(ours - blended, axis=1).max() < 0.006  # and whose correctives no host has
    assert np.linalg.norm(ours - figure.rest, axis=1).max() > 0.3


def test_head_weights_are_the_head_model_s_where_it_turns(rig):
    head, names = load_head(), rig["joint_names"].tolist()
    size = len(head.template)
    for column, name in enumerate(("head", "jaw", "left_eye", "right_eye"), start=1):
        np.testing.assert_allclose(rig["weights"][:size, names.index(name)], head.weights[:, column], atol=1e-5)
    fingers = [column for column, name in enumerate(names) if "index" in name]
    assert rig["weights"][:size, fingers].max() == 0
