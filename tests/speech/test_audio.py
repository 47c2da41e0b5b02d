import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from garrick.context import RunContext
from garrick.errors import Cancelled, InputError
from garrick.outputs.sound import write_wav
from garrick.speech import audio
from garrick.speech.audio import load_sound
from garrick.speech.pcm import to_float, to_int16

RATE = 44100


def bursts(rate: int = RATE, channels: int = 1) -> np.ndarray:
    """1.5 s: a 440 Hz burst from 0.5 to 0.6 s in silence."""
    time = np.arange(round(1.5 * rate)) / rate
    tone = 0.5 * np.sin(2 * np.pi * 440 * time) * ((time >= 0.5) & (time < 0.6))
    return np.repeat(tone[:, None], channels, axis=1).astype(np.float32)


def burst_time(samples: np.ndarray, rate: int) -> float:
    """Seconds of the middle of the energy."""
    power = np.square(samples.astype(np.float64))
    return float((power * np.arange(len(power))).sum() / power.sum() / rate)


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [("a.wav", "pcm_s16le", 44100), ("a.flac", "flac", 48000), ("a.mp3", "libmp3lame", 44100),
     ("a.ogg", "libopus", 48000), ("a.m4a", "aac", 44100), ("a.mp4", "aac", 48000)],
)  # fmt: skip
@pytest.mark.parametrize("channels", [1, 2])
def test_every_common_format_keeps_the_time_of_a_burst(
    tmp_path: Path, ctx: RunContext, name: str, codec: str, rate: int, channels: int, write_sound: Callable[..., Path]
) -> None:
    sound = load_sound(write_sound(tmp_path / name, bursts(rate, channels), rate, codec), ctx)
    assert sound.rate == rate
    assert sound.playback.shape[1] == channels
    assert abs(burst_time(sound.playback[:, 0], sound.rate) - 0.55) < 0.01
    assert abs(burst_time(sound.waveform, 16000) - 0.55) < 0.01
    assert abs(len(sound.waveform) / 16000 - sound.duration) < 0.001


def test_a_voice_that_starts_late_in_a_film_stays_late(
    tmp_path: Path, ctx: RunContext, write_sound: Callable[..., Path]
) -> None:
    path = write_sound(tmp_path / "late.mkv", bursts(), RATE, "pcm_s16le", start=0.4, picture=True)
    assert abs(burst_time(load_sound(path, ctx).waveform, 16000) - 0.95) < 0.005


def test_a_gap_between_packets_stays_a_gap(tmp_path: Path, ctx: RunContext) -> None:
    import av

    path = tmp_path / "gap.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=16000, layout="mono")
        for start in (0, 16000):  # half a second of tone at 0 s and at 1 s
            tone = (8000 * np.sin(np.arange(8000) / 6)).astype(np.int16)[None]
            frame = av.AudioFrame.from_ndarray(tone, format="s16", layout="mono")
            frame.rate, frame.pts = 16000, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    waveform = load_sound(path, ctx).waveform
    assert abs(len(waveform) - 24000) < 100
    assert np.abs(waveform[8800:15200]).max() < 0.01


def test_high_rates_are_brought_to_48_kHz(tmp_path: Path, ctx: RunContext, write_sound: Callable[..., Path]) -> None:
    sound = load_sound(write_sound(tmp_path / "a.wav", bursts(96000), 96000, "pcm_f32le"), ctx)
    assert sound.rate == 48000
    assert abs(burst_time(sound.playback[:, 0], 48000) - 0.55) < 0.002


def test_a_constant_offset_is_heard_but_not_analysed(
    tmp_path: Path, ctx: RunContext, write_sound: Callable[..., Path]
) -> None:
    sound = load_sound(write_sound(tmp_path / "a.wav", bursts() + 0.3, RATE, "pcm_f32le"), ctx)
    assert abs(float(np.median(to_float(sound.playback))) - 0.3) < 0.01
    assert abs(float(sound.waveform.mean())) < 0.001


@pytest.mark.parametrize("channels", [1, 2])
def test_16_bit_samples_come_back_exactly_and_are_analysed_as_they_are(
    tmp_path: Path, ctx: RunContext, channels: int
) -> None:
    samples = np.random.default_rng(0).integers(-32768, 32768, (16000, channels), np.int16)
    samples[0], samples[-1] = -32768, 32767
    write_wav(tmp_path / "a.wav", samples, 16000)
    sound = load_sound(tmp_path / "a.wav", ctx)
    assert sound.playback.dtype == np.int16
    np.testing.assert_array_equal(sound.playback, samples)
    mono = (samples / 32768).mean(axis=1)
    np.testing.assert_array_equal(sound.waveform, np.clip(mono - mono.mean(), -1, 1).astype(np.float32))


def test_float_files_over_full_scale_are_brought_back(
    tmp_path: Path, ctx: RunContext, write_sound: Callable[..., Path]
) -> None:
    loud = 5 * bursts()
    sound = load_sound(write_sound(tmp_path / "a.wav", loud, RATE, "pcm_f32le"), ctx)
    scaled = to_int16(loud / np.abs(loud).max())
    np.testing.assert_array_equal(sound.playback, scaled)
    write_wav(tmp_path / "b.wav", scaled, RATE)
    np.testing.assert_allclose(sound.waveform, load_sound(tmp_path / "b.wav", ctx).waveform, atol=1e-6)


def test_clipping_is_said(
    tmp_path: Path, ctx: RunContext, caplog: pytest.LogCaptureFixture, write_sound: Callable[..., Path]
) -> None:
    load_sound(write_sound(tmp_path / "a.wav", np.clip(9 * bursts(), -1, 1), RATE, "pcm_s16le"), ctx)
    assert "clipped" in caplog.text


def refused(path: Path, ctx: RunContext, words: str) -> None:
    with pytest.raises(InputError, match=words) as error:
        load_sound(path, ctx)
    assert "\n" not in str(error.value)
    assert error.value.fix


def test_a_missing_file_is_refused(tmp_path: Path, ctx: RunContext) -> None:
    refused(tmp_path / "none.wav", ctx, "does not exist")


def test_an_empty_file_is_refused(tmp_path: Path, ctx: RunContext) -> None:
    (tmp_path / "a.wav").touch()
    refused(tmp_path / "a.wav", ctx, "is empty")


@pytest.mark.parametrize(
    "content", [b"Dear diary, this is no sound.\n" * 30, b"\x00" * 5000, b"RIFF\x00\x00\x00\x00WAVE"]
)
def test_what_is_no_sound_is_refused(tmp_path: Path, ctx: RunContext, content: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    refused(tmp_path / "a.wav", ctx, "cannot be read|without sound|no sound track")


def test_a_playlist_opens_no_address(tmp_path: Path, ctx: RunContext) -> None:
    (tmp_path / "a.m3u8").write_text("#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n")
    refused(tmp_path / "a.m3u8", ctx, "cannot be read|no sound track|without sound")


def test_a_film_without_sound_is_refused(tmp_path: Path, ctx: RunContext) -> None:
    import av

    path = tmp_path / "mute.mp4"
    with av.open(str(path), "w") as container:
        film = container.add_stream("mpeg4", rate=25)
        film.width = film.height = 64
        film.pix_fmt = "yuv420p"
        container.mux(film.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        container.mux(film.encode(None))
    refused(path, ctx, "no sound track")


def test_silence_is_refused(tmp_path: Path, ctx: RunContext, write_sound: Callable[..., Path]) -> None:
    refused(write_sound(tmp_path / "a.wav", 0.0005 * bursts(), RATE, "pcm_s16le"), ctx, "is silent")


def test_a_blip_is_refused(tmp_path: Path, ctx: RunContext, write_sound: Callable[..., Path]) -> None:
    refused(write_sound(tmp_path / "a.wav", bursts()[:4000], RATE, "pcm_s16le"), ctx, "less than 0.2 s")


def test_samples_that_are_not_numbers_are_refused(
    tmp_path: Path, ctx: RunContext, write_sound: Callable[..., Path]
) -> None:
    samples = bursts()
    samples[30000] = np.nan
    refused(write_sound(tmp_path / "a.wav", samples, RATE, "pcm_f32le"), ctx, "not numbers")


def test_three_hours_are_refused_by_the_header(tmp_path: Path, ctx: RunContext) -> None:
    path = tmp_path / "long.wav"
    with path.open("wb") as file, wave.open(file) as writer:  # a sparse file: the header says three hours
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(8000)
        writer.setnframes(3 * 3600 * 8000)
        writer.writeframesraw(b"")
        writer._patchheader = lambda: None  # type: ignore[attr-defined]
        writer._ensure_header_written(0)  # type: ignore[attr-defined]
    with path.open("r+b") as file:
        file.truncate(44 + 3 * 3600 * 8000 * 2)
    refused(path, ctx, "longer than 30 minutes")


def test_what_the_header_hides_is_refused_while_decoding(
    tmp_path: Path, ctx: RunContext, monkeypatch: pytest.MonkeyPatch, write_sound: Callable[..., Path]
) -> None:
    path = write_sound(tmp_path / "a.mp3", np.tile(bursts(), (4, 1)), RATE, "libmp3lame")
    decoded: list[int] = []
    counting = RunContext(cache=ctx.cache, progress=lambda phase, done, total: decoded.append(done))
    monkeypatch.setattr(audio, "LONGEST", 2.0)
    monkeypatch.setattr(audio, "_header_duration", lambda container, stream: 0.0)
    refused(path, counting, "longer than")
    assert max(decoded) <= 2


def test_the_user_can_stop_the_decoding(tmp_path: Path, ctx: RunContext, write_sound: Callable[..., Path]) -> None:
    stopped = RunContext(cache=ctx.cache)
    stopped.cancel.set()
    with pytest.raises(Cancelled):
        load_sound(write_sound(tmp_path / "a.wav", bursts(), RATE, "pcm_s16le"), stopped)
