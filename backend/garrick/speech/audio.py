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
from garrick.speech.pcm import to_int16
from garrick.speech.speech import Speech

LONGEST = 1800.0  # seconds
SHORTEST = 0.2
HIGHEST_RATE, _LOWEST_RATE = 48000, 8000
_SILENCE = 10 ** (-60 / 20)  # peak amplitude
_JITTER = 0.03  # seconds by which a time stamp may be off before it is believed
_FULL = 0.999  # amplitude from which a sample counts as at full scale
_CLIPPED = 0.001  # share of such samples above which a recording counts as clipped
_BLOCK = 60  # seconds that are resampled at once: a long recording is held in memory once only
_FIX_LONG = "Cut it into shorter parts."

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sound:
    """A decoded file.

    waveform: (N,) float32, 16 kHz mono, -1..1, without a constant offset: what is analysed.
    playback: (M, C) int16, full scale 32768, C = 1 or 2: what is heard, as recorded.
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
    track, rate = _decode(path, ctx)
    if track.length < SHORTEST * rate:
        raise InputError(f"{path.name} holds less than {SHORTEST:g} s of sound.", "Give a longer recording.")
    peak, clipped = track.peak, track.clipped
    if peak > 1.0:  # float files may exceed full scale, and codecs overshoot it
        del track
        track, rate = _decode(path, ctx, peak)
    playback, offset = track.samples(), track.offset
    waveform, loudest = _to_analysis(playback, rate, offset)
    if loudest < _SILENCE:
        raise InputError(f"{path.name} is silent: nothing in it is louder than -60 dBFS.", "Check the recording level.")
    if clipped > _CLIPPED:
        _log.warning("%s is clipped; lower the recording level for better lips.", path.name)
    return Sound(waveform, playback, rate)


def _decode(path: Path, ctx: RunContext, full_scale: float = 1.0) -> tuple[_Track, int]:
    """The samples over `full_scale` and their rate, time 0 as the module says."""
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
        track = _Track(path.name, stream.channels, rate, full_scale)
        try:
            _fill(track, path, container, stream, resampler, ctx)
        except (FFmpegError, ValueError, MemoryError) as error:  # ValueError: PyAV's, for a layout that changes midway
            raise InputError(f"{path.name} is damaged.", "Export or record it again.") from error
    return track, rate


class _Track:
    """Samples that come one after another, kept with 16 bits in one piece of memory that grows in place.

    name: of the file, for errors. full_scale: what becomes 1. peak: the largest sample so far, 1 being full scale.
    """

    def __init__(self, name: str, channels: int, rate: int, full_scale: float) -> None:
        self.length = 0  # frames
        self.peak = 0.0
        self._name, self._full_scale = name, np.float32(full_scale)
        self._channels = min(channels, 2)
        self._step = 10 * rate * self._channels
        self._room = np.zeros(self._step, np.int16)
        self._total, self._clipped = 0.0, 0  # sum of the samples, and how many lie at full scale

    @property
    def offset(self) -> float:
        """Mean of the samples."""
        return self._total / (self.length * self._channels)

    @property
    def clipped(self) -> float:
        """Share of the samples at full scale."""
        return self._clipped / (self.length * self._channels)

    def append(self, block: np.ndarray) -> None:
        """(n, C) float32. Raises InputError for what is no number."""
        block = block.reshape(-1) / self._full_scale
        peak = float(np.abs(block).max(initial=0.0))
        if not math.isfinite(peak):
            raise InputError(f"{self._name} holds samples that are not numbers.", "Export it again as 16-bit WAV.")
        self.peak = max(self.peak, peak)
        self._total += float(block.sum(dtype=np.float64))
        if peak >= _FULL:
            self._clipped += int(np.count_nonzero(np.abs(block) >= _FULL))
        frames = len(block) // self._channels
        self._grow(frames)
        begin = self.length * self._channels
        self._room[begin : begin + len(block)] = to_int16(block)
        self.length += frames

    def rest(self, frames: int) -> None:
        """So many frames of silence."""
        self._grow(frames)
        self.length += frames

    def samples(self) -> np.ndarray:
        """(M, C) int16: all of them; nothing can be added any more."""
        self._room.resize(self.length * self._channels, refcheck=False)
        return self._room.reshape(-1, self._channels)

    def _grow(self, frames: int) -> None:
        wanted = (self.length + frames) * self._channels
        if wanted > len(self._room):  # what is new is zero
            self._room.resize(wanted + self._step, refcheck=False)


def _header_duration(container: InputContainer, stream: av.AudioStream) -> float:
    """Seconds the file claims to last; 0 when it claims nothing."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return (container.duration or 0) / av.time_base


def _refuse_long(path: Path, seconds: float) -> None:
    if seconds > LONGEST:
        raise InputError(f"{path.name} is longer than {LONGEST / 60:g} minutes.", _FIX_LONG)


def _fill(
    track: _Track,
    path: Path,
    container: InputContainer,
    stream: av.AudioStream,
    resampler: av.AudioResampler,
    ctx: RunContext,
) -> None:
    """Decode packet by packet into what follows each other in time, silence where the file has none.

    A damaged packet is skipped, as players do; its time stays silent.
    """
    rate = resampler.rate
    origin = _origin(container)
    decoded = damaged = 0
    for packet in container.demux(stream):
        ctx.step("decode", min(int(track.length / rate), int(LONGEST)), int(LONGEST))
        try:
            frames = packet.decode()
        except FFmpegError:  # decoders name all kinds of errors for bytes that make no sense
            damaged += 1
            continue
        for frame in frames:
            decoded += 1
            if origin is None:
                origin = frame.time or 0.0
            start = track.length if frame.time is None else round((frame.time - origin) * rate)
            gap = start - track.length
            if abs(gap) > _JITTER * rate or (track.length == 0 and gap):
                _refuse_long(path, start / rate)
            else:
                gap = 0
            track.rest(max(gap, 0))
            late = max(-gap, 0)  # frames of it that lie before what is there already
            for out in resampler.resample(frame):
                block = _samples(out)
                track.append(block[late:])
                late = max(0, late - len(block))
            _refuse_long(path, track.length / rate)
    if not decoded:
        message = "cannot be decoded" if damaged else "has a sound track without sound"
        raise InputError(f"{path.name} {message}.", "Export or record it again.")
    if damaged:
        _log.warning("%s is damaged in %d places, which stay silent.", path.name, damaged)
    for out in resampler.resample(None):
        track.append(_samples(out))


def _origin(container: InputContainer) -> float | None:
    """Seconds on the container's clock at which the moving pictures start; None without them (cover art is none)."""
    for video in container.streams.video:
        if not video.disposition & Disposition.attached_pic and video.time_base is not None:
            return float((video.start_time or 0) * video.time_base)
    return None


def _samples(frame: av.AudioFrame) -> np.ndarray:
    """(n, C) float32 of an interleaved float frame."""
    return frame.to_ndarray().reshape(-1, len(frame.layout.channels)).astype(np.float32)


def _to_analysis(playback: np.ndarray, rate: int, offset: float) -> tuple[np.ndarray, float]:
    """(N,) float32 at 16 kHz by a polyphase Kaiser-windowed low-pass, and the largest sample of the mix without `offset`.

    playback: (M, C) int16. offset: 1 is full scale.
    Time 0 stays time 0. Made block by block, each with as much sound around it as the low-pass sees.
    """
    shared = math.gcd(rate, Speech.SAMPLE_RATE)
    up, down = Speech.SAMPLE_RATE // shared, rate // shared
    block, around = _BLOCK * rate, down * (10 * max(up, down) // down + 1)
    waveform = np.zeros(-(-len(playback) * up // down), np.float32)
    loudest = 0.0
    for first in range(0, len(playback), block):
        begin, stop = max(0, first - around), min(len(playback), first + block)
        mono = playback[begin : stop + around].mean(axis=1, dtype=np.float64) / 32768 - offset
        loudest = max(loudest, float(np.abs(mono).max()))
        made = scipy.signal.resample_poly(mono, up, down)[(first - begin) * up // down :]
        target = waveform[first * up // down :][: block * up // down]
        target[:] = np.clip(made[: len(target)], -1.0, 1.0)
    return waveform, loudest
