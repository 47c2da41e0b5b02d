"""camera.json: what was written is read again, and everything else is refused with a sentence."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest
from garrick.core.camera import Camera, CameraPath
from garrick.errors import InputError
from garrick.outputs.camera import read_camera, write_camera

FPS = Fraction(25)
LENS = np.array([[900.0, 0, 250.5], [0, 900.0, 255.25], [0, 0, 1]])
POSE = np.diag([1.0, -1.0, -1.0, 1.0]) + np.array([[0, 0, 0, 0.1], [0, 0, 0, -0.2], [0, 0, 0, 0.6], [0, 0, 0, 0]])


def moving(frames: int) -> CameraPath:
    poses = np.repeat(POSE[None], frames, axis=0)
    poses[:, 0, 3] += np.arange(frames) / 3
    return CameraPath(poses, np.repeat(LENS[None], frames, axis=0), (512, 512), FPS)


def written(tmp_path, **changes) -> dict:
    write_camera(tmp_path / "a.json", moving(3))
    return json.loads((tmp_path / "a.json").read_text()) | changes


def test_a_moving_camera_comes_back_exactly(tmp_path):
    write_camera(tmp_path / "a.json", moving(3))
    back = read_camera(tmp_path / "a.json", (512, 512), FPS)
    np.testing.assert_array_equal(back.world_to_camera, moving(3).world_to_camera)
    np.testing.assert_array_equal(back.intrinsics, moving(3).intrinsics)


def test_one_pose_is_still_at_any_rate(tmp_path):
    write_camera(tmp_path / "a.json", CameraPath.still(Camera(LENS, POSE, (512, 512)), 40, FPS))
    back = read_camera(tmp_path / "a.json", (512, 512), Fraction(24))
    assert (len(back), back.fps) == (1, 24)


def test_the_lens_is_scaled_to_another_size_of_the_same_shape(tmp_path):
    write_camera(tmp_path / "a.json", moving(2))
    small, large = (read_camera(tmp_path / "a.json", (side, side), FPS).at(1) for side in (256, 512))
    point = np.array([0.02, 0.05, 0.03])
    np.testing.assert_allclose(small.project(point)[:2] * 2, large.project(point)[:2], rtol=1e-12)


def test_another_shape_or_rate_is_refused_with_its_fix(tmp_path):
    write_camera(tmp_path / "a.json", moving(2))
    with pytest.raises(InputError, match="shape") as caught:
        read_camera(tmp_path / "a.json", (512, 768), FPS)
    assert "512x512" in str(caught.value.fix)
    with pytest.raises(InputError, match="frames a second"):
        read_camera(tmp_path / "a.json", (512, 512), Fraction(24))


@pytest.mark.parametrize(
    "change",
    [
        {"size": [512]},
        {"size": [0, 0]},
        {"size": ["1e9", 2]},
        {"fps": [25, 0]},
        {"fps": ["1e999999999"]},
        {"intrinsics": []},
        {"intrinsics": [[1, 2], [3]]},
        {"intrinsics": [(LENS * -1).tolist()]},
        {"intrinsics": [LENS.tolist()] * 2},
        {"intrinsics": [np.full((3, 3), np.nan).tolist()] * 3},
        {"intrinsics": [[[10**400, 0, 0], [0, 1, 0], [0, 0, 1]]]},
        {"world_to_camera": POSE.tolist()},
        {"world_to_camera": [np.diag([1.0, 1, -1, 1]).tolist()]},
        {"world_to_camera": [(POSE * 2).tolist()]},
        {"world_to_camera": None},
        {"world_to_camera": "x"},
    ],
)
def test_what_no_camera_can_be_is_refused(tmp_path, change):
    (tmp_path / "b.json").write_text(json.dumps(written(tmp_path, **change)))
    with pytest.raises(InputError) as caught:
        read_camera(tmp_path / "b.json", (512, 512), FPS)
    assert caught.value.fix


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"{}", b"[" * 100_000, b"\xff", b'{"size": [512, 512]}'])
def test_what_is_no_camera_is_refused(tmp_path, content):
    (tmp_path / "b.json").write_bytes(content)
    with pytest.raises(InputError, match=r"b\.json"):
        read_camera(tmp_path / "b.json", (512, 512), FPS)
    with pytest.raises(InputError, match="no file"):
        read_camera(tmp_path / "none.json", (512, 512), FPS)
