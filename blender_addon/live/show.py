"""The running live session: its task, and the timer that puts the instant that is heard on the rig."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy

from .. import tasks
from .drive import Driver
from .session import Session

_SHOW_S = 1 / 60

current: Live | None = None
"""The session that runs, or ran last; at most one at a time."""


class Live:
    """sound: a file to play along, None for a microphone and a camera. ended: hears the session's frames, or its error."""

    def __init__(
        self, session: Session, driver: Driver, sound: Path | None, ended: Callable[[list[dict[str, Any]]], None]
    ) -> None:
        self.session, self._driver = session, driver
        self._sound, self._handle = sound, None
        self._ended = ended
        self._since: float | None = None  # when the first frame was shown
        self._shown = -1
        self.task = tasks.Task("Live", session.work, self._done, self._failed, undo="Garrick Live")

    @property
    def trouble(self) -> str:
        """What went wrong; "" when nothing did."""
        return self.session.trouble if self.task.error is None else str(self.task.error)

    @property
    def running(self) -> bool:
        return self.task.state == "running"

    def start(self) -> None:
        """In a thread, shown by a timer."""
        tasks.start(self.task)
        bpy.app.timers.register(self.show, first_interval=_SHOW_S)

    def show(self) -> float | None:
        """Put the instant that is heard now on the rig; the seconds until the next, None when it is over."""
        frames = self.session.frames
        if frames and self._since is None:
            self._since = time.monotonic()
            self._handle = _play(self._sound)
        if self._since is not None:
            if self._sound is None:  # nobody hears it from us: the newest is the best
                index = len(frames) - 1
            else:
                index = min(int(self._position() * float(self.session.fps)), len(frames) - 1)
            if index != self._shown:
                self._driver.show(frames[index])
                self._shown = index
        over = not self.running and self._shown >= len(frames) - 1
        return None if over else _SHOW_S

    def stop(self) -> None:
        """End the voice here; what has been heard still becomes motion."""
        self.task.cancel()
        if self._handle is not None:
            self._handle.stop()

    def _position(self) -> float:
        """Seconds of the sound that have been played."""
        assert self._since is not None
        if self._handle is not None and self._handle.status:
            return float(self._handle.position)
        return time.monotonic() - self._since

    def _done(self, frames: list[dict[str, Any]]) -> None:
        self._ended(frames)

    def _failed(self, error: Exception) -> None:
        self.stop()


def begin(live: Live) -> None:
    """Make it the running one and start it."""
    global current
    current = live
    live.start()


def running() -> bool:
    """Whether a session is under way."""
    return current is not None and current.running


def _play(sound: Path | None) -> Any:
    """Play a file aloud; None where this Blender or this machine has no sound."""
    if sound is None or bpy.app.background:
        return None
    try:
        import aud
    except ImportError:  # Blender built without sound
        return None
    try:
        return aud.Device().play(aud.Sound.file(str(sound)))
    except aud.error as error:  # a machine without loudspeakers
        print(f"Garrick: the voice cannot be played: {error}")
        return None
