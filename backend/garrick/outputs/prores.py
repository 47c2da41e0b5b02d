"""alpha.mov: the person alone as ProRes 4444 with straight alpha and uncompressed sound, for an editing program."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.container import OutputContainer
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from garrick.context import RunContext
from garrick.errors import OutputError
from garrick.files import make_folder, sha256, whole_file, write_json

from .frames import FrameStore
from .synthetic import SYNTHETIC, SYNTHETIC_VOICE
from .video import interleaved

_PRORES = {"profile": "4444", "alpha_bits": "16", "vendor": "apl0"}
_RECEIPT = ".garrick/alpha.json"


def write_alpha_film(
    path: Path,
    store: FrameStore,
    frames: range,
    fps: Fraction,
    samples: np.ndarray | None,
    rate: int,
    spoken: bool,
    ctx: RunContext,
) -> None:
    """Write the finished PNGs of `frames` as one film; one that shows them already is left alone.

    The colour is straight, as in the PNGs: where nobody is, the background's under an alpha of 0.
    samples: (M, C) int16, C = 1 or 2: the sound from the first frame on; None for a silent film. rate: Hz.
    spoken:  the sound is a synthetic voice, and the metadata says so.
    Raises OutputError, also for a frame that is not there; Cancelled.
    """
    receipt = path.parent / _RECEIPT
    shown = {"take": store.take, "frames": [frames.start, frames.stop - 1], "silent": samples is None}
    if _made(path, receipt, shown):
        return
    with whole_file(path) as aside, av.open(str(aside), "w", format="mov", options={"movflags": "+faststart"}) as out:
        out.metadata["comment"] = f"{SYNTHETIC} {SYNTHETIC_VOICE}" if spoken else SYNTHETIC
        video = _video_stream(out, fps, _picture(store, frames.start).shape[1::-1])
        sounds: Iterator[av.Packet] = iter(())
        if samples is not None:
            audio = out.add_stream("pcm_s16le", rate=rate, layout="mono" if samples.shape[1] == 1 else "stereo")
            sounds = _sounds(audio, samples, rate)
        for packet in interleaved(_pictures(video, store, frames, fps, ctx), sounds):
            out.mux(packet)
    make_folder(receipt.parent)
    write_json(receipt, shown | {"sha256": sha256(path)})


def _made(path: Path, receipt: Path, shown: dict[str, object]) -> bool:
    """Whether the film is there and shows that."""
    try:
        return json.loads(receipt.read_bytes()) == shown | {"sha256": sha256(path)}
    except (OSError, ValueError):
        return False


def _video_stream(out: OutputContainer, fps: Fraction, size: tuple[int, ...]) -> av.VideoStream:
    stream = out.add_stream("prores_ks", rate=fps, options=_PRORES)
    stream.width, stream.height = size
    stream.pix_fmt = "yuva444p10le"
    context = stream.codec_context
    stream.time_base = context.time_base = 1 / fps
    context.thread_type, context.thread_count = "AUTO", 0  # all cores; the bytes are the same
    context.colorspace, context.color_range = Colorspace.ITU709, ColorRange.MPEG
    context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.IEC61966_2_1
    return stream


def _pictures(
    stream: av.VideoStream, store: FrameStore, frames: range, fps: Fraction, ctx: RunContext
) -> Iterator[av.Packet]:
    for count, index in enumerate(frames):
        ctx.step("prores", count, len(frames))
        frame = av.VideoFrame.from_ndarray(_picture(store, index), format="bgra")
        frame = frame.reformat(format="yuva444p10le", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG)
        frame.pts, frame.time_base = count, 1 / fps
        yield from stream.encode(frame)
    yield from stream.encode(None)
    ctx.step("prores", len(frames), len(frames))


def _picture(store: FrameStore, index: int) -> np.ndarray:
    """(H, W, 4) uint8 BGRA of a finished frame. Raises OutputError."""
    path = store.paths(index)[0]
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None or picture.ndim != 3 or picture.shape[2] != 4:
        raise OutputError(f"{path} is not there or damaged.", "Run the same command again to have it made anew.")
    return picture


def _sounds(stream: av.AudioStream, samples: np.ndarray, rate: int) -> Iterator[av.Packet]:
    """The sound, a tenth of a second at a time."""
    step = max(1, rate // 10)
    for start in range(0, len(samples), step):
        chunk = np.ascontiguousarray(samples[start : start + step]).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(chunk, format="s16", layout=stream.layout.name)
        frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
        yield from stream.encode(frame)
    yield from stream.encode(None)
