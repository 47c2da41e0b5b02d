"""/v1/stream: a voice, a text or a camera in, motion and pictures out, while somebody speaks or acts.

A WebSocket. JSON messages have a "type"; binary messages are a big-endian uint32 and what it numbers. The client:

    {"type": "start", "camera": null, "portrait": "sha256:..." | null, "consent"?: true, "fps": "25", "rate": 16000,
     "format": "s16" | "f32", "frames": "none" | "jpeg" | "webp", "size": [512, 512], "background": "sha256:..." | null,
     "expression", "head_motion", "gestures", "learned", "seed"}    first; all but the type may be left out. Or, after a cut:
    {"type": "resume", "session": "...", "id": 41}        id: of the last message that arrived, -1 for none
    binary: input number, samples               a chunk of the voice, mono, any length
    {"type": "text", "input": 7, "text": "..."}           something to say after what came so far, at most 500 characters
    {"type": "gesture", "input": 8, "gesture": "wave"}    a gesture to make now, whatever is said
    {"type": "emotion", "input": 9, "emotion": "happy", "strength"?: 0.7}    what to feel from now on, at 0..1
    {"type": "flush", "input": 10}              motion up to here without waiting for what follows
    {"type": "end", "input": 11}                nothing more will come
    {"type": "ack", "id": 41}                   messages up to this one have arrived

Chunks, texts, gestures, emotions, flush and end are inputs: they share the numbers 0, 1, 2, ... A gesture or emotion of no
such name gets an error with an id, and the stream goes on.

A stream that sees instead of hearing has in its start "camera": 0, 1 ... for a camera of the service's machine, or
"camera": "frames", and no rate, format, expression, head_motion, gestures, learned or seed. Its inputs, beside flush and
end:

    binary: input number, big-endian float64 seconds, JPEG        a picture, for "frames" only; times rise
    {"type": "calibrate", "input": 10}          learn the calm face anew; the first calibration begins by itself

The service:

    {"type": "ready", "session": "...", "input": -1,      input: the last one that was taken; send on from the next
     "gestures": ["beat", ...], "emotions": [...]}        of a voice: what can be asked for
    {"type": "taken", "input": 7}               inputs up to this one need not be sent again
    {"type": "motion", "id": 3, "frames": [{"frame": 0, "time": 0.0, "face": [52 weights], "head": {"rotation": [3],
     "translation": [3]}, "gaze": [[yaw, pitch], [yaw, pitch]], "body": {"spine1": [3], ..., "right_wrist": [3]},
     "left_hand": [15 x 3], "right_hand": [15 x 3]}, ...]}
                                                units and order of a Performance; a camera's have no body and no
                                                hands, and at gestures 0 there are no arms and no hands
    {"type": "sound", "id": 4, "time": 1.5, "rate": 16000, "samples": "..."}     the voice of a text: 16-bit, base64
    binary: frame number, JPEG or WebP          pictures of the motion, in order; some are left out when there is no time,
                                                the motion itself going first
    {"type": "behind", "dropped": 3}            so many pictures were left out since the last word of it
    {"type": "error", "kind", "message", "fix"} with an "id" the stream goes on, without one it is over. Kind "slow": the
                                                learned net of the mouth came too late, and the rules go on alone
    {"type": "end", "id": 90, "frames": 1500, "duration": 60.0}

Frames of a camera also have "confidence" (0..1) and "state": "calibrating", "tracking" or "away"; their messages have
"camera": {"fps": pictures solved a second, "size": [width, height], "left_out": pictures overtaken by newer ones}. Frame i
shows the time i / fps since the first picture. A picture that cannot be used gets an error with an id, one a second at most.

Frame i of a voice shows the instant i / fps of the sound that came in, counted in samples; it comes when the next fifth of a
second has been heard, and never changes. Messages with an id come once each, in order, on however many connections: a
session that loses its client waits `stream_resume_s` for it. Pictures show the motion as a shot of it does, but for arms,
which stay the photo's; they are not sent again.
"""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from typing import TypeVar

import anyio.to_thread
from fastapi import WebSocket, WebSocketDisconnect
from pydantic import BaseModel, ValidationError

from garrick.errors import GarrickError

from .answers import Refused, body, sentence
from .assets import PREFIX, AssetStore
from .consent import Consents
from .settings import Settings
from .stream_session import Session
from .stream_wire import NUMBER, Control, Resume, Start

Kind = TypeVar("Kind", bound=BaseModel)


async def serve_stream(websocket: WebSocket, settings: Settings) -> None:
    """Serve an accepted and authorised WebSocket until it leaves or its stream is over."""
    streams: Streams = websocket.app.state.streams
    try:
        session, position = await _enter(websocket, settings, streams)
    except GarrickError as error:
        await _refuse(websocket, error)
        return
    visitor, over = session.visitor, False
    try:
        await _converse(websocket, settings, session, visitor, position)
        over = session.finished
    except GarrickError as error:
        over = True
        await _refuse(websocket, error)
    finally:
        await streams.leave(session, visitor, over)


class Streams:
    """The sessions of one service, with a client or waiting for one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sessions: dict[str, Session] = {}
        self._starting = 0
        self._waiting: dict[str, asyncio.Task[None]] = {}

    async def begin(self, start: Start, uploads: dict[str, str]) -> Session:
        """A new session. Raises Refused when there are too many, or it cannot begin."""
        if len(self._sessions) + self._starting >= self._settings.streams:
            raise Refused(429, "streams", f"{self._settings.streams} streams are open already.", "End one of them.")
        self._starting += 1
        try:
            session = await Session.begin(start, uploads, self._settings)
        finally:
            self._starting -= 1
        self._sessions[session.id] = session
        return session

    def resume(self, id: str, position: int) -> Session:
        """The session of that id, taken from the connection that has it, to go on with a message. Raises Refused."""
        session = self._sessions.get(id)
        if session is None:
            raise Refused(404, "session", "There is no such stream any more.", "Start a new one.")
        if not session.first <= position <= session.said:
            raise Refused(409, "order", f"Message {position} is not kept.", "Start a new stream.")
        session.visitor.set()
        session.visitor = asyncio.Event()
        if id in self._waiting:
            self._waiting.pop(id).cancel()
        return session

    async def leave(self, session: Session, visitor: asyncio.Event, over: bool) -> None:
        """A connection has gone: keep its session for a while, unless it is over or another connection has it.

        visitor: the session's when this connection entered; it is set once another has taken the session.
        """
        if visitor.is_set():
            return
        if over:
            await self._end(session)
        elif session.id in self._sessions:
            self._waiting[session.id] = asyncio.create_task(self._expire(session))

    async def close(self) -> None:
        """End all."""
        for task in self._waiting.values():
            task.cancel()
        for session in list(self._sessions.values()):
            await self._end(session)

    async def _expire(self, session: Session) -> None:
        await asyncio.sleep(self._settings.stream_resume_s)
        self._waiting.pop(session.id, None)
        await self._end(session)

    async def _end(self, session: Session) -> None:
        self._sessions.pop(session.id, None)
        await session.close()


async def _enter(websocket: WebSocket, settings: Settings, streams: Streams) -> tuple[Session, int]:
    """The first message -> the session and the id of the message to begin with. Raises GarrickError."""
    try:
        text = await asyncio.wait_for(websocket.receive_text(), settings.header_s)
    except (TimeoutError, KeyError) as error:
        raise Refused(400, "input", "The first message is no start.", "Send start or resume as JSON.") from error
    if '"resume"' in text[:100]:
        wish = _read(Resume, text)
        position = wish.id + 1
        session = streams.resume(wish.session, position)
        session.acknowledge(wish.id)
    else:
        start = _read(Start, text)
        if isinstance(start.camera, int) and not settings.loopback:
            fix = 'Send its pictures: "camera": "frames".'
            raise Refused(403, "camera", "A service for other machines opens none of its cameras.", fix)
        uploads = await anyio.to_thread.run_sync(_uploads, start, settings)
        session, position = await streams.begin(start, uploads), 0
    return session, position


def _uploads(start: Start, settings: Settings) -> dict[str, str]:
    """Where the uploads lie that a start names, by its members. Raises Refused when one is not there, nobody has agreed to
    the portrait's use, or there is no use for them."""
    if start.frames != "none" and start.portrait is None:
        raise Refused(422, "input", "Pictures need a portrait.", 'Name one, or ask for "frames": "none".')
    if start.frames == "none" and start.background is not None:
        raise Refused(422, "input", "A background is seen in pictures only.", 'Ask for "frames", or leave it out.')
    named = {"portrait": start.portrait, "background": start.background}
    digests = {name: asset.removeprefix(PREFIX) for name, asset in named.items() if asset is not None}
    found = {name: AssetStore(settings).find(digest) for name, digest in digests.items()}
    if missing := [name for name, path in found.items() if path is None]:
        raise Refused(422, "asset", f"Not uploaded yet: {', '.join(missing)}.", "Put it to /v1/assets first.")
    if "portrait" in digests:
        Consents(settings.data / "consents").require(digests["portrait"], start.consent)
    return {name: str(path) for name, path in found.items()}


async def _converse(
    websocket: WebSocket, settings: Settings, session: Session, visitor: asyncio.Event, position: int
) -> None:
    """Say ready; read and write until the client leaves, another takes over, or all is said and acknowledged."""
    try:
        ready = {"type": "ready", "session": session.id, "input": session.accepted}
        await websocket.send_json(ready | session.abilities)
    except (WebSocketDisconnect, RuntimeError):
        return  # it has left meanwhile
    tasks = [
        asyncio.create_task(work)
        for work in (
            _listen(websocket, settings, session),
            _tell(websocket, settings, session, position),
            visitor.wait(),
        )
    ]
    left = session.started + settings.stream_seconds - time.monotonic()
    try:
        done, _ = await asyncio.wait(tasks, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            raise Refused(408, "duration", f"A stream may last {settings.stream_seconds:g} s.", "Start a new one.")
        for task in done:
            task.result()
        if session.finished:
            await websocket.close(1000)
        elif visitor.is_set():
            await websocket.close(1008, "Another connection has taken this stream.")
    except (WebSocketDisconnect, RuntimeError, TimeoutError):
        return  # the client has gone, or does not read: it may come back
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _listen(websocket: WebSocket, settings: Settings, session: Session) -> None:
    """Take what the client sends. Raises Refused for what cannot be understood, and for silence."""
    while not session.finished:
        try:
            message = await asyncio.wait_for(websocket.receive(), settings.stream_idle_s)
        except TimeoutError:
            wait = settings.stream_idle_s
            raise Refused(408, "idle", f"Nothing came for {wait:g} s.", "Start a new stream.") from None
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message["code"])
        data = message.get("bytes")
        if data is not None:
            if len(data) < NUMBER.size:
                raise Refused(400, "input", "A binary message has no number.", "Put the input's number first.")
            if session.binary is None:
                raise Refused(400, "input", "This stream takes no binary messages.", "The service has the camera.")
            await session.take(NUMBER.unpack_from(data)[0], session.binary, data[NUMBER.size :])
            continue
        control = _read(Control, message.get("text") or "")
        if control.type == "ack":
            session.acknowledge(control.id or 0)
        else:
            await session.take(control.input or 0, control.type, **control.asked)


async def _tell(websocket: WebSocket, settings: Settings, session: Session, position: int) -> None:
    """Send what there is, messages before pictures. Raises TimeoutError when the client does not read."""
    taken = session.accepted

    async def send(text: bytes | None = None, data: bytes | None = None) -> None:
        sending = websocket.send_bytes(data) if data is not None else websocket.send_text((text or b"").decode())
        await asyncio.wait_for(sending, settings.write_s)

    while True:
        await session.news(position, taken)
        if session.accepted > taken:
            taken = session.accepted
            await send(json.dumps({"type": "taken", "input": taken}).encode())
        last = session.ended is not None and position == session.said - 1
        if position < session.said and not (last and session.pictures):
            await send(session.message(position))
            session.deliver(position)
            position += 1
        elif session.dropped:
            dropped, session.dropped = session.dropped, 0
            await send(json.dumps({"type": "behind", "dropped": dropped}).encode())
        elif session.pictures:
            await send(data=session.pictures.popleft())
        elif session.failed is not None:
            raise Refused(500, **session.failed)


def _read(kind: type[Kind], text: str) -> Kind:
    """A message of that kind. Raises Refused."""
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        raise Refused(422, "input", " ".join(map(sentence, error.errors()[:8])), "See the protocol.") from error


async def _refuse(websocket: WebSocket, error: GarrickError) -> None:
    """Say why, and close."""
    kind = error.kind if isinstance(error, Refused) else "failed"
    problem = json.loads(body(kind, error.user_message, error.fix))["error"]
    with suppress(WebSocketDisconnect, RuntimeError):
        await websocket.send_json({"type": "error", **problem})
        await websocket.close(1008, error.user_message[:100])
