"""From far beside the photo's view: streaks give way, what is well seen stays, and the head is whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from garrick.bodies.surface import quad_normals
from garrick.context import RunContext
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.rendering import shade
from garrick.rendering.attributes import HIDDEN, LID, OWN, REACH
from garrick.rendering.puppet import Pose
from garrick.rendering.render import Stage, prepare, render_pose


@pytest.fixture(scope="module")
def stage(portrait) -> Stage:
    return prepare(portrait, RunContext())


def turned(stage: Stage, pitch: float, yaw: float, roll: float = 0) -> Pose:
    """The photo's pose, turned by degrees."""
    turn = rotation_matrices(np.radians([pitch, yaw, roll]))
    source = stage.puppet.source
    return replace(source, rotation=axis_angles(turn @ rotation_matrices(source.rotation)))


def share(stage: Stage, pose: Pose, eye: np.ndarray) -> float:
    return stage.attributes.far.share(*stage.puppet.neck_motion(pose), eye)


def eye_of(stage: Stage) -> np.ndarray:
    view = stage.portrait.camera.world_to_camera
    return -view[:3, :3].T @ view[:3, 3]


@pytest.mark.parametrize("roll", [0, 90, -170])
def test_the_angle_between_head_and_camera_counts(stage, roll):
    eye = eye_of(stage)
    assert share(stage, turned(stage, 0, 0, roll), eye) == 0
    for pitch, yaw in ((0, 23), (0, -23), (23, 0), (-23, 0)):
        assert share(stage, turned(stage, pitch, yaw), eye) == 0
    for pitch, yaw in ((0, 39), (0, -39), (39, 0), (-39, 0)):
        assert share(stage, turned(stage, pitch, yaw), eye) > 0.9


def test_it_comes_smoothly_and_from_the_camera_alike(stage):
    eye, far = eye_of(stage), stage.attributes.far
    turn, shift = stage.puppet.neck_motion(stage.puppet.source)
    angles = np.radians(np.arange(0, 61))
    around = rotation_matrices(np.stack([0 * angles, angles, 0 * angles], axis=1))
    shares = np.array([far.share(turn, shift, one @ eye) for one in around])
    assert (shares[:26] == 0).all()
    assert (shares[41:] > 1 - 1e-6).all()
    assert (np.diff(shares) >= 0).all()
    assert np.diff(shares).max() < 0.11


def attributes(stage: Stage, pose: Pose) -> tuple[np.ndarray, np.ndarray]:
    """(V, shade.ATTRIBUTES), and (V,) how often a pixel of the photo is drawn out there."""
    posed = stage.puppet.pose(pose)
    camera = stage.portrait.camera
    table = stage.attributes.at(posed, camera.project(posed).astype(np.float32), stage.puppet.neck_motion(pose), camera)
    towards = eye_of(stage) - posed
    facing = (quad_normals(posed, stage.attributes.quads) * towards).sum(axis=1) / np.linalg.norm(towards, axis=1)
    return table, facing / np.maximum(np.abs(stage.attributes.far.facing), 1e-3)


def test_what_is_drawn_out_gives_way_and_nothing_else(stage, monkeypatch):
    pose, far = turned(stage, 0, 45), stage.attributes.far
    after, stretch = attributes(stage, pose)
    monkeypatch.setattr(type(far), "share", lambda *_: 0.0)
    before, _ = attributes(stage, pose)
    photo = before[:, shade.FROM_PHOTO] > 0.5
    lids = stage.attributes.traits[:, LID] != 0
    streaks = photo & (stretch > 10) & ~far.kept  # of such hair there is little on any head
    assert streaks.sum() > 3
    assert (after[streaks, shade.FROM_PHOTO] < 0.02).all()
    # what was the photo's is now its smooth colour, what was made up stays so
    keep = before[streaks, shade.FROM_PHOTO, None]
    mixed = far.colour[streaks] * keep + before[streaks, shade.FILL_R : shade.FILL_B + 1] * (1 - keep)
    np.testing.assert_allclose(after[streaks, shade.FILL_R : shade.FILL_B + 1], mixed, atol=0.01)
    sharp = lids | (stretch < 2.9)
    np.testing.assert_array_equal(after[sharp, shade.FROM_PHOTO], before[sharp, shade.FROM_PHOTO])
    np.testing.assert_array_equal(
        after[sharp, shade.FILL_R : shade.FILL_B + 1], before[sharp, shade.FILL_R : shade.FILL_B + 1]
    )


def test_hair_left_to_the_sheet_is_covered_from_far(stage):
    """As it is under wide hair: half of the head's hidden scalp is nobody's until the view is far."""
    hidden = (stage.attributes.traits[:, HIDDEN] > 0) & (stage.attributes.traits[:, REACH] == 1)
    traits = stage.attributes.traits.copy()
    traits[hidden, OWN] = 0
    far = replace(stage.attributes.far, behind=hidden.astype(np.float32))
    wide = replace(stage, attributes=replace(stage.attributes, traits=traits, far=far))
    for yaw, covers in ((20, 0), (45, 1)):
        table, _ = attributes(wide, turned(stage, 0, yaw))
        np.testing.assert_allclose(table[hidden, shade.COVER], covers, atol=0.02)


def test_no_hole_opens_up_to_sixty_degrees(stage, portrait):
    from scipy.ndimage import binary_fill_holes

    for pitch, yaw in ((0, 40), (0, -40), (0, 60), (0, -60), (40, 0), (-40, 0), (60, 0), (-30, 50)):
        frame = render_pose(stage, turned(stage, pitch, yaw), portrait.camera)
        person = frame.rgba[..., 3] >= 64
        assert not (np.asarray(binary_fill_holes(person, np.ones((3, 3)))) & ~person).any()
        assert not ((frame.ids == 0) & (frame.rgba[..., 3] > 128)).any()
