"""Work that only the main thread can do, in steps, so that a window can be given back between any two of them.

Such work is a generator that tells after each step how far it is, as `Handle.progress` is told, and returns its result.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

import bpy

T = TypeVar("T")
Progress = tuple[str, float, float]
"""Phase, steps done, steps in all (0 when nobody knows)."""

Steps = Generator[Progress, None, T]

SLICE_S = 0.02
"""Seconds of a slice: with the redraw that follows it stays under the 50 ms at which a window begins to stutter."""


class Stopped(Exception):
    """Thrown into steps that shall go no further: they take back what they have made, and let it pass."""

    def __init__(self) -> None:
        super().__init__("Cancelled.")


def run(steps: Steps[T]) -> T:
    """Do all of it now. Raises what it raises."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def read(steps: Steps[T]) -> T:
    """Do all of it now and leave every scene on its frame. Raises what it raises."""
    with frames_kept():
        return run(steps)


def slice_of(steps: Steps[T]) -> Progress:
    """Go on for `SLICE_S`, a step at least; how far it is then.

    Raises StopIteration with the result at its end, and what it raises.
    """
    end = time.perf_counter() + SLICE_S
    told = next(steps)
    while time.perf_counter() < end:
        told = next(steps)
    return told


def through(steps: Steps[T]) -> Steps[T]:
    """Steps that change what was there, and so cannot be given up half-way: asked to stop, they do the rest at once."""
    while True:
        try:
            told = next(steps)
        except StopIteration as end:
            return end.value
        try:
            yield told
        except Stopped:
            return run(steps)


@contextmanager
def frames_kept() -> Iterator[None]:
    """Put every scene back on its frame: reading a scene at other frames moves it."""
    before = [(scene, scene.frame_current, scene.frame_subframe) for scene in bpy.data.scenes]
    try:
        yield
    finally:
        for scene, frame, part in before:
            with suppress(ReferenceError):  # deleted meanwhile
                if (scene.frame_current, scene.frame_subframe) != (frame, part):
                    scene.frame_set(frame, subframe=part)
