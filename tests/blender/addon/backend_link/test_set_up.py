"""Set Up Backend: bootstrap.py's lines become progress; why it cannot run, and why it failed, is told."""

from __future__ import annotations

import importlib.util
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
from blender_addon.backend_link import link, ops, setup
from blender_addon.tasks import Cancelled, Handle, Task

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder whose bootstrap.py a test writes."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    return folder


def run(checkout: Path, program: str) -> Task[None]:
    (checkout / "bootstrap.py").write_text(program)
    phases = []

    def work(handle: Handle) -> None:
        def progress(*step) -> None:
            phases.append(step)
            handle.progress(*step)

        setup.set_up(checkout, progress, handle.log, handle.cancelled)

    task = Task("Setting up", work)
    task.phases = phases  # type: ignore[attr-defined]
    return task


def test_its_steps_are_those_of_bootstrap(monkeypatch, tmp_path):
    spec = importlib.util.spec_from_file_location("bootstrap_of_the_checkout", ROOT / "bootstrap.py")
    bootstrap = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bootstrap)
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    steps = []

    def note(step: str, command: list[str]) -> None:
        steps.append(step)
        (tmp_path / ".venv").mkdir(exist_ok=True)

    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "run", note)
    assert bootstrap.main([setup.COMMAND]) == 0
    assert tuple(steps) == setup.STEPS
    assert setup.PYTHONS == bootstrap.PYTHONS


def test_its_lines_become_progress_before_they_are_whole(checkout):
    program = """
import sys, time
print("garrick: making .venv ...", end=" ", flush=True); print("1 s", flush=True)
print("garrick: torch ...", end=" ", flush=True)
time.sleep(0.5)
print("67 s", flush=True)
print("garrick: something new ...", end=" ", flush=True); print("2 s", flush=True)
"""
    task = run(checkout, program)
    tasks.start(task)
    end = time.monotonic() + 10
    while task.phase != "torch" and time.monotonic() < end:
        time.sleep(0.01)
    assert (task.phase, task.done, task.total) == ("torch", 1, len(setup.STEPS))
    assert "garrick: torch ... 67 s" not in task.lines  # not whole yet
    while task.state == "running":
        tasks.pump()
        time.sleep(0.01)
    assert task.state == "done"
    assert task.lines == ["garrick: making .venv ... 1 s", "garrick: torch ... 67 s", "garrick: something new ... 2 s"]
    assert task.phases[-1] == ("something new", 0, 0)  # a step of a later bootstrap: shown, not counted


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("This step failed: torch.\nERROR: No space left on device", "No space left on device"),
        ("WARNING: NewConnectionError('...')\nERROR: none found", "package index cannot be reached"),
        ("The virtual environment was not created: ensurepip is not available", "apt install python3-venv"),
        ("", "without a word"),
    ],
)
def test_why_it_failed_is_told(checkout, said, expected):
    task = run(checkout, f"import sys; print({said!r}, file=sys.stderr); sys.exit(1)")
    with pytest.raises(ServiceError, match=expected) as raised:
        tasks.run(task)
    assert raised.value.kind == "setup"


def test_a_cancel_ends_it_and_what_it_has_started(checkout, tmp_path):
    grandchild = f"import time; open({str(tmp_path / 'begun')!r}, 'w').close(); time.sleep(60)"
    task = run(checkout, f"import subprocess, sys; subprocess.run([sys.executable, '-c', {grandchild!r}])")
    tasks.start(task)
    while not (tmp_path / "begun").exists():
        time.sleep(0.02)
    task.cancel()
    begun = time.monotonic()
    while task.state == "running":
        tasks.pump()
        time.sleep(0.01)
    assert task.state == "cancelled"
    assert isinstance(task.error, Cancelled)
    assert time.monotonic() - begun < 5  # the pipe is closed, so the grandchild is gone as well


def test_it_runs_in_blenders_own_python_without_blenders_modules(checkout, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/blender/modules")
    task = run(checkout, "import os, sys; print(sys.executable, sys.argv[1:], os.environ.get('PYTHONPATH'))")
    tasks.run(task)
    assert task.lines == [f"{sys.executable} ['backend'] None"]


def test_what_lacks_for_it_is_told(checkout):
    assert "Choose Garrick's folder" in setup.check("", online=True)
    assert "no bootstrap.py" in setup.check(str(checkout), online=True)
    (checkout / "bootstrap.py").touch()
    assert "Allow Online Access" in setup.check(str(checkout), online=False)
    assert "3.14" in setup.check(str(checkout), online=True, version=(3, 14))
    assert setup.check(str(checkout), online=True) == ""


def test_the_button_is_grey_while_blender_is_offline(chosen, checkout):
    (checkout / "bootstrap.py").touch()
    chosen.checkout = str(checkout)
    assert not bpy.app.online_access
    assert not bpy.ops.garrick.set_up_backend.poll()


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_the_size_and_the_room_for_it_are_told_before(platform):
    lines = setup.warning(64e9, platform)
    assert "GB on the disk" in lines[0]
    assert f"{9 if platform == 'linux' else 4} GB meanwhile" in lines[0]
    assert any("64 GB are free" in line for line in lines)


@pytest.fixture
def quick(chosen, checkout, service, monkeypatch):
    """A bootstrap that makes an environment out of the one that the tests have."""
    if os.name == "nt":
        pytest.skip("the stand-in environment is a shell script")
    monkeypatch.setattr(setup, "check", lambda *_: "")
    python = str(service.process.args[0])
    (checkout / "bootstrap.py").write_text(
        "import os, pathlib\n"
        "folder = pathlib.Path('.venv/bin'); folder.mkdir(parents=True)\n"
        f"(folder / 'python').write_text('#!/bin/sh\\nexec {python} \"$@\"\\n'); (folder / 'python').chmod(0o755)\n"
        "print('garrick: making .venv ... 1 s')\n"
    )
    chosen.checkout = str(checkout)
    yield
    if link.look().health is not None:
        link.bring_down()


def test_when_it_is_done_the_backend_is_started(quick):
    assert bpy.ops.garrick.set_up_backend() == {"FINISHED"}
    assert link.status().light in ("ready", "busy")
    assert link.environment().source == "Garrick's folder"
    assert ops.last_task().lines == ["garrick: making .venv ... 1 s"]


def test_an_old_service_gives_way_to_the_new_one(quick, fake, data):
    old = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    fake.health |= {"version": "0.0.9", "pid": old.pid}
    fake.write_runtime(data)

    def end() -> None:
        old.wait()
        (data / "runtime.json").unlink()
        fake.die()

    threading.Thread(target=end).start()
    assert link.look().light == "outdated"
    assert bpy.ops.garrick.set_up_backend() == {"FINISHED"}
    assert link.status().light in ("ready", "busy")
    assert old.poll() is not None


def test_the_end_of_a_cancelled_one_is_told_to_the_script(chosen, checkout, monkeypatch):
    monkeypatch.setattr(setup, "check", lambda *_: "")
    (checkout / "bootstrap.py").write_text("import time; time.sleep(60)")
    chosen.checkout = str(checkout)
    threading.Timer(0.5, lambda: ops.last_task().cancel()).start()
    with pytest.raises(RuntimeError, match="Cancelled"):
        bpy.ops.garrick.set_up_backend()
    assert link.look().light == "off"
