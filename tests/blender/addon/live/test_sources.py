"""Voices from files and recorders."""

from __future__ import annotations

import struct
import sys
import wave
from pathlib import Path

import bpy
import numpy as np
import pytest

from blender_addon.live import sources

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="recorders are programs of Linux and macOS")


def _wav(path: Path, rate: int, channels: int = 1, seconds: float = 0.5, pitch: float = 440.0) -> Path:
    times = np.arange(round(rate * seconds)) / rate
    tone = np.round(10000 * np.sin(2 * np.pi * pitch * times)).astype("<i2")
    with wave.open(str(path), "wb") as sound:
        sound.setparams((channels, 2, rate, 0, "NONE", "not compressed"))
        sound.writeframes(np.repeat(tone, channels).tobytes())
    return path


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_tone_of_any_rate_stays_that_tone(tmp_path, rate, channels):
    heard = np.frombuffer(b"".join(sources.read(_wav(tmp_path / "tone.wav", rate, channels))), "<i2")
    assert abs(len(heard) - sources.RATE // 2) <= 1
    ideal = 10000 * np.sin(2 * np.pi * 440 * np.arange(len(heard)) / sources.RATE)
    inner = slice(400, -400)  # the ends lack neighbours
    assert np.abs(heard[inner] - ideal[inner]).max() < 60


def test_what_16_khz_cannot_hold_is_filtered_out(tmp_path):
    heard = np.frombuffer(b"".join(sources.read(_wav(tmp_path / "high.wav", 48000, pitch=11000.0))), "<i2")
    assert np.abs(heard[400:-400]).max() < 200


def test_chunks_are_short_and_whole(tmp_path):
    chunks = list(sources.read(_wav(tmp_path / "tone.wav", 16000)))
    assert {len(chunk) for chunk in chunks} == {round(sources.RATE * sources.CHUNK_S) * 2}


def test_other_formats_are_blenders_to_read(tmp_path):
    path = tmp_path / "float.wav"
    samples = (0.3 * np.sin(np.arange(8000) / 16000 * 2 * np.pi * 440)).astype("<f4").tobytes()
    head = (
        b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 3, 1, 16000, 64000, 4, 32) + b"data" + struct.pack("<I", len(samples))
    )
    path.write_bytes(b"RIFF" + struct.pack("<I", len(head) + len(samples)) + head + samples)
    if not bpy.app.build_options.audaspace:
        with pytest.raises(ValueError, match="reads no other"):
            list(sources.read(path))
        return
    heard = np.frombuffer(b"".join(sources.read(path)), "<i2")
    assert len(heard) == 8000
    assert abs(np.abs(heard).max() - 0.3 * 32767) < 200


def test_what_is_no_sound_is_refused(tmp_path):
    (tmp_path / "no.wav").write_bytes(b"this is no sound")
    with pytest.raises(ValueError, match=r"no\.wav"):
        list(sources.read(tmp_path / "no.wav"))
    with pytest.raises(OSError, match="missing"):
        list(sources.read(tmp_path / "missing.wav"))


@POSIX
def test_a_recorder_is_heard_until_nobody_listens(tmp_path):
    script = (
        "import sys, time\nwhile True:\n  sys.stdout.buffer.write(bytes(641)); sys.stdout.flush(); time.sleep(0.01)"
    )
    heard = sources.listen([sys.executable, "-c", script])
    chunks = [next(heard) for _ in range(20)]
    assert all(len(chunk) % 2 == 0 for chunk in chunks)
    heard.close()


@POSIX
def test_a_recorder_that_is_silent_leaves_its_listener_free():
    heard = sources.listen([sys.executable, "-c", "import time; time.sleep(60)"])
    assert next(heard) == b""
    heard.close()


@POSIX
def test_a_recorder_that_fails_says_why():
    heard = sources.listen([sys.executable, "-c", "import sys; sys.exit('no such device')"])
    with pytest.raises(OSError, match="no such device"):
        list(heard)


def test_the_recorder_is_one_that_is_there(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(sources.shutil, "which", lambda name: "/usr/bin/arecord" if name == "arecord" else None)
    sources.recorder.cache_clear()
    assert sources.recorder()[0] == "/usr/bin/arecord"
    monkeypatch.setattr(sources.shutil, "which", lambda name: None)
    sources.recorder.cache_clear()
    assert sources.recorder() is None
    sources.recorder.cache_clear()
