"""The doctor names what is missing, how to get it, and whether Garrick can work without."""

from __future__ import annotations

import json

import pytest
import typer
from garrick.doctor import doctor
from typer.testing import CliRunner

app = typer.Typer()
app.command()(doctor)


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    """A machine on which nothing was pulled."""
    monkeypatch.setenv("GARRICK_CACHE", str(tmp_path / "cache"))


def test_missing_weights_fail_with_the_fix(empty_cache):
    done = CliRunner().invoke(app, [])
    assert done.exit_code == 1
    assert "missing weights face_attention" in done.output
    assert "missing head, hands and body" in done.output
    assert "cannot work here yet: weights face_detection_short_range" in done.output
    assert "-> Run: garrick weights pull" in done.output


def test_a_machine_without_gpu_and_blender_is_well(monkeypatch):
    monkeypatch.setenv("GARRICK_BLENDER", "no-such-blender")
    done = CliRunner().invoke(app, ["--json"])
    checks = {check["name"]: check for check in json.loads(done.output)}
    assert not checks["blender"]["ok"]
    assert "GARRICK_BLENDER" in checks["blender"]["fix"]
    needed = [check for check in checks.values() if check["needed"] and not check["ok"]]
    assert needed == []
    assert done.exit_code == 0


def test_a_cache_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("GARRICK_CACHE", str(tmp_path / "file" / "cache"))
    done = CliRunner().invoke(app, [])
    assert done.exit_code == 1
    assert "missing cache" in done.output
    assert "GARRICK_CACHE" in done.output


def test_a_blender_module_that_cannot_be_loaded_is_named_with_the_reason(tmp_path, monkeypatch):
    (tmp_path / "bpy.py").write_text("raise ImportError('libXi.so.6: cannot open shared object file')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.delenv("GARRICK_BLENDER", raising=False)
    done = CliRunner().invoke(app, [])
    assert "without blender: ImportError: libXi.so.6" in done.output
    assert "bootstrap.py setup" in done.output
