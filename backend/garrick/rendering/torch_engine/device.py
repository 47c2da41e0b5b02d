"""Which path renders: the processor, or a GPU where the run's device asks for one."""

from __future__ import annotations

import ctypes
import sys
from functools import lru_cache

from garrick.errors import InputError, MissingError

PROCESSOR = "processor"


def renderer(device: str) -> str:
    """`PROCESSOR` for the device "cpu"; for "cuda" the name of the GPU that renders.

    Frames of different ones look alike and differ in bits, so a shot is made by one, and machines that share a shot must
    not each choose by themselves. Raises MissingError where "cuda" is asked for and torch can use none, InputError for a
    device that is neither.
    """
    if device == "cpu":
        return PROCESSOR
    if device != "cuda":
        raise InputError(f"There is no device {device}.", 'Choose "cpu" or "cuda".')
    name = usable_gpu()
    if name is None:
        raise MissingError("torch finds no NVIDIA GPU that it can use.", 'Set the device to "cpu".')
    return name


@lru_cache(maxsize=1)
def usable_gpu() -> str | None:
    """The name of the GPU that torch can use. torch, which takes two seconds to load, is asked only where a driver is."""
    if not _driver():
        return None
    import torch

    if not torch.cuda.is_available():
        return None
    try:
        torch.ones(1, device="cuda").add_(1).item()
    except RuntimeError:  # a GPU that is too old for this torch, or one that somebody has to themselves
        return None
    return torch.cuda.get_device_name()


def _driver() -> bool:
    """Whether a driver of an NVIDIA GPU is installed."""
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True
