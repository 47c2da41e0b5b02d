"""Edits of whole performances: what each promises of every curve, and of the curves that it was not asked to touch."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from garrick.core import clips
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.edits import sealed
from garrick.core.gaze import EYE_LOOK, eye_look_weights
from garrick.core.groups import GROUPS, WHOLE, selection
from garrick.core.performance import CHANNELS, AudioReference, Performance
from garrick.core.rotation import axis_angles, rotation_matrices
from hypothesis import given, settings
from hypothesis import strategies as st

FPS = Fraction(25)
SOME = st.sets(st.sampled_from(sorted(GROUPS)), min_size=1)


def some(seed: int, frames: int = 40, fps: Fraction = FPS) -> Performance:
    """Everything wanders smoothly; the head turns past half a turn."""
    rng = np.random.default_rng(seed)
    times = np.arange(frames) / float(fps)
    rest = Performance.rest(frames, fps)

    def wander(*shape: int) -> np.ndarray:
        waves = [np.sin(times[:, None] * rng.uniform(1, 6, np.prod(shape)) + rng.uniform(0, 6, np.prod(shape)))]
        return waves[0].reshape(frames, *shape)

    arrays = {name: 0.2 * wander(*getattr(rest, name).shape[1:]) for name in CHANNELS}
    gaze = arrays["gaze"]
    face = 0.4 + 0.3 * wander(52)
    face[:, EYE_LOOK] = eye_look_weights(gaze)
    turn = np.linspace(0, 1.2 * np.pi, frames)[:, None] * [0, 1, 0.1]
    return replace(rest, **arrays | {"face": face, "head_rotation": turn}, audio=AudioReference("a.wav", 0.5))


def same_turns(one: np.ndarray, other: np.ndarray, atol: float = 1e-6) -> None:
    np.testing.assert_allclose(rotation_matrices(one.astype(float)), rotation_matrices(other.astype(float)), atol=atol)


def untouched(made: Performance, clip: Performance, groups: set[str]) -> None:
    """Bit for bit the same wherever no group was named, and not marked."""
    chosen = selection(groups)
    others = [column for column in range(52) if column not in chosen.face]
    np.testing.assert_array_equal(made.face[:, others], clip.face[:, others])
    for name in CHANNELS[1:]:
        if name not in chosen.channels:
            np.testing.assert_array_equal(getattr(made, name), getattr(clip, name))
            assert name not in made.tracks


EDITS = {
    "amplified": lambda clip, groups: clips.amplified(clip, 0.7, groups),
    "about average": lambda clip, groups: clips.amplified(clip, 1.3, groups, about_average=True),
    "smoothed": lambda clip, groups: clips.smoothed(clip, 0.1, groups, np.array([0.5])),
    "blended": lambda clip, groups: clips.blended(clip, some(99, 30, Fraction(30)), 0.4, groups),
}


@settings(max_examples=12, deadline=None)
@given(groups=SOME, seed=st.integers(0, 99))
@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_touches_what_it_was_told_to_and_marks_it(edit, groups, seed):
    clip = some(seed)
    made = EDITS[edit](clip, groups)
    untouched(made, clip, groups)
    assert made.tracks
    assert set(made.tracks.values()) == {"edited"}
    assert made.face.min() >= 0
    assert made.face.max() <= 1
    assert (len(made), made.fps, made.audio) == (len(clip), clip.fps, clip.audio)


@pytest.mark.parametrize("edit", ["amplified", "about average", "smoothed"])
def test_what_rests_stays_at_rest_to_the_bit(edit):
    """Whether a body moves at all is told by its zeros."""
    made = EDITS[edit](Performance.rest(20, FPS), WHOLE)
    assert all(not getattr(made, name).any() for name in CHANNELS)
    assert made.tracks == {}


def test_gain_scales_weights_angles_and_places():
    clip = some(1)
    made = clips.amplified(clip, 0.5)
    for name in CHANNELS:
        np.testing.assert_allclose(getattr(made, name), 0.5 * getattr(clip, name), atol=1e-6)
    assert all(not getattr(clips.amplified(clip, 0.0), name).any() for name in CHANNELS)


def test_gain_about_the_average_keeps_where_a_head_looks():
    turn = np.array([0.0, 0.6, 0.0]) + 0.1 * np.sin(np.arange(200) / 5)[:, None] * [1, 0, 0]
    clip = replace(Performance.rest(200, FPS), head_rotation=turn)
    made = clips.amplified(clip, 2.0, ["head"], about_average=True)
    middles = [rotation_matrices(one.head_rotation.astype(float)).mean(axis=0) for one in (clip, made)]
    np.testing.assert_allclose(middles[0], middles[1], atol=0.01)
    away = [np.linalg.norm(one.head_rotation - one.head_rotation.mean(axis=0), axis=1).max() for one in (clip, made)]
    assert away[1] == pytest.approx(2 * away[0], rel=0.02)


def test_the_jaw_alone_made_larger_leaves_sealed_lips_sealed():
    clip = some(2)
    clip = replace(clip, face=sealed(clip.face, np.ones(len(clip))))
    made = clips.amplified(clip, 1.8, ["jaw"])
    jaw, close = ARKIT_INDEX["jawOpen"], ARKIT_INDEX["mouthClose"]
    np.testing.assert_allclose(made.face[:, jaw], made.face[:, close], atol=1e-6)
    assert made.face[:, jaw].max() > 0


def test_offsets_move_weights_head_and_gaze_with_its_lids():
    clip = replace(some(3), head_rotation=np.zeros((40, 3)), gaze=np.zeros((40, 2, 2)))
    clip.face[:, EYE_LOOK] = 0
    made = clips.shifted(clip, {"jawOpen": 0.1, "cheekPuff": -5.0, "head.pitch": 0.2, "gaze.yaw": 0.1})
    jaw = ARKIT_INDEX["jawOpen"]
    np.testing.assert_allclose(made.face[:, jaw], np.minimum(clip.face[:, jaw] + 0.1, 1), atol=1e-6)
    assert not made.face[:, ARKIT_INDEX["cheekPuff"]].any()
    ahead = rotation_matrices(made.head_rotation.astype(float))[:, :, 2]
    np.testing.assert_allclose(ahead, np.broadcast_to([0, np.sin(0.2), np.cos(0.2)], (40, 3)), atol=1e-6)  # up
    np.testing.assert_allclose(made.gaze[..., 0], 0.1)
    assert (made.face[:, ARKIT_INDEX["eyeLookOutLeft"]] > 0.1).all()
    assert (made.face[:, ARKIT_INDEX["eyeLookInRight"]] > 0.1).all()
    assert set(made.tracks) >= {"face.jawOpen", "face.cheekPuff", "head_rotation", "gaze", "face.eyeLookOutLeft"}
    with pytest.raises(ValueError, match=r"'head\.nod' cannot be shifted"):
        clips.shifted(clip, {"head.nod": 1.0})


def test_a_head_is_shifted_about_its_own_axes():
    clip = replace(Performance.rest(1, FPS), head_rotation=np.array([[0, np.pi / 2, 0]]))
    made = clips.shifted(clip, {"head.roll": 0.3})
    expected = axis_angles(rotation_matrices(np.array([0, np.pi / 2, 0])) @ rotation_matrices(np.array([0, 0, 0.3])))
    same_turns(made.head_rotation[0], expected)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 99), seconds=st.floats(0.02, 0.3))
def test_smoothing_has_no_lag(seed, seconds):
    """What is smoothed backwards is the same as what is smoothed forwards."""
    clip = some(seed)
    turned = {name: getattr(clip, name)[::-1] for name in CHANNELS}
    back = clips.smoothed(replace(clip, **turned), seconds)
    there = clips.smoothed(clip, seconds)
    for name in ("face", "gaze", "head_translation"):
        np.testing.assert_allclose(getattr(back, name)[::-1], getattr(there, name), atol=1e-5)
    for name in clips.TURNS:
        same_turns(getattr(back, name)[::-1], getattr(there, name), atol=1e-5)


def test_smoothing_takes_jitter_out_and_keeps_turns_past_half_a_turn():
    rng = np.random.default_rng(0)
    clip = some(4, 200)
    noisy = replace(clip, head_rotation=clip.head_rotation + rng.normal(0, 0.03, (200, 3)))
    made = clips.smoothed(noisy, 0.1, ["head"])
    assert (
        np.abs(made.head_rotation - clip.head_rotation).mean()
        < 0.4 * np.abs(noisy.head_rotation - clip.head_rotation).mean()
    )
    assert np.linalg.norm(made.head_rotation[-1]) > np.pi  # not the short way round


def test_smoothing_keeps_sealed_lips_and_shut_lids():
    clip = Performance.rest(50, FPS)
    face = np.full((50, 52), 0.3, np.float32)
    face[25] = sealed(face[25:26], np.ones(1))
    face[40, ARKIT_INDEX["eyeBlinkLeft"]] = 1
    clip = replace(clip, face=face)
    kept, lost = (clips.smoothed(clip, 0.1, sealed_at=at) for at in (np.array([1.0]), np.zeros(0)))
    jaw = ARKIT_INDEX["jawOpen"]
    assert kept.face[25, jaw] == face[25, jaw]
    assert lost.face[25, jaw] > 0.2
    assert kept.face[40, ARKIT_INDEX["eyeBlinkLeft"]] == 1


@settings(max_examples=8, deadline=None)
@given(one=st.integers(0, 50), other=st.integers(51, 99), share=st.floats(0, 1))
def test_a_blend_lies_between_and_is_each_at_its_ends(one, other, share):
    a, b = some(one), some(other)
    for end, whole in ((a, 0.0), (b, 1.0)):
        made = clips.blended(a, b, whole)
        for name in CHANNELS:
            check = same_turns if name in clips.TURNS else np.testing.assert_allclose
            check(getattr(made, name), getattr(end, name), atol=1e-6)
    made, turned = clips.blended(a, b, share), clips.blended(b, a, 1 - share)
    np.testing.assert_allclose(made.face, turned.face, atol=1e-6)
    same_turns(made.body_pose, turned.body_pose, atol=1e-5)


def test_a_blend_may_change_its_share_and_takes_other_lengths_and_rates():
    a, b = some(1), some(2, 12, Fraction(30))
    share = np.linspace(0, 1, 40)
    made = clips.blended(a, b, share, ["face"])
    resampled = b.resampled(FPS)
    np.testing.assert_array_equal(made.face[0], a.face[0])
    step = clips.to_and_fro(len(resampled), 40)[-1]
    columns = list(GROUPS["face"].face)
    np.testing.assert_allclose(made.face[-1][columns], resampled.face[step][columns], atol=1e-6)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 99), fade=st.integers(5, 20))
def test_a_loop_has_no_seam(seed, fade):
    clip = some(seed, 80)
    loop = clips.looped(clip, fade / 25)
    assert len(loop) == 80 - fade
    assert loop.audio is None
    np.testing.assert_array_equal(loop.face[fade:], clip.face[fade : 80 - fade])
    np.testing.assert_allclose(loop.face[0], clip.face[80 - fade], atol=1e-6)  # what came after its last frame
    twice = np.concatenate([loop.face, loop.face])
    steps = np.abs(np.diff(twice, axis=0)).max(axis=1)
    bound = np.abs(np.diff(clip.face, axis=0)).max() + 2 * np.ptp(clip.face, axis=0).max() / fade
    assert steps.max() <= bound
    head = rotation_matrices(np.concatenate([loop.head_rotation, loop.head_rotation]).astype(float))
    source = rotation_matrices(clip.head_rotation.astype(float))
    seam = np.abs(head[len(loop)] - head[len(loop) - 1]).max()
    assert seam <= np.abs(np.diff(source, axis=0)).max() + 1e-5


def test_a_loop_too_short_for_its_fade_is_refused():
    for seconds in (0.0, 1.0):
        with pytest.raises(ValueError, match=r"at most 0\.8 s"):
            clips.looped(some(0, 40), seconds)
