"""Who may speak with the service, and how much they may say: checked before anything is routed or read."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .answers import Refused, answer
from .settings import LOOPBACK, Settings

OPEN = frozenset({"/v1/health"})
"""What is answered without a token (and then says little)."""

_ASSETS = "/v1/assets/"
_WILD = ("0.0.0.0", "::")
_HEADERS = [(b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store")]


def new_token() -> str:
    """A token of 256 random bits."""
    return secrets.token_urlsafe(32)


def same(given: str, token: str) -> bool:
    """Whether a client has the token; the time this takes tells nothing about it."""
    return hmac.compare_digest(given.encode(errors="replace"), token.encode())


def bearer(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The token of the Authorization header, "" for another scheme, None when there is no such header."""
    for name, value in headers:
        if name == b"authorization":
            scheme, _, given = value.decode("latin-1").partition(" ")
            return given.strip() if scheme.lower() == "bearer" else ""
    return None


class Guard:
    """Wraps the app: Host, Origin, token and size of every request.

    A browser that was led to another site's page cannot get in: it has no token, its Host header names that site (DNS
    rebinding), and no CORS header ever allows it to read an answer.
    A WebSocket may bring its token in the first message instead; its route asks for it.
    """

    def __init__(self, app: ASGIApp, settings: Settings, token: str) -> None:
        self._app = app
        self._settings = settings
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        try:
            scope["garrick.authorised"] = self._check(scope)
            limit = self._limit(scope)
        except Refused as error:
            await _refuse(error, scope, receive, send)
            return
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        await self._app(scope, _counted(receive, limit), _hardened(send))

    def _check(self, scope: Scope) -> bool:
        """Whether the client has shown the token. Raises Refused."""
        if _head_size(scope) > self._settings.header_bytes:  # h11 lets through what arrives all at once
            raise head_too_long(self._settings.header_bytes)
        host = _header(scope, b"host")
        if host is None or not host_allowed(host, self._settings.host, (scope.get("server") or ("", 0))[1]):
            raise Refused(421, "host", "The Host header does not name this service.", "Use the url of runtime.json.")
        origin = _header(scope, b"origin")
        if origin is not None and urlsplit(origin).netloc != host:
            raise Refused(403, "origin", "Pages of other sites may not use this service.")
        given = bearer(scope["headers"])
        if given is not None and same(given, self._token):
            return True
        if given is None and (scope["path"] in OPEN or scope["type"] == "websocket"):
            return False
        raise Refused(
            401,
            "token",
            "The token is missing or wrong.",
            "Send Authorization: Bearer with the token of runtime.json; it is a new one after each start.",
            {"WWW-Authenticate": "Bearer"},
        )

    def _limit(self, scope: Scope) -> int:
        """How many bytes the body may have. Raises Refused for a Content-Length that says more."""
        upload = scope["type"] == "http" and scope["method"] == "PUT" and scope["path"].startswith(_ASSETS)
        limit = self._settings.asset_bytes if upload else self._settings.json_bytes
        length = _header(scope, b"content-length")
        if length is not None and (not length.isdecimal() or int(length) > limit):
            raise too_large(limit)
        return limit


def host_allowed(host: str, bound: str, port: int | None) -> bool:
    """Whether a Host header names the service that is bound to `bound`:`port`.

    A service on all addresses answers to any address in numbers (those cannot be rebound) and to the machine's name.
    """
    try:
        parts = urlsplit(f"//{host}")
        name, said = parts.hostname, parts.port
    except ValueError:
        return False
    if name is None or parts.username is not None or parts.path or parts.query or parts.fragment:
        return False
    if said != port and not (said is None and port in (80, 443)):
        return False
    if name == bound.lower() or name in LOOPBACK:
        return True
    return bound in _WILD and (_is_address(name) or name == socket.gethostname().lower())


def too_large(limit: int) -> Refused:
    return Refused(413, "too_large", f"The body is larger than {limit:,} bytes.", "Send less.")


def head_too_long(limit: int) -> Refused:
    return Refused(431, "too_large", "The head of the request is too long.", f"Send at most {limit:,} bytes.")


def _head_size(scope: Scope) -> int:
    lines = sum(len(name) + len(value) + 4 for name, value in scope["headers"])
    return len(scope.get("raw_path") or b"") + len(scope["query_string"]) + lines


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _header(scope: Scope, name: bytes) -> str | None:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), None)


async def _refuse(error: Refused, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": error.user_message})
    else:
        await answer(error)(scope, receive, _hardened(send))


def _counted(receive: Receive, limit: int) -> Receive:
    """`receive` that stops a body which grows beyond the limit without having said so."""
    seen = 0

    async def count() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > limit:
                raise too_large(limit)
        return message

    return count


def _hardened(send: Send) -> Send:
    """`send` that tells browsers to take no answer for a page and to keep none."""

    async def add(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", []), *_HEADERS]}
        await send(message)

    return add
