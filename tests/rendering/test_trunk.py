"""The torso of the photo: shoulders are lifted, the trunk leans and turns, and at rest it is the photo."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from garrick.bodies.body import Figure, make_figure
from garrick.bodies.head import load_head
from garrick.context import RunContext
from garrick.core.camera import CameraPath
from garrick.core.performance import BODY_JOINTS, Performance
from garrick.core.rotation import rotation_matrices
from garrick.core.skeleton import TRUNK, head_carried
from garrick.rendering.render import Stage, prepare, run
from garrick.rendering.trunk import make_trunk
from hypothesis import given
from hypothesis import strategies as some


@pytest.fixture(scope="module")
def figure(portrait) -> Figure:
    return make_figure(load_head(), portrait.identity)


@pytest.fixture(scope="module")
def stage(portrait, figure) -> Stage:
    stage = prepare(portrait, RunContext())
    return replace(stage, trunk=make_trunk(stage.sheet, figure, portrait.camera))


def body(**degrees: tuple[float, float, float]) -> np.ndarray:
    """(13, 3) axis-angle of joints by name."""
    pose = np.zeros((len(BODY_JOINTS), 3), np.float32)
    for name, turn in degrees.items():
        pose[BODY_JOINTS.index(name)] = np.radians(turn)
    return pose


def moved(stage: Stage, pose: np.ndarray) -> np.ndarray:
    """(G, 2) pixels by which the sheet's points are seen to move."""
    assert stage.trunk is not None
    way, camera = stage.trunk.moved(pose), stage.portrait.camera
    assert way is not None
    return camera.project(stage.sheet.rest + way)[:, :2] - camera.project(stage.sheet.rest)[:, :2]


def torso(stage: Stage) -> np.ndarray:
    """(G,) bool: below the head, above what is still, within the picture."""
    x, y = stage.sheet.photo.T
    width, height = stage.portrait.camera.size
    held = stage.sheet.grip + stage.sheet.pull
    return (held < 0.4) & (y > 0.7 * height) & (y < 0.92 * height) & (x > 0) & (x < width)


def test_at_rest_nothing_moves(stage):
    assert stage.trunk is not None
    assert stage.trunk.moved(body()) is None
    assert stage.trunk.moved(body(left_shoulder=(0, 0, -70), right_elbow=(0, 40, 0))) is None  # arms are not the trunk


def test_a_shrug_lifts_the_shoulders_and_one_shoulder_lifts_one(stage):
    both = moved(stage, body(left_collar=(0, 0, 12), right_collar=(0, 0, -12)))
    x, y = stage.sheet.photo.T
    width, height = stage.portrait.camera.size
    sides = torso(stage) & (np.abs(x - width / 2) > 0.35 * width)
    assert sides.sum() > 5
    assert both[sides, 1].max() < 0  # up is less
    assert both[sides, 1].min() < -0.02 * height
    left = moved(stage, body(left_collar=(0, 0, 12)))
    right_half = torso(stage) & (x < 0.4 * width)  # the subject's right
    np.testing.assert_allclose(left[right_half], 0, atol=0.2)
    assert left[sides & (x > width / 2), 1].min() < -0.02 * height
    assert np.abs(both[y > height]).max() < 0.01  # and nothing at the frame's lower edge


def test_the_trunk_leans_and_turns_as_its_joints_say(stage):
    spine = ("spine1", "spine2", "spine3")
    lean = moved(stage, body(**dict.fromkeys(spine, (0, 0, 8 / 3))))
    turn = stage.trunk.moved(body(**dict.fromkeys(spine, (0, 4, 0)))) if stage.trunk else None
    assert turn is not None
    here = torso(stage)
    assert (lean[here, 0] < 0).all()  # to the subject's right, the picture's left
    x = stage.sheet.photo[here, 0]
    assert np.corrcoef(x, turn[here, 2])[0, 1] < -0.9  # to the subject's left: that shoulder goes back
    assert np.corrcoef(x, lean[here, 1])[0, 1] < -0.9  # the left shoulder rises, the right one falls


@given(some.lists(some.floats(-0.2, 0.2), min_size=15, max_size=15))
def test_the_neck_goes_where_the_head_goes(figure, numbers):
    """Where sheet and head meet, both are carried alike."""
    from garrick.rendering.trunk import _BONES, _bones

    pose = np.zeros((13, 3))
    pose[_BONES[:5]] = np.reshape(numbers, (5, 3))
    joints = figure.joints[_BONES].astype(np.float64)
    rows = [[*BODY_JOINTS, "head"].index(name) for name in TRUNK]
    neck = _bones(rotation_matrices(pose[_BONES]), joints, np.zeros((2, 3)))[4]
    head = figure.joints[rows[-1]].astype(np.float64)
    np.testing.assert_allclose(neck[:, :3] @ head + neck[:, 3], head_carried(pose, figure.joints[rows]), atol=1e-6)


def test_frames_follow_and_a_resting_one_is_the_photos(portrait, stage):
    from scipy.ndimage import binary_fill_holes

    still = body(left_wrist=(1, 0, 0))
    shrug = body(left_collar=(0, 0, 14), right_collar=(0, 0, -14), spine2=(0, 0, 6))
    poses = np.stack([still, shrug, shrug * 0.5])
    performance = replace(
        Performance.rest(3, Fraction(25)),
        identity=portrait.identity,
        body_pose=poses,
        **{
            name: np.repeat(getattr(portrait, name)[None], 3, 0).astype(np.float32)
            for name in ("face", "head_rotation", "gaze")
        },
    )
    take = run(portrait, performance, CameraPath.still(portrait.camera, 3, Fraction(25)), RunContext())
    rest, lifted, half = (take.render(frame) for frame in range(3))
    assert np.abs(rest.plate.astype(int) - portrait.image).mean() < 0.5
    shoulder = np.s_[-60:-30, :]
    assert np.abs(lifted.plate[shoulder].astype(int) - rest.plate[shoulder]).mean() > 2
    for frame in (lifted, half):
        person = frame.rgba[..., 3] >= 64
        assert not (np.asarray(binary_fill_holes(person, np.ones((3, 3)))) & ~person).any()
        np.testing.assert_array_equal(frame.ids[-1] > 0, rest.ids[-1] > 0)  # the lowest row stays
