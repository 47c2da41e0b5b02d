"""Arms and hands: stances point where they say, strokes end on their accents, and nobody jerks."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from garrick.bodies.body import make_figure
from garrick.bodies.capsules import capsules_of, penetration
from garrick.bodies.hand import Side, load_hand, within_limits
from garrick.bodies.head import load_head
from garrick.context import RunContext
from garrick.core.performance import BODY_JOINTS, Performance
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.motion.body import resting, with_body
from garrick.motion.gestures import curves
from garrick.motion.gestures.arms import STANCES, arm_turns
from garrick.motion.gestures.curves import arm_curves
from garrick.motion.gestures.plan import Stroke, plan_strokes
from garrick.motion.gestures.shapes import SHAPES, hand_shape
from garrick.motion.gestures.vocabulary import GESTURES, MEANT
from garrick.motion.perform import Manner, run
from garrick.speech.speech import Mark, Speech, Word
from hypothesis import given, settings
from hypothesis import strategies as st
from motion_samples import closed_portrait, said

SIDES: tuple[Side, ...] = ("left", "right")
FPS = 50
quick = settings(max_examples=20, deadline=None)


def talk(accents: list[float], seconds: float, marks: tuple[Mark, ...] = (), words: tuple[Word, ...] = ()) -> Speech:
    spoken = said([("AA", 0.2), ("N", 0.1)] * round(seconds / 0.3), accents)
    return replace(spoken, marks=marks, words=words, language="en-us")


def wrist_directions(curves: np.ndarray, side: Side) -> np.ndarray:
    """(F, 3) where the wrist is, from the shoulder, in lengths of a limb: enough to see it move."""
    out = np.array([1.0 if side == "left" else -1.0, 0, 0])
    collar, shoulder, elbow = (rotation_matrices(curves[:, row]) for row in range(3))
    upper = collar @ shoulder
    return (upper + upper @ elbow) @ out


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", STANCES)
def test_a_stance_points_where_it_says(name: str, side: Side) -> None:
    stance, mirror = STANCES[name], np.array([-1.0 if side == "left" else 1.0, 1, 1])
    collar, shoulder, elbow, wrist = rotation_matrices(arm_turns(name, side))
    out = np.array([1.0 if side == "left" else -1.0, 0, 0])
    for turn, direction in (
        (collar @ shoulder, stance.upper),
        (collar @ shoulder @ elbow, stance.forearm),
        (collar @ shoulder @ elbow @ wrist, stance.hand),
    ):
        wanted = np.array(direction) * mirror
        np.testing.assert_allclose(turn @ out, wanted / np.linalg.norm(wanted), atol=1e-6)
    palm = collar @ shoulder @ elbow @ wrist @ np.array([0, -1.0, 0])
    assert palm @ (np.array(stance.palm) * mirror) > 0
    hinge = elbow @ np.array([0, 1.0, 0])
    np.testing.assert_allclose(hinge, [0, 1, 0], atol=1e-6)  # an elbow bends and does nothing else


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_keeps_to_the_limits_and_is_one_of_its_own(name: str, side: Side) -> None:
    assert within_limits(load_hand(side), hand_shape(name, side)).all()
    others = [hand_shape(other, side) for other in SHAPES if other != name]
    assert min(np.abs(other - hand_shape(name, side)).max() for other in others) > np.radians(4)


def test_every_gesture_is_made_of_what_there_is() -> None:
    for gesture in GESTURES.values():
        assert {gesture.before, gesture.stroke} <= set(STANCES)
        assert gesture.shape in SHAPES
    assert set(MEANT.values()) <= set(GESTURES)


@pytest.mark.parametrize("name", sorted(set(GESTURES) - {"wave"}))
def test_a_stroke_ends_on_its_time(name: str) -> None:
    """The hand is fastest before and still at the end of the stroke."""
    times = np.arange(4 * FPS) / FPS
    curves = arm_curves([Stroke(name, 2.0, ("right",))], "right", times, 1.0, np.random.default_rng(0))
    speed = np.linalg.norm(np.diff(wrist_directions(curves, "right"), axis=0), axis=1)
    lasts = GESTURES[name].lasts
    stroke = speed[(times[:-1] > 2.0 - lasts) & (times[:-1] < 2.0 - 0.02)]
    after = speed[(times[:-1] > 2.02) & (times[:-1] < 2.0 + max(GESTURES[name].held, 0.06))]
    assert after.max() < 0.35 * stroke.max()


@quick
@given(
    st.lists(st.tuples(st.floats(0.3, 9.5), st.sampled_from(sorted(GESTURES))), max_size=12),
    st.sampled_from(SIDES),
    st.floats(0.2, 2),
    st.integers(0, 99),
)
def test_no_joint_is_faster_than_a_speaker_s_and_the_hands_end_at_rest(
    wanted: list[tuple[float, str]], side: Side, amplitude: float, seed: int
) -> None:
    strokes = [Stroke(name, time, (side,)) for time, name in sorted(wanted)]
    times = np.arange(14 * 25) / 25
    curves = arm_curves(strokes, side, times, amplitude, np.random.default_rng(seed))
    turns = rotation_matrices(curves[:, :4])
    steps = np.linalg.norm(axis_angles(np.swapaxes(turns[:-1], -1, -2) @ turns[1:]), axis=-1) * 25
    assert steps.max() < 7.6  # radians a second: the limit of a stroke, and what is never still
    hang = rotation_matrices(arm_turns("hang", side))
    away = np.linalg.norm(axis_angles(np.swapaxes(hang, -1, -2) @ turns[-1]), axis=-1)
    assert away.max() < np.radians(8)


def test_a_long_clip_is_made_in_parts_that_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    strokes = [Stroke(name, 1.5 + 1.4 * row, ("right",)) for row, name in enumerate(sorted(GESTURES))]
    times = np.arange(35 * 25) / 25
    whole = arm_curves(strokes, "right", times, 1.0, np.random.default_rng(1))
    monkeypatch.setattr(curves, "_AT_ONCE", 37)
    np.testing.assert_allclose(arm_curves(strokes, "right", times, 1.0, np.random.default_rng(1)), whole, atol=1e-12)


@pytest.mark.parametrize("sliders", [{"gender": 1.0}, {"weight": 1.0}, {"age": 0.35}])
def test_hands_stay_out_of_the_body_on_all_their_ways(sliders: dict[str, float], body_data) -> None:
    """One gesture after another in random order, larger than life, on a man, a heavy person and a child."""
    head, rng, times = load_head(), np.random.default_rng(5), np.arange(40 * 25) / 25
    figure = make_figure(head, head.identity_from_sliders(**sliders).astype(np.float32))
    names = rng.permutation(sorted(GESTURES))
    pose = np.zeros((len(times), len(BODY_JOINTS), 3))
    for side in SIDES:
        strokes = [
            Stroke(str(name), 1.5 + 1.3 * row, (side,)) for row, name in enumerate(np.roll(names, side == "left"))
        ]
        rows = [BODY_JOINTS.index(f"{side}_{joint}") for joint in ("collar", "shoulder", "elbow", "wrist")]
        pose[:, rows] = arm_curves(strokes, side, times, 1.5, rng)[:, :4]
    contact = penetration(figure, capsules_of(figure), np.zeros((len(times), 3)), pose)
    assert contact.depth.max() < 0.012


@quick
@given(st.lists(st.floats(0.2, 19), max_size=40), st.integers(0, 99))
def test_strokes_lie_on_accents_and_apart(accents: list[float], seed: int) -> None:
    accents = sorted(accents)
    strokes = plan_strokes(talk(accents, 20), 1.0, np.random.default_rng(seed))
    # accents are kept in single precision
    assert all(min(abs(stroke.time - accent) for accent in accents) < 1e-5 for stroke in strokes)
    assert all(b.time - a.time >= 0.5 for a, b in pairwise(strokes))


def test_more_amplitude_is_more_strokes_and_nought_is_none() -> None:
    speech = talk(list(np.arange(0.6, 59, 0.6)), 60)
    counts = [
        np.mean([len(plan_strokes(speech, amount, np.random.default_rng(seed))) for seed in range(10)])
        for amount in (0, 0.5, 1, 2)
    ]
    assert counts[0] == 0
    assert counts[1] < 0.8 * counts[2] < 0.8 * counts[3]


def test_a_mark_is_obeyed_and_a_word_means_its_gesture() -> None:
    speech = talk([1.0, 3.0], 6, (Mark("wave", 2.0), Mark("laugh", 4.0)), (Word("maybe", 2.8, 3.2),))
    found = {stroke.gesture for seed in range(20) for stroke in plan_strokes(speech, 1.0, np.random.default_rng(seed))}
    assert "wave" in found
    assert "laugh" not in found
    alone = replace(speech, marks=())
    seeds = [plan_strokes(alone, 1.0, np.random.default_rng(seed)) for seed in range(20)]
    assert any(stroke.gesture == "shrug" and abs(stroke.time - 3) < 1e-5 for strokes in seeds for stroke in strokes)


def test_every_mark_is_shown_however_close_they_stand() -> None:
    names = ("wave", "point", "hand_on_chest", "shrug", "count_two")
    speech = talk([], 12, tuple(Mark(name, 1.0 + 0.4 * row) for row, name in enumerate(names)))
    strokes = plan_strokes(speech, 1.0, np.random.default_rng(0))
    assert [stroke.gesture for stroke in strokes] == list(names)
    times = np.arange(12 * 25) / 25
    curves = arm_curves(strokes, "right", times, 1.0, np.random.default_rng(0))
    for stroke in strokes:
        at = rotation_matrices(curves[round(stroke.time * 25) + 1, :4])
        wanted = rotation_matrices(arm_turns(GESTURES[stroke.gesture].stroke, "right"))
        if stroke.gesture != "shrug" or "right" in stroke.sides:
            assert np.linalg.norm(axis_angles(np.swapaxes(wanted, -1, -2) @ at), axis=-1).max() < np.radians(15)


def test_at_gestures_0_arms_hang_and_nothing_moves() -> None:
    speech = talk([0.6, 1.2, 2.0], 4, (Mark("wave", 1.0),))
    still = run(speech, closed_portrait(), Fraction(25), Manner(head_motion=0, gestures=0), RunContext())
    for channel in ("body_pose", "left_hand", "right_hand", "head_translation"):
        assert not np.ptp(getattr(still, channel), axis=0).any()
    for side, out in (("left", 1.0), ("right", -1.0)):
        turn = rotation_matrices(still.body_pose[0, BODY_JOINTS.index(f"{side}_shoulder")].astype(np.float64))
        assert turn @ (out, 0, 0) @ (0, -1, 0) > 0.9
    assert not still.head_translation.any()


def test_a_performance_without_a_body_gets_hanging_arms_and_one_with_a_body_keeps_it() -> None:
    face = run(talk([0.6], 2), closed_portrait(), Fraction(25), Manner(), RunContext())
    fist = np.ones_like(face.left_hand)
    bare = replace(face, body_pose=np.zeros_like(face.body_pose), left_hand=fist, right_hand=np.zeros_like(fist))
    dressed = with_body(bare)
    assert np.array_equal(dressed.body_pose, resting(len(face)).pose.astype(np.float32))
    assert np.array_equal(dressed.left_hand, fist)
    assert dressed.right_hand.any()
    assert with_body(face) is face


def test_a_speaker_s_arms_hang_and_gesture_and_the_seed_decides() -> None:
    speech = talk(list(np.arange(0.6, 9, 0.7)), 10)

    def moved(seed: int) -> Performance:
        return run(speech, closed_portrait(), Fraction(25), Manner(), RunContext(seed=seed))

    one, again, other = moved(1), moved(1), moved(2)
    shoulder = BODY_JOINTS.index("right_shoulder")
    start = rotation_matrices(one.body_pose[0, shoulder].astype(np.float64)) @ (-1.0, 0, 0)
    assert start @ (0, -1, 0) > 0.9
    assert np.ptp(one.body_pose[:, BODY_JOINTS.index("right_elbow")], axis=0).max() > 0.5
    assert np.array_equal(one.body_pose, again.body_pose)
    assert not np.array_equal(one.body_pose, other.body_pose)
    assert np.array_equal(one.face, again.face)
