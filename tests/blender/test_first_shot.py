"""docs/first_shot/first_shot.py in every Blender: from installing the zip to taking it away, checked as it goes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
from make_venvs import ROOT, VERSIONS, interpreter_of

SCRIPT = ROOT / "docs" / "first_shot" / "first_shot.py"
SMALL = ("--seconds", "1.2", "--size", "128", "--fps", "12", "--samples", "4")
PYTHONS = {"4.5": Path(sys.executable)} | {version: interpreter_of(version) for version in VERSIONS}
OWN_SERVICE = "4.5"  # there the extension starts and stops the service; the others share one


@pytest.fixture(scope="module")
def service(tmp_path_factory) -> Iterator[Path]:
    """The data folder of a service that runs."""
    data = tmp_path_factory.mktemp("service") / "data"
    command = [sys.executable, "-c", "from garrick.cli import main; main()", "serve", "--json", "--no-scene"]
    process = subprocess.Popen([*command, "--data", str(data)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["url"]
    yield data
    process.terminate()
    process.wait(30)


@pytest.fixture(scope="module")
def stories(tmp_path_factory, service) -> Iterator[dict[str, tuple[subprocess.Popen[bytes], Path]]]:
    """The script under way in every version at once, with the folder that each fills; they wait for the service a lot."""
    folder = tmp_path_factory.mktemp("stories")
    running = {}
    for version, python in PYTHONS.items():
        if python.is_file():
            out = folder / version
            command = [str(python), str(SCRIPT), "--out", str(out), *SMALL]
            if version != OWN_SERVICE:
                command += ["--service", str(service)]
            with (folder / f"{version}.txt").open("wb") as said:
                running[version] = (subprocess.Popen(command, stdout=said, stderr=said), out)
    yield running
    for process, _ in running.values():
        process.kill()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("version", PYTHONS)
def test_the_first_shot_keeps_its_promises(version, stories):
    if version not in stories:
        pytest.skip(f"no bpy {version}: run tests/blender/make_venvs.py")
    process, out = stories[version]
    status = process.wait(280)
    assert status == 0, out.with_name(f"{version}.txt").read_text(errors="replace")[-4000:]
    facts = json.loads((out / "facts.json").read_text())
    assert facts["blender"].startswith(version)
    assert facts["frames"] == facts["of"] == 15
    assert max(facts["curve error"].values()) <= 1e-5
    assert facts["rendered again"] == [4, 10]  # the keys lie at 3 and 11
    assert facts["left"] == {}
    assert all(facts["added"][kind] > 0 for kind in ("classes", "properties", "menu entries", "operators", "handlers"))
    for name, size in {"head": (128, 128), "smile": (128, 256), "composited": (128, 128)}.items():
        picture = cv2.imread(str(out / f"{name}.png"))
        assert picture.shape[:2] == size
        assert picture.std() > 20, f"{name}.png shows nothing"


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("kept")
    done = subprocess.run([sys.executable, str(SCRIPT), "--out", str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 2
    assert "not empty" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
