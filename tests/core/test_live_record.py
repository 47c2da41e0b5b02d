"""A live stream's frames as a performance."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest
from garrick.core.live_record import recorded
from garrick.core.performance import BODY_JOINTS, Performance
from garrick.motion.live_frames import ARM_JOINTS, SPINE, Motion
from garrick.server.stream_wire import motion_json

FPS = Fraction(25)


def moving(count: int, arms: bool = True) -> Motion:
    rng = np.random.default_rng(count)

    def some(*shape: int) -> np.ndarray:
        return rng.uniform(0, 1, (count, *shape)).astype(np.float32)

    limbs = (some(8, 3), some(15, 3), some(15, 3)) if arms else ()
    return Motion(0, some(52), some(3), some(3), some(2, 2), some(3, 3), *limbs)


@pytest.mark.parametrize("arms", [True, False])
def test_what_a_stream_says_comes_back_as_a_performance(arms: bool, tmp_path) -> None:
    motion = moving(7, arms)
    take = recorded(json.loads(motion_json(motion, FPS)), FPS)
    for name in ("face", "head_rotation", "head_translation", "gaze"):
        assert getattr(take, name) == pytest.approx(getattr(motion, name), abs=1e-5)
    assert take.body_pose[:, [BODY_JOINTS.index(joint) for joint in SPINE]] == pytest.approx(motion.spine, abs=1e-5)
    rows = [BODY_JOINTS.index(joint) for joint in ARM_JOINTS]
    if arms:
        assert take.body_pose[:, rows] == pytest.approx(motion.arms, abs=1e-5)
        assert take.right_hand == pytest.approx(motion.right_hand, abs=1e-5)
    else:
        assert not take.body_pose[:, rows].any()
        assert not take.left_hand.any()
    take.save(tmp_path / "take.npz")
    assert np.array_equal(Performance.load(tmp_path / "take.npz").face, take.face)


def test_nothing_is_no_performance() -> None:
    with pytest.raises(ValueError, match="No motion"):
        recorded([], FPS)
