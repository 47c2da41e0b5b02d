"""Live sessions: a voice is fed to the service at the pace it is spoken, or a camera of its is watched, and the motion
collected. Knows nothing of bpy."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Generator
from fractions import Fraction
from typing import Any

from ..answers import ServiceError
from ..client import Client
from ..core.live_stream import LiveStream
from ..tasks import Handle
from .sources import RATE

_LOOK_S, _WAIT_S = 0.005, 0.1  # seconds without a message: beside a voice, and of a camera


class Session(ABC):
    """The work of a task: a stream, and the motion that it gives.

    client:  gives the service's client, starting it if need be, in the thread of the work.
    start:   members of the stream's start message.
    frames:  what has come, in order: members of the stream's "motion" messages; only ever appended to.
    camera:  what the latest message says of the camera, empty before and when a voice is heard.
    notice:  what the stream said of itself while it went on, with what helps: the latest; "" when it said nothing.
    trouble: what has ended the stream after motion had come, which is kept; "" when nothing did.
    """

    def __init__(self, client: Callable[[Handle], Client], fps: Fraction, **start: Any) -> None:
        self.frames: list[dict[str, Any]] = []
        self.camera: dict[str, Any] = {}
        self.notice = self.trouble = ""
        self.fps = fps
        self._client = client
        self._start = {"fps": str(fps), **start}

    def work(self, handle: Handle) -> list[dict[str, Any]]:
        """Until it ends, or the task is cancelled: then what came so far counts. Raises ServiceError, OSError."""
        handle.progress("connect")
        stream = self._client(handle).stream(**self._start)
        try:
            self._live(stream, handle)
            if not stream.over:
                stream.end()
            handle.progress("finish")
            for message in stream.messages():
                self._take(message)
        except ServiceError as error:
            if not self.frames:
                raise
            self.trouble = str(error)
        finally:
            stream.close()
        return self.frames

    @abstractmethod
    def _live(self, stream: LiveStream, handle: Handle) -> None:
        """Keep the stream going until its end or a cancel."""

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "motion":
            self.frames.extend(message["frames"])
            self.camera = message.get("camera", {})
        elif message["type"] == "error":
            self.notice = " ".join(filter(None, (message["message"], message["fix"])))


class VoiceSession(Session):
    """Feeds a voice. source: chunks, see `sources`. paced: it comes at once and is fed at the pace of speech.

    gestures: 0..2, how much arms and hands do; at 0 they stay as they are.
    heard: what has been fed, 16-bit samples at `RATE`.
    can_gesture, can_feel: the names of what `gesture` and `feel` may ask for, none before the service has said so.
    """

    def __init__(
        self,
        client: Callable[[Handle], Client],
        source: Generator[bytes],
        fps: Fraction,
        paced: bool,
        gestures: float = 1.0,
    ) -> None:
        super().__init__(client, fps, rate=RATE, gestures=gestures)
        self._source, self._paced = source, paced
        self.heard = bytearray()
        self.can_gesture: tuple[str, ...] = ()
        self.can_feel: tuple[str, ...] = ()
        self._asked: deque[Callable[[LiveStream], int]] = deque()

    def gesture(self, name: str) -> None:
        """Have a gesture made now; from any thread."""
        self._asked.append(lambda stream: stream.gesture(name))

    def feel(self, emotion: str) -> None:
        """Have an emotion felt from now on; from any thread."""
        self._asked.append(lambda stream: stream.feel(emotion))

    def work(self, handle: Handle) -> list[dict[str, Any]]:
        """As it says there; the source is closed at the end."""
        try:
            return super().work(handle)
        finally:
            self._source.close()

    def _live(self, stream: LiveStream, handle: Handle) -> None:
        sent = 0.0  # seconds
        began = time.monotonic()
        self.can_gesture, self.can_feel = stream.gestures, stream.emotions
        for chunk in self._source:
            if handle.cancelled.is_set():
                return
            while self._asked:
                self._asked.popleft()(stream)
            if chunk:
                stream.feed(chunk)
                self.heard += chunk
            sent += len(chunk) / 2 / RATE
            handle.progress("live", sent)
            wait = began + sent - time.monotonic() if self._paced else 0.0
            for message in stream.messages(max(wait, _LOOK_S) if self._paced else 0):
                self._take(message)
                if self._paced and time.monotonic() >= began + sent:
                    break


class CameraSession(Session):
    """Has the service open one of its machine's cameras. number: 0, 1 ..."""

    def __init__(self, client: Callable[[Handle], Client], number: int, fps: Fraction) -> None:
        super().__init__(client, fps, camera=number)
        self._anew = threading.Event()

    def calibrate(self) -> None:
        """Learn the calm face anew; from any thread."""
        self._anew.set()

    def _live(self, stream: LiveStream, handle: Handle) -> None:
        while not stream.over and not handle.cancelled.is_set():
            if self._anew.is_set():
                self._anew.clear()
                stream.calibrate()
            for message in stream.messages(_WAIT_S):
                self._take(message)
                if handle.cancelled.is_set() or self._anew.is_set():
                    break
            handle.progress("live", len(self.frames) / float(self.fps))


def streamed(frame: dict[str, Any]) -> frozenset[str]:
    """What a stream's frames move, for `Rig.following`: the rest of a performance is not theirs."""
    hands = {"left_hand", "right_hand"} & set(frame)
    return frozenset(
        {"face", "head_rotation", "gaze", *hands, *(f"body_pose.{joint}" for joint in frame.get("body", ()))}
    )


def seen(frames: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The frames from the first on that shows motion, those of a camera's first calibration left out.

    Raises ValueError when nobody was seen.
    """
    for index, frame in enumerate(frames):
        if frame.get("state", "tracking") == "tracking":
            return frames[index:]
    raise ValueError("The camera has seen no face; look into it calmly for two seconds, well lit.")
