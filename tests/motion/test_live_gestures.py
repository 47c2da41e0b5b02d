"""Gestures of a stream: on accents that are known late, within what an arm can do, and at rest in pauses."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from garrick.bodies.body_limits import within_limits
from garrick.bodies.hand import JOINT_LIMITS
from garrick.context import RunContext
from garrick.core.performance import BODY_JOINTS
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.motion.gestures.arms import ARMS
from garrick.motion.gestures.curves import ARM, arm_curves, pose_of
from garrick.motion.gestures.live import LiveGestures
from garrick.motion.gestures.live_arm import LEAD, LiveArm
from garrick.motion.gestures.plan import plan_strokes
from garrick.motion.gestures.vocabulary import GESTURES
from garrick.motion.live_accents import Accent, LiveAccents
from garrick.motion.live_frames import ARM_JOINTS
from hypothesis import given, settings
from hypothesis import strategies as st
from motion_samples import closed_portrait, spoken_with

FPS = Fraction(25)
KNOWN = 0.06  # seconds after an accent at which it is known
LOOKAHEAD = 0.16
ROWS = [BODY_JOINTS.index(name) for name in ARM_JOINTS]


def moved(
    accents: list[float], spoken: float, seconds: float, seed: int = 0, amount: float = 1.0
) -> tuple[np.ndarray, np.ndarray, LiveGestures]:
    """(F, 8, 3) and (F, 15, 3) arms and right hand of somebody who speaks up to a second, accents known a little late."""
    live = LiveGestures(amount, closed_portrait().identity, RunContext(seed=seed))
    arms, hands = [], []
    trunk = np.zeros((1, len(BODY_JOINTS), 3))
    for frame in range(int(seconds * FPS)):
        heard = frame / float(FPS) + LOOKAHEAD
        new = [Accent(time, 2.0) for time in accents if heard - 0.04 < time + KNOWN <= heard]
        live.plan(frame / float(FPS), 0.0 if heard < spoken else heard - spoken, new)
        made, _, right = live.frames(trunk, frame, frame, frame + 1, FPS)
        arms.append(made)
        hands.append(right)
    return np.concatenate(arms), np.concatenate(hands), live


def speeds(arms: np.ndarray) -> np.ndarray:
    """(F - 1, 8) radians a second."""
    turns = rotation_matrices(arms.astype(np.float64))
    return np.linalg.norm(axis_angles(np.swapaxes(turns[:-1], -1, -2) @ turns[1:]), axis=-1) * float(FPS)


@pytest.fixture(scope="module")
def talk() -> tuple[np.ndarray, np.ndarray, LiveGestures]:
    """Six seconds of speech with an accent each 0.8 s, and a long pause."""
    return moved(list(np.arange(0.7, 6, 0.8)), 6.0, 18.0)


def test_arms_keep_to_their_limits_and_to_a_speakers_speed(talk: tuple) -> None:
    arms, hands, _ = talk
    body = np.zeros((len(arms), len(BODY_JOINTS), 3))
    body[:, ROWS] = arms
    assert within_limits(body, slack=0.03).all()
    assert 1.0 < speeds(arms).max() <= 7.0 + 1e-6
    assert np.isfinite(hands).all()
    assert np.abs(hands).max() < np.abs(JOINT_LIMITS).max() + 0.1


def test_strokes_end_on_their_accents_or_a_little_after() -> None:
    accents, away = np.arange(0.7, 6, 0.8), []
    for seed in range(6):
        ends = np.array([stroke.time for stroke in moved(list(accents), 6, 6, seed)[2].strokes])
        assert len(ends) >= 3
        late = ends[:, None] - accents
        away.append(late[np.arange(len(ends)), np.abs(late).argmin(axis=1)])
    assert np.abs(np.concatenate(away)).mean() < 0.1
    assert np.abs(np.concatenate(away)).max() < 0.2


def test_hands_are_up_before_the_first_stroke_and_hang_after_a_long_pause(talk: tuple) -> None:
    arms, _, live = talk
    first = live.strokes[0]
    lead = first.sides[0]
    side = 0 if lead == "left" else 1
    hang = pose_of("hang", "relaxed", lead)[2]  # the elbow
    bent = [
        np.linalg.norm(axis_angles(hang.T @ turn)) for turn in rotation_matrices(arms[:, 4 * side + 2].astype(float))
    ]
    assert bent[int((first.time - 0.25) * FPS)] > 0.3
    assert bent[-1] < 0.1
    assert speeds(arms)[int(16.5 * FPS) :].max() < 0.3  # at rest, and alive


def test_the_seed_decides() -> None:
    accents = [0.8, 1.7, 2.5]
    one, again, other = (moved(accents, 3, 3, seed)[0] for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert np.abs(one - other).max() > 0.3


def test_nothing_grows_while_somebody_goes_on_talking() -> None:
    _, _, live = moved(list(np.arange(0.7, 14, 0.7)), 14, 14)
    assert all(len(arm._legs) < 8 for arm in live._arms.values())
    assert len(live.strokes) <= 12


def test_a_text_gets_the_arms_that_it_gets_as_a_clip() -> None:
    speech = spoken_with([0.9, 1.7])
    live = LiveGestures(1.0, closed_portrait().identity, RunContext(seed=3))
    live.say(speech, 0.0)
    frames = int(speech.duration * FPS)
    trunk = np.zeros((frames, len(BODY_JOINTS), 3))
    arms, left, right = live.frames(trunk, 0, 0, frames, FPS)
    times, ctx = np.arange(frames) / float(FPS), RunContext(seed=3)
    strokes = plan_strokes(speech, 1.0, ctx.rng("gestures"))
    assert strokes
    for index, side in enumerate(ARMS):
        whole = arm_curves(strokes, side, times, 1.0, ctx.rng(f"{side} arm"), ctx.rng)
        assert np.abs((left if side == "left" else right) - whole[:, ARM:]).max() < 2e-3
        turns = rotation_matrices(arms[:, 4 * index + 1 : 4 * index + 4].astype(float))
        away = np.linalg.norm(axis_angles(np.swapaxes(turns, -1, -2) @ rotation_matrices(whole[:, 1:ARM])), axis=-1)
        assert np.median(away) < 2e-3  # radians; hands that make room for each other are elsewhere
        assert away.max() < 0.3


def asked(name: str, at: float, seconds: float, spoken: float = 0.0) -> tuple[np.ndarray, float]:
    """(F, 8, 3) arms of somebody who speaks up to a second and is asked for a gesture at another; when its stroke ends."""
    live, arms, end = LiveGestures(1.0, closed_portrait().identity, RunContext(seed=4)), [], 0.0
    trunk = np.zeros((1, len(BODY_JOINTS), 3))
    for frame in range(int(seconds * FPS)):
        shown = frame / float(FPS)
        if frame == round(at * FPS):
            end = live.ask(name, shown)
        accents = [Accent(shown + 0.1, 2.0)] if shown < spoken and frame % 18 == 0 else []
        live.plan(shown, 0.0 if shown < spoken else shown - spoken if spoken else np.inf, accents)
        arms.append(live.frames(trunk, frame, frame, frame + 1, FPS)[0])
    return np.concatenate(arms), end


def farthest(arms: np.ndarray, pose: np.ndarray) -> np.ndarray:
    """(F,) radians by which the joint of an arm that is farthest from a (8, 3, 3) pose is away from it."""
    turns = np.swapaxes(rotation_matrices(arms.astype(np.float64)), -1, -2)
    return np.linalg.norm(axis_angles(turns @ pose), axis=-1).max(axis=1)


@pytest.mark.parametrize("name", list(GESTURES))
def test_every_gesture_can_be_asked_for_and_the_hands_go_home(name: str) -> None:
    arms, end = asked(name, 1.0, 16.0)
    hang = np.concatenate([pose_of("hang", "relaxed", side)[:ARM] for side in ARMS])
    away = farthest(arms, hang)
    assert 1.2 < end < 2.0
    assert away[: int(FPS)].max() < 0.1
    assert away[round(end * FPS)] > 0.4
    assert away[-1] < 0.1
    assert speeds(arms).max() <= 7.0 + 1e-6
    body = np.zeros((len(arms), len(BODY_JOINTS), 3))
    body[:, ROWS] = arms
    assert within_limits(body, slack=0.03).all()


def test_a_gesture_that_is_asked_for_looks_the_same_in_the_midst_of_speech() -> None:
    alone, end = asked("stop", 2.0, 3.0)
    spoken, amid = asked("stop", 2.0, 3.0, spoken=3.0)
    places = [round((time + 0.15) * FPS) for time in (end, amid)]
    there = [rotation_matrices(arms[place].astype(float)) for arms, place in zip((alone, spoken), places, strict=True)]
    turns = np.linalg.norm(axis_angles(np.swapaxes(there[0], -1, -2) @ there[1]), axis=-1).reshape(2, 4)
    assert turns.max(axis=1).min() < 0.15  # radians, of the arm that makes it: what never rests is in it
    assert speeds(spoken).max() <= 7.0 + 1e-6


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.floats(0.05, 0.7), st.sampled_from(["ready", "struck", "hang", "raise"])), max_size=8))
def test_an_arm_that_is_called_elsewhere_never_jumps(calls: list[tuple[float, str]]) -> None:
    arm, shown, now = LiveArm("right"), [], 0.0
    step = 0.005
    for wait, stance in calls:
        arm.go(now + LEAD, pose_of(stance, "open", "right"), 0.2)
        times = np.arange(now, now + wait, step)
        shown.append(arm.poses(times))
        now = times[-1] + step
        arm.forget(now - 0.1)
    poses = np.concatenate([*shown, arm.poses(now + np.arange(0, 2, step))])
    speed = axis_angles(np.swapaxes(poses[:-1], -1, -2) @ poses[1:])[:, :ARM] / step
    assert np.linalg.norm(speed, axis=-1).max() < 7
    assert np.linalg.norm(np.diff(speed, axis=0), axis=-1).max() < 3  # radians a second from one 5 ms to the next
    if calls:
        there = axis_angles(np.swapaxes(poses[-1], -1, -2) @ pose_of(calls[-1][1], "open", "right"))
        assert np.linalg.norm(there, axis=-1).max() < 1e-6


def test_a_rise_of_the_voice_is_an_accent_once() -> None:
    rate = 16000
    times = np.arange(3 * rate) / rate
    semitones = 5 * np.exp(-(((times - 1.5) / 0.12) ** 2))
    phase = np.cumsum(120 * 2 ** (semitones / 12)) / rate
    number = np.arange(1, 12)[:, None]
    voice = (0.2 * (np.sin(2 * np.pi * number * phase) / number).sum(axis=0)).astype(np.float32)
    ear = LiveAccents()
    heard = [(end / rate, ear.hear(voice[:end], end / rate)) for end in range(8000, len(voice), 640)]
    found = [(known, accent) for known, accent in heard if accent is not None]
    assert len(found) == 1
    known, accent = found[0]
    assert accent.time == pytest.approx(1.5, abs=0.1)
    assert known - 1.5 < 0.12
    assert accent.rise > 1.5
