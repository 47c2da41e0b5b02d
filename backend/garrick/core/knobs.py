"""Knobs of groups of curves: "jaw=1.2, eyes=off, head=0.8 smooth 0.1 seed 5" says how a performance is made."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .groups import GROUPS

MOST, LONGEST, LARGEST = 2.0, 2.0, 2**32 - 1
"""The largest gain, the most seconds of smoothing, and the largest seed."""


@dataclass(frozen=True)
class Knob:
    """gain: 0..2, how far the curves go from where they rest.  smooth: seconds, as `clips.smoothed`.  on: off is at rest.

    seed: 0..LARGEST, by which the group is made in place of the clip's own, so that it is another take; None for that.
    """

    gain: float = 1.0
    smooth: float = 0.0
    on: bool = True
    seed: int | None = None

    @property
    def shapes(self) -> bool:
        """Whether it changes curves that are made."""
        return not self.on or (self.gain, self.smooth) != (1.0, 0.0)


def read_knobs(given: str | Mapping[str, Any]) -> dict[str, Knob]:
    """Groups and their knobs, in the order of `GROUPS`, out of words or of a table {"jaw": {"gain": 1.2, "seed": 5}}.

    A word is "jaw=1.2", "jaw=off", "jaw=smooth 0.1", "jaw=seed 5" or "jaw=1.2 smooth 0.1 seed 5"; in a table a number is a
    gain, false is off.
    A group may be named but once. Raises ValueError with a sentence for the user.
    """
    found: dict[str, Knob] = {}
    for name, value in given.items() if isinstance(given, Mapping) else pairs(given, "jaw=1.2, eyes=off"):
        group = str(name).strip().replace("-", "_")
        if group not in GROUPS:
            raise ValueError(f"There is no group {str(name)[:40]!r}; the groups are {', '.join(GROUPS)}.")
        if group in found:
            raise ValueError(f"The group {group} is named twice.")
        found[group] = _spoken(group, value) if isinstance(value, str) else _tabled(group, value)
    return {group: found[group] for group in GROUPS if group in found}


def write_knobs(knobs: Mapping[str, Knob]) -> str:
    """What `read_knobs` reads."""
    return ", ".join(f"{group}={_written(knobs[group])}" for group in GROUPS if group in knobs)


def pairs(words: str, example: str) -> list[tuple[str, str]]:
    """Names and values out of "jaw=1.2, eyes=off". example: of the whole, for the ValueError where a value is missing."""
    split = [word.partition("=") for word in words.split(",") if word.strip()]
    for name, equals, _ in split:
        if not equals:
            raise ValueError(f"{name.strip()[:40]!r} has no value; write it like {example}.")
    return [(name, value.strip()) for name, _, value in split]


def _written(knob: Knob) -> str:
    words = [] if knob.on else ["off"]
    words += [f"smooth {knob.smooth!r}"] if knob.smooth else []
    words += [] if knob.seed is None else [f"seed {knob.seed}"]
    plain = words and (knob.gain == 1 or not knob.on)
    return " ".join(words if plain else [f"{knob.gain!r}", *words])


def _spoken(group: str, value: str) -> Knob:
    words = value.split()
    first = "1" if not words or words[0] in ("smooth", "seed") else words.pop(0)
    said = dict(zip(words[::2], words[1::2], strict=False))
    if not value or len(words) % 2 or len(said) != len(words) // 2 or not set(said) <= {"smooth", "seed"}:
        raise ValueError(_unlike(group, value))
    try:
        gain, smooth = float(1 if first == "off" else first), float(said.get("smooth", 0))
    except ValueError:
        raise ValueError(_unlike(group, value)) from None
    return _checked(group, Knob(gain, smooth, first != "off", _seed(group, said.get("seed"))))


def _unlike(group: str, value: str) -> str:
    return f"{value[:40]!r} is no knob of {group}; write 1.2, off, or 1.2 smooth 0.1 seed 5."


def _seed(group: str, value: Any) -> int | None:
    """A whole number, or digits."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(LARGEST)):
        value = int(value)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST):
        raise ValueError(f"The seed of {group} must be a whole number from 0 to {LARGEST}.")
    return value


def _tabled(group: str, value: Any) -> Knob:
    if isinstance(value, bool):
        return Knob(on=value)
    if isinstance(value, (int, float)):
        return _checked(group, Knob(float(value)))
    if isinstance(value, Knob):
        return _checked(group, value)
    if not isinstance(value, Mapping) or not set(value) <= {"gain", "smooth", "on", "seed"}:
        raise ValueError(f"The group {group} takes gain, smooth, on and seed.")
    on, numbers = value.get("on", True), [value.get("gain", 1.0), value.get("smooth", 0.0)]
    if not isinstance(on, bool) or any(isinstance(one, bool) or not isinstance(one, (int, float)) for one in numbers):
        raise ValueError(f"The group {group} takes numbers for gain and smooth, and true or false for on.")
    return _checked(group, Knob(*map(float, numbers), on=on, seed=_seed(group, value.get("seed"))))


def _checked(group: str, knob: Knob) -> Knob:
    if not (math.isfinite(knob.gain) and 0 <= knob.gain <= MOST):
        raise ValueError(f"The gain of {group} must lie between 0 and {MOST:g}.")
    if not (math.isfinite(knob.smooth) and 0 <= knob.smooth <= LONGEST):
        raise ValueError(f"The smoothing of {group} must last 0 to {LONGEST:g} seconds.")
    return knob if knob.on else Knob(on=False, seed=knob.seed)
