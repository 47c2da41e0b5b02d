"""Hearing while somebody speaks."""

from garrick.speech.live.ear import LAG, TICK, LiveEar

__all__ = ["LAG", "TICK", "LiveEar"]
