"""What is heard and what is placed in recordings whose phones are known, and how fast: ours and the peers."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from garrick.benchmarks.aligned_speech import SYNTHETIC, Recording, held_out_voice, recordings
from garrick.benchmarks.figures import Figure
from garrick.benchmarks.notations import PHONES, Cue, Notation
from garrick.benchmarks.peers import Clip, Peer, PeerError
from garrick.benchmarks.speech_scores import Scores, best_lag, score_all
from garrick.benchmarks.voice_texts import SENTENCES
from garrick.context import RunContext
from garrick.errors import InputError
from garrick.speech.audio import load_sound
from garrick.speech.phones import hear_phones
from garrick.speech.reading import read
from garrick.speech.speech import Phone, Speech
from garrick.speech.transcript import place_transcript

OURS, OURS_WITH_TEXT = "Garrick", "Garrick with text"
_ALL = "all"
"""Every real recording."""
_BUDGETS = {
    OURS: {"15 visemes": 72, "bilabial recall": 0.80, "bilabial precision": 0.70, "speed": 15},
    OURS_WITH_TEXT: {"15 visemes": 77, "bilabial recall": 0.95, "speed": 60},
}
_SPOKEN = SENTENCES[:10]
_IMPARTIAL = ("talk", SYNTHETIC)


@dataclass(frozen=True)
class Heard:
    """What a program made of the recordings.

    has_text: whether it was told what is said.
    cues:     one sequence a recording; empty where it gave no answer.
    seconds:  it took for each recording.
    """

    name: str
    has_text: bool
    notation: Notation
    cues: tuple[Sequence[Cue], ...]
    seconds: tuple[float, ...]


@dataclass(frozen=True)
class Comparison:
    """All that was measured: `heard` by everybody, ours first; `absent` peers with how to get them."""

    recordings: tuple[Recording, ...]
    durations: tuple[float, ...]
    heard: tuple[Heard, ...]
    absent: tuple[tuple[str, str], ...]

    def groups(self) -> list[str]:
        """The kinds of recordings there are, and `all` real ones."""
        return [*dict.fromkeys(one.group for one in self.recordings), _ALL]

    def scores(self, heard: Heard, group: str) -> Scores:
        """Over the recordings of a group."""
        return score_all(self._pairs(heard, group), heard.notation)

    def scores_at_best_lag(self, heard: Heard, group: str) -> tuple[float, Scores]:
        """The same when moved by the seconds that suit it best."""
        return best_lag(self._pairs(heard, group), heard.notation)

    def speed(self, heard: Heard, group: str) -> float:
        """Times real time."""
        chosen = self._chosen(group)
        return sum(self.durations[index] for index in chosen) / sum(heard.seconds[index] for index in chosen)

    def _pairs(self, heard: Heard, group: str) -> list[tuple[Sequence[Cue], Sequence[Phone]]]:
        return [(heard.cues[index], self.recordings[index].phones) for index in self._chosen(group)]

    def _chosen(self, group: str) -> list[int]:
        return [index for index, one in enumerate(self.recordings) if _belongs(one, group)]


def _belongs(recording: Recording, group: str) -> bool:
    return recording.group != SYNTHETIC if group == _ALL else group in (recording.group, recording.name)


def compare(data: Path, peers: Sequence[Peer] = ()) -> Comparison:
    """Let us and the peers hear every recording below a data folder, and a synthetic voice.

    Raises InputError when there are no recordings.
    """
    found = recordings(data)
    if not found:
        raise InputError(f"There are no aligned recordings in {data}.", "Name the folder that holds them with --data.")
    with tempfile.TemporaryDirectory() as folder:
        found += held_out_voice(_SPOKEN, Path(folder))
        waveforms = [load_sound(one.sound, RunContext()).waveform for one in found]
    clips = [Clip(waveform, one.text) for waveform, one in zip(waveforms, found, strict=True)]
    programs = [
        Peer(OURS, False, PHONES, "", hear),
        Peer(OURS_WITH_TEXT, True, PHONES, "", place),
        *peers,
    ]
    return Comparison(
        tuple(found),
        tuple(len(waveform) / Speech.SAMPLE_RATE for waveform in waveforms),
        tuple(_ask(program, clips) for program in programs if not program.absent),
        tuple((program.name, program.absent) for program in programs if program.absent),
    )


def hear(clip: Clip) -> tuple[Phone, ...]:
    """Our phones without the text."""
    return hear_phones(clip.waveform)


def place(clip: Clip) -> tuple[Phone, ...]:
    """Our phones with the text, as a recording with a text is heard. Raises PeerError when nobody is heard speaking."""
    try:
        return place_transcript(clip.waveform, [word for passage in read(clip.text) for word in passage.words]).phones
    except InputError as error:
        raise PeerError(error.user_message) from error


def _ask(program: Peer, clips: Sequence[Clip]) -> Heard:
    _answer(program, min(clips, key=lambda clip: len(clip.waveform)))  # loads nets and dictionaries, compiles
    answers = [_answer(program, clip) for clip in clips]
    return Heard(
        program.name,
        program.has_text,
        program.notation,
        tuple(cues for cues, _ in answers),
        tuple(seconds for _, seconds in answers),
    )


def _answer(program: Peer, clip: Clip) -> tuple[Sequence[Cue], float]:
    start = time.perf_counter()
    try:
        cues = program.hear(clip)
    except PeerError:
        cues = ()  # which scores as silence
    return cues, time.perf_counter() - start


def our_figures(comparison: Comparison) -> list[Figure]:
    """Ours for every recording, kind of recording and all; budgets are for all."""
    figures: list[Figure] = []
    real = [one for one in comparison.recordings if one.group != SYNTHETIC]
    subjects = [(one.name, f"{one.name} ({'dev' if one.is_dev else 'test'})") for one in real]
    subjects += [(group, group) for group in comparison.groups()]
    for heard in comparison.heard[:2]:
        way = "text" if heard.has_text else "no text"
        for group, subject in subjects:
            for name, (value, unit) in values(comparison, heard, group).items():
                least = _BUDGETS[heard.name].get(name) if group == _ALL else None
                most = 10.0 if name == "edge error" and group == _ALL else None
                figures.append(Figure(f"{subject}: {way}, {name}", value, unit, at_most=most, at_least=least))
    return figures


def leads(comparison: Comparison) -> list[Figure]:
    """By how much ours are ahead of the best peer that knows as much, each peer moved to its best lag.

    On recordings that no peer aligned: conversation, and the synthetic voice. Empty without peers.
    """
    figures: list[Figure] = []
    for ours in comparison.heard[:2]:
        others = [one for one in comparison.heard[2:] if one.has_text == ours.has_text]
        for group in (one for one in comparison.groups() if one in _IMPARTIAL and others):
            mine = comparison.scores(ours, group)
            theirs = [comparison.scores_at_best_lag(one, group)[1] for one in others]
            name = f"{group}: {'text' if ours.has_text else 'no text'}, ahead of the best peer"
            visemes = [scores.visemes for scores in theirs if scores.visemes == scores.visemes]  # some write no visemes
            if visemes:
                lead = 100 * (mine.visemes - max(visemes))
                figures.append(Figure(f"{name}, 15 visemes", lead, "points", at_least=0))
            lead = 100 * (mine.lips - max(scores.lips for scores in theirs))
            figures.append(Figure(f"{name}, six lip classes", lead, "points", at_least=0))
    return figures


def values(comparison: Comparison, heard: Heard, group: str) -> dict[str, tuple[float, str]]:
    """Name -> value and unit, of what can be scored in its notation and group."""
    scores = comparison.scores(heard, group)
    rows = {
        "15 visemes": (100 * scores.visemes, "%"),
        "15 visemes, speech frames": (100 * scores.visemes_spoken, "%"),
        "six lip classes": (100 * scores.lips, "%"),
        "six lip classes, speech frames": (100 * scores.lips_spoken, "%"),
        "shapes Rhubarb allows, speech frames": (100 * scores.allowed, "%"),
        "bilabial recall": (scores.bilabial[0], ""),
        "bilabial precision": (scores.bilabial[1], ""),
        "labiodental recall": (scores.labiodental[0], ""),
        "labiodental precision": (scores.labiodental[1], ""),
        "edge error": (round(1000 * scores.edge, 1), "ms"),
        "speed": (comparison.speed(heard, group), "x real time"),
    }
    return _known(rows)


def values_at_best_lag(comparison: Comparison, heard: Heard, group: str) -> dict[str, tuple[float, str]]:
    """The same of its frames when moved by the time that suits it best, and that time."""
    lag, scores = comparison.scores_at_best_lag(heard, group)
    rows = {
        "best lag": (1000 * lag, "ms"),
        "15 visemes at best lag": (100 * scores.visemes, "%"),
        "six lip classes at best lag": (100 * scores.lips, "%"),
    }
    return _known(rows)


def _known(rows: dict[str, tuple[float, str]]) -> dict[str, tuple[float, str]]:
    return {name: row for name, row in rows.items() if row[0] == row[0]}  # nan: nothing of the kind, or not written
