"""The pairs of hands of a run: made once, kept in a folder as bytes, portraits held out as for the face."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from garrick.errors import InputError
from garrick.training.render.hand_pairs import HandPair, pairs_of, shown_hands
from garrick.training.render.pool import held_out

_STEP = 100.0  # of what is injected, kept as a byte of -1.27..1.27


@dataclass(frozen=True)
class HandPool:
    """N pairs as bytes: `HandPair`'s arrays, the weights and what is known as 0..255.

    injected: (N, len(INJECTED), S, S) int8, see `injected_of`.    tones: (N, 9) float32.    own: (N,) bool.
    of: (N,) which portrait.
    """

    colour: np.ndarray
    injected: np.ndarray
    weight: np.ndarray
    wanted: np.ndarray
    known: np.ndarray
    tones: np.ndarray
    own: np.ndarray
    of: np.ndarray

    def __len__(self) -> int:
        return len(self.of)


def prepare(folder: Path, portraits: Path, poses: int, tell: Callable[[str], None]) -> None:
    """Make what is missing; portraits: a folder with pictures of made-up people, searched below too."""
    folder.mkdir(parents=True, exist_ok=True)
    for index, picture in enumerate(sorted(portraits.rglob("*.png"))):
        path = folder / f"hands-{index:04d}.npz"
        if path.exists():
            continue
        rng = np.random.default_rng([21, index])
        pairs = [pair for hand in shown_hands(picture) for pair in pairs_of(hand, poses, rng)]
        part = path.with_suffix(".part.npz")
        np.savez(part, **_arrays(pairs, index))
        part.rename(path)
        tell(f"{path.name}: {len(pairs)}")


def load(folder: Path, aside: bool) -> HandPool:
    """The pairs that are there and are held out, or are not."""
    parts: dict[str, list[np.ndarray]] = {field.name: [] for field in fields(HandPool)}
    for path in sorted(folder.glob("hands-????.npz")):
        if held_out(int(path.stem.split("-")[1])) == aside:
            with np.load(path) as arrays:
                if len(arrays["of"]):
                    for name, some in parts.items():
                        some.append(arrays[name])
    if not parts["of"]:
        raise InputError(f"There are no pairs of hands in {folder}.", "Make them with `hand-pairs`.")
    return HandPool(**{name: np.concatenate(some) for name, some in parts.items()})


def injected_of(kept: np.ndarray) -> np.ndarray:
    """int8 -> what is injected, float32."""
    return kept.astype(np.float32) / np.float32(_STEP)


def _arrays(pairs: list[HandPair], index: int) -> dict[str, np.ndarray]:
    if not pairs:
        return {"of": np.zeros(0, np.int64)}
    return {
        "colour": np.stack([pair.view.colour for pair in pairs]),
        "injected": np.stack(
            [np.clip(np.round(pair.view.injected * _STEP), -127, 127).astype(np.int8) for pair in pairs]
        ),
        "weight": np.stack([_byte(pair.view.weight) for pair in pairs]),
        "wanted": np.stack([pair.wanted for pair in pairs]),
        "known": np.stack([_byte(pair.known) for pair in pairs]),
        "tones": np.stack([pair.tones for pair in pairs]),
        "own": np.array([pair.own for pair in pairs]),
        "of": np.full(len(pairs), index),
    }


def _byte(share: np.ndarray) -> np.ndarray:
    return np.clip(share * 255 + 0.5, 0, 255).astype(np.uint8)
