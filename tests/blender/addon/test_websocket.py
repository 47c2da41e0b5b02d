"""The WebSocket client against a server that speaks frames by hand, and against the real service."""

from __future__ import annotations

import base64
import hashlib
import socket
import struct
import threading
from collections.abc import Callable

import pytest

from blender_addon.answers import ServiceError
from blender_addon.client import connect
from blender_addon.websocket import WebSocket


class Peer:
    """A server of one connection: shakes hands, then does what the test says."""

    def __init__(self, script: Callable[[Peer], None], status: str = "101 Switching Protocols") -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"ws://127.0.0.1:{self._listener.getsockname()[1]}/v1/stream"
        self.head = b""
        self._script, self._status = script, status
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        self.socket, _ = self._listener.accept()
        with self._listener, self.socket:
            while b"\r\n\r\n" not in self.head:
                self.head += self.socket.recv(4096)
            key = next(line for line in self.head.split(b"\r\n") if line.startswith(b"Sec-WebSocket-Key")).split()[1]
            accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()).decode()
            answer = f"HTTP/1.1 {self._status}\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
            self.socket.sendall(answer.encode())
            self._script(self)

    def say(self, kind: int, payload: bytes, final: bool = True) -> None:
        length = len(payload)
        if length < 126:
            size = bytes([length])
        elif length < 65536:
            size = b"\x7e" + struct.pack(">H", length)
        else:
            size = b"\x7f" + struct.pack(">Q", length)
        self.socket.sendall(bytes([final << 7 | kind]) + size + payload)

    def hear(self) -> tuple[int, bytes]:
        first, second = self._exactly(2)
        assert second & 0x80, "a client masks"
        length = second & 0x7F
        if length >= 126:
            length = int.from_bytes(self._exactly(2 if length == 126 else 8), "big")
        mask = self._exactly(4)
        return first & 0x0F, bytes(byte ^ mask[index % 4] for index, byte in enumerate(self._exactly(length)))

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            assert part
            data += part
        return data


@pytest.mark.parametrize("length", [0, 1, 125, 126, 65535, 65536, 300_000])
def test_messages_of_every_length_go_both_ways(length):
    def echo(peer: Peer) -> None:
        peer.say(*peer.hear())

    message = bytes(index % 251 for index in range(length))
    opened = WebSocket(Peer(echo).url, "secret")
    opened.send(message)
    assert opened.recv(10) == message


def test_text_in_parts_with_a_ping_between_them():
    heard = []

    def script(peer: Peer) -> None:
        peer.say(1, "grü".encode(), final=False)
        peer.say(9, b"there?")
        peer.say(0, "ße".encode())
        heard.append(peer.hear())
        peer.say(8, struct.pack(">H", 1000))

    opened = WebSocket(Peer(script).url, "secret")
    assert opened.recv(10) == "grüße"
    with pytest.raises(ConnectionError, match="closed"):
        opened.recv(10)
    assert heard == [(10, b"there?")]


def test_nothing_comes_in_time_and_nothing_is_lost():
    go = threading.Event()

    def script(peer: Peer) -> None:
        peer.socket.sendall(b"\x82\x04ab")
        go.wait(10)
        peer.socket.sendall(b"cd")

    opened = WebSocket(Peer(script).url, "secret")
    with pytest.raises(TimeoutError):
        opened.recv(0.05)
    go.set()
    assert opened.recv(10) == b"abcd"


def test_the_token_is_shown_and_a_refusal_told():
    peer = Peer(lambda _: None, status="403 Forbidden")
    with pytest.raises(ConnectionError, match="403"):
        WebSocket(peer.url, "secret")
    assert b"Authorization: Bearer secret\r\n" in peer.head


@pytest.mark.parametrize("bytes_sent", [b"\x82\xff" + bytes(12), b"\x82\x7f" + struct.pack(">Q", 1 << 40), b""])
def test_what_is_no_frame_of_a_service_breaks_the_connection(bytes_sent):
    opened = WebSocket(Peer(lambda peer: peer.socket.sendall(bytes_sent)).url, "secret")
    with pytest.raises(ConnectionError):
        opened.recv(5)


def test_a_service_that_refuses_says_why(service):
    with pytest.raises(ServiceError, match="60 frames"):
        connect(service.data).stream(fps="100")


def test_the_real_service_makes_motion_of_a_text_through_a_cut(service):
    stream = connect(service.data).stream(fps="25", rate=16000)
    stream.say("Hello there.")
    stream.cut()
    stream.end()
    messages = list(stream.messages())
    stream.close()
    frames = [frame["frame"] for message in messages if message["type"] == "motion" for frame in message["frames"]]
    assert frames == list(range(len(frames)))
    assert len(frames) == messages[-1]["frames"] > 10
    assert stream.reconnects == 1
