"""Few keys: within their bounds everywhere, far fewer than frames, and a curve again."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.keyframes import Bounds, Keys, few_keys, save_keys, with_keys
from garrick.core.performance import CHANNELS, Performance
from garrick.core.rotation import axis_angles, rotation_matrices
from hypothesis import given, settings
from hypothesis import strategies as st

ANGLES = ("head_rotation", "body_pose", "left_hand", "right_hand")


def some(seed: int, frames: int = 60) -> Performance:
    rng = np.random.default_rng(seed)
    rest = Performance.rest(frames, Fraction(25))
    arrays = {name: rng.normal(0, 0.1, getattr(rest, name).shape).cumsum(axis=0) * 0.3 for name in CHANNELS}
    return replace(rest, **arrays | {"face": np.clip(np.abs(arrays["face"]), 0, 1)})


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 99), weight=st.floats(0.001, 0.2))
def test_no_curve_misses_its_bound_at_any_frame(seed, weight):
    clip, bounds = some(seed), Bounds().scaled(weight)
    made = with_keys(clip, few_keys(clip, bounds))
    assert np.abs(made.face - clip.face).max() <= bounds.weight + 1e-6
    assert np.abs(made.head_translation - clip.head_translation).max() <= bounds.distance + 1e-6
    for name in ANGLES:
        one, other = (rotation_matrices(getattr(take, name).astype(float)) for take in (clip, made))
        apart = np.linalg.norm(axis_angles(np.swapaxes(one, -1, -2) @ other), axis=-1)
        assert apart.max() <= bounds.angle + 1e-6, name


def test_keys_are_values_of_the_curve_and_few():
    times = np.arange(500) / 25
    face = np.zeros((500, 52), np.float32)
    face[:, ARKIT_INDEX["jawOpen"]] = 0.3 + 0.3 * np.sin(2 * times)
    clip = replace(Performance.rest(500, Fraction(25)), face=face)
    keys = few_keys(clip, Bounds(), ["face"])
    assert set(keys) == {f"face.{name}" for name in ARKIT_INDEX if not name.startswith("eyeLook")}
    jaw = keys["face.jawOpen"]
    np.testing.assert_array_equal(jaw.values[:, 0], face[jaw.frames, ARKIT_INDEX["jawOpen"]])
    assert 20 < len(jaw.frames) < 80
    assert keys["face.browInnerUp"].frames.tolist() == [0, 499]
    np.testing.assert_allclose(
        jaw.at(np.array([0.5])), face[:2, [ARKIT_INDEX["jawOpen"]]].mean(axis=0)[None], atol=0.01
    )


def test_sealed_lips_keep_their_very_values():
    clip = some(1)
    pinned = [7, 8, 31]
    made = with_keys(clip, few_keys(clip, Bounds().scaled(0.3), pinned=pinned))
    mouth = [column for name, column in ARKIT_INDEX.items() if name.startswith(("jaw", "mouth", "tongue"))]
    np.testing.assert_array_equal(made.face[pinned][:, mouth], clip.face[pinned][:, mouth])
    assert not np.array_equal(made.face[30][mouth], clip.face[30][mouth])


def test_what_changed_is_marked_and_the_rest_is_left():
    clip = some(2)
    made = with_keys(clip, {"face.jawOpen": Keys(np.array([0, 59]), np.array([[0.0], [1.0]], np.float32))})
    np.testing.assert_allclose(made.face[:, ARKIT_INDEX["jawOpen"]], np.linspace(0, 1, 60), atol=1e-6)
    assert made.tracks == {"face.jawOpen": "edited"}
    with pytest.raises(ValueError, match=r"no curve 'face\.nose'"):
        with_keys(clip, {"face.nose": Keys(np.array([0]), np.zeros((1, 1)))})


def test_saved_keys_are_plain_json(tmp_path):
    clip = some(3)
    keys = few_keys(clip, Bounds(), ["head", "left_hand"])
    save_keys(tmp_path / "keys.json", keys, clip)
    data = json.loads((tmp_path / "keys.json").read_text())
    assert (data["fps"], data["frames"]) == ([25, 1], 60)
    assert set(data["curves"]) == set(keys) == {"head_rotation", "head_translation", *(
        f"left_hand.{finger}{knuckle}" for finger in ("index", "middle", "pinky", "ring", "thumb") for knuckle in (1, 2, 3)
    )}  # fmt: skip
    curve = data["curves"]["left_hand.thumb2"]
    np.testing.assert_allclose(curve["values"], keys["left_hand.thumb2"].values, atol=1e-6)
    assert curve["frames"] == keys["left_hand.thumb2"].frames.tolist()
