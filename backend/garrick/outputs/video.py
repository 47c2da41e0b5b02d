"""preview.mp4: H.264 and AAC in sync, encoded in segments so that a stopped run goes on where it was.

A segment is an mp4 of its own with at most `SEGMENT` frames. `join` copies the segments' packets one after another and
adds the sound. The frames' times are exact multiples of 1 / fps; there are no B-frames, so that decoding and showing order
agree and no player has to honour an edit list for the picture. The AAC encoder's priming samples get negative times,
which the container's edit list hides: sound and picture both begin at 0.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from garrick.files import whole_file

from .synthetic import SYNTHETIC, SYNTHETIC_VOICE

SEGMENT = 50
"""Frames in a segment; segments begin at its multiples, whatever range is rendered."""

_X264 = {"preset": "veryfast", "crf": "18", "bf": "0", "g": str(SEGMENT)}
_AAC_RATE = 48000  # Hz, for sound of a rate that AAC lacks
_AAC_BITS = 160_000  # bits a second


def segments(frames: range) -> Iterator[range]:
    """The frames in runs of at most SEGMENT, cut at multiples of SEGMENT."""
    start = frames.start
    while start < frames.stop:
        stop = min(frames.stop, (start // SEGMENT + 1) * SEGMENT)
        yield range(start, stop)
        start = stop


class Segment:
    """One run of frames on its way into H.264."""

    def __init__(self, size: tuple[int, int], fps: Fraction) -> None:
        self._buffer = io.BytesIO()
        self._container = av.open(self._buffer, "w", format="mp4")
        self._stream = self._container.add_stream("libx264", rate=fps, options=_X264)
        self._stream.width, self._stream.height = size
        self._stream.pix_fmt = "yuv420p"
        self._stream.time_base = 1 / fps
        context = self._stream.codec_context
        context.time_base = 1 / fps
        context.thread_count = 1  # more change the bytes with the number of cores, and are no faster at our sizes
        context.colorspace, context.color_range = Colorspace.ITU709, ColorRange.MPEG
        context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.IEC61966_2_1
        self._count = 0

    def add(self, plate: np.ndarray) -> None:
        """Encode the next frame. plate: (H, W, 3) uint8, sRGB."""
        frame = av.VideoFrame.from_ndarray(plate, format="rgb24")
        frame = frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG)
        frame.pts, frame.time_base = self._count, self._stream.codec_context.time_base
        self._count += 1
        self._container.mux(self._stream.encode(frame))

    def finish(self) -> bytes:
        """The segment's mp4."""
        self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._buffer.getvalue()


def join(
    path: Path, parts: Sequence[Path], fps: Fraction, samples: np.ndarray | None, rate: int = 0, spoken: bool = False
) -> None:
    """Write the segments with their sound, if there is any, as one mp4. Raises OutputError.

    parts:   the segments' files, in order.
    samples: (M, C) int16, C = 1 or 2: the sound from the first frame on; None for a silent film. rate: Hz.
    spoken:  the sound is a synthetic voice, and the metadata says so.
    """
    # PyAV is given the name, not a file object: only then does a full disk arrive as the OSError that it is.
    with whole_file(path) as aside, av.open(str(aside), "w", format="mp4", options={"movflags": "+faststart"}) as out:
        out.metadata["comment"] = f"{SYNTHETIC} {SYNTHETIC_VOICE}" if spoken else SYNTHETIC
        with av.open(str(parts[0])) as first:
            video = out.add_stream_from_template(first.streams.video[0])
        video.time_base = 1 / fps
        sounds: Iterator[av.Packet] = iter(())
        if samples is not None:
            audio = out.add_stream("aac", rate=_aac_rate(rate), layout="mono" if samples.shape[1] == 1 else "stereo")
            audio.bit_rate = _AAC_BITS
            sounds = _sounds(audio, samples, rate)
        out.start_encoding()
        for packet in interleaved(_pictures(parts, video, fps), sounds):
            out.mux(packet)


def _aac_rate(rate: int) -> int:
    return rate if rate in (av.Codec("aac", "w").audio_rates or ()) else _AAC_RATE


def _pictures(parts: Sequence[Path], stream: av.VideoStream, fps: Fraction) -> Iterator[av.Packet]:
    index = 0
    for part in parts:
        with av.open(str(part)) as source:
            for packet in source.demux(video=0):
                if packet.size == 0:  # the demuxer's flush
                    continue
                packet.stream = stream
                packet.time_base = 1 / fps
                packet.pts = packet.dts = index
                packet.duration = 1
                index += 1
                yield packet


def _sounds(stream: av.AudioStream, samples: np.ndarray, rate: int) -> Iterator[av.Packet]:
    layout = stream.layout.name
    resampler = av.AudioResampler("fltp", layout, stream.codec_context.sample_rate, stream.codec_context.frame_size)
    for start in range(0, len(samples), rate):  # a second at a time
        chunk = np.ascontiguousarray(samples[start : start + rate]).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(chunk, format="s16", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
        for resampled in resampler.resample(frame):
            yield from stream.encode(resampled)
    for resampled in resampler.resample(None):
        yield from stream.encode(resampled)
    yield from stream.encode(None)


def interleaved(pictures: Iterator[av.Packet], sounds: Iterator[av.Packet]) -> Iterator[av.Packet]:
    """Both streams' packets by time, so that the muxer holds none of them back."""
    picture, sound = next(pictures, None), next(sounds, None)
    while picture is not None or sound is not None:
        if sound is None or (picture is not None and _seconds(picture) <= _seconds(sound)):
            assert picture is not None
            yield picture
            picture = next(pictures, None)
        else:
            yield sound
            sound = next(sounds, None)


def _seconds(packet: av.Packet) -> Fraction:
    assert packet.dts is not None
    assert packet.time_base is not None
    return packet.dts * packet.time_base
