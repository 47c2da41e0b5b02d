import numpy as np
import pytest
from garrick.context import RunContext
from garrick.speech.alphabet import SILENCE
from garrick.speech.prosody import HOP, measure_prosody
from garrick.speech.speech import Phone, Prosody, Speech
from garrick.speech.voices import speak


def glide(pitch: np.ndarray) -> np.ndarray:
    """(N,) float32: a buzz of the given pitch (N,) in Hz at 16 kHz."""
    phase = 2 * np.pi * np.cumsum(pitch) / 16000
    return np.sum([0.1 * np.sin(k * phase) / k for k in range(1, 6)], axis=0).astype(np.float32)


def test_a_pitch_rise_is_measured_in_semitones_and_is_an_accent() -> None:
    time = np.arange(32000) / 16000
    pitch = 120 * 2 ** (4 * np.exp(-(((time - 1.2) / 0.12) ** 2)) / 12)
    prosody = measure_prosody(glide(pitch), [Phone("AA", 0, 2)])
    assert prosody.hop == HOP
    assert len(prosody.semitones) == len(prosody.voiced) == len(prosody.energy) == 201
    assert prosody.semitones.max() == pytest.approx(3.4, abs=0.7)  # 4 semitones, less the smoothing
    np.testing.assert_allclose(prosody.accents, [1.2], atol=0.03)
    assert prosody.voiced[10:190].all()


def test_accents_lie_inside_speech_only() -> None:
    time = np.arange(32000) / 16000
    pitch = 120 * 2 ** (4 * np.exp(-(((time - 1.2) / 0.12) ** 2)) / 12)
    phones = [Phone("AA", 0, 0.8), Phone(SILENCE, 0.8, 1.6), Phone("AA", 1.6, 2)]
    assert len(measure_prosody(glide(pitch), phones).accents) == 0


def test_energy_is_decibels_under_the_loudest() -> None:
    waveform = glide(np.full(32000, 120.0))
    waveform[16000:] *= 0.1
    prosody = measure_prosody(waveform, [Phone("AA", 0, 2)])
    assert prosody.energy.max() == 0
    assert prosody.energy[150] == pytest.approx(-20, abs=1)


@pytest.mark.parametrize("samples", [1, 50, 800, 3200])
@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_silence_noise_and_blips_have_flat_pitch(samples: int, noise: float) -> None:
    waveform = (noise * np.random.default_rng(0).standard_normal(samples)).astype(np.float32)
    prosody = measure_prosody(waveform, [Phone(SILENCE, 0, samples / 16000)])
    for values in (prosody.semitones, prosody.energy):
        assert values.dtype == np.float32
        assert np.isfinite(values).all()
    assert len(prosody.accents) == 0


def test_a_spoken_line_has_a_natural_rate_of_accents(line: Speech) -> None:
    assert 0.3 < len(line.prosody.accents) / line.duration < 2.5
    assert np.abs(line.prosody.semitones).max() <= 12
    assert 0.2 < line.prosody.voiced.mean() < 0.9


def espeaks(text: str, ctx: RunContext, speed: float = 1.0) -> Prosody:
    return speak(text, ctx, voice="espeak", speed=speed).prosody


def test_a_break_is_a_pause_and_ends_a_phrase(ctx: RunContext) -> None:
    speech = speak('The boat went home <break time="700ms"/> and the men were glad.', ctx, voice="espeak")
    ((start, end),) = speech.prosody.pauses
    assert end - start == pytest.approx(0.7, abs=0.12)
    words = {word.text: word for word in speech.words}
    assert start == pytest.approx(words["home"].end, abs=0.06)
    np.testing.assert_allclose(speech.prosody.phrase_ends, [start, words["glad"].end], atol=0.06)


@pytest.mark.parametrize(
    ("said", "asked"),
    [("You are going home.", "Are you going home?"), ("They will come tomorrow.", "Will they come tomorrow?")],
)
def test_a_statement_falls_and_a_question_rises(said: str, asked: str, ctx: RunContext) -> None:
    falls, rises = espeaks(said, ctx).phrase_tones[-1], espeaks(asked, ctx).phrase_tones[-1]
    assert falls < -1
    assert rises > 1


def test_faster_speech_has_more_syllables_a_second(ctx: RunContext) -> None:
    text = "My mother made a beautiful dinner for all of us yesterday evening."
    slow, fast = (speak(text, ctx, voice="hibari", speed=speed).prosody.rate for speed in (0.8, 1.4))
    slow, fast = slow[slow > 0].mean(), fast[fast > 0].mean()
    assert fast / slow == pytest.approx(1.4 / 0.8, rel=0.15)
    assert 3 < slow < 5  # 19 syllables


def test_a_regular_beat_is_counted() -> None:
    phones = [Phone(symbol, index / 8, (index + 1) / 8) for index, symbol in enumerate(["B", "AA"] * 16)]
    phones += [Phone(SILENCE, 4.0, 8.0)]
    rate = measure_prosody(np.zeros(8 * Speech.SAMPLE_RATE, np.float32), phones).rate
    np.testing.assert_allclose(rate[100:300], 4, rtol=0.05)
    assert not rate[600:].any()


def test_emphasis_is_an_accent(ctx: RunContext) -> None:
    speech = speak("I never said <emphasis>she</emphasis> stole my money.", ctx, voice="espeak")
    (she,) = [word for word in speech.words if word.text == "she"]
    assert any(she.start <= accent <= she.end for accent in speech.prosody.accents)


def test_nobody_speaks_no_phrases() -> None:
    prosody = measure_prosody(np.zeros(8000, np.float32), [Phone(SILENCE, 0.0, 0.5)])
    assert prosody.pauses.shape == (0, 2)
    assert len(prosody.phrase_ends) == len(prosody.phrase_tones) == 0
    assert not prosody.rate.any()
