"""The thread that draws a stream's pictures."""

from __future__ import annotations

import threading
from fractions import Fraction

import numpy as np
from garrick.core.performance import Performance
from garrick.motion.live_frames import Motion
from garrick.rendering import render
from garrick.server import stream_process
from garrick.server.stream_process import Mouth, Painter


def test_a_frame_that_fails_ends_the_process(portrait, monkeypatch):
    """Or the stream would go on without pictures, and its end would wait for them for ever."""
    painter = Painter(portrait, "jpeg", Mouth(-1))
    died = threading.Event()

    def fail(*_):
        raise MemoryError

    monkeypatch.setattr(render, "render_pose", fail)
    monkeypatch.setattr(stream_process, "die", died.set)
    rest = Performance.rest(1, Fraction(25))
    painter.paint(Motion(0, rest.face, rest.head_rotation, rest.head_translation, np.zeros((1, 2, 2), np.float32)))
    assert died.wait(20)
