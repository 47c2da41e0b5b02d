"""The contract: what a Performance holds comes back bit for bit, and what it must not hold is refused."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from garrick.core.archive import load_arrays, save_arrays
from garrick.core.performance import CHANNELS, AudioReference, Performance, concatenate
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

RATES = st.sampled_from([Fraction(24), Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(60)])
VALUES = st.floats(-4, 4, width=32)


@st.composite
def performances(draw) -> Performance:
    frames = draw(st.integers(1, 9))
    empty = Performance.rest(frames, draw(RATES), draw(arrays(np.float32, 100, elements=VALUES)))
    fields = {
        name: draw(arrays(np.float32, getattr(empty, name).shape, elements=VALUES))
        for name in ("face", "gaze", "left_hand")
    }
    audio = draw(st.none() | st.builds(AudioReference, st.text(max_size=12), st.floats(-5, 5)))
    tracks = draw(
        st.dictionaries(
            st.sampled_from([*CHANNELS, "face.jawOpen"]), st.sampled_from(["generated", "tracked", "edited"])
        )
    )
    return replace(empty, **fields, audio=audio, tracks=tracks)


def same(a: Performance, b: Performance) -> bool:
    curves = all(np.array_equal(getattr(a, name), getattr(b, name)) for name in (*CHANNELS, "identity"))
    return curves and (a.fps, a.audio, dict(a.tracks)) == (b.fps, b.audio, dict(b.tracks))


@settings(max_examples=30, deadline=None)
@given(performance=performances())
def test_what_was_saved_comes_back_and_saves_to_the_same_bytes(performance, tmp_path_factory):
    folder = tmp_path_factory.mktemp("npz")
    performance.save(folder / "a.npz")
    again = Performance.load(folder / "a.npz")
    assert same(performance, again)
    again.save(folder / "b.npz")
    assert (folder / "a.npz").read_bytes() == (folder / "b.npz").read_bytes()


@settings(max_examples=30, deadline=None)
@given(performance=performances(), cut=st.integers(0, 9))
def test_cut_in_two_and_joined_it_is_the_same(performance, cut):
    cut = min(cut, len(performance) - 1)
    parts = [part for part in (performance.frames(0, cut), performance.frames(cut, len(performance))) if len(part)]
    joined = concatenate(parts)
    assert all(np.array_equal(getattr(joined, name), getattr(performance, name)) for name in CHANNELS)


def test_a_slice_hears_the_same_moment():
    clip = replace(Performance.rest(50, Fraction(25)), audio=AudioReference("a.wav", 0.5))
    assert clip.frames(25, 50).audio == AudioReference("a.wav", -0.5)


@settings(max_examples=20, deadline=None)
@given(rate=RATES, other=RATES)
def test_resampling_keeps_time_and_straight_lines(rate, other):
    clip = Performance.rest(40, rate)
    ramp = np.arange(40, dtype=np.float32) / float(rate)
    clip = replace(clip, face=np.repeat(ramp[:, None], 52, axis=1))
    there = clip.resampled(other)
    assert there.duration == pytest.approx(clip.duration, abs=1 / float(other))
    inside = there.face[:, 0] < ramp[-1] - 1e-4
    np.testing.assert_allclose(there.face[inside, 0], (np.arange(len(there)) / float(other))[inside], atol=1e-5)


def test_wrong_shapes_values_and_words_are_refused():
    rest = Performance.rest(3, Fraction(25))
    with pytest.raises(ValueError, match="gaze must have the shape"):
        replace(rest, gaze=np.zeros((2, 2, 2)))
    with pytest.raises(ValueError, match="not finite"):
        replace(rest, face=np.full((3, 52), np.nan))
    with pytest.raises(ValueError, match="guessed"):
        replace(rest, tracks={"face": "guessed"})
    with pytest.raises(ValueError, match="different frame rates"):
        concatenate([rest, Performance.rest(1, Fraction(24))])
    with pytest.raises(ValueError, match="nothing"):
        concatenate([])


def test_other_files_are_refused(tmp_path):
    (tmp_path / "a.npz").write_bytes(b"not a zip")
    with pytest.raises(ValueError, match="not a readable"):
        Performance.load(tmp_path / "a.npz")
    save_arrays(tmp_path / "b.npz", {"x": np.zeros(3)})
    with pytest.raises(ValueError, match="not a Garrick performance"):
        Performance.load(tmp_path / "b.npz")
    rest = Performance.rest(1, Fraction(25))
    rest.save(tmp_path / "c.npz")
    held = load_arrays(tmp_path / "c.npz")
    held["header"] = np.array(str(held["header"]).replace('"schema": 1', '"schema": 99'))
    save_arrays(tmp_path / "d.npz", held)
    with pytest.raises(ValueError, match="newer Garrick"):
        Performance.load(tmp_path / "d.npz")


def test_pickles_never_load(tmp_path):
    np.savez(tmp_path / "a.npz", header=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ValueError, match="not a readable"):
        Performance.load(tmp_path / "a.npz")
