"""What the landmark net does with the head's movements: the shipped table, and that it is found in renders."""

from __future__ import annotations

import numpy as np
import pytest
from garrick.bodies.head import load_head
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.rotation import rotation_matrices
from garrick.perception.fit import EYES, LIPS, Problem, State
from garrick.perception.response import NetResponse, net_response, turn_features
from garrick.training.landmark_response import Response, left_over, solve_response


def responses(truth: np.ndarray, noise: float) -> list[Response]:
    rng, found = np.random.default_rng(3), []
    for _ in range(600):
        turn = rotation_matrices(rng.uniform(-0.4, 0.4, 3))
        features = np.concatenate([rng.uniform(0, 1, 52) * (rng.random(52) < 0.1), turn_features(turn)])
        moved = np.tensordot(features, truth, 1) @ turn[:2].T + rng.normal(0, noise, (468, 2))
        found.append(Response(moved, features, turn))
    return found


def test_a_known_response_is_found_again() -> None:
    truth = np.random.default_rng(0).normal(0, 2e-3, (57, 468, 3)) * (1, 1, 0)
    seen = responses(truth, 2e-4)
    found = solve_response(seen)
    assert np.abs(found[:52, :, :2] - truth[:52, :, :2]).mean() < 4e-4
    assert left_over(seen, found) < 0.25 * left_over(seen, np.zeros_like(found))


def test_the_shipped_table_says_what_the_net_rounds_off() -> None:
    """A widened eye and a jaw that slides move the net's points by much less than the head's, lips by most of it."""
    head, response = load_head(), net_response()
    own = head.landmarks(head.face_basis).astype(np.float64)

    def share(name: str, points: tuple[int, ...]) -> float:
        row = ARKIT_INDEX[name]
        moved = own[row, list(points), :2]
        return float(((moved + response.face[list(points), :2, row]) * moved).sum() / (moved**2).sum())

    assert share("eyeWideLeft", EYES) < 0.6
    assert 0.6 < share("jawOpen", LIPS) < 1.1
    assert 0.4 < share("mouthSmileLeft", LIPS) < 1.1
    assert np.abs(response.face).max() < 0.02
    assert np.abs(response.turn).max() < 0.04


def test_nothing_is_corrected_at_the_turn_that_is_taken_at_its_word() -> None:
    head = load_head()
    landmarks = np.zeros((478, 2))
    landmarks[:468] = head.landmarks(head.template)[:, :2] * (3000, -3000) + 256
    landmarks[468:] = landmarks[[0] * 10] + np.tile([[0, 0], [5, 0], [0, 5], [-5, 0], [0, -5]], (2, 1))
    intrinsics = np.array([[1500.0, 0, 256], [0, 1500, 256], [0, 0, 1]])
    plain = Problem.of(head, landmarks, intrinsics)
    ahead, aside = (rotation_matrices(np.array([0.1, yaw, 0.0])) for yaw in (0.05, 0.4))
    sees = plain.as_net_sees(net_response(), ahead)
    count = plain.basis.shape[2] - 52
    for turn, alike in ((ahead, True), (aside, False)):
        state = State(np.zeros(count), np.zeros(52), turn, np.array([0, 0, 0.9]), np.zeros(52))
        apart = np.abs(plain.project(state)[0] - sees.project(state)[0]).max()
        assert (apart < 1e-9) == alike


@pytest.mark.parametrize("yaw", [-0.3, 0.3])
def test_turn_features_follow_the_face(yaw: float) -> None:
    aside, up, *squares = turn_features(rotation_matrices(np.array([-0.1, yaw, 0.0])))
    assert np.sign(aside) == np.sign(yaw)
    assert up > 0
    np.testing.assert_allclose(squares, [aside**2, up**2, aside * up])
    assert isinstance(net_response(), NetResponse)
