"""Phones -> mouth gestures under the rules of JALI (Edwards, Landreth, Fiume, Singh 2016).

The rules that shape a gesture are here; those that must hold on the finished curves are in `constraints`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from garrick.motion.rules.coarticulation import Gestures
from garrick.motion.rules.visemes import (
    CHANNELS,
    JAW,
    LIPS,
    OBSTRUENTS_AND_NASALS,
    PHONE_VISEMES,
    SIBILANTS,
    SILENCE,
    VISEMES,
    Viseme,
)
from garrick.speech.speech import Phone, Prosody

_APEX = 0.5  # share of a phone at which its shape is reached: the opening then leads the voice's energy by some 35 ms,
# inside the 0-60 ms of real speech (Schwartz and Savariaux 2014) and under a frame at 25 fps
_THETA_VOWEL, _THETA_CONSONANT = 15.0, 22.0  # 1/s for a phone of 90 ms: 80 ms away a vowel keeps a quarter of itself
_USUAL, _SHORTEST = 0.09, 0.03  # seconds
_HELD = 0.2  # seconds: a longer sound is several gestures in a row, so that it is held however long it lasts
_LIP_HEAVY = 0.6  # their lips fall off this much slower: early start, late end
_TARGETS = {name: viseme.targets() for name, viseme in VISEMES.items()}
_GROUPS = np.array([0 if name in JAW else 1 if name in LIPS else 2 for name in CHANNELS])  # jaw, lips, tongue


@dataclass(frozen=True)
class _Piece:
    """One viseme of a phone and the time it has."""

    symbol: str
    viseme: Viseme
    targets: np.ndarray
    start: float
    end: float


def gestures(phones: Sequence[Phone], prosody: Prosody, fps: Fraction) -> Gestures:
    """One gesture for each viseme of each phone, several for one that is held; silences have none.

    Lip-heavy phones start early and end late, tongue-only phones leave the lips, obstruents and nasals shorter than a
    frame leave the jaw, the loudness of vowels opens jaw and lips (JA), that of sibilants moves the lips (LI).
    """
    pieces = _pieces(phones)
    if not pieces:
        empty = np.zeros((0, len(CHANNELS)))
        return Gestures(np.zeros(0), empty, empty, empty)
    start = np.array([piece.start for piece in pieces])
    duration = np.maximum(np.array([piece.end for piece in pieces]) - start, _SHORTEST)
    alpha = np.array([(piece.viseme.jaw, piece.viseme.lips, piece.viseme.tongue) for piece in pieces])
    brief = np.array([piece.symbol in OBSTRUENTS_AND_NASALS for piece in pieces]) & (duration < 1 / float(fps))
    alpha[brief, 0] = 0.0
    theta = np.where([piece.viseme.vowel for piece in pieces], _THETA_VOWEL, _THETA_CONSONANT)
    theta = np.repeat((theta * np.sqrt(_USUAL / duration))[:, None], 3, axis=1)
    theta[[piece.viseme.lip_heavy for piece in pieces], 1] *= _LIP_HEAVY
    targets = np.array([piece.targets for piece in pieces]) * _gains(pieces, prosody)[:, _GROUPS]
    return Gestures(start + _APEX * duration, targets, alpha[:, _GROUPS], theta[:, _GROUPS])


def _pieces(phones: Sequence[Phone]) -> list[_Piece]:
    """The visemes of the phones with their times."""
    pieces = []
    for phone in phones:
        if phone.symbol == SILENCE:
            continue
        start = phone.start
        for name, share in PHONE_VISEMES[phone.symbol]:
            duration = share * (phone.end - phone.start)
            parts = max(1, int(np.ceil(duration / _HELD)))
            for part in range(parts):
                begin, end = (start + duration * (part + edge) / parts for edge in (0, 1))
                pieces.append(_Piece(phone.symbol, VISEMES[name], _TARGETS[name], begin, end))
            start += duration
    return pieces


def _gains(pieces: Sequence[_Piece], prosody: Prosody) -> np.ndarray:
    """(G, 3) gain of jaw, lips and tongue.

    A vowel as loud as the loudest syllable opens by 1.12, one 12 dB below it by 0.85, a murmur by 0.5; sibilants move
    the lips by 0.75..1.1 with their own loudness.
    """
    gains = np.ones((len(pieces), 3))
    if len(prosody.energy) == 0:
        return gains
    starts = np.array([piece.start for piece in pieces]) / prosody.hop
    ends = np.array([piece.end for piece in pieces]) / prosody.hop
    first = np.clip(np.floor(starts).astype(np.int64), 0, len(prosody.energy) - 1)
    last = np.clip(np.ceil(ends).astype(np.int64), first + 1, len(prosody.energy))
    loudness = np.array([prosody.energy[a:b].max() for a, b in zip(first, last, strict=True)])
    vowel = np.array([piece.viseme.vowel for piece in pieces])
    hissing = np.array([piece.symbol in SIBILANTS for piece in pieces])
    opening = np.clip(1.12 + loudness * 0.0225, 0.5, 1.12)
    gains[vowel, 0] = opening[vowel]
    gains[vowel, 1] = np.sqrt(opening[vowel])
    gains[hissing, 1] = np.clip(1.1 + (loudness[hissing] + 6) * 0.015, 0.75, 1.1)
    return gains
