"""Frames asked for one by one, in whatever order and from whatever thread, drawn several at once."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

import torch

from garrick.errors import MissingError
from garrick.rendering.render import Stage
from garrick.rendering.take import Frame

from .engine import Engine
from .instant import Instant

_PIXELS = 1 << 21  # drawn at once: 8 frames of 512 x 512
_THREADS = 16  # that may be waiting for frames, each for another


def on_gpu(stage: Stage, instant: Callable[[int], Instant], count: int, passes: bool) -> Callable[[int], Frame]:
    """What renders frame i of a clip on the GPU; see `Batches`."""
    return Batches(Engine(stage, torch.device("cuda")), instant, count, passes).render


class Batches:
    """The frames of a clip, in batches that lie on a grid: which frames are drawn together does not depend on what was
    asked for, and so no bit of them does. A frame that was drawn is kept until it is asked for, within bounds.

    instant: what frame i shows, 0 <= i < count.    passes: with normals.
    """

    def __init__(self, engine: Engine, instant: Callable[[int], Instant], count: int, passes: bool) -> None:
        self._engine, self._instant, self._count, self._passes = engine, instant, count, passes
        self._drawn: dict[int, Callable[[], Frame]] = {}
        self._alone = Lock()

    def render(self, frame: int) -> Frame:
        """Frame i; several threads may call it at once. Raises MissingError when the device has too little memory."""
        with self._alone:
            if frame not in self._drawn:
                width, height = self._instant(frame).camera.size
                together = max(1, _PIXELS // (width * height))
                first = frame // together * together
                batch = range(first, min(self._count, first + together))
                self._drawn |= zip(batch, self._draw([self._instant(index) for index in batch]), strict=True)
                while len(self._drawn) > 2 * together + _THREADS:
                    del self._drawn[next(iter(self._drawn))]
            finish = self._drawn.pop(frame)
        return finish()

    def _draw(self, instants: list[Instant]) -> list[Callable[[], Frame]]:
        try:
            return self._engine.draw(instants, self._passes)
        except torch.cuda.OutOfMemoryError as error:
            raise MissingError(
                "The GPU has too little free memory to render on.",
                "Close what else uses it, or hide it: CUDA_VISIBLE_DEVICES= garrick ...",
            ) from error
