"""How much memory this process has held."""

from __future__ import annotations

import sys


def peak_memory() -> int | None:
    """The most that it has held so far, in bytes; None on Windows, which keeps no such figure for Python."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # macOS counts bytes, Linux kibibytes
