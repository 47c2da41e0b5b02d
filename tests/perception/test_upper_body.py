"""A body and its hands through a film: seen, bridged, and put into the chain of joints."""

import numpy as np
import pytest
from garrick.core.performance import BODY_JOINTS
from garrick.perception.faces import detect_faces
from garrick.perception.landmarks import face_landmarks
from garrick.perception.upper_body import UpperBodyFollower, upper_body
from skimage import data

INTRINSICS = np.array([[711.0, 0, 256], [0, 711.0, 256], [0, 0, 1]])


@pytest.fixture(scope="module")
def seen():
    """Six frames of the astronaut, the fourth of which is missing."""
    picture = data.astronaut()
    landmarks, _ = face_landmarks(picture, max(detect_faces(picture), key=lambda face: face.size))
    follower = UpperBodyFollower()
    frames = []
    for index in range(6):
        moved = np.roll(picture, index, axis=1)
        shown = None if index == 3 else moved
        frames.append(follower.see(shown, None if shown is None else landmarks + np.array([index, 0]), cut=False))
    return frames


def test_the_body_that_belongs_to_the_face_is_followed(seen):
    assert [frame.body is not None for frame in seen[:4]] == [True, True, True, False]
    left, right = (seen[0].body.points[row] for row in (11, 12))
    assert left[0] > right[0] + 100  # the subject's left shoulder is at the picture's right


def test_what_is_not_seen_is_bridged_and_trusted_for_nothing(seen):
    channels, confidence = upper_body(seen, [], INTRINSICS)
    pose = channels["body_pose"]
    assert pose.shape == (6, len(BODY_JOINTS), 3)
    assert np.isfinite(pose).all()
    assert confidence["body_pose"][3] == 0
    assert confidence["body_pose"][0] > 0.5
    assert np.abs(pose[3] - pose[2]).max() < 0.3


def test_shoulders_hang_and_are_not_held_in_a_t(seen):
    pose = upper_body(seen, [], INTRINSICS)[0]["body_pose"]
    left = pose[:, BODY_JOINTS.index("left_shoulder"), 2]
    assert (left < -0.3).all()  # from the T-pose down to the side


def test_a_hand_that_is_never_seen_has_no_channel(seen):
    channels, _ = upper_body([frame for frame in seen if not any(frame.hands.values())], [], INTRINSICS)
    assert "left_hand" not in channels
    assert "right_hand" not in channels


def test_without_anybody_there_is_nothing():
    follower = UpperBodyFollower()
    blank = np.full((96, 96, 3), 127, np.uint8)
    assert upper_body([follower.see(blank, None, cut=False)], [], INTRINSICS) == ({}, {})
