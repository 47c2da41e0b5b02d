"""The learned mouth and head: what is promised of them whatever the weights are, and what the shipped ones know."""

from __future__ import annotations

import threading
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX, ARKIT_NAMES
from garrick.core.performance import Performance
from garrick.core.timing import frame_times
from garrick.errors import Cancelled, InputError
from garrick.motion.diffusion import hearing, sampler
from garrick.motion.diffusion.channels import CHANNELS, MOUTH
from garrick.motion.diffusion.face import LivelyFace, generate
from garrick.motion.diffusion.windows import PATCH, REFERENCE, heard_around, moments
from garrick.speech.speech import Speech
from garrick.speech.voices import speak
from hypothesis import given
from hypothesis import strategies as st
from motion_samples import said

FPS = Fraction(25)
JAW, PUCKER = ARKIT_INDEX["jawOpen"], ARKIT_INDEX["mouthPucker"]


class Steps:
    """A net that thinks that every window rests at another height, and leaves noise as it is told."""

    def __init__(self) -> None:
        self.windows = 0

    def listen(self, heard: np.ndarray) -> np.ndarray:
        self.windows += 1
        return heard

    def denoise(self, noisy: np.ndarray, t: float, given: sampler.Conditions, trust: float) -> np.ndarray:
        return np.full_like(noisy, float(self.windows))


@pytest.fixture(scope="module")
def speech() -> Speech:
    """Some six seconds with open and rounded vowels, closed lips, and a pause in the middle."""
    return speak(
        'My mama is at the farm. <break time="1200ms"/> Who knew that you do choose a new blue moon?', RunContext()
    )


@pytest.fixture(scope="module")
def lively(speech: Speech) -> LivelyFace:
    return generate(speech, FPS, RunContext())


def _walk(frames: int, window: int, model: sampler.Model) -> np.ndarray:
    heard = np.zeros((2 * frames, hearing.FEATURES), np.float32)
    noise = np.random.default_rng(0).standard_normal((frames, len(CHANNELS))).astype(np.float32)
    reference = np.zeros((0, len(MOUTH)), np.float32)
    return sampler.generate(model, heard, noise, reference, np.zeros(2, np.float32), window)


@given(st.integers(1, 400), st.integers(24, 96))
def test_windows_that_disagree_fade_into_each_other(half: int, half_window: int) -> None:
    model = Steps()
    motion = _walk(2 * half, 2 * half_window, model)
    assert motion[0, 0] == pytest.approx(1, abs=1e-5)
    assert motion[-1, 0] == pytest.approx(model.windows, rel=0.1)
    assert np.abs(np.diff(motion, axis=0)).max() <= 1.0 / sampler.OVERLAP + 1e-4


def test_a_window_hears_what_is_around_it_and_silence_beyond_the_ends() -> None:
    heard = np.arange(1, 201, dtype=np.float32)[:, None].repeat(hearing.FEATURES, axis=1)
    assert heard_around(heard, 40, 20)[:, 0].tolist() == list(range(65, 137))
    first = heard_around(heard, 0, 20)[:, 0]
    assert first[:16].tolist() == [0.0] * 16
    assert first[16] == 1


def test_a_reference_is_pairs_of_neighbours_from_the_whole_style() -> None:
    chosen = moments(np.arange(1000)).reshape(REFERENCE, PATCH)
    assert (np.diff(chosen, axis=1) == 1).all()
    assert chosen[0, 0] == 0
    assert chosen[-1, 0] == 999
    assert np.ptp(np.diff(chosen[:, 0])) <= 1


def test_only_learned_weights_move_and_stay_in_range(lively: LivelyFace, speech: Speech) -> None:
    assert len(lively.weights) == round(speech.duration * FPS)
    assert {ARKIT_NAMES[index] for index in np.flatnonzero(lively.learned)} == set(MOUTH)
    assert (lively.weights[:, ~lively.learned] == 0).all()
    assert lively.weights.min() >= 0
    assert lively.weights.max() <= 1
    assert lively.angles.shape == lively.translation.shape == (len(lively.weights), 3)


def test_the_mouth_says_what_is_said(lively: LivelyFace, speech: Speech) -> None:
    times = frame_times(len(lively.weights), FPS)

    def mean(symbol: str, column: int) -> float:
        inside = [
            lively.weights[np.abs(times - (phone.start + phone.end) / 2).argmin(), column]
            for phone in speech.phones
            if phone.symbol == symbol
        ]
        return float(np.mean(inside))

    assert mean("AA", JAW) > 2 * mean("M", JAW)
    assert mean("AA", JAW) > mean("UW", JAW)
    assert mean("UW", PUCKER) > 2 * mean("AA", PUCKER)
    pause = next(phone for phone in speech.phones if phone.symbol == "SIL" and phone.end - phone.start > 1)
    quiet = (times > pause.start + 0.4) & (times < pause.end - 0.4)
    assert lively.weights[quiet, JAW].max() < 0.5 * mean("AA", JAW)


def test_one_seed_is_one_performance(lively: LivelyFace, speech: Speech) -> None:
    again, other = generate(speech, FPS, RunContext()), generate(speech, FPS, RunContext(seed=1))
    assert np.array_equal(again.weights, lively.weights)
    assert np.array_equal(again.angles, lively.angles)
    assert np.abs(other.angles - lively.angles).max() > 0.2  # degrees


def test_asked_ranges_are_heard(speech: Speech) -> None:
    jaws, heads = [], []
    for asked in (0.0, 0.5, 1.0, 1.5, 2.0):
        made = generate(speech, FPS, RunContext(), (asked, asked))
        jaws.append(float(made.weights[:, JAW].std()))
        heads.append(float(np.sqrt(made.angles.var(axis=0).sum())))
    assert jaws == sorted(jaws)
    assert heads == sorted(heads)
    assert jaws[0] == heads[0] == 0
    assert jaws[1] == pytest.approx(0.5 * jaws[2], rel=0.15)
    assert jaws[3] == pytest.approx(1.5 * jaws[2], rel=0.15)


def test_a_style_that_never_rounds_its_lips_is_followed(lively: LivelyFace, speech: Speech) -> None:
    style = Performance.rest(len(lively.weights), FPS)
    spread = lively.weights.copy()
    spread[:, [PUCKER, ARKIT_INDEX["mouthFunnel"]]] = 0
    rounded = lively.weights.copy()
    rounded[:, PUCKER] = np.minimum(2.0 * rounded[:, PUCKER], 1)
    made = [generate(speech, FPS, RunContext(), style=replace(style, face=face)) for face in (spread, rounded)]
    assert made[1].weights[:, PUCKER].max() > 1.5 * made[0].weights[:, PUCKER].max()


def test_a_mouth_rests_where_its_style_does(lively: LivelyFace, speech: Speech) -> None:
    """A smile on one side, and nothing else that is new."""
    smile = ARKIT_INDEX["mouthSmileLeft"]
    face = lively.weights.copy()
    plain = generate(speech, FPS, RunContext(), style=replace(Performance.rest(len(face), FPS), face=face))
    face[:, smile] += 0.4
    smiling = generate(speech, FPS, RunContext(), style=replace(Performance.rest(len(face), FPS), face=face))
    assert np.abs(smiling.weights[:, smile] - plain.weights[:, smile] - 0.4).max() < 0.01
    assert np.abs(np.delete(smiling.weights - plain.weights, smile, 1)).max() < 0.01


def test_a_style_of_a_moment_is_refused(speech: Speech) -> None:
    with pytest.raises(InputError, match="too short"):
        generate(speech, FPS, RunContext(), style=Performance.rest(10, FPS))


@pytest.mark.parametrize("seconds", [0.03, 0.3, 3.3])
def test_a_voice_of_any_length_has_a_face(seconds: float) -> None:
    made = generate(said([("AA", seconds)]), FPS, RunContext())
    assert len(made.weights) == max(1, int(np.ceil(round(seconds * 25, 6))))
    assert np.isfinite(made.angles).all()


@pytest.mark.parametrize("fps", [Fraction(24000, 1001), Fraction(60)])
def test_other_rates_show_the_same_motion(fps: Fraction, lively: LivelyFace, speech: Speech) -> None:
    other = generate(speech, fps, RunContext())
    at = np.interp(frame_times(len(lively.weights), FPS), frame_times(len(other.weights), fps), other.weights[:, JAW])
    assert np.corrcoef(at[:-1], lively.weights[:-1, JAW])[0, 1] > 0.98


def test_progress_is_told_and_a_cancel_is_heard(speech: Speech) -> None:
    told: list[tuple[str, int, int]] = []
    generate(speech, FPS, RunContext(progress=lambda *step: told.append(step)))
    assert told[0][1] == 0
    assert told[-1][1] == told[-1][2]
    assert len(told) > 2
    cancel = threading.Event()
    stopping = RunContext(cancel=cancel, progress=lambda phase, done, total: cancel.set() if done else None)
    with pytest.raises(Cancelled):
        generate(speech, FPS, stopping)
