"""Eyes that are planned while they move: fixations and blinks, each decided just before it shows and never changed."""

from __future__ import annotations

import numpy as np

from garrick.motion.rules.blinks import APART, DRAWN, FIRST, blink_interval
from garrick.motion.rules.gaze import (
    FACE,
    TURN_PAUSE,
    Fixations,
    aside,
    averted_time,
    mutual_time,
    refixation_time,
)

_LEAD = 0.1  # seconds ahead at which a blink is decided: the lids need 60 ms to fall
_KEPT = 3.0  # seconds of the past that are kept
_BACK = 0.5  # seconds of silence after which a glance away ends


class LiveEyes:
    """Where the eyes look and when they shut, in seconds of the stream.

    gaze, blink: generators. rate: blinks a minute, 0 for none.
    """

    def __init__(self, gaze: np.random.Generator, blink: np.random.Generator, rate: float) -> None:
        self._gaze, self._blink, self._rate = gaze, blink, rate
        self._starts, self._offsets = [0.0], [np.zeros(2)]
        self._shift = refixation_time(gaze)
        self._glance = np.inf
        self._averted = False
        self._due = FIRST + blink_interval(rate, blink) * blink.random()
        self._blinks: list[float] = []

    def advance(self, start: float, end: float, talk: np.ndarray) -> None:
        """Plan the time from `start` to `end`; talk: (S, 2) seconds of each stretch of speech, the latest last."""
        since = end - talk[-1, 1] if len(talk) else np.inf
        turn = since < TURN_PAUSE
        if turn and self._glance == np.inf and not self._averted:
            self._glance = start if self._gaze.random() < 0.75 else start + mutual_time(self._gaze)
        if not turn:
            self._glance = np.inf
        while (time := self._next(start, since)) <= end:
            if self._averted:
                self._look(time, self._gaze.normal(0, 1, 2) * FACE)
                self._averted, self._glance = False, (time + mutual_time(self._gaze)) if turn else np.inf
            elif time >= self._glance:
                self._look(time, aside(self._gaze))
                self._averted, self._shift = True, time + averted_time(self._gaze)
                continue
            else:
                self._look(time, self._gaze.normal(0, 1, 2) * FACE)
            self._shift = time + refixation_time(self._gaze)
        self._plan_blinks(start, end, talk)
        while len(self._starts) > 2 and self._starts[1] < start - _KEPT:
            del self._starts[0], self._offsets[0]
        self._blinks = [time for time in self._blinks if time > start - _KEPT]

    def fixations(self) -> Fixations:
        """The latest fixations."""
        return Fixations(np.array(self._starts), np.array(self._offsets))

    def blinks(self) -> np.ndarray:
        """(N,) seconds of the latest blinks."""
        return np.array(self._blinks)

    def _next(self, start: float, since: float) -> float:
        """When the eyes move next."""
        if self._averted:
            return start if since > _BACK else self._shift
        return max(min(self._shift, self._glance), start)

    def _look(self, time: float, offset: np.ndarray) -> None:
        self._starts.append(time)
        self._offsets.append(offset)

    def _plan_blinks(self, start: float, end: float, talk: np.ndarray) -> None:
        shifts = self.fixations().large_shifts()
        occasions = np.concatenate([shifts, talk[:, 1] + 0.05]) if len(talk) else shifts
        occasions = occasions[(occasions > start) & (occasions <= end)]
        for time in [*(np.sort(occasions) + _LEAD), end + _LEAD]:
            free = time >= (self._blinks[-1] + APART if self._blinks else FIRST)
            if free and (time >= self._due - DRAWN if time != end + _LEAD else time >= self._due):
                self._blinks.append(float(time))
                self._due += blink_interval(self._rate, self._blink)
