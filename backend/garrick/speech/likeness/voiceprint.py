"""What a voice sounds like, as 256 numbers: the speaker net of Resemblyzer, run by torch alone.

The net is the encoder of Wan et al. 2018, "Generalized end-to-end loss for speaker verification": three LSTM layers over 40
mel bands, trained on VoxCeleb and LibriSpeech. Two clips of one voice have a cosine of about .7 to .95, two voices .4 to .7.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch

from garrick.speech import vad
from garrick.speech.speech import Speech
from garrick.weights import registry

SIZE = 256
_WINDOW, _HOP, _BANDS = 400, 160, 40  # samples at 16 kHz; mel bands up to 8 kHz
_PART, _STEP = 160, 77  # frames of 10 ms: what the net sees at once, and 1.3 parts a second
_COVERED = 0.75  # of the last part that must hold sound
_LEVEL = 10 ** (
    -30 / 20
)  # RMS; Resemblyzer leaves louder clips as they are, and their voiceprints then differ by level
_LONGEST = 60 * Speech.SAMPLE_RATE  # more tells nothing new


def voiceprint(waveform: np.ndarray) -> np.ndarray:
    """(256,) float32 of length 1, for the parts of a (N,) 16 kHz waveform in which somebody speaks (all, if nobody does).

    Raises MissingError.
    """
    return embed(spoken_part(waveform)[:_LONGEST])


def spoken_part(waveform: np.ndarray) -> np.ndarray:
    """(M,) float32: a (N,) 16 kHz waveform without its pauses; all of it when nobody speaks."""
    spans = vad.segments(vad.speech_probability(waveform), len(waveform) / Speech.SAMPLE_RATE)
    rate = Speech.SAMPLE_RATE
    parts = [waveform[round(start * rate) : round(end * rate)] for start, end in spans]
    return np.concatenate(parts) if parts else waveform


def cosine(first: np.ndarray, second: np.ndarray) -> float:
    """Cosine of two voiceprints, 0..1."""
    return float(first @ second / (np.linalg.norm(first) * np.linalg.norm(second)))


def embed(speech: np.ndarray) -> np.ndarray:
    """(256,) float32 of length 1 for (N,) 16 kHz samples without pauses, at one level: the mean over parts of 1.6 s."""
    rms = float(np.sqrt(np.mean(np.square(speech, dtype=np.float64))))
    speech = speech * np.float32(_LEVEL / max(rms, 1e-6))
    frames = -(-(len(speech) + 1) // _HOP)
    starts = list(range(0, max(1, frames - _PART + _STEP + 1), _STEP))
    if len(starts) > 1 and (len(speech) / _HOP - starts[-1]) / _PART < _COVERED:
        starts.pop()
    missing = (starts[-1] + _PART) * _HOP - len(speech)
    mel = _mel(np.pad(speech, (0, max(missing, 0))))
    parts = torch.from_numpy(np.stack([mel[start : start + _PART] for start in starts]))
    lstm, linear = _net()
    with torch.inference_mode():
        raw = torch.relu(linear(lstm(parts)[1][0][-1]))
        mean = (raw / raw.norm(dim=1, keepdim=True)).mean(dim=0)
        return (mean / mean.norm()).numpy()


def _mel(samples: np.ndarray) -> np.ndarray:
    """(T, 40) float32 power in mel bands every 10 ms, windows centred, silence beyond the ends."""
    padded = np.pad(samples.astype(np.float32), _WINDOW // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    window = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
    power = np.abs(np.fft.rfft(frames * window)) ** 2
    return (power @ _filters().T).astype(np.float32)


@lru_cache(maxsize=1)
def _filters() -> np.ndarray:
    """(40, 201) float64: triangles of equal area on Slaney's mel scale (Auditory Toolbox 1998), 0 .. 8 kHz."""
    # linear to 1 kHz (15 mel), then 27 mel for each factor of 6.4
    step = np.log(6.4) / 27
    mels = np.linspace(0.0, 15 + np.log(8.0) / step, _BANDS + 2)
    edges = np.where(mels < 15, mels * 200 / 3, 1000 * np.exp(step * (mels - 15)))
    bins = np.linspace(0.0, Speech.SAMPLE_RATE / 2, _WINDOW // 2 + 1)
    low, centre, high = (edges[index : index + _BANDS, None] for index in range(3))
    triangles = np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre))
    return np.maximum(triangles, 0.0) * 2 / (high - low)


@lru_cache(maxsize=1)
def _net() -> tuple[torch.nn.LSTM, torch.nn.Linear]:
    state = torch.load(registry.path("voiceprint"), map_location="cpu", weights_only=True)["model_state"]
    lstm = torch.nn.LSTM(_BANDS, SIZE, 3, batch_first=True)
    linear = torch.nn.Linear(SIZE, SIZE)
    for net, name in ((lstm, "lstm."), (linear, "linear.")):
        net.load_state_dict({key.removeprefix(name): value for key, value in state.items() if key.startswith(name)})
        net.eval()
    return lstm, linear
