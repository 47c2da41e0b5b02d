"""The thread that draws a stream's pictures."""

from __future__ import annotations

import io
import threading
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from garrick.context import RunContext
from garrick.core.camera import CameraPath
from garrick.core.performance import BODY_JOINTS, Performance
from garrick.motion.live_frames import ARM_JOINTS, SPINE, Motion
from garrick.perception.portrait import Portrait
from garrick.rendering import render
from garrick.server import stream_painter
from garrick.server.stream_painter import Painter
from garrick.server.stream_process import Mouth
from PIL import Image

FPS = Fraction(25)
COLLARS = [name for name in ARM_JOINTS if name.endswith("collar")]


class Kept(Mouth):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.pictures: dict[int, np.ndarray] = {}
        self.dropped = 0

    def say(self, message: dict[str, Any], payload: bytes = b"") -> None:
        if "behind" in message:
            self.dropped += message["behind"]
        else:
            self.pictures[message["image"]] = np.asarray(Image.open(io.BytesIO(payload)))


def moving(portrait: Portrait) -> Motion:
    """Frames 10 .. 13 of somebody whose head turns while the trunk leans and the shoulders rise, more in each."""
    more = np.arange(4, dtype=np.float32)[:, None, None] / 3
    spine = more * np.array([[0.02, 0.03, 0.05], [0.03, 0.02, 0.06], [0.02, 0.0, 0.04]], np.float32)
    arms = np.zeros((4, len(ARM_JOINTS), 3), np.float32)
    arms[:, [ARM_JOINTS.index(name) for name in COLLARS]] = more * np.array([[0, 0, 0.2], [0, 0, -0.2]], np.float32)
    turned = portrait.head_rotation + more[:, 0] * np.array([0.02, 0.1, 0], np.float32)
    face = np.repeat(portrait.face[None], 4, axis=0)
    gaze = np.repeat(portrait.gaze[None], 4, axis=0)
    hands = np.zeros((4, 15, 3), np.float32)
    return Motion(10, face, turned, np.zeros((4, 3), np.float32), gaze, spine, arms, hands, hands)


def as_a_shot(portrait: Portrait, motion: Motion, background: np.ndarray | None) -> list[np.ndarray]:
    """The frames of that motion."""
    body = np.zeros((len(motion), len(BODY_JOINTS), 3), np.float32)
    assert motion.spine is not None
    assert motion.arms is not None
    body[:, [BODY_JOINTS.index(name) for name in SPINE]] = motion.spine
    body[:, [BODY_JOINTS.index(name) for name in ARM_JOINTS]] = motion.arms
    performance = replace(
        Performance.rest(len(motion), FPS, portrait.identity),
        face=motion.face,
        head_rotation=motion.head_rotation,
        gaze=motion.gaze,
        body_pose=body,
    )
    camera = CameraPath.still(portrait.camera, len(motion), FPS)
    take = render.run(portrait, performance, camera, RunContext(), background=background)
    return [take.render(frame).plate for frame in range(len(motion))]


def away(one: np.ndarray, other: np.ndarray) -> float:
    """Mean distance in steps of 8 bits."""
    return float(np.abs(one.astype(int) - other).mean())


@pytest.mark.parametrize("own", [True, False])
def test_pictures_are_a_shots_frames(portrait: Portrait, own: bool) -> None:
    """Head, shoulders and what is behind them: the photo's own room, or a picture of the user's."""
    size = portrait.camera.size
    rise = np.linspace(0, 255, size[0], dtype=np.uint8)
    behind = None if own else np.broadcast_to(rise[None, :, None], (size[1], size[0], 3)).copy()
    mouth, motion = Kept(), moving(portrait)
    painter = Painter(portrait, "jpeg", mouth, behind)
    painter.paint(motion)
    painter.finish()
    wanted = as_a_shot(portrait, motion, behind)
    assert sorted(mouth.pictures) == [10, 11, 12, 13]
    for frame, plate in enumerate(wanted):
        assert away(mouth.pictures[10 + frame], plate) < 2.0  # JPEG
    still = as_a_shot(portrait, replace(motion, spine=np.zeros((4, 3, 3)), arms=np.zeros((4, 8, 3))), behind)
    assert away(wanted[3][-60:], still[3][-60:]) > 6.0  # shoulders that follow are told from those that do not


def test_a_camera_moves_no_trunk(portrait: Portrait) -> None:
    mouth = Kept()
    painter = Painter(portrait, "webp", mouth)
    face, turned, gaze = (one[None].repeat(2, axis=0) for one in (portrait.face, portrait.head_rotation, portrait.gaze))
    painter.paint(Motion(0, face, turned, np.zeros((2, 3), np.float32), gaze))
    painter.finish()
    assert [away(picture, portrait.image) < 2.5 for picture in mouth.pictures.values()] == [True, True]


def test_pictures_give_way_to_motion_that_is_late(portrait: Portrait, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the newest is drawn, four times a second, and what is left out is told; in time, all are drawn again."""
    clock = [100.0]
    monkeypatch.setattr(stream_painter.time, "monotonic", lambda: clock[0])
    mouth, motion = Kept(), moving(portrait)
    painter = Painter(portrait, "jpeg", mouth)
    for message in range(9):
        painter.paint(replace(motion, first=4 * message), hurried=True)
        painter.finish()
        clock[0] += 0.1
    assert sorted(mouth.pictures) == [3, 15, 27]
    assert mouth.dropped == 36 - 3
    painter.paint(replace(motion, first=36))
    painter.finish()
    assert sorted(mouth.pictures)[3:] == [36, 37, 38, 39]


def test_a_frame_that_fails_ends_the_process(portrait: Portrait, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or the stream would go on without pictures, and its end would wait for them for ever."""
    painter = Painter(portrait, "jpeg", Mouth(-1))
    died = threading.Event()

    def fail(*_):
        raise MemoryError

    monkeypatch.setattr(render, "render_pose", fail)
    monkeypatch.setattr(stream_painter, "die", died.set)
    rest = Performance.rest(1, FPS)
    painter.paint(Motion(0, rest.face, rest.head_rotation, rest.head_translation, np.zeros((1, 2, 2), np.float32)))
    assert died.wait(20)
