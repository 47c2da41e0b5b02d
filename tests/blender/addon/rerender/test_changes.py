"""blender_addon/rerender/changes: which frames are rendered again."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from blender_addon.core.camera import CameraPath
from blender_addon.core.performance import CHANNELS, Performance
from blender_addon.rerender.changes import changed_frames, ranges_of, settled_path, spoken


def path(frames: int, size: tuple[int, int] = (64, 48)) -> CameraPath:
    lens = np.array([[90.0, 0, 30], [0, 90, 25], [0, 0, 1]])
    return CameraPath(np.tile(np.eye(4), (frames, 1, 1)), np.tile(lens, (frames, 1, 1)), size, Fraction(25))


def test_nothing_is_changed_by_nothing():
    rest = Performance.rest(20, Fraction(25))
    assert not changed_frames(rest, path(20), rest, path(20)).any()


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_value_changes_its_frame_and_no_other(channel):
    rest = Performance.rest(20, Fraction(25))
    array = getattr(rest, channel).copy()
    array.reshape(20, -1)[6, -1] = 1e-4
    changed = changed_frames(replace(rest, **{channel: array}), path(20), rest, path(20))
    assert np.flatnonzero(changed).tolist() == [6]


def test_the_camera_changes_frames_too():
    rest, moved = Performance.rest(20, Fraction(25)), path(20)
    moved.world_to_camera[3, 0, 3] += 0.01
    moved.intrinsics[8, 0, 0] += 1
    assert np.flatnonzero(changed_frames(rest, moved, rest, path(20))).tolist() == [3, 8]


def test_another_length_rate_or_size_changes_everything():
    rest = Performance.rest(20, Fraction(25))
    for new, view in (
        (Performance.rest(21, Fraction(25)), path(21)),
        (Performance.rest(20, Fraction(30)), path(20)),
        (rest, path(20, (128, 96))),
    ):
        changed = changed_frames(new, view, rest, path(20))
        assert len(changed) == len(new)
        assert changed.all()


def test_a_camera_that_only_went_through_single_precision_has_not_moved():
    last = path(5)
    last.world_to_camera[:, 0, 3] = 0.1
    read = replace(
        last,
        world_to_camera=last.world_to_camera.astype(np.float32).astype(np.float64),
        intrinsics=last.intrinsics * (1 + 1e-7),
    )
    read.world_to_camera[2, 0, 3] += 0.01
    again = settled_path(read, last)
    np.testing.assert_array_equal(again.intrinsics, last.intrinsics)
    assert np.flatnonzero((again.world_to_camera != last.world_to_camera).any(axis=(1, 2))).tolist() == [2]


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        ([], []),
        ([4], [(4, 4)]),
        ([4, 5, 6, 30], [(4, 6), (30, 30)]),
        ([4, 9, 40, 41], [(4, 9), (40, 41)]),
    ],
)
def test_ranges(frames, expected):
    mask = np.zeros(50, bool)
    mask[frames] = True
    assert ranges_of(mask) == expected


def test_ranges_for_people():
    assert spoken([(3, 3), (10, 24)]) == "3, 10-24"
    assert spoken([(n, n) for n in range(6)]) == "0, 1, 2, 3 and 2 more"
