"""The points of a body lie where the photo shows them, however it is mirrored, moved or scaled."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import skimage.data
from garrick.context import RunContext
from garrick.core.performance import BODY_JOINTS, Performance
from garrick.motion.gestures.arms import arm_turns
from garrick.perception.body import POINTS, SeenBody, find_body, follow_body, shows_hands
from garrick.perception.body_ik import body_rotations
from garrick.perception.faces import detect_faces
from garrick.perception.image import load_photo
from garrick.rendering.clay_figure import figure_frames
from PIL import Image

ASTRONAUT = skimage.data.astronaut()
ROW = {name: row for row, name in enumerate(POINTS)}
WIDTH = 201  # pixels between the astronaut's shoulders


def at(body: SeenBody, name: str) -> np.ndarray:
    return body.points[ROW[name]]


def look(picture: np.ndarray, **options) -> SeenBody:
    body = find_body(picture, **options)
    assert body is not None
    return body


def scaled(picture: np.ndarray, size: int) -> np.ndarray:
    return np.asarray(Image.fromarray(picture).resize((size, size), Image.Resampling.LANCZOS))


@pytest.fixture(scope="module")
def body():
    return look(ASTRONAUT)


def test_the_parts_lie_where_the_photo_shows_them(body):
    # read off an enlargement by eye; shoulders and elbow lie under a space suit
    places = {"right_eye": (203, 101), "left_eye": (247, 103), "nose": (221, 127)}
    for name, place in places.items():
        assert np.linalg.norm(at(body, name) - place) < 12, name
    for name, place in {"right_shoulder": (103, 230), "left_shoulder": (304, 240), "right_elbow": (62, 380)}.items():
        assert np.linalg.norm(at(body, name) - place) < 40, name
    assert body.presence > 0.9
    assert body.visibility[ROW["nose"]] > 0.9
    assert body.visibility[ROW["left_knee"]] < 0.5


def test_left_is_the_subjects_left_and_near_is_negative(body):
    for name in ("shoulder", "elbow", "hip", "ear"):
        assert at(body, f"left_{name}")[0] > at(body, f"right_{name}")[0]
        assert body.world[ROW[f"left_{name}"], 0] > body.world[ROW[f"right_{name}"], 0]
    shoulders = body.world[[ROW["left_shoulder"], ROW["right_shoulder"]]]
    assert 0.25 < np.ptp(shoulders[:, 0]) < 0.45
    assert abs(np.ptp(shoulders[:, 1])) < 0.05
    assert (shoulders[:, 1] < -0.3).all()  # above the hips, which are the origin
    assert body.world[ROW["nose"], 2] < shoulders[:, 2].mean()
    assert body.depth[ROW["nose"]] < body.depth[ROW["left_ear"]]


def test_hips_below_the_picture_are_guessed(body):
    hips = (at(body, "left_hip") + at(body, "right_hip")) / 2
    assert hips[1] > 480
    assert abs(hips[0] - 200) < 60


def test_a_mirrored_body_has_mirrored_points(body):
    mirrored = look(ASTRONAUT[:, ::-1])
    for name in ("shoulder", "ear"):
        other = at(mirrored, f"right_{name}") * (-1, 1) + (512, 0)
        assert np.linalg.norm(other - at(body, f"left_{name}")) < 0.15 * WIDTH, name
        assert np.abs(mirrored.world[ROW[f"right_{name}"]] * (-1, 1, 1) - body.world[ROW[f"left_{name}"]]).max() < 0.08


@pytest.mark.parametrize("size", [300, 1200])
def test_a_larger_photo_has_larger_points(body, size):
    other = look(scaled(ASTRONAUT, size))
    upper = [ROW[name] for name in ("nose", "left_ear", "right_ear", "left_shoulder", "right_shoulder")]
    assert np.linalg.norm(other.points[upper] * 512 / size - body.points[upper], axis=1).max() < 0.1 * WIDTH
    assert np.abs(other.world[upper] - body.world[upper]).max() < 0.08


def test_a_tilted_photo_tilts_points_and_world(body):
    tilted = look(np.asarray(Image.fromarray(ASTRONAUT).rotate(20, Image.Resampling.BICUBIC)))

    def slope(points: np.ndarray) -> float:
        across = points[ROW["left_shoulder"]] - points[ROW["right_shoulder"]]
        return float(np.degrees(np.arctan2(across[1], across[0])))

    assert slope(tilted.points) - slope(body.points) == pytest.approx(-20, abs=6)
    assert slope(tilted.world) - slope(body.world) == pytest.approx(-20, abs=6)


def test_following_stays_on_a_body_that_moves(body):
    last = body
    for shift in range(4, 33, 4):
        last = follow_body(np.roll(ASTRONAUT, shift, axis=1), last)
    assert last.presence > 0.9
    for name in ("nose", "left_shoulder", "right_shoulder"):
        assert np.linalg.norm(at(last, name) - at(body, name) - (32, 0)) < 0.1 * WIDTH


def test_following_a_body_at_rest_settles(body):
    seen = [body]
    for _ in range(12):
        seen.append(follow_body(ASTRONAUT, seen[-1]))
    moves = [np.linalg.norm(at(two, "left_shoulder") - at(one, "left_shoulder")) for one, two in pairwise(seen)]
    assert np.median(moves[6:]) < 0.02 * WIDTH


def test_of_two_people_the_one_with_the_face_is_found():
    small = scaled(ASTRONAUT, 256)
    both = np.concatenate([np.pad(small, ((256, 0), (0, 0), (0, 0))), ASTRONAUT], axis=1)
    assert at(look(both), "nose")[0] > 256
    for place in ((256 + 221, 127), (111, 256 + 64)):
        face = min(detect_faces(both), key=lambda face: float(np.linalg.norm(face.points[2] - np.array(place))))
        assert np.linalg.norm(at(look(both, face=face), "nose") - place) < 0.3 * face.size


def test_where_nobody_is_nobody_is_found():
    assert find_body(np.full((300, 500, 3), 90, np.uint8)) is None
    assert find_body(skimage.data.brick()[..., None].repeat(3, axis=-1)) is None
    lost = follow_body(np.full((512, 512, 3), 90, np.uint8), look(ASTRONAUT))
    assert lost.presence < 0.5


def test_the_photo_poses_the_skeleton(body):
    pose, confidence = body_rotations(body.world[None], body.visibility[None])
    angles = dict(zip(BODY_JOINTS, np.degrees(pose[0]), strict=True))
    for joint in ("pelvis", "spine1", "spine2", "spine3", "left_collar", "right_collar"):
        assert np.linalg.norm(angles[joint]) < 15, joint
    assert 50 < angles["right_shoulder"][2] < 110  # hangs at her side
    assert 20 < angles["right_elbow"][1] < 110  # the hand on her lap
    assert confidence[0, BODY_JOINTS.index("right_shoulder")] > 0.5
    assert confidence[0, BODY_JOINTS.index("neck")] == 0


def test_raised_hands_are_seen_in_a_picture_and_a_portrait_of_a_head_has_none(sample_portrait, body_data) -> None:
    pose = np.zeros((1, len(BODY_JOINTS), 3))
    for side in ("left", "right"):
        rows = [BODY_JOINTS.index(f"{side}_{joint}") for joint in ("collar", "shoulder", "elbow", "wrist")]
        pose[0, rows] = arm_turns("raise", side)
    raised = Performance(**{**vars(Performance.rest(1, Fraction(25))), "body_pose": pose})
    assert shows_hands(next(figure_frames(raised, (480, 480), 0.0, RunContext())))
    assert not shows_hands(load_photo(sample_portrait).pixels)
    assert not shows_hands(np.full((96, 96, 3), 127, np.uint8))
