"""Frames to files: the same bytes with any number of threads, few frames in memory, a stop that takes back what waits."""

from __future__ import annotations

import threading
import time
import weakref
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from garrick.context import RunContext
from garrick.core.camera import Camera, CameraPath
from garrick.errors import Cancelled
from garrick.outputs import stream
from garrick.outputs.frames import FrameStore
from garrick.rendering.take import Frame, Take

FRAMES = 70
CAMERA = Camera(np.array([[60.0, 0, 32], [0, 60, 24], [0, 0, 1]]), np.eye(4), (64, 48))


def drawn(index: int) -> Frame:
    rng = np.random.default_rng(index)
    rgba = rng.integers(0, 256, (48, 64, 4), np.uint8)
    ids = rng.integers(0, 8, (48, 64)).astype(np.uint8)
    normals = rng.normal(size=(48, 64, 3)).astype(np.float32)
    depth = np.where(ids > 0, 0.5 + index / 100, np.inf).astype(np.float32)
    return Frame(rgba, depth, rng.uniform(0, 1, (48, 64, 2)).astype(np.float32), ids, rgba[..., :3].copy(), normals)


def take_of(render=drawn) -> Take:
    return Take(CameraPath.still(CAMERA, FRAMES, Fraction(25)), render, np.zeros((48, 64, 3), np.uint8))


def written(folder: Path) -> dict[str, bytes]:
    kept = [path for path in folder.rglob("*") if path.suffix in (".png", ".exr", ".mp4")]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in kept}


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> dict[str, bytes]:
    """What one thread makes."""
    folder = tmp_path_factory.mktemp("alone")
    stream.write_take(take_of(), range(FRAMES), FrameStore(folder, "key", True), RunContext(), threads=1)
    return written(folder)


@pytest.mark.parametrize("threads", [2, 4])
def test_many_threads_make_what_one_makes(alone, tmp_path, threads):
    """However their frames overtake one another."""

    def render(index: int) -> Frame:
        time.sleep(0.004 * (index % 3 == 0))
        return drawn(index)

    stream.write_take(take_of(render), range(FRAMES), FrameStore(tmp_path, "key", True), RunContext(), threads=threads)
    assert len(alone) == 2 * FRAMES + 2
    assert written(tmp_path) == alone


def test_few_frames_are_in_memory_at_once(tmp_path, monkeypatch):
    """However slow disk and film are: a whole one in each thread's hand, and the pictures of those that wait."""
    frames, pictures, most = set(), set(), [0, 0]

    class Slow(stream.Segment):
        def add(self, plate: np.ndarray) -> None:
            time.sleep(0.01)
            super().add(plate)

    monkeypatch.setattr(stream, "Segment", Slow)

    def render(index: int) -> Frame:
        frame = drawn(index)
        for alive, counted in ((frames, frame), (pictures, frame.plate)):
            alive.add(index)
            weakref.finalize(counted, alive.discard, index)
        most[:] = max(most[0], len(frames)), max(most[1], len(pictures))
        return frame

    stream.write_take(take_of(render), range(FRAMES), FrameStore(tmp_path, "key", True), RunContext(), threads=2)
    assert most[0] <= 2
    assert 2 < most[1] <= 2 + stream._AHEAD + 1  # one is being encoded


def test_a_frame_that_fails_ends_the_shot_and_is_named(tmp_path):
    begun = []

    def render(index: int) -> Frame:
        begun.append(index)
        if index >= 11:
            raise ValueError("no such triangle")
        return drawn(index)

    with pytest.raises(ValueError, match="triangle") as caught:
        stream.write_take(take_of(render), range(FRAMES), FrameStore(tmp_path, "key", True), RunContext(), threads=2)
    assert caught.value.__notes__ == ["This happened in frame 11."]
    assert FrameStore(tmp_path, "key", True).finished(range(FRAMES)) == set(range(11))
    assert max(begun) <= 11 + 2 + stream._AHEAD


def test_a_stop_takes_back_what_waits_and_the_next_run_ends_the_same(alone, tmp_path):
    begun, gate, ctx = [], threading.Event(), RunContext()

    class Gated(FrameStore):
        def write(self, index: int, *arguments) -> None:
            begun.append(index)
            if len(begun) > 20:
                ctx.cancel.set()
                gate.wait(0.3)
            super().write(index, *arguments)

    with pytest.raises(Cancelled):
        stream.write_take(take_of(), range(FRAMES), Gated(tmp_path, "key", True), ctx, threads=2)
    finished = FrameStore(tmp_path, "key", True).finished(range(FRAMES))
    assert finished == set(begun)  # what was begun is whole
    assert len(begun) <= 20 + 2 * 2
    again = stream.write_take(take_of(), range(FRAMES), FrameStore(tmp_path, "key", True), RunContext())
    assert (again.kept, again.rendered) == (len(finished), FRAMES - len(finished))
    assert written(tmp_path) == alone
