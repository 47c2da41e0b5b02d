"""A voice's melody and colour in a few numbers, and a sound moved from one voice's to another's.

Three steps, none of which moves anything in time: the melody gets the other voice's mean and spread (Praat's overlap-add),
the formants move by one factor (vocal tract length), and one fixed filter brings the mean spectrum to the other's.
The WORLD vocoder does the same by taking speech apart and building it anew; pyworld has no wheels for Linux, and what is
not rebuilt keeps its own fine structure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import parselmouth
import scipy.signal
from parselmouth.praat import call

from garrick.speech.speech import Speech

_LOWEST, _HIGHEST = 65.0, 450.0  # Hz
_FRAME, _HOP = 0.032, 0.008  # seconds
_GRID = np.linspace(0.0, Speech.SAMPLE_RATE / 2, 257)  # Hz at which colours are kept
_SMOOTH = 0.0016  # seconds: cepstrum below this is the vocal tract, above it the pitch (600 Hz and lower)
_FINE = 0.0025  # the same for means over seconds, in which the pitch has moved
_AUDIBLE = 25.0  # dB under the loud frames
_MOST = 3.0  # nat that a frequency may be raised or lowered
_TOP = 7000.0  # Hz above which nothing is known of clips with a 16 kHz rate
_LEVEL = (200.0, 4000.0)  # Hz over which colours are brought to one level
_SPREAD = (0.6, 1.6)  # how much flatter or livelier a melody may become
_FARTHEST = 1.0  # octaves that a melody may move


@dataclass(frozen=True)
class Timbre:
    """A voice's melody and colour.

    pitch:  mean of log2 of F0 in Hz. spread: its standard deviation, octaves.
    colour: (257,) float32, mean log amplitude (nat) at 0 .. 8 kHz, about 0 in the middle.
    """

    pitch: float
    spread: float
    colour: np.ndarray


@dataclass(frozen=True)
class Conversion:
    """How a sound changes: octaves up around a centre, melody stretched, formants up, nats per frequency.

    centre: mean log2 F0 of the voice that is changed. octaves: up. stretch: of the distance from the mean.
    formants: factor on every frequency of the envelope.
    gain:     (257,) float32 nat at 0 .. 8 kHz.
    """

    centre: float
    octaves: float
    stretch: float
    formants: float
    gain: np.ndarray


def measure_timbre(speech: np.ndarray) -> Timbre | None:
    """The timbre of (N,) 16 kHz samples without pauses; None when nothing in it is voiced."""
    track = parselmouth.Sound(speech.astype(np.float64), Speech.SAMPLE_RATE).to_pitch_ac(
        0.01, _LOWEST, pitch_ceiling=_HIGHEST
    )
    frequency = track.selected_array["frequency"]
    octaves = np.log2(frequency[frequency > 0])
    if not len(octaves):
        return None
    octaves = octaves[np.abs(octaves - np.median(octaves)) < 0.8]  # octave errors and creak
    return Timbre(float(octaves.mean()), float(octaves.std()), _colour(speech))


def conversion(source: Timbre, target: Timbre, formants: float) -> Conversion:
    """What brings the source's voice to the target's, its formants moved by the factor first."""
    moved = np.interp(_GRID / formants, _GRID, source.colour)
    gain = np.clip(target.colour - moved, -_MOST, _MOST)
    gain = np.where(_GRID > _TOP, np.interp(_TOP, _GRID, gain), gain)
    return Conversion(
        centre=source.pitch,
        octaves=float(np.clip(target.pitch - source.pitch, -_FARTHEST, _FARTHEST)),
        stretch=float(np.clip(target.spread / max(source.spread, 1e-3), *_SPREAD)),
        formants=formants,
        gain=gain.astype(np.float32),
    )


def convert(sound: np.ndarray, rate: int, how: Conversion) -> np.ndarray:
    """(N,) float32 -> (N,) float32: the same words at the same times in another voice; silence stays silence."""
    return _recolour(_resing(sound, rate, how), rate, how)


def _resing(sound: np.ndarray, rate: int, how: Conversion) -> np.ndarray:
    """(N,) float64, with the melody moved and stretched."""
    manipulation = call(parselmouth.Sound(sound.astype(np.float64), rate), "To Manipulation", 0.01, _LOWEST, _HIGHEST)
    pitch = call(manipulation, "Extract pitch tier")
    if call(pitch, "Get number of points") == 0:
        return sound.astype(np.float64)
    constant = 2 ** (how.centre * (1 - how.stretch) + how.octaves)
    call(pitch, "Formula", f"{constant:.9g} * self ^ {how.stretch:.9g}")
    call([pitch, manipulation], "Replace pitch tier")
    sung = call(manipulation, "Get resynthesis (overlap-add)").values[0]
    return np.pad(sung, (0, max(0, len(sound) - len(sung))))[: len(sound)]


def _recolour(sound: np.ndarray, rate: int, how: Conversion) -> np.ndarray:
    """(N,) float32, each frame's envelope moved by the formant factor and the fixed gain on all."""
    size, hop = _sizes(rate)
    frequencies = np.fft.rfftfreq(size, 1 / rate)
    fixed = np.interp(frequencies, _GRID, how.gain)
    _, _, spectra = scipy.signal.stft(sound, rate, "hann", size, size - hop)
    amplitude = np.log(np.abs(spectra) + 1e-7)
    envelope = _smooth(amplitude.T, rate, _SMOOTH).T
    at = np.clip(frequencies / how.formants, 0.0, rate / 2) / frequencies[1]
    below = np.minimum(at.astype(int), len(frequencies) - 2)
    share = (at - below)[:, None]
    moved = (1 - share) * envelope[below] + share * envelope[below + 1]
    gain = np.exp(np.clip(moved - envelope, -_MOST, _MOST) + fixed[:, None])
    _, result = scipy.signal.istft(spectra * gain, rate, "hann", size, size - hop)
    return result[: len(sound)].astype(np.float32)


def _colour(speech: np.ndarray) -> np.ndarray:
    """(257,) float32: mean log amplitude of the audible frames, smoothed, its middle at 0."""
    size, hop = _sizes(Speech.SAMPLE_RATE)
    _, _, spectra = scipy.signal.stft(speech, Speech.SAMPLE_RATE, "hann", size, size - hop)
    power = np.square(np.abs(spectra)).sum(axis=0)
    loud = power > np.percentile(power, 95) * 10 ** (-_AUDIBLE / 10)
    mean = np.log(np.abs(spectra[:, loud]) + 1e-7).mean(axis=1)
    smooth = _smooth(mean[None], Speech.SAMPLE_RATE, _FINE)[0]
    middle = np.abs(_GRID - np.mean(_LEVEL)) <= np.ptp(_LEVEL) / 2
    return (smooth - smooth[middle].mean()).astype(np.float32)


def _smooth(log_amplitude: np.ndarray, rate: int, seconds: float) -> np.ndarray:
    """(T, B) along frequency, by leaving out the cepstrum beyond `seconds`."""
    cepstrum = np.fft.irfft(log_amplitude, axis=1)
    kept = round(seconds * rate)
    cepstrum[:, kept : cepstrum.shape[1] - kept + 1] = 0.0
    return np.fft.rfft(cepstrum, axis=1).real


def _sizes(rate: int) -> tuple[int, int]:
    """Samples of a frame and between frames; a frame is an even number, four hops long."""
    hop = round(_HOP * rate)
    return round(_FRAME / _HOP) * hop, hop
