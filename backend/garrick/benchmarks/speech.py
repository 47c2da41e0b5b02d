"""What is heard and what is placed in recordings whose phones are known, and how fast."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path

from garrick.benchmarks.aligned_speech import Recording, recordings
from garrick.benchmarks.figures import Figure
from garrick.benchmarks.speech_scores import score_all
from garrick.context import RunContext
from garrick.errors import InputError
from garrick.speech import vad
from garrick.speech.alphabet import SILENCE
from garrick.speech.audio import load_sound
from garrick.speech.phones import align_phones, hear_phones
from garrick.speech.reading import read
from garrick.speech.speech import Phone


@dataclass(frozen=True)
class Heard:
    """One recording: what was found without its text and with it, and the seconds each took."""

    recording: Recording
    without_text: tuple[Phone, ...]
    with_text: tuple[Phone, ...]
    seconds: tuple[float, float]
    duration: float


def measure(data: Path) -> list[Figure]:
    """Figures of every recording below a data folder, of those that no setting was chosen on, and of all.

    Raises InputError when there are none.
    """
    found = recordings(data)
    if not found:
        raise InputError(f"There are no aligned recordings in {data}.", "Name the folder that holds them with --data.")
    _listen(found[0])  # loads the nets and compiles the search
    heard = [_listen(recording) for recording in found]
    figures = []
    for one in heard:
        mark = "dev" if one.recording.is_dev else "test"
        figures += [figure.of(f"{one.recording.name} ({mark})") for figure in _figures([one], budgets=False)]
    figures += [
        figure.of("test") for figure in _figures([one for one in heard if not one.recording.is_dev], budgets=False)
    ]
    return figures + [figure.of("all") for figure in _figures(heard, budgets=True)]


def _listen(recording: Recording) -> Heard:
    sound = load_sound(recording.sound, RunContext())
    known = [symbol for passage in read(recording.text) for word in passage.words for symbol in (*word.phones, SILENCE)]
    start = time.perf_counter()
    voice = vad.speech_probability(sound.waveform)
    without_text = hear_phones(sound.waveform, voice, vad.segments(voice, sound.duration))
    middle = time.perf_counter()
    with_text = align_phones(sound.waveform, voice, [(0.0, sound.duration, known)])
    end = time.perf_counter()
    return Heard(recording, without_text, with_text, (middle - start, end - middle), sound.duration)


def _figures(heard: list[Heard], budgets: bool) -> list[Figure]:
    """Both ways of hearing; budgets: whether to hold the figures against them."""
    figures: list[Figure] = []
    ways = (("no text", 0, (72, 0.80, 0.70, 15)), ("text", 1, (77, 0.95, None, 60)))
    for way, place, (visemes, recall, precision, speed) in ways:
        pairs = [((one.without_text, one.with_text)[place], one.recording.phones) for one in heard]
        scores = score_all(pairs)
        fast = sum(one.duration for one in heard) / sum(one.seconds[place] for one in heard)
        rows = [
            Figure(f"{way}, 15 visemes", 100 * scores.visemes, "%", at_least=visemes),
            Figure(f"{way}, 15 visemes, speech frames", 100 * scores.visemes_spoken, "%"),
            Figure(f"{way}, six lip classes, speech frames", 100 * scores.lips_spoken, "%"),
            *_closures(f"{way}, bilabial", scores.bilabial, recall, precision),
            *_closures(f"{way}, labiodental", scores.labiodental, None, None),
            Figure(f"{way}, edge error", round(1000 * scores.edge, 1), "ms", at_most=10.0),
            Figure(f"{way}, speed", fast, "x real time", at_least=speed),
        ]
        figures += rows if budgets else [Figure(row.name, row.value, row.unit) for row in rows]
    return figures


def _closures(name: str, closures: tuple[float, float], recall: float | None, precision: float | None) -> list[Figure]:
    rows = [
        Figure(f"{name} recall", closures[0], "", at_least=recall),
        Figure(f"{name} precision", closures[1], "", at_least=precision),
    ]
    return [row for row in rows if not math.isnan(row.value)]  # a short recording may have none
