"""Which phones of a text were heard in a sound, and in what order of time: the text may be wrong in parts.

The own net's phones of the sound and the known phones of the text are two rows of symbols. The best way through both is
searched as for two strands of genes (Needleman and Wunsch 1970): a heard phone that is a known one scores by how much
likelier the net finds it than its share in the whole recording, one too many or too few costs a little, and any length of
text, sound or both may be jumped over at a fixed price. So a text that nobody said finds no place, whatever its length.

The search looks at all of the text and all of the sound, in memory that grows with their sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np

from garrick.speech import fusion, trellis
from garrick.speech.acoustic import SILENT
from garrick.speech.alphabet import ARPABET

_CHANGE, _LEAST = 2.0, 3  # log cost of another phone, and its frames, when phones are heard by the own net alone
_PIECE = 6000  # frames that are heard at once
_GAP = 1.5  # log cost of a phone too many or too few
_JUMP, _STEP = 8.0, 0.02  # log cost of a jump, and of each phone that it passes
_DOUBT = 0.02  # share of a phone's score that is not the net's but the recording's mean
_RARE = 0.005  # share that every phone has in a recording at least
_WORST, _BEST = -2.5, 4.0  # limits of a score
_BLOCK = 256  # heard phones between two kept rows of the search
_COLUMNS = {symbol: column for column, symbol in enumerate(ARPABET)}
_MATCH, _HEARD_ONLY, _KNOWN_ONLY, _LAND = 0, 1, 2, 3  # how a place outside a jump was reached
_PASS_HEARD, _PASS_KNOWN, _TAKE_OFF = 0, 4, 8  # the same inside a jump


@dataclass(frozen=True)
class Match:
    """Where the known phones are in the sound, and how sure that is.

    starts, stops: (H,) int64, frames of each heard phone, in order; silences lie between them.
    place:   (K,) int64, index of the heard phone that each known one is, or -1.
    score:   (K,) float32, how much likelier than its share each known phone was heard (natural log); 0 in a jump.
    jumped:  (K,) bool, known phones that a jump passes: nothing like them was heard there.
    unknown: (H,) bool, heard phones that a jump passes: the text has nothing like them there.
    """

    starts: np.ndarray
    stops: np.ndarray
    place: np.ndarray
    score: np.ndarray
    jumped: np.ndarray
    unknown: np.ndarray


def match(rows: np.ndarray, known: Sequence[str]) -> Match:
    """Find known phones in a sound.

    rows:  (T, 40) log probabilities of ARPABET and silence.
    known: ARPAbet phones, in order.
    """
    starts, stops = heard_phones(rows)
    scores = likeness(rows, starts, stops, phone_shares(rows, starts, stops))
    symbols = np.array([index_of(symbol) for symbol in known], np.int64)
    place, jumped, unknown = _best_way(scores, symbols)
    score = np.where(jumped, 0.0, -_GAP).astype(np.float32)
    score[place >= 0] = scores[place[place >= 0], symbols[place >= 0]]
    return Match(starts, stops, place, score, jumped, unknown)


def heard_phones(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(T, 40) log probabilities -> (H,) first frames and (H,) frames after the last of the phones in them."""
    pieces = [rows[first : first + _PIECE] for first in range(0, len(rows), _PIECE)]
    paths = [trellis.decode(fusion.evidence(piece), _CHANGE, _LEAST) for piece in pieces]
    path = np.concatenate([np.zeros(0, np.int64), *paths])
    starts = np.flatnonzero(np.diff(path, prepend=-1))
    stops = np.append(starts[1:], len(path))[: len(starts)]
    spoken = path[starts] != SILENT
    return starts[spoken], stops[spoken]


def index_of(symbol: str) -> int:
    """The column of an ARPAbet phone."""
    return _COLUMNS[symbol]


def likeness(rows: np.ndarray, starts: np.ndarray, stops: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """(H, 39) float32: log of how much likelier each phone is between two frames than in the whole recording.

    shares: (39,) from `phone_shares`.
    """
    likely = _phone_probabilities(rows)
    mean = np.array([likely[first:stop].mean(axis=0) for first, stop in zip(starts, stops, strict=True)])
    mean = mean.reshape(-1, SILENT)
    return np.clip(np.log((1 - _DOUBT) * mean / shares + _DOUBT), _WORST, _BEST).astype(np.float32)


def phone_shares(rows: np.ndarray, starts: np.ndarray, stops: np.ndarray) -> np.ndarray:
    """(39,): how likely each phone is over all of what is heard between the frames."""
    probabilities = _phone_probabilities(rows)
    spoken = np.zeros(len(rows), bool)
    for first, stop in zip(starts, stops, strict=True):
        spoken[first:stop] = True
    mean = probabilities[spoken].mean(axis=0) if spoken.any() else np.full(SILENT, 1 / SILENT)
    return mean + _RARE


def _phone_probabilities(rows: np.ndarray) -> np.ndarray:
    """(T, 39): of each phone, given that it is no silence."""
    probabilities = np.exp(rows[:, :SILENT])
    return probabilities / np.maximum(probabilities.sum(axis=1, keepdims=True), 1e-9)


def _best_way(scores: np.ndarray, symbols: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """place, jumped and unknown of a Match."""
    count, length = len(scores), len(symbols)
    near, far = _start(length)
    kept = []
    nothing = np.zeros((0, length + 1), np.uint8)
    for first in range(0, count, _BLOCK):
        kept.append((near.copy(), far.copy()))
        _advance(scores[first : first + _BLOCK], symbols, near, far, nothing)
    place = np.full(length, -1, np.int64)
    jumped, unknown = np.zeros(length, bool), np.zeros(count, bool)
    at, flying = length, bool(far[length] + _JUMP / 2 > near[length])  # sound or text may also end early
    for first in range((len(kept) - 1) * _BLOCK, -1, -_BLOCK):
        near, far = kept.pop()
        block = scores[first : first + _BLOCK]
        ways = np.zeros((len(block), length + 1), np.uint8)
        _advance(block, symbols, near, far, ways)
        at, flying = _walk_back(ways, first, at, flying, place, jumped, unknown)
    jumped[:at] = flying or _GAP * at > _JUMP / 2 + _STEP * at
    return place, jumped, unknown


def _start(length: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores before anything is heard: (length + 1,) float32 on the ground and in a jump."""
    passed = np.arange(length + 1, dtype=np.float32)
    far = (-_JUMP / 2 - _STEP * passed).astype(np.float32)
    return np.maximum(-_GAP * passed, far).astype(np.float32), far


@numba.njit(cache=True, boundscheck=False)
def _advance(scores, symbols, near, far, ways):
    """Go on by a block of heard phones. near, far: scores on the ground and in a jump, changed in place.

    ways: (B, K + 1) uint8, filled with how each place was reached; without rows nothing is kept.
    """
    keep = len(ways) > 0
    for row in range(len(scores)):
        before = near[0]
        near[0] = max(near[0] - _GAP, far[0] - _STEP)
        if keep:
            ways[row, 0] = (_LAND if far[0] - _STEP >= before - _GAP else _HEARD_ONLY) + _PASS_HEARD
        far[0] -= _STEP
        for known in range(1, len(near)):
            value, way = before + scores[row, symbols[known - 1]], _MATCH
            if near[known] - _GAP > value:
                value, way = near[known] - _GAP, _HEARD_ONLY
            if near[known - 1] - _GAP > value:
                value, way = near[known - 1] - _GAP, _KNOWN_ONLY
            flight, leap = far[known] - _STEP, _PASS_HEARD
            if far[known - 1] - _STEP > flight:
                flight, leap = far[known - 1] - _STEP, _PASS_KNOWN
            if value - _JUMP > flight:
                flight, leap = value - _JUMP, _TAKE_OFF
            if flight > value:
                value, way = flight, _LAND
            before = near[known]
            near[known], far[known] = value, flight
            if keep:
                ways[row, known] = way + leap


@numba.njit(cache=True, boundscheck=False)
def _walk_back(ways, first, at, flying, place, jumped, unknown):
    """Follow the ways of one block from its end -> the known phone and the state before it. first: its first row."""
    row = len(ways) - 1
    while row >= 0:
        way, leap = ways[row, at] & 3, ways[row, at] & 12
        if flying and leap == _TAKE_OFF:
            flying = False
        elif flying and leap == _PASS_KNOWN:
            at -= 1
            jumped[at] = True
        elif flying:
            unknown[first + row] = True
            row -= 1
        elif way == _LAND:
            flying = True
        elif way == _HEARD_ONLY:
            row -= 1
        elif way == _KNOWN_ONLY:
            at -= 1
        else:
            at -= 1
            place[at] = first + row
            row -= 1
    return at, flying
