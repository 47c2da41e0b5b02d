"""The add-on in every Blender that is supported, each in its own environment (make_venvs.py): its tests, its scene.blend."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from garrick.context import RunContext
from garrick.outputs.blend import write_scene
from make_venvs import ROOT, VERSIONS, interpreter_of
from tiny_shot import write_shot


@pytest.fixture(scope="module")
def shot(tmp_path_factory) -> Path:
    """A shot folder with the scene.blend of this environment's Blender."""
    folder = tmp_path_factory.mktemp("versions") / "shot"
    write_shot(folder, moving=True)
    write_scene(folder, RunContext())
    return folder


@pytest.mark.parametrize("version", VERSIONS)
def test_the_shot_imports_and_its_scene_opens_the_same(version, shot, tmp_path):
    python = interpreter_of(version)
    if not python.is_file():
        pytest.skip(f"no bpy {version}: run tests/blender/make_venvs.py")
    script = Path(__file__).with_name("open_scene.py")
    # The scene is saved in the shot folder, so that both scenes name its files alike.
    done = subprocess.run(
        [str(python), str(script), str(ROOT), str(shot / "shot.json"), str(shot / "scene.blend"), str(shot)],
        capture_output=True, text=True, timeout=300, env=os.environ | {"BLENDER_USER_RESOURCES": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    line = next(line for line in done.stdout.splitlines() if line.startswith("FACTS "))
    facts = json.loads(line.removeprefix("FACTS "))
    assert facts["version"][:2] == [int(part) for part in version.split(".")]
    imported, opened = facts["imported"], facts["opened"]
    assert imported["range"] == [1, 12]
    assert imported["curves"] == 52
    assert imported["values"][0] != imported["values"][1]
    assert imported["images"] == opened["images"]
    assert all(loaded for _, _, loaded in imported["images"])
    if not facts["sound"]:
        assert imported.pop("sounds") == []
        assert len(opened.pop("sounds")) == 1
    assert imported == opened


@pytest.mark.timeout(1500)
@pytest.mark.parametrize("version", VERSIONS)
def test_the_tests_of_the_add_on_pass(version, suites):
    if not interpreter_of(version).is_file():
        pytest.skip(f"no bpy {version}: run tests/blender/make_venvs.py")
    status, said = suites.end(version, 1400)
    print("\n".join(said.splitlines()[-1:]))
    assert status == 0, said[-6000:]
