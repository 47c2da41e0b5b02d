"""A stream that sees: pictures of a camera of this machine, or those that the client sends, become motion."""

from __future__ import annotations

import io
import math
import threading
import time
import traceback
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from garrick.errors import GarrickError, InputError
from garrick.motion.live_actor import acted
from garrick.perception.live_camera import Camera, open_camera
from garrick.perception.live_grid import Frames
from garrick.perception.live_loop import LiveLoop
from garrick.perception.live_track import Instant
from garrick.perception.portrait import Portrait

from .stream_wire import MOMENT, motion_json
from .worker import die

if TYPE_CHECKING:
    from .stream_painter import Painter
    from .stream_process import Inputs, Mouth

_BYTES = 2_000_000  # of one picture
_SIDES = (96, 1920)  # pixels, the shortest and the longest
_QUICKEST_S = 1 / 120  # between two pictures; what comes sooner is left out
_COMPLAINT_S = 1.0  # between two words about pictures that cannot be used
# what a damaged file makes a decoder raise
_DAMAGE = (OSError, ValueError, SyntaxError, EOFError, MemoryError, Image.DecompressionBombError)


def watch(start: dict[str, Any], portrait: Portrait, inputs: Inputs, mouth: Mouth, painter: Painter | None) -> None:
    """A stream of a camera, from its first picture to its end. Raises InputError for no camera."""
    actor = _Actor(Fraction(start["fps"]), portrait, mouth, painter)
    if start["camera"] == "frames":
        mouth.say({"ready": {}})
    else:
        camera = open_camera(str(start["camera"]))
        mouth.say({"ready": {}})
        threading.Thread(target=actor.film, args=(camera,), daemon=True).start()
    while True:
        message, payload = inputs.get()
        try:
            actor.obey(message["kind"], payload)
        except InputError as error:
            actor.refuse(error)
        mouth.say({"done": message["input"]})


class _Actor:
    """Who is before the camera."""

    def __init__(self, fps: Fraction, portrait: Portrait, mouth: Mouth, painter: Painter | None) -> None:
        self._fps, self._portrait, self._mouth, self._painter = fps, portrait, mouth, painter
        self._last = -math.inf  # seconds of the last picture
        self._complained = -math.inf
        self._ending = threading.Lock()
        self._ended = False
        self._left_out = 0
        self._loop: LiveLoop[bytes | np.ndarray] = LiveLoop(fps, None, decoded, self._moved, self.refuse)
        self._loop.tracker.warm_up()

    def obey(self, kind: str, payload: bytes) -> None:
        """An input of the client. Raises InputError."""
        if kind == "picture":
            self._show(payload)
        elif kind == "calibrate":
            self._loop.calibrate()
        elif kind == "end":
            self._end()
        elif kind == "flush":
            self._loop.flush()
        else:
            raise InputError("A camera is no voice: nothing can be said or asked for here.", "Start another stream.")

    def film(self, camera: Camera) -> None:
        """Take the pictures of a camera of this machine until it has no more."""
        try:
            for seconds, picture in camera:
                self._loop.put(seconds, picture)
            self._end()
        except GarrickError as error:
            self._mouth.fail(error)
        except Exception:  # a bug; the session has to hear that nothing more will come
            traceback.print_exc()
            die()
        finally:
            camera.close()

    def refuse(self, error: InputError) -> None:
        """Say that an input could not be used, if nothing was said for a while: a camera would repeat it for ever."""
        if time.monotonic() - self._complained >= _COMPLAINT_S:
            self._complained = time.monotonic()
            self._mouth.complain(error)

    def _show(self, payload: bytes) -> None:
        seconds, jpeg = timed(payload)
        if seconds - self._last < _QUICKEST_S:
            self._left_out += 1
            return
        self._last = seconds
        self._loop.put(seconds, jpeg)

    def _end(self) -> None:
        """Solve what came, and say the last word, once: the client may end while the camera does."""
        with self._ending:
            if self._ended:
                return
            self._ended = True
        self._loop.flush()
        self._loop.close()
        if self._painter is not None:
            self._painter.finish()
        self._mouth.say({"end": self._loop.grid.made, "duration": self._loop.grid.duration})

    def _moved(self, instant: Instant, frames: Frames) -> None:
        if len(frames) == 0:
            return
        motion = acted(self._portrait, frames)
        told = [
            {"state": phase, "confidence": round(float(sure), 3)}
            for phase, sure in zip(frames.phases, frames.confidence, strict=True)
        ]
        camera = {
            "fps": round(self._loop.rate, 1),
            "size": self._loop.size,
            "left_out": self._loop.dropped + self._left_out,
        }
        self._mouth.say({"motion": [motion.first, len(motion)], "camera": camera}, motion_json(motion, self._fps, told))
        if self._painter is not None:
            self._painter.paint(motion)


def timed(payload: bytes) -> tuple[float, bytes]:
    """Seconds and JPEG of a picture as the client sends it. Raises InputError."""
    if len(payload) <= MOMENT.size:
        raise InputError("A picture has no time or nothing behind it.", "Send number, seconds and a JPEG.")
    seconds, jpeg = MOMENT.unpack_from(payload)[0], payload[MOMENT.size :]
    if not math.isfinite(seconds):
        raise InputError("A picture's time is no number.", "Send its seconds.")
    if len(jpeg) > _BYTES:
        raise InputError(f"A picture is larger than {_BYTES // 1_000_000} MB.", "Send it smaller.")
    return seconds, jpeg


def decoded(picture: bytes | np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 of a JPEG, its size checked before it is decoded. Raises InputError."""
    if isinstance(picture, np.ndarray):
        return picture
    try:
        with Image.open(io.BytesIO(picture), formats=("JPEG",)) as image:
            width, height = image.size
            if min(width, height) < _SIDES[0] or max(width, height) > _SIDES[1]:
                raise InputError(
                    f"A picture is {width} x {height} pixels.", f"Send {_SIDES[0]} to {_SIDES[1]} pixels a side."
                )
            return np.asarray(image.convert("RGB"))
    except _DAMAGE:
        raise InputError("A picture is no whole JPEG.", "Send each picture as a JPEG of its own.") from None
