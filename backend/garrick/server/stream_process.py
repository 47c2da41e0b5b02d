"""The process of one stream: hears, moves and renders, so that neither the service nor another stream has to wait.

Messages are those of `stream_wire` on its input and output. In: {"start": {...}, "portrait"?: path, "background"?: path,
"limits"}, then {"input": n, "kind": "audio" | "picture" | "text" | "gesture" | "emotion" | "calibrate" | "flush" | "end"}
with samples, with a picture, or with what is asked for. Out: {"ready": {"gestures"?, "emotions"?}} with what can be asked
for, {"done": n} for each input, {"motion": [first, count], "camera"?: {...}} with the frames as JSON, {"image": frame} with
the picture, {"sound": seconds, "rate"} with 16-bit samples, {"behind": dropped}, {"problem"}, {"end": frames, "duration"}.
At the end of its input it dies.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from fractions import Fraction
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from garrick.errors import GarrickError, InputError

from .asset_names import told_by_use
from .stream_wire import motion_json, pack, read_message
from .worker import die, take_pipes

if TYPE_CHECKING:
    from garrick.perception.portrait import Portrait

    from .stream_painter import Painter

Inputs = SimpleQueue[tuple[dict[str, Any], bytes]]

_TEXT = 500  # characters said at once
_SLOW = "This machine does not keep up: from {:.1f} s on the rules alone move the mouth, without the learned net."
_FASTER = "Close other programs, ask for no pictures, or start with learned 0."


def main() -> None:
    """The process."""
    orders, out = take_pipes()
    mouth = Mouth(out)
    inputs: Inputs = SimpleQueue()
    threading.Thread(target=_listen, args=(orders, inputs), daemon=True).start()
    try:
        _stream(inputs, mouth)
    except GarrickError as error:
        mouth.fail(error)
        threading.Event().wait()  # the session ends the process


def _listen(orders: BinaryIO, inputs: Inputs) -> None:
    """Orders have a thread of their own, so that the end of the input is seen at once."""
    while (message := read_message(orders)) is not None:
        inputs.put((message[0] | {"came": time.monotonic()}, message[1]))
    die()


class Mouth:
    """The output; messages are written whole, by any thread."""

    def __init__(self, out: int) -> None:
        self._out = out
        self._lock = threading.Lock()

    def say(self, message: dict[str, Any], payload: bytes = b"") -> None:
        data = memoryview(pack(message, payload))
        try:
            with self._lock:
                while data:
                    data = data[os.write(self._out, data) :]
        except OSError:
            die()

    def complain(self, error: GarrickError) -> None:
        """Tell what was wrong; the stream goes on."""
        self.say({"problem": {"kind": "input", "message": error.user_message, "fix": error.fix}})

    def fail(self, error: GarrickError) -> None:
        """Tell why it cannot go on."""
        self.say({"problem": {"kind": "failed", "message": error.user_message, "fix": error.fix}, "fatal": True})


def _stream(inputs: Inputs, mouth: Mouth) -> None:
    """From the first message to the last."""
    from .limits import Limits, hold_to

    order, _ = inputs.get()
    hold_to(Limits(**order["limits"]))
    from garrick.context import RunContext
    from garrick.motion.live_frames import somebody
    from garrick.perception import analyse

    start, portrait, painter = order["start"], somebody(), None
    files = {name: Path(order[name]) for name in ("portrait", "background") if name in order}
    with told_by_use(files):
        if "portrait" in files:
            portrait = analyse.run(files["portrait"], tuple(start["size"]), None, RunContext())
        if start["frames"] != "none":
            from garrick.rendering.background import read_background

            from .stream_painter import Painter

            behind = read_background(files["background"], portrait.camera.size) if "background" in files else None
            painter = Painter(portrait, start["frames"], mouth, behind)
    if start["camera"] is None:
        _hear(start, portrait, inputs, mouth, painter)
    else:
        from .stream_camera import watch

        watch(start, portrait, inputs, mouth, painter)


def _hear(start: dict[str, Any], portrait: Portrait, inputs: Inputs, mouth: Mouth, painter: Painter | None) -> None:
    """A stream of a voice."""
    from garrick.motion.emotion import EMOTIONS
    from garrick.motion.gestures.vocabulary import GESTURES
    from garrick.motion.live import LiveMotion

    fps = Fraction(start["fps"])
    manner = {name: start[name] for name in ("expression", "head_motion", "seed", "gestures", "learned")}
    live = LiveMotion(portrait, fps, start["rate"], **manner)
    live.warm_up()
    mouth.say({"ready": {"gestures": list(GESTURES) if start["gestures"] else [], "emotions": list(EMOTIONS)}})
    pace = Pace()
    while True:
        message, payload = inputs.get()
        made = []
        try:
            if message["kind"] == "audio":
                made = live.hear(_samples(payload, start["format"]))
            elif message["kind"] == "text":
                begin, voice, made = live.say(_checked(message["text"]))
                sound = (np.clip(voice, -1, 1) * 32767).astype("<i2").tobytes()
                mouth.say({"sound": begin, "rate": start["rate"]}, sound)
            elif message["kind"] == "gesture":
                live.gesture(message["gesture"])
            elif message["kind"] == "emotion":
                live.feel(message["emotion"], message.get("strength", 0.7))
            elif message["kind"] == "calibrate":
                raise InputError("A voice needs no calibration.", "Leave it out.")
            else:
                made = live.flush()
        except GarrickError as error:
            mouth.complain(error)
        for motion in made:
            mouth.say({"motion": [motion.first, len(motion)]}, motion_json(motion, fps))
            if painter is not None:
                painter.paint(motion, pace.behind(message["came"], live.duration) > Pace.HURRIED)
        mouth.say({"done": message["input"]})
        if live.lively and pace.too_slow(message["came"], live.duration):
            live.calm_down()
            mouth.say({"problem": {"kind": "slow", "message": _SLOW.format(live.frames / float(fps)), "fix": _FASTER}})
        if message["kind"] == "end":
            if painter is not None:
                painter.finish()
            mouth.say({"end": live.frames, "duration": live.duration})
        live.catch_up()


class Pace:
    """Whether a voice that comes as it is spoken gets its motion too late.

    A file that is fed at once waits for nothing, so nothing of it is late.
    """

    LATE = 0.3  # seconds from a chunk's coming to its motion that nobody should see
    HURRIED = 0.1  # seconds of it from which pictures give way
    LONG = 1.5  # seconds for which all motion is as late
    AHEAD = 0.4  # seconds by which the sound of somebody who speaks may be ahead of the clock

    def __init__(self) -> None:
        self._began: float | None = None
        self._in_time = 0.0

    def behind(self, came: float, heard: float, now: float | None = None) -> float:
        """Seconds for which an input has waited, 0 for what did not come as it was spoken.

        came: when it came; heard: seconds of sound up to its end. Seconds of one clock.
        """
        now = time.monotonic() if now is None else now
        if self._began is None:
            self._began = self._in_time = came - heard
        return 0.0 if heard > came - self._began + self.AHEAD else now - came

    def too_slow(self, came: float, heard: float, now: float | None = None) -> bool:
        """Whether all inputs of the last while were done too late, this one included: as `behind`."""
        now = time.monotonic() if now is None else now
        if self.behind(came, heard, now) < self.LATE:
            self._in_time = now
        return now - self._in_time > self.LONG


def _samples(payload: bytes, form: str) -> np.ndarray:
    """(n,) float32, -1..1. Raises InputError."""
    width = 2 if form == "s16" else 4
    if len(payload) % width:
        raise InputError("An audio chunk ends within a sample.", f"Send whole little-endian samples of {width} bytes.")
    if form == "s16":
        return np.frombuffer(payload, "<i2").astype(np.float32) / 32768
    samples = np.frombuffer(payload, "<f4").astype(np.float32)
    if not np.isfinite(samples).all():
        raise InputError("An audio chunk holds samples that are not numbers.", "Send samples between -1 and 1.")
    return np.clip(samples, -1, 1)


def _checked(text: str) -> str:
    if len(text) > _TEXT:
        raise InputError(f"A text of a stream may have {_TEXT} characters.", "Send shorter texts, one after another.")
    return text


if __name__ == "__main__":
    sys.exit(main())
