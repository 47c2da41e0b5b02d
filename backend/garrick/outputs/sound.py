"""WAV files: the voice as it is heard, 16-bit PCM."""

from __future__ import annotations

import io
import struct
import wave
from pathlib import Path

import numpy as np

import garrick
from garrick.files import whole_file, write_bytes

from .synthetic import SYNTHETIC_VOICE, VOICE_SOURCE_TYPE, xmp


def write_wav(path: Path, samples: np.ndarray, rate: int) -> None:
    """Write a 16-bit WAV. Raises OutputError.

    samples: (M, C) int16; rate: Hz.
    """
    # The standard library writes it: unlike libsndfile it reports a full disk as one.
    with whole_file(path) as aside, aside.open("wb") as file, wave.open(file, "wb") as wav:
        wav.setnchannels(samples.shape[1])
        wav.setsampwidth(2)
        wav.setframerate(rate)
        wav.writeframes(samples.data)


def read_wav(path: Path) -> tuple[np.ndarray, int]:
    """What `write_wav` and `write_spoken` wrote: (M, C) int16 and Hz."""
    with path.open("rb") as file, wave.open(file, "rb") as wav:
        samples = np.frombuffer(wav.readframes(wav.getnframes()), "<i2")
        return samples.reshape(-1, wav.getnchannels()), wav.getframerate()


def write_spoken(path: Path, samples: np.ndarray, rate: int, voice: str) -> None:
    """Write a 16-bit WAV whose metadata says that it is synthetic, and by which voice: RIFF INFO tags and XMP.

    samples: (M, C) int16; rate: Hz. Raises OutputError.
    """
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(samples.shape[1])
        wav.setsampwidth(2)
        wav.setframerate(rate)
        wav.writeframes(samples.data)
    tags = {b"ICMT": SYNTHETIC_VOICE, b"ISFT": f"Garrick {garrick.__version__}", b"ISRC": voice}
    info = b"INFO" + b"".join(_chunk(name, value.encode() + b"\0") for name, value in tags.items())
    sound = file.getvalue()[8:] + _chunk(b"LIST", info) + _chunk(b"_PMX", xmp(VOICE_SOURCE_TYPE).encode())
    write_bytes(path, b"RIFF" + struct.pack("<I", len(sound)) + sound)


def _chunk(name: bytes, content: bytes) -> bytes:
    """A chunk of a RIFF file, padded to an even length."""
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def cut(samples: np.ndarray, rate: int, start: float, duration: float) -> np.ndarray:
    """The samples of `duration` seconds from `start` seconds (either side of the sound is silence).

    samples: (M, C); returns (round(duration * rate), C).
    """
    first = round(start * rate)
    count = round(duration * rate)
    result = np.zeros((count, samples.shape[1]), samples.dtype)
    begin, end = max(first, 0), min(first + count, len(samples))
    if begin < end:
        result[begin - first : end - first] = samples[begin:end]
    return result
