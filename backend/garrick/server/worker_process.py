"""The service's end of one worker process: start it, talk with it, listen to it, end it with all its children."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections import deque
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .limits import Limits

_LINE_BYTES = 16 * 2**20  # the longest message
_TAIL_BYTES = 8192  # of what it printed, kept for the day it dies
_TAIL_LINES = 20


class WorkerProcess:
    """A running worker.

    pid:   its process id.
    heard: when it last said something, on the monotonic clock.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.pid = process.pid
        self.heard = time.monotonic()
        self._messages: deque[dict[str, Any]] = deque()
        self._news = asyncio.Event()
        self._dead = False
        self._printed = b""
        self._life = asyncio.create_task(self._follow())

    @classmethod
    async def start(cls, limits: Limits, scratch: Path) -> WorkerProcess:
        """Start one; `scratch` is the folder for the temporary files of it and its children. Raises OSError."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "garrick.server.worker", json.dumps(asdict(limits))),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=os.environ | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch)),
            limit=_LINE_BYTES,
            start_new_session=True,  # a process group of its own, to be ended as a whole
        )
        return cls(process)

    def send(self, message: dict[str, Any]) -> None:
        """Send an order; one that has died no longer gets it."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message).encode() + b"\n")

    async def message(self) -> dict[str, Any] | None:
        """The next message, None once it has died. Of progress in one phase that nobody fetched, only the newest stays."""
        while not self._messages:
            if self._dead:
                return None
            self._news.clear()
            await self._news.wait()
        return self._messages.popleft()

    def kill(self) -> None:
        """End it and its children at once; `message` gives None when that has happened."""
        if not self._dead:
            self._kill_family()

    async def gone(self) -> None:
        """Wait until it has died."""
        await self._life

    def last_words(self) -> list[str]:
        """The last lines that it printed."""
        return self._printed.decode(errors="replace").splitlines()[-_TAIL_LINES:]

    def cause_of_death(self) -> str:
        """How it ended, in words."""
        status = self._process.returncode
        if status is None or status >= 0:
            return f"it ended with status {status}"
        try:
            return f"killed by {signal.Signals(-status).name}"
        except ValueError:
            return f"killed by signal {-status}"

    async def _follow(self) -> None:
        """From the start to the death; a child that holds the pipes open does not delay it."""
        listening = [asyncio.create_task(self._listen()), asyncio.create_task(self._overhear())]
        await self._process.wait()
        self._kill_family()
        await asyncio.wait(listening, timeout=1)
        for task in listening:
            task.cancel()
        self._dead = True
        self._news.set()

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        try:
            async for line in self._process.stdout:
                self.heard = time.monotonic()
                self._take(json.loads(line))
        except ValueError as error:  # no line of ours: nothing that it says can be trusted any more
            self._printed += f"\nThe worker sent what is no message: {error}".encode()
            self._kill_family()

    def _take(self, message: dict[str, Any]) -> None:
        if "beat" in message:
            return
        last = self._messages[-1] if self._messages else {}
        if "progress" in message and "progress" in last and message["progress"][0] == last["progress"][0]:
            self._messages.pop()
        self._messages.append(message)
        self._news.set()

    async def _overhear(self) -> None:
        assert self._process.stderr is not None
        while printed := await self._process.stderr.read(_TAIL_BYTES):
            self._printed = (self._printed + printed)[-_TAIL_BYTES:]

    def _kill_family(self) -> None:
        if hasattr(os, "killpg"):
            try:
                os.killpg(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                return
        elif self._process.returncode is None:
            self._process.kill()
