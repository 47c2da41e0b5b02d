"""What a voice says and when: the words and phones that Garrick found in it, as its files keep them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .retiming import Span, TimeMap

_BILABIALS = frozenset("PBM")


@dataclass(frozen=True)
class SpeechTimes:
    """words, phones: in seconds of the performance. audio: the sound, None where it is not beside the speech."""

    words: tuple[Span, ...]
    phones: tuple[Span, ...]
    audio: Path | None

    def sealed_at(self) -> np.ndarray:
        """(P,) seconds in the middle of each p, b and m."""
        return np.array([(start + end) / 2 for name, start, end in self.phones if name.upper() in _BILABIALS])

    def moved(self, times: TimeMap) -> SpeechTimes:
        """The same said at other times."""

        def at(spans: tuple[Span, ...]) -> tuple[Span, ...]:
            return tuple((name, float(times(start)), float(times(end))) for name, start, end in spans)

        return SpeechTimes(at(self.words), at(self.phones), self.audio)


def read_speech_times(path: Path) -> SpeechTimes:
    """Of a speech.json, of the shot.json that names one, or of what `garrick speak` wrote beside a WAV.

    Raises ValueError with a sentence for the user, OSError.
    """
    data = _read_json(path)
    own = path.with_suffix(".wav")
    audio: Path | None = own if own.is_file() else path.with_name("audio.wav")
    if "performance" in data:
        names = [data.get("speech"), data.get("audio")]
        if not isinstance(names[0], str):
            raise ValueError(f"The shot {path.parent.name} has no speech.")
        audio = path.parent / names[1] if isinstance(names[1], str) else None
        data = _read_json(path.parent / names[0])
    try:
        words, phones = (
            tuple((str(span[0]), float(span[1]), float(span[2])) for span in data[key]) for key in ("words", "phones")
        )
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise ValueError(f"{path.name} holds no speech that Garrick made: no words and phones.") from error
    return SpeechTimes(words, phones, audio if audio is not None and audio.is_file() else None)


def _read_json(path: Path) -> dict:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(f"There is no file {path}.") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path.name} is not readable JSON.") from error
    if not isinstance(data, dict):
        raise ValueError(f"{path.name} is not a Garrick file.")
    return data
