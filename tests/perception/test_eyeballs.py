"""Both eyes look at one thing, whatever each iris alone seems to say."""

from __future__ import annotations

import numpy as np
import pytest
from garrick.bodies.blink import LIDS
from garrick.bodies.head import load_head
from garrick.core.rotation import eye_rotations, rotation_matrices
from garrick.perception.eyeballs import Eyeballs
from garrick.perception.fit import State
from garrick.perception.iris import IRISES

FOCAL = 1100.0
INTRINSICS = np.array([[FOCAL, 0, 256], [0, FOCAL, 256], [0, 0, 1]])
DISTANCE = 0.9


@pytest.fixture(scope="module")
def eyes() -> Eyeballs:
    head = load_head()
    return Eyeballs.of(head, head.average_adult)


def posed(turn: tuple[float, float, float] = (0, 0, 0)) -> State:
    matrix = rotation_matrices(np.array(turn, np.float64))
    return State(np.zeros(0), np.zeros(52), matrix, np.array([0, 0.05, DISTANCE]), np.zeros(52))


def seen(eyes: Eyeballs, state: State, axes: np.ndarray, opening: float = 1.0) -> np.ndarray:
    """(478, 2) landmarks of eyes whose irises' axes have those yaws and pitches (2, 2), and of lids around them."""
    landmarks = np.zeros((478, 2))
    around = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    for side in (0, 1):
        ahead = rotation_matrices(eye_rotations(axes[side]).astype(np.float64)) @ (0, 0, eyes.radii[side])
        middle, iris = (
            (state.turn @ point) * (1, -1, -1) + state.shift
            for point in (eyes.centres[side], eyes.centres[side] + ahead)
        )
        pixels = [FOCAL * point[:2] / point[2] + 256 for point in (middle, iris)]
        radius = FOCAL * 0.00585 / DISTANCE
        landmarks[IRISES[side]] = pixels[1] + radius * np.array([[0, 0], [1, 0], [0, -1], [-1, 0], [0, 1]])
        loop = np.stack([-2.5 * np.cos(around), opening * np.sin(around)], axis=1) * radius
        landmarks[list(LIDS[side])] = pixels[0] + loop
    return landmarks


def inward(eyes: Eyeballs, state: State) -> np.ndarray:
    """(2, 2) by which eyes turn to meet at the camera's distance."""
    between = (state.turn @ eyes.centres.mean(axis=0)) * (1, -1, -1) + state.shift
    half = np.linalg.norm(eyes.centres[0] - eyes.centres[1]) / 2 / np.linalg.norm(between)
    return np.array([[-half, 0], [half, 0]])


@pytest.mark.parametrize("turn", [(0, 0, 0), (0.1, 0.35, -0.1), (-0.15, -0.3, 0.05)])
@pytest.mark.parametrize("look", [(0, 0), (0.2, -0.1), (-0.15, 0.12)])
def test_a_known_line_of_sight_comes_back(eyes, turn, look):
    state = posed(turn)
    wanted = np.array(look) + inward(eyes, state)
    found = eyes.gaze(state, np.zeros((2, 2)), seen(eyes, state, wanted + eyes.aside), INTRINSICS)
    np.testing.assert_allclose(found, wanted, atol=np.radians(0.3))


def test_eyes_that_seem_to_part_look_where_they_do_on_average(eyes):
    state = posed()
    apart = np.array([[0.15, 0.05], [-0.05, -0.05]])
    found = eyes.gaze(state, np.zeros((2, 2)), seen(eyes, state, apart + eyes.aside), INTRINSICS)
    assert found[0, 1] == found[1, 1] == pytest.approx(0, abs=0.01)
    assert found.mean(axis=0)[0] == pytest.approx(0.05, abs=0.01)
    assert 0 < found[1, 0] - found[0, 0] < np.radians(6)  # towards one point, as far as the camera


def test_an_iris_that_lids_hide_counts_less(eyes):
    state = posed()
    landmarks = seen(eyes, state, np.array([[0.1, 0.1], [-0.1, -0.1]]) + eyes.aside)
    even = eyes.gaze(state, np.zeros((2, 2)), landmarks, INTRINSICS)
    lids = list(LIDS[1])
    middle = landmarks[lids].mean(axis=0)
    landmarks[lids] = middle + (landmarks[lids] - middle) * (1, 0.15)
    assert eyes.gaze(state, np.zeros((2, 2)), landmarks, INTRINSICS).mean(axis=0)[0] > even.mean(axis=0)[0] + 0.01


def test_a_persons_own_aside_and_sockets_are_learnt(eyes):
    own, offsets = np.array([[0.05, 0.03], [-0.05, -0.03]]), np.zeros((468, 3))
    offsets[list(LIDS[0])] = 0.001, 0, 0
    frames = []
    for yaw in np.linspace(-0.2, 0.2, 9):
        state = posed((0, yaw, 0))
        looks = np.array([-yaw, 0.05]) + inward(eyes, state)
        frames.append((state, seen(eyes, state, looks + own)))
    learnt = eyes.learnt(np.zeros((468, 3)), frames, INTRINSICS)
    np.testing.assert_allclose(learnt.aside, own, atol=np.radians(0.3))
    moved = eyes.learnt(offsets, frames, INTRINSICS)
    np.testing.assert_allclose(moved.centres - eyes.centres, [[0.001, 0, 0], [0, 0, 0]], atol=1e-12)
