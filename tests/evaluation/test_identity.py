"""Who a face is: the same person, a changed one, another one; and the metrics on vectors whose answer is known."""

from pathlib import Path

import numpy as np
import pytest
from garrick.errors import InputError
from garrick.evaluation import identity_net
from garrick.evaluation.identity import acd, csim, identity_distance
from garrick.evaluation.identity_net import SAME_PERSON, face_chip, identity_vectors
from garrick.evaluation.sight import Sight
from hypothesis import given
from hypothesis import strategies as st
from optional_weights import needs_weights
from PIL import Image
from skimage import data, transform

DLIB = (-0.068573, 0.118569, 0.084297, 0.004168, -0.046128, -0.042733)


@pytest.fixture(scope="module")
def astronaut() -> np.ndarray:
    return face_chip(data.astronaut(), Sight().see(data.astronaut()))


def turned(points: np.ndarray, angle: float, scale: float, shift: tuple[float, float]) -> np.ndarray:
    cosine, sine = np.cos(angle) * scale, np.sin(angle) * scale
    return points @ np.array([[cosine, sine], [-sine, cosine]]) + shift


def test_one_person_is_at_one_and_at_no_distance() -> None:
    faces = np.random.default_rng(0).normal(size=(12, 128))
    assert csim(faces, faces).value == pytest.approx(1)
    assert identity_distance(faces, faces).value == 0
    assert acd(np.tile(faces[:1], (12, 1))).value == 0


def test_figures_of_vectors_that_are_known() -> None:
    faces = np.eye(3, 128)
    assert csim(faces, np.eye(1, 128)[0]).each == pytest.approx([1, 0, 0])
    assert identity_distance(faces, np.eye(1, 128)[0]).each == pytest.approx([0, 2**0.5, 2**0.5])
    assert acd(faces).value == pytest.approx(2**0.5)
    assert acd(np.vstack([faces, faces[:1]])).value == pytest.approx(5 / 6 * 2**0.5)  # one pair of six is the same


@given(st.floats(0.1, 9))
def test_the_cosine_knows_no_length_and_the_distance_does(times: float) -> None:
    faces = np.random.default_rng(1).normal(size=(10, 128))
    assert csim(faces * times, faces).value == pytest.approx(1)
    lengths = np.linalg.norm(faces, axis=1).mean()
    assert identity_distance(faces * times, faces).value == pytest.approx(abs(times - 1) * lengths)


def test_too_few_frames_are_warned_of_or_refused() -> None:
    faces = np.ones((4, 128))
    assert csim(faces, faces[0]).warning == "CSIM (dlib) rests on 4 of at least 10 samples that it needs."
    assert acd(faces).warning
    with pytest.raises(InputError, match="two frames"):
        acd(faces[:1])
    with pytest.raises(InputError, match="4 faces and 3"):
        csim(faces, faces[:3])


@given(st.floats(-3, 3), st.floats(0.3, 4), st.floats(-50, 50), st.floats(-50, 50))
def test_a_face_is_brought_upright_from_any_place(angle: float, scale: float, right: float, down: float) -> None:
    points = np.full((478, 2), np.nan)
    template = (identity_net._TEMPLATE + 0.25) / 1.5 * 150
    points[list(identity_net._POINTS)] = turned(template, angle, scale, (right, down))
    square = identity_net._chip_square(points)
    assert square.onto(points[list(identity_net._POINTS)], 150) == pytest.approx(template, abs=1e-6)


@needs_weights("face_identity")
def test_the_net_gives_what_dlib_gives() -> None:
    # dlib 20.0.1 on a chip that anybody can make: a ramp, its mirror and its transpose as red, green and blue
    ramp = np.tile((np.arange(150) * 255 // 149).astype(np.uint8), (150, 1))
    found = identity_vectors([np.stack([ramp, ramp[:, ::-1], ramp.T], axis=2)])[0]
    assert found[:6] == pytest.approx(DLIB, abs=1e-5)


@needs_weights("face_identity")
def test_light_size_and_turn_leave_the_person_and_another_face_does_not(
    astronaut: np.ndarray, sample_portrait: Path
) -> None:
    photo = data.astronaut()
    darker = (photo * 0.6).astype(np.uint8)
    smaller = (transform.rescale(photo, 0.5, channel_axis=2, anti_aliasing=True) * 255).astype(np.uint8)
    leaning = (transform.rotate(photo, 20, mode="edge") * 255).astype(np.uint8)
    changed = [face_chip(picture, Sight().see(picture)) for picture in (darker, smaller, leaning)]
    other = np.asarray(Image.open(sample_portrait).convert("RGB"))
    own, *faces = identity_vectors([astronaut, *changed, face_chip(other, Sight().see(other))])
    apart, alike = identity_distance(np.array(faces), own).each, csim(np.array(faces), own).each
    assert apart is not None
    assert alike is not None
    assert apart[:3].max() < 0.45 < SAME_PERSON < apart[3]
    assert alike[:3].min() > 0.94 > alike[3]


@needs_weights("face_identity")
def test_faces_are_seen_one_by_one_or_together_alike(astronaut: np.ndarray) -> None:
    together = identity_vectors([astronaut] * 9)
    assert together == pytest.approx(np.repeat(identity_vectors([astronaut]), 9, axis=0), abs=1e-5)
    assert identity_vectors([]).shape == (0, 128)
