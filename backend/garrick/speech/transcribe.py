"""The words and the language of a recording, by Whisper base: optional weights, run by faster-whisper.

Whisper (Radford et al. 2022, MIT) writes what it believes to hear, and now and then what nobody said. So its text is
placed like any other (`garrick.speech.transcript`), shown to the user, and may be handed in again with its mistakes mended.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from garrick.context import RunContext
from garrick.errors import InputError, MissingError
from garrick.speech.reading.languages import language_code
from garrick.speech.speech import Speech
from garrick.weights import registry

PACKAGE = "faster-whisper==1.2.1"
PARTS = ("whisper_1", "whisper_2")
"""Names in the registry of the recogniser's net."""
_BEAM = 5
_THREADS = 2
_CODES = {"cmn": "zh", "nb": "no"}  # where Whisper's code is not the first part of ours


@dataclass(frozen=True)
class Transcription:
    """What was made out.

    text:     "" when nothing was.
    language: such as "en-us", "de" or "zh"; not each can be read here.
    """

    text: str
    language: str


def check() -> None:
    """Raises MissingError when the recogniser or its weights are not here."""
    if importlib.util.find_spec("faster_whisper") is None:
        raise MissingError(
            "The speech recogniser faster-whisper is not installed.", f"Run: python -m pip install {PACKAGE}"
        )
    for part in PARTS:
        registry.path(part)


def transcribe(waveform: np.ndarray, language: str | None, ctx: RunContext) -> Transcription:
    """Write down what is said; the same sound gives the same text.

    waveform: (N,) float32, 16 kHz mono.
    language: such as "de" or "en-gb"; found by listening when None.
    Raises InputError for a language that is not known, MissingError, Cancelled.
    """
    check()
    code = None if language is None else language_code(language)
    asked = None if code is None else _whisper_code(code)
    seconds = len(waveform) / Speech.SAMPLE_RATE
    ctx.step("transcribe", 0, max(1, int(seconds)))
    pieces, about = _model().transcribe(
        waveform,
        language=asked,
        beam_size=_BEAM,
        temperature=0.0,  # never drawn at random
        condition_on_previous_text=False,  # or one mistake is said again and again
        vad_filter=True,  # it makes up words for silence
    )
    texts = []
    for piece in pieces:  # each is written down when it is asked for
        texts.append(piece.text.strip())
        ctx.step("transcribe", min(int(piece.end), int(seconds)), max(1, int(seconds)))
    return Transcription(" ".join(filter(None, texts)), code or about.language)


def _whisper_code(code: str) -> str:
    short = _CODES.get(code, code.split("-")[0])
    if short not in _model().supported_languages:
        raise InputError(f"Speech in {code} cannot be transcribed.", "Give its text.")
    return short


@lru_cache(maxsize=1)
def _model():
    from faster_whisper import WhisperModel  # type: ignore[import-not-found]

    first, second = (registry.path(part) for part in PARTS)
    files = {name: (first / name).read_bytes() for name in ("config.json", "tokenizer.json", "vocabulary.txt")}
    files["model.bin"] = (first / "model.bin.part1").read_bytes() + (second / "model.bin.part2").read_bytes()
    return WhisperModel("base", device="cpu", compute_type="int8", cpu_threads=_THREADS, files=files)
