"""Two ears are better than one: our own net knows when, hama knows what.

hama names a phone in a spike near its end; the own net says in each 10 ms how likely each phone is. Their evidence is
added: near a spike its phone gains and every other one loses. Lip closures are hama's to decide, as it misses few.
"""

from __future__ import annotations

import numpy as np

from garrick.speech import features, trellis
from garrick.speech.acoustic import SILENT
from garrick.speech.alphabet import ARPABET, BILABIALS
from garrick.speech.recogniser import FRAME

_WEIGHT = 1.0  # of hama's evidence
_UNHEARD = 0.1  # probability that a phone has which hama does not name: it misses some
_SILENT = 0.15  # the same for silence, of which hama says nothing
_EARLIEST, _LATEST = -0.02, 0.08  # seconds from a frame of a phone to its spike
_LIPS_LEAST = -3.0  # log probability that the own net leaves a lip closure at least
_CHANGE, _LEAST = 3.0, 3  # log cost of another phone; frames of a phone
_LIPS = [ARPABET.index(symbol) for symbol in sorted({*BILABIALS, "F", "V"})]


def decode(rows: np.ndarray, heard: np.ndarray) -> np.ndarray:
    """(T,) int64: the likeliest of ARPABET and silence in each frame.

    rows:  (T, 40) log probabilities of the own net, every features.HOP seconds.
    heard: (U, 40) log probabilities of hama, every FRAME seconds, from the same instant.
    """
    return trellis.decode(evidence(rows, heard), _CHANGE, _LEAST)


def evidence(rows: np.ndarray, heard: np.ndarray) -> np.ndarray:
    """(T, 40) float32: both nets' log evidence."""
    together = rows.astype(np.float32).copy()
    together[:, _LIPS] = np.maximum(together[:, _LIPS], _LIPS_LEAST)
    together[:, :SILENT] += _WEIGHT * np.log(_near_spikes(heard, len(rows)) + _UNHEARD)
    together[:, SILENT] += _WEIGHT * np.log(_SILENT)
    return together


def _near_spikes(heard: np.ndarray, count: int) -> np.ndarray:
    """(count, 39): the highest probability that each phone has in hama's frames which may hold the spike of this frame."""
    fine = np.repeat(np.exp(heard[:, :SILENT]), round(FRAME / features.HOP), axis=0)
    near = np.zeros((count, SILENT), np.float32)
    for step in range(round(_EARLIEST / features.HOP), round(_LATEST / features.HOP) + 1):
        first, stop = max(0, -step), min(count, len(fine) - step)
        if stop > first:
            near[first:stop] = np.maximum(near[first:stop], fine[first + step : stop + step])
    return near
