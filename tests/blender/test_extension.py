"""blender_addon/build.py: what it zips is an extension that Blender accepts, installs and runs."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import bpy
import pytest
from tiny_shot import write_shot

from blender_addon.build import build

MODULE = "bl_ext.user_default.garrick"


def test_blender_validates_the_zip(tmp_path):
    import bl_pkg

    cli = Path(bl_pkg.__file__).parent / "cli" / "blender_ext.py"
    done = subprocess.run(
        [sys.executable, str(cli), "validate", str(build(tmp_path / "garrick.zip"))], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_zip_is_self_contained_and_the_same_every_time(tmp_path):
    first, second = build(tmp_path / "a.zip"), build(tmp_path / "b.zip")
    assert first.read_bytes() == second.read_bytes()
    names = zipfile.ZipFile(first).namelist()
    assert {"blender_manifest.toml", "LICENSE", "core/performance.py", "shot_import/ops.py"} <= set(names)
    assert not any("__pycache__" in name or name == "build.py" for name in names)


@pytest.fixture
def installed(tmp_path):
    bpy.ops.extensions.package_install_files(
        repo="user_default", filepath=str(build(tmp_path / "garrick.zip")), enable_on_install=True, overwrite=True
    )
    # The operator says FINISHED even when it failed.
    assert MODULE in bpy.context.preferences.addons
    yield
    bpy.ops.extensions.package_uninstall(repo_index=_repository_index(), pkg_id="garrick")


def test_the_installed_extension_imports_a_shot(tmp_path, installed):
    assert bpy.ops.garrick.import_shot(filepath=str(write_shot(tmp_path / "shot"))) == {"FINISHED"}
    assert "shot head" in bpy.data.objects


def _repository_index() -> int:
    repositories = bpy.context.preferences.extensions.repos
    return next(index for index, repository in enumerate(repositories) if repository.module == "user_default")
