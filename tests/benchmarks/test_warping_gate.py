"""The gate of the warping generator: what passes, what does not, and what a hand is seen in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from garrick.benchmarks import warping
from garrick.benchmarks.warping import BODY, BOTH, Nets, Row, refiners, square_about, verdict

BEFORE = Row(
    "arms", "geometry", face_psnr=28.0, face_ssim=0.9, face_features=1.0, psnr=24.0, ssim=0.9, features=1.2, lmd=0.02,
    cosine=0.97, flicker=2.0,
)  # fmt: skip
AFTER = replace(BEFORE, way="generator", face_psnr=28.5, face_features=0.9, features=1.1, psnr=25.0)


def test_a_generator_that_is_better_in_pixels_and_features_and_worse_in_nothing_passes():
    assert verdict(BEFORE, AFTER) == (True, [])


@pytest.mark.parametrize("changes", [{"face_psnr": 27.9}, {"face_features": 1.01}, {"features": 1.21}])
def test_the_faces_pixels_and_both_features_must_gain(changes):
    assert not verdict(BEFORE, replace(AFTER, **changes))[0]


@pytest.mark.parametrize(
    ("name", "value", "bad"), [("psnr", 23.0, True), ("lmd", 0.021, True), ("flicker", 2.03, False)]
)
def test_nothing_else_may_lose_more_than_two_percent(name, value, bad):
    assert verdict(BEFORE, replace(AFTER, **{name: value}))[1] == ([name] if bad else [])


def test_a_way_without_its_net_is_not_measured(monkeypatch):
    monkeypatch.setattr(warping, "traits_of", lambda stage: None)
    body, face = Path("body.onnx"), Path("face.onnx")
    assert list(refiners(None, Nets(body, None, None))) == [BODY]  # type: ignore[arg-type]
    assert list(refiners(None, Nets(body, None, face))) == [BODY, BOTH]  # type: ignore[arg-type]


def test_a_hand_is_seen_in_a_square_about_it():
    mask = np.zeros((100, 100), bool)
    mask[20:30, 40:80] = True
    square = square_about(mask)
    np.testing.assert_allclose(square.centre, (60, 25))
    assert square.side == 60
