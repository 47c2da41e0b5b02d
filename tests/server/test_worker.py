"""The worker process alone: its line to the service, its limits, and that it never outlives the service."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from garrick.server.limits import resident
from live_supervisor import SAMPLE, until, write_voice

LIMITS = {"data": 12_000_000_000, "file_bytes": 10**9, "open_files": 512}


class Talk:
    """A worker, and the service's end of the line. printed: the file of what it prints besides its messages."""

    def __init__(self, printed: Path, environment: dict[str, str], limits: dict[str, int]) -> None:
        command = [sys.executable, "-P", "-m", "garrick.server.worker", json.dumps(LIMITS | limits)]
        self.printed = printed
        with printed.open("wb") as file:  # no pipe, which would be full when nobody reads it
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                env=os.environ | environment,
                start_new_session=True,
            )

    def say(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def hear(self, key: str) -> dict[str, Any]:
        """The next message of that kind; each line on the way must be a message."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            message = json.loads(line)
            if key in message:
                return message
        raise AssertionError("the worker has died")

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        if self.process.stdin is not None and self.process.stdin.closed:
            self.process.stdin = None
        self.process.communicate(timeout=10)


@pytest.fixture
def talk(tmp_path):
    """Start workers: talk(environment, **limits)."""
    opened: list[Talk] = []

    def start(environment: dict[str, str] | None = None, **limits: int) -> Talk:
        opened.append(Talk(tmp_path / "printed", environment or {}, limits))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


@pytest.fixture(scope="module")
def voice(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("voice") / "voice.wav"
    write_voice(path, 1.2)
    return path


@pytest.fixture
def order(voice, tmp_path) -> Callable[..., dict[str, Any]]:
    """Orders: order(id, **job)."""

    def make(id: str = "a", scene: bool = False, **job: Any) -> dict[str, Any]:
        files = {"portrait": str(SAMPLE / "portrait.png"), "audio": str(voice)}
        places = {"out": str(tmp_path / id), "stages": str(tmp_path / "stages"), "stages_bytes": 10**9}
        settings = files | {"size": [128, 128], "seed": 3} | job
        return {"run": {"id": id, "job": settings, "scene": scene, "device": "cpu", **places}}

    return make


_CHATTERBOX = """
import os, sys, threading, time

def chatter():
    while "garrick.server.warm" not in sys.modules:
        time.sleep(0.01)
    while True:
        print("a library says something", flush=True)
        os.write(1, b'{"end": "a", "state": "done"}\\n')
        os.system("echo a child says something")
        time.sleep(0.05)

if "garrick.server.worker" in sys.orig_argv:
    threading.Thread(target=chatter, daemon=True).start()
"""


@pytest.fixture(scope="module")
def worker(tmp_path_factory) -> Iterator[Talk]:
    """One for the tests that leave it as they found it, in an environment that prints all the time."""
    path = tmp_path_factory.mktemp("noisy")
    (path / "sitecustomize.py").write_text(_CHATTERBOX)
    noisy = {"PYTHONPATH": os.pathsep.join([str(path), os.environ.get("PYTHONPATH", "")])}
    running = Talk(path / "printed", noisy, {})
    assert running.hear("ready")["ready"]["missing"] is None
    yield running
    running.close()


def test_it_is_ready_beats_and_does_one_job_after_another(worker, order, tmp_path):
    assert worker.hear("beat")["beat"] > 0
    for id in ("a", "b"):
        worker.say(order(id))
        assert worker.hear("progress")["progress"][0] == "check"
        end = worker.hear("end")
        assert (end["end"], end["state"]) == (id, "done")
        assert end["result"]["frames"]["rendered"] + end["result"]["frames"]["kept"] == 30
        assert (tmp_path / id / "preview.mp4").is_file()


def test_bad_input_fails_the_job_in_plain_words_and_the_worker_goes_on(worker, order, tmp_path):
    (tmp_path / "noise.png").write_bytes(b"no picture")
    worker.say(order("a", portrait=str(tmp_path / "noise.png")))
    end = worker.hear("end")
    assert end["state"] == "failed"
    assert "noise.png" in end["error"]["message"]
    worker.say(order("b", frames=[0, 1]))
    assert worker.hear("end")["state"] == "done"


def test_a_cancelled_job_ends_and_the_next_one_runs(worker, order):
    worker.say(order("a"))
    worker.hear("progress")
    worker.say({"cancel": "a"})
    assert worker.hear("end")["state"] == "cancelled"
    worker.say({"cancel": "a"})
    worker.say(order("b", frames=[0, 1]))
    assert worker.hear("end")["state"] == "done"


def test_what_libraries_and_children_print_never_reaches_the_line(worker, order):
    worker.say(order("a", frames=[0, 3]))
    assert worker.hear("end")["result"]["frames"]["last"] == 3
    printed = worker.printed.read_bytes()
    assert b"a library says something" in printed
    assert b"a child says something" in printed


@pytest.fixture
def endless_blender(tmp_path) -> Path:
    """A program that takes Blender's place, and never ends."""
    if sys.platform == "win32":
        pytest.skip("a shell script stands for Blender")
    program = tmp_path / "blender"
    program.write_text("#!/bin/sh\nsleep 600\n")
    program.chmod(0o755)
    return program


def test_at_the_end_of_its_input_it_and_its_children_end_at_once(talk, order, endless_blender):
    worker = talk({"GARRICK_BLENDER": str(endless_blender)})
    worker.say(order("a", scene=True, frames=[0, 3]))
    process = psutil.Process(worker.process.pid)
    until(lambda: any("sleep" in child.name() for child in process.children(recursive=True)), 40)
    family = [process, *process.children(recursive=True)]
    assert worker.process.stdin is not None
    worker.process.stdin.close()
    start = time.monotonic()
    worker.process.wait(10)
    _, alive = psutil.wait_procs(family, timeout=5)
    assert not [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]
    assert time.monotonic() - start < 5


def test_it_ends_with_its_service_while_it_still_loads(talk):
    worker = talk()
    worker.hear("beat")
    assert worker.process.stdin is not None
    worker.process.stdin.close()
    worker.process.wait(10)


@pytest.mark.skipif(sys.platform != "linux", reason="the limits are Linux's")
def test_a_job_that_reserves_too_much_memory_fails_and_the_worker_goes_on(talk, order, tmp_path):
    (tmp_path / "noise.png").write_bytes(b"no picture")
    worker = talk(data=1_000_000_000)
    worker.say(order("a", size=[2048, 2048]))
    end = worker.hear("end")
    assert end["state"] == "failed"
    assert "memory" in end["error"]["message"]
    worker.say(order("b", portrait=str(tmp_path / "noise.png")))
    assert "noise.png" in worker.hear("end")["error"]["message"]
    assert 0 < resident(worker.process.pid) < 1_200_000_000


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_file_that_grows_too_large_fails_the_job(talk, order):
    worker = talk(file_bytes=20_000)
    worker.say(order("a"))
    end = worker.hear("end")
    assert end["state"] == "failed"
    assert "larger" in end["error"]["message"]


def test_missing_weights_are_named_at_the_start_and_in_the_job(talk, order, tmp_path):
    worker = talk({"GARRICK_CACHE": str(tmp_path / "empty")})
    assert "garrick weights pull" in worker.hear("ready")["ready"]["missing"]
    worker.say(order("a"))
    end = worker.hear("end")
    assert end["state"] == "failed"
    assert "garrick weights pull" in end["error"]["fix"]
