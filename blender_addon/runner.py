"""Carry one job through the service: upload, submit, follow, fetch. Knows nothing of Blender's data."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .answers import ServiceError
from .client import Client, Events
from .core.service_wire import TERMINAL
from .tasks import Cancelled, Handle

RECEIPT = "request.json"
"""The file beside a fetched job's own that says which job it is and what was asked, with local paths."""

ASSET = "sha256:"
"""What a file field holds, in place of a path, for a file that the service has already."""

_LOOK_S = 0.1  # between two looks at whether the user wants to stop


@dataclass(frozen=True)
class Request:
    """One job, as this machine asks for it.

    job:       of /v1/schema; the fields that name files hold local paths, or "sha256:..." for what the service has.
    name:      for people.
    consent:   the person in the portrait agrees to the use of the face.
    folder:    where the results go; made when there is something to put in.
    wanted:    whether to fetch the artifact of that name.
    resume_id: take up this job of the service and submit none; it is queued again if it had stopped.
    accepted:  hears the job's id as soon as there is one, in the thread of the work.
    """

    job: dict[str, Any]
    name: str
    consent: bool
    folder: Path
    wanted: Callable[[str], bool] = lambda name: True
    resume_id: str | None = None
    accepted: Callable[[str], None] = lambda id: None


@dataclass(frozen=True)
class Finished:
    """A job that is done and fetched.

    job: as the API gives it. folder: holds its artifacts. warnings: sentences for the user.
    """

    id: str
    job: dict[str, Any]
    folder: Path
    warnings: tuple[str, ...]


def run_job(client: Client, request: Request, handle: Handle) -> Finished:
    """Have the service do a job and fetch what it made; runs in a thread of its own.

    When `handle.cancelled` is set the service is asked to stop, and what the job has finished by then is fetched.
    Raises Cancelled, and ServiceError: what the service refuses, a job that failed (kind "job"), nobody there.
    """
    if request.resume_id is None:
        id = _submit(client, request, handle)
    else:
        id = request.resume_id
        if client.job(id)["state"] in TERMINAL - {"done"}:
            client.resume(id)
    request.accepted(id)
    record = _follow(client, id, handle)
    if record["state"] == "failed":
        raise ServiceError(
            "job", _named(record["error"]["message"], request.job, record["job"]), record["error"]["fix"]
        )
    _fetch(client, id, request, handle, stopped=record["state"] == "cancelled")
    if record["state"] == "cancelled":
        raise Cancelled
    warnings = tuple(record["result"].get("warnings", ()))
    _write_receipt(request, id, warnings)
    return Finished(id, record, request.folder, warnings)


def read_receipt(folder: Path) -> dict[str, Any] | None:
    """ "id", "name", "job", "consent" and "warnings" of the job that was fetched into a folder; None when there is none."""
    try:
        receipt = json.loads((folder / RECEIPT).read_bytes())
    except (OSError, ValueError):
        return None
    sound = isinstance(receipt, dict) and isinstance(receipt.get("id"), str) and isinstance(receipt.get("job"), dict)
    return receipt if sound else None


def _submit(client: Client, request: Request, handle: Handle) -> str:
    """Upload what the job names and queue it; its id."""
    files = [field["name"] for field in client.schema()["fields"] if field["asset"] and request.job.get(field["name"])]
    local = [name for name in files if not str(request.job[name]).startswith(ASSET)]
    job = dict(request.job)
    for count, name in enumerate(local):
        handle.progress("upload", count, len(local))
        handle.check()
        job[name] = client.upload(request.job[name])
    handle.check()
    return client.submit(job, request.name, consent=request.consent)["id"]


def _follow(client: Client, id: str, handle: Handle) -> dict[str, Any]:
    """Tell what happens to a job until it rests; the job then. Raises Cancelled when nobody can be told to stop it."""
    handle.progress("queued")
    events = client.events(id)
    with _stopping(client, id, events, handle) as lost:
        for event in events:
            if event.kind == "progress":
                handle.progress(event.data["phase"], event.data["done"], event.data["total"])
            elif event.kind == "log":
                handle.log(event.data["line"])
            else:
                _tell_state(event.data, handle)
    if lost.is_set():
        raise Cancelled
    return client.job(id)


def _named(message: str, asked: dict[str, Any], sent: dict[str, Any]) -> str:
    """What the service says of files that it was sent, with the user's own names for them."""
    for field, value in sent.items():
        if isinstance(value, str) and value.startswith(ASSET) and isinstance(asked.get(field), str):
            digest = value.removeprefix(ASSET)
            for name in (digest, digest[2:]):  # its files are called so, in folders of the first two letters
                message = message.replace(name, Path(asked[field]).name)
    return message


def _tell_state(state: dict[str, Any], handle: Handle) -> None:
    if state["state"] not in TERMINAL:
        handle.progress(state["state"])
    if "why" in state:
        handle.log(state["why"])


@contextlib.contextmanager
def _stopping(client: Client, id: str, events: Events, handle: Handle) -> Iterator[threading.Event]:
    """Pass the user's wish to stop on to the service meanwhile; the event is set when there is no service to tell."""
    over, lost = threading.Event(), threading.Event()

    def watch() -> None:
        while not over.wait(_LOOK_S):
            if handle.cancelled.is_set():
                try:
                    client.cancel(id)
                except ServiceError:
                    lost.set()
                    events.cancel()
                return

    watcher = threading.Thread(target=watch, name=f"garrick: stop {id}", daemon=True)
    watcher.start()
    try:
        yield lost
    finally:
        over.set()
        watcher.join()


def _fetch(client: Client, id: str, request: Request, handle: Handle, stopped: bool) -> None:
    """Download the wanted artifacts. stopped: the job was cancelled, so that a cancel is no reason to end here."""
    names = [name for name in client.artifacts(id) if request.wanted(name)]
    for count, name in enumerate(names):
        if not stopped:
            handle.check()
        handle.progress("download", count, len(names))
        path = request.folder / name
        if not path.resolve().is_relative_to(request.folder.resolve()):
            raise ServiceError("output", f"The service names a file outside of the shot's folder: {name}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ServiceError("output", f"{path.parent} cannot be made: {error.strerror}.") from error
        client.download(id, name, path)
    handle.progress("download", len(names), len(names))


def _write_receipt(request: Request, id: str, warnings: tuple[str, ...]) -> None:
    receipt = {"id": id, "name": request.name, "job": request.job, "consent": request.consent, "warnings": warnings}
    path = request.folder / RECEIPT
    try:
        path.write_text(json.dumps(receipt, indent=1, ensure_ascii=False), encoding="utf-8")
    except OSError as error:
        raise ServiceError("output", f"{path} cannot be written: {error.strerror}.") from error
