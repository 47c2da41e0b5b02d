"""What a worker may take of the machine: limits that the system holds it to, and how much memory it has."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

_NICER = 10  # steps of priority below the service, which has to answer while a job renders
_OOM_FIRST = "500"  # of 1000: when the machine runs out of memory, the kernel ends the worker and not the service

RESERVED = 5_000_000_000
"""Bytes that a job reserves and hardly touches: closed-form matting makes room for the largest system it could solve."""


@dataclass(frozen=True)
class Limits:
    """Sizes in bytes.

    data:       memory that the process may reserve, used or not; the same for each of its children.
    file_bytes: of one file.
    open_files: files and sockets at a time.
    """

    data: int
    file_bytes: int
    open_files: int


def hold_to(limits: Limits) -> None:
    """Put this process and its later children under `limits`, as far as the system knows such limits."""
    if sys.platform == "win32":
        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
        return
    import resource

    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, limits.file_bytes)
    _lower(resource.RLIMIT_NOFILE, limits.open_files)
    # DATA counts what is private and can be written; AS would count address space that is never used
    _lower(resource.RLIMIT_DATA, limits.data)
    os.nice(_NICER)
    if sys.platform == "linux":
        Path("/proc/self/oom_score_adj").write_text(_OOM_FIRST)


def resident(pid: int) -> int:
    """Bytes of memory that a process and its children hold; 0 when it has gone."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    total = 0
    for member in family:
        try:
            total += member.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def in_words(size: int) -> str:
    """Bytes as people write them, e.g. "8 GB"."""
    return f"{size / 1e9:.3g} GB" if size >= 1e9 else f"{size / 1e6:.3g} MB"


def _lower(limit: int, value: int) -> None:
    import resource

    _, hard = resource.getrlimit(limit)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(limit, (value, value))
