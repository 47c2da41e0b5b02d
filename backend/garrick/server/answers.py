"""What the API says when it cannot do what was asked: {"error": {"kind", "message", "fix"}}, always."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from garrick.errors import GarrickError, InputError, MissingError, OutputError

from .records import Conflict, UnknownJob


class Refused(GarrickError):
    """A request that is turned down, with its HTTP status.

    kind:    a word for programs.
    headers: what else the client needs to go on.
    """

    def __init__(
        self, status: int, kind: str, message: str, fix: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message, fix)
        self.status = status
        self.kind = kind
        self.headers = dict(headers or {})


class Problem(BaseModel):
    """What went wrong and what to do about it."""

    kind: str = Field(description="A word for programs.")
    message: str = Field(description="One sentence for people.")
    fix: str | None = Field(description="What to do about it.")


class Failure(BaseModel):
    """Every answer that is not a success."""

    error: Problem


def failures(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI entry of a route that may answer with these, besides those that every route may answer with."""
    return {status: {"model": Failure} for status in (400, 401, 403, 413, 421, 422, 507, *statuses)}


def body(kind: str, message: str, fix: str | None = None) -> bytes:
    """The JSON of a failure; ASCII, so that whatever a client sent can be quoted in it."""
    return json.dumps({"error": {"kind": kind, "message": message, "fix": fix}}).encode()


def answer(error: GarrickError) -> Response:
    """The response to a known error."""
    if isinstance(error, Refused):
        content = body(error.kind, error.user_message, error.fix)
        return Response(content, error.status, error.headers, media_type="application/json")
    status, kind = _status(error)
    return Response(body(kind, error.user_message, error.fix), status, media_type="application/json")


def handle_errors(app: FastAPI) -> None:
    """Let every error of the app's routes leave in the one form."""
    app.add_exception_handler(GarrickError, _known)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unexpected)


def _status(error: GarrickError) -> tuple[int, str]:
    match error:
        case UnknownJob():
            return 404, "not_found"
        case Conflict():
            return 409, "conflict"
        case InputError():
            return 422, "input"
        case MissingError():
            return 503, "missing"
        case OutputError():
            return 507, "output"
        case _:
            return 500, "failed"


async def _known(request: Request, error: Exception) -> Response:
    assert isinstance(error, GarrickError)
    return answer(error)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, GarrickError):  # FastAPI's word for what the guard raised while the body was read
        return answer(error.__cause__)
    kind, message, fix = {
        404: ("not_found", "There is nothing at this address.", "See /v1/openapi.json."),
        405: ("method", "This address does not take that method.", "See /v1/openapi.json."),
        400: ("input", "The body could not be read.", "Send JSON in UTF-8."),
        413: ("too_large", "The body is too large.", None),
    }.get(error.status_code, ("refused", "The request was refused.", None))
    content = body(kind, message, fix)
    return Response(content, error.status_code, error.headers, media_type="application/json")


async def _invalid(request: Request, error: Exception) -> Response:
    """What was wrong and where; never what was sent, which may be long or private."""
    assert isinstance(error, RequestValidationError)
    return answer(Refused(422, "input", " ".join(map(sentence, error.errors()[:8])), "See /v1/schema."))


def sentence(error: Any) -> str:
    """One of pydantic's errors as a line."""
    place = ".".join(str(part)[:60] for part in error["loc"] if part != "body")
    known = {"extra_forbidden": "there is no such field", "missing": "it is missing"}.get(error["type"])
    message = (known or str(error["msg"]).removeprefix("Value error, ")).rstrip(".") + "."
    return f"{place}: {message}" if place else message


async def _unexpected(request: Request, error: Exception) -> Response:
    """A bug: its traceback goes to the log (by whoever catches it next), none of it to the client."""
    return answer(Refused(500, "bug", "The service failed unexpectedly; its log says where.", "Please report it."))
