"""How what is heard and placed suffers from noise, rooms, telephones, bad levels and music; whether noise moves lips."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import scipy.io.wavfile
from rich.table import Table

from garrick.benchmarks.aligned_speech import Recording, recordings
from garrick.benchmarks.disturbances import Disturbance, disturbances, music, pink, white
from garrick.benchmarks.figures import Figure
from garrick.benchmarks.peers import Clip, PeerError
from garrick.benchmarks.speech import hear, place
from garrick.benchmarks.speech_scores import HOP, Scores, score_all
from garrick.context import RunContext
from garrick.errors import InputError
from garrick.speech.alphabet import SILENCE
from garrick.speech.audio import load_sound
from garrick.speech.speech import Phone, Speech

_PAUSE, _MARGIN = 0.3, 0.1  # seconds of a pause that counts, and of its ends that do not
_EMPTY = 10.0  # seconds of a recording without a voice


@dataclass(frozen=True)
class Row:
    """One disturbance: scores without and with the text, and the share of the pauses in which the lips rest."""

    name: str
    heard: Scores
    placed: Scores
    resting: float


def measure(data: Path, kinds: Sequence[Disturbance] | None = None) -> list[Row]:
    """Every recording below a data folder under every disturbance.

    Raises InputError when there are no recordings.
    """
    found = recordings(data)
    if not found:
        raise InputError(f"There are no aligned recordings in {data}.", "Name the folder that holds them with --data.")
    voices = [load_sound(one.sound, RunContext()).waveform for one in found]
    return [_row(kind, found, voices) for kind in (kinds or disturbances())]


def _row(kind: Disturbance, found: Sequence[Recording], voices: Sequence[np.ndarray]) -> Row:
    heard, placed = [], []
    resting = total = 0.0
    for index, (one, voice) in enumerate(zip(found, voices, strict=True)):
        others = [other for place, other in enumerate(voices) if place != index]
        sound = kind.apply(voice, others, np.random.default_rng(zlib.crc32(f"{kind.name}/{one.name}".encode())))
        clip = Clip(_through_a_file(sound, kind.rate), one.text)
        phones = hear(clip)
        heard.append((phones, one.phones))
        try:
            placed.append((place(clip), one.phones))
        except PeerError:
            placed.append(((), one.phones))  # which scores as silence
        for start, end in _pauses(one.phones):
            resting += _resting(phones, start, end)
            total += end - start
    return Row(kind.name, score_all(heard), score_all(placed), resting / total)


def _through_a_file(sound: np.ndarray, rate: int) -> np.ndarray:
    """(M, C) as it is loaded from a recording."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "voice.wav")
        scipy.io.wavfile.write(path, rate, sound)
        return load_sound(path, RunContext()).waveform


def _pauses(phones: Iterable[Phone]) -> list[tuple[float, float]]:
    """The middles of long pauses; silences in a row are one."""
    joined: list[Phone] = []
    for phone in phones:
        if phone.symbol == SILENCE and joined and joined[-1].end >= phone.start - HOP:
            joined[-1] = replace(joined[-1], end=phone.end)
        elif phone.symbol == SILENCE:
            joined.append(phone)
    return [(one.start + _MARGIN, one.end - _MARGIN) for one in joined if one.end - one.start >= _PAUSE]


def _resting(phones: Iterable[Phone], start: float, end: float) -> float:
    """Seconds of silence between two times."""
    silences = (phone for phone in phones if phone.symbol == SILENCE)
    return sum(max(0.0, min(phone.end, end) - max(phone.start, start)) for phone in silences)


def without_a_voice() -> list[Figure]:
    """Share of the time in which the lips rest while nobody speaks, for what else a microphone hears."""
    rng = np.random.default_rng(0)
    length = int(_EMPTY * Speech.SAMPLE_RATE)
    time = np.arange(length) / Speech.SAMPLE_RATE
    sounds = {
        "white noise": white(length, (), rng),
        "pink noise": pink(length, (), rng),
        "music": music(length, (), rng),
        "mains hum": np.sign(np.sin(2 * np.pi * 50 * time)),
        "clicks": (rng.random(length) < 4 / Speech.SAMPLE_RATE).astype(np.float32),
        "wind": pink(length, (), rng) * (1.5 + np.sin(2 * np.pi * 0.7 * time)) ** 2,
        "steps": np.where(time % 0.6 < 0.05, 1.0, 0.01) * pink(length, (), rng),
        "breath": np.abs(np.sin(2 * np.pi * 0.3 * time)) ** 3 * white(length, (), rng),
    }
    figures = []
    for name, sound in sounds.items():
        level = (0.1 * sound / np.abs(sound).max())[:, None].astype(np.float32)
        phones = hear(Clip(_through_a_file(level, Speech.SAMPLE_RATE), ""))
        figures.append(
            Figure(f"nobody speaks, {name}: lips rest", 100 * _resting(phones, 0.0, _EMPTY) / _EMPTY, "%", at_least=99)
        )
    return figures


def figures(rows: Sequence[Row]) -> list[Figure]:
    """Each row as figures."""
    return [
        figure.of(row.name)
        for row in rows
        for figure in (
            *_of("no text", row.heard),
            *_of("text", row.placed),
            Figure("no text, lips rest in pauses", 100 * row.resting, "%"),
        )
    ]


def _of(way: str, scores: Scores) -> list[Figure]:
    return [
        Figure(f"{way}, 15 visemes", 100 * scores.visemes, "%"),
        Figure(f"{way}, six lip classes", 100 * scores.lips, "%"),
        Figure(f"{way}, bilabial recall", scores.bilabial[0], ""),
        Figure(f"{way}, bilabial precision", scores.bilabial[1], ""),
        Figure(f"{way}, edge error", round(1000 * scores.edge, 1), "ms"),
    ]


def table(rows: Sequence[Row]) -> Table:
    """All rows; each cell without the text / with it."""
    drawn = Table("no text / text", "15 visemes", "six lips", "PP recall", "PP precision", "edge ms", "rest in pauses")
    for row in rows:
        both = (row.heard, row.placed)
        drawn.add_row(
            row.name,
            " / ".join(f"{100 * one.visemes:.1f}" for one in both),
            " / ".join(f"{100 * one.lips:.1f}" for one in both),
            " / ".join(f"{one.bilabial[0]:.2f}" for one in both),
            " / ".join(f"{one.bilabial[1]:.2f}" for one in both),
            " / ".join(f"{1000 * one.edge:.0f}" for one in both),
            f"{100 * row.resting:.0f} %",
        )
    return drawn
