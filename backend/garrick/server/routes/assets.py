"""/v1/assets: upload a file once, in as many parts as the connection allows."""

from __future__ import annotations

import re
from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Header, Path, Request, Response
from pydantic import BaseModel, Field

from ..answers import Refused, failures
from ..assets import PREFIX
from ..service import service_of
from ..wire import HASH

router = APIRouter(prefix="/assets", tags=["assets"])

Digest = Annotated[str, Path(pattern=f"^{HASH}$", description="SHA-256 of the content, hexadecimal, lower case.")]

_RANGE = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15})", re.ASCII)
_BINARY = {"requestBody": {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}}


class Uploaded(BaseModel):
    """Where an upload stands. asset: what a job calls it, once it is whole."""

    asset: str
    offset: int = Field(description="Bytes that have come.")
    whole: bool


@router.head("/{digest}", responses=failures(404), response_class=Response)
async def look(digest: Digest, request: Request) -> Response:
    """200 with its Content-Length when the asset is there, else 404 with Upload-Offset: where to go on."""
    assets = service_of(request).assets
    path = await anyio.to_thread.run_sync(assets.find, digest)
    if path is not None:
        return Response(headers={"Content-Length": str(path.stat().st_size)}, media_type="application/octet-stream")
    return Response(status_code=404, headers={"Upload-Offset": str(assets.offset(digest))})


@router.put(
    "/{digest}",
    responses={200: {"model": Uploaded}, 201: {"model": Uploaded}, 202: {"model": Uploaded}, **failures(408, 409, 429)},
    openapi_extra=_BINARY,
)
async def upload(
    digest: Digest,
    request: Request,
    response: Response,
    content_range: Annotated[str | None, Header(description="bytes FIRST-LAST/TOTAL of a part.")] = None,
    content_length: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Uploaded:
    """Send an asset, whole or the part of it that Content-Range names.

    201: it is whole and its hash is right. 202: more is to come, from Upload-Offset on. 200: it was there already.
    409: the part does not begin at Upload-Offset. 422: the whole has another hash; begin anew.
    """
    assets = service_of(request).assets
    if await anyio.to_thread.run_sync(assets.find, digest) is not None:
        return _told(response, 200, digest, assets.path(digest).stat().st_size)
    length = None if content_length is None else int(content_length)
    start, size, total = (0, length, length) if content_range is None else _part(content_range, length)
    if not await assets.append(digest, start, size, total, request.stream()):
        return _told(response, 202, digest, assets.offset(digest))
    return _told(response, 201, digest, assets.path(digest).stat().st_size)


def _part(words: str, length: int | None) -> tuple[int, int, int]:
    """Start, size and total of a Content-Range. Raises Refused."""
    match = _RANGE.fullmatch(words.strip())
    first, last, total = map(int, match.groups()) if match else (0, -1, 0)
    if not first <= last < total or (length is not None and length != last - first + 1):
        raise Refused(400, "input", "Content-Range is not understood.", "Write it like: bytes 0-1023/4096.")
    return first, last - first + 1, total


def _told(response: Response, status: int, digest: str, offset: int) -> Uploaded:
    response.status_code = status
    response.headers["Upload-Offset"] = str(offset)
    return Uploaded(asset=PREFIX + digest, offset=offset, whole=status != 202)
