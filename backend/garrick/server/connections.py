"""One client's connection: what uvicorn's own protocol lacks against clients that are slow on purpose, or too many."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from http import HTTPStatus
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from .answers import Refused, body
from .security import head_too_long
from .settings import Settings

_log = logging.getLogger(__name__)

BODY_RATE = 1000
"""Bytes a second that a body must bring, on average over each `body_s`."""

_LINGER_S = 2.0  # a client that is still sending what was refused gets so long to read the answer


def guarded(settings: Settings) -> type[asyncio.Protocol]:
    """uvicorn's HTTP/1.1 protocol under the limits of `settings`."""

    class Guarded(_Guarded):
        limits = settings

    return Guarded


class _Guarded(H11Protocol):
    """Closes a connection whose head, body or reading takes too long, and answers JSON where uvicorn answers text.

    One timer runs at a time. Waiting for a head: `header_s` for all of it. In a body: each `body_s` must bring
    BODY_RATE. While a request is being answered: none, but a client that does not take its bytes has `write_s`.
    """

    limits: Settings

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._stage = ""
        self._timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None
        self._received = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # asyncio forgets this for a listener that was handed to it, and each answer then waits 40 ms for the client's ACK
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if len(self.connections) > self.limits.connections:
            self._refuse(Refused(503, "busy", "Too many connections are open.", "Close some, or wait."))
            self.transport.close()
            return
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timers()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._stage == "closing":
            return
        self._received += len(data)
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self._stop_timers()
        self._stage = "upgraded"
        super().handle_websocket_upgrade(event)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._write_timer is None:
            self._write_timer = self.loop.call_later(self.limits.write_s, self._abort, "does not read its answer")

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    def shutdown(self) -> None:
        if self._stage == "closing":
            self.transport.close()
        else:
            super().shutdown()

    def send_400_response(self, msg: str) -> None:
        """Called by uvicorn while it handles h11's error, which knows whether the head was too long."""
        error = sys.exc_info()[1]
        if isinstance(error, h11.RemoteProtocolError) and error.error_status_hint == 431:
            self._refuse(head_too_long(self.limits.header_bytes))
        else:
            self._refuse(Refused(400, "http", "This is no valid HTTP request."))

    def _watch(self) -> None:
        """Set the timer of the stage that the connection is in, if it has just come into it."""
        stage = self._stage_now()
        if stage == self._stage:
            return
        self._stage = stage
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.transport.is_closing():
            return
        if stage == "head":
            self._timer = self.loop.call_later(self.limits.header_s, self._late, "The head of the request")
        elif stage == "body":
            self._timer = self.loop.call_later(self.limits.body_s, self._check_rate, self._received)
        elif stage == "refused":
            self._timer = self.loop.call_later(_LINGER_S, self.transport.close)

    def _stage_now(self) -> str:
        if self._stage in ("upgraded", "closing"):
            return self._stage
        answering = self.cycle is not None and not self.cycle.response_complete
        if answering:
            return "body" if self.cycle.more_body else "answer"
        if self.conn.their_state is h11.SEND_BODY:
            return "refused"
        # an idle connection is uvicorn's to close (keep-alive); one that has begun a head is ours
        return "head" if self.cycle is None or self.conn.trailing_data[0] else "idle"

    def _check_rate(self, before: int) -> None:
        if not self.flow.read_paused and self._received - before < BODY_RATE * self.limits.body_s:
            self._late("The body of the request")
        else:
            self._timer = self.loop.call_later(self.limits.body_s, self._check_rate, self._received)

    def _late(self, what: str) -> None:
        if self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete:
            self._abort("is too slow")
        else:
            self._refuse(Refused(408, "timeout", f"{what} came too slowly.", "Try again."))

    def _refuse(self, error: Refused) -> None:
        """Answer without the app and close; a client that is still sending would lose the answer if that came at once."""
        _log.warning("connection refused", extra={"status": error.status, "kind": error.kind})
        self._stop_timers()
        self._stage = "closing"
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True  # the app learns it when the connection is lost
            if self.cycle.response_started:
                self.transport.abort()
                return
        content = body(error.kind, error.user_message, error.fix)
        head = (
            f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(content)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + content)
        if self.transport.can_write_eof():
            self.transport.write_eof()
            self.transport.resume_reading()
            self._timer = self.loop.call_later(_LINGER_S, self.transport.close)
        else:  # TLS
            self.transport.close()

    def _abort(self, why: str) -> None:
        _log.warning("connection dropped: the client %s", why)
        self._stop_timers()
        self.transport.abort()

    def _stop_timers(self) -> None:
        for timer in (self._timer, self._write_timer):
            if timer is not None:
                timer.cancel()
        self._timer = self._write_timer = None
