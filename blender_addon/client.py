"""Garrick's service for the add-on, by the standard library alone: find it, upload, submit, follow, fetch.

Nothing here waits for ever: every read has a time-out, and `Events.cancel` ends a waiting iterator from any thread.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import socket
import ssl
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlencode, urlsplit

from .answers import BROKEN, Broken, ServiceError, check, received, unreachable, whole
from .core.live_stream import LiveStream
from .core.service_wire import PART, QUIET_S, TERMINAL, Event, Patience, parse_events, read_address
from .websocket import WebSocket

_TIMEOUT_S = 30.0


def connect(data: Path) -> Client:
    """The service of that data folder; found again after a restart. Raises ServiceError when there is none."""
    runtime = data / "runtime.json"
    found = read_address(runtime)
    if found is None:
        raise ServiceError("unreachable", "Garrick's service is not running.", "Start it with: garrick serve")
    return Client(*found, runtime=runtime)


class Client:
    """One service. Jobs are dicts as the API gives them. Usable from several threads.

    url, token: as in runtime.json. runtime: that file, to be read again when the service has been restarted.
    cafile:     the certificate to trust, for a service with its own.
    timeout:    seconds without a byte after which a request has failed.
    Every method raises ServiceError.
    """

    def __init__(
        self,
        url: str,
        token: str,
        runtime: Path | None = None,
        cafile: Path | None = None,
        timeout: float = _TIMEOUT_S,
    ) -> None:
        self._url, self._token, self._runtime, self._timeout = url, token, runtime, timeout
        self._tls = ssl.create_default_context(cafile=cafile) if url.startswith("https") else None

    def health(self) -> dict[str, Any]:
        """Device, models, queue, workers, versions."""
        return self._json("GET", "/v1/health")

    def schema(self) -> dict[str, Any]:
        """The fields of a job, for a panel."""
        return self._json("GET", "/v1/schema")

    def upload(self, path: Path | str) -> str:
        """Put a file, unless the service has it -> "sha256:...", what a job calls it. Goes on where it was cut off."""
        path = Path(path)
        try:
            with path.open("rb") as file:
                digest, size = hashlib.file_digest(file, "sha256").hexdigest(), file.tell()
                if size == 0:
                    raise ServiceError("input", f"{path.name} is empty.", "Export or record it again.")
                self._put(f"/v1/assets/{digest}", file, size)
        except OSError as error:
            raise ServiceError("input", f"{path} cannot be read: {error.strerror}.") from error
        return f"sha256:{digest}"

    def inspect(self, portrait: str) -> dict[str, Any]:
        """Which faces an uploaded picture ("sha256:...") shows, and what a job would say to each; seconds at first."""
        return self._json("POST", "/v1/inspect", {"portrait": portrait})

    def submit(
        self,
        job: dict[str, Any],
        name: str = "",
        priority: int = 0,
        consent: bool = False,
        key: str | None = None,
    ) -> dict[str, Any]:
        """Queue a job. consent: the person in the portrait agrees; needed once a portrait.

        key: the same key and job again give the first one back. Without one, each call queues exactly one job.
        """
        body = {"job": job, "name": name, "priority": priority, "consent": consent}
        return self._json("POST", "/v1/jobs", body, {"Idempotency-Key": key or uuid.uuid4().hex})

    def job(self, id: str) -> dict[str, Any]:
        """One job: state, progress, result or error."""
        return self._json("GET", f"/v1/jobs/{id}")

    def jobs(self, state: str | None = None, limit: int = 100, before: str | None = None) -> list[dict[str, Any]]:
        """Jobs, newest first. before: the id of the last one of the page before."""
        asked = {"state": state, "limit": limit, "before": before}
        given = {name: value for name, value in asked.items() if value is not None}
        return self._json("GET", f"/v1/jobs?{urlencode(given)}")["jobs"]

    def events(self, id: str, after: int = 0) -> Events:
        """What happens to a job, from behind the event `after` until it rests; each event once, whatever breaks."""
        return Events(self, id, after)

    def wait(self, id: str) -> dict[str, Any]:
        """The job when it rests."""
        for _ in self.events(id):
            pass
        return self.job(id)

    def cancel(self, id: str) -> dict[str, Any]:
        """Stop a job; what is finished stays."""
        return self._json("POST", f"/v1/jobs/{id}/cancel")

    def resume(self, id: str) -> dict[str, Any]:
        """Queue a failed or cancelled job again, to go on where it stopped."""
        return self._json("POST", f"/v1/jobs/{id}/resume", again=False)

    def delete(self, id: str) -> None:
        """Forget a job that rests, and its files."""
        self._ask("DELETE", f"/v1/jobs/{id}", again=False)

    def artifacts(self, id: str) -> dict[str, int]:
        """Name -> bytes of the files that a job has finished."""
        return {file["name"]: file["size"] for file in self._json("GET", f"/v1/jobs/{id}/artifacts")["artifacts"]}

    def download(self, id: str, name: str, path: Path | str) -> Path:
        """Fetch an artifact to a file, which appears when it is whole; goes on where it was cut off."""
        path = Path(path)
        aside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
        try:
            with aside.open("xb") as file:
                self._fetch(f"/v1/jobs/{id}/artifacts/{name}", file)
            os.replace(aside, path)
        except OSError as error:
            raise ServiceError("output", f"{path} cannot be written: {error.strerror}.") from error
        finally:
            aside.unlink(missing_ok=True)
        return path

    def stream(self, **start: Any) -> LiveStream:
        """Open a live stream; `start` has the members of its start message (docs/service.md)."""
        url, token = self._url.replace("http", "ws", 1) + "/v1/stream", self._token
        try:
            return LiveStream(lambda: WebSocket(url, token, self._tls), start, _stream_failure)
        except OSError as error:
            raise unreachable(error) from error

    def _put(self, path: str, file: BinaryIO, size: int) -> None:
        """Send what the service does not have yet."""
        patience, sent = Patience(), -1
        while True:
            try:
                with self._exchange("HEAD", path) as response:
                    if response.status != 404:
                        check(response)
                        return
                    start = int(response.headers["Upload-Offset"])
                if start >= size:  # all came, and nobody has made an asset of it: its service died then, or does so now
                    start = 0
                if start > sent:
                    patience.renew()
                sent = start
                file.seek(start)
                part = file.read(PART)
                span = {"Content-Range": f"bytes {start}-{start + len(part) - 1}/{size}"}
                with self._exchange("PUT", path, part, span) as response:
                    if response.status == 409 and patience.wait():  # the part before is still being written
                        continue
                    check(response)
            except Broken as error:
                self._failed(error, patience)

    def _fetch(self, path: str, file: BinaryIO) -> None:
        """Write a response's body, from the top when it has changed meanwhile."""
        patience, version = Patience(), ""
        while True:
            span = {"Range": f"bytes={file.tell()}-", "If-Range": version} if version and file.tell() else {}
            try:
                with self._exchange("GET", path, headers=span) as response:
                    check(response)
                    version = response.headers["ETag"]
                    if response.status == 200:
                        file.seek(0)
                        file.truncate()
                    while data := received(response):
                        patience.renew()
                        file.write(data)
                return
            except Broken as error:
                self._failed(error, patience)

    def _json(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        again: bool = True,
    ) -> Any:
        return json.loads(self._ask(method, path, body, headers, again))

    def _ask(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        again: bool = True,
    ) -> bytes:
        """The body of the answer; `again`: it may be asked twice, so that a broken connection is tried once more."""
        content = None if body is None else json.dumps(body).encode()
        sent = {**(headers or {}), **({} if body is None else {"Content-Type": "application/json"})}
        while True:
            try:
                with self._exchange(method, path, content, sent) as response:
                    check(response)
                    return whole(response)
            except Broken as error:
                if not again:
                    raise unreachable(error) from error
                again = False
                self._look_again()

    @contextlib.contextmanager
    def _exchange(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Iterator[http.client.HTTPResponse]:
        """One request on a connection of its own. Raises Broken when nobody answers."""
        connection = self._connection(self._timeout)
        try:
            try:
                connection.request(method, path, body, {**(headers or {}), **self._bearer()})
                response = connection.getresponse()
            except BROKEN as error:
                raise Broken(str(error)) from error
            if response.status == 401 and self._look_again():
                raise Broken("the service was started again")
            yield response
        finally:
            connection.close()

    def _connection(self, timeout: float) -> http.client.HTTPConnection:
        where = urlsplit(self._url)
        assert where.hostname is not None
        if self._tls is not None:
            return http.client.HTTPSConnection(where.hostname, where.port, timeout=timeout, context=self._tls)
        return http.client.HTTPConnection(where.hostname, where.port, timeout=timeout)

    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}

    def _rests(self, id: str) -> bool:
        """Whether a job has come to its end. Raises Broken."""
        with self._exchange("GET", f"/v1/jobs/{id}") as response:
            check(response)
            return json.loads(whole(response))["state"] in TERMINAL

    def _failed(self, error: Broken, patience: Patience) -> None:
        """Wait a little and look for the service again. Raises ServiceError when that has gone on for too long."""
        if not patience.wait():
            raise unreachable(error) from error
        self._look_again()

    def _look_again(self) -> bool:
        """Read the runtime file again; whether it names another service now."""
        found = None if self._runtime is None else read_address(self._runtime)
        if found is None or found == (self._url, self._token):
            return False
        self._url, self._token = found
        return True


def _stream_failure(sentence: str, fix: str | None, refused: bool) -> ServiceError:
    return ServiceError("refused" if refused else "unreachable", sentence, fix)


class Events:
    """An iterator over the events of a job; `cancel` ends it at once, from any thread."""

    def __init__(self, client: Client, id: str, after: int) -> None:
        self._client, self._id, self._after = client, id, after
        self._over = threading.Event()
        self._connection: http.client.HTTPConnection | None = None
        self._events = self._follow()

    def __iter__(self) -> Events:
        return self

    def __next__(self) -> Event:
        return next(self._events)

    def cancel(self) -> None:
        """Let the iterator end, also while it waits."""
        self._over.set()
        connection = self._connection
        if connection is not None and connection.sock is not None:
            with contextlib.suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    def _follow(self) -> Iterator[Event]:
        patience = Patience(self._over)
        while not self._over.is_set():
            try:
                for event in self._connected():
                    patience.renew()
                    self._after = event.id
                    yield event
                if self._over.is_set() or self._client._rests(self._id):
                    return
                raise Broken("the events ended before the job")
            except Broken as error:
                if not self._over.is_set():
                    self._client._failed(error, patience)

    def _connected(self) -> Iterator[Event]:
        """The events of one connection. Raises Broken."""
        self._connection = self._client._connection(QUIET_S)
        headers = {"Last-Event-ID": str(self._after), **self._client._bearer()}
        try:
            try:
                self._connection.request("GET", f"/v1/jobs/{self._id}/events", headers=headers)
                response = self._connection.getresponse()
            except BROKEN as error:
                raise Broken(str(error)) from error
            if response.status == 401 and self._client._look_again():
                raise Broken("the service was started again")
            check(response)
            yield from parse_events(self._lines(response))
        finally:
            self._connection.close()

    def _lines(self, response: http.client.HTTPResponse) -> Iterator[str]:
        while not self._over.is_set():
            try:
                line = response.readline()
            except BROKEN as error:
                raise Broken(str(error)) from error
            if not line:
                return
            yield line.decode().rstrip("\r\n")
