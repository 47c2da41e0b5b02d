"""What was heard, 50 times a second: hama's phoneme net, folded to ARPAbet.

hama (Apache-2.0) is a small connectionist-temporal-classification net with its own engine: it says each phone in one or
two frames ("spikes") and blank between them. A spike comes `SPIKE_DELAY` after the phone's start, whatever the phone
(measured on aligned real speech: median 70..98 ms over five manners of articulation, see garrick.speech.phones).
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np

from garrick.errors import MissingError
from garrick.speech.alphabet import ARPABET, BILABIALS, to_arpabet
from garrick.weights import registry

FRAME = 0.02  # seconds a frame
BLANK = len(ARPABET)
SPIKE_DELAY = 0.078  # seconds

FRAME_SAMPLES = 320
_PIECE = 4.0  # seconds heard at once: longer costs more, and shorter than this hears less well
_CONTEXT = 0.05  # seconds heard around a piece but not kept
_LEVEL = 0.05  # RMS that a piece is brought to
_FLOOR = 1e-8
_BLANK_BIAS = -1.0  # log: fast and quiet speech loses fewer phones
_BILABIAL_BIAS = 0.5  # log: a lip seal that is missed shows more than one too many
_THREADS = 2


def phone_log_probabilities(waveform: np.ndarray, spans: list[tuple[float, float]]) -> np.ndarray:
    """(T, 40) float32 log probabilities of the 39 ARPABET phones and BLANK, one row every FRAME seconds.

    waveform: (N,) float32, 16 kHz mono.
    spans:    where somebody speaks, seconds; everything else is blank and costs nothing.
    Raises MissingError when hama's engine does not exist for this system.
    """
    total = math.ceil(len(waveform) / FRAME_SAMPLES)
    heard = np.full((total, BLANK + 1), np.log(_FLOOR), np.float32)
    heard[:, BLANK] = 0.0
    pieces = [piece for span in spans for piece in _pieces(waveform, *span) if piece[0] < total]
    with ThreadPoolExecutor(_THREADS) as pool:  # the engine leaves Python's lock; the pieces know nothing of each other
        for (start, stop), rows in zip(pieces, pool.map(lambda piece: hear(waveform, *piece), pieces), strict=True):
            heard[start:stop] = rows[: min(stop, total) - start]
    return heard


def _pieces(waveform: np.ndarray, start: float, end: float) -> list[tuple[int, int]]:
    """Cut a span at its quietest places into pieces of at most _PIECE seconds -> (first, stop) frames.

    A piece ends SPIKE_DELAY late, so that the spike of its last phone is its own.
    """
    first, stop = (round((time + SPIKE_DELAY) / FRAME) for time in (start, end))
    first = first if start > SPIKE_DELAY else 0
    longest, pieces = round(_PIECE / FRAME), []
    while stop - first > longest:
        sought = np.arange(first + longest // 2, first + longest)
        energy = [np.square(waveform[(frame - 6) * FRAME_SAMPLES : frame * FRAME_SAMPLES]).sum() for frame in sought]
        cut = int(sought[int(np.argmin(energy))])
        pieces.append((first, cut))
        first = cut
    return [*pieces, (first, stop)]


def hear(waveform: np.ndarray, first: int, stop: int) -> np.ndarray:
    """(at most stop - first, 40) log probabilities of one piece, heard with context on both sides."""
    context = round(_CONTEXT / FRAME)
    begin = max(0, first - context)
    sound = waveform[begin * FRAME_SAMPLES : (stop + context) * FRAME_SAMPLES]
    loudness, peak = float(np.sqrt(np.mean(np.square(sound)))), float(np.abs(sound).max())
    sound = sound * min(_LEVEL / max(loudness, 1e-6), 1.0 / max(peak, 1e-6))
    feeds = {"waveform": sound[None].astype(np.float32), "waveform_lengths": np.array([len(sound)])}
    (log_probabilities,) = _model().session.run(["log_probs"], feeds)
    probabilities = np.exp(log_probabilities[0, first - begin : stop - begin]) @ _folding()
    rest = 1.0 - probabilities.sum(axis=1, keepdims=True)
    return np.log(np.maximum(np.concatenate([probabilities, rest], axis=1), _FLOOR)).astype(np.float32)


def best_path(heard: np.ndarray) -> np.ndarray:
    """(T, 40) log probabilities -> (T,) the phone or BLANK that each frame says."""
    biased = heard.copy()
    biased[:, BLANK] += _BLANK_BIAS
    biased[:, [ARPABET.index(symbol) for symbol in BILABIALS]] += _BILABIAL_BIAS
    return biased.argmax(axis=1)


@lru_cache(maxsize=1)
def _model():
    registry.path("hama")
    import hama

    try:
        return hama.ASRModel()
    except RuntimeError as error:
        raise MissingError(
            "The speech recogniser has no engine for this system.",
            "Use Linux or macOS (Intel or Apple silicon), or set HAMA_LIB to an engine built for this one.",
        ) from error


@lru_cache(maxsize=1)
def _folding() -> np.ndarray:
    """(191, 39): 1 where a letter of hama is that ARPAbet phone. Tones, marks and two-phone letters are no phone."""
    letters = _model().decoder_tokens
    folding = np.zeros((len(letters), len(ARPABET)), np.float32)
    for row, letter in enumerate(letters):
        if letter.startswith("<") or letter in ("一", "不"):  # control tokens, and two tone names of its other language
            continue
        phones = to_arpabet(letter)
        if len(phones) == 1:
            folding[row, ARPABET.index(phones[0])] = 1.0
    return folding
