"""Frames asked for one by one and drawn together: which lie together is the grid's, whatever was asked for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from garrick.errors import MissingError
from garrick.rendering.torch_engine.batches import Batches

COUNT = 21


class Drawing:
    """An engine that draws numbers, and remembers what it drew together."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []

    def draw(self, instants: list, passes: bool) -> list:
        self.batches.append([instant.index for instant in instants])
        return [lambda index=instant.index: (index, passes) for instant in instants]


def batches(engine: Any, count: int = COUNT, size: tuple[int, int] = (512, 512)) -> Batches:
    instants = [SimpleNamespace(index=index, camera=SimpleNamespace(size=size)) for index in range(count)]
    return Batches(engine, lambda index: instants[index], count, True)


def test_frames_in_order_are_drawn_once_and_on_the_grid():
    engine = Drawing()
    drawn = batches(engine)
    assert [drawn.render(frame) for frame in range(COUNT)] == [(frame, True) for frame in range(COUNT)]
    assert engine.batches == [list(range(8)), list(range(8, 16)), list(range(16, COUNT))]


def test_a_part_of_the_clip_is_drawn_with_the_same_neighbours():
    engine = Drawing()
    assert batches(engine).render(13) == (13, True)
    assert engine.batches == [list(range(8, 16))]


def test_what_nobody_asks_for_does_not_pile_up():
    engine = Drawing()
    drawn = batches(engine, 400)
    for frame in range(0, 400, 8):
        drawn.render(frame)
    assert len(drawn._drawn) <= 32
    assert drawn.render(1) == (1, True)
    assert engine.batches.count(list(range(8))) == 2


def test_many_threads_on_small_batches_draw_each_once():
    engine = Drawing()
    drawn = batches(engine, 60, (1024, 1024))
    with ThreadPoolExecutor(16) as threads:
        assert [index for index, _ in threads.map(drawn.render, range(60))] == list(range(60))
    assert sorted(engine.batches) == [[first, first + 1] for first in range(0, 60, 2)]


def test_large_frames_are_drawn_alone():
    engine = Drawing()
    drawn = batches(engine, 2, (2160, 3840))
    assert [drawn.render(frame)[0] for frame in range(2)] == [0, 1]
    assert engine.batches == [[0], [1]]


def test_threads_that_make_frames_in_order_draw_each_batch_once():
    engine = Drawing()
    drawn = batches(engine)
    with ThreadPoolExecutor(4) as threads:
        assert [index for index, _ in threads.map(drawn.render, range(COUNT))] == list(range(COUNT))
    assert sorted(engine.batches) == [list(range(8)), list(range(8, 16)), list(range(16, COUNT))]


def test_a_full_device_is_said_to_be_full():
    class Full:
        def draw(self, instants: list, passes: bool) -> list:
            raise torch.cuda.OutOfMemoryError("no room")

    with pytest.raises(MissingError, match="memory"):
        batches(Full()).render(0)
