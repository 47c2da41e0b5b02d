"""Shorthand for what a key follows."""

from __future__ import annotations

Recipe = tuple[tuple[str, float], ...]


def only(source: str, gain: float = 1.0) -> Recipe:
    """One source."""
    return ((source, gain),)


def both(base: str, gain: float = 0.5) -> Recipe:
    """The left and the right of an ARKit pair: at a half each, their mean."""
    return ((f"{base}Left", gain), (f"{base}Right", gain))
