"""Walks frames one by one, so that a metric's memory stays flat in the length of a clip."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from typing import TypeVar

import numpy as np

from garrick.errors import InputError

T = TypeVar("T")


def ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items, none of them None; the next one is made in another thread while one is looked at."""
    with ThreadPoolExecutor(1) as maker:
        coming = maker.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = maker.submit(next, items, None)
            yield item


def checked(frames: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """The frames as they come, each (H, W, 3) uint8 and of the first one's size. Raises InputError for others."""
    shape = None
    for index, frame in enumerate(frames):
        frame = np.asarray(frame)
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3 or frame.size == 0:
            raise InputError(f"Frame {index} is no RGB picture of 8 bits.", "Give (height, width, 3) uint8 frames.")
        shape = shape or frame.shape
        if frame.shape != shape:
            raise InputError(f"Frame {index} is {_size(frame)}, the first frame {_size(shape)}.", _SAME_SIZE)
        yield frame


def paired(first: Iterable[np.ndarray], second: Iterable[np.ndarray]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Frames of two clips side by side. Raises InputError when their sizes or their numbers differ."""
    for index, (one, other) in enumerate(zip_longest(checked(first), checked(second))):
        if one is None or other is None:
            raise InputError(f"One clip has {index} frames and the other has more.", "Cut both to the same length.")
        if one.shape != other.shape:
            raise InputError(f"One clip is {_size(one)} and the other {_size(other)}.", _SAME_SIZE)
        yield one, other


def mattes(masks: Iterable[np.ndarray] | np.ndarray | None, frames: Iterator) -> Iterator[tuple]:
    """Each item of `frames` with its matte: (item, (H, W) bool or None).

    masks: None; one matte for all frames (H, W); or one a frame. A matte counts where it is at least half: bool,
           uint8 0..255 or float 0..1.
    Raises InputError when there are fewer mattes than frames, or one has another size.
    """
    if masks is None or (isinstance(masks, np.ndarray) and masks.ndim == 2):
        for item in frames:
            yield item, None if masks is None else _solid(masks, item)
        return
    given = iter(masks)
    for index, item in enumerate(frames):
        mask = next(given, None)
        if mask is None:
            raise InputError(f"There are only {index} mattes for more frames.", "Give one for all, or one a frame.")
        yield item, _solid(mask, item)


def luma(frame: np.ndarray) -> np.ndarray:
    """(H, W) float64, 0..255: Rec. 601 luma of an sRGB frame, not rounded."""
    return frame @ np.array([0.299, 0.587, 0.114])


_SAME_SIZE = "Scale both to the same size."


def _solid(mask: np.ndarray, item: np.ndarray | tuple[np.ndarray, ...]) -> np.ndarray:
    frame = item[0] if isinstance(item, tuple) else item
    mask = np.asarray(mask)
    if mask.shape != frame.shape[:2]:
        raise InputError(f"A matte is {_size(mask)} and its frame {_size(frame)}.", _SAME_SIZE)
    return mask if mask.dtype == bool else mask >= (127.5 if mask.dtype == np.uint8 else 0.5)


def _size(frame: np.ndarray | tuple[int, ...]) -> str:
    shape = frame if isinstance(frame, tuple) else frame.shape
    return " x ".join(str(side) for side in shape[1::-1])
