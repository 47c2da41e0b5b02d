"""A video with what was tracked in it drawn on it, to judge a tracking by eye."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from garrick.bodies.blink import LIDS
from garrick.context import RunContext
from garrick.files import write_bytes
from garrick.perception.fit import BROWS, LIPS
from garrick.perception.iris import IRISES
from garrick.perception.track import Tracked
from garrick.perception.video import Video

from .video import Segment

_LANDMARKS, _IRIS, _AXIS = (90, 220, 120), (255, 190, 60), (255, 90, 90)
_AXIS_LENGTH = 0.6  # of the face's width


def write_overlay(path: Path, video: Path, tracked: Tracked, ctx: RunContext) -> None:
    """Write an mp4 of the video with brows, lids, lips, irises and where the head looks. Raises OutputError, InputError.

    Frames in which the face was bridged show nothing.
    """
    size = (tracked.size[0] // 2 * 2, tracked.size[1] // 2 * 2)  # H.264 has even sides
    segment = Segment(size, tracked.performance.fps)
    with Video(video, tracked.performance.fps) as film:
        for index, picture in enumerate(film):
            shown = np.zeros((*tracked.size[::-1], 3), np.uint8) if picture is None else picture.copy()
            if np.isfinite(tracked.landmarks[index]).all():
                _draw(shown, tracked.landmarks[index], tracked.performance.head_rotation[index])
            segment.add(np.ascontiguousarray(shown[: size[1], : size[0]]))
            ctx.step("overlay", index + 1, len(tracked.performance))
    write_bytes(path, segment.finish())


def _draw(picture: np.ndarray, landmarks: np.ndarray, rotation: np.ndarray) -> None:
    width = max(1, round(np.ptp(landmarks[:468, 0]) / 250))
    for point in landmarks[[*LIPS, *BROWS, *(point for lids in LIDS for point in lids)]]:
        cv2.circle(picture, tuple(np.round(point).astype(int).tolist()), width, _LANDMARKS, -1, cv2.LINE_AA)
    for rows in IRISES:
        centre, rim = landmarks[rows][0], landmarks[rows][1:]
        radius = float(np.linalg.norm(rim - centre, axis=1).mean())
        cv2.circle(
            picture, tuple(np.round(centre).astype(int).tolist()), max(1, round(radius)), _IRIS, width, cv2.LINE_AA
        )
    turn, _ = cv2.Rodrigues(rotation.astype(np.float64))
    ahead = turn @ (0, 0, 1)
    nose = landmarks[1]
    tip = nose + ahead[:2] * (1, -1) * _AXIS_LENGTH * np.ptp(landmarks[:468, 0])
    start, end = (np.round(point).astype(int).tolist() for point in (nose, tip))
    cv2.line(picture, start, end, _AXIS, width * 2, cv2.LINE_AA)
