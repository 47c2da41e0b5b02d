"""What is behind the person: a user's picture covers the frame, hangs where the photo's own does, and changes nobody."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from garrick.context import RunContext
from garrick.core.camera import CameraPath
from garrick.core.performance import Performance
from garrick.errors import InputError
from garrick.rendering.background import read_background, seen_behind
from garrick.rendering.render import run
from hypothesis import given
from hypothesis import strategies as some


def written(path: Path, width: int, height: int) -> Path:
    """Red grows to the right and green downwards."""
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    cv2.imwrite(str(path), np.stack([np.zeros_like(x), y, x], axis=2).astype(np.uint8))
    return path


@given(some.tuples(*[some.integers(100, 300)] * 2), some.tuples(*[some.integers(64, 150)] * 2))
def test_a_picture_covers_the_frame_about_its_middle(tmp_path_factory, picture, size):
    seen = read_background(written(tmp_path_factory.getbasetemp() / "covering.png", *picture), size)
    assert seen.shape == (size[1], size[0], 3)
    across, down = seen[size[1] // 2, :, 0].astype(float), seen[:, size[0] // 2, 1].astype(float)
    for line in (across, down):
        assert abs(line[0] + line[-1] - 255) <= 6  # as much is cut off on one side as on the other
    # nothing is squeezed: red and green grow as the picture's width and height say
    steps = np.ptp(across) / (size[0] - 1) * picture[0], np.ptp(down) / (size[1] - 1) * picture[1]
    assert steps[0] == pytest.approx(steps[1], rel=0.06)
    assert max(np.ptp(across), np.ptp(down)) > 240  # and one side is seen whole


def test_what_is_no_picture_or_too_small_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"small\.png is 100 x 120 pixels, too small for frames of 512 x 512"):
        read_background(written(tmp_path / "small.png", 100, 120), (512, 512))
    assert read_background(written(tmp_path / "least.png", 128, 128), (512, 512)).shape == (512, 512, 3)
    (tmp_path / "words.png").write_text("not a picture")
    with pytest.raises(InputError, match="not an image"):
        read_background(tmp_path / "words.png", (512, 512))
    with pytest.raises(InputError, match="no file"):
        read_background(tmp_path / "none.png", (512, 512))


def test_only_what_is_behind_the_person_changes(portrait):
    rng = np.random.default_rng(0)
    behind = rng.integers(0, 256, portrait.image.shape, np.uint8)
    still = CameraPath.still(portrait.camera, 1, Fraction(25))
    performance = replace(Performance.rest(1, Fraction(25)), identity=portrait.identity)
    ctx = RunContext()
    own = run(portrait, performance, still, ctx).render(0)
    take = run(portrait, performance, still, ctx, background=behind)
    frame = take.render(0)
    np.testing.assert_array_equal(take.background, behind)
    np.testing.assert_array_equal(frame.rgba[..., 3], own.rgba[..., 3])
    for name in ("depth", "uv", "ids"):
        np.testing.assert_array_equal(getattr(frame, name), getattr(own, name))
    alpha = frame.rgba[..., 3]
    np.testing.assert_allclose(frame.plate[alpha == 255].astype(int), own.plate[alpha == 255], atol=1)
    np.testing.assert_array_equal(frame.plate[alpha == 0], behind[alpha == 0])
    np.testing.assert_array_equal(frame.rgba[alpha > 1], own.rgba[alpha > 1])


def test_it_hangs_behind_the_head_where_the_camera_moves(portrait):
    own = portrait.camera
    height, width = portrait.image.shape[:2]
    picture = np.zeros((height, width, 3), np.float32)
    picture[:, width // 2 :] = 1
    assert seen_behind(picture, own, own) is picture
    aside = own.world_to_camera.copy()
    aside[0, 3] += 0.02
    seen = seen_behind(picture, own, replace(own, world_to_camera=aside))
    moved = (picture[height // 2, :, 0] - seen[height // 2, :, 0]).sum()
    far = own.world_to_camera[2, 3] + 0.6
    assert moved == pytest.approx(own.intrinsics[0, 0] * 0.02 / far, abs=0.6)
