"""A live stream from the client's side, whatever it speaks WebSocket with: inputs kept until taken, cuts survived.

The messages are those of /v1/stream (docs/service.md). Standard library only.
"""

from __future__ import annotations

import json
import struct
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Protocol

_NUMBER, _MOMENT = struct.Struct(">I"), struct.Struct(">d")
_READY_S = 60.0
_TRIES = 8
_WAITING = 64  # inputs that the service has not taken; then `feed` waits
_PATIENCE_S = 60.0
_BEHIND = 3  # inputs that the service has not taken; then a camera's picture is left out


class Socket(Protocol):
    """An open WebSocket. `send` and `recv` raise OSError when it has broken, `recv` TimeoutError when nothing came."""

    def send(self, message: str | bytes) -> None: ...

    def recv(self, timeout: float) -> str | bytes: ...

    def cut(self) -> None: ...

    def close(self) -> None: ...


class LiveStream:
    """One session. Not for several threads at once.

    connect: opens a WebSocket with the service; raises OSError. start: the members of the start message.
    failure: failure(sentence, fix, refused) makes the exception to raise; refused: the service said no, and why.
    reconnects: how often the connection was taken up again.
    gestures, emotions: the names of what can be asked for; none before a camera, no gestures where arms stay as they are.
    """

    def __init__(
        self,
        connect: Callable[[], Socket],
        start: dict[str, Any],
        failure: Callable[[str, str | None, bool], Exception],
    ) -> None:
        self._connect, self._failure = connect, failure
        self._inputs: deque[tuple[int, str | bytes]] = deque()  # that the service has not taken
        self._next = 0
        self._id = -1
        self._arrived: deque[dict[str, Any]] = deque()
        self._over = False
        self.reconnects = 0
        self.gestures: tuple[str, ...] = ()
        self.emotions: tuple[str, ...] = ()
        self._socket = self._open({"type": "start", **start})

    def feed(self, samples: bytes) -> int:
        """Send a chunk of the voice in the format of the start; its input number. Waits when the service is behind."""
        return self._put(_NUMBER.pack(self._next) + samples)

    def show(self, seconds: float, jpeg: bytes) -> int | None:
        """Send a camera's picture and its time, later than the last; its input number, None when it is left out.

        It is when the service is behind: an old picture is worth nothing. Read `messages` between two pictures.
        """
        if len(self._inputs) >= _BEHIND:
            return None
        return self._put(_NUMBER.pack(self._next) + _MOMENT.pack(seconds) + jpeg)

    def calibrate(self) -> int:
        """Have the calm face before the camera learnt anew."""
        return self._put(json.dumps({"type": "calibrate", "input": self._next}))

    def say(self, text: str) -> int:
        """Have a text spoken after what came so far."""
        return self._put(json.dumps({"type": "text", "input": self._next, "text": text}))

    def gesture(self, name: str) -> int:
        """Have a gesture of `gestures` made now, whatever is said."""
        return self._put(json.dumps({"type": "gesture", "input": self._next, "gesture": name}))

    def feel(self, emotion: str, strength: float = 0.7) -> int:
        """Have one of `emotions` felt from now on, at 0..1, until the next one."""
        message = {"type": "emotion", "input": self._next, "emotion": emotion, "strength": strength}
        return self._put(json.dumps(message))

    def flush(self) -> int:
        """Ask for the motion up to here."""
        return self._put(json.dumps({"type": "flush", "input": self._next}))

    def end(self) -> int:
        """Nothing more will come."""
        return self._put(json.dumps({"type": "end", "input": self._next}))

    @property
    def over(self) -> bool:
        """The service has said its last word."""
        return self._over

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
                    raise self._failure("The stream has fallen silent.", "Start a new one.", False)
                return

    def cut(self) -> None:
        """Break the connection, as a network does; the next call takes the session up again."""
        self._socket.cut()

    def close(self) -> None:
        """Leave."""
        with suppress(OSError):
            self._socket.close()

    def _put(self, message: str | bytes) -> int:
        number = self._next
        self._next += 1
        self._inputs.append((number, message))
        try:
            self._socket.send(message)
        except OSError:
            self._return()
        end = time.monotonic() + _PATIENCE_S
        while len(self._inputs) > _WAITING and not self._over:
            if time.monotonic() > end:
                raise self._failure("The service does not take any more sound.", "Start a new stream.", False)
            self._receive(1.0)
        return number

    def _receive(self, timeout: float) -> bool:
        """Take one message; whether one came."""
        try:
            data = self._socket.recv(timeout)
        except TimeoutError:
            return False
        except OSError:
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
            with suppress(OSError):  # the next `recv` will find out
                self._socket.send(json.dumps({"type": "ack", "id": self._id}))
        elif message["type"] == "error":
            raise self._failure(message["message"], message["fix"], True)
        self._arrived.append(message)

    def _taken(self, number: int) -> None:
        while self._inputs and self._inputs[0][0] <= number:
            self._inputs.popleft()

    def _open(self, first: dict[str, Any]) -> Socket:
        """Raises OSError when nobody is there, `failure` when the service refuses."""
        opened = self._connect()
        try:
            opened.send(json.dumps(first))
            answer = json.loads(opened.recv(_READY_S))
        except OSError:
            opened.close()
            raise
        if answer["type"] == "error":
            opened.close()
            raise self._failure(answer["message"], answer["fix"], True)
        self._session = answer["session"]
        self.gestures, self.emotions = (tuple(answer.get(name, ())) for name in ("gestures", "emotions"))
        self._taken(answer["input"])
        return opened

    def _return(self) -> None:
        """Take the session up again, and send again what was not taken."""
        with suppress(OSError):
            while True:  # what came before the connection broke may say why
                self._take(self._socket.recv(0))
        for attempt in range(_TRIES):
            self.close()
            try:
                self._socket = self._open({"type": "resume", "session": self._session, "id": self._id})
                for _, message in list(self._inputs):
                    self._socket.send(message)
                self.reconnects += 1
                return
            except OSError as error:
                if attempt == _TRIES - 1:
                    fix = "Start it with: garrick serve"
                    raise self._failure(f"The service cannot be reached: {error}.", fix, False) from error
                time.sleep(min(0.1 * 2**attempt, 5.0))
