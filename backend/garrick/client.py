"""The service for programs: find it, upload, submit, follow, fetch. A connection that breaks is no failure.

client = connect()
job = client.submit({"portrait": client.upload("face.png"), "text": "Hello."}, consent=True)
for event in client.events(job["id"]): ...
client.download(job["id"], "preview.mp4", Path("preview.mp4"))
"""

from __future__ import annotations

import hashlib
import os
import ssl
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import httpx

from garrick.core.service_wire import PART, QUIET_S, TERMINAL, Event, Patience, parse_events, problem, read_address
from garrick.errors import GarrickError, InputError, MissingError, OutputError

if TYPE_CHECKING:
    from garrick.streaming import Stream

Given = TypeVar("Given")

_TIMEOUT = httpx.Timeout(30.0, connect=5.0)


class RefusedError(InputError):
    """The service turned a request down. kind: a word for programs ("consent", "not_found", ...); status: HTTP's."""

    def __init__(self, kind: str, status: int, message: str, fix: str | None) -> None:
        super().__init__(message, fix)
        self.kind = kind
        self.status = status


def connect(data: Path | None = None) -> Client:
    """The service that runs on this machine. data: its folder, when it is not the usual one.

    The client finds it again after a restart. Raises OutputError when there is none.
    """
    from garrick.server.settings import default_data

    runtime = (default_data() if data is None else data) / "runtime.json"
    found = read_address(runtime)
    if found is None:
        raise OutputError("Garrick's service is not running.", "Start it with: garrick serve")
    return Client(*found, runtime=runtime)


class Client:
    """One service. Jobs are dicts as the API gives them. Usable from several threads.

    url, token: as in runtime.json. runtime: that file, to be read again when the service has been restarted.
    cafile:     the certificate to trust, for a service with its own.
    Every method raises RefusedError for what the service turns down, MissingError for what it lacks, OutputError when
    it cannot be reached or cannot write, GarrickError for anything else that went wrong there.
    """

    def __init__(self, url: str, token: str, runtime: Path | None = None, cafile: Path | None = None) -> None:
        self._url, self._token, self._runtime = url, token, runtime
        self._tls = ssl.create_default_context(cafile=cafile) if url.startswith("https") else True
        self._http = httpx.Client(timeout=_TIMEOUT, verify=self._tls, trust_env=False)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    @property
    def address(self) -> tuple[str, str]:
        """Url and token of the service."""
        return self._url, self._token

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
                    raise InputError(f"{path.name} is empty.", "Export or record it again.")
                self._put(f"/v1/assets/{digest}", file, size)
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}.") from error
        return f"sha256:{digest}"

    def inspect(self, portrait: str) -> dict[str, Any]:
        """Which faces an uploaded picture ("sha256:...") shows, and what a job would say to each; seconds at first."""
        return self._json("POST", "/v1/inspect", json={"portrait": portrait})

    def submit(
        self,
        job: Mapping[str, Any],
        name: str = "",
        priority: int = 0,
        consent: bool = False,
        key: str | None = None,
    ) -> dict[str, Any]:
        """Queue a job. consent: the person in the portrait agrees; needed once a portrait.

        key: the same key and job again give the first one back. Without one, each call queues exactly one job.
        """
        body = {"job": dict(job), "name": name, "priority": priority, "consent": consent}
        return self._json("POST", "/v1/jobs", json=body, headers={"Idempotency-Key": key or uuid.uuid4().hex})

    def job(self, id: str) -> dict[str, Any]:
        """One job: state, progress, result or error."""
        return self._json("GET", f"/v1/jobs/{id}")

    def jobs(self, state: str | None = None, limit: int = 100, before: str | None = None) -> list[dict[str, Any]]:
        """Jobs, newest first. before: the id of the last one of the page before."""
        asked = {"state": state, "limit": limit, "before": before}
        given = {name: value for name, value in asked.items() if value is not None}
        return self._json("GET", "/v1/jobs", params=given)["jobs"]

    def events(self, id: str, after: int = 0) -> Iterator[Event]:
        """What happens to a job, from behind the event `after` until it rests; each event once, whatever breaks."""
        patience = Patience()
        while True:
            try:
                with self._stream(f"/v1/jobs/{id}/events", {"Last-Event-ID": str(after)}, QUIET_S) as response:
                    for event in parse_events(response.iter_lines()):
                        patience.renew()
                        after = event.id
                        yield event
                if self._rests(id):
                    return
                raise httpx.RemoteProtocolError("the events ended before the job")
            except httpx.TransportError as error:
                self._failed(error, patience)

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
        self._request("DELETE", f"/v1/jobs/{id}", again=False)

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
            raise OutputError(f"{path} cannot be written: {error.strerror}.") from error
        finally:
            aside.unlink(missing_ok=True)
        return path

    def stream(self, **start: Any) -> Stream:
        """Open a live stream; `start` has the members of its start message (see garrick.streaming)."""
        from garrick.streaming import Stream

        return Stream(self._url, self._token, self._tls if isinstance(self._tls, ssl.SSLContext) else None, **start)

    def _put(self, url: str, file: BinaryIO, size: int) -> None:
        """Send what the service does not have yet."""
        patience, sent = Patience(), -1
        while True:
            try:
                response = self._send("HEAD", url)
                if response.status_code != 404:
                    _raise(response)
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
                response = self._send("PUT", url, content=part, headers=span)
                if response.status_code == 409 and patience.wait():  # the part before is still being written
                    continue
                _raise(response)
            except httpx.TransportError as error:
                self._failed(error, patience)

    def _fetch(self, url: str, file: BinaryIO) -> None:
        """Write a response's body, from the top when it has changed meanwhile."""
        patience, version = Patience(), ""
        while True:
            span = {"Range": f"bytes={file.tell()}-", "If-Range": version} if version and file.tell() else {}
            try:
                with self._stream(url, span, _TIMEOUT.read) as response:
                    version = response.headers["ETag"]
                    if response.status_code == 200:
                        file.seek(0)
                        file.truncate()
                    for data in response.iter_raw():
                        patience.renew()
                        file.write(data)
                return
            except httpx.TransportError as error:
                self._failed(error, patience)

    def _json(self, method: str, path: str, again: bool = True, **more: Any) -> Any:
        return self._request(method, path, again, **more).json()

    def _request(self, method: str, path: str, again: bool = True, **more: Any) -> httpx.Response:
        """One request; `again`: it may be sent twice, so that a broken connection is tried once more."""

        def ask() -> httpx.Response:
            response = self._send(method, path, **more)
            _raise(response)
            return response

        return self._once_more(ask) if again else self._reached(ask)

    def _once_more(self, ask: Callable[[], Given]) -> Given:
        try:
            return ask()
        except httpx.TransportError:
            self._look_again()
            return self._reached(ask)

    def _reached(self, ask: Callable[[], Given]) -> Given:
        try:
            return ask()
        except httpx.TransportError as error:
            raise _unreachable(error) from error

    def _send(self, method: str, path: str, headers: Mapping[str, str] | None = None, **more: Any) -> httpx.Response:
        everything = {**(headers or {}), **_bearer(self._token)}
        response = self._http.request(method, self._url + path, headers=everything, **more)
        self._same_service(response)
        return response

    def _same_service(self, response: httpx.Response) -> None:
        """Raises httpx.RemoteProtocolError when the token is refused because the service was started again."""
        if response.status_code == 401 and self._look_again():
            raise httpx.RemoteProtocolError("the service was started again")

    def _rests(self, id: str) -> bool:
        """Whether a job has come to its end. Raises httpx.TransportError."""
        response = self._send("GET", f"/v1/jobs/{id}")
        _raise(response)
        return response.json()["state"] in TERMINAL

    @contextmanager
    def _stream(self, path: str, headers: Mapping[str, str], quiet: float | None) -> Iterator[httpx.Response]:
        """A response whose body is read as it comes. Raises as the methods do, and httpx.TransportError."""
        timeout = httpx.Timeout(_TIMEOUT.read, connect=_TIMEOUT.connect, read=quiet)
        everything = {**headers, **_bearer(self._token), "Accept-Encoding": "identity"}
        with self._http.stream("GET", self._url + path, headers=everything, timeout=timeout) as response:
            if response.status_code >= 400:
                response.read()
            self._same_service(response)
            _raise(response)
            yield response

    def _failed(self, error: httpx.TransportError, patience: Patience) -> None:
        """Wait a little and look for the service again. Raises OutputError when that has gone on for too long."""
        if not patience.wait():
            raise _unreachable(error) from error
        self._look_again()

    def _look_again(self) -> bool:
        """Read the runtime file again; whether it names another service now."""
        found = None if self._runtime is None else read_address(self._runtime)
        if found is None or found == (self._url, self._token):
            return False
        self._url, self._token = found
        return True


def _raise(response: httpx.Response) -> None:
    """Raise what the service says is wrong, if anything."""
    if response.status_code < 400:
        return
    kind, message, fix = problem(response.status_code, response.content)
    match response.status_code:
        case 503:
            raise MissingError(message, fix)
        case 507:
            raise OutputError(message, fix)
        case status if status < 500:
            raise RefusedError(kind, status, message, fix)
        case _:
            raise GarrickError(message, fix)


def _unreachable(error: httpx.TransportError) -> OutputError:
    return OutputError(f"The service cannot be reached ({type(error).__name__}).", "Start it with: garrick serve")


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
