"""The landmarks follow the face, however the photo is turned, mirrored or scaled."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data
from garrick.perception.faces import detect_faces
from garrick.perception.landmarks import face_landmarks
from PIL import Image

ASTRONAUT = skimage.data.astronaut()
RIGHT_EYE, LEFT_EYE, NOSE, CHIN, FOREHEAD = 468, 473, 1, 152, 10


def read(picture: np.ndarray) -> np.ndarray:
    """The landmarks of the one face; the detector may offer more, the presence tells them apart."""
    looks = [face_landmarks(picture, face) for face in detect_faces(picture)]
    (points,) = [points for points, presence in looks if presence > 0.8]
    return points


@pytest.fixture(scope="module")
def points():
    return read(ASTRONAUT)


def width(points: np.ndarray) -> float:
    return float(np.ptp(points[:468, 0]))


def test_the_parts_lie_where_the_photo_shows_them(points):
    # read off an eightfold enlargement by eye
    seen = {RIGHT_EYE: (203.3, 101), LEFT_EYE: (246.7, 103.3), 61: (203, 140), 291: (246.5, 140.5)}
    for landmark, place in seen.items():
        assert np.linalg.norm(points[landmark] - place) < 3, (landmark, points[landmark])
    assert points[CHIN, 1] == pytest.approx(178, abs=3)  # where along the chin's flat bottom is nobody's to say


def test_a_mirrored_face_has_mirrored_landmarks(points):
    mirrored = read(ASTRONAUT[:, ::-1])
    mirrored[:, 0] = 512 - mirrored[:, 0]
    swapped = {RIGHT_EYE: LEFT_EYE, LEFT_EYE: RIGHT_EYE, NOSE: NOSE, CHIN: CHIN, FOREHEAD: FOREHEAD, 61: 291, 33: 263}
    error = [np.linalg.norm(points[one] - mirrored[other]) for one, other in swapped.items()]
    assert np.mean(error) < 0.015 * width(points)


@pytest.mark.parametrize("size", [700, 1500])
def test_a_larger_photo_has_larger_landmarks(points, size):
    large = read(np.asarray(Image.fromarray(ASTRONAUT).resize((size, size), Image.Resampling.LANCZOS)))
    error = np.linalg.norm(large * 512 / size - points, axis=1)
    assert error.mean() < 0.01 * width(points)
    # no common shift: pixel centres are counted alike on both sides of every crop
    assert np.abs((large * 512 / size - points).mean(axis=0)).max() < 0.005 * width(points)


@pytest.mark.parametrize("degrees", [-25, 25])
def test_a_tilted_photo_has_tilted_landmarks(points, degrees):
    tilted = read(np.asarray(Image.fromarray(ASTRONAUT).rotate(degrees, Image.Resampling.BICUBIC)))
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    error = np.linalg.norm((points - 256) @ turn.T + 256 - tilted, axis=1)
    assert error[:468].mean() < 0.02 * width(points)


def test_the_same_photo_gives_the_same_landmarks(points):
    np.testing.assert_array_equal(read(ASTRONAUT), points)
