"""Pictures of a camera as they come, or of a video file as if it were one."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from garrick.errors import InputError
from garrick.perception.video import Video

STAND_IN = "GARRICK_CAMERA"
"""Environment variable: what is opened for camera 0, a device's path or a video file."""

_WIDTH, _HEIGHT, _RATE = 1280, 720, 30  # what a camera is asked for; it gives what it can
_PATIENCE = 30  # pictures in a row that a camera may fail to give


class Camera(Protocol):
    """An open camera: pictures (H, W, 3) uint8 sRGB with their seconds, as they come, until it ends."""

    def __iter__(self) -> Iterator[tuple[float, np.ndarray]]: ...

    def close(self) -> None: ...


def open_camera(name: str) -> Camera:
    """A camera by its number or its device's path, or a video file, played in real time.

    Raises InputError when there is none, or another program has it.
    """
    if name == "0":
        name = os.environ.get(STAND_IN, name)
    if not name.isdecimal() and Path(name).is_file():
        return _Film(Path(name))
    return _Device(name)


class _Device:
    """A camera of this machine. Its pictures are timed as they arrive."""

    def __init__(self, name: str) -> None:
        self._name = f"camera {name}" if name.isdecimal() else name
        if name.isdecimal():
            source, system = int(name), cv2.CAP_ANY
        elif sys.platform == "linux" and Path(name).is_char_device():
            source, system = name, cv2.CAP_V4L2
        else:  # OpenCV would take it for an address in the network
            raise InputError(f"There is no camera {name}.", "Give its number, 0, 1 ..., or the path of its device.")
        cv2.setLogLevel(0)  # what it prints is said below, in words
        self._capture = cv2.VideoCapture(source, system)
        if not self._capture.isOpened():
            raise InputError(
                f"{self._name.capitalize()} cannot be opened.",
                "Connect it, close other programs that use it, and allow the use of the camera; or name another one.",
            )
        for setting, value in (
            (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG")),  # uncompressed pictures come slowly over USB
            (cv2.CAP_PROP_FRAME_WIDTH, _WIDTH),
            (cv2.CAP_PROP_FRAME_HEIGHT, _HEIGHT),
            (cv2.CAP_PROP_FPS, _RATE),
            (cv2.CAP_PROP_BUFFERSIZE, 1),
        ):
            self._capture.set(setting, value)

    def __iter__(self) -> Iterator[tuple[float, np.ndarray]]:
        """Raises InputError when the camera gives no more pictures."""
        began, failed = time.monotonic(), 0
        while failed < _PATIENCE:
            taken, picture = self._capture.read()
            if taken:
                failed = 0
                yield time.monotonic() - began, cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
            else:
                failed += 1
                time.sleep(1 / _RATE)
        raise InputError(f"{self._name.capitalize()} gives no more pictures.", "See whether it is still connected.")

    def close(self) -> None:
        self._capture.release()


class _Film:
    """A video file in the place of a camera: each picture at its time, as if it were filmed now."""

    def __init__(self, path: Path) -> None:
        self._video = Video(path)

    def __iter__(self) -> Iterator[tuple[float, np.ndarray]]:
        began = time.monotonic()
        for index, picture in enumerate(self._video):
            due = float(index / self._video.facts.fps)
            time.sleep(max(0.0, began + due - time.monotonic()))
            if picture is not None:
                yield due, picture

    def close(self) -> None:
        self._video.close()
