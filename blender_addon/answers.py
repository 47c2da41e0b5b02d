"""What the service answers, and how a broken connection shows."""

from __future__ import annotations

import http.client

from .core.service_wire import problem

BROKEN = (OSError, http.client.HTTPException)
"""What a connection may die of; time-outs are OSErrors."""

_BLOCK = 1 << 18


class ServiceError(Exception):
    """What went wrong, in a sentence, and what to do about it.

    kind: a word for programs ("consent", "not_found", "unreachable", ...). status: HTTP's, 0 when nobody answered.
    """

    def __init__(self, kind: str, message: str, fix: str | None = None, status: int = 0) -> None:
        super().__init__(message if fix is None else f"{message} {fix}")
        self.kind, self.user_message, self.fix, self.status = kind, message, fix, status


class Broken(Exception):
    """The connection broke, or nobody answered."""


def received(response: http.client.HTTPResponse) -> bytes:
    """The next part of a body, empty at its end. Raises Broken, also for a body that ends too early."""
    try:
        data = response.read(_BLOCK)
    except BROKEN as error:
        raise Broken(str(error)) from error
    if not data and response.length:
        raise Broken("The answer ended too early.")
    return data


def whole(response: http.client.HTTPResponse) -> bytes:
    return b"".join(iter(lambda: received(response), b""))


def check(response: http.client.HTTPResponse) -> None:
    """Raise what the service says is wrong, if anything."""
    if response.status < 400:
        return
    kind, message, fix = problem(response.status, whole(response))
    raise ServiceError(kind, message, fix, response.status)


def unreachable(error: Exception) -> ServiceError:
    return ServiceError("unreachable", f"The service cannot be reached ({error}).", "Start it with: garrick serve")
