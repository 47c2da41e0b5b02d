"""The command line: quick help, machine-readable progress, Ctrl-C that leaves a resumable state."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from garrick.cli import app
from typer.testing import CliRunner

COMMAND = (sys.executable, "-c", "from garrick.cli import main; main()")


def arguments(root: Path, out: Path, *more: str) -> list[str]:
    portrait = str(root / "assets" / "sample" / "portrait.png")
    return [
        *COMMAND,
        "perform",
        "--portrait",
        portrait,
        "--size",
        "128",
        "--fps",
        "12",
        "--out",
        str(out),
        "--no-scene",
        *more,
    ]


def test_help_and_version_need_no_heavy_import():
    code = (
        "import sys; from garrick.cli import app; import typer.main; typer.main.get_command(app); "
        "print([m for m in ('torch', 'numba', 'cv2', 'scipy', 'av') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    said = subprocess.run([*COMMAND, "--version"], capture_output=True, text=True, check=True).stdout
    assert said.startswith("garrick 0.")


def test_json_is_one_event_a_line(root, tmp_path):
    done = subprocess.run(
        arguments(root, tmp_path / "o", "--text", "Hi.", "--json"), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert {event["event"] for event in events} >= {"progress", "result"}
    assert events[-1]["event"] == "result"
    frames = [event for event in events if event["event"] == "progress" and event["phase"] == "frames"]
    assert frames[-1]["done"] == frames[-1]["total"] > 5
    assert [event["done"] for event in frames] == sorted(event["done"] for event in frames)


def test_an_error_in_json_has_message_fix_and_code(root, tmp_path):
    command = arguments(root, tmp_path / "o", "--text", "", "--json")
    done = CliRunner().invoke(app, command[len(COMMAND) :])
    event = json.loads(done.stdout.splitlines()[-1])
    assert (event["event"], event["exit_code"], done.exit_code) == ("error", 2, 2)
    assert event["message"]
    assert event["fix"]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_ctrl_c_stops_and_the_same_command_goes_on(root, tmp_path):
    out = tmp_path / "o"
    command = arguments(root, out, "--text", "One two three four five six seven eight nine ten.")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline and len(list((out / "frames").glob("frame_*.png"))) < 3:
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=30)[0]
    assert process.returncode == 130, said
    assert "Traceback" not in said
    kept = len(list((out / "frames").glob("frame_*.png")))
    assert not [path for path in out.rglob("*") if path.name.endswith(".part")]
    assert not (out / "preview.mp4").exists()
    done = CliRunner().invoke(app, [*command[len(COMMAND) :], "--json"])
    result = json.loads(done.stdout.splitlines()[-1])
    assert 0 < result["frames"]["kept"] <= kept
    assert (out / "preview.mp4").exists()
