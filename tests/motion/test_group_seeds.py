"""Seeds of groups: each makes its own curves anew, and of the others moves only what must hold."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from garrick.bodies.hand import load_hand, within_limits
from garrick.bodies.head import load_head
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.gaze import EYE_LOOK
from garrick.core.groups import GROUPS, SINGLE
from garrick.core.performance import Performance
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.core.seeds import with_seeds
from garrick.core.timing import frame_times
from garrick.motion.perform import Manner, run
from garrick.motion.rules.gaze import sight_lines
from garrick.motion.rules.visemes import BILABIALS, DENTALS, LABIODENTALS, SIBILANTS
from garrick.speech.speech import Speech
from motion_samples import closed_portrait, said

WORDS = [
    ("B", 0.1),
    ("AA", 0.4),
    ("M", 0.1),
    ("IY", 0.35),
    ("DH", 0.1),
    ("UW", 0.35),
    ("S", 0.1),
    ("AE", 0.4),
    ("TH", 0.1),
]
HELD = BILABIALS | LABIODENTALS | SIBILANTS | frozenset(DENTALS)
"""Phones on which the mouth has to do something, whoever moves it."""
FPS = Fraction(25)
MOUTH = ("lower_face", "jaw", "tongue")
LIDS = [ARKIT_INDEX[name + side] for name in ("eyeBlink", "eyeWide") for side in ("Left", "Right")]
LEAST = {"head": np.radians(0.5), "body": np.radians(2.0), "left_hand": np.radians(1.5), "right_hand": np.radians(1.5)}
"""Radians by which another take is elsewhere on average, at least; 0.0025 of a weight elsewhere."""


@pytest.fixture(scope="module")
def speech() -> Speech:
    """Ten seconds of four phrases with an accent every .7 s."""
    line = [("SIL", 0.3), *([*WORDS, ("SIL", 0.35)] * 4), ("SIL", 0.4)]
    return said(line, [0.8 + 0.7 * number for number in range(13)])


def performed(speech: Speech, seeds: str = "", **manner: Any) -> Performance:
    return run(speech, closed_portrait(), FPS, Manner(groups=with_seeds({}, seeds), **manner), RunContext(seed=4))


@pytest.fixture(scope="module")
def as_it_was(speech: Speech) -> Performance:
    return performed(speech)


def curves(performance: Performance, group: str) -> np.ndarray:
    """(F, N)."""
    chosen = GROUPS[group]
    channels = [getattr(performance, name).reshape(len(performance), -1) for name in chosen.channels]
    return np.concatenate([performance.face[:, list(chosen.face)], *channels], axis=1)


def may_move(speech: Speech, seeded: str, other: str, frames: int) -> np.ndarray:
    """(F, N) bool: which curves of another group may move with one that has a seed of its own."""
    free = np.zeros((frames, curves(Performance.rest(1, FPS), other).shape[1]), bool)
    if seeded in MOUTH and other in MOUTH:  # lips close, teeth meet, the tongue is seen
        times = frame_times(frames, FPS)
        for phone in speech.phones:
            if phone.symbol in HELD:
                free[(times > phone.start - 0.07) & (times < phone.end + 0.07)] = True
    if seeded == "head" and other == "eyes":  # eyes stay on their target
        free[:] = True
    if seeded in ("head", "eyes") and other == "upper_face":  # lids go with the eyes
        free[:, [column in LIDS for column in GROUPS[other].face]] = True
    if seeded == "body" and other.endswith("hand"):  # fingers form what their arm shows
        free[:] = True
    return free


@pytest.mark.parametrize("group", SINGLE)
def test_a_group_s_seed_makes_another_take_of_it_and_leaves_the_others_to_the_bit(
    group: str, speech: Speech, as_it_was: Performance
) -> None:
    anew = performed(speech, f"{group}=9")
    for other in SINGLE:
        one, two = curves(anew, other), curves(as_it_was, other)
        if other == group:
            assert distance(anew, as_it_was, group) > LEAST.get(group, 0.0025)
        else:
            kept = ~may_move(speech, group, other, len(anew))
            np.testing.assert_array_equal(one[kept], two[kept], err_msg=other)
    np.testing.assert_array_equal(curves(performed(speech, f"{group}=9"), group), curves(anew, group))


def distance(one: Performance, other: Performance, group: str) -> float:
    """Mean over frames and curves that move: radians of turns, or weights."""
    chosen = GROUPS[group]
    if group == "eyes" or not chosen.channels:
        away = np.abs(curves(one, group) - curves(other, group))
    else:
        turns = [
            getattr(made, chosen.channels[0]).astype(np.float64).reshape(len(made), -1, 3) for made in (one, other)
        ]
        first, second = map(rotation_matrices, turns)
        away = np.linalg.norm(axis_angles(np.swapaxes(first, -1, -2) @ second), axis=-1)
    return float(away[:, away.any(axis=0)].mean())


def test_the_clip_s_own_seed_is_no_other_take(speech: Speech, as_it_was: Performance) -> None:
    same = performed(speech, ", ".join(f"{group}=4" for group in SINGLE))
    for group in SINGLE:
        np.testing.assert_array_equal(curves(same, group), curves(as_it_was, group))


def test_a_mouth_of_three_seeds_still_closes_on_every_p_b_and_m(speech: Speech) -> None:
    made, head = performed(speech, "jaw=5, lower-face=6, tongue=7", learned=1.0), load_head()
    times, portrait = frame_times(len(made), FPS), closed_portrait()
    for phone in speech.phones:
        if phone.symbol in ("P", "B", "M"):
            near = made.face[(times >= phone.start - 0.041) & (times <= phone.end + 0.041)]
            gaps = [float(head.lip_gap(head.vertices(portrait.identity[None], face[None]))[0]) for face in near]
            assert min(gaps) < 0.0009


def test_eyes_look_where_they_did_whatever_the_head_does(speech: Speech, as_it_was: Performance) -> None:
    def seen(performance: Performance) -> np.ndarray:
        turns = rotation_matrices(performance.head_rotation.astype(np.float64))
        return np.einsum("fij,fej->fei", turns, sight_lines(performance.gaze.astype(np.float64)))

    anew = performed(speech, "head=9")
    np.testing.assert_allclose(seen(anew), seen(as_it_was), atol=1e-5)
    assert np.abs(anew.face[:, sorted(EYE_LOOK)] - as_it_was.face[:, sorted(EYE_LOOK)]).max() > 0.01


def test_hands_of_one_seed_are_alike_and_a_hand_of_its_own_keeps_to_its_limits(speech: Speech) -> None:
    for seed in range(3):
        made = performed(speech, f"left-hand={seed}, right-hand={seed + 10}")
        for side in ("left", "right"):
            assert within_limits(load_hand(side), getattr(made, f"{side}_hand"), np.radians(6)).mean() > 0.995


def test_a_felt_face_has_seeds_too(speech: Speech) -> None:
    felt = performed(speech, emotion="happy", emotion_strength=1.0)
    anew = performed(speech, "upper-face=9", emotion="happy", emotion_strength=1.0)
    for group in set(SINGLE) - {"upper_face"}:
        np.testing.assert_array_equal(curves(anew, group), curves(felt, group), err_msg=group)
    squint = ARKIT_INDEX["cheekSquintLeft"]
    assert np.abs(anew.face[:, squint] - felt.face[:, squint]).max() > 0.02
