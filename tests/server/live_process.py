"""`garrick serve` as a process of its own, with its real worker."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import httpx
from garrick.server.runtime import Runtime, read_runtime

COMMAND = (sys.executable, "-c", "from garrick.cli import main; main()", "serve", "--json")


class Process:
    """`garrick serve` in a process of its own."""

    def __init__(self, data: Path, *options: str) -> None:
        self.data = data
        self.process = subprocess.Popen(
            [*COMMAND, "--data", str(data), *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def ready(self) -> dict:
        """What it says once it serves."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.communicate(timeout=10)
        return json.loads(line)

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)

    @property
    def runtime(self) -> Runtime:
        runtime = read_runtime(self.data / "runtime.json")
        assert runtime is not None
        return runtime

    def http(self) -> httpx.Client:
        runtime = self.runtime
        headers = {"Authorization": f"Bearer {runtime.token}"}
        return httpx.Client(base_url=runtime.url, headers=headers, timeout=20)
