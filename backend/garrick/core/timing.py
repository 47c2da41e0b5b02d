"""Time and frame arithmetic: time is seconds, frame i shows time i / fps, fps is a Fraction."""

from __future__ import annotations

import re
from fractions import Fraction

import numpy as np

_RATE = re.compile(r"[0-9]{1,9}(/[0-9]{1,9}|\.[0-9]{0,9})?")  # no exponents: 1e999999999 would never end
_NTSC = {Fraction(n): Fraction(n * 1000, 1001) for n in (24, 30, 48, 60, 120)}


def parse_fps(value: str | int | float | Fraction) -> Fraction:
    """A frame rate from "25", "30000/1001", 23.976 or 29.97 (snapped to the exact NTSC rate). Raises ValueError."""
    if isinstance(value, str) and not _RATE.fullmatch(value.strip()):
        raise ValueError(f"{value[:40]!r} is not a frame rate.")
    try:
        rate = Fraction(value) if not isinstance(value, float) else Fraction(str(value))
    except (ValueError, TypeError, ZeroDivisionError) as error:
        raise ValueError(f"{repr(value)[:40]} is not a frame rate.") from error
    if not 1 <= rate <= 240:
        raise ValueError("A frame rate must lie between 1 and 240.")
    for whole, exact in _NTSC.items():
        if rate != whole and abs(float(rate) - float(exact)) < 0.006:
            return exact
    return rate


def frame_count(duration: float, fps: Fraction) -> int:
    """How many frames show any part of `duration` seconds; at least one."""
    return max(1, int(np.ceil(round(duration * float(fps), 6))))


def frame_times(frames: int, fps: Fraction) -> np.ndarray:
    """(frames,) float64 seconds: frame i shows time i / fps."""
    return np.arange(frames) * fps.denominator / fps.numerator


def nearest_frame(time: float, fps: Fraction) -> int:
    """The frame whose shown time lies nearest to `time` seconds; halves round up."""
    return int(np.floor(time * float(fps) + 0.5))
