"""Tables of other kinds of characters: every source exists, and the face that goes in is the one that comes out."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from garrick.core.arkit import ARKIT_INDEX, ARKIT_NAMES
from garrick.core.oculus_visemes import SILENCE, VISEMES, face_of
from garrick.core.performance import Performance
from garrick.core.retarget import key_weights, write_key_weights
from garrick.core.retarget_presets import CHARACTER_CREATOR, OCULUS, PRESETS, VISEME, VRM, both, only
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

FACES = arrays(np.float64, (4, 52), elements=st.floats(0, 1))


@pytest.mark.parametrize("name", PRESETS)
def test_a_table_names_only_sources_that_exist(name):
    known = {*ARKIT_NAMES, *(VISEME + viseme for viseme in (*VISEMES, SILENCE))}
    for key, recipe in PRESETS[name].keys.items():
        assert {source for source, _ in recipe} <= known, key
        assert len({source for source, _ in recipe}) == len(recipe), key


def test_arkit_s_own_names_say_what_they_said():
    face = np.random.default_rng(0).uniform(0, 1, (5, 52))
    weights = key_weights(face, PRESETS["arkit"].keys)
    np.testing.assert_array_equal(np.stack(list(weights.values()), axis=1), face)


@given(face=FACES)
@pytest.mark.parametrize("name", PRESETS)
def test_keys_stay_within_their_range(name, face):
    for values in key_weights(face, PRESETS[name].keys).values():
        assert values.min() >= 0
        assert values.max() <= 1


def test_fifteen_visemes_as_oculus_counts_them():
    assert [key.removeprefix("viseme_") for key in OCULUS] == [
        "sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "I", "O", "U"
    ]  # fmt: skip
    faces = np.stack([np.zeros(52), face_of("aa"), face_of("ih"), 0.5 * face_of("ou")])
    weights = key_weights(faces, OCULUS)
    np.testing.assert_allclose(weights["viseme_sil"], [1, 0, 0, 0.5], atol=0.01)
    assert weights["viseme_aa"][1] == pytest.approx(1, abs=0.01)
    assert weights["viseme_I"][2] == pytest.approx(1, abs=0.01)
    assert weights["viseme_U"][3] == pytest.approx(0.5, abs=0.01)


def test_both_eyes_of_a_vrm_look_where_ours_look():
    face = np.zeros((1, 52))
    face[0, [ARKIT_INDEX["eyeLookOutLeft"], ARKIT_INDEX["eyeLookInRight"], ARKIT_INDEX["eyeBlinkRight"]]] = 0.6, 0.6, 1
    moved = {key for key, values in key_weights(face, VRM).items() if values[0] > 1e-6}
    assert moved == {"lookLeft", "blinkRight"}


def test_keys_with_sides_share_what_has_none():
    assert CHARACTER_CREATOR["Mouth_Pucker_Up_L"] == CHARACTER_CREATOR["Mouth_Pucker_Down_R"] == only("mouthPucker")
    assert CHARACTER_CREATOR["Mouth_Smile_R"] == only("mouthSmileRight")
    assert both("mouthSmile") == (("mouthSmileLeft", 0.5), ("mouthSmileRight", 0.5))
    driven = {source for recipe in CHARACTER_CREATOR.values() for source, _ in recipe}
    assert driven == set(ARKIT_NAMES)  # the extended profile leaves nothing out


def test_lips_close_over_an_open_jaw_where_units_cannot():
    face = np.zeros((2, 52))
    face[:, ARKIT_INDEX["jawOpen"]] = 0.5
    face[1, ARKIT_INDEX["mouthClose"]] = 0.5
    opened = key_weights(face, PRESETS["makehuman"].keys)["mouth-open"]
    assert opened[0] > 0.4
    assert opened[1] == 0


def test_a_csv_has_seconds_and_a_column_a_key(tmp_path):
    write_key_weights(Performance.rest(3, Fraction(30000, 1001)), OCULUS, tmp_path / "a.csv")
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert lines[0].split(",")[:3] == ["time", "viseme_sil", "viseme_PP"]
    assert lines[2].startswith("0.0333667,1,0")
    assert len(lines) == 4
