"""An iris that the net put beside the mark is moved onto its edge."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from garrick.bodies.blink import LIDS
from garrick.perception.iris import IRISES, refine_irises

RADIUS = 12.0
CENTRES = np.array([[170.0, 100.0], [80.0, 100.0]])  # the subject's left eye is at the right


def eyes(found: np.ndarray, opening: float) -> tuple[np.ndarray, np.ndarray]:
    """A drawn pair of eyes with the irises at `CENTRES`, and landmarks that say `found` (2, 2)."""
    picture = np.full((200, 250, 3), 170, np.uint8)
    landmarks = np.zeros((478, 2))
    turn = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    for centre, guess, lids, rows in zip(CENTRES, found, LIDS, IRISES, strict=True):
        loop = centre + np.stack([-np.cos(turn) * 30, np.sin(turn) * opening], axis=1)
        landmarks[list(lids)] = loop
        eye, hole = np.full_like(picture, 225), np.zeros(picture.shape[:2], np.uint8)
        cv2.circle(
            eye, tuple(np.round((centre - 0.5) * 16).astype(int)), int(RADIUS * 16), (70, 50, 40), -1, cv2.LINE_AA, 4
        )
        cv2.fillPoly(hole, [np.round((loop - 0.5) * 16).astype(np.int32)], (1,), shift=4)
        picture = np.where(hole[..., None] > 0, eye, picture)
        rim = np.array([[0, 0], [1, 0], [0, -1], [-1, 0], [0, 1]]) * RADIUS
        landmarks[rows] = guess + rim
    return picture, landmarks


@pytest.mark.parametrize("off", [(2.5, 0.0), (-2.5, 1.0), (0.0, 2.0), (0.0, 0.0)])
def test_the_iris_is_centred_on_what_the_picture_shows(off):
    picture, landmarks = eyes(CENTRES + off, opening=13.0)
    refined = refine_irises(picture, landmarks)
    for centre, rows in zip(CENTRES, IRISES, strict=True):
        assert np.linalg.norm(refined[rows][0] - centre) < 0.12 * RADIUS
        np.testing.assert_allclose(refined[rows][1:] - refined[rows][0], landmarks[rows][1:] - landmarks[rows][0])
    np.testing.assert_array_equal(refined[:468], landmarks[:468])


def test_a_closed_eye_keeps_the_nets_word():
    picture, landmarks = eyes(CENTRES + 1.0, opening=0.5)
    np.testing.assert_array_equal(refine_irises(picture, landmarks), landmarks)


def test_without_an_edge_the_iris_stays():
    _, landmarks = eyes(CENTRES, opening=13.0)
    refined = refine_irises(np.full((200, 250, 3), 120, np.uint8), landmarks)
    np.testing.assert_allclose(refined, landmarks, atol=1e-6)
