"""Workers and services that die, hang, starve or never come up: what becomes of their jobs, children and files."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator

import psutil
import pytest
from garrick.server import supervisor
from garrick.server.records import JobState
from garrick.server.settings import Settings
from live_supervisor import Live, alive, live, small_job, until
from small_disk import small_disk_at

pytestmark = pytest.mark.alone
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals")


def test_a_queued_job_waits_for_the_next_service_and_a_running_one_goes_on_there(tmp_path):
    settings = Settings(data=tmp_path, scene=False)
    job = small_job(settings, 1.2)
    with live(settings) as before:
        running, queued = before.submit(job), before.submit(job | {"seed": 5})
        pid = before.at_work(running)
        before.in_phase(running, "portrait")
    assert not alive(pid)
    with live(settings) as after:
        assert after.wait(running).state == after.wait(queued).state == JobState.DONE
        assert after.record(running).attempts == 1
        assert after.states(running) == ["queued", "running", "queued", "running", "done"]


@pytest.fixture(scope="module")
def enduring(tmp_path_factory) -> Iterator[Live]:
    """A service that soon takes a silent worker for dead, for the tests that leave it at work."""
    with live(Settings(data=tmp_path_factory.mktemp("enduring"), scene=False, heartbeat_s=4)) as service:
        yield service


@posix
def test_a_worker_that_hangs_is_killed_and_its_job_goes_on(enduring):
    id = enduring.submit(small_job(enduring.settings, 1.2))
    pid = enduring.at_work(id)
    os.kill(pid, signal.SIGSTOP)
    until(lambda: not alive(pid), 10)
    done = enduring.wait(id)
    assert (done.state, done.attempts) == (JobState.DONE, 1)


@posix
def test_a_job_whose_workers_die_again_and_again_fails_and_the_next_one_runs(enduring, monkeypatch):
    monkeypatch.setattr(supervisor, "DEATHS", 2)  # each death costs a worker's start
    job = small_job(enduring.settings, 1.2)
    id, next_one = enduring.submit(job | {"seed": 5}), enduring.submit(job | {"seed": 4})
    for _ in range(8):  # the first time, and on a busy machine later too, it came further than ever before
        os.kill(enduring.at_work(id), signal.SIGKILL)
        until(lambda: enduring.worker()["job"] != id, 20)
        if enduring.record(id).state == JobState.FAILED:
            break
    done = enduring.wait(id)
    assert done.state == JobState.FAILED
    assert done.error is not None
    assert "died 2 times" in done.error["message"]
    assert enduring.wait(next_one).state == JobState.DONE


def test_a_job_that_takes_too_long_fails(tmp_path):
    settings = Settings(data=tmp_path, scene=False, job_seconds=0.5)
    with live(settings) as service:
        done = service.wait(service.submit(small_job(settings, 1.2, size=[1024, 1024])))
        assert done.state == JobState.FAILED
        assert done.error is not None
        assert "took longer than 0.5 s" in done.error["message"]


@pytest.fixture
def greedy_blender(tmp_path, monkeypatch) -> None:
    """A program that takes Blender's place, takes 700 MB and never ends."""
    if sys.platform == "win32":
        pytest.skip("a shell script stands for Blender")
    program = tmp_path / "blender"
    program.write_text(f"#!/bin/sh\n{sys.executable} -c 'import time; taken = b\"x\" * 700_000_000; time.sleep(600)'\n")
    program.chmod(0o755)
    monkeypatch.setenv("GARRICK_BLENDER", str(program))


def family(service: Live, id: str) -> list[psutil.Process]:
    """The worker of a job that is in Blender's hands, and its children."""
    worker = psutil.Process(service.at_work(id))
    service.in_phase(id, "scene")
    until(worker.children, 20)
    return [worker, *worker.children(recursive=True)]


def assert_gone(processes: list[psutil.Process]) -> None:
    until(lambda: not any(alive(process.pid) for process in processes), 3)


def test_no_blender_outlives_a_cancel_or_a_killed_worker(tmp_path, greedy_blender):
    settings = Settings(data=tmp_path / "service")
    job = small_job(settings, 1.2)
    with live(settings) as service:
        id = service.submit(job)
        first = family(service, id)
        first[0].kill()
        assert_gone(first)
        until(lambda: service.worker()["pid"] != first[0].pid, 20)
        second = family(service, id)
        start = time.monotonic()
        service.supervisor.cancel(id)
        until(lambda: service.record(id).state == JobState.CANCELLED, 3)
        assert_gone(second[1:])
        assert time.monotonic() - start < 3
        assert not [path for path in (settings.jobs / id).glob(".*") if path.name != ".garrick"]


def test_a_job_that_uses_too_much_memory_fails_and_leaves_no_process_and_no_file(tmp_path, greedy_blender):
    settings = Settings(data=tmp_path / "service", job_memory=1_200_000_000)
    job = small_job(settings, 1.2)
    with live(settings) as service:
        id = service.submit(job)
        processes = family(service, id)
        done = service.wait(id)
        assert done.state == JobState.FAILED
        assert done.error is not None
        assert "used more than 1.2 GB of memory" in done.error["message"]
        assert_gone(processes)
        assert (settings.jobs / id / "preview.mp4").is_file()
        until(lambda: service.worker()["state"] == "idle", 30)
        assert not list((settings.data / "scratch").rglob("garrick-blender-*"))


def test_a_worker_that_cannot_start_is_tried_ever_more_rarely_and_says_why(tmp_path, monkeypatch):
    (tmp_path / "numpy.py").write_text("raise ImportError('this numpy is broken')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    settings = Settings(data=tmp_path / "service", scene=False)
    with live(settings) as service:
        id = service.submit({"portrait": "sha256:" + "0" * 64, "text": "Hello."})
        until(lambda: service.worker()["state"] == "broken", 20)
        assert "this numpy is broken" in service.worker()["error"]
        started = set()
        end = time.monotonic() + 4
        while time.monotonic() < end:
            started.add(service.worker()["pid"])
            time.sleep(0.01)
        assert len(started - {None}) <= 3
        assert service.record(id).state == JobState.QUEUED


def test_a_worker_whose_environment_talks_on_the_line_is_not_trusted(tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text("print('welcome')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with live(Settings(data=tmp_path / "service", scene=False)) as service:
        until(lambda: service.worker()["state"] == "broken", 20)
        assert "no message" in service.worker()["error"]


def test_a_disk_that_fills_up_fails_the_job_and_with_room_it_goes_on(tmp_path):
    with small_disk_at(tmp_path / "disk", "64m") as disk:
        settings = Settings(data=disk.folder / "service", scene=False)
        job = small_job(settings, 1.2)
        with live(settings) as service:
            until(lambda: service.worker()["state"] == "idle", 40)
            used = shutil.disk_usage(disk.folder).used
            disk.change(f"size={used + 600_000}")
            id = service.submit(job)
            until(lambda: service.worker()["job"] == id, 10)
            until(lambda: shutil.disk_usage(disk.folder).free < 50_000, 40)
            until(lambda: service.worker()["state"] == "idle", 40)  # it has failed; that may not be in the store
            disk.change("size=64m")
            done = service.wait(id)
            assert done.state == JobState.FAILED
            assert done.error is not None
            assert "disk is full" in done.error["message"]
            assert service.events == service.store.events(None, limit=10_000)
            service.store.resubmit(id)
            service.supervisor.notify()
            until(lambda: service.record(id).state == JobState.DONE, 40)
            assert not list((settings.jobs / id).rglob("*.part"))
