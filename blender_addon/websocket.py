"""A WebSocket client (RFC 6455) of the standard library alone: text and binary messages, pings, time-outs."""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import ssl
import struct
import time
from urllib.parse import urlsplit

_MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0, 1, 2, 8, 9, 10
_MESSAGE_BYTES = 1 << 24
_CONNECT_S = 10.0
_SEND_S = 30.0  # a service that takes nothing for so long is dead


class WebSocket:
    """An open connection. Not for several threads at once, except `cut`.

    url: ws:// or wss://. token: sent as the bearer's. Raises OSError when it cannot be opened.
    """

    def __init__(self, url: str, token: str, tls: ssl.SSLContext | None = None) -> None:
        where = urlsplit(url)
        secure = where.scheme == "wss"
        port = where.port or (443 if secure else 80)
        self._socket = socket.create_connection((where.hostname, port), _CONNECT_S)
        self._buffer = bytearray()
        self._parts: list[bytes] = []
        self._kind = _TEXT
        try:
            if secure:
                self._socket = (tls or ssl.create_default_context()).wrap_socket(
                    self._socket, server_hostname=where.hostname
                )
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._shake_hands(f"{where.hostname}:{port}", where.path or "/", token)
        except OSError:
            self._socket.close()
            raise

    def send(self, message: str | bytes) -> None:
        """Send one message. Raises OSError."""
        if isinstance(message, str):
            self._write(_TEXT, message.encode())
        else:
            self._write(_BINARY, message)

    def recv(self, timeout: float) -> str | bytes:
        """The next message. Raises TimeoutError when none comes within `timeout` seconds, OSError at the end."""
        deadline = time.monotonic() + timeout
        while True:
            final, kind, payload = self._frame(deadline)
            if kind == _PING:
                self._write(_PONG, payload)
            elif kind == _CLOSE:
                raise ConnectionError("the service has closed the connection")
            elif kind in (_TEXT, _BINARY, _CONTINUATION):
                if kind != _CONTINUATION:
                    self._kind, self._parts = kind, []
                self._parts.append(payload)
                if sum(map(len, self._parts)) > _MESSAGE_BYTES:
                    raise ConnectionError("a message is too long")
                if final:
                    whole = b"".join(self._parts)
                    return whole.decode() if self._kind == _TEXT else whole

    def cut(self) -> None:
        """Break the connection."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it was broken before

    def close(self) -> None:
        """Say good-bye, and leave."""
        try:
            self._write(_CLOSE, struct.pack(">H", 1000))
        except OSError:
            pass  # it has left first
        finally:
            self._socket.close()

    def _shake_hands(self, host: str, path: str, token: str) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        lines = (
            f"GET {path} HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", f"Authorization: Bearer {token}", "", "",
        )  # fmt: skip
        self._socket.sendall("\r\n".join(lines).encode())
        while b"\r\n\r\n" not in self._buffer:
            self._fill(time.monotonic() + _CONNECT_S)
            if len(self._buffer) > 65536:
                raise ConnectionError("the service answers with something else")
        head, _, rest = bytes(self._buffer).partition(b"\r\n\r\n")
        self._buffer = bytearray(rest)
        status, *fields = head.decode("latin-1").split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in fields)}
        accepted = base64.b64encode(hashlib.sha1((key + _MAGIC).encode()).digest()).decode()
        if status.split(" ")[1:2] != ["101"] or headers.get("sec-websocket-accept") != accepted:
            raise ConnectionError(f"the service does not open the stream: {status}")

    def _write(self, kind: int, payload: bytes) -> None:
        """One frame, masked as a client's must be."""
        length = len(payload)
        if length < 126:
            head = struct.pack(">BB", 0x80 | kind, 0x80 | length)
        elif length < 1 << 16:
            head = struct.pack(">BBH", 0x80 | kind, 0x80 | 126, length)
        else:
            head = struct.pack(">BBQ", 0x80 | kind, 0x80 | 127, length)
        mask = os.urandom(4)
        repeated = int.from_bytes((mask * (length // 4 + 1))[:length], "big")
        masked = (int.from_bytes(payload, "big") ^ repeated).to_bytes(length, "big")
        self._socket.settimeout(_SEND_S)
        try:
            self._socket.sendall(head + mask + masked)
        except TimeoutError as error:  # a frame sent by half: nothing can follow it
            raise ConnectionError("the service takes nothing") from error

    def _frame(self, deadline: float) -> tuple[bool, int, bytes]:
        """The next frame: whether it ends its message, its kind, its payload. What came of it so far is kept."""
        self._need(2, deadline)
        first, second = self._buffer[0], self._buffer[1]
        length, head = second & 0x7F, 2
        if second & 0x80:
            raise ConnectionError("a service does not mask")
        if length >= 126:
            size = 2 if length == 126 else 8
            self._need(2 + size, deadline)
            length, head = int.from_bytes(self._buffer[2 : 2 + size], "big"), 2 + size
        if length > _MESSAGE_BYTES:
            raise ConnectionError("a message is too long")
        self._need(head + length, deadline)
        payload = bytes(self._buffer[head : head + length])
        del self._buffer[: head + length]
        return bool(first & 0x80), first & 0x0F, payload

    def _need(self, count: int, deadline: float) -> None:
        while len(self._buffer) < count:
            self._fill(deadline)

    def _fill(self, deadline: float) -> None:
        """Take what has come. Raises TimeoutError at the deadline, OSError."""
        self._socket.settimeout(max(deadline - time.monotonic(), 1e-4))
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionError("the connection has broken")
        self._buffer += data
