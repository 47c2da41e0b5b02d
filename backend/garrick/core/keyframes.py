"""A performance as few keys: each curve by those of its values that straight lines join within a bound."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from .arkit import ARKIT_INDEX, ARKIT_NAMES
from .edits import MOUTH, reduce_keys
from .groups import WHOLE, Selection, selection
from .merging import with_edits
from .performance import BODY_JOINTS, Performance
from .skeleton import HAND_JOINTS

SCHEMA = 1


@dataclass(frozen=True)
class Bounds:
    """How far straight lines may pass what they leave out: face weights 0..1, radians of a turn, metres."""

    weight: float = 0.01
    angle: float = 0.005
    distance: float = 0.0005

    def scaled(self, weight: float) -> Bounds:
        """The same strictness for all, named by the weight."""
        factor = weight / self.weight
        return Bounds(weight, self.angle * factor, self.distance * factor)


@dataclass(frozen=True)
class Keys:
    """One curve, or the components of one rotation or place. frames: (K,) int, rising. values: (K, C) float32."""

    frames: np.ndarray
    values: np.ndarray

    def at(self, frames: np.ndarray) -> np.ndarray:
        """(M,) frames -> (M, C) float32 on the straight lines between the keys."""
        columns = [np.interp(frames, self.frames, column) for column in self.values.T]
        return np.stack(columns, axis=1).astype(np.float32)


def few_keys(
    performance: Performance, bounds: Bounds, groups: Collection[str] = WHOLE, pinned: Collection[int] = ()
) -> dict[str, Keys]:
    """Curve -> its keys: "face.jawOpen", "gaze.left", "head_rotation", "body_pose.neck", "left_hand.index1" ...

    No value and no turn misses its bound at any frame. pinned: frames, such as those of sealed lips, at which every curve
    of the mouth keeps its very value.
    """
    frames = np.arange(len(performance))
    forced = np.unique([0, *pinned, len(performance) - 1])
    found = {}
    for name, values, kind in _curves(performance, selection(groups)):
        # turns by lines of three numbers lie nearer to each other than the numbers do: the exponential map never stretches
        error = {"weight": bounds.weight, "angle": bounds.angle / np.sqrt(3), "distance": bounds.distance}[kind]
        stops = forced if name.startswith(_MOUTH) else forced[[0, -1]]
        kept = [stops[:1]]
        for start, stop in pairwise(stops):
            kept.append(start + reduce_keys(frames[start : stop + 1], values[start : stop + 1], error)[1:])
        at = np.concatenate(kept)
        found[name] = Keys(at, values[at])
    return found


def with_keys(performance: Performance, keys: Mapping[str, Keys]) -> Performance:
    """The performance with curves that run straight between these keys. Raises ValueError for an unknown curve."""
    frames = np.arange(len(performance))
    arrays: dict[str, np.ndarray] = {}
    for name, curve in keys.items():
        channel, _, part = name.partition(".")
        try:
            column = _PARTS[channel][part]
        except KeyError:
            raise ValueError(f"There is no curve {name!r}.") from None
        array = arrays.setdefault(channel, getattr(performance, channel).copy())
        values = curve.at(frames)
        array[:, column] = values if array[:, column].ndim == 2 else values[:, 0]
    return with_edits(replace(performance, **arrays), performance)


def save_keys(path: str | Path, keys: Mapping[str, Keys], performance: Performance) -> None:
    """Write keys as JSON: frames and values of each curve, rate and length. Raises OSError."""
    fps = performance.fps
    curves = {
        name: {
            "frames": curve.frames.tolist(),
            "values": [[round(float(value), 6) for value in row] for row in curve.values],
        }
        for name, curve in keys.items()
    }
    header = {"garrick_keys": SCHEMA, "fps": [fps.numerator, fps.denominator], "frames": len(performance)}
    Path(path).write_text(json.dumps(header | {"curves": curves}), encoding="utf-8")


_MOUTH = tuple(f"face.{start}" for start in MOUTH)
_WHOLE = slice(None)
_HAND = {name: column for column, name in enumerate(HAND_JOINTS)}
_PARTS: dict[str, Mapping[str, int | slice]] = {
    "face": dict(ARKIT_INDEX),
    "head_rotation": {"": _WHOLE},
    "head_translation": {"": _WHOLE},
    "gaze": {"left": 0, "right": 1},
    "body_pose": {name: column for column, name in enumerate(BODY_JOINTS)},
    "left_hand": _HAND,
    "right_hand": _HAND,
}  # fmt: skip


def _curves(performance: Performance, chosen: Selection) -> list[tuple[str, np.ndarray, str]]:
    """Name, values (F, C) and what `Bounds` counts for it."""
    found = [(f"face.{ARKIT_NAMES[column]}", performance.face[:, [column]], "weight") for column in chosen.face]
    for channel in chosen.channels:
        kind = "distance" if channel == "head_translation" else "angle"
        for part, column in _PARTS[channel].items():
            name = f"{channel}.{part}" if part else channel
            found.append((name, getattr(performance, channel)[:, column], kind))
    return found
