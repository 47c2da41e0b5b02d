"""How something is said: pitch, voicing, energy and the accents that heads and brows answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import parselmouth
import scipy.ndimage
import scipy.signal

from garrick.speech.alphabet import SILENCE
from garrick.speech.speech import Phone, Prosody, Speech

HOP = 0.01  # seconds
_LOWEST, _HIGHEST = 65.0, 450.0  # Hz: deep male to high female voices, and children
_SMOOTHING = 0.15  # seconds, Hann
_PROMINENCE, _APART = 1.5, 0.25  # semitones and seconds: what a pitch accent is
_FARTHEST = 12.0  # semitones from the median: beyond lie octave errors of the tracker, and creaky voice
_DEEPEST = -80.0  # dB


def measure_prosody(waveform: np.ndarray, phones: Sequence[Phone]) -> Prosody:
    """Pitch in semitones over the speaker's median, voicing, energy, and pitch accents (Praat's algorithms).

    waveform: (N,) float32, 16 kHz mono.
    phones:   gapless; accents lie inside speech only.
    A clip too short or without any voiced sound has flat pitch and no accents.
    """
    times = np.arange(int(np.ceil(len(waveform) / Speech.SAMPLE_RATE / HOP)) + 1) * HOP
    # Praat's windows are three periods of the lowest pitch (six for intensity): silence around keeps the ends
    margin = round(7 / _LOWEST * Speech.SAMPLE_RATE)
    padded = np.pad(waveform.astype(np.float64), margin)
    sound = parselmouth.Sound(padded, Speech.SAMPLE_RATE, start_time=-margin / Speech.SAMPLE_RATE)
    semitones, voiced = _pitch(sound, times)
    speaking = _speaking(phones, times)
    return Prosody(
        hop=HOP,
        semitones=semitones,
        voiced=voiced,
        energy=_energy(sound, times),
        accents=_accents(semitones, speaking & _near(voiced)),
    )


def _pitch(sound: parselmouth.Sound, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(T,) float32 semitones over the median, interpolated and smoothed; (T,) bool voiced."""
    track = sound.to_pitch_ac(HOP, _LOWEST, pitch_ceiling=_HIGHEST)
    frequency, at = track.selected_array["frequency"], track.xs()
    known = frequency > 0
    if not known.any():
        return np.zeros(len(times), np.float32), np.zeros(len(times), bool)
    nearest = np.clip(np.searchsorted(at, times - HOP / 2), 0, len(at) - 1)
    voiced = known[nearest] & (np.abs(at[nearest] - times) <= HOP)
    semitones = 12 * np.log2(frequency[known] / np.median(frequency[known]))
    true = np.abs(semitones) <= _FARTHEST
    curve = np.interp(times, at[known][true], semitones[true])
    window = np.hanning(round(_SMOOTHING / HOP) + 2)[1:-1]
    half = len(window) // 2
    smooth = np.convolve(np.pad(curve, half, mode="edge"), window / window.sum(), mode="valid")
    return smooth[: len(times)].astype(np.float32), voiced


def _energy(sound: parselmouth.Sound, times: np.ndarray) -> np.ndarray:
    """(T,) float32 dB under the loudest moment, at least _DEEPEST."""
    track = sound.to_intensity(minimum_pitch=_LOWEST, time_step=HOP)
    level = np.interp(times, track.xs(), np.nan_to_num(track.values[0], nan=-300.0, neginf=-300.0))
    return np.maximum(level - level.max(), _DEEPEST).astype(np.float32)


def _speaking(phones: Sequence[Phone], times: np.ndarray) -> np.ndarray:
    """(T,) bool: times inside a phone that is no silence."""
    ends = np.array([phone.end for phone in phones])
    spoken = np.array([phone.symbol != SILENCE for phone in phones])
    return spoken[np.clip(np.searchsorted(ends, times, side="right"), 0, len(phones) - 1)]


def _near(voiced: np.ndarray) -> np.ndarray:
    """(T,) bool: within 50 ms of a voiced frame, so that no accent falls where pitch is only interpolated."""
    return scipy.ndimage.binary_dilation(voiced, iterations=5)


def _accents(semitones: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """(A,) float32 seconds of the pitch peaks that stand out."""
    peaks, _ = scipy.signal.find_peaks(semitones, prominence=_PROMINENCE, distance=round(_APART / HOP))
    return (peaks[allowed[peaks]] * HOP).astype(np.float32)
