"""The add-on's tests in the other Blenders (make_venvs.py), under way beside the tests of this process.

They wait about as much as they work, so conftest.py starts them with the first test of this folder, in one Blender after
another, and asks for them last; from then on two run at once. Tests with the mark `alone` are done before.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future

from make_venvs import ROOT, interpreter_of

# sys: what Blender itself says when it aborts is printed, and not swallowed with the test's own output.
_OPTIONS = ("-m", "pytest", "-p", "no:cacheprovider", "--capture=sys", "tests/blender/addon")


class Suites:
    """Runs the suite in each of these versions, whose environments must exist."""

    def __init__(self, versions: Iterable[str]) -> None:
        self._waiting = deque(versions)
        self._ends: dict[str, Future[tuple[int, str]]] = {version: Future() for version in self._waiting}
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lanes = 0
        # taken now: suites start while other tests, which may have put something in their place, are running
        self._environment = os.environ | {"GARRICK_PYTHON": sys.executable}
        self._open_lane()

    def end(self, version: str, seconds: float) -> tuple[int, str]:
        """Wait for its end -> exit status and what it printed. Raises TimeoutError."""
        if self._lanes == 1:
            self._open_lane()
        return self._ends[version].result(seconds)

    def stop(self) -> None:
        """End those that still run, as Ctrl+C would: they stop their services."""
        self._waiting.clear()
        for process in list(self._running):
            process.send_signal(signal.SIGTERM if os.name == "nt" else signal.SIGINT)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()

    def _open_lane(self) -> None:
        self._lanes += 1
        threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        with contextlib.suppress(IndexError):  # none waits any more
            while True:
                version = self._waiting.popleft()
                try:
                    self._ends[version].set_result(self._run(version))
                except OSError as error:
                    self._ends[version].set_exception(error)

    def _run(self, version: str) -> tuple[int, str]:
        with tempfile.TemporaryFile() as said:  # no pipe: a service that outlived its tests would hold it open
            process = subprocess.Popen(
                [str(interpreter_of(version)), *_OPTIONS], cwd=ROOT, stdout=said, stderr=said, env=self._environment
            )
            self._running.add(process)
            status = process.wait()
            self._running.discard(process)
            said.seek(0)
            return status, said.read().decode(errors="replace")
