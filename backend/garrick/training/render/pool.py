"""The pairs of a run: made once, kept in a folder, and parted by seed into those learned from and those held out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from garrick.context import RunContext
from garrick.perception import analyse
from garrick.perception.portrait import Portrait
from garrick.rendering.render import prepare as prepare_stage
from garrick.training.render import pairs
from garrick.training.render.people import Skin, unwrap

_HELD_OUT = 4  # one in so many portraits, and one in so many people


@dataclass(frozen=True)
class Amounts:
    """How much there is: people with so many poses each, and ways away from each portrait and back."""

    people: int = 96
    poses: int = 6
    ways: int = 8


@dataclass(frozen=True)
class Pool:
    """Pairs as bytes, `garrick.training.render.pairs.save`'s arrays; N of them."""

    colour: np.ndarray
    cues: np.ndarray
    weight: np.ndarray
    wanted: np.ndarray
    of: list[str]

    def __len__(self) -> int:
        return len(self.of)


def prepare(folder: Path, portraits: Path, amounts: Amounts, tell: Callable[[str], None]) -> None:
    """Make what is missing of the pairs; portraits: a folder with pictures of made-up people, searched below too.

    Skins of held-out people come from held-out portraits.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pictures = sorted(portraits.rglob("*.png"))

    @cache
    def portrait(index: int) -> Portrait:
        return analyse.run(pictures[index], (2 * pairs.SIZE, 2 * pairs.SIZE), 0, RunContext())

    @cache
    def skin(index: int) -> Skin:
        return unwrap(portrait(index))

    for index in range(max(amounts.people, len(pictures))):
        person, way = folder / f"person-{index:04d}.npz", folder / f"portrait-{index:04d}.npz"
        if index < amounts.people and not person.exists():
            chosen = [other for other in range(len(pictures)) if held_out(other) == held_out(index)]
            wears = skin(chosen[np.random.default_rng([12, index]).integers(len(chosen))])
            pairs.save(person, list(pairs.of_person(wears, amounts.poses, index)))
            tell(person.name)
        if index < len(pictures) and not way.exists():
            stage = prepare_stage(portrait(index), RunContext())
            pairs.save(way, list(pairs.of_portrait(stage, amounts.ways, index)))
            tell(way.name)


def held_out(index: int) -> bool:
    """Whether a person or a portrait is only measured."""
    return index % _HELD_OUT == _HELD_OUT - 1


def load(folder: Path, aside: bool, most: int | None = None) -> Pool:
    """The pairs that are there and are held out, or are not; at most so many of a file."""
    parts: dict[str, list[np.ndarray]] = {}
    for path in sorted(folder.glob("*.npz")):
        if path.name.count(".") > 1 or held_out(int(path.stem.split("-")[1])) != aside:
            continue
        with np.load(path) as arrays:
            for name in arrays:
                parts.setdefault(name, []).append(arrays[name][:most])
    whole = {name: np.concatenate(arrays) for name, arrays in parts.items()}
    return Pool(whole["colour"], whole["cues"], whole["weight"], whole["wanted"], whole["of"].tolist())


def cues_of(kept: np.ndarray) -> np.ndarray:
    """Bytes -> the cues, float32."""
    return (kept.astype(np.float32) - pairs.CUE_ZERO) / pairs.CUE_STEP
