"""The warping generator's pairs: made once, kept in a folder as bytes, people and portraits held out as for the face."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

import numpy as np

from garrick.context import RunContext
from garrick.errors import InputError
from garrick.perception import analyse
from garrick.perception.portrait import Portrait
from garrick.rendering.render import prepare as prepare_stage
from garrick.training.render import warp_pairs
from garrick.training.render.hand_pairs import shown_hands
from garrick.training.render.pairs import SIZE
from garrick.training.render.people import Skin, unwrap
from garrick.training.render.pool import held_out
from garrick.training.render.warp_pairs import WarpPair
from garrick.training.render.warp_view import WarpView

_STEP = 63.0  # of what is told and injected, kept as a byte of -2..2
_FLOW = 20000.0  # of a way, kept as two bytes


@dataclass(frozen=True)
class WarpPool:
    """N squares of one kind as they are kept: `WarpView`'s arrays, and what is wanted and known of them.

    colour, photo, wanted: (N, SIDE, SIDE, 3) uint8.    weight, known: (N, SIDE, SIDE) uint8, 0..255.
    flow: (N, 2, HALF, HALF), told, injected: (N, n, HALF, HALF), see `unpacked`.    matrix: (N, 2, 3) of the squares.
    of: (N,) names.
    """

    colour: np.ndarray
    photo: np.ndarray
    flow: np.ndarray
    told: np.ndarray
    injected: np.ndarray
    weight: np.ndarray
    wanted: np.ndarray
    known: np.ndarray
    matrix: np.ndarray
    of: np.ndarray

    def __len__(self) -> int:
        return len(self.of)


@dataclass(frozen=True)
class Shown:
    """The whole frames of a pool's pairs: `WarpPair`'s arrays.    of: (N,) names."""

    plate: np.ndarray
    wanted: np.ndarray
    mended: np.ndarray
    there: np.ndarray
    of: np.ndarray


@dataclass(frozen=True)
class Amounts:
    """How much there is: people with so many poses each, ways away from each portrait and back, other poses of a hand."""

    people: int = 24
    poses: int = 3
    ways: int = 6
    hands: int = 3


def prepare(folder: Path, portraits: Path, amounts: Amounts, tell: Callable[[str], None]) -> None:
    """Make what is missing; portraits: a folder with pictures of made-up people, searched below too."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures = sorted(portraits.rglob("*.png"))

    @cache
    def portrait(index: int) -> Portrait:
        return analyse.run(pictures[index], (2 * SIZE, 2 * SIZE), 0, RunContext(), "upper-body")

    @cache
    def skin(index: int) -> Skin:
        return unwrap(portrait(index))

    def ways(index: int) -> list[WarpPair]:
        return list(warp_pairs.of_portraits(prepare_stage(portrait(index), RunContext()), amounts.ways, index))

    def hands(index: int) -> list[WarpPair]:
        rng = np.random.default_rng([31, index])
        return [
            pair
            for hand in shown_hands(pictures[index])
            for pair in warp_pairs.of_hand(hand, amounts.hands, index, rng)
        ]

    def person(index: int) -> list[WarpPair]:
        chosen = [other for other in range(len(pictures)) if held_out(other) == held_out(index)]
        wears = skin(chosen[np.random.default_rng([12, index]).integers(len(chosen))])
        return list(warp_pairs.of_people(wears, amounts.poses, index))

    for index in range(max(amounts.people, len(pictures))):
        for name, make, count in (
            ("portrait", ways, len(pictures)), ("hands", hands, len(pictures)), ("person", person, amounts.people),
        ):  # fmt: skip
            path = folder / f"{name}-{index:04d}.npz"
            if index < count and not path.exists():
                save(path, make(index))
                tell(path.name)


def save(path: Path, pairs: Sequence[WarpPair]) -> None:
    """Write pairs; whole frames only of those that are held out."""
    views = {
        "body": [(pair.body, pair) for pair in pairs],
        "face": [(pair.face, pair) for pair in pairs if pair.face is not None],
    }
    arrays = {}
    for kind, some in views.items():
        for field in fields(WarpPool):
            values = [_kept(view, pair, field.name) for view, pair in some]
            if values:
                arrays[f"{kind}.{field.name}"] = np.stack(values)
    if pairs and held_out(_index(path)):
        for field in fields(Shown):
            arrays[f"shown.{field.name}"] = np.stack([np.asarray(getattr(pair, field.name)) for pair in pairs])
    part = path.with_suffix(".part.npz")
    np.savez(part, **arrays)
    part.rename(path)


def load(folder: Path, kind: str, aside: bool) -> WarpPool:
    """The squares of a kind that are there and are held out, or are not."""
    return WarpPool(**_gathered(folder, kind, [field.name for field in fields(WarpPool)], aside))


def load_shown(folder: Path) -> Shown:
    """The whole frames of what is held out, in the order of the bodies."""
    return Shown(**_gathered(folder, "shown", [field.name for field in fields(Shown)], True))


def unpacked(kept: np.ndarray) -> np.ndarray:
    """What is kept of a way, or of what is told and injected -> float32."""
    return kept.astype(np.float32) / np.float32(_FLOW if kept.dtype == np.int16 else _STEP)


def _gathered(folder: Path, kind: str, names: Sequence[str], aside: bool) -> dict[str, np.ndarray]:
    parts: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for path in sorted(folder.glob("*-????.npz")):
        if held_out(_index(path)) == aside:
            with np.load(path) as arrays:
                if f"{kind}.of" in arrays:
                    for name, some in parts.items():
                        some.append(arrays[f"{kind}.{name}"])
    if not parts["of"]:
        raise InputError(f"There are no pairs in {folder}.", "Make them with `warp-pairs`.")
    return {name: np.concatenate(some) for name, some in parts.items()}


def _index(path: Path) -> int:
    return int(path.stem.split(".")[0].split("-")[1])


def _kept(view: WarpView, pair: WarpPair, name: str) -> np.ndarray:
    if name == "wanted":
        return view.crop.cut(pair.wanted)
    if name == "known":
        return _byte(view.crop.cut(pair.known))
    if name == "of":
        return np.array(pair.of)
    if name == "matrix":
        return view.crop.to_frame
    value = getattr(view, name)
    if name == "flow":
        return np.clip(np.round(value * _FLOW), -32767, 32767).astype(np.int16)
    if name == "weight":
        return _byte(value)
    if name in ("told", "injected"):
        return np.clip(np.round(value * _STEP), -127, 127).astype(np.int8)
    return value


def _byte(share: np.ndarray) -> np.ndarray:
    return np.clip(share * 255 + 0.5, 0, 255).astype(np.uint8)
