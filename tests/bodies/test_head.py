"""The head model: it loads, moves as named, and its numpy and torch forms agree."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from garrick.bodies import head as heads
from garrick.bodies.head import JOINTS, PARTS, Head, load_head
from garrick.core.arkit import ARKIT_INDEX, ARKIT_NAMES
from garrick.core.rotation import eye_rotations
from garrick.errors import MissingError
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.fixture(scope="module")
def head() -> Head:
    return load_head()


def face(**weights: float) -> np.ndarray:
    values = np.zeros(52, np.float32)
    for name, weight in weights.items():
        values[ARKIT_INDEX[name]] = weight
    return values


def test_missing_model_names_the_command(tmp_path):
    with pytest.raises(MissingError, match="garrick weights pull"):
        load_head(tmp_path / "none.npz")


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_torch_and_numpy_pose_alike(seed):
    head, rng = load_head(), np.random.default_rng(seed)
    batch = 2
    pose = {
        "identity": rng.normal(size=(batch, 100)),
        "face": rng.random((batch, 52)),
        "jaw": rng.normal(size=(batch, 3)) * 0.2,
        "neck": rng.normal(size=(batch, 3)) * 0.3,
        "eyes": rng.normal(size=(batch, 2, 3)) * 0.2,
    }
    pose = {name: value.astype(np.float32) for name, value in pose.items()}
    slow = head.vertices(**pose)
    fast = head.vertices(**{name: torch.from_numpy(value) for name, value in pose.items()})
    assert slow.shape == (batch, len(head.template), 3)
    np.testing.assert_allclose(slow, fast.numpy(), atol=2e-6)


def test_posing_is_differentiable(head):
    pose = torch.zeros(3, requires_grad=True)
    head.vertices(face=torch.zeros(52), neck=pose).sum().backward()
    assert pose.grad is not None
    assert torch.isfinite(pose.grad).all()


def test_every_arkit_shape_moves_something_and_none_runs_away(head):
    reach = np.linalg.norm(head.face_basis, axis=2).max(axis=1)
    for name, distance in zip(ARKIT_NAMES, reach, strict=True):
        assert 0.0005 < distance < 0.05, name


def test_left_is_the_subjects_left(head):
    for left, right in (("eyeBlinkLeft", "eyeBlinkRight"), ("mouthSmileLeft", "mouthSmileRight")):
        for name, sign in ((left, 1), (right, -1)):
            moved = np.linalg.norm(head.face_basis[ARKIT_INDEX[name]], axis=1)
            centre = (head.template * moved[:, None]).sum(axis=0) / moved.sum()
            assert centre[0] * sign > 0.01, name


def test_jaw_opens_the_lips_and_mouth_close_seals_them(head):
    rest = head.lip_gap(head.vertices(head.average_adult))
    wide = head.lip_gap(head.vertices(head.average_adult, face(jawOpen=0.6)))
    sealed = head.lip_gap(head.vertices(head.average_adult, face(jawOpen=0.3, mouthClose=0.3)))
    assert rest == 0
    assert wide > 0.015
    assert sealed < 0.05 * wide


def test_eyes_turn_about_their_joints_and_nothing_else_moves(head):
    gaze = eye_rotations(np.array([[0.3, 0.1], [0.3, 0.1]])).astype(np.float32)
    moved = head.vertices(eyes=gaze)
    still = head.weights[:, 3:].sum(axis=1) == 0
    np.testing.assert_allclose(moved[still], head.template[still], atol=1e-6)
    ball = head.weights[:, 3] > 0
    before = np.linalg.norm(head.template[ball] - head.joint_template[3], axis=1)
    np.testing.assert_allclose(np.linalg.norm(moved[ball] - head.joint_template[3], axis=1), before, atol=1e-6)


def test_skin_weights_sum_to_one_and_shoulders_stay(head):
    np.testing.assert_allclose(head.weights.sum(axis=1), 1, atol=1e-5)
    turned = head.vertices(neck=np.array([0, 0.5, 0], np.float32))
    shoulders = head.weights[:, JOINTS.index("root")] > 0.9
    assert shoulders.sum() > 20
    moved = np.linalg.norm(turned - head.template, axis=1)
    assert moved[shoulders].max() < 0.1 * moved.max()


def test_sliders_make_children_smaller_and_unknown_ones_are_refused(head):
    child = head.vertices(head.identity_from_sliders(age=0.2))
    adult = head.vertices(head.identity_from_sliders(age=0.7))
    skin = head.vertex_parts == PARTS.index("skin")
    assert np.ptp(child[skin, 1]) < 0.92 * np.ptp(adult[skin, 1])
    with pytest.raises(ValueError, match="beauty"):
        head.identity_from_sliders(beauty=1.0)


def test_landmarks_lie_where_their_names_say(head):
    points = head.landmarks(head.vertices(head.average_adult))
    assert points.shape == (468, 3)
    assert points[263, 0] > 0.03  # outer corner of the left eye
    assert points[33, 0] < -0.03  # outer corner of the right eye
    assert points[152, 1] < points[14, 1] < points[13, 1] + 0.002 < points[1, 1] < points[10, 1]  # chin .. forehead
    assert points[1, 2] > points[[33, 263, 152, 10], 2].max()  # the nose tip is foremost
    assert np.abs(points[[10, 1, 13, 152], 0]).max() < 0.004  # the middle line


def test_personal_head_is_the_general_one_with_its_identity(head):
    rng = np.random.default_rng(0)
    identity, weights = rng.normal(size=100).astype(np.float32), rng.random(52).astype(np.float32)
    neck = np.array([0.1, 0.2, 0.0], np.float32)
    own = head.personal(identity)
    np.testing.assert_allclose(
        own.vertices(face=weights, neck=neck), head.vertices(identity, weights, neck=neck), atol=1e-6
    )


def test_normals_point_out_of_the_head(head):
    skin = head.vertex_parts == PARTS.index("skin")
    normals = head.normals(head.template)
    centre = head.template[skin].mean(axis=0)
    outward = ((head.template - centre) * normals).sum(axis=1)[skin]
    assert (outward > 0).mean() > 0.85


def test_recipe_is_part_of_the_file_name():
    assert heads.head_path().name == f"head-{heads.RECIPE}.npz"
