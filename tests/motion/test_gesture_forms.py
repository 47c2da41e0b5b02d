"""Variety of strokes: beats differ, hands stay up between them, the other hand lives, and nobody's hands meet."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from garrick.bodies.body import make_figure
from garrick.bodies.body_limits import within_limits
from garrick.bodies.capsules import capsules_of, penetration, placed, ways_between
from garrick.bodies.hand import Side
from garrick.bodies.head import load_head
from garrick.core.performance import BODY_JOINTS
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.motion.gestures.arms import STANCES, Way, arm_turns, moved
from garrick.motion.gestures.clearance import keep_clear
from garrick.motion.gestures.curves import arm_curves
from garrick.motion.gestures.forms import PLAIN, Form
from garrick.motion.gestures.plan import Stroke, plan_strokes
from garrick.motion.gestures.shapes import hand_shape
from garrick.motion.gestures.vocabulary import GESTURES
from motion_samples import said

SIDES: tuple[Side, ...] = ("left", "right")
ARMS = {
    side: [BODY_JOINTS.index(f"{side}_{name}") for name in ("collar", "shoulder", "elbow", "wrist")] for side in SIDES
}


def planned(seed: int, seconds: int = 30) -> list[Stroke]:
    """Strokes on an accent each 0.8 s, with a pause after every fourth."""
    accents = np.arange(0.6, seconds, 0.8)
    speech = said([("AA", 0.2), ("N", 0.1)] * round(seconds / 0.3), list(accents))
    pauses = np.array([(at + 0.3, at + 0.6) for at in accents[3::4]], np.float32)
    return plan_strokes(
        replace(speech, prosody=replace(speech.prosody, pauses=pauses)), 1.0, np.random.default_rng(seed)
    )


def posed(strokes: list[Stroke], seconds: float, amplitude: float = 1.0, rate: int = 25) -> np.ndarray:
    """(F, 13, 3) arms that make the strokes, the trunk at rest."""
    times = np.arange(round(seconds * rate)) / rate
    pose = np.zeros((len(times), len(BODY_JOINTS), 3))
    for side in SIDES:
        pose[:, ARMS[side]] = arm_curves(strokes, side, times, amplitude, np.random.default_rng(3))[:, :4]
    return pose


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(
    ("way", "expected"),
    [(Way(out=20), (-1, 0, 0)), (Way(up=20), (0, 1, 0)), (Way(forth=25), (0, 0, 1))],
    ids=["out", "up", "forth"],
)
def test_a_hand_goes_the_way_it_is_sent(way: Way, expected: tuple[float, float, float], side: Side) -> None:
    mirror = np.array([-1.0 if side == "left" else 1.0, 1, 1])

    def hand(stance) -> np.ndarray:
        return np.array(stance.upper) / np.linalg.norm(stance.upper) + np.array(stance.forearm)

    turned = moved(STANCES["struck"], way)
    gone = (hand(turned) - hand(moved(STANCES["struck"], Way()))) * mirror
    assert gone @ (np.array(expected) * mirror) > 0.75 * np.linalg.norm(gone)
    _, shoulder, elbow, _ = rotation_matrices(arm_turns(turned, side))
    out = np.array([1.0 if side == "left" else -1.0, 0, 0])
    np.testing.assert_allclose(shoulder @ elbow @ out, np.array(turned.forearm) * mirror, atol=3e-3)


def test_beats_differ_in_way_size_and_hands_and_one_seed_repeats_itself() -> None:
    strokes = [stroke for seed in range(8) for stroke in planned(seed)]
    beats = [stroke.form.way for stroke in strokes if stroke.form.way is not None]
    ways = Counter(
        max(("out", way.out), ("up", way.up), ("forth", way.forth), key=lambda at: abs(at[1]))[0] for way in beats
    )
    assert set(ways) == {"out", "up", "forth"}
    assert {np.sign(way.up) for way in beats} == {-1, 1}
    assert np.std([stroke.form.size for stroke in strokes]) > 0.15
    assert {len(stroke.sides) for stroke in strokes} == {1, 2}
    assert {stroke.sides[0] for stroke in strokes} == set(SIDES)
    assert max(Counter(stroke.gesture for stroke in strokes).values()) < 0.5 * len(strokes)
    assert planned(4) == planned(4)
    assert planned(4) != planned(5)


def test_two_beats_of_a_phrase_are_never_the_same() -> None:
    for seed in range(6):
        for one, other in pairwise(planned(seed)):
            assert one.form == PLAIN or one.form != other.form


def test_between_near_strokes_a_hand_goes_back_a_part_of_its_way() -> None:
    form = Form(sinks=0.5)
    strokes = [Stroke("open_palm", at, ("right",), form) for at in (2.0, 4.0)]
    pose = posed(strokes, 9)
    raised = [wrist_height(pose[round(at * 25)]) for at in (2.1, 3.2, 4.1, 8.9)]
    assert raised[3] < raised[1] - 0.5  # at the end the arm hangs,
    assert raised[1] < raised[0] - 0.01  # and in between it has sunk,
    assert raised[1] > raised[0] - 0.25  # but not gone home
    assert abs(raised[2] - raised[0]) < 0.03


def wrist_height(pose: np.ndarray) -> float:
    """Of the right hand over the shoulder, in lengths of a limb."""
    collar, shoulder, elbow = rotation_matrices(pose[ARMS["right"][:3]])
    return float((collar @ shoulder @ (np.eye(3) + elbow) @ [-1.0, 0, 0])[1])


def test_a_hand_lets_go_of_a_sign_before_the_next_stroke() -> None:
    strokes = [Stroke("count_two", 2.0, ("right",), Form(sinks=0.2)), Stroke("beat", 4.2, ("right",))]
    times = np.arange(6 * 25) / 25
    curves = arm_curves(strokes, "right", times, 1.0, np.random.default_rng(0))
    shown, between = (rotation_matrices(curves[round(at * 25), 4:]) for at in (2.2, 3.6))
    two, relaxed = (rotation_matrices(hand_shape(name, "right")) for name in ("two", "relaxed"))

    def off(hand: np.ndarray, shape: np.ndarray) -> float:
        return float(np.linalg.norm(axis_angles(np.swapaxes(hand, -1, -2) @ shape), axis=-1).max())

    assert off(shown, two) < np.radians(6)
    assert off(between, relaxed) < np.radians(6)


def test_the_hand_without_a_stroke_follows_in_small_where_it_is_asked_to() -> None:
    def turned(form: Form) -> float:
        left = rotation_matrices(posed([Stroke("beat", 2.0, ("right",), form)], 4)[:, ARMS["left"][2]])
        return float(np.linalg.norm(axis_angles(left[0].T @ left[50])))

    beat = Form(way=Way(up=-20), other="waist", echo=0.4)
    assert turned(beat) > np.radians(40)  # it came up
    assert turned(replace(beat, other="")) < np.radians(5)
    loud, soft = (np.ptp(posed([Stroke("beat", 2.0, ("right",), replace(beat, echo=echo))], 4)[45:60, ARMS["left"]], axis=0)
                  for echo in (1.0, 0.1))  # fmt: skip
    assert soft.max() < 0.5 * loud.max()


def test_alternating_hands_go_against_each_other() -> None:
    form = Form(way=Way(up=-22), alternate=True)
    pose = posed([Stroke("beat_both", 2.0, ("right", "left"), form)], 4, rate=50)
    mirror = np.array([1, -1, -1])
    together = posed([Stroke("beat_both", 2.0, ("right", "left"), replace(form, alternate=False))], 4, rate=50)
    apart, near = (np.abs(one[101, ARMS["left"]] * mirror - one[101, ARMS["right"]]).max() for one in (pose, together))
    assert apart > 2 * near


@pytest.mark.parametrize("amplitude", [1.0, 2.0])
def test_hands_keep_clear_of_each_other_and_of_the_body(amplitude: float, body_data) -> None:
    head = load_head()
    figure = make_figure(head, head.average_adult)
    capsules = capsules_of(figure)
    palms = [capsules.names.index(f"{side}_palm") for side in SIDES]

    def gap(pose: np.ndarray) -> np.ndarray:
        ends = placed(figure, capsules, None, pose)[:, palms]
        ends[:, :, 1] += ends[:, :, 1] - ends[:, :, 0]
        return np.linalg.norm(ways_between(ends[:, 0], ends[:, 1]), axis=-1)

    close = [Stroke("beat_both", 1.5 + row, SIDES, Form(place=Way(out=-12.0 - row))) for row in range(8)]
    crossed = posed(close, 12, amplitude)
    cleared = keep_clear(crossed, 25, head.average_adult)
    assert gap(crossed).min() < 0.03 < 0.045 < gap(cleared).min()
    assert penetration(figure, capsules, None, cleared).depth.max() < 0.012
    # what lies far from any contact is left as it was, and nothing jerks
    assert np.array_equal(cleared[:20], crossed[:20])
    turns = rotation_matrices(cleared[:, ARMS["left"]])
    speed = np.linalg.norm(axis_angles(np.swapaxes(turns[:-1], -1, -2) @ turns[1:]), axis=-1) * 25
    assert speed.max() < 8.5


def test_stances_and_all_that_strokes_make_of_them_keep_to_the_joints_limits() -> None:
    poses = np.concatenate([posed(planned(seed, 12), 14) for seed in range(3)])
    assert within_limits(poses, np.radians(6)).mean() > 0.995
    names = [Stroke(name, 1.5 + 1.4 * row, SIDES) for row, name in enumerate(GESTURES)]
    assert within_limits(posed(names, 36), np.radians(6)).mean() > 0.995
