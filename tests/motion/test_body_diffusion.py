"""The learned body: what is promised of it whatever the weights are, and what the shipped ones know."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from garrick.bodies.body_limits import within_limits
from garrick.bodies.hand import Side
from garrick.bodies.head import load_head
from garrick.context import RunContext
from garrick.core.performance import BODY_JOINTS
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.errors import Cancelled
from garrick.motion.body import perform_body
from garrick.motion.diffusion import body, hearing
from garrick.motion.diffusion.upper_body import (
    ARM,
    BUILD,
    CHANNELS,
    KNOWN,
    POINTS,
    build_of,
    decode,
    encode,
    face_points,
    known,
    struck,
    swapped,
)  # fmt: skip
from garrick.motion.gestures.arms import arm_turns
from garrick.motion.gestures.curves import arm_curves
from garrick.motion.gestures.forms import Form
from garrick.motion.gestures.fusion import FASTEST, blended, ruled_share, slowed
from garrick.motion.gestures.plan import Stroke, plan_strokes
from garrick.motion.gestures.shapes import hand_shape
from garrick.speech.speech import Mark, Speech
from garrick.speech.voices import speak
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from motion_samples import said

SIDES: tuple[Side, ...] = ("left", "right")
ARMS = {side: [BODY_JOINTS.index(f"{side}_{name}") for name in ("shoulder", "elbow", "wrist")] for side in SIDES}
quick = settings(max_examples=25, deadline=None)


@pytest.fixture(scope="module")
def speech() -> Speech:
    """Some seconds of a voice, with a pause."""
    return speak('Nobody knew the answer. <break time="900ms"/> So we had to go and look for it.', RunContext())


def made(speech: Speech, seed: int = 0, rate: int = 25, amount: float = 1.0) -> body.LivelyBody:
    times = np.arange(int(np.ceil(speech.duration * rate))) / rate
    strokes = plan_strokes(speech, 1.0, np.random.default_rng(seed))
    face, still = np.zeros((len(times), 52), np.float32), np.zeros((len(times), 3))
    identity = load_head().average_adult
    return body.generate(speech, strokes, face, still, identity, times, amount, RunContext(seed=seed))


def arms_of_rules(seconds: float = 6.0) -> tuple[np.ndarray, dict[Side, np.ndarray]]:
    times = np.arange(round(30 * seconds)) / 30
    strokes = [Stroke(name, 1.5 + row, SIDES, Form()) for row, name in enumerate(("beat_both", "open_palms", "frame"))]
    pose, hands = np.zeros((len(times), len(BODY_JOINTS), 3)), {}
    for side in SIDES:
        curves = arm_curves(strokes, side, times, 1.0, np.random.default_rng(1))
        pose[:, ARMS[side]], hands[side] = curves[:, 1:4], curves[:, 4:]
    return pose, hands


def apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Radians between rotations (..., 3)."""
    first, second = rotation_matrices(one), rotation_matrices(other)
    return np.linalg.norm(axis_angles(np.swapaxes(first, -1, -2) @ second), axis=-1)


def test_what_the_rules_do_with_arms_and_hands_comes_back_from_the_net_s_channels() -> None:
    pose, hands = arms_of_rules()
    found, shaped = decode(encode(pose, hands))
    for side in SIDES:
        shoulder, elbow, wrist = ARMS[side]
        assert apart(found[:, [shoulder, wrist]], pose[:, [shoulder, wrist]]).max() < 1e-6
        assert apart(found[:, elbow], pose[:, elbow]).max() < np.radians(4)  # the hinge is all that is kept of an elbow
        assert apart(shaped[side], hands[side]).mean() < np.radians(2)


@quick
@given(hnp.arrays(np.float64, (5, CHANNELS), elements=st.floats(-0.4, 0.4)))
def test_channels_come_back_and_a_mirror_twice_is_nothing(motion: np.ndarray) -> None:
    pose, hands = decode(motion)
    np.testing.assert_allclose(encode(pose, hands), motion, atol=1e-6)
    np.testing.assert_allclose(swapped(swapped(motion)), motion)
    other, mirror = decode(swapped(motion)), np.array([1, -1, -1])
    np.testing.assert_allclose(other[0][:, ARMS["left"]], pose[:, ARMS["right"]] * mirror, atol=1e-9)
    np.testing.assert_allclose(other[1]["left"], hands["right"] * mirror, atol=1e-9)
    np.testing.assert_allclose(other[0][:, 1], pose[:, 1] * mirror)


def test_the_points_of_a_face_go_where_the_head_turns_and_the_jaw_opens() -> None:
    face = np.zeros((3, 52), np.float32)
    face[2, 17] = 1.0  # jawOpen
    still, turned, open_ = face_points(face, np.array([[0, 0, 0], [0, 20.0, 0], [0, 0, 0]])).reshape(3, -1, 2)
    assert not still.any()
    assert (turned[[POINTS.index(1), POINTS.index(13)], 0] > 0.5).all()  # a head that turns to its left, and +X is left
    assert open_[POINTS.index(152), 1] < -0.3
    assert abs(open_[POINTS.index(105), 1]) < 0.05


def test_a_build_is_told_against_the_average() -> None:
    head = load_head()
    assert not build_of(head.average_adult).any()
    heavy = build_of(head.identity_from_sliders(weight=1.0).astype(np.float32))
    light = build_of(head.identity_from_sliders(weight=0.0).astype(np.float32))
    assert (heavy[:4] > light[:4]).all()


def test_the_net_is_told_the_end_of_each_stroke_and_its_hand() -> None:
    strokes = [Stroke("beat", 1.0, ("left",), Form(size=0.7)), Stroke("beat_both", 3.0, SIDES, Form(size=1.2))]
    bumps = struck(strokes, 60 * 4)
    assert bumps[60] == pytest.approx([0, 0.7], abs=0.02)
    assert bumps[180] == pytest.approx([1.2, 1.2], abs=0.02)
    assert bumps[120].max() < 1e-3
    rows = known(np.ones((240, hearing.FEATURES)), bumps, np.zeros((120, 2 * len(POINTS))), np.arange(float(BUILD)))
    assert rows.shape == (240, KNOWN)
    np.testing.assert_allclose(rows[60, hearing.FEATURES : hearing.FEATURES + 2], bumps[60], atol=1e-6)


def test_a_gesture_that_means_something_is_the_vocabulary_s_from_its_start_to_its_end() -> None:
    times = np.arange(0, 8, 0.02)
    strokes = [Stroke("point", 3.0, ("right",), meant=True), Stroke("beat", 5.5, ("right",))]
    share = ruled_share(strokes, "right", times)
    assert (share[(times > 2.7) & (times < 3.3)] == 1).all()
    assert not share[(times < 1.9) | ((times > 4.2) & (times < 4.8))].any()
    assert (
        0.4 < share[np.abs(times - 5.5).argmin()] < 1
    )  # a plain beat is kept to its accent, and looks as it was learned
    assert np.abs(np.diff(share)).max() < 0.1
    assert not ruled_share(strokes, "left", times).any()


@quick
@given(st.integers(0, 99), st.floats(2.0, 9.0))
def test_nothing_is_faster_than_it_may_be_and_what_was_slow_stays(seed: int, fastest: float) -> None:
    rng = np.random.default_rng(seed)
    wild = rotation_matrices(np.cumsum(rng.normal(0, 0.15, (60, 2, 3)), axis=0) * [[[1.0], [0.02]]])
    calm = slowed(wild, 25, fastest)
    steps = np.linalg.norm(axis_angles(np.swapaxes(calm[:-1], -1, -2) @ calm[1:]), axis=-1) * 25
    assert steps.max() < fastest + 1e-6
    np.testing.assert_allclose(calm[:, 1], wild[:, 1])


def test_a_blend_starts_at_one_and_ends_at_the_other() -> None:
    pose, _ = arms_of_rules(2.0)
    one, other = pose[:3, ARMS["right"]], pose[-3:, ARMS["right"]]
    turns = axis_angles(blended(one, other, np.array([0.0, 0.5, 1.0])))
    assert apart(turns[0], one[0]).max() < 1e-6
    assert apart(turns[2], other[2]).max() < 1e-6
    np.testing.assert_allclose(apart(turns[1], one[1]), apart(turns[1], other[1]), atol=1e-6)


def test_a_hand_moves_at_the_stroke_that_it_is_told_of(speech: Speech) -> None:
    """More around it than two seconds away from any."""
    times = np.arange(int(np.ceil(speech.duration * 25))) / 25
    face, still = np.zeros((len(times), 52), np.float32), np.zeros((len(times), 3))
    struck_speed, idle_speed = [], []
    for seed in range(4):
        stroke = Stroke("beat", 1.0, ("right",), Form(size=1.2))
        pose = body.generate(
            speech, [stroke], face, still, load_head().average_adult, times, 1.0, RunContext(seed=seed)
        ).pose
        speed = apart(pose[1:, ARMS["right"]], pose[:-1, ARMS["right"]]).mean(axis=1) * 25
        struck_speed.append(speed[(times[1:] > 0.4) & (times[1:] < 1.1)].max())
        idle_speed.append(speed[times[1:] > 3.0].max())
    assert np.mean(struck_speed) > 1.3 * np.mean(idle_speed)


def test_one_seed_is_one_body_and_another_is_another(speech: Speech) -> None:
    one, again, other = made(speech), made(speech), made(speech, seed=1)
    assert np.array_equal(one.pose, again.pose)
    assert apart(one.pose, other.pose).max() > np.radians(15)


def test_more_is_asked_and_more_is_done(speech: Speech) -> None:
    moved = [
        sum(np.std(made(speech, seed, amount=amount).pose, axis=0).sum() for seed in range(3)) for amount in (0.5, 1.6)
    ]
    assert moved[0] < moved[1]


def test_another_rate_shows_the_same_motion(speech: Speech) -> None:
    one, other = made(speech), made(speech, rate=50)
    assert np.abs(one.pose - other.pose[::2][: len(one.pose)]).max() < 0.02


@pytest.mark.parametrize("seconds", [0.03, 0.4, 6.1])
def test_a_voice_of_any_length_has_a_body(seconds: float) -> None:
    found = made(replace(said([("AA", seconds)]), language="en-us"))
    assert np.isfinite(found.pose).all()
    assert len(found.pose) == len(found.hands["left"]) == max(1, int(np.ceil(seconds * 25)))


def test_a_cancel_is_heard(speech: Speech) -> None:
    cancel = threading.Event()
    ctx = RunContext(cancel=cancel, progress=lambda phase, done, total: cancel.set())
    times = np.arange(50) / 25
    with pytest.raises(Cancelled):
        body.generate(speech, [], np.zeros((50, 52)), np.zeros((50, 3)), load_head().average_adult, times, 1.0, ctx)


def test_a_mark_is_kept_and_nothing_is_broken_when_the_net_moves_the_rest(speech: Speech) -> None:
    times = np.arange(int(np.ceil(speech.duration * 25))) / 25
    marked = replace(speech, marks=(Mark("point", 1.6),))
    face, still = np.zeros((len(times), 52), np.float32), np.zeros((len(times), 3))
    identity = load_head().average_adult
    for seed in range(3):
        moved, ruled = (
            perform_body(marked, times, still, 1.0, 1.0, RunContext(seed=seed), face, identity, learned)
            for learned in (True, False)
        )
        plan = plan_strokes(marked, 1.0, RunContext(seed=seed).rng("gestures"))
        point = next(stroke for stroke in plan if stroke.gesture == "point")
        side = point.sides[0]
        at = round(point.time * 25) + 1
        assert apart(moved.pose[at, ARMS[side]], arm_turns("aim", side)[1:]).max() < np.radians(14)
        hand = moved.left_hand if side == "left" else moved.right_hand
        assert apart(hand[at], hand_shape("point", side)).max() < np.radians(10)
        assert within_limits(moved.pose, np.radians(6)).mean() > 0.99
        arms = ARMS["left"] + ARMS["right"]
        assert apart(moved.pose[1:, arms], moved.pose[:-1, arms]).max() * 25 < FASTEST + 1
        assert apart(moved.pose[0, arms], ruled.pose[0, arms]).max() < np.radians(2)
        assert apart(moved.pose[:, arms], ruled.pose[:, arms]).max() > np.radians(15)


def test_both_arms_are_told_alike() -> None:
    assert CHANNELS == 2 * ARM + 3
    assert made(said([("AA", 1.0)])).pose.shape[1:] == (len(BODY_JOINTS), 3)
