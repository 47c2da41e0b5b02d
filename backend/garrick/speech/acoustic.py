"""Our own phone nets: how likely each phone is in each 10 ms of a voice.

`nets/phones.onnx` hears a whole recording, 0.5 s either way; `nets/phones_live.onnx` hears at most 83 ms ahead. Both were
trained on synthetic voices alone (`senones` has heard people): see `nets/README.md` and `garrick.training.phones`.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import onnxruntime

from garrick.speech import features
from garrick.speech.alphabet import ARPABET, SILENCE

BREATH, LAUGH = "BRTH", "LAUGH"
CLASSES: tuple[str, ...] = (*ARPABET, SILENCE, BREATH, LAUGH)
"""What the nets tell apart: 39 phones, silence, and two sounds that are no speech."""
SILENT = len(ARPABET)  # the first of the classes that are no phone
LEAD = 0.01
"""Seconds from the start of a phone to the centre of its first frame: half a hop, and as much again because a window of
25 ms sees a sound come."""

_NETS = Path(__file__).parent / "nets"
_PIECE, _CONTEXT = 3000, 50  # frames heard at once, and around them but not kept


def phone_log_probabilities(waveform: np.ndarray) -> np.ndarray:
    """(N,) float32, 16 kHz -> (T, 42) float32 log probabilities of CLASSES, frame i centred on i * features.HOP."""
    return from_mels(features.normalised(features.voice_mels(waveform)))


def from_mels(mels: np.ndarray) -> np.ndarray:
    """(T, 40) from features.normalised -> (T, 42) float32; long sounds are heard piece by piece."""
    rows = np.empty((len(mels), len(CLASSES)), np.float32)
    for first in range(0, len(mels), _PIECE):
        begin, stop = max(0, first - _CONTEXT), min(len(mels), first + _PIECE)
        rows[first:stop] = run("phones", mels[begin : stop + _CONTEXT])[first - begin : stop - begin]
    return rows


def run(net: str, mels: np.ndarray) -> np.ndarray:
    """(T, 40) normalised mel bands -> (T, 42) float32 log probabilities of one of the two nets."""
    odd = len(mels) % 2
    padded = np.concatenate([mels, mels[-1:]]) if odd else mels
    (rows,) = session(net).run(None, {"mels": np.ascontiguousarray(padded.T[None], np.float32)})
    return np.asarray(rows)[0, : len(mels)]


def with_silence(rows: np.ndarray) -> np.ndarray:
    """(T, 42) log probabilities -> (T, 40): the 39 phones, and silence with the sounds that are no speech."""
    return np.concatenate([rows[:, :SILENT], np.logaddexp.reduce(rows[:, SILENT:], axis=1, keepdims=True)], axis=1)


@lru_cache(maxsize=2)
def session(net: str) -> onnxruntime.InferenceSession:
    """The net of that name, loaded once."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # a second one would wait on the core that the voice detector needs
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(_NETS / f"{net}.onnx"), options, providers=["CPUExecutionProvider"])
