"""A live stream for programs: feed a voice, take motion; a connection that breaks is taken up again.

with connect().stream(fps="25", rate=16000) as stream:
    stream.feed(chunk)                      # 16-bit samples, as often as they come
    for message in stream.messages(timeout=0): ...
    stream.end()
    for message in stream.messages(): ...   # until all frames have come
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import time
from collections import deque
from collections.abc import Iterator
from typing import Any

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect

from garrick.errors import GarrickError, OutputError

_NUMBER = struct.Struct(">I")
_READY_S = 60.0
_TRIES = 8
_WAITING = 64  # inputs that the service has not taken; then `feed` waits
_PATIENCE_S = 60.0


class Stream:
    """One session. Not for several threads at once.

    url, token: of the service. start: the members of the protocol's start message (see garrick.server.stream).
    reconnects: how often the connection was taken up again.
    Raises GarrickError when the service refuses, OutputError when it can no longer be reached.
    """

    def __init__(self, url: str, token: str, tls: ssl.SSLContext | None = None, **start: Any) -> None:
        self._url = url.replace("http", "ws", 1) + "/v1/stream"
        self._token, self._tls = token, tls
        self._inputs: deque[tuple[int, str | bytes]] = deque()  # that the service has not taken
        self._next = 0
        self._id = -1
        self._arrived: deque[dict[str, Any]] = deque()
        self._over = False
        self.reconnects = 0
        self._socket = self._open({"type": "start", **start})

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def feed(self, samples: bytes) -> int:
        """Send a chunk of the voice in the format of the start; its input number. Waits when the service is behind."""
        number = self._next
        return self._put(_NUMBER.pack(number) + samples)

    def say(self, text: str) -> int:
        """Have a text spoken after what came so far."""
        return self._put(json.dumps({"type": "text", "input": self._next, "text": text}))

    def flush(self) -> int:
        """Ask for the motion up to here."""
        return self._put(json.dumps({"type": "flush", "input": self._next}))

    def end(self) -> int:
        """Nothing more will come."""
        return self._put(json.dumps({"type": "end", "input": self._next}))

    def messages(self, timeout: float | None = None) -> Iterator[dict[str, Any]]:
        """What the service says, each message once, until the end or until nothing came for `timeout` seconds.

        Pictures are {"type": "picture", "frame", "data"}. Without a time-out the service must say something each minute.
        """
        while True:
            while self._arrived:
                yield self._arrived.popleft()
            if self._over:
                return
            if not self._receive(_PATIENCE_S if timeout is None else timeout):
                if timeout is None:
                    raise OutputError("The stream has fallen silent.", "Start a new one.")
                return

    def cut(self) -> None:
        """Break the connection, as a network does; the next call takes the session up again."""
        with contextlib.suppress(OSError):
            self._socket.socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Leave."""
        with contextlib.suppress(WebSocketException, OSError):
            self._socket.close()

    def _put(self, message: str | bytes) -> int:
        number = self._next
        self._next += 1
        self._inputs.append((number, message))
        try:
            self._socket.send(message)
        except (ConnectionClosed, OSError):
            self._return()
        end = time.monotonic() + _PATIENCE_S
        while len(self._inputs) > _WAITING and not self._over:
            if time.monotonic() > end:
                raise OutputError("The service does not take any more sound.", "Start a new stream.")
            self._receive(1.0)
        return number

    def _receive(self, timeout: float) -> bool:
        """Take one message; whether one came."""
        try:
            data = self._socket.recv(timeout)
        except TimeoutError:
            return False
        except (ConnectionClosed, OSError):
            self._return()
            return True
        self._take(data)
        return True

    def _take(self, data: str | bytes) -> None:
        if isinstance(data, bytes):
            frame = _NUMBER.unpack_from(data)[0]
            self._arrived.append({"type": "picture", "frame": frame, "data": data[_NUMBER.size :]})
            return
        message = json.loads(data)
        if message["type"] == "taken":
            self._taken(message["input"])
            return
        if "id" in message:
            if message["id"] <= self._id:
                return
            self._id = message["id"]
            self._over = message["type"] == "end"
            with contextlib.suppress(ConnectionClosed, OSError):  # the next `recv` will find out
                self._socket.send(json.dumps({"type": "ack", "id": self._id}))
        elif message["type"] == "error":
            raise GarrickError(message["message"], message["fix"])
        self._arrived.append(message)

    def _taken(self, number: int) -> None:
        while self._inputs and self._inputs[0][0] <= number:
            self._inputs.popleft()

    def _open(self, first: dict[str, Any]) -> ClientConnection:
        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            opened = connect(
                self._url,
                additional_headers=headers,
                ssl=self._tls,
                compression=None,
                proxy=None,
                max_size=2**24,
                close_timeout=2,
            )
            opened.send(json.dumps(first))
            answer = json.loads(opened.recv(_READY_S))
        except TimeoutError as error:
            raise OutputError("The service does not open the stream.", "Try again.") from error
        except (WebSocketException, OSError) as error:
            raise OutputError(f"The service cannot be reached: {error}.", "Start it with: garrick serve") from error
        if answer["type"] == "error":
            raise GarrickError(answer["message"], answer["fix"])
        self._session = answer["session"]
        self._taken(answer["input"])
        return opened

    def _return(self) -> None:
        """Take the session up again, and send again what was not taken."""
        for attempt in range(_TRIES):
            self.close()
            try:
                self._socket = self._open({"type": "resume", "session": self._session, "id": self._id})
                for _, message in list(self._inputs):
                    self._socket.send(message)
                self.reconnects += 1
                return
            except (OutputError, ConnectionClosed):
                if attempt == _TRIES - 1:
                    raise
                time.sleep(min(0.1 * 2**attempt, 5.0))
