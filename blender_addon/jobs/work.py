"""Starting the panel's work: a job that is followed, fetched and imported; a look at what the service has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy

from ..backend_link import link
from ..client import Client
from ..runner import Request
from ..shot_import.timeline import start_frame
from ..slices import Steps
from ..tasks import Handle, Task
from . import history, importing, places, schema_ui
from .history import Row, Run
from .importing import Fetched
from .inputs import Asked, write_cut


def perform(scene: bpy.types.Scene, asked: Asked) -> Run:
    """The run of a new job; nothing is sent before its task is started. Raises OSError."""
    folder = places.shot_folder(asked.name)
    run = Run(asked.name, asked.job, True, scene.session_uid, folder, _start(scene))

    def work(handle: Handle) -> Fetched:
        if asked.cut is not None:
            handle.progress("voice")
            run.job = {**run.job, "audio": str(write_cut(asked.cut, run.folder / "voice.wav"))}
        return importing.fetch(_service(handle), _request(run), handle)

    return _followed(run, work)


def take_up(scene: bpy.types.Scene, row: Row) -> Run:
    """The run that goes on with a job of the list: what has stopped goes on, what is done is fetched and imported.

    Raises OSError.
    """
    folder = places.fetched_folder(row.id) if row.id else None
    if row.run is not None:
        before = row.run
        run = Run(before.name, before.job, before.consent, scene.session_uid, before.folder, _start(scene), before.id)
    else:
        run = Run(row.name, {}, False, scene.session_uid, folder or places.shot_folder(row.name), _start(scene), row.id)

    def work(handle: Handle) -> Fetched:
        if folder is not None:
            return importing.read_again(folder)
        client = _service(handle)
        if run.id is not None and not run.job:
            run.job = client.job(run.id)["job"]
        return importing.fetch(client, _request(run), handle)

    return _followed(run, work)


def begin(run: Run, start: Callable[[Task[Any]], Any], replaced: Run | None = None) -> Any:
    """Put a run at the top of the list and start it with `tasks.start` or `tasks.run`; raises what that raises."""
    if replaced is not None:
        history.runs.remove(replaced)
    history.runs.append(run)
    show()
    bpy.context.window_manager.garrick_job = 0
    assert run.task is not None
    return start(run.task)


def refresh() -> Task[Any]:
    """Look at what the service offers and has done."""

    def work(handle: Handle) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        client = link.client()
        return client.schema(), client.jobs(limit=history.LIMIT)

    def done(found: tuple[dict[str, Any], list[dict[str, Any]]]) -> None:
        schema, jobs = found
        schema_ui.adopt(schema)
        history.listed(jobs)
        show()

    return Task("Look at the jobs", work, done)


def cancel(id: str) -> Task[Any]:
    """Stop a job that another client asked for."""
    return Task("Cancel the job", lambda handle: link.client().cancel(id))


def delete(id: str) -> Task[Any]:
    """Have the service forget a job and its files; what was fetched stays."""

    def done(_: None) -> None:
        history.forget(id)
        show()

    return Task("Delete the job", lambda handle: link.client().delete(id), done)


def show() -> None:
    """Bring the window's list up to date with the history."""
    window = bpy.context.window_manager
    keys = [row.key for row in history.rows()]
    if keys == [line.name for line in window.garrick_jobs]:
        return
    chosen = chosen_key()
    window.garrick_jobs.clear()
    for key in keys:
        window.garrick_jobs.add().name = key
    window.garrick_job = keys.index(chosen) if chosen in keys else 0


def chosen_key() -> str | None:
    """The key of the line that is chosen in the list."""
    window = bpy.context.window_manager
    inside = 0 <= window.garrick_job < len(window.garrick_jobs)
    return window.garrick_jobs[window.garrick_job].name if inside else None


def _start(scene: bpy.types.Scene) -> int:
    """The frame at which what is asked for now shall begin."""
    return start_frame(scene, scene.garrick_inputs.place)


def _service(handle: Handle) -> Client:
    """The service, started first where that can be done. Raises ServiceError, Cancelled."""
    handle.progress("service")
    return link.ensure(handle.check)


def _request(run: Run) -> Request:
    def accepted(id: str) -> None:
        run.id = id

    return Request(run.job, run.name, run.consent, run.folder, importing.wanted, run.id, accepted)


def _followed(run: Run, work: Callable[[Handle], Fetched]) -> Run:
    def done(fetched: Fetched) -> Steps[None]:
        scene = next((scene for scene in bpy.data.scenes if scene.session_uid == run.scene), None)
        obstacle = importing.obstacle(scene)
        if obstacle is not None or scene is None:
            run.note = f"{obstacle}. Then press Import."
            return
        imported = yield from importing.bring_in(fetched, scene, run.start)
        run.imported, run.note = True, " ".join((*fetched.warnings, *imported.notes, *imported.controls))

    def failed(error: Exception) -> None:
        places.remove_if_empty(run.folder)

    run.task = Task(run.name, work, done, failed, f"Garrick: {run.name}")
    return run
