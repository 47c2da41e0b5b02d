"""From photo to Portrait on real pictures, and the errors of those that cannot be used."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import skimage.data
from garrick.bodies.head import load_head
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.camera import CameraPath
from garrick.core.performance import Performance
from garrick.errors import Cancelled, InputError
from garrick.perception import analyse
from garrick.rendering import render
from PIL import Image


@pytest.fixture(scope="module")
def astronaut(tmp_path_factory):
    path = tmp_path_factory.mktemp("photos") / "astronaut.png"
    Image.fromarray(skimage.data.astronaut()).save(path)
    return path


@pytest.fixture(scope="module")
def fitted(astronaut):
    return analyse.run(astronaut, (256, 256), None, RunContext())


def test_a_smiling_astronaut_is_explained(fitted):
    assert fitted.report.reprojection_percent < 1.5
    assert abs(fitted.report.yaw) < 8
    assert abs(fitted.report.roll) < 8
    assert fitted.report.faces == 1
    assert np.abs(fitted.identity).max() < 5
    assert 0 <= fitted.face.min() <= fitted.face.max() <= 1
    assert np.abs(fitted.gaze).max() < 0.35


def test_the_projected_head_lies_on_the_landmarks(fitted):
    head = load_head()
    posed = head.vertices(fitted.identity, fitted.face, neck=fitted.head_rotation)
    there = fitted.camera.project(head.landmarks(posed))[:, :2]
    error = np.linalg.norm(there - fitted.landmarks[:468], axis=1)
    assert error.mean() == pytest.approx(fitted.report.reprojection_px, rel=0.02)


def test_the_matte_holds_the_face_and_not_the_corners(fitted):
    x, y = fitted.landmarks[1].astype(int)
    assert fitted.alpha[y, x] > 0.99
    assert fitted.alpha[2, 2] < 0.05
    assert fitted.alpha.dtype == np.float32


def test_light_is_brighter_where_the_photo_is(fitted):
    assert fitted.light.shape == (4, 3)
    assert np.isfinite(fitted.light).all()
    assert fitted.light[0].min() > 0


def test_the_same_photo_gives_the_same_portrait(astronaut, fitted):
    again = analyse.run(astronaut, (256, 256), None, RunContext())
    np.testing.assert_array_equal(again.identity, fitted.identity)
    np.testing.assert_array_equal(again.alpha, fitted.alpha)


def test_two_faces_ask_for_a_choice_and_take_it(tmp_path):
    picture = skimage.data.astronaut()[:300, 60:380]
    Image.fromarray(np.concatenate([picture, picture[:, ::-1]], axis=1)).save(tmp_path / "two.png")
    with pytest.raises(InputError, match=r"2 faces.*--face-index 0 to 1"):
        analyse.run(tmp_path / "two.png", (128, 128), None, RunContext())
    left = analyse.run(tmp_path / "two.png", (128, 128), 0, RunContext())
    assert left.report.faces == 2
    with pytest.raises(InputError, match="no face 2"):
        analyse.run(tmp_path / "two.png", (128, 128), 2, RunContext())


@pytest.mark.parametrize(
    ("picture", "says"),
    [
        (skimage.data.brick(), "No face"),
        (skimage.data.astronaut()[::2, ::2], "pixels high"),
        (skimage.data.astronaut()[:, 235:], "face"),
    ],
)
def test_unusable_photos_say_why(tmp_path, picture, says):
    Image.fromarray(picture).save(tmp_path / "a.png")
    with pytest.raises(InputError, match=says):
        analyse.run(tmp_path / "a.png", (128, 128), None, RunContext())


def test_a_bystander_too_small_to_use_asks_for_no_choice(tmp_path):
    photo = np.full((900, 1400, 3), 120, np.uint8)
    whole = skimage.data.astronaut()
    photo[100:612, 100:612] = whole
    small = np.asarray(Image.fromarray(whole[:300, 80:380]).resize((190, 190)))  # 68 pixels of face
    photo[500:690, 1100:1290] = small
    Image.fromarray(photo).save(tmp_path / "a.png")
    assert analyse.run(tmp_path / "a.png", (128, 128), None, RunContext()).report.faces == 1


@pytest.mark.parametrize("size", [(256, 384), (384, 256), (512, 512)])
def test_the_size_of_the_frames_changes_the_picture_and_not_the_person(astronaut, fitted, size):
    other = analyse.run(astronaut, size, None, RunContext())
    assert other.image.shape == (size[1], size[0], 3)
    assert other.alpha.shape == size[::-1]
    np.testing.assert_allclose(other.identity, fitted.identity, atol=0.1)
    np.testing.assert_allclose(other.face, fitted.face, atol=0.03)
    np.testing.assert_allclose(other.gaze, fitted.gaze, atol=0.01)
    assert other.report.yaw == pytest.approx(fitted.report.yaw, abs=0.3)
    distance = fitted.camera.world_to_camera[2, 3]
    assert other.camera.world_to_camera[2, 3] == pytest.approx(distance, rel=0.005)


def test_the_face_fills_its_share_of_the_frame(fitted):
    tall = np.ptp(fitted.landmarks[:468, 1]) / 256
    assert 0.38 < tall < 0.5
    assert ((fitted.landmarks > 0) & (fitted.landmarks < 256)).all()


@pytest.fixture(scope="module")
def turned(portrait, tmp_path_factory):
    """Renders of the sample portrait with its head turned: {degrees: path}."""
    folder, angles = tmp_path_factory.mktemp("turned"), (-60, -25, 0, 25, 60)
    count, fps = len(angles), Fraction(25)
    performance = replace(
        Performance.rest(count, fps, portrait.identity),
        face=portrait.face[None].repeat(count, axis=0),
        head_rotation=np.stack([np.zeros(count), np.radians(angles), np.zeros(count)], axis=1).astype(np.float32),
        gaze=portrait.gaze[None].repeat(count, axis=0),
    )
    take = render.run(portrait, performance, CameraPath.still(portrait.camera, count, fps), RunContext())
    paths = {degrees: folder / f"{degrees}.png" for degrees in angles}
    for index, path in enumerate(paths.values()):
        Image.fromarray(take.render(index).plate).resize((512, 512)).save(path)
    return paths


@pytest.mark.parametrize("degrees", [-25, 0, 25])
def test_a_rendered_turn_is_found_again(turned, degrees):
    found = analyse.run(turned[degrees], (256, 256), None, RunContext())
    assert found.report.yaw == pytest.approx(degrees, abs=5)


@pytest.mark.parametrize("degrees", [-60, 60])
def test_a_profile_is_refused(turned, degrees):
    with pytest.raises(InputError, match=r"turned \d\d degrees away"):
        analyse.run(turned[degrees], (128, 128), None, RunContext())


@pytest.mark.parametrize("cut", [np.s_[:, 222:], np.s_[:, :228], np.s_[120:, :], np.s_[:150, :]])
def test_half_a_face_is_refused(tmp_path, cut):
    Image.fromarray(np.ascontiguousarray(skimage.data.astronaut()[cut])).save(tmp_path / "a.png")
    with pytest.raises(InputError, match=r"cut off|No face"):
        analyse.run(tmp_path / "a.png", (128, 128), None, RunContext())


def test_progress_is_told_and_cancelling_stops(astronaut):
    told = []
    ctx = RunContext(progress=lambda phase, done, total: told.append((phase, done, total)))
    analyse.run(astronaut, (128, 128), None, ctx)
    assert told == [("portrait", done, 5) for done in range(6)]
    ctx.cancel.set()
    with pytest.raises(Cancelled):
        analyse.run(astronaut, (128, 128), None, ctx)


@pytest.mark.parametrize("name", ["man/0101.png", "woman/0033.png", "woman/0101.png"])
def test_portraits_of_others_are_explained(shared_data, name):
    folder = shared_data / "train" / "antgroup_echomimic_v2" / "ref_imgs_by_FLUX"
    portrait = analyse.run(folder / name, (256, 256), None, RunContext())
    assert portrait.report.reprojection_percent < 0.8
    assert abs(portrait.report.yaw) < 8
    assert np.degrees(np.abs(portrait.gaze)).max() < 12  # they look at the camera
    assert portrait.face[[ARKIT_INDEX["eyeBlinkLeft"], ARKIT_INDEX["eyeBlinkRight"]]].max() < 0.15
