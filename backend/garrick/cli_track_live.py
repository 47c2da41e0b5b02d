"""`garrick track --camera`: who stands before a camera, to a performance, until Ctrl-C."""

from __future__ import annotations

import threading
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from garrick.errors import InputError
from garrick.terminal import Reporter, run_interruptible

if TYPE_CHECKING:
    import numpy as np

    from garrick.core.performance import Performance
    from garrick.perception.live_grid import Frames
    from garrick.perception.live_loop import LiveLoop
    from garrick.perception.live_track import Instant

_FPS = Fraction(30)
_TOLD_S = 1.0  # between two lines
_FEW = 3  # tracked frames that are no performance


def track_camera(camera: str, to: Path, fps: str | None, person: int | None, tell: Reporter) -> None:
    """Track until Ctrl-C or the camera's end, then write what was tracked.

    Raises InputError for no camera, or when nobody was tracked; then nothing is written.
    """
    from garrick.core.timing import parse_fps
    from garrick.files import make_folder, whole_file

    if to.suffix != ".npz":
        raise InputError(f"{to.name} must end in .npz.")
    try:
        rate = _FPS if fps is None else parse_fps(fps)
    except ValueError as error:
        raise InputError(str(error)) from error
    if Path(camera).is_file() and to.exists() and to.samefile(camera):
        raise InputError("The file to write is the video itself.", "Name another one.")
    stop = threading.Event()
    take = _Take(camera, rate, person, tell)
    performance, confidence = run_interruptible(lambda: take.run(stop), stop)
    make_folder(to.parent)
    with whole_file(to) as aside:
        performance.save(aside)
    seen = float((confidence > 0).mean())
    told = f"{to}: {len(performance)} frames at {float(rate):.6g} a second, the face tracked in {seen:.0%}."
    facts = {"frames": len(performance), "fps": str(rate), "seen": {"face": seen}, "left_out": take.left_out}
    tell.result([told], facts)


class _Take:
    """One recording. left_out: pictures that came faster than they could be tracked."""

    def __init__(self, camera: str, fps: Fraction, person: int | None, tell: Reporter) -> None:
        self.left_out = 0
        self._camera, self._fps, self._person, self._tell = camera, fps, person, tell
        self._takes: list[Frames] = []
        self._told = -_TOLD_S
        self._loop: LiveLoop[np.ndarray] | None = None

    def run(self, stop: threading.Event) -> tuple[Performance, np.ndarray]:
        from garrick.perception.live_camera import open_camera
        from garrick.perception.live_grid import performance_of
        from garrick.perception.live_loop import LiveLoop

        camera = open_camera(self._camera)
        loop = self._loop = LiveLoop(self._fps, self._person, lambda picture: picture, self._moved, lambda error: None)
        try:
            self._tell.log("Look calmly into the camera. Ctrl-C ends the recording and writes it.")
            for seconds, picture in camera:
                loop.put(seconds, picture)
                if stop.is_set():
                    break
            else:
                loop.flush()
        finally:
            camera.close()
            loop.close()
            self.left_out = loop.dropped
        identity = loop.tracker.identity
        if identity is None:
            raise InputError(
                "No face was tracked.", "Sit before the camera, well lit, and look into it for two seconds."
            )
        performance, confidence = performance_of(self._takes, self._fps, identity)
        if len(performance) < _FEW:
            raise InputError("No face was tracked for long enough.", "Go on for some seconds after the calibration.")
        return performance, confidence

    def _moved(self, instant: Instant, frames: Frames) -> None:
        self._takes.append(frames)
        if instant.time - self._told >= _TOLD_S and self._loop is not None:
            self._told = instant.time
            self._tell.log(_line(instant, self._loop.rate))


def _line(instant: Instant, rate: float) -> str:
    """Numbers to watch: weights, and degrees of yaw, pitch and roll."""
    import numpy as np

    from garrick.core.arkit import ARKIT_INDEX

    def most(name: str) -> float:
        sides = (f"{name}Left", f"{name}Right")
        return max(float(instant.face[ARKIT_INDEX[side]]) for side in (sides if sides[0] in ARKIT_INDEX else (name,)))

    shown = {"jaw": "jawOpen", "smile": "mouthSmile", "brows": "browInnerUp", "blink": "eyeBlink"}
    weights = "  ".join(f"{word} {most(name):.2f}" for word, name in shown.items())
    pitch, yaw, roll = np.degrees(instant.head_rotation)
    look, lift = np.degrees(instant.gaze.mean(axis=0))
    return (
        f"{instant.time:7.1f} s  {instant.phase:11}  {rate:4.1f} a second  sure {instant.confidence:.2f}  {weights}  "
        f"head {yaw:+.0f} {-pitch:+.0f} {roll:+.0f}  gaze {look:+.0f} {lift:+.0f}"
    )
