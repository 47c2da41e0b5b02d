"""A live session: feeds a voice to the service at the pace it is spoken, and collects the motion. Knows nothing of bpy."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from fractions import Fraction
from typing import Any

import numpy as np

from ..client import Client
from ..core.performance import Performance
from ..tasks import Handle
from .sources import RATE

_LOOK_S = 0.005


class Session:
    """The work of a task.

    client: gives the service's client, starting it if need be, in the thread of the work.
    paced:  the source comes at once and is fed at the pace of speech.
    frames: what has come, in order: members of the stream's "motion" messages; only ever appended to.
    began:  time.monotonic() of the first sample, None before.
    """

    def __init__(
        self, client: Callable[[Handle], Client], source: Generator[bytes], fps: Fraction, paced: bool, **start: Any
    ) -> None:
        self.frames: list[dict[str, Any]] = []
        self.began: float | None = None
        self.fps = fps
        self._client, self._source, self._paced = client, source, paced
        self._start = {"fps": str(fps), "rate": RATE, **start}

    def work(self, handle: Handle) -> list[dict[str, Any]]:
        """Until the voice ends, or the task is cancelled: then what came so far counts. Raises ServiceError, OSError."""
        handle.progress("connect")
        stream = self._client(handle).stream(**self._start)
        try:
            self._feed(stream, handle)
            stream.end()
            handle.progress("finish")
            for message in stream.messages():
                self._take(message)
        finally:
            stream.close()
            self._source.close()
        return self.frames

    def _feed(self, stream: Any, handle: Handle) -> None:
        sent = 0.0  # seconds
        self.began = time.monotonic()
        for chunk in self._source:
            if handle.cancelled.is_set():
                return
            if chunk:
                stream.feed(chunk)
            sent += len(chunk) / 2 / RATE
            handle.progress("live", sent)
            wait = self.began + sent - time.monotonic() if self._paced else 0.0
            for message in stream.messages(max(wait, _LOOK_S) if self._paced else 0):
                self._take(message)
                if self._paced and time.monotonic() >= self.began + sent:
                    break

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "motion":
            self.frames.extend(message["frames"])


def recorded(frames: list[dict[str, Any]], fps: Fraction, identity: np.ndarray) -> Performance:
    """The performance of a session's frames. Raises ValueError when there are none."""
    if not frames:
        raise ValueError("No motion has come yet.")
    rest = Performance.rest(len(frames), fps, identity)
    return Performance(
        fps=fps,
        face=np.array([frame["face"] for frame in frames], np.float32),
        head_rotation=np.array([frame["head"]["rotation"] for frame in frames], np.float32),
        head_translation=np.array([frame["head"]["translation"] for frame in frames], np.float32),
        gaze=np.array([frame["gaze"] for frame in frames], np.float32),
        body_pose=rest.body_pose,
        left_hand=rest.left_hand,
        right_hand=rest.right_hand,
        identity=identity,
    )
