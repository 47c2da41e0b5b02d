"""For the add-on's tests that run inside every supported Blender: bpy, numpy and pytest are there, `garrick` is not.

What needs the package runs in the Python that has it: $GARRICK_PYTHON, else the repository's `.venv`, else this one.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SAMPLE = ROOT / "assets" / "sample"
VOICE_S = 1.2  # seconds of the sample voice that a test's job speaks


def backend_python() -> str:
    """The Python that has the package `garrick`."""
    own = ROOT / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    return os.environ.get("GARRICK_PYTHON") or (str(own) if own.is_file() else sys.executable)


@dataclass
class RunningService:
    """A real `garrick serve` with its worker.

    data: its folder, where runtime.json lies. portrait, voice: files for a small job. process: to kill it.
    """

    data: Path
    portrait: Path
    voice: Path
    process: subprocess.Popen[str]


@pytest.fixture(scope="session")
def start_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., RunningService]]:
    """start_service(data=None, *options) starts a service; none outlives the tests."""
    voice = tmp_path_factory.mktemp("voice") / "voice.wav"
    _cut(SAMPLE / "voice.wav", voice, VOICE_S)
    begun: list[RunningService] = []

    def start(data: Path | None = None, *options: str) -> RunningService:
        data = data or tmp_path_factory.mktemp("service") / "data"
        command = [backend_python(), "-c", "from garrick.cli import main; main()", "serve", "--json", "--no-scene"]
        process = subprocess.Popen([*command, "--data", str(data), *options], stdout=subprocess.PIPE, text=True)
        begun.append(RunningService(data, SAMPLE / "portrait.png", voice, process))
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["url"]
        return begun[-1]

    yield start
    for service in begun:
        if service.process.poll() is None:
            service.process.kill()
        service.process.wait(30)


@pytest.fixture(scope="session")
def in_backend() -> Callable[..., None]:
    """in_backend(program, *arguments) runs a program in the Python that has the package; it must succeed."""

    def run(program: str, *arguments: object) -> None:
        subprocess.run([backend_python(), "-c", program, *map(str, arguments)], check=True)

    return run


@pytest.fixture(scope="session")
def service(start_service: Callable[..., RunningService]) -> RunningService:
    """One service for all tests that do it no harm."""
    return start_service()


@pytest.fixture(scope="session")
def shot_models(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a written shot, by its options as JSON: each is written once, in the Python that can."""

    @cache
    def model(options: str) -> Path:
        folder = tmp_path_factory.mktemp("models") / "shot"
        script = Path(__file__).parents[1] / "tiny_shot.py"
        subprocess.run([backend_python(), str(script), str(folder), options], check=True)
        return folder

    return model


@pytest.fixture
def tiny_shot(tmp_path: Path, shot_models: Callable[[str], Path]) -> Callable[..., Path]:
    """tiny_shot(name="shot", fps="25", frames=12, size=(64, 48), moving=False) gives the test its own; its shot.json."""

    def write(name: str = "shot", **options: object) -> Path:
        shutil.copytree(shot_models(json.dumps(options, sort_keys=True)), tmp_path / name)
        return tmp_path / name / "shot.json"

    return write


@pytest.fixture
def addon() -> Iterator[None]:
    """The add-on, switched on as the package `blender_addon`."""
    import blender_addon

    blender_addon.register()
    yield
    blender_addon.unregister()


def _cut(source: Path, target: Path, seconds: float) -> None:
    """The first seconds of a sound."""
    with wave.open(str(source)) as whole, wave.open(str(target), "wb") as part:
        part.setparams(whole.getparams())
        part.writeframes(whole.readframes(round(seconds * whole.getframerate())))
