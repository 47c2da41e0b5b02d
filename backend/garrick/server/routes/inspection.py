"""/v1/inspect: which faces a portrait shows, before any job is asked for."""

from __future__ import annotations

import anyio.to_thread
from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from ..answers import Refused, failures
from ..assets import PREFIX
from ..inspection import Inspection
from ..service import service_of
from ..wire import Asset

router = APIRouter(prefix="/inspect", tags=["inspection"])


class InspectRequest(BaseModel):
    """A picture to be looked at."""

    model_config = ConfigDict(extra="forbid")

    portrait: Asset = Field(description='"sha256:..." of an upload.')


@router.post("", responses=failures(429, 503))
async def inspect(body: InspectRequest, request: Request) -> Inspection:
    """The faces of an uploaded picture, and what a job would say to each. Seconds the first time, then at once.

    Nothing is made of a face here, so that nobody has to answer for its use yet.
    """
    service = service_of(request)
    digest = body.portrait.removeprefix(PREFIX)
    path = await anyio.to_thread.run_sync(service.assets.find, digest)
    if path is None:
        raise Refused(422, "asset", "Not uploaded yet: portrait.", "Put it to /v1/assets first.")
    return await service.inspector.inspect(digest, path)
