"""Hands are found where they are, on the right side, and followed; what holds no hand has none."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data
from garrick.bodies.hand import FINGERS, load_hand, pose, rotations_of
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.perception.hand_points import Pose as HandPose
from garrick.perception.hand_points import rest_bones, seen_at
from garrick.perception.hands import find_hands, follow_hand, hand_between, same_hand
from garrick.rendering.rasterise import rasterise

SIZE, FOCAL, AWAY = 512, 900.0, 0.95
CAMERA = np.array([SIZE / 2, SIZE / 2, 1 / FOCAL])
LIGHT = np.array([-0.4, 0.6, 0.7]) / np.linalg.norm([-0.4, 0.6, 0.7])
SHAPES = {"flat": (0, 0, 0), "relaxed": (20, 25, 12), "half": (35, 45, 25)}


pytestmark = pytest.mark.usefixtures("body_data")


def bent(curl: tuple[float, float, float]) -> np.ndarray:
    """(15, 3) angles with the four fingers bent, degrees."""
    angles = np.zeros((15, 3))
    for name in FINGERS[:4]:
        angles[3 * FINGERS.index(name) : 3 * FINGERS.index(name) + 3, 0] = np.radians(curl)
    angles[12, :2] = np.radians((10, 10))
    return angles


def upright(side: str, turned: float = 0.0, rolled: float = 0.0) -> np.ndarray:
    """(3, 3): fingers up and the palm to the camera, then turned about the vertical and rolled, degrees."""
    along = -1.0 if side == "right" else 1.0
    x, y = np.array([0, along, 0]), np.array([0, 0, -1.0])
    turns = rotation_matrices(np.radians([[0, 0, rolled], [0, turned, 0]]))
    return turns[0] @ turns[1] @ np.stack([x, y, np.cross(x, y)], axis=1)


def photograph(side: str, angles: np.ndarray, turn: np.ndarray, left: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """A plain picture (512, 512, 3) of our hand, `left` metres left of the middle; its points (21, 2) as nets see them."""
    hand = load_hand(side)  # pyright: ignore[reportArgumentType]
    vertices, joints = pose(hand, rotations_of(hand, angles), axis_angles(turn))
    wrist = turn @ ((0.06 if side == "right" else -0.06), 0, 0) - (left, 0, 0)
    vertices = vertices.astype(np.float64) - joints[0] + wrist
    depth = AWAY - vertices[:, 2]
    screen = np.stack([FOCAL * vertices[:, 0] / depth + SIZE / 2, -FOCAL * vertices[:, 1] / depth + SIZE / 2, depth], 1)
    sight = rasterise(screen, hand.triangles, (SIZE, SIZE))
    corners = vertices[hand.triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    smooth = np.zeros_like(vertices)
    np.add.at(smooth, hand.triangles, normals[:, None])
    shade = 0.35 + 0.65 * np.clip(smooth @ LIGHT / np.maximum(np.linalg.norm(smooth, axis=1), 1e-12), 0, 1)
    picture = np.full((SIZE, SIZE, 3), (75, 90, 100), np.float64)
    covered = sight.triangle >= 0
    weights = np.concatenate([sight.weights[covered], 1 - sight.weights[covered].sum(axis=1, keepdims=True)], axis=1)
    picture[covered] = (shade[hand.triangles[sight.triangle[covered]]] * weights).sum(axis=1)[:, None] * (225, 172, 145)
    scale = FOCAL / (AWAY - wrist[2])
    place = np.array([SIZE / 2 + scale * wrist[0], SIZE / 2 - scale * wrist[1], np.log(scale)])
    points = seen_at(HandPose(turn, place, angles.ravel()), rest_bones(hand), hand.axes.astype(np.float64), CAMERA)
    return picture.astype(np.uint8), points


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize(("turned", "rolled"), [(20, 10), (-25, -50), (180, 0), (200, 30)])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_hand_is_found_with_its_side_and_points(side, turned, rolled, shape):
    picture, points = photograph(side, bent(SHAPES[shape]), upright(side, turned, rolled))
    (found,) = find_hands(picture)
    assert found.side == side
    assert found.presence > 0.8
    assert np.linalg.norm(found.points - points, axis=1).mean() < 7
    again = follow_hand(picture, found)
    assert again.side == side
    assert np.linalg.norm(again.points - points, axis=1).mean() < 7


def test_points_in_space_lie_as_in_the_picture():
    picture, _ = photograph("right", bent(SHAPES["relaxed"]), upright("right", 20, 70))
    (found,) = find_hands(picture)
    flat, space = (found.points - found.points.mean(axis=0)), (found.world - found.world.mean(axis=0))
    assert np.corrcoef(flat.ravel(), space[:, :2].ravel())[0, 1] > 0.97
    assert 0.12 < np.linalg.norm(found.world[12] - found.world[0]) < 0.22


def test_two_hands_are_two_and_a_moved_one_is_followed():
    right, _ = photograph("right", bent(SHAPES["flat"]), upright("right"), left=0.12)
    left, _ = photograph("left", bent(SHAPES["flat"]), upright("left"), left=-0.12)
    both = np.concatenate([right[:, : SIZE // 2], left[:, SIZE // 2 :]], axis=1)
    found = find_hands(both)
    assert sorted(hand.side for hand in found) == ["left", "right"]
    assert not same_hand(*found)
    moved, points = photograph("right", bent(SHAPES["flat"]), upright("right", rolled=8), left=0.1)
    last = next(hand for hand in found if hand.side == "right")
    now = follow_hand(moved, last)
    assert now.presence > 0.8
    assert np.linalg.norm(now.points - points, axis=1).mean() < 7


def test_an_arm_says_where_to_look():
    picture, points = photograph("left", bent(SHAPES["relaxed"]), upright("left", rolled=-40))
    ahead = points[9] - points[0]
    found = hand_between(picture, points[0] - 2.6 * ahead, points[0])
    assert found.presence > 0.8
    assert np.linalg.norm(found.points - points, axis=1).mean() < 8


@pytest.mark.parametrize("name", ["brick", "grass", "gravel", "chelsea", "coffee", "rocket", "text"])
def test_pictures_without_people_hold_no_hand(name):
    picture = getattr(skimage.data, name)()
    picture = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)
    assert find_hands(picture) == []


def test_a_hand_that_left_is_gone():
    picture, _ = photograph("right", bent(SHAPES["flat"]), upright("right"))
    (found,) = find_hands(picture)
    assert follow_hand(np.full_like(picture, 90), found).presence < 0.3


@pytest.mark.parametrize("shape", [(40, 900), (900, 40), (1, 1)])
def test_odd_shapes_are_searched_without_a_fault(shape):
    assert find_hands(np.full((*shape, 3), 90, np.uint8)) == []
