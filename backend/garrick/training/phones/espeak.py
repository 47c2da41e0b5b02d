"""espeak-ng through its C library: formant voices that say when each phone begins, to the millisecond.

Only the installed shared library is called (GPL-3, a separate program's library; nothing of it is shipped), and only to
make training data. The library says one text at a time in one process.
"""

from __future__ import annotations

import ctypes
from functools import lru_cache

import numpy as np

from garrick.training.phones.clip import Clip, from_ipa, resampled

ACCENTS = (
    "en-us", "en-us", "en-us", "en-us", "en-gb", "en-gb-x-rp", "en-gb-scotland", "en-gb-x-gbclan", "en-gb-x-gbcwmd",
    "en-029", "en-us-nyc",
)  # fmt: skip
"""As often as they are drawn."""
VARIANTS = (
    "Alex", "Alicia", "Andrea", "Andy", "Annie", "Denis", "Diogo", "Gene", "Gene2", "Henrique", "Hugo", "Jacky", "Lee",
    "Marco", "Mario", "Michael", "Mike", "Nguyen", "adam", "anika", "announcer", "antonio", "aunty", "belinda", "benjamin",
    "boris", "caleb", "croak", "david", "ed", "edward", "edward2", "f1", "f2", "f3", "f5", "grandma", "grandpa", "gustave",
    "iven", "iven2", "iven3", "iven4", "john", "kaukovalta", "klatt", "klatt2", "klatt3", "klatt4", "klatt5", "klatt6",
    "linda", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "marcelo", "max", "michel", "miguel", "norbert", "pablo",
    "paul", "pedro", "quincy", "rob", "robert", "sandro", "shelby", "steph", "steph2", "steph3", "travis", "victor",
    "whisper", "whisperf", "zac",
)  # fmt: skip
"""Human-like voice variants; f4 is kept aside for testing."""
HELD_OUT = "f4"

_SYNCHRONOUS, _PHONEME_EVENTS_IN_IPA = 2, 1 | 2
_UTF8, _RATE, _PITCH, _RANGE = 1, 1, 3, 4
_PHONEME, _END = 7, 0
_NO_TIME = 0.005  # seconds
_SECOND = 0.45  # of a sound that is two phones
_LIBRARY = "libespeak-ng.so.1"


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),  # milliseconds
        ("sample", ctypes.c_int),
        ("user", ctypes.c_void_p),
        ("ipa", ctypes.c_char * 8),
    ]


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))
_sound: list[np.ndarray] = []
_events: list[tuple[int, str]] = []


@_Callback
def _collect(samples, count, events) -> int:
    if samples and count > 0:
        _sound.append(np.ctypeslib.as_array(samples, (count,)).copy())
    index = 0
    while events[index].type != _END:
        if events[index].type == _PHONEME:
            _events.append((events[index].audio_position, events[index].ipa.decode("utf-8", "ignore")))
        index += 1
    return 0


def speak(text: str, rng: np.random.Generator, variant: str | None = None) -> Clip:
    """Say a text in a drawn (or the named) voice, at a drawn speed and pitch."""
    variant = variant or str(rng.choice(VARIANTS))
    accent = str(rng.choice(ACCENTS))
    library, rate = _loaded()
    library.espeak_SetVoiceByName(f"{accent}+{variant}".encode())
    library.espeak_SetParameter(_RATE, int(np.clip(rng.normal(175, 35), 110, 280)), 0)
    library.espeak_SetParameter(_PITCH, int(rng.integers(20, 80)), 0)
    library.espeak_SetParameter(_RANGE, int(rng.integers(20, 90)), 0)
    _sound.clear()
    _events.clear()
    encoded = text.encode()
    library.espeak_Synth(encoded, len(encoded) + 1, 0, 1, 0, _UTF8, None, None)
    sound = np.concatenate(_sound).astype(np.float32) / 32768
    starts = [time / 1000 for time, _ in _events]
    segments = [("", starts[0])] if starts else []
    ends = [*starts[1:], len(sound) / rate]
    segments += [(ipa, end) for (_, ipa), end in zip(_events, ends, strict=True)]
    segments = _parted(segments)
    return Clip(resampled(sound, rate), from_ipa(segments), f"espeak/{accent}+{variant}")


def _parted(segments: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """espeak says some vowels and the l after them as one sound: the l then gets the last part of its time."""
    parted: list[tuple[str, float]] = []
    for ipa, end in segments:
        before = parted[-2][1] if len(parted) > 1 else 0.0
        if ipa and len(parted) > 1 and end - parted[-1][1] < _NO_TIME and parted[-1][0]:
            parted[-1] = parted[-1][0], end - _SECOND * (end - before)
        parted.append((ipa, end))
    return parted


@lru_cache(maxsize=1)
def _loaded() -> tuple[ctypes.CDLL, int]:
    """The library, and its sample rate in Hz."""
    library = ctypes.CDLL(_LIBRARY)
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    rate = library.espeak_Initialize(_SYNCHRONOUS, 0, None, _PHONEME_EVENTS_IN_IPA)
    if rate <= 0:
        raise RuntimeError("espeak-ng has no data: install the Debian package espeak-ng-data.")
    library.espeak_SetSynthCallback(_collect)
    return library, rate
