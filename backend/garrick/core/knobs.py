"""Knobs of groups of curves: "jaw=1.2, eyes=off, head=0.8 smooth 0.1" says how a performance is made, group by group."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .groups import GROUPS

MOST, LONGEST = 2.0, 2.0
"""The largest gain, and the most seconds of smoothing."""


@dataclass(frozen=True)
class Knob:
    """gain: 0..2, how far the curves go from where they rest.  smooth: seconds, as `clips.smoothed`.  on: off is at rest."""

    gain: float = 1.0
    smooth: float = 0.0
    on: bool = True


def read_knobs(given: str | Mapping[str, Any]) -> dict[str, Knob]:
    """Groups and their knobs, in the order of `GROUPS`, out of words or of a table {"jaw": {"gain": 1.2, "smooth": 0.1}}.

    A word is "jaw=1.2", "jaw=off", "jaw=smooth 0.1" or "jaw=1.2 smooth 0.1"; in a table a number is a gain, false is off.
    A group may be named but once. Raises ValueError with a sentence for the user.
    """
    pairs = (
        list(given.items())
        if isinstance(given, Mapping)
        else [_pair(word) for word in given.split(",") if word.strip()]
    )
    found: dict[str, Knob] = {}
    for name, value in pairs:
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


def _written(knob: Knob) -> str:
    if not knob.on:
        return "off"
    return f"{knob.gain!r} smooth {knob.smooth!r}" if knob.smooth else f"{knob.gain!r}"


def _pair(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not equals:
        raise ValueError(f"{word.strip()[:40]!r} is no knob of a group; write it like jaw=1.2, eyes=off.")
    return name, value.strip()


def _spoken(group: str, value: str) -> Knob:
    if value == "off":
        return Knob(on=False)
    size, word, smooth = value.partition("smooth")
    try:
        return _checked(group, Knob(float(size) if size.strip() or not word else 1.0, float(smooth) if word else 0.0))
    except ValueError as error:
        if str(error).startswith("The "):
            raise
        raise ValueError(f"{value[:40]!r} is no knob of {group}; write 1.2, off, or 1.2 smooth 0.1.") from None


def _tabled(group: str, value: Any) -> Knob:
    if isinstance(value, bool):
        return Knob(on=value)
    if isinstance(value, (int, float)):
        return _checked(group, Knob(float(value)))
    if isinstance(value, Knob):
        return _checked(group, value)
    if not isinstance(value, Mapping) or not set(value) <= {"gain", "smooth", "on"}:
        raise ValueError(f"The group {group} takes gain, smooth and on.")
    on, numbers = value.get("on", True), [value.get("gain", 1.0), value.get("smooth", 0.0)]
    if not isinstance(on, bool) or any(isinstance(one, bool) or not isinstance(one, (int, float)) for one in numbers):
        raise ValueError(f"The group {group} takes numbers for gain and smooth, and true or false for on.")
    return _checked(group, Knob(*map(float, numbers), on=on))


def _checked(group: str, knob: Knob) -> Knob:
    if not (math.isfinite(knob.gain) and 0 <= knob.gain <= MOST):
        raise ValueError(f"The gain of {group} must lie between 0 and {MOST:g}.")
    if not (math.isfinite(knob.smooth) and 0 <= knob.smooth <= LONGEST):
        raise ValueError(f"The smoothing of {group} must last 0 to {LONGEST:g} seconds.")
    return knob if knob.on else Knob(on=False)
