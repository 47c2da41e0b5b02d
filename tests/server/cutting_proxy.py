"""A way to a service that breaks: a TCP proxy that cuts connections after so many bytes."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator


class CuttingProxy:
    """Forwards to `port` of this machine. cuts: bytes, to or fro, that each next connection may carry; then no limit.

    connections: how many there have been.
    """

    def __init__(self, port: int, cuts: list[int]) -> None:
        self._target, self._cuts = port, list(cuts)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.connections = 0
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break every connection now."""
        for end in self._open:
            _shut(end)
        self._open.clear()

    def close(self) -> None:
        """Take no more connections."""
        _shut(self._listener)
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            left = [self._cuts.pop(0) if self._cuts else 2**60]
            far = socket.create_connection(("127.0.0.1", self._target))
            self._open += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(source, sink, left), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, left: list[int]) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                # the service looks at the port in the Host header
                data = data.replace(b"127.0.0.1:%d" % self.port, b"127.0.0.1:%d" % self._target)
                sink.sendall(data[: max(left[0], 0)])
                left[0] -= len(data)
                if left[0] <= 0:
                    break
        _shut(source)
        _shut(sink)


@contextlib.contextmanager
def cutting(port: int, cuts: list[int]) -> Iterator[CuttingProxy]:
    """A proxy until the block ends."""
    proxy = CuttingProxy(port, cuts)
    try:
        yield proxy
    finally:
        proxy.close()


def _shut(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
