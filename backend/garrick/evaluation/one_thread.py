"""Keeps a small net from waiting for a second core."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch in one thread, and in as many as before afterwards.

    Layers as small as those of the nets here gain next to nothing from two, and where another process wants the cores each
    layer would wait for it, 30 times as long.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
