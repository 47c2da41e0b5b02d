"""What bootstrap.py refuses, skips and explains; the whole run is continuous integration's job."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def bootstrap():
    """The module; it lies outside of every package."""
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "bootstrap.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def checkout(tmp_path):
    """A folder with what decides over the packages, and an environment whose Python is a bare file."""
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (tmp_path / "constraints.txt").write_text("numpy==1.26.4\ntorch==2.13.0\n")
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/Scripts").mkdir()
    for name in ("bin/python", "Scripts/python.exe"):
        (tmp_path / ".venv" / name).touch()
    return tmp_path


@pytest.fixture
def steps(bootstrap, monkeypatch):
    """The names of the steps that a set-up runs; none of them does anything."""
    done: list[str] = []
    monkeypatch.setattr(bootstrap, "run", lambda step, command: done.append(step))
    monkeypatch.setattr(bootstrap, "check_blender", lambda python: None)
    return done


def test_it_needs_nothing_but_the_standard_library():
    tree = ast.parse((ROOT / "bootstrap.py").read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module).split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= sys.stdlib_module_names


@pytest.mark.parametrize("version", [(3, 8), (3, 10), (3, 14)])
def test_another_python_is_refused_with_the_right_one_named(bootstrap, version):
    with pytest.raises(bootstrap.Refusal, match=r"this is 3\.\d+\.\nInstall Python 3\.11"):
        bootstrap.check_python(version)


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13)])
def test_the_supported_pythons_pass(bootstrap, version):
    bootstrap.check_python(version)


def test_a_second_set_up_installs_nothing(bootstrap, checkout, steps):
    bootstrap.set_up(checkout, develop=True)
    assert "packages" in steps
    steps.clear()
    bootstrap.set_up(checkout, develop=True)
    assert steps == ["weights and head model"]


def test_the_tests_need_more_than_the_demo(bootstrap, checkout, steps):
    bootstrap.set_up(checkout, develop=False)
    steps.clear()
    bootstrap.set_up(checkout, develop=True)
    assert "packages" in steps
    steps.clear()
    bootstrap.set_up(checkout, develop=False)
    assert "packages" not in steps


def test_the_add_on_gets_no_blender_module_until_the_demo_wants_one(bootstrap, checkout, steps):
    bootstrap.set_up(checkout, develop=False, blender=False)
    assert "packages" in steps
    assert "Blender as a module" not in steps
    steps.clear()
    bootstrap.set_up(checkout, develop=False, blender=False)
    assert steps == ["weights and head model"]
    bootstrap.set_up(checkout, develop=False)
    assert "Blender as a module" in steps
    steps.clear()
    bootstrap.set_up(checkout, develop=False, blender=False)
    assert steps == ["weights and head model"]


def test_a_changed_pin_installs_again(bootstrap, checkout, steps):
    bootstrap.set_up(checkout, develop=True)
    steps.clear()
    (checkout / "constraints.txt").write_text("torch==2.14.0\n")
    bootstrap.set_up(checkout, develop=True)
    assert "packages" in steps


def test_torch_comes_before_everything_else(bootstrap, checkout, steps):
    bootstrap.install(checkout, checkout / "python", develop=False, blender=True)
    assert steps[0] == "torch"
    assert bootstrap.torch_pin(ROOT).startswith("torch==")


def test_a_full_disk_is_refused_before_anything_is_made(bootstrap, checkout, steps, monkeypatch):
    monkeypatch.setattr(bootstrap, "DISK", 1e18)
    with pytest.raises(bootstrap.Refusal, match="Make room"):
        bootstrap.set_up(checkout, develop=False)
    assert steps == []


@pytest.mark.parametrize(
    ("platform", "index", "fits"),
    [("linux", "", False), ("linux", "https://download.pytorch.org/whl/cpu", True), ("darwin", "", True)],
)
def test_the_torch_for_cards_needs_more_room(bootstrap, tmp_path, monkeypatch, platform, index, fits):
    monkeypatch.setattr(bootstrap.sys, "platform", platform)
    monkeypatch.setattr(bootstrap.shutil, "disk_usage", lambda folder: SimpleNamespace(free=6e9))
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", index)
    if fits:
        bootstrap.check_disk(tmp_path)
    else:
        with pytest.raises(bootstrap.Refusal, match="needs 9 GB"):
            bootstrap.check_disk(tmp_path)


def test_a_python_without_a_blender_module_goes_on(bootstrap, checkout, monkeypatch, capsys):
    def run(step, command):
        if step == "Blender as a module":
            raise bootstrap.Refusal("No matching distribution found for bpy")

    monkeypatch.setattr(bootstrap, "run", run)
    bootstrap.install(checkout, checkout / "python", develop=False, blender=True)
    assert "works without" in capsys.readouterr().out


def test_a_missing_system_library_is_named_with_the_command_that_brings_it(bootstrap):
    told = bootstrap.explain_import("ImportError: libXxf86vm.so.1: cannot open shared object file: No such file")
    assert "libXxf86vm.so.1" in told
    assert "sudo apt-get install -y" in told
    assert "libxxf86vm1" in told


def test_a_failed_step_shows_its_last_lines(bootstrap):
    with pytest.raises(bootstrap.Refusal, match=r"This step failed: breaking\.\nout of luck"):
        bootstrap.run("breaking", [sys.executable, "-c", "import sys; sys.exit('out of luck')"])


def test_an_unknown_command_shows_the_usage():
    done = subprocess.run([sys.executable, str(ROOT / "bootstrap.py"), "dance"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "bootstrap.py demo" in done.stdout
