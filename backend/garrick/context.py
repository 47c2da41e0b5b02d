"""RunContext: what every phase may ask of its caller, and nothing more."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import platformdirs

from garrick.errors import Cancelled

Progress = Callable[[str, int, int], None]
"""progress(phase, done, total): `done` of `total` steps of the named phase are finished."""


def user_cache() -> Path:
    """The folder for pulled weights and built models; $GARRICK_CACHE moves it."""
    return Path(os.environ.get("GARRICK_CACHE") or platformdirs.user_cache_dir("garrick", appauthor=False))


@dataclass(frozen=True)
class RunContext:
    """Progress, cancellation, seed, device and cache folder of one run.

    seed:   every random draw of the run comes from `rng(name)`, so a phase keeps its draws when another changes.
    device: what renders, "cpu" or "cuda"; $GARRICK_DEVICE says it where nobody else does.
    log:    told what is worth knowing about the run, one line at a time.
    """

    seed: int = 0
    device: str = field(default_factory=lambda: os.environ.get("GARRICK_DEVICE") or "cpu")
    cache: Path = field(default_factory=user_cache)
    progress: Progress = lambda phase, done, total: None
    cancel: threading.Event = field(default_factory=threading.Event)
    log: Callable[[str], None] = lambda line: None

    def rng(self, name: str) -> np.random.Generator:
        """A generator of its own for each named use: the same (seed, name) gives the same draws."""
        return np.random.default_rng([self.seed, *name.encode()])

    def step(self, phase: str, done: int, total: int) -> None:
        """Report progress and stop here if the user asked to. Raises Cancelled."""
        self.check()
        self.progress(phase, done, total)

    def check(self) -> None:
        """Stop here if the user asked to. Raises Cancelled."""
        if self.cancel.is_set():
            raise Cancelled()
