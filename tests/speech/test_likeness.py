"""Likeness: nearer to the target than before, at the same times; asked for once; kept in small files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.signal
from garrick.context import RunContext
from garrick.errors import InputError, MissingError
from garrick.outputs.sound import write_wav
from garrick.speech.catalogue import VOICES, find_voice, mix_of
from garrick.speech.likeness import Target, VoiceConsents, find_likeness, load_target, save_target, speak_like
from garrick.speech.likeness.known import known_voiceprint, say_passage
from garrick.speech.likeness.match import nearest
from garrick.speech.likeness.timbre import Conversion, Timbre, conversion, convert, measure_timbre
from garrick.speech.likeness.voiceprint import cosine, embed, spoken_part, voiceprint
from garrick.speech.pcm import to_float, to_int16
from garrick.speech.speech import Speech
from garrick.speech.voices import speak
from garrick.weights import registry

TARGET = "A warm loaf of bread lay beside the open window, and she poured the hot tea into a small blue cup."


@pytest.fixture(scope="module")
def needs_voiceprint() -> None:
    try:
        registry.path("voiceprint")
    except MissingError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def other(ctx: RunContext) -> Speech:
    """Another voice than the default one, a fourth lower: the target."""
    return speak(TARGET, ctx, "hibari", pitch=-5.0)


@pytest.fixture(scope="module")
def clip(other: Speech, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of somebody else: a lower voice with a longer throat, through a duller microphone."""
    rng = np.random.default_rng(0)
    how = Conversion(0.0, 0.0, 1.0, 0.86, np.linspace(1.0, -2.0, 257, dtype=np.float32))
    sound = convert(to_float(other.playback[:, 0]), other.playback_rate, how)
    path = tmp_path_factory.mktemp("target") / "clip.wav"
    loud = 0.5 * sound / np.abs(sound).max() + 1e-4 * rng.standard_normal(len(sound)).astype(np.float32)
    write_wav(path, to_int16(loud)[:, None], other.playback_rate)
    return path


def test_the_net_is_the_one_that_resemblyzer_runs(needs_voiceprint):
    # what Resemblyzer 0.1.4's own VoiceEncoder.embed_utterance answers for these samples (torch 2.13, librosa 0.11)
    tone = np.arange(40000) / 16000
    samples = (10 ** (-1.5) * 2 * np.sin(2 * np.pi * 220 * tone) * np.sin(2 * np.pi * 3 * tone)).astype(np.float32)
    found = embed(samples)
    largest = [124, 161, 87, 180, 45, 220, 9, 74]
    values = [0.23828, 0.2274, 0.21434, 0.19686, 0.1889, 0.18376, 0.17844, 0.17685]
    assert np.argsort(-found)[:8].tolist() == largest
    np.testing.assert_allclose(found[largest], values, atol=2e-5)
    assert found.sum() == pytest.approx(9.300174, abs=1e-3)


def test_one_voice_is_nearer_to_itself_than_to_another(needs_voiceprint, ctx, line):
    again = speak("The pilot checked the map before the long flight.", ctx)
    try:
        stranger = speak("The pilot checked the map before the long flight.", ctx, "espeak")
    except MissingError as error:
        pytest.skip(str(error))
    mine = voiceprint(line.waveform)
    assert cosine(mine, voiceprint(again.waveform)) > cosine(mine, voiceprint(stranger.waveform)) + 0.15


def test_pauses_and_level_do_not_change_a_voiceprint(needs_voiceprint, line):
    silence = np.zeros(32000, np.float32)
    changed = np.concatenate([silence, 0.3 * line.waveform, silence])
    assert cosine(voiceprint(line.waveform), voiceprint(changed)) > 0.97
    assert len(spoken_part(changed)) < len(changed) - 3.5 * 16000


def test_timbre_measures_pitch_and_its_spread():
    times = np.arange(64000) / 16000  # two periods of the melody
    octaves = np.log2(140.0) + 0.2 * np.sin(2 * np.pi * 0.5 * times)
    phase = 2 * np.pi * np.cumsum(2**octaves) / 16000
    buzz = sum(np.cos(harmonic * phase) / harmonic for harmonic in range(1, 20))
    timbre = measure_timbre((0.1 * np.asarray(buzz)).astype(np.float32))
    assert timbre is not None
    assert timbre.pitch == pytest.approx(np.log2(140.0), abs=0.03)
    assert timbre.spread == pytest.approx(0.2 / np.sqrt(2), abs=0.02)


def test_a_sound_without_a_voice_has_no_timbre():
    assert measure_timbre(np.zeros(16000, np.float32)) is None


def test_conversion_brings_the_melody_to_the_target(line):
    source = measure_timbre(line.waveform)
    assert source is not None
    target = Timbre(source.pitch - 0.5, source.spread * 0.8, source.colour)
    moved = measure_timbre(convert(line.waveform, 16000, conversion(source, target, 1.0)))
    assert moved is not None
    assert moved.pitch == pytest.approx(target.pitch, abs=0.06)
    assert moved.spread < source.spread


def test_conversion_brings_the_colour_to_the_target(line):
    source = measure_timbre(line.waveform)
    assert source is not None
    tilt = np.linspace(1.0, -2.0, 257, dtype=np.float32)
    target = Timbre(source.pitch, source.spread, source.colour + tilt - tilt[6:129].mean())
    moved = measure_timbre(convert(line.waveform, 16000, conversion(source, target, 1.0)))
    assert moved is not None
    inner = slice(10, 220)  # 0.3 .. 6.9 kHz
    before = np.abs(source.colour - target.colour)[inner].mean()
    assert np.abs(moved.colour - target.colour)[inner].mean() < 0.5 * before


def test_formants_move_by_their_factor():
    rate = 16000
    noise = np.random.default_rng(1).standard_normal(rate * 2)
    pole = 0.97 * np.exp(2j * np.pi * 1500 / rate)
    sound = scipy.signal.lfilter([1.0], [1.0, -2 * pole.real, abs(pole) ** 2], noise).astype(np.float32)
    moved = convert(sound / np.abs(sound).max(), rate, Conversion(7.0, 0.0, 1.0, 1.18, np.zeros(257, np.float32)))
    frequency, power = scipy.signal.welch(moved, rate, nperseg=512)
    assert frequency[np.argmax(power)] == pytest.approx(1500 * 1.18, abs=60)


def test_conversion_moves_nothing_in_time(line):
    how = Conversion(np.log2(200.0), -0.4, 0.8, 0.9, np.linspace(-1, 1, 257, dtype=np.float32))
    sound = to_float(line.playback[:, 0])
    moved = convert(sound, line.playback_rate, how)
    assert len(moved) == len(sound)
    step = line.playback_rate // 100
    before, after = _loudness(sound, step), _loudness(moved, step)
    lags = [np.corrcoef(before[20:-20], np.roll(after, lag)[20:-20])[0, 1] for lag in range(-10, 11)]
    assert int(np.argmax(lags)) - 10 == 0
    silent = round(0.15 * line.playback_rate)
    assert np.abs(moved[:silent]).max() < 1e-3


def _loudness(sound: np.ndarray, step: int) -> np.ndarray:
    """(T,) log RMS every `step` samples."""
    frames = sound[: len(sound) // step * step].reshape(-1, step)
    return np.log(np.sqrt(np.mean(np.square(frames, dtype=np.float64), axis=1)) + 1e-3)


def test_words_stay_where_they_were_within_two_frames_of_the_aligner(ctx, line):
    how = Conversion(np.log2(200.0), -0.3, 0.9, 0.94, np.zeros(257, np.float32))
    text = line.text
    moved = speak(text, ctx, timbre=lambda sound, rate: convert(sound, rate, how))
    assert moved.duration == line.duration
    shifts = [abs(after.start - before.start) for before, after in zip(line.words, moved.words, strict=True)]
    assert np.median(shifts) <= 0.02
    assert not np.array_equal(moved.playback, line.playback)


def test_speech_comes_nearer_to_the_target_and_is_the_same_twice(needs_voiceprint, ctx, clip, tmp_path):
    consents = VoiceConsents(tmp_path)
    speech, likeness = speak_like("The judge asked for the truth.", clip, ctx, consents, True, voice="hibari")
    plain = speak("The judge asked for the truth.", ctx)
    target = load_target(clip, ctx)
    assert likeness.after > likeness.before + 0.05
    assert likeness.conversion.formants < 1
    assert cosine(voiceprint(speech.waveform), target.voiceprint) > cosine(
        voiceprint(plain.waveform), target.voiceprint
    )
    again, kept = speak_like("The judge asked for the truth.", clip, ctx, consents, voice="hibari")
    np.testing.assert_array_equal(again.playback, speech.playback)
    assert (kept.voice, kept.after) == (likeness.voice, likeness.after)


def test_every_voice_of_the_catalogue_was_measured_beforehand():
    # when this fails: python -m garrick.training.voiceprints
    for voice in VOICES.values():
        found = known_voiceprint(voice)
        assert found is not None, voice.name
        assert np.linalg.norm(found) == pytest.approx(1.0, abs=1e-3)


def test_what_was_measured_beforehand_is_what_is_heard(needs_voiceprint, ctx):
    heard = voiceprint(say_passage(VOICES["hibari"], ctx).waveform)
    found = known_voiceprint(VOICES["hibari"])
    assert found is not None
    assert cosine(found, heard) > 0.99  # .998 between two kinds of processors; another voice has .8 or less


def test_other_weights_make_a_voice_unknown(monkeypatch):
    entry = registry.REGISTRY["kokoro_1"]
    monkeypatch.setitem(registry.REGISTRY, "kokoro_1", replace(entry, sha256="0" * 64))
    assert known_voiceprint(VOICES["kokoro:af_heart"]) is None
    assert known_voiceprint(find_voice("kokoro:af_heart*0.5+bf_emma*0.5")) is None
    assert known_voiceprint(VOICES["hibari"]) is not None


def test_a_mix_lies_between_its_voices():
    one, other = (known_voiceprint(VOICES[f"kokoro:{style}"]) for style in ("af_heart", "am_onyx"))
    mixed = known_voiceprint(find_voice("kokoro:af_heart*0.6+am_onyx*0.4"))
    assert one is not None
    assert other is not None
    assert mixed is not None
    assert cosine(one, other) < min(cosine(mixed, one), cosine(mixed, other)) < cosine(mixed, one)


def test_the_nearest_voices_are_found_without_a_word_being_said(ctx, tmp_path, monkeypatch):
    monkeypatch.setenv("GARRICK_CACHE", str(tmp_path))  # no weights there, so nobody could speak
    sought = known_voiceprint(find_voice("kokoro:am_onyx*0.5+bm_george*0.5"))
    assert sought is not None
    target = Target("0" * 64, sought, Timbre(6.9, 0.2, np.zeros(257, np.float32)), 10.0)
    mix, *singles = nearest(target, [name for name in VOICES if name.startswith("kokoro:")], ctx)
    assert set(singles) <= {"kokoro:am_onyx", "kokoro:bm_george"}
    shares = dict(mix_of(mix.removeprefix("kokoro:")))
    assert shares["am_onyx"] + shares["bm_george"] > 0.8


def test_consent_is_asked_for_once_a_voice(needs_voiceprint, ctx, clip, tmp_path):
    consents = VoiceConsents(tmp_path / "consents")
    with pytest.raises(InputError, match="may be imitated") as caught:
        speak_like("Hello.", clip, ctx, consents)
    assert caught.value.fix is not None
    assert "--consent" in caught.value.fix
    assert not list(tmp_path.rglob("*.json"))
    digest = load_target(clip, ctx).digest
    consents.require(digest, True)
    consents.require(digest, False)
    with pytest.raises(InputError):
        consents.require("0" * 64, False)


def test_a_voiceprint_is_a_small_file_that_stands_for_the_clip(needs_voiceprint, ctx, clip, tmp_path):
    target = load_target(clip, ctx)
    saved = tmp_path / "me.npz"
    save_target(saved, target)
    assert saved.stat().st_size < 6000
    read = load_target(saved, ctx)
    assert (read.digest, read.seconds, read.timbre.pitch) == (target.digest, target.seconds, target.timbre.pitch)
    np.testing.assert_array_equal(read.voiceprint, target.voiceprint)
    assert find_likeness(read, ctx, voice="hibari").after == find_likeness(target, ctx, voice="hibari").after


def test_what_is_no_clip_is_named(needs_voiceprint, ctx, line, tmp_path):
    short = tmp_path / "short.wav"
    write_wav(short, line.playback[: 2 * line.playback_rate], line.playback_rate)
    foreign = tmp_path / "foreign.npz"
    np.savez(foreign, voiceprint=np.zeros(3), digest="x", seconds=1.0, pitch=1.0, spread=1.0, colour=np.zeros(257))
    torn = tmp_path / "torn.npz"
    torn.write_bytes(b"PK")
    for path, words in (
        (short, "less than 3 s"), (foreign, "not a voiceprint"), (torn, "not a voiceprint"),
        (tmp_path / "none.npz", "no file"), (tmp_path / "none.wav", "does not exist"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=words):
            load_target(path, ctx)


def test_without_the_net_the_command_is_named(ctx, clip, tmp_path, monkeypatch):
    monkeypatch.setenv("GARRICK_CACHE", str(tmp_path))
    from garrick.speech.likeness import voiceprint as module

    module._net.cache_clear()
    try:
        with pytest.raises(MissingError) as caught:
            embed(np.ones(32000, np.float32) * 0.1)
    finally:
        module._net.cache_clear()
    assert caught.value.fix == "Run: garrick weights pull likeness"
