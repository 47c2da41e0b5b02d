"""A live stream for programs: feed a voice, take motion; a connection that breaks is taken up again.

with connect().stream(fps="25", rate=16000) as stream:
    stream.feed(chunk)                      # 16-bit samples, as often as they come
    for message in stream.messages(timeout=0): ...
    stream.end()
    for message in stream.messages(): ...   # until all frames have come
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from garrick.core.live_stream import LiveStream
from garrick.errors import GarrickError, OutputError


class Stream(LiveStream):
    """One session. Not for several threads at once.

    url, token: of the service. start: the members of the protocol's start message (see garrick.server.stream).
    Raises GarrickError when the service refuses, OutputError when it can no longer be reached.
    """

    def __init__(self, url: str, token: str, tls: ssl.SSLContext | None = None, **start: Any) -> None:
        url = url.replace("http", "ws", 1) + "/v1/stream"
        try:
            super().__init__(lambda: _Socket(url, token, tls), start, _failure)
        except OSError as error:
            raise OutputError(f"The service cannot be reached: {error}.", "Start it with: garrick serve") from error

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class _Socket:
    """A connection of the websockets library that fails with OSErrors only."""

    def __init__(self, url: str, token: str, tls: ssl.SSLContext | None) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        with _as_oserror():
            self._connection = connect(
                url, additional_headers=headers, ssl=tls, compression=None, proxy=None, max_size=2**24, close_timeout=2
            )

    def send(self, message: str | bytes) -> None:
        with _as_oserror():
            self._connection.send(message)

    def recv(self, timeout: float) -> str | bytes:
        with _as_oserror():
            return self._connection.recv(timeout)

    def cut(self) -> None:
        with contextlib.suppress(OSError):
            self._connection.socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with _as_oserror():
            self._connection.close()


@contextlib.contextmanager
def _as_oserror():
    try:
        yield
    except WebSocketException as error:
        raise ConnectionError(str(error)) from error


def _failure(sentence: str, fix: str | None, refused: bool) -> Exception:
    return (GarrickError if refused else OutputError)(sentence, fix)
