"""Where a live voice comes from: a sound file, or a microphone that a recorder of this machine listens to.

A source yields chunks: 16-bit little-endian samples, mono, RATE a second, about CHUNK_S seconds each.
"""

from __future__ import annotations

import select
import shutil
import subprocess
import sys
import wave
from collections.abc import Generator
from functools import lru_cache
from pathlib import Path

import numpy as np

RATE = 16000
CHUNK_S = 0.02
_CHUNK = round(RATE * CHUNK_S)
_SILENCE_S = 0.2  # a recorder that writes nothing must not keep its listener from stopping

_RECORDERS: dict[str, tuple[tuple[str, ...], ...]] = {
    "linux": (
        ("parec", "--format=s16le", f"--rate={RATE}", "--channels=1", "--latency-msec=20", "--raw"),
        ("pw-record", "--format=s16", f"--rate={RATE}", "--channels=1", "-"),
        ("arecord", "-q", "-t", "raw", "-f", "S16_LE", "-r", str(RATE), "-c", "1", "-"),
        ("ffmpeg", "-v", "error", "-f", "pulse", "-i", "default", "-f", "s16le", "-ar", str(RATE), "-ac", "1", "-"),
    ),
    "darwin": (
        ("rec", "-q", "-t", "raw", "-e", "signed", "-b", "16", "-r", str(RATE), "-c", "1", "-"),
        (
            "ffmpeg",
            "-v",
            "error",
            "-f",
            "avfoundation",
            "-i",
            ":default",
            "-f",
            "s16le",
            "-ar",
            str(RATE),
            "-ac",
            "1",
            "-",
        ),
    ),
}
"""Programs that write what the microphone hears, by sys.platform, the best first."""


@lru_cache(maxsize=1)  # drawn with the panel
def recorder() -> list[str] | None:
    """The command of the first recorder that this machine has, looked for once; None when it has none."""
    for command in _RECORDERS.get(sys.platform, ()):
        if (program := shutil.which(command[0])) is not None:
            return [program, *command[1:]]
    return None


def listen(command: list[str]) -> Generator[bytes]:
    """What a recorder writes, until the iterator is closed; b"" while it is silent. Raises OSError when it fails."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        rest = b""
        while True:
            if not select.select([process.stdout], [], [], _SILENCE_S)[0]:
                yield b""
                continue
            data = process.stdout.read(2 * _CHUNK)
            if not data:
                break
            data = rest + data
            whole = len(data) // 2 * 2
            rest = data[whole:]
            if whole:
                yield data[:whole]
        words = process.stderr.read(2000).decode(errors="replace").strip().splitlines()
        raise OSError(
            f"The microphone cannot be heard: {words[-1] if words else Path(command[0]).name + ' has ended'}."
        )
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def read(path: Path) -> Generator[bytes]:
    """The chunks of a sound file. Raises OSError, ValueError for what is no sound that can be read here."""
    samples = _samples(path)
    for start in range(0, len(samples), _CHUNK):
        yield samples[start : start + _CHUNK].tobytes()


def _samples(path: Path) -> np.ndarray:
    """(N,) int16 at RATE, mono."""
    try:
        with wave.open(str(path)) as sound:
            rate, channels, width = sound.getframerate(), sound.getnchannels(), sound.getsampwidth()
            if width == 2:
                data = np.frombuffer(sound.readframes(sound.getnframes()), "<i2").reshape(-1, channels)
                return _resampled(data.mean(axis=1), rate)
    except (wave.Error, EOFError):
        pass  # another format: Blender's own decoder may know it
    return _decoded(path)


def _decoded(path: Path) -> np.ndarray:
    try:
        import aud
    except ImportError as error:  # Blender built without sound
        raise ValueError(f"{path.name} is not a 16-bit WAV, and this Blender reads no other sound.") from error
    try:
        sound = aud.Sound.file(str(path)).rechannel(1)
        rate = int(sound.specs[0])
        data = np.asarray(sound.data(), np.float64).reshape(-1)
    except aud.error as error:
        raise ValueError(f"{path.name} holds no sound that Blender can read.") from error
    return _resampled(data * 32767.0, rate)


def _resampled(values: np.ndarray, rate: int) -> np.ndarray:
    """Samples at RATE: a windowed sinc of 32 zero crossings, cut off below both rates' halves."""
    if rate != RATE:
        ratio = min(RATE / rate, 1.0)
        half = int(np.ceil(16 / ratio))
        taps = np.arange(-half, half + 1)
        count = int(len(values) * RATE // rate)
        padded = np.pad(values, half + 1)
        result = np.empty(count)
        for start in range(0, count, 1 << 14):  # in parts: the table of taps of a long sound would be large
            places = np.arange(start, min(start + (1 << 14), count)) * (rate / RATE)
            whole = np.floor(places).astype(np.int64)
            offsets = taps[None, :] - (places - whole)[:, None]
            weights = ratio * np.sinc(ratio * offsets) * (0.5 + 0.5 * np.cos(np.pi * offsets / (half + 1)))
            result[start : start + len(places)] = (padded[whole[:, None] + half + 1 + taps] * weights).sum(axis=1)
        values = result
    return np.clip(np.round(values), -32768, 32767).astype("<i2")
