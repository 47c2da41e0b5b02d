"""The tone of hands and arms is that of the photo's own, each for itself; the face's where the photo shows neither."""

from __future__ import annotations

import numpy as np
from garrick.bodies.hand import Side
from garrick.perception.own_arms import OwnArms
from garrick.rendering.limb_tones import points_ahead, skin_tones

SIZE = 200
FACE = np.array([0.82, 0.68, 0.60])
HAND, ARM = np.array([0.76, 0.55, 0.50]), np.array([0.80, 0.66, 0.57])
CLOTH = np.array([0.2, 0.3, 0.6])


def scene(fore: np.ndarray, hand: np.ndarray) -> tuple[np.ndarray, np.ndarray, OwnArms]:
    """Cloth everywhere but on one forearm that hangs straight down, and the hand below it."""
    photo = np.broadcast_to(CLOTH, (SIZE, SIZE, 3)).astype(np.float32).copy()
    photo[70:130, 40:60] = fore
    photo[130:165, 36:64] = hand
    mask = np.zeros((SIZE, SIZE), np.float32)
    mask[65:170, 32:68] = 1
    joints: dict[Side, np.ndarray] = {
        "right": np.array([[50.0, 20], [50, 70], [50, 130]]),
        "left": np.array([[150.0, 20], [150, 70], [150, 130]]),
    }
    return photo, np.ones((SIZE, SIZE), np.float32), OwnArms({"right": mask}, np.ones((SIZE, SIZE), bool), joints)


def test_hands_and_arms_have_their_own_tone():
    hand, arm = skin_tones(*scene(ARM, HAND), FACE, CLOTH)
    assert np.abs(hand - HAND).max() < np.abs(hand - FACE).max()
    assert np.abs(arm - ARM).max() < 0.03
    assert hand[1] < arm[1]


def test_sleeves_are_no_skin():
    hand, arm = skin_tones(*scene(CLOTH, HAND), FACE, CLOTH)
    np.testing.assert_array_equal(hand, arm)
    assert np.abs(hand - HAND).max() < 0.05


def test_the_face_tells_where_no_skin_is_seen():
    hand, arm = skin_tones(*scene(CLOTH, CLOTH), FACE, CLOTH)
    np.testing.assert_array_equal(arm, FACE)
    assert np.abs(hand - FACE).max() < 0.02
    assert hand[0] / hand[1] > FACE[0] / FACE[1]  # hands are redder than faces


def test_a_short_forearm_points_at_the_camera():
    assert points_ahead(np.array([[0, 0], [0, 50], [10, 55.0]]))
    assert not points_ahead(np.array([[0, 0], [0, 50], [30, 80.0]]))
