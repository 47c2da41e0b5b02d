"""Every face of 96 pixels and more is found, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data
from garrick.perception.faces import detect_faces
from garrick.perception.landmarks import face_landmarks
from PIL import Image

FACE = (slice(0, 260), slice(100, 360))  # of the astronaut, hair and all; the face itself is 108 pixels high


def test_the_astronaut_is_found_once_and_named_parts_lie_right():
    (face,) = detect_faces(skimage.data.astronaut())
    right_eye, left_eye, nose, mouth = face.points[:4]
    assert 200 < right_eye[0] < nose[0] < left_eye[0] < 250
    assert right_eye[1] < nose[1] < mouth[1]
    assert face.box[0] < right_eye[0] < left_eye[0] < face.box[2]


def test_small_faces_in_a_group_photo_of_12_megapixels_are_all_found():
    rng = np.random.default_rng(0)
    photo = np.clip(rng.normal(120, 12, (3000, 4000, 1)) + np.linspace(0, 60, 4000)[:, None], 0, 255)
    photo = np.repeat(photo.astype(np.uint8), 3, axis=2)
    face = np.asarray(Image.fromarray(skimage.data.astronaut()[FACE]).resize((235, 235)))  # 98 pixels of face
    places = [(90, 60), (900, 2600), (1930, 1400), (2755, 333), (3700, 2700)]
    for x, y in places:
        photo[y : y + 235, x : x + 235] = face
    found = detect_faces(photo)
    assert len(found) == len(places)
    for detected, (x, y) in zip(found, places, strict=True):  # from left to right
        assert x < detected.points[2][0] < x + 235
        assert y < detected.points[2][1] < y + 235
        assert face_landmarks(photo, detected)[1] > 0.9


@pytest.mark.parametrize("name", ["brick", "grass", "gravel", "chelsea", "coffee", "rocket", "text", "page"])
def test_pictures_without_people_hold_no_face(name):
    picture = getattr(skimage.data, name)()
    picture = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)
    present = [face_landmarks(picture, face)[1] for face in detect_faces(picture)]
    assert not [presence for presence in present if presence > 0.5]


@pytest.mark.parametrize("shape", [(100, 2000), (2000, 100), (96, 96)])
def test_odd_shapes_are_searched_without_a_fault(shape):
    assert detect_faces(np.full((*shape, 3), 90, np.uint8)) == []
