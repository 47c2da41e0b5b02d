"""The HTTP API: one FastAPI app over the store, the supervisor and the assets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import APIRouter, Depends, FastAPI
from fastapi.security import HTTPBearer

import garrick

from .access_log import AccessLog
from .answers import handle_errors
from .assets import AssetStore
from .consent import Consents
from .events import Hub
from .inspection import Inspector
from .retention import keep_house
from .routes import artifacts, assets, health, inspection, jobs, stream
from .security import Guard
from .service import Service
from .settings import Settings
from .store import JobStore
from .stream import Streams
from .supervisor import Supervisor

_ABOUT = "A portrait, a voice and a line of text become a performance. Errors are {error: {kind, message, fix}}."


def create_app(settings: Settings, store: JobStore, supervisor: Supervisor, token: str) -> FastAPI:
    """The app; its life begins and ends the supervisor's. token: what every client must show."""
    hub = Hub()
    store.changed = hub.tell
    consents = Consents(settings.data / "consents")
    service = Service(settings, store, supervisor, AssetStore(settings), consents, hub, Inspector(settings), token)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        hub.open()
        await supervisor.start()
        house = asyncio.create_task(keep_house(store, settings, service.assets))
        try:
            yield
        finally:
            hub.close()
            house.cancel()
            with suppress(asyncio.CancelledError):
                await house
            await app.state.streams.close()
            await supervisor.stop()

    app = FastAPI(
        title="Garrick",
        version=garrick.__version__,
        description=_ABOUT,
        lifespan=life,
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.service = service
    app.state.streams = Streams(settings)
    # the guard checks the token; this tells readers of the OpenAPI document about it
    rest = APIRouter(prefix="/v1", dependencies=[Depends(HTTPBearer(auto_error=False))])
    for resource in (health, assets, inspection, jobs, artifacts):
        rest.include_router(resource.router)
    app.include_router(rest)
    app.include_router(stream.router, prefix="/v1")
    handle_errors(app)
    app.add_middleware(Guard, settings=settings, token=token)
    app.add_middleware(AccessLog)
    return app
