"""What clients did, a line each; never what they sent or what they showed."""

from __future__ import annotations

import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_log = logging.getLogger("garrick.access")

_PATH = 200  # letters of a path that are kept


class AccessLog:
    """Logs every request that changed something, was refused or failed; the many that only looked are not logged."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begin, status = time.perf_counter(), 0

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            if scope["method"] not in ("GET", "HEAD") or status >= 400:
                _log.info(
                    "request",
                    extra={
                        "method": scope["method"],
                        "path": scope["path"][:_PATH],
                        "status": status,
                        "ms": round(1000 * (time.perf_counter() - begin), 1),
                    },
                )
