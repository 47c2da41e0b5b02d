"""The supervisor with a real worker: jobs that run, fail, are cancelled or interrupted, one after another in one service."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import sys
import time
from collections.abc import Iterator

import pytest
from garrick.server.records import JobState
from garrick.server.settings import Settings
from live_supervisor import Live, alive, live, small_job, store_asset, until

pytestmark = pytest.mark.alone
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals")


@pytest.fixture(scope="module")
def service(tmp_path_factory) -> Iterator[Live]:
    """One for the tests that leave it as they found it."""
    with live(Settings(data=tmp_path_factory.mktemp("service"), scene=False)) as running:
        yield running


@pytest.fixture(scope="module")
def job(service) -> dict:
    """30 small frames."""
    return small_job(service.settings, 1.2)


@pytest.fixture
def forgetful(service) -> None:
    """Every phase is done in full, and not taken from the cache."""
    shutil.rmtree(service.settings.stages, ignore_errors=True)


def test_jobs_run_one_after_another_in_the_same_warm_worker(service, job):
    first, second = service.submit(job), service.submit(job | {"seed": 4})
    pid = service.at_work(first)
    assert service.wait(first).state == service.wait(second).state == JobState.DONE
    until(lambda: service.worker()["state"] == "idle", 5)
    assert service.worker()["pid"] == pid
    assert service.result(second)["frames"] == {"first": 0, "last": 29, "rendered": 30, "kept": 0}
    assert (service.settings.jobs / second / "preview.mp4").is_file()
    assert service.states(second) == ["queued", "running", "done"]
    assert service.events == service.store.events(None, limit=10_000)


def test_a_job_that_cannot_be_done_fails_in_plain_words(service, job, tmp_path):
    (tmp_path / "noise").write_bytes(b"no picture")
    done = service.wait(service.submit(job | {"portrait": store_asset(service.settings, tmp_path / "noise")}))
    assert done.state == JobState.FAILED
    assert done.error is not None
    assert "is not an image" in done.error["message"]


PHASES = ("check", "decode", "listen", "portrait", "motion", "prepare", "frames", "preview")


@pytest.mark.parametrize("phase", PHASES)
def test_cancel_is_acknowledged_within_a_second_and_obeyed_within_three(service, job, forgetful, phase):
    id = service.submit(job | {"seed": 50 + PHASES.index(phase)})
    service.in_phase(id, phase)
    start = time.monotonic()
    service.supervisor.cancel(id)
    assert time.monotonic() - start < 1
    until(lambda: service.record(id).state in (JobState.CANCELLED, JobState.DONE), 3)
    until(lambda: service.worker()["job"] is None, 3)
    assert time.monotonic() - start < 3
    if phase not in ("frames", "preview"):  # these may have ended before the word arrived
        assert service.record(id).state == JobState.CANCELLED


def test_a_cancelled_job_is_resumed_and_keeps_what_it_had(service, job):
    id = service.submit(job | {"seed": 70})
    frames = service.settings.jobs / id / "frames"
    until(lambda: len(list(frames.glob("frame_*.png"))) > 3, 40)
    service.supervisor.cancel(id)
    if service.wait(id).state == JobState.CANCELLED:
        service.store.resubmit(id)
        service.supervisor.notify()
        until(lambda: service.record(id).state == JobState.DONE, 40)
        assert service.result(id)["frames"]["kept"] > 3


@posix
def test_a_killed_worker_is_replaced_and_its_job_goes_on(service, job, forgetful):
    id = service.submit(job | {"seed": 80})
    service.in_phase(id, "portrait")
    os.kill(service.at_work(id), signal.SIGKILL)
    done = service.wait(id)
    assert (done.state, done.attempts) == (JobState.DONE, 1)
    assert service.states(id) == ["queued", "running", "queued", "running", "done"]
    why = next(event.data["why"] for event in service.store.events(id) if "why" in event.data)
    assert "SIGKILL" in why


@posix
def test_a_worker_that_does_not_obey_a_cancel_is_killed(service, job, forgetful):
    id = service.submit(job | {"seed": 81})
    pid = service.at_work(id)
    service.in_phase(id, "listen")
    os.kill(pid, signal.SIGSTOP)
    start = time.monotonic()
    assert service.supervisor.cancel(id).state == JobState.CANCELLING
    until(lambda: service.record(id).state == JobState.CANCELLED, 5)
    assert time.monotonic() - start < 3
    until(lambda: not alive(pid), 1)
    assert service.wait(service.submit(job | {"seed": 82})).state == JobState.DONE


def test_a_store_locked_for_long_delays_a_job_and_loses_nothing(service, job, forgetful, caplog):
    id = service.submit(job | {"seed": 83})
    service.in_phase(id, "portrait")
    other = sqlite3.connect(service.settings.store, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    until(lambda: "keeps" in caplog.text, 20)  # longer than the store waits by itself, so it was given up once
    assert service.record(id).state == JobState.RUNNING
    other.execute("ROLLBACK")
    other.close()
    assert service.wait(id).state == JobState.DONE
    assert service.states(id) == ["queued", "running", "done"]
    assert service.events == service.store.events(None, limit=10_000)
