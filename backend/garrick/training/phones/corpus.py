"""The training corpus: every voice says its share of the sentences; stored as mel bands and classes.

A shard is an npz file: `mels` (sum T, 40) float16, `labels` (sum T,) int8, `lengths` (C,) int32, `voices` (C,) str.
Each clip is in it twice, once clean between silences and once disturbed as well.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from garrick.speech import features
from garrick.training.phones import classic, espeak
from garrick.training.phones.clip import Clip
from garrick.training.phones.disturb import disturbed, surrounded

_SHARD = 120  # clips
_BATCH = 12  # sentences that festival says in one run
SECONDS = {
    "espeak": 9000.0,
    "flite/slt": 1500.0,
    "flite/rms": 1500.0,
    "flite/kal16": 1200.0,
    "festival/cmu_us_slt_arctic_hts": 900.0,
    "festival/kal_diphone": 900.0,
}
HELD_OUT_SECONDS = 300.0
"""How much each engine with exact times says; a voice that is not named is kept aside for choosing between seeds."""


@dataclass(frozen=True)
class Corpus:
    """All shards in memory.

    mels:   (T, 40) float16. labels: (T,) int8. starts: (C + 1,) int64, where each clip begins. voices: (C,) str.
    """

    mels: np.ndarray
    labels: np.ndarray
    starts: np.ndarray
    voices: np.ndarray


def load(paths: list[Path]) -> Corpus:
    """Read shards."""
    shards = [np.load(path) for path in paths]
    lengths = np.concatenate([shard["lengths"] for shard in shards])
    return Corpus(
        np.concatenate([shard["mels"] for shard in shards]),
        np.concatenate([shard["labels"] for shard in shards]),
        np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]),
        np.concatenate([shard["voices"] for shard in shards]),
    )


def build(engine: str, texts: list[str], folder: Path, seed: int, share: float) -> None:
    """Write the shards of one engine that are not there yet: `<engine>-<number>.npz`.

    share: of SECONDS, and of the clips of a shard. A shard's draws come from (seed, engine, number) alone, so a broken
        run goes on where it stopped.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = engine.replace("/", "_")
    clips = max(_BATCH, round(_SHARD * min(1.0, share)))
    seconds, number = 0.0, 0
    while seconds < SECONDS.get(engine, HELD_OUT_SECONDS) * share:
        path = folder / f"{name}-{number:03d}.npz"
        if path.exists():
            lengths = np.load(path)["lengths"]
        else:
            rng = np.random.default_rng([seed, number, *name.encode()])
            chosen = [texts[index] for index in rng.choice(len(texts), clips, replace=False)]
            with tempfile.TemporaryDirectory() as scratch:
                lengths = write_shard(path, speak(engine, chosen, Path(scratch), rng), rng)
        seconds += float(lengths.sum()) * features.HOP / 2
        number += 1


def speak(engine: str, texts: list[str], scratch: Path, rng: np.random.Generator) -> Iterator[Clip]:
    """Every text in the engine's voice."""
    kind, _, voice = engine.partition("/")
    if kind == "espeak":
        yield from (espeak.speak(text, rng, voice or None) for text in texts)
    elif kind == "flite":
        yield from (classic.flite(text, voice, scratch, rng) for text in texts)
    else:
        for first in range(0, len(texts), _BATCH):
            yield from classic.festival(texts[first : first + _BATCH], voice, scratch, rng)


def write_shard(path: Path, clips: Iterator[Clip], rng: np.random.Generator) -> np.ndarray:
    """Both copies of every clip, of which there may be none -> lengths in frames."""
    mels, labels, voices = [np.zeros((0, features.BANDS), np.float16)], [np.zeros(0, np.int8)], []
    for clip in clips:
        clean = surrounded(clip, rng)
        for copy in (clean, disturbed(surrounded(clip, rng), rng)):
            bands = features.voice_mels(copy.waveform)
            mels.append(bands.astype(np.float16))
            labels.append(copy.labels(len(bands), features.HOP))
            voices.append(copy.voice)
    lengths = np.array([len(rows) for rows in mels[1:]], np.int32)
    part = path.with_suffix(".part.npz")
    np.savez(part, mels=np.concatenate(mels), labels=np.concatenate(labels), lengths=lengths, voices=np.array(voices))
    part.rename(path)
    return lengths
