"""/v1/stream: lets a WebSocket in and hands it to the stream."""

from __future__ import annotations

import asyncio
import json

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from ..security import same
from ..service import Service, service_of
from ..stream import serve_stream

router = APIRouter()

_TOKEN_BYTES = 1000


@router.websocket("/stream")
async def stream(websocket: WebSocket) -> None:
    """The token comes in the Authorization header, or as the first message: {"token": "..."}."""
    service = service_of(websocket)
    await websocket.accept()
    try:
        if not websocket.scope["garrick.authorised"] and not await _shows_token(websocket, service):
            await websocket.close(1008, "The token is missing or wrong.")
            return
        await serve_stream(websocket, service.settings)
    except WebSocketDisconnect:
        return


async def _shows_token(websocket: WebSocket, service: Service) -> bool:
    try:
        message = await asyncio.wait_for(websocket.receive_text(), service.settings.header_s)
        given = json.loads(message)["token"] if len(message) <= _TOKEN_BYTES else ""
    except (TimeoutError, KeyError, TypeError, ValueError, RecursionError):
        return False
    return isinstance(given, str) and same(given, service.token)
