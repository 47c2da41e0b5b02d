"""Hearing while somebody speaks: the phones so far, from a sliding window.

The recogniser hears the last 0.8 s each time; what it says once is kept. It needs three frames of future to say much of
what it would say of a whole recording: on 25 s of aligned reading, 27 of 29 lip closures are heard (all 29 afterwards).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from garrick.speech import vad
from garrick.speech.alphabet import ARPABET, BILABIALS, SILENCE
from garrick.speech.edges import Spike, place
from garrick.speech.recogniser import BLANK, FRAME, FRAME_SAMPLES, SPIKE_DELAY, best_path, hear
from garrick.speech.speech import Phone, Speech

_WINDOW = 40  # recogniser frames heard at once
_FUTURE = 3  # recogniser frames that must follow one before it is believed
_KEPT = 3.2  # seconds of sound, voice and phones that are kept
_GRID = 2560  # samples: whole steps of the voice detector and whole frames of the recogniser
_LOUDEST, _FORGET = 0.05, 10.0  # full scale 1, what a voice is expected to reach; seconds to forget a louder one
_PAD = 0.1  # seconds heard around what is found to be speech
_SEEN = 0.06  # seconds that a lip closure gets which was heard too late for its own time


class LiveEar:
    """Listens to 16 kHz samples as they come; its clock counts them.

    Everything is a function of the samples and of where `listen` was called, so callers call it at fixed places.
    """

    def __init__(self) -> None:
        self._sound = np.zeros(0, np.float32)
        self._origin = 0  # of `_sound`, in samples
        self._detector = vad.Detector()
        self._voice = np.zeros(0, np.float32)  # one a step, from `_origin`
        self._loudest = _LOUDEST
        self._spoken = np.zeros(0, bool)  # one a step, from `_origin`
        self._heard = 0  # recogniser frames that are decided
        self._last = BLANK
        self._spikes: list[tuple[int, Spike]] = []
        self._count = 0

    @property
    def samples(self) -> int:
        """How many have been heard."""
        return self._origin + len(self._sound)

    @property
    def origin(self) -> float:
        """Seconds at which `window` starts."""
        return self._origin / Speech.SAMPLE_RATE

    @property
    def window(self) -> np.ndarray:
        """(N,) float32 of the latest sound."""
        return self._sound

    def skip(self, samples: np.ndarray) -> None:
        """Pass over sound whose phones are known."""
        self._keep(samples)
        self._heard = self.samples // FRAME_SAMPLES
        self._last, self._spikes = BLANK, []
        self._spoken[:] = False

    def listen(self, samples: np.ndarray, tail: np.ndarray | None = None) -> list[tuple[int, Phone]]:
        """Hear (n,) float32 more -> the phones of the window, seconds of the whole stream, gapless.

        tail: sound that follows but will come again; with it, everything is decided at once.
        Each phone comes with a number: 2 i for the i-th phone ever heard, 2 i + 1 for the silence after it. Times of a
        phone may change as more is heard, its number does not.
        """
        self._keep(samples)
        sound = self._sound if tail is None else np.concatenate([self._sound, tail])
        self._hear(sound, 0 if tail is not None else _FUTURE)
        start = self.origin
        inside = [(number, replace(spike, time=spike.time - start)) for number, spike in self._spikes]
        numbers = iter([number for number, _ in inside])
        numbered, last = [], self._count - len(inside)
        for phone in place([spike for _, spike in inside], sound, self._voice_of(len(sound))):
            if phone.symbol != SILENCE:
                last = next(numbers) + 1
            key = 2 * last - (1 if phone.symbol == SILENCE else 2)
            numbered.append((key, replace(phone, start=phone.start + start, end=phone.end + start)))
        return numbered

    def _keep(self, samples: np.ndarray) -> None:
        """Add to the window, detect voice in it, forget what is too old."""
        self._sound = np.concatenate([self._sound, samples])
        steps = len(self._sound) // vad.HOP - len(self._voice)
        if steps:
            new = self._sound[len(self._voice) * vad.HOP : (len(self._voice) + steps) * vad.HOP]
            self._loudest *= float(np.exp(-steps * vad.HOP / Speech.SAMPLE_RATE / _FORGET))
            self._loudest = max(self._loudest, float(np.percentile(np.abs(new), 99.9)), vad.LOUD / vad.MOST_GAIN)
            self._voice = np.concatenate([self._voice, self._detector.listen(new * (vad.LOUD / self._loudest))])
            self._spoken = np.concatenate([self._spoken, self._decide(self._voice[-steps:])])
        old = (len(self._sound) - round(_KEPT * Speech.SAMPLE_RATE)) // _GRID * _GRID
        if old > 0:
            self._sound = self._sound[old:]
            self._voice, self._spoken = self._voice[old // vad.HOP :], self._spoken[old // vad.HOP :]
            self._origin += old
            self._spikes = [(number, spike) for number, spike in self._spikes if spike.time >= self.origin]

    def _decide(self, voice: np.ndarray) -> np.ndarray:
        """(T,) bool: speech, with the detector's hysteresis."""
        speaking = bool(len(self._spoken)) and bool(self._spoken[-1])
        decided = np.zeros(len(voice), bool)
        for step, value in enumerate(voice):
            speaking = value >= (vad.LEAVE if speaking else vad.ENTER)
            decided[step] = speaking
        return decided

    def _voice_of(self, samples: int) -> np.ndarray:
        """The detector's answers for a window that may end within a step."""
        missing = -(-samples // vad.HOP) - len(self._voice)
        latest = self._voice[-1] if len(self._voice) else np.float32(0)
        return np.concatenate([self._voice, np.full(max(missing, 0), latest, np.float32)])

    def _hear(self, sound: np.ndarray, future: int) -> None:
        """Decide the recogniser frames up to `future` before the end, and note the spikes in them."""
        base = self._origin // FRAME_SAMPLES
        stop = base + len(sound) // FRAME_SAMPLES - future
        first = max(self._heard, base)
        if stop <= first:
            return
        wanted = self._wanted(first, stop)
        if wanted.any():
            begin = max(min(stop + future - _WINDOW, first) - base, 0)
            rows = hear(sound, begin, stop - base)[first - base - begin :]
            best = np.where(wanted[: len(rows)], best_path(rows), BLANK)
            self._note(best, rows, first)
        else:
            self._last = BLANK
        self._heard = stop

    def _wanted(self, first: int, stop: int) -> np.ndarray:
        """(stop - first,) bool: the frames near speech; the recogniser is not asked about the others."""
        times = (np.arange(first, stop) + 0.5) * FRAME - SPIKE_DELAY - self.origin
        step = vad.HOP / Speech.SAMPLE_RATE
        edges = [(np.floor((times + pad) / step)).astype(int) for pad in (-_PAD, _PAD)]
        counts = np.concatenate([[0], np.cumsum(self._spoken)])
        low, high = (np.clip(edge + more, 0, len(self._spoken)) for more, edge in enumerate(edges))
        return counts[high] > counts[low]

    def _note(self, best: np.ndarray, rows: np.ndarray, first: int) -> None:
        begins = (best != BLANK) & (best != np.concatenate([[self._last], best[:-1]]))
        for frame in np.flatnonzero(begins):
            confidence = float(np.exp(rows[frame, best[frame]]))
            spike = Spike(ARPABET[best[frame]], (first + frame + 0.5) * FRAME, confidence)
            self._spikes.append((self._count, spike))
            self._count += 1
        self._last = int(best[-1])


@dataclass(frozen=True)
class _Entry:
    number: int
    phone: Phone


class Timeline:
    """Phones whose past stays as it was shown while what is heard next still moves."""

    def __init__(self) -> None:
        self._entries: list[_Entry] = []
        self._past = 0  # added to the numbers of an ear that was skipped

    def phones(self) -> tuple[Phone, ...]:
        """The latest phones, gapless."""
        return tuple(entry.phone for entry in self._entries)

    def update(self, heard: Sequence[tuple[int, Phone]], shown: float) -> None:
        """Take over what is heard, except what lies before `shown` seconds.

        The phone that is on show goes on under its number; those after it start no earlier than `shown`; a lip
        closure that was heard too late is shown late and not left out.
        """
        past = [entry for entry in self._entries if entry.phone.start < shown]
        now = past[-1].number if past else -2
        cursor = max(shown, 0.0) if past else 0.0
        future: list[_Entry] = []
        for number, phone in heard:
            if number < now:
                continue
            if number == now:
                end = max(phone.end, cursor)
                past[-1] = _Entry(number, replace(past[-1].phone, end=end))
                cursor = end
                continue
            start, end = cursor, phone.end
            if phone.symbol in BILABIALS:
                end = max(end, start + _SEEN)
            if end <= start:
                continue
            future.append(_Entry(number, replace(phone, start=start, end=end)))
            cursor = end
        if past and past[-1].phone.end > (first := future[0].phone.start if future else np.inf):
            past[-1] = _Entry(now, replace(past[-1].phone, end=first))
        self._entries = [entry for entry in past + future if entry.phone.end > shown - _KEPT]

    def append(self, phones: Sequence[Phone], shown: float) -> None:
        """Put known phones behind what is there, which ends at `shown`."""
        past = [entry for entry in self._entries if entry.phone.start < shown]
        if past:
            past[-1] = _Entry(past[-1].number, replace(past[-1].phone, end=shown))
        number = past[-1].number if past else -2
        self._entries = [*past, *(_Entry(number, phone) for phone in phones)]
