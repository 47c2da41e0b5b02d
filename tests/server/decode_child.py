"""Decodes the files that are named on stdin, under the limits of a worker; one JSON object a line tells how it went."""

from __future__ import annotations

import json
import resource
import sys
import time
from fractions import Fraction
from pathlib import Path

from garrick.context import RunContext
from garrick.core.performance import Performance
from garrick.errors import InputError
from garrick.outputs.camera import read_camera
from garrick.perception.image import load_photo
from garrick.server.limits import Limits, hold_to
from garrick.speech.audio import load_sound

DECODERS = {
    "image": load_photo,
    "sound": lambda path: load_sound(path, RunContext()),
    "performance": lambda path: Performance.load(path, 200e6),  # the limit of a job
    "camera": lambda path: read_camera(path, (512, 512), Fraction(25)),
}


def main(memory: int) -> None:
    """memory: bytes that the process may reserve."""
    hold_to(Limits(memory, 10**9, 256))
    for line in sys.stdin:
        kind, name = line.split()
        begin = time.perf_counter()
        try:
            DECODERS[kind](Path(name))
            outcome = "read"
        except (InputError, ValueError) as error:  # Performance.load is core's, and raises no kinds
            outcome = "refused" if isinstance(error, InputError) or kind == "performance" else f"failed: {error!r}"
        except BaseException as error:
            outcome = f"failed: {error!r}"
        seconds, peak = time.perf_counter() - begin, peak_memory()
        print(json.dumps({"file": name, "outcome": outcome, "seconds": seconds, "peak": peak}), flush=True)


def peak_memory() -> int:
    """Bytes that this process has ever held; what getrusage tells on Linux counts the process that started it in."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS
    return next(1024 * int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM"))


if __name__ == "__main__":
    main(int(sys.argv[1]))
