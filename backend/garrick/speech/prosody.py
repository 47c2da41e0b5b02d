"""How something is said: pitch, energy, accents, pauses, how phrases end, and how fast; what heads and brows answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import parselmouth
import scipy.ndimage
import scipy.signal

from garrick.speech.alphabet import SILENCE, VOWELS
from garrick.speech.speech import Phone, Prosody, Speech

HOP = 0.01  # seconds
_LOWEST, _HIGHEST = 65.0, 450.0  # Hz: deep male to high female voices, and children
_SMOOTHING = 0.15  # seconds, Hann
_PROMINENCE, _APART = 1.5, 0.25  # semitones and seconds: what a pitch accent is
_FARTHEST = 12.0  # semitones from the median: beyond lie octave errors of the tracker, and creaky voice
_DEEPEST = -80.0  # dB
_PAUSE = 0.15  # seconds: shorter silences are closures of stops
_REACH = 0.5  # seconds before a phrase's end in which its last voice is sought
_LAST, _BEFORE, _GAP = 0.08, 0.15, 0.12
"""Seconds of that voice, and of what it is compared with, and from one to the other."""
_AROUND = 0.5  # seconds, standard deviation of the window in which syllables are counted
_LITTLE = 0.1  # of that window must be speech
_PIECE, _CONTEXT = 120, 1  # seconds that Praat gets at once, and around them: it works on copies of 64 bits
_MARGIN = 7 / _LOWEST  # seconds: its windows are three periods of the lowest pitch (six for intensity)


def measure_prosody(waveform: np.ndarray, phones: Sequence[Phone]) -> Prosody:
    """Pitch in semitones over the speaker's median, voicing, energy, pitch accents (Praat's algorithms), phrases, rate.

    waveform: (N,) float32, 16 kHz mono.
    phones:   gapless; accents lie inside speech only; pauses and syllables are theirs.
    A clip too short or without any voiced sound has flat pitch and no accents.
    """
    times = np.arange(int(np.ceil(len(waveform) / Speech.SAMPLE_RATE / HOP)) + 1) * HOP
    frequency, level = _tracks(waveform)
    semitones, voiced = _pitch(*frequency, times)
    speaking = _speaking(phones, times)
    pauses, ends = _phrases(phones)
    return Prosody(
        hop=HOP,
        semitones=semitones,
        voiced=voiced,
        energy=_energy(*level, times),
        accents=_accents(semitones, speaking & _near(voiced)),
        pauses=pauses,
        phrase_ends=ends,
        phrase_tones=np.array([_tone(semitones, voiced & speaking, end) for end in ends], np.float32),
        rate=_rate(phones, speaking, times),
    )


def pitch_curve(waveform: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N,) float32, 16 kHz -> (T,) float32 semitones over the median and (T,) bool voiced, every HOP, as in `Prosody`."""
    times = np.arange(int(np.ceil(len(waveform) / Speech.SAMPLE_RATE / HOP)) + 1) * HOP
    frequency, _ = _tracks(waveform)
    return _pitch(*frequency, times)


def _tracks(waveform: np.ndarray) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Praat's pitch, Hz or 0, and its intensity, dB: each as the seconds of its frames and their values."""
    piece, context, margin = (round(seconds * Speech.SAMPLE_RATE) for seconds in (_PIECE, _CONTEXT, _MARGIN))
    pitch, intensity = [], []
    for first in range(0, max(len(waveform), 1), piece):
        begin, stop = max(0, first - context), first + piece
        samples = np.pad(waveform[begin : stop + context].astype(np.float64), margin)  # silence keeps the ends
        sound = parselmouth.Sound(samples, Speech.SAMPLE_RATE, start_time=(begin - margin) / Speech.SAMPLE_RATE)
        heard = sound.to_pitch_ac(HOP, _LOWEST, pitch_ceiling=_HIGHEST)
        loud = sound.to_intensity(minimum_pitch=_LOWEST, time_step=HOP)
        for found, at, values in (
            (pitch, heard.xs(), heard.selected_array["frequency"]),
            (intensity, loud.xs(), loud.values[0]),
        ):
            own = (at >= first / Speech.SAMPLE_RATE) | (first == 0)
            own &= (at < stop / Speech.SAMPLE_RATE) | (stop >= len(waveform))
            found.append(np.stack([at[own], values[own]]))
    (pitch_at, frequency), (level_at, level) = (np.concatenate(found, axis=1) for found in (pitch, intensity))
    return (pitch_at, frequency), (level_at, level)


def _pitch(at: np.ndarray, frequency: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(T,) float32 semitones over the median, interpolated and smoothed; (T,) bool voiced."""
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


def _energy(at: np.ndarray, level: np.ndarray, times: np.ndarray) -> np.ndarray:
    """(T,) float32 dB under the loudest moment, at least _DEEPEST."""
    even = np.interp(times, at, np.nan_to_num(level, nan=-300.0, neginf=-300.0))
    return np.maximum(even - even.max(), _DEEPEST).astype(np.float32)


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


def _phrases(phones: Sequence[Phone]) -> tuple[np.ndarray, np.ndarray]:
    """(P, 2) and (E,) float32 seconds of the pauses and of the phrases' ends."""
    pauses: list[tuple[float, float]] = []
    end = None  # of the speech so far
    for phone in phones:
        if phone.symbol == SILENCE:
            continue
        if end is not None and phone.start - end >= _PAUSE:
            pauses.append((end, phone.start))
        end = phone.end
    ends = [start for start, _ in pauses] + ([] if end is None else [end])
    return np.array(pauses, np.float32).reshape(-1, 2), np.array(ends, np.float32)


def _tone(semitones: np.ndarray, voiced: np.ndarray, end: float) -> float:
    """Semitones by which the pitch rises in the last voice of the phrase that ends at `end`, 0 where there is none."""
    stop = min(round(end / HOP), len(voiced))
    first = max(0, stop - round(_REACH / HOP))
    known = first + np.flatnonzero(voiced[first:stop])
    if not len(known):
        return 0.0
    late = known[known > known[-1] - round(_LAST / HOP)]
    early = known[(known <= known[-1] - round(_GAP / HOP)) & (known > known[-1] - round((_GAP + _BEFORE) / HOP))]
    return float(semitones[late].mean() - semitones[early].mean()) if len(early) else 0.0


def _rate(phones: Sequence[Phone], speaking: np.ndarray, times: np.ndarray) -> np.ndarray:
    """(T,) float32 syllables a second of speech; each vowel is one."""
    syllables = np.zeros(len(times))
    for phone in phones:
        if phone.symbol in VOWELS:
            syllables[min(round((phone.start + phone.end) / 2 / HOP), len(times) - 1)] += 1 / HOP
    counted, spoken = (
        scipy.ndimage.gaussian_filter1d(track.astype(np.float64), _AROUND / HOP, mode="constant")
        for track in (syllables, speaking)
    )
    return np.where(spoken > _LITTLE, counted / np.maximum(spoken, _LITTLE), 0.0).astype(np.float32)
