"""The supervisor: hands queued jobs to worker processes, watches them, and keeps what they say in the store."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from garrick.errors import OutputError

from .limits import RESERVED, Limits, resident
from .records import JobRecord, JobState, Progress
from .settings import Settings
from .slot import Slot
from .store import JobStore
from .trial import DEATHS, Trial
from .worker_process import WorkerProcess

_WATCH_S = 0.5  # between looks at the workers
_LATE_S = 0.02  # after a deadline, so that no clock's grain hides that it has passed
_RETRY_S = 1.0  # before asking a store again that could not be used
_LONGEST_WAIT_S = 60.0  # between two starts of a worker that does not come up

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Supervisor:
    """Runs the workers of one service, in the event loop that calls `start`.

    Whatever dies, no job is lost: one whose worker died goes back into the queue, and on where it stopped.
    """

    def __init__(self, store: JobStore, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        # what a job uses is watched; the limit on what it reserves stops one that is faster than the watch
        self._limits = Limits(settings.job_memory + RESERVED, settings.job_file_bytes, settings.job_open_files)
        self._slots = [Slot(number, settings) for number in range(settings.workers)]
        self._trials: dict[str, Trial] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._writer = ThreadPoolExecutor(1, "store")  # in order, and off the event loop: a disk may be slow
        self._loop: asyncio.AbstractEventLoop | None = None

    async def start(self) -> None:
        """Requeue what an earlier service left running, and start the workers. Raises OutputError."""
        self._loop = asyncio.get_running_loop()
        await self._try(self._store.recover)
        self._tasks = [asyncio.create_task(self._man(slot)) for slot in self._slots]
        self._tasks.append(asyncio.create_task(self._watch()))

    async def stop(self) -> None:
        """End the workers; the jobs at work go back into the queue, for the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for slot in self._slots:
            if slot.job is not None:
                try:
                    await self._try(self._store.requeue, slot.job, "The service was stopped; the job goes on later.")
                except OutputError as error:  # then the next start requeues it
                    _log.error("%s", error)
        self._writer.shutdown()

    def notify(self) -> None:
        """Say that a job was queued. From any thread."""
        self._call(self._wake)

    def cancel(self, id: str) -> JobRecord:
        """Cancel a job: mark it in the store, and tell its worker. From any thread. Raises UnknownJob, OutputError."""
        record = self._store.cancel(id)
        self._call(self._tell_cancel, id)
        return record

    def status(self) -> list[dict[str, Any]]:
        """Of each worker: "pid", "state" (as in `Slot`), "job" (its id or None), "rss" (bytes, with children), "since"
        (unix seconds), "error" (what keeps it from starting, or what its jobs will miss)."""
        return [slot.status() for slot in self._slots]

    async def _man(self, slot: Slot) -> None:
        """Keep a worker in the slot, whatever happens to it; one that does not come up gets time between its tries."""
        failures = 0
        while True:
            slot.turn("broken" if failures else "starting")
            try:
                slot.seat(await WorkerProcess.start(self._limits, await self._try(self._scratch, slot)))
                useful = await self._employ(slot)
            except OSError as error:
                useful, slot.error = False, f"A worker could not be started: {error}."
            finally:
                await slot.clear()
            failures = 0 if useful else failures + 1
            if failures:
                _log.error("worker %d: %s", slot.number, slot.error)
                slot.turn("broken")
                await asyncio.sleep(min(2.0 ** (failures - 1), _LONGEST_WAIT_S))

    async def _employ(self, slot: Slot) -> bool:
        """Give jobs to the worker in the slot until it dies; whether it ever began one."""
        worker = slot.worker
        assert worker is not None
        ready = await worker.message()
        if ready is not None:
            slot.error = ready["ready"]["missing"]
            _log.info("worker %d, pid %d, is ready: %s", slot.number, worker.pid, ready["ready"])
        useful, alive = False, ready is not None
        while alive:
            slot.turn("idle")
            slot.woken.clear()
            record = await self._keep(self._store.claim)
            if record is None:
                alive = await slot.idle(worker)
            else:
                slot.job = record.id
                alive, useful = await self._run(slot, worker, record), True
                slot.job = None
        if not useful:
            cause = slot.verdict or worker.cause_of_death()
            slot.error = " | ".join([f"The worker died: {cause}.", *worker.last_words()[-3:]])
        return useful

    async def _run(self, slot: Slot, worker: WorkerProcess, record: JobRecord) -> bool:
        """One job from its order to its end; False when the worker died with it."""
        slot.turn("running")
        trial = self._trials.setdefault(record.id, Trial())
        await self._try(self._tidy, record.id)
        worker.send({"run": self._order(record)})
        held = await self._keep(self._store.get, record.id)
        if held is not None and held.state == JobState.CANCELLING:  # between the claim and the order
            self._tell_cancel(record.id)
        while True:
            message = await worker.message()
            match message:
                case None:
                    await self._bury(slot, worker, record.id, trial)
                    return False
                case {"progress": [phase, done, total]}:
                    trial.reached(phase, done)
                    await self._keep_if_possible(self._store.report, record.id, Progress(phase, done, total))
                case {"log": line, "level": level}:
                    await self._keep(self._store.log, record.id, line, level)
                case {"end": _, "state": state}:
                    slot.turn("idle")  # from here on the worker is not to blame for what takes time
                    await self._finish(record.id, JobState(state), message.get("result"), message.get("error"))
                    return True

    async def _bury(self, slot: Slot, worker: WorkerProcess, id: str, trial: Trial) -> None:
        """A worker died with its job: fail the job where it was to blame, else let it go on elsewhere."""
        cause = slot.verdict or worker.cause_of_death()
        await self._try(self._tidy, id)
        _log.warning("worker %d, pid %d, died with job %s: %s", slot.number, worker.pid, id, cause)
        if slot.fault is not None:
            await self._finish(id, JobState.FAILED, None, slot.fault)
            return
        if not slot.cancelled:
            for line in worker.last_words():
                await self._keep(self._store.log, id, line, "error")
            trial.deaths += 1
            if trial.deaths == DEATHS:
                message = f"The worker died {DEATHS} times in a row without getting further: {cause}."
                fix = "Its last words are in the job's log. Resume the job to try again."
                await self._finish(id, JobState.FAILED, None, {"message": message, "fix": fix})
                return
        else:
            self._trials.pop(id, None)
        why = f"The worker died: {cause}. The job goes on where it stopped."
        await self._keep(self._store.requeue, id, why)  # this ends one that was to be cancelled
        self._wake()

    async def _finish(
        self, id: str, state: JobState, result: dict[str, Any] | None, error: dict[str, Any] | None
    ) -> None:
        await self._keep(lambda: self._store.finish(id, state, result=result, error=error))
        self._trials.pop(id, None)

    async def _watch(self) -> None:
        """Look after the workers."""
        while True:
            await asyncio.sleep(_WATCH_S)
            for slot in self._slots:
                worker = slot.worker
                if worker is not None:
                    rss = await asyncio.to_thread(resident, worker.pid)
                    if slot.worker is worker:
                        slot.rss = rss
                        slot.judge()

    def _order(self, record: JobRecord) -> dict[str, Any]:
        """What a worker needs to carry out the job, its files by their paths."""
        from garrick.job import FILE_FIELDS

        files = {name: self._asset(record.job[name]) for name in FILE_FIELDS if record.job.get(name) is not None}
        return {
            "id": record.id,
            "job": record.job | files,
            "out": str(self._settings.jobs / record.id),
            "stages": str(self._settings.stages),
            "stages_bytes": self._settings.stages_bytes,
            "scene": self._settings.scene,
            "device": self._settings.device,
        }

    def _asset(self, name: str) -> str:
        digest = name.removeprefix("sha256:")
        return str(self._settings.assets / digest[:2] / digest[2:])

    def _tidy(self, id: str) -> None:
        """Remove what a killed worker left half written; all that has its name is whole. Nobody is at the job now."""
        folder = self._settings.jobs / id
        for left in (*folder.rglob(".*.part"), *folder.glob(".scene-*")):
            with suppress(OSError):  # a folder that refuses this will refuse the job, and say why
                left.unlink(missing_ok=True)

    def _scratch(self, slot: Slot) -> Path:
        """A fresh folder for temporary files; what a killed worker or its Blender left in the last one is removed."""
        folder = self._settings.data / "scratch" / str(slot.number)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _tell_cancel(self, id: str) -> None:
        assert self._loop is not None
        for slot in self._slots:
            if slot.job == id and slot.state == "running":
                slot.cancel(id)
                self._loop.call_later(self._settings.cancel_s + _LATE_S, slot.judge)

    def _wake(self) -> None:
        for slot in self._slots:
            slot.woken.set()

    def _call(self, function: Callable[..., None], *arguments: Any) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(function, *arguments)

    async def _try(self, function: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writer, function, *arguments)

    async def _keep(self, function: Callable[..., T], *arguments: Any) -> T:
        """Use the store; while it cannot be used, try again and again: nothing may be lost."""
        while True:
            try:
                return await self._try(function, *arguments)
            except OutputError as error:
                _log.error("%s", error)
                await asyncio.sleep(_RETRY_S)

    async def _keep_if_possible(self, function: Callable[..., T], *arguments: Any) -> None:
        """The same for what the next message replaces."""
        try:
            await self._try(function, *arguments)
        except OutputError as error:
            _log.error("%s", error)
