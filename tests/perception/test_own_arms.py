"""The arms of a figure of clay are found where they are drawn, and the torso without them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from garrick.context import RunContext
from garrick.core.performance import BODY_JOINTS, Performance
from garrick.motion.gestures.arms import arm_turns
from garrick.perception.image import load_photo
from garrick.perception.matte import person_matte
from garrick.perception.own_arms import find_own_arms
from garrick.rendering.clay_figure import figure_frames


@pytest.fixture(scope="module")
def pictures(body_data) -> tuple[np.ndarray, np.ndarray]:
    """The same figure with its right forearm before it, and with both arms at its sides."""
    pose = np.zeros((2, len(BODY_JOINTS), 3))
    for frame, stance in enumerate(("ready", "hang")):
        for side in ("left", "right"):
            rows = [BODY_JOINTS.index(f"{side}_{joint}") for joint in ("collar", "shoulder", "elbow", "wrist")]
            pose[frame, rows] = arm_turns(stance if side == "right" else "hang", side)
    performance = Performance(**{**vars(Performance.rest(2, Fraction(25))), "body_pose": pose})
    ready, hanging = figure_frames(performance, (384, 384), 0.0, RunContext())
    return ready, hanging


def test_what_moves_with_the_arm_is_the_arm(pictures):
    ready, hanging = pictures
    own = find_own_arms(ready, person_matte(ready))
    assert own is not None
    shoulder, _, wrist = own.joints["right"]
    moved = np.abs(ready.astype(int) - hanging).max(axis=2) > 24
    rows, columns = np.indices(moved.shape)
    near = np.hypot(columns - wrist[0], rows - wrist[1]) < 30
    assert (moved & near).sum() > 300
    assert own.masks["right"][moved & near].mean() > 0.75  # moved is its shadow, too
    # face and chest are nobody's arm
    middle = (own.joints["left"][0] + shoulder) / 2
    x, y = middle.astype(int)
    assert own.masks["right"][: y + 10, x - 10 : x + 10].max() == 0
    assert own.torso[y + 10, x]


def test_the_torso_leaves_arms_at_its_sides_out(pictures):
    _, hanging = pictures
    own = find_own_arms(hanging, person_matte(hanging))
    assert own is not None
    for side in ("left", "right"):
        x, y = own.joints[side][1].astype(int)  # the elbow
        assert not own.torso[y, x]
        assert own.masks[side][y, x] > 0.9


def test_a_portrait_of_a_head_shows_no_arms(sample_portrait):
    photo = load_photo(sample_portrait).pixels
    own = find_own_arms(photo, np.ones(photo.shape[:2], np.float32))
    assert own is None or not own.masks


def test_nobody_has_no_arms():
    assert find_own_arms(np.full((96, 96, 3), 127, np.uint8), np.zeros((96, 96), np.float32)) is None
