"""Hearing while somebody speaks: the phones of a voice, each decided a fixed time after it sounded.

Two ears as for a whole recording (`fusion`): the live net, which sees 83 ms ahead, says when; hama, which hears the last
half second eight times a second, says what, as far as it has heard by then. Every TICK the best path goes on from what
is decided over all that is known; as much of it as is older than the ear's lag is decided, the rest is a guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from garrick.speech import features, fusion, trellis
from garrick.speech.acoustic import LEAD, SILENT
from garrick.speech.alphabet import ARPABET, SILENCE
from garrick.speech.live.rows import LiveRows
from garrick.speech.live.spikes import EVERY, HEARD, LiveSpikes
from garrick.speech.live.voice import LiveVoice
from garrick.speech.speech import Phone, Speech

TICK = 640  # samples at 16 kHz, 40 ms: what is heard at once
LAG = 0.15
"""Seconds of sound after which a phone is decided; it comes up to a TICK later."""

_KEPT = 3.2  # seconds of sound and phones that are kept
_CONTEXT = 4  # frames before what is decoded whose spikes still count; even
_VOICE_DELAY = 0.03  # seconds by which the detector's answer trails
_RULED_OUT = -1e4  # log
_GOES_ON = 0.05  # seconds that the last phone is taken to last beyond what is known of it
_NOTHING = np.zeros(0, np.float32)
_SYMBOLS = (*ARPABET, SILENCE)


class LiveEar:
    """Listens to 16 kHz samples as they come; its clock counts them.

    lag: seconds after which a phone is decided, at most 3.
    What it says is a function of the sound (and of where `decide` and `skip` were called), not of how it was cut.
    """

    def __init__(self, lag: float = LAG) -> None:
        self._lag = round(lag * Speech.SAMPLE_RATE)
        self._sound = np.zeros(0, np.float32)  # the latest, whole ticks
        self._waiting = np.zeros(0, np.float32)
        self._unheard = np.zeros(0, np.float32)  # by hama
        self._samples = 0  # up to the end of `_sound`
        self._net, self._spikes, self._voice = LiveRows(), LiveSpikes(), LiveVoice()
        self._rows = np.zeros((0, SILENT + 1), np.float32)
        self._first = 0  # frame of the first of `_rows`
        self._decided = 0  # frames
        self._symbol, self._run = SILENT, 0  # the phone at the last of them, and how many frames of it
        self._phones: list[Phone] = []
        self._guess: list[Phone] = []

    @property
    def samples(self) -> int:
        """How many have been pushed."""
        return self._samples + len(self._waiting)

    @property
    def ticks(self) -> int:
        """How many whole ones have been heard."""
        return self._samples // TICK

    @property
    def names(self) -> bool:
        """Whether hama has heard in the latest tick, which then took thrice as long as others."""
        return not len(self._unheard)

    @property
    def window(self) -> np.ndarray:
        """(N,) float32 of the latest sound, at most 3.2 s."""
        return np.concatenate([self._sound, self._waiting])

    @property
    def decided(self) -> float:
        """Seconds before which `phones` will never change."""
        return self._phones[-1].end if self._phones else 0.0

    def phones(self) -> tuple[Phone, ...]:
        """The phones of the last 3.2 seconds, gapless, pauses as "SIL": the decided ones, then the best guess so far.

        Seconds of the whole stream. A phone that was decided in part goes on in the guess under the same start.
        """
        phones = _continued(self._phones, self._guess)
        if self._guess:
            phones[-1] = replace(phones[-1], end=phones[-1].end + _GOES_ON)
        return tuple(phones)

    def listen(self, samples: np.ndarray) -> None:
        """Hear (n,) float32 more, any number of them."""
        self._waiting = np.concatenate([self._waiting, samples])
        while len(self._waiting) >= TICK:
            tick, self._waiting = self._waiting[:TICK], self._waiting[TICK:]
            self._hear(tick)
            self._decode(self._rows, (self._samples - self._lag) // features.STEP + 1)
            old = min(len(self._rows), max(0, self._decided - fusion.LEAST - _CONTEXT - 1 - self._first)) // 2 * 2
            self._rows, self._first = self._rows[old:], self._first + old
            self._phones = [phone for phone in self._phones if phone.end > self._seconds - _KEPT]

    def decide(self, tail: np.ndarray = _NOTHING) -> None:
        """Decide everything that was pushed, as if silence followed.

        tail: (n,) sound that follows and is decided as well, but will come again.
        """
        more = np.concatenate([self._waiting, tail])
        rows = np.concatenate([self._rows, self._net.rest(more)])
        self._decode(rows, self._first + len(rows))
        self._end((self._samples + len(more)) / Speech.SAMPLE_RATE)

    def skip(self, samples: np.ndarray, phones: Sequence[Phone]) -> None:
        """Take over (n,) sound whose phones are known, in seconds of the whole stream. Call `decide` before it."""
        self._phones += phones
        self._symbol, self._run = _SYMBOLS.index(phones[-1].symbol), fusion.LEAST
        self._end(phones[-1].end)
        self.listen(samples)

    @property
    def _seconds(self) -> float:
        return self._samples / Speech.SAMPLE_RATE

    def _end(self, time: float) -> None:
        """Nothing before `time` is left to decide."""
        self._decided, self._guess = int(time / features.HOP + 1e-6) + 1, []
        if self._phones:
            self._phones[-1] = replace(self._phones[-1], end=time)

    def _hear(self, tick: np.ndarray) -> None:
        """Let the three nets hear a tick."""
        self._samples += TICK
        self._sound = np.concatenate([self._sound, tick])[-round(_KEPT * Speech.SAMPLE_RATE) :]
        self._voice.push(tick)
        self._rows = np.concatenate([self._rows, self._net.push(tick)])
        self._unheard = np.concatenate([self._unheard, tick])
        if len(self._unheard) == EVERY:
            wanted = self._decided < self._first + len(self._rows)
            recent = self._seconds - np.arange(0, HEARD, features.HOP)
            self._spikes.push(self._unheard, wanted and bool(self._voice.near(recent).any()))
            self._unheard = self._unheard[:0]

    def _decode(self, rows: np.ndarray, stop: int) -> None:
        """Find the best path through the frames that are not decided; those before `stop` are from now on.

        rows: (n, 40) of the frames from `_first` on.
        """
        known = self._first + len(rows)
        if known <= self._decided:
            return
        prefix = min(self._run, fusion.LEAST)
        begin = max(self._first, (self._decided - prefix - _CONTEXT) // 2 * 2)
        times = np.arange(begin, known) * features.HOP
        evidence = fusion.combined(
            rows[begin - self._first :],
            self._spikes.rows(begin // 2, (known - begin) // 2 + _CONTEXT),
            self._voice.probability(times + _VOICE_DELAY),
            self._voice.near(times),
            self._spikes.heard - begin * features.HOP,
        )[self._decided - prefix - begin :]
        evidence[:prefix] = _RULED_OUT
        evidence[:prefix, self._symbol] = 0.0
        path = trellis.decode(evidence, fusion.CHANGE, fusion.LEAST)[prefix:]
        sure = np.exp(evidence[prefix:][np.arange(len(path)), path] - np.logaddexp.reduce(evidence[prefix:], axis=1))
        count = int(np.clip(stop - self._decided, 0, len(path)))
        self._phones = _continued(self._phones, _phones(path[:count], sure, self._decided))
        self._guess = _phones(path[count:], sure[count:], self._decided + count)
        for symbol in path[:count]:
            self._symbol, self._run = int(symbol), self._run + 1 if symbol == self._symbol else 1
        self._decided += count


def _phones(path: np.ndarray, sure: np.ndarray, first: int) -> list[Phone]:
    """(n,) symbols of the frames from `first` on, and how likely each is -> phones."""
    edges = np.concatenate([[0], np.flatnonzero(np.diff(path)) + 1, [len(path)]])
    return [
        Phone(
            _SYMBOLS[path[begin]],
            max(0.0, float(first + begin) * features.HOP - LEAD),
            float(first + stop) * features.HOP - LEAD,
            float(sure[begin:stop].mean()),
        )
        for begin, stop in pairwise(edges)
        if stop > begin
    ]


def _continued(phones: Sequence[Phone], more: Sequence[Phone]) -> list[Phone]:
    """Phones, and more that follow; where the first of them is the last one before, that one goes on."""
    joined = list(phones)
    for index, phone in enumerate(more):
        last = joined[-1] if joined else None
        start = last.end if last else 0.0
        if phone.end <= start:
            continue
        if last and index == 0 and last.symbol == phone.symbol:
            share = (last.end - last.start) / (phone.end - last.start)
            sure = share * last.confidence + (1 - share) * phone.confidence
            joined[-1] = replace(last, end=phone.end, confidence=sure)
        else:
            joined.append(replace(phone, start=start))
    return joined
