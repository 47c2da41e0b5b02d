"""From photo to Portrait on real pictures, and the errors of those that cannot be used."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data
from garrick.bodies.head import load_head
from garrick.context import RunContext
from garrick.core.rotation import rotation_matrices
from garrick.errors import InputError
from garrick.perception import analyse
from garrick.perception.faces import detect_faces
from garrick.perception.fit import fit_head
from garrick.perception.landmarks import face_landmarks
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


def test_a_known_head_is_recovered():
    """Landmarks projected from the model itself: pose, expression and shape come back."""
    head, rng = load_head(), np.random.default_rng(4)
    identity = (rng.normal(size=100) * (np.arange(100) < 10) * 0.6).astype(np.float32)
    face = np.zeros(52, np.float32)
    face[[17, 23, 24]] = 0.3, 0.4, 0.4  # jawOpen and a smile
    neck = np.array([0.08, 0.2, -0.05], np.float32)
    posed = head.vertices(identity, face, neck=neck)
    focal, size = 1100.0, 512
    points = head.landmarks(posed) * (1, -1, -1) + (0, 0.02, 0.75)
    landmarks = np.zeros((478, 2))
    landmarks[:468] = points[:, :2] / points[:, 2:] * focal + size / 2
    pivot = head.joints(identity)[1]
    for joint, rows in ((4, slice(468, 473)), (3, slice(473, 478))):
        centre = (rotation_matrices(neck) @ (head.joints(identity)[joint] - pivot) + pivot) * (1, -1, -1) + (
            0,
            0.02,
            0.75,
        )
        pixel, radius = centre[:2] / centre[2] * focal + size / 2, focal * 0.00585 / centre[2]
        landmarks[rows] = pixel + radius * np.array([[0, 0], [1, 0], [0, 1], [-1, 0], [0, -1]])
    intrinsics = np.array([[focal, 0, size / 2], [0, focal, size / 2], [0, 0, 1]])
    fit = fit_head(head, landmarks, intrinsics)
    assert fit.errors.mean() < 0.6
    angle = rotation_matrices(fit.rotation) @ rotation_matrices(neck).T
    assert np.degrees(np.arccos(np.clip((np.trace(angle) - 1) / 2, -1, 1))) < 2.5
    assert fit.face[17] == pytest.approx(0.3, abs=0.1)
    again = head.landmarks(head.vertices(fit.identity, fit.face))
    true = head.landmarks(head.vertices(identity, face))
    scale = np.ptp(true[:, 0])
    assert np.linalg.norm((again - again.mean(0)) - (true - true.mean(0)), axis=1).mean() < 0.02 * scale


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


def test_a_small_face_in_a_large_photo_is_found():
    face = skimage.data.astronaut()[:300, 80:380]
    photo = np.full((1500, 2000, 3), 120, np.uint8)
    photo[900:1200, 1500:1800] = face
    faces = detect_faces(photo)
    assert len(faces) == 1
    assert 1500 < faces[0].points[2][0] < 1800
    points, presence = face_landmarks(photo, faces[0])
    assert presence > 0.9
    assert points.shape == (478, 2)
