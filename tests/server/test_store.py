"""The job store: every change once, whole and in order, whatever the disk, the clock and other programs do."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from garrick.errors import OutputError
from garrick.server.job_id import JOB_ID
from garrick.server.records import Conflict, Event, JobRecord, JobState, Progress, UnknownJob
from garrick.server.store import JobStore
from garrick.server.trial import DEATHS
from small_disk import SmallDisk, small_disk_at

JOB = {"portrait": "sha256:" + "0" * 64, "text": "Hello."}


@pytest.fixture
def store(tmp_path) -> Iterator[JobStore]:
    store = JobStore(tmp_path / "jobs.sqlite")
    yield store
    store.close()


def running(store: JobStore) -> str:
    store.create(JOB)
    record = store.claim()
    assert record is not None
    return record.id


def held(store: JobStore, id: str) -> JobRecord:
    record = store.get(id)
    assert record is not None
    return record


def states(store: JobStore, id: str) -> list[str]:
    return [event.data["state"] for event in store.events(id) if event.kind == "state"]


def test_a_job_is_created_claimed_reported_and_done(store):
    record, new = store.create(JOB, name="A", priority=3)
    assert new
    assert re.fullmatch(JOB_ID, record.id)
    assert (record.name, record.job, record.state, record.priority) == ("A", JOB, JobState.QUEUED, 3)
    assert store.claim().id == record.id
    assert store.claim() is None
    store.report(record.id, Progress("frames", 1, 9))
    store.log(record.id, "speech: from the cache")
    assert store.finish(record.id, JobState.DONE, result={"cached": ["speech"]})
    done = store.get(record.id)
    assert (done.state, done.progress, done.result) == (JobState.DONE, Progress("frames", 1, 9), {"cached": ["speech"]})
    assert done.created <= done.started <= done.finished
    assert [event.kind for event in store.events(record.id)] == ["state", "state", "progress", "log", "state"]


def test_the_highest_priority_comes_first_and_then_the_oldest(store):
    ids = [store.create(JOB, priority=priority)[0].id for priority in (0, 5, -1, 5)]
    assert [store.claim().id for _ in ids] == [ids[1], ids[3], ids[0], ids[2]]


def test_an_idempotency_key_gives_the_same_job_and_refuses_another(store):
    first, new = store.create(JOB, key="k")
    assert store.create(JOB, key="k") == (first, False)
    assert new
    assert store.count() == 1
    for other in ({"job": JOB | {"text": "Bye."}}, {"job": JOB, "priority": 1}, {"job": JOB, "name": "B"}):
        with pytest.raises(Conflict):
            store.create(**other, key="k")
    assert store.create(JOB, key="l")[1]


def test_pages_and_filters(store):
    ids = [store.create(JOB)[0].id for _ in range(5)]
    store.claim()
    assert [record.id for record in store.list(limit=2)] == ids[:2:-1]
    assert [record.id for record in store.list(limit=2, before=ids[3])] == [ids[2], ids[1]]
    assert [record.id for record in store.list(JobState.RUNNING)] == [ids[0]]
    assert (store.count(), store.count(JobState.QUEUED)) == (5, 4)


def test_cancel_in_every_state(store):
    queued = store.create(JOB)[0].id
    assert store.cancel(queued).state == JobState.CANCELLED
    id = running(store)
    assert store.cancel(id).state == store.cancel(id).state == JobState.CANCELLING
    assert store.finish(id, JobState.CANCELLED)
    assert store.cancel(id).state == JobState.CANCELLED
    assert states(store, id) == ["queued", "running", "cancelling", "cancelled"]
    with pytest.raises(UnknownJob):
        store.cancel("a" * 20)


def test_a_job_ends_once(store):
    id = running(store)
    assert store.finish(id, JobState.FAILED, error={"message": "No.", "fix": None})
    assert not store.finish(id, JobState.DONE)
    store.report(id, Progress("frames", 1, 2))
    store.requeue(id, "late")
    assert held(store, id).state == JobState.FAILED
    assert states(store, id) == ["queued", "running", "failed"]


def test_a_failed_job_is_resumed_and_a_running_one_is_not(store):
    id = running(store)
    with pytest.raises(Conflict):
        store.resubmit(id)
    store.finish(id, JobState.FAILED, error={"message": "No.", "fix": None})
    again = store.resubmit(id)
    assert (again.state, again.error, again.finished) == (JobState.QUEUED, None, None)
    assert store.claim().id == id


def test_recovery_requeues_what_ran_and_ends_what_was_to_end(store, tmp_path):
    one, two = running(store), running(store)
    waiting = store.create(JOB)[0].id
    store.cancel(two)
    store.close()
    after = JobStore(tmp_path / "jobs.sqlite")
    assert after.recover() == [one, two]
    assert [held(after, id).state for id in (one, two, waiting)] == ["queued", "cancelled", "queued"]
    assert held(after, one).attempts == 1
    assert after.recover() == []
    after.close()


def test_a_job_that_ends_service_after_service_fails_and_can_be_resumed(store, tmp_path):
    id = running(store)

    def die(frames: int) -> JobState:
        """The service dies after so many frames, and another starts."""
        service = JobStore(tmp_path / "jobs.sqlite")
        service.report(id, Progress("frames", frames, 99))
        assert service.recover() == [id]
        service.claim()
        service.close()
        return held(store, id).state

    for frames in range(2 * DEATHS):  # it gets further each time
        assert die(frames) == JobState.RUNNING
    for _ in range(DEATHS - 2):
        assert die(3) == JobState.RUNNING
    assert die(3) == JobState.FAILED
    error = held(store, id).error
    assert error is not None
    assert f"{DEATHS} times" in error["message"]
    assert store.events(id)[-1].data == {"state": "failed", "error": error}
    store.resubmit(id)
    store.claim()
    for _ in range(DEATHS - 1):
        assert die(3) == JobState.RUNNING
    store.cancel(id)
    store.finish(id, JobState.CANCELLED)
    store.resubmit(id)
    store.claim()
    assert die(3) == JobState.RUNNING


def test_only_ended_jobs_are_deleted_and_event_numbers_never_come_back(store):
    id = running(store)
    with pytest.raises(Conflict):
        store.delete(id)
    store.finish(id, JobState.DONE)
    last = store.events(None)[-1].id
    assert store.expired(time.time() + 1) == [id]
    assert store.expired(time.time() - 60) == []
    assert store.delete(id)
    assert not store.delete(id)
    assert store.events(None) == []
    assert store.get(id) is None
    assert store.events(store.create(JOB)[0].id)[0].id == last + 1


def test_every_event_is_announced_once_after_it_is_stored(store):
    announced: list[Event] = []

    def hear(event: Event) -> None:
        assert store.events(event.job, after=event.id - 1)[0] == event
        announced.append(event)

    store.changed = hear
    id = running(store)
    store.cancel(id)
    store.finish(id, JobState.CANCELLED)
    assert announced == store.events(None)
    assert [event.id for event in announced] == sorted({event.id for event in announced})


def test_progress_is_thinned_but_the_first_and_last_of_each_phase_stay(store):
    id = running(store)
    for phase in ("speech", "frames"):
        for done in range(1001):
            store.report(id, Progress(phase, done, 1000))
    kept = [(event.data["phase"], event.data["done"]) for event in store.events(id) if event.kind == "progress"]
    assert {("speech", 0), ("speech", 1000), ("frames", 0), ("frames", 1000)} <= set(kept)
    assert len(kept) < 100
    assert kept == sorted(kept, key=lambda pair: (pair[0] != "speech", pair[1]))


def test_many_threads_lose_and_double_nothing(store):
    announced: list[int] = []
    store.changed = lambda event: announced.append(event.id)
    claimed: list[str] = []

    def work() -> None:
        for _ in range(20):
            store.create(JOB)
            record = store.claim()
            assert record is not None
            claimed.append(record.id)
            store.log(record.id, "a line")
            assert store.finish(record.id, JobState.DONE)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(claimed)) == len(claimed) == store.count(JobState.DONE) == 120
    stored = [event.id for event in store.events(None, limit=10_000)]
    assert sorted(announced) == stored
    assert len(stored) == 480


def test_a_clock_that_jumps_changes_neither_the_order_of_jobs_nor_of_events(store, monkeypatch):
    now = time.time()
    ids = []
    for jump in (0, 10 * 365 * 86400, -365 * 86400, 5):
        monkeypatch.setattr(time, "time", lambda jump=jump: now + jump)
        monkeypatch.setattr(time, "time_ns", lambda jump=jump: int((now + jump) * 1e9))
        ids.append(store.create(JOB)[0].id)
    assert ids == sorted(ids)
    assert [store.claim().id for _ in ids] == ids
    assert [event.job for event in store.events(None)] == [*ids, *ids]


def test_a_store_locked_by_another_program_says_so_and_keeps_all(store, tmp_path):
    id = running(store)
    before = store.events(None)
    other = sqlite3.connect(tmp_path / "jobs.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OutputError, match="locked"):
        store.log(id, "while locked")
    assert held(store, id).state == JobState.RUNNING  # reading goes on
    assert store.events(None) == before
    other.execute("ROLLBACK")
    other.close()
    store.log(id, "afterwards")
    assert [event.data["line"] for event in store.events(id) if event.kind == "log"] == ["afterwards"]


def test_a_short_lock_is_waited_out(store, tmp_path):
    id = running(store)
    other = sqlite3.connect(tmp_path / "jobs.sqlite", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.5, lambda: other.execute("ROLLBACK"))
    release.start()
    store.log(id, "patient")
    release.join()
    other.close()
    assert store.events(id)[-1].data["line"] == "patient"


@pytest.fixture
def small_disk(tmp_path) -> Iterator[SmallDisk]:
    with small_disk_at(tmp_path / "disk", "1m") as disk:
        yield disk


def fill(store: JobStore, id: str) -> None:
    for _ in range(10_000):
        store.log(id, "x" * 1000)


def test_a_full_disk_says_so_and_what_was_stored_stays(small_disk):
    store = JobStore(small_disk.folder / "jobs.sqlite")
    id = running(store)
    announced: list[Event] = []
    store.changed = announced.append
    with pytest.raises(OutputError, match="full"):
        fill(store, id)
    stored = [event for event in store.events(id, limit=100_000) if event.kind == "log"]
    assert stored == announced
    assert len(stored) > 50
    assert held(store, id).state == JobState.RUNNING
    small_disk.change("size=4m")
    assert store.finish(id, JobState.DONE)
    store.close()
    after = JobStore(small_disk.folder / "jobs.sqlite")
    assert held(after, id).state == JobState.DONE
    assert after.events(id, limit=100_000)[2:] == announced
    after.close()


def test_a_folder_that_became_read_only_says_so_and_can_be_read(small_disk):
    store = JobStore(small_disk.folder / "jobs.sqlite")
    id = running(store)
    store.close()
    small_disk.change("ro")
    with pytest.raises(OutputError, match="may not be written"):
        JobStore(small_disk.folder / "jobs.sqlite")
    small_disk.change("rw")
    after = JobStore(small_disk.folder / "jobs.sqlite")
    assert after.recover() == [id]
    after.close()


def test_a_file_that_is_no_store_or_a_newer_one_is_refused(tmp_path):
    (tmp_path / "noise").write_bytes(b"no database" * 1000)
    with pytest.raises(OutputError, match="no job store"):
        JobStore(tmp_path / "noise")
    newer = sqlite3.connect(tmp_path / "newer")
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(OutputError, match="newer"):
        JobStore(tmp_path / "newer")


_WRITER = """
import sys
from pathlib import Path
from garrick.server.store import JobStore
store = JobStore(Path(sys.argv[1]))
store.changed = lambda event: print(event.id, flush=True)
store.create({})
id = store.claim().id
while True:
    store.log(id, "a line")
"""


def test_what_was_announced_before_a_kill_is_in_the_store(tmp_path):
    path = tmp_path / "jobs.sqlite"
    writer = subprocess.Popen([sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    announced = [int(writer.stdout.readline()) for _ in range(100)]
    writer.kill()
    announced += [int(line) for line in writer.stdout.read().splitlines(keepends=True) if line.endswith(b"\n")]
    writer.wait()
    writer.stdout.close()
    store = JobStore(path)
    stored = [event.id for event in store.events(None, limit=100_000)]
    assert stored == list(range(1, len(stored) + 1))
    assert announced == stored[: len(announced)]
    assert len(stored) - len(announced) <= 1
    store.close()
