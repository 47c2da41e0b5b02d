"""A stream's session: its process, and what must not be lost while no client is there.

The session outlives its connections. It takes each numbered input once, keeps every message until the client says that
it has it, and drops only pictures.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import secrets
import signal
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from .answers import Refused
from .limits import RESERVED, Limits
from .settings import Settings
from .stream_wire import HEAD, NUMBER, Start, pack

_AHEAD_BYTES = 256_000  # of sound that the process has not heard yet; then nothing more is read
_UNREAD_FRAMES = 1500  # that a slow client has not read; then nothing more is heard
_PICTURES = 8  # waiting for a slow client
_START_S = 60.0  # seconds that a process may take to be ready


class Session:
    """One stream from its start to its end.

    id:       what a client needs, besides the token, to come back.
    binary:   what binary messages are, see `Start.binary`.
    accepted: the number of the last input that was taken, -1 for none.
    said:     how many messages there have been for the client; their ids are 0 .. said - 1.
    dropped:  pictures that were dropped since the client was last told.
    abilities: what "ready" tells a client besides.
    ended:    all has been said; failed: why it cannot go on.
    visitor:  set when another connection takes over.
    """

    def __init__(self, process: asyncio.subprocess.Process, binary: str | None) -> None:
        self.id = secrets.token_urlsafe(24)
        self.binary = binary
        self.accepted = -1
        self.said = self.dropped = 0
        self.pictures: deque[bytes] = deque()
        self.abilities: dict[str, Any] = {}
        self.ended: dict[str, Any] | None = None
        self.failed: dict[str, Any] | None = None
        self.visitor = asyncio.Event()
        self.started = time.monotonic()
        self._process = process
        self._ready = False
        self._news = asyncio.Event()
        self._ahead: deque[tuple[int, int]] = deque()  # inputs in the process: number, bytes
        self._kept: deque[tuple[int, bytes]] = deque()  # messages: frames up to and with it, JSON
        self._made = self._delivered = 0  # frames: made, and sent on
        self._life = asyncio.create_task(self._follow())

    @classmethod
    async def begin(cls, start: Start, uploads: dict[str, str], settings: Settings) -> Session:
        """Start the process; returns when it is ready. uploads: paths by the start's member. Raises Refused."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "garrick.server.stream_process"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        session = cls(process, start.binary)
        limits = Limits(settings.job_memory + RESERVED, settings.job_file_bytes, settings.job_open_files)
        session._send({"start": start.model_dump(mode="json"), **uploads, "limits": vars(limits)})
        try:
            await asyncio.wait_for(session.until(lambda: session._ready or session.failed is not None), _START_S)
        except TimeoutError:
            session.failed = _problem("failed", "The stream did not get ready in time.", "Try again.")
        except asyncio.CancelledError:
            await session.close()
            raise
        if session.failed is not None:
            await session.close()
            raise Refused(422, **session.failed)
        return session

    async def take(self, number: int, kind: str, payload: bytes = b"", **more: Any) -> None:
        """Hand an input to the process, once; waits while the process is too far behind. Raises Refused for a gap."""
        if number <= self.accepted:
            return  # it came before the connection was cut
        if number != self.accepted + 1:
            raise Refused(409, "order", f"Input {number} came after {self.accepted}.", "Number inputs 0, 1, 2, ...")
        await self.until(lambda: self._room() or self.failed is not None)
        if self.failed is not None:
            raise Refused(500, **self.failed)
        self.accepted = number
        self._ahead.append((number, len(payload)))
        self._send({"input": number, "kind": kind, **more}, payload)
        self._wake()

    def acknowledge(self, id: int) -> None:
        """The client has every message up to that one."""
        while self._kept and self.first <= id:
            self._kept.popleft()
        self._wake()

    @property
    def first(self) -> int:
        """The id of the first message that is kept, or of the next one."""
        return self.said - len(self._kept)

    def deliver(self, id: int) -> None:
        """A message that is kept has left for the client; it reads well enough for more to be heard."""
        if id >= self.first:
            self._delivered = max(self._delivered, self._kept[id - self.first][0])
        self._wake()

    def message(self, id: int) -> bytes:
        """A message that is not acknowledged."""
        return self._kept[id - self.first][1]

    @property
    def finished(self) -> bool:
        """The client has everything, or nothing more can come."""
        return self.failed is not None or (self.ended is not None and not self._kept)

    async def news(self, position: int, taken: int) -> None:
        """Wait for something to tell a client that has the messages before `position` and knows of input `taken`."""
        await self.until(
            lambda: (
                position < self.said
                or self.accepted > taken
                or self.pictures
                or self.dropped
                or self.failed is not None
            )
        )

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until that holds of the session."""
        while not condition():
            await self._news.wait()

    async def close(self) -> None:
        """End the process."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                if hasattr(os, "killpg"):
                    os.killpg(self._process.pid, signal.SIGKILL)
                else:
                    self._process.kill()
        await self._life

    def _room(self) -> bool:
        return sum(size for _, size in self._ahead) < _AHEAD_BYTES and self._made - self._delivered < _UNREAD_FRAMES

    def _send(self, message: dict[str, Any], payload: bytes = b"") -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(pack(message, payload))

    async def _follow(self) -> None:
        """Read what the process says until it dies."""
        assert self._process.stdout is not None
        try:
            while True:
                head, body = HEAD.unpack(await self._process.stdout.readexactly(HEAD.size))
                data = await self._process.stdout.readexactly(head + body)
                self._hear(json.loads(data[:head]), data[head:])
                self._wake()
        except asyncio.IncompleteReadError:
            pass
        await self._process.wait()
        if self.ended is None and self.failed is None:
            self.failed = _problem("failed", "The stream's process has died.", "Start a new stream.")
        self._wake()

    def _hear(self, message: dict[str, Any], payload: bytes) -> None:
        match message:
            case {"ready": abilities}:
                self.abilities, self._ready = abilities, True
            case {"done": number}:
                while self._ahead and self._ahead[0][0] <= number:
                    self._ahead.popleft()
            case {"motion": [first, count], **more}:
                self._made = first + count
                seen = "".join(f"{json.dumps(name)}:{json.dumps(value)}," for name, value in more.items())
                self._keep("motion", seen.encode() + b'"frames":' + payload)
            case {"image": frame}:
                self.pictures.append(NUMBER.pack(frame) + payload)
                while len(self.pictures) > _PICTURES:
                    self.pictures.popleft()
                    self.dropped += 1
            case {"behind": dropped}:
                self.dropped += dropped
            case {"sound": start, "rate": rate}:
                sound = {"time": start, "rate": rate, "samples": base64.b64encode(payload).decode()}
                self._keep("sound", json.dumps(sound).encode()[1:-1])
            case {"problem": problem, "fatal": True}:
                self.failed = problem
            case {"problem": problem}:
                self._keep("error", json.dumps(problem).encode()[1:-1])
            case {"end": frames, "duration": duration}:
                self.ended = {"frames": frames, "duration": duration}
                self._keep("end", json.dumps(self.ended).encode()[1:-1])

    def _keep(self, kind: str, rest: bytes) -> None:
        """Add a message; its JSON is made once."""
        self._kept.append((self._made, b'{"type":"%s","id":%d,%s}' % (kind.encode(), self.said, rest)))
        self.said += 1

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()


def _problem(kind: str, message: str, fix: str) -> dict[str, Any]:
    return {"kind": kind, "message": message, "fix": fix}
