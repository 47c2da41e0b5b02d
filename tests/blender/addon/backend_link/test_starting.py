"""Finding, starting and stopping the backend on this computer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import bpy
import pytest

from blender_addon import tasks
from blender_addon.answers import ServiceError
from blender_addon.backend_link import finding, link, ops, process
from blender_addon.tasks import Task

RUN = ("-c", "from garrick.cli import main; main()")


@pytest.fixture
def startable(chosen, service, monkeypatch):
    """The Python that has the backend, found by $GARRICK_PYTHON; what it starts is stopped after the test."""
    monkeypatch.setenv("GARRICK_PYTHON", str(service.process.args[0]))
    yield chosen
    if link.look().health is not None:
        link.bring_down()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with an environment whose Python does nothing."""
    python = finding.python_of(tmp_path / "checkout")
    python.parent.mkdir(parents=True)
    python.touch()
    return tmp_path / "checkout"


def test_the_data_folder_is_the_one_that_the_backend_takes(service, monkeypatch, tmp_path):
    def theirs() -> Path:
        program = "from garrick.server.settings import default_data; print(default_data())"
        done = subprocess.run([service.process.args[0], "-c", program], capture_output=True, text=True, check=True)
        return Path(done.stdout.strip())

    monkeypatch.delenv("GARRICK_DATA", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert finding.default_data() == theirs()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    assert finding.default_data() == theirs()
    monkeypatch.setenv("GARRICK_DATA", str(tmp_path / "own"))
    assert finding.default_data() == theirs() == tmp_path / "own"


def test_each_system_has_its_own_data_folder():
    home = Path.home()
    assert finding.default_data({}, "darwin") == home / "Library/Application Support/garrick/service"
    assert finding.default_data({"LOCALAPPDATA": "/local"}, "win32") == Path("/local/garrick/service")


def test_what_was_chosen_comes_before_what_is_found(checkout, tmp_path):
    command = tmp_path / "bin" / "garrick"
    command.parent.mkdir()
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    on_path = {"PATH": str(command.parent)}
    named = on_path | {"GARRICK_PYTHON": sys.executable}
    own = str(finding.python_of(checkout))
    find = finding.find_environment
    assert find("", "", {"PATH": ""}) is None
    assert find("", "", on_path).command == (str(command),)
    assert find("", str(checkout), on_path).command == (own, *RUN)
    assert find("", str(checkout), named).command == (sys.executable, *RUN)
    assert find(own, str(checkout), named) == finding.Environment((own, *RUN), "the Python chosen in the preferences")
    assert find("/not/there", str(tmp_path), on_path).source == "the PATH"


def test_a_child_does_not_get_blenders_own_python_path():
    assert finding.child_environment({"PYTHONHOME": "/b", "PYTHONPATH": "/b", "HOME": "/h"}) == {"HOME": "/h"}


def test_it_is_started_and_stopped_again(startable, data):
    assert bpy.ops.garrick.start_backend() == {"FINISHED"}
    assert link.status().light in ("ready", "busy")
    pid = json.loads((data / "runtime.json").read_text())["pid"]
    assert os.stat(data).st_mode & 0o077 == 0
    assert bpy.ops.garrick.stop_backend() == {"FINISHED"}
    assert link.status().sentence == "Not running"
    assert not (data / "runtime.json").exists()
    link._state.launched.process.wait(10)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_one_that_runs_is_not_started_twice(startable, data):
    first = link.bring_up().health["pid"]
    assert link.bring_up().health["pid"] == first
    link._state.launched = None
    other = process.launch(link.environment(), data, "cpu", 30.0)  # another Blender does so at the same time
    process.wait_until_up(other, lambda: link.look().health is not None)
    assert other.process.wait(30) == 0
    assert link.look().health["pid"] == first


def test_who_needs_a_service_gets_one(startable):
    assert link.ensure().health()["status"] == "ok"
    assert link.ensure().health()["pid"] == link.status().health["pid"]


def test_in_a_window_it_is_started_beside_it(startable):
    assert bpy.ops.garrick.start_backend(beside=True) == {"FINISHED"}
    task = ops.last_task()
    assert task.state == "running"
    seen = set()
    while task.state == "running":
        seen.add(link.status().light)
        tasks.pump()
        time.sleep(0.01)
    assert task.state == "done"
    assert link.status().health is not None
    assert "starting" in seen


def test_a_start_that_is_cancelled_leaves_no_process(startable):
    bpy.ops.garrick.start_backend(beside=True)
    while link._state.launched is None:
        time.sleep(0.01)
    bpy.ops.garrick.cancel_backend_task()
    task = ops.last_task()
    while task.state == "running":
        tasks.pump()
        time.sleep(0.02)
    assert task.state == "cancelled"
    assert link._state.launched.process.wait(15) is not None
    assert link.look().health is None


def test_a_python_without_garrick_is_told(chosen, tmp_path):
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)
    chosen.python = str(bare / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    with pytest.raises(RuntimeError, match=r"this Python does not have Garrick.*preferences"):
        bpy.ops.garrick.start_backend()
    assert ops.last_task().state == "failed"
    bpy.ops.garrick.show_log()
    assert "ModuleNotFoundError" in bpy.data.texts[ops.LOG_TEXT].as_string()


def test_the_reason_that_the_service_itself_gives_is_told(startable, data):
    startable.device = "cpu"
    data.parent.mkdir(exist_ok=True)
    data.write_text("a file where the folder should be")
    with pytest.raises(RuntimeError, match=r"cannot be started|did not start"):
        bpy.ops.garrick.start_backend()
    data.unlink()


def test_the_last_words_of_a_service_are_its_error_event():
    said = b'{"event": "log", "message": "x"}\n{"event": "error", "message": "No port.", "fix": "Take another."}\nbye\n'
    assert process.last_words(said) == ("No port.", "Take another.")
    assert process.last_words(b"Traceback\nMemoryError: no\n")[0] == "MemoryError: no."
    assert process.last_words(b"")[0]


def test_nothing_is_started_or_stopped_at_an_address(chosen, fake):
    chosen.connection, chosen.address = "ADDRESS", fake.url
    for name in ("start_backend", "stop_backend"):
        operator = getattr(bpy.ops.garrick, name)
        assert not operator.poll()
    with pytest.raises(ServiceError, match="Start it there"):
        link.bring_up()
    with pytest.raises(ServiceError, match="Stop it there"):
        link.bring_down()


def test_a_service_that_does_not_run_cannot_be_stopped(chosen):
    with pytest.raises(RuntimeError, match="does not run"):
        bpy.ops.garrick.stop_backend()


def test_two_tasks_do_not_get_in_each_others_way(startable):
    begun = [threading.Thread(target=link.bring_up) for _ in range(2)]
    link.settings()
    for thread in begun:
        thread.start()
    for thread in begun:
        thread.join(60)
    assert link.look().health is not None


def test_a_process_that_may_be_another_is_not_ended(chosen, fake, data):
    fake.write_runtime(data)
    fake.health["pid"] += 1
    with pytest.raises(RuntimeError, match="not certain which process"):
        bpy.ops.garrick.stop_backend()


def test_one_who_waits_for_anothers_start_can_be_cancelled(startable):
    task = Task("Waiting", lambda handle: link.ensure(handle.check))
    link.settings()
    with link._raising:
        tasks.start(task)
        time.sleep(0.3)
        task.cancel()
        while task.state == "running":
            tasks.pump()
            time.sleep(0.01)
    assert task.state == "cancelled"
    assert link.look().health is None
