"""The log as a text, and a report that gives nothing private away."""

from __future__ import annotations

import json
from pathlib import Path

import bpy
import pytest
from fake_service import TOKEN

from blender_addon.backend_link import diagnostics, link, log_file, ops


def event(level: str, message: str, **rest: object) -> str:
    return json.dumps({"time": 1_700_000_000.0, "level": level, "from": "garrick", "message": message, **rest})


@pytest.fixture
def log(data: Path) -> Path:
    """A service's log."""
    path = log_file.log_path(data)
    path.parent.mkdir(parents=True)
    lines = [
        event("info", "started", url="http://127.0.0.1:1"),
        event("warning", f"{Path.home()}/shots/secret.png was large", job="j1"),
        "a line that is not JSON",
        event("error", "job failed", traceback="Traceback\n  File x\nValueError: no\n"),
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_the_log_is_shown_as_readable_lines(chosen, log):
    assert bpy.ops.garrick.show_log() == {"FINISHED"}
    shown = bpy.data.texts[ops.LOG_TEXT].as_string()
    assert "info: started (url=http://127.0.0.1:1)" in shown
    assert "a line that is not JSON" in shown
    assert "error: job failed\n    Traceback\n      File x\n    ValueError: no\n" in shown
    assert bpy.ops.garrick.show_log(lines=1) == {"FINISHED"}
    assert "started" not in bpy.data.texts[ops.LOG_TEXT].as_string()
    assert len(bpy.data.texts) == 1


def test_without_a_log_that_is_told(chosen):
    with pytest.raises(RuntimeError, match="no log yet"):
        bpy.ops.garrick.show_log()
    assert ops.LOG_TEXT not in bpy.data.texts


def test_the_log_of_another_computer_is_not_looked_for(chosen):
    chosen.connection = "ADDRESS"
    assert not bpy.ops.garrick.show_log.poll()


def test_a_long_log_is_read_from_its_end(tmp_path):
    path = tmp_path / "long.log"
    path.write_text("\n".join(event("info", f"{number:07d}" + "x" * 200) for number in range(20_000)))
    lines = log_file.last_lines(path, 50_000)
    assert 100 < len(lines) < 20_000
    assert "0019999" in lines[-1]
    assert all("info: 00" in line for line in lines)  # none cut in its middle


def test_a_report_holds_what_helps(chosen, fake, data, log):
    fake.write_runtime(data)
    fake.health["models"] = {"voice": True, "nose": False}
    link.look()
    report = diagnostics.report()
    for wanted in (bpy.app.version_string, "Garrick 0.1", "ready", "models missing: nose", "Worker idle, 0.5 GB",
                   "job failed", "ValueError: no", "Free disk of the service: 50.0 GB"):  # fmt: skip
        assert wanted in report
    assert "started" not in report  # no trouble


def test_a_report_gives_neither_token_nor_user_away(chosen, fake, data, log, monkeypatch):
    monkeypatch.setattr(Path, "home", lambda: Path("/home/ada"))
    fake.write_runtime(data)
    with log.open("a") as file:
        file.write(event("error", f"refused Bearer {TOKEN}, own-token, at /home/ada/x and /home/adam") + "\n")
    chosen.token = "own-token"
    report = diagnostics.report()
    assert "refused" in report
    assert TOKEN not in report
    assert "own-token" not in report
    assert "/home/ada/" not in report
    assert "~/x" in report
    assert "/home/adam" in report  # another folder that only begins alike


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("at /mnt/client/secret/shots/face.png.", "at .../shots/face.png."),
        ("'C:\\\\clients\\\\shots\\\\a.png'", "'.../shots/a.png'"),
        ("D:\\clients\\secret\\shots\\a.png", ".../shots/a.png"),
        ("http://127.0.0.1:8723/v1/jobs/j1/events", "http://127.0.0.1:8723/v1/jobs/j1/events"),
        ("/tmp/x", "/tmp/x"),
    ],
)
def test_only_the_ends_of_longer_paths_are_told(path, expected):
    assert diagnostics.scrub(path) == expected


def test_a_report_can_be_had_when_nothing_runs(chosen):
    assert "Not" in diagnostics.report()
    assert bpy.ops.garrick.copy_diagnostics() == {"FINISHED"}


def test_the_report_is_printed_where_there_is_no_clipboard(chosen, capfd):
    bpy.ops.garrick.copy_diagnostics()
    assert "Blender " + bpy.app.version_string in capfd.readouterr().out
