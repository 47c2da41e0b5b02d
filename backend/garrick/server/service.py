"""Service: what the routes work on."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request, WebSocket

from .assets import AssetStore
from .consent import Consents
from .events import Hub
from .inspection import Inspector
from .settings import Settings
from .store import JobStore
from .supervisor import Supervisor


@dataclass(frozen=True)
class Service:
    """The parts of one running service. token: what its clients must show."""

    settings: Settings
    store: JobStore
    supervisor: Supervisor
    assets: AssetStore
    consents: Consents
    hub: Hub
    inspector: Inspector
    token: str


def service_of(connection: Request | WebSocket) -> Service:
    """The service that a request came to."""
    return connection.app.state.service
