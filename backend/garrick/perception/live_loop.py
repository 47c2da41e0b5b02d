"""Keeps a live tracker at the newest picture: one thread looks while another solves what was looked at before."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from typing import Generic, TypeVar

import numpy as np

from garrick.errors import InputError
from garrick.perception.live_grid import Frames, Grid
from garrick.perception.live_track import Instant, LiveTracker, Look

T = TypeVar("T")

_RATE_S = 2.0  # over which the rate is measured


class LiveLoop(Generic[T]):
    """Pictures in as they come, frames out at a constant rate; a picture that a newer one overtakes is left out.

    fps:     of the frames.    person: see `LiveTracker`.
    read:    makes (H, W, 3) uint8 sRGB of what was put; may raise InputError.
    moved:   hears each solved picture's instant and its frames, which may be none, in a thread of the loop.
    refused: hears the InputError of a picture that `read` did not like, in a thread of the loop.
    """

    def __init__(
        self,
        fps: Fraction,
        person: int | None,
        read: Callable[[T], np.ndarray],
        moved: Callable[[Instant, Frames], None],
        refused: Callable[[InputError], None],
    ) -> None:
        self.tracker, self.grid = LiveTracker(person), Grid(fps)
        self.size: tuple[int, int] | None = None
        self.dropped = 0  # pictures that were left out
        self._read, self._moved, self._refused = read, moved, refused
        self._news = threading.Condition()
        self._waiting: tuple[float, T] | None = None
        self._looked: Look | None = None
        self._busy = [False, False]  # who works: looking, solving
        self._over = False
        self._error: Exception | None = None
        self._solved: deque[float] = deque()  # when
        self._threads = [
            threading.Thread(target=self._guarded, args=(work,), daemon=True) for work in (self._look, self._place)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def rate(self) -> float:
        """Pictures a second that were solved lately."""
        since = time.monotonic() - _RATE_S
        solved = [moment for moment in self._solved.copy() if moment > since]
        return (len(solved) - 1) / (solved[-1] - solved[0]) if len(solved) > 1 else 0.0

    def put(self, seconds: float, item: T) -> None:
        """The newest picture, later than all before; none is taken any more after `close`.

        Raises what has ended a thread of the loop.
        """
        with self._news:
            self._raise()
            if self._over:
                return
            self.dropped += self._waiting is not None
            self._waiting = seconds, item
            self._news.notify_all()

    def calibrate(self) -> None:
        """Learn the person anew from the next picture on."""
        self.tracker.calibrate()

    def flush(self) -> None:
        """Wait until all that was put is solved. Raises what has ended a thread of the loop."""
        with self._news:
            self._news.wait_for(
                lambda: (
                    self._error
                    or self._over
                    or (self._waiting is None and self._looked is None and not any(self._busy))
                )
            )
            self._raise()

    def close(self) -> None:
        """End the threads; what waits is left out."""
        with self._news:
            self._over = True
            self._news.notify_all()
        for thread in self._threads:
            thread.join()

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # handed over to whoever calls, whatever it is
            with self._news:
                self._error = error
                self._news.notify_all()

    def _look(self) -> None:
        while True:
            with self._news:
                self._busy[0] = False
                self._news.notify_all()
                self._news.wait_for(lambda: self._over or (self._waiting is not None and self._looked is None))
                if self._over or self._waiting is None:
                    return
                (seconds, item), self._waiting = self._waiting, None
                self._busy[0] = True
            try:
                picture = self._read(item)
            except InputError as error:
                self._refused(error)
                continue
            look = self.tracker.look(picture, seconds)
            with self._news:
                self._looked, self.size = look, look.size
                self._news.notify_all()

    def _place(self) -> None:
        while True:
            with self._news:
                self._busy[1] = False
                self._news.notify_all()
                self._news.wait_for(lambda: self._over or self._looked is not None)
                if self._over or self._looked is None:
                    return
                look, self._looked = self._looked, None
                self._busy[1] = True
            instant = self.tracker.place(look)
            frames = self.grid.add(instant)
            self._solved.append(time.monotonic())
            while self._solved[0] < self._solved[-1] - _RATE_S:
                self._solved.popleft()
            self._moved(instant, frames)
