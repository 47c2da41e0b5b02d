"""Any file with sound in it -> what is heard and what is analysed, decoded by FFmpeg (PyAV) within limits.

Time 0 is the picture's first frame when the file has moving pictures, else the first sample: a voice that starts late
in its container stays late, and gaps between packets stay gaps.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import scipy.signal
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition

from garrick.context import RunContext
from garrick.errors import InputError
from garrick.speech.speech import Speech

LONGEST = 600.0  # seconds
SHORTEST = 0.2
HIGHEST_RATE, _LOWEST_RATE = 48000, 8000
_SILENCE = 10 ** (-60 / 20)  # peak amplitude
_JITTER = 0.03  # seconds by which a time stamp may be off before it is believed
_CLIPPED = 0.001  # share of samples at full scale above which a recording counts as clipped
_FIX_LONG = "Cut it into shorter parts."

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sound:
    """A decoded file.

    waveform: (N,) float32, 16 kHz mono, -1..1, without a constant offset: what is analysed.
    playback: (M, C) float32, -1..1, C = 1 or 2: what is heard, as recorded.
    rate:     Hz of `playback`: the source's own, or 48,000 when that is higher.
    """

    waveform: np.ndarray
    playback: np.ndarray
    rate: int

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.playback) / self.rate


def load_sound(path: Path, ctx: RunContext) -> Sound:
    """Decode the first sound track of a sound or video file.

    More than two channels are mixed to stereo. Refuses, before or while decoding, what is longer than LONGEST.
    Raises InputError (missing, empty, no sound track, undecodable, too long, too short, silent, no numbers), Cancelled.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"The sound file {path.name} does not exist.", "Check the path.")
    if path.stat().st_size == 0:
        raise InputError(f"{path.name} is empty.", "Export or record it again.")
    playback, rate = _decode(path, ctx)
    if len(playback) < SHORTEST * rate:
        raise InputError(f"{path.name} holds less than {SHORTEST:g} s of sound.", "Give a longer recording.")
    if not np.isfinite(playback).all():
        raise InputError(f"{path.name} holds samples that are not numbers.", "Export it again as 16-bit WAV.")
    mono = playback.mean(axis=1, dtype=np.float64)
    mono -= mono.mean()
    if np.abs(mono).max() < _SILENCE:
        raise InputError(f"{path.name} is silent: nothing in it is louder than -60 dBFS.", "Check the recording level.")
    if np.mean(np.abs(playback) >= 0.999) > _CLIPPED:
        _log.warning("%s is clipped; lower the recording level for better lips.", path.name)
    playback /= max(1.0, float(np.abs(playback).max()))  # float files may exceed full scale
    return Sound(_to_analysis(mono, rate), playback, rate)


def _decode(path: Path, ctx: RunContext) -> tuple[np.ndarray, int]:
    """(M, C) float32 and its rate, time 0 as the module says."""
    try:
        # only local files: a playlist must not make the decoder open an address
        container = av.open(str(path.resolve()), options={"protocol_whitelist": "file"}, metadata_errors="replace")
    except (FFmpegError, OSError) as error:
        raise InputError(f"{path.name} cannot be read as sound or video.", "Convert it to WAV, MP3 or MP4.") from error
    with container:
        if not container.streams.audio:
            raise InputError(f"{path.name} has no sound track.", "Give a file with a voice in it.")
        stream = container.streams.audio[0]
        if stream.codec_context is None or not stream.rate or not stream.channels:  # None: a codec that nobody knows
            raise InputError(f"{path.name} has a sound track without sound.", "Export or record it again.")
        _refuse_long(path, _header_duration(container, stream))
        rate = min(max(stream.rate, _LOWEST_RATE), HIGHEST_RATE)
        layout = "mono" if stream.channels == 1 else "stereo"
        resampler = av.AudioResampler(format="flt", layout=layout, rate=rate)
        try:
            blocks = _blocks(path, container, stream, resampler, ctx)
        except (FFmpegError, ValueError, MemoryError) as error:  # ValueError: PyAV's, for a layout that changes midway
            raise InputError(f"{path.name} is damaged.", "Export or record it again.") from error
    channels = 1 if layout == "mono" else 2
    return np.concatenate([np.zeros((0, channels), np.float32), *blocks]), rate


def _header_duration(container: InputContainer, stream: av.AudioStream) -> float:
    """Seconds the file claims to last; 0 when it claims nothing."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return (container.duration or 0) / av.time_base


def _refuse_long(path: Path, seconds: float) -> None:
    if seconds > LONGEST:
        raise InputError(f"{path.name} is longer than {LONGEST / 60:g} minutes.", _FIX_LONG)


def _blocks(
    path: Path,
    container: InputContainer,
    stream: av.AudioStream,
    resampler: av.AudioResampler,
    ctx: RunContext,
) -> list[np.ndarray]:
    """Decode packet by packet into blocks that follow each other in time, silence where the file has none.

    A damaged packet is skipped, as players do; its time stays silent.
    """
    rate = resampler.rate
    origin = _origin(container)
    blocks: list[np.ndarray] = []
    length = damaged = 0
    for packet in container.demux(stream):
        ctx.step("decode", min(int(length / rate), int(LONGEST)), int(LONGEST))
        try:
            frames = packet.decode()
        except FFmpegError:  # decoders name all kinds of errors for bytes that make no sense
            damaged += 1
            continue
        for frame in frames:
            if origin is None:
                origin = frame.time or 0.0
            start = length if frame.time is None else round((frame.time - origin) * rate)
            gap = start - length
            if abs(gap) > _JITTER * rate or (length == 0 and gap):
                _refuse_long(path, start / rate)
            else:
                gap = 0
            block = np.concatenate([_samples(out) for out in resampler.resample(frame)] or [_nothing(resampler)])
            block = block[-gap:] if gap < 0 else np.concatenate([np.zeros((gap, block.shape[1]), np.float32), block])
            blocks.append(block)
            length += len(block)
            _refuse_long(path, length / rate)
    if not blocks:
        message = "cannot be decoded" if damaged else "has a sound track without sound"
        raise InputError(f"{path.name} {message}.", "Export or record it again.")
    if damaged:
        _log.warning("%s is damaged in %d places, which stay silent.", path.name, damaged)
    return [*blocks, *(_samples(out) for out in resampler.resample(None))]


def _origin(container: InputContainer) -> float | None:
    """Seconds on the container's clock at which the moving pictures start; None without them (cover art is none)."""
    for video in container.streams.video:
        if not video.disposition & Disposition.attached_pic and video.time_base is not None:
            return float((video.start_time or 0) * video.time_base)
    return None


def _samples(frame: av.AudioFrame) -> np.ndarray:
    """(n, C) float32 of an interleaved float frame."""
    return frame.to_ndarray().reshape(-1, len(frame.layout.channels)).astype(np.float32)


def _nothing(resampler: av.AudioResampler) -> np.ndarray:
    return np.zeros((0, len(resampler.layout.channels)), np.float32)


def _to_analysis(mono: np.ndarray, rate: int) -> np.ndarray:
    """(N,) float32 at 16 kHz by a polyphase Kaiser-windowed low-pass; time 0 stays time 0."""
    shared = math.gcd(rate, Speech.SAMPLE_RATE)
    waveform = scipy.signal.resample_poly(mono, Speech.SAMPLE_RATE // shared, rate // shared)
    return np.clip(waveform, -1.0, 1.0).astype(np.float32)
