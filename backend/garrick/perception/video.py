"""Moving pictures as the tracker wants them: upright 8-bit RGB at a constant rate, of whatever file.

A phone stores its picture lying and says how to turn it, and lets its rate wander; cinema cameras store ten bits and 4K.
Frame i is the picture that a player would show at i / fps after the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.error import FFmpegError
from av.video.stream import VideoStream

from garrick.errors import InputError

LONGEST = 1800.0  # seconds
LARGEST = 1920  # pixels of the longer side that are handed on: more costs time and the nets see faces at 192
_MAX_PIXELS = 8192 * 8192
_FASTEST, _SLOWEST = 120, 1
_RATES = tuple(
    Fraction(rate) for rate in ("24000/1001", "24", "25", "30000/1001", "30", "48", "50", "60000/1001", "60")
)
_NEAR = 0.02  # relative: a measured rate this near to a usual one is that
_STALE = 0.2  # seconds: an older picture is no picture of the moment
_EARLY = Fraction(1, 4)  # of a frame: time stamps are rounded
_LAST = Fraction(1, 10)  # seconds that the last picture stays at most


@dataclass(frozen=True)
class VideoFacts:
    """What a file says of its pictures.

    size: width and height in pixels as they are handed on, upright.    fps: of the frames that are handed on.
    duration: seconds, as the container claims; 0 when it does not.    sound: whether it has a sound track.
    """

    size: tuple[int, int]
    fps: Fraction
    duration: float
    sound: bool

    @property
    def frames(self) -> int:
        """How many frames to expect; 0 when the container does not say."""
        return round(self.duration * self.fps)


class Video:
    """A video file, opened; iterate once over its frames.

    Each is (H, W, 3) uint8, sRGB as it is stored, or None where the file has no picture near that time.
    """

    def __init__(self, path: Path, fps: Fraction | None = None) -> None:
        """Open a file and decode its first picture. fps: frames a second to hand on; by default the file's own.

        Raises InputError for what is missing, no video, empty, too large or too long.
        """
        path = Path(path)
        if not path.is_file():
            raise InputError(f"There is no file {path}.", "Give the path of a video.")
        self._name = path.name
        try:
            # only local files: a playlist must not make the decoder open an address
            self._container = av.open(
                str(path.resolve()), options={"protocol_whitelist": "file"}, metadata_errors="replace"
            )
        except (FFmpegError, OSError) as error:
            raise InputError(f"{path.name} is not a video that can be read.", "Use MP4, MOV, MKV or WebM.") from error
        try:
            self._pictures = self._decode()
            first = next(self._pictures, None)
            if first is None:
                raise InputError(f"{path.name} holds no picture that can be decoded.", "Export the video again.")
        except BaseException:
            self.close()
            raise
        self._first = first
        stream = self._container.streams.video[0]
        height, width = first[1].shape[:2]
        duration = stream.duration * stream.time_base if stream.duration and stream.time_base else None
        if duration is None:
            duration = (self._container.duration or 0) / av.time_base
        if duration > LONGEST:
            self.close()
            raise InputError(
                f"{path.name} lasts {float(duration):.0f} s; {LONGEST:.0f} s are the most.",
                "Cut it into shorter parts.",
            )
        self.facts = VideoFacts(
            (width, height), fps or _rate_of(stream), float(duration), bool(self._container.streams.audio)
        )

    def __enter__(self) -> Video:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._container.close()

    def __iter__(self) -> Iterator[np.ndarray | None]:
        """The frames, as many as the pictures reach. Raises InputError when they go on for too long."""
        step, index = 1 / self.facts.fps, 0
        start, shown = self._first
        since, end = Fraction(0), Fraction(0)
        for time, picture in self._pictures:
            due = max(time - start, since)
            if due > LONGEST:
                raise InputError(f"{self._name} lasts longer than {LONGEST:.0f} s.", "Cut it into shorter parts.")
            while (index + _EARLY) * step < due:
                yield shown if index * step - since <= _STALE else None
                index += 1
            end = due + (due - since)
            since, shown = due, picture
        while index == 0 or index * step <= since or (index + _EARLY) * step < min(end, since + _LAST):
            yield shown
            index += 1

    def _decode(self) -> Iterator[tuple[Fraction, np.ndarray]]:
        """Time in seconds and picture of every frame that decodes; broken packets are passed over."""
        streams = self._container.streams.video
        if not streams:
            raise InputError(f"{self._name} has no moving pictures.", "Give a video file.")
        stream = streams[0]
        stream.thread_type = "AUTO"
        count, shape = 0, None
        for packet in self._packets(stream):
            try:
                frames = packet.decode()
            except FFmpegError:
                continue
            for frame in frames:
                if not isinstance(frame, av.VideoFrame):
                    continue
                base = frame.time_base or stream.time_base or Fraction(0)
                time = frame.pts * base if frame.pts is not None else count / _rate_of(stream)
                count += 1
                picture = _upright(frame, self._name)
                shape = shape or picture.shape
                if picture.shape != shape:  # a stream may change its size
                    picture = cv2.resize(picture, shape[1::-1], interpolation=cv2.INTER_AREA)
                yield Fraction(time), picture

    def _packets(self, stream: VideoStream) -> Iterator[av.Packet]:
        """Packets up to the end of the file or to where it is cut off."""
        try:
            yield from self._container.demux(stream)
        except FFmpegError:
            return


def _rate_of(stream: VideoStream) -> Fraction:
    """The stream's mean rate, or the usual one that it is near."""
    rate = Fraction(stream.average_rate or stream.guessed_rate or 25)
    usual = min(_RATES, key=lambda usual: abs(rate - usual))
    rate = usual if abs(rate / usual - 1) < _NEAR else rate
    return min(max(rate, Fraction(_SLOWEST)), Fraction(_FASTEST)).limit_denominator(1001)


def _upright(frame: av.VideoFrame, name: str) -> np.ndarray:
    if frame.width * frame.height > _MAX_PIXELS:
        raise InputError(f"{name} is {frame.width} x {frame.height} pixels.", "Scale the video down.")
    share = min(1.0, LARGEST / max(frame.width, frame.height))
    width, height = (max(1, round(side * share)) for side in (frame.width, frame.height))
    picture = frame.reformat(width, height, "rgb24").to_ndarray()
    turns = round(frame.rotation / 90) % 4  # anticlockwise
    return np.ascontiguousarray(np.rot90(picture, turns)) if turns else picture
