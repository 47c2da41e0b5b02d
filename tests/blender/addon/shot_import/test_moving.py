"""A .blend saved elsewhere still finds its shot."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest

from blender_addon.shot_import.props import shots_of


@pytest.fixture
def saved(addon, tiny_shot, tmp_path) -> Path:
    """A .blend beside a shot folder, with the shot imported; the shot's folder."""
    manifest = tiny_shot()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "one.blend"))
    bpy.ops.garrick.import_shot(filepath=str(manifest))
    assert shots_of(bpy.context.scene)[0].garrick.folder.startswith("//")
    return manifest.parent


def _found() -> set[Path]:
    kept = shots_of(bpy.context.scene)[0].garrick
    return {Path(bpy.path.abspath(path)).resolve() for path in (kept.folder, kept.versions[0].folder)}


def test_saved_into_another_folder_it_finds_its_files(saved, tmp_path):
    elsewhere = tmp_path / "deep" / "er"
    elsewhere.mkdir(parents=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(elsewhere / "two.blend"))
    assert _found() == {saved, saved / "frames"}
    bpy.ops.wm.open_mainfile(filepath=str(elsewhere / "two.blend"))
    assert _found() == {saved, saved / "frames"}


def test_a_save_that_fails_changes_nothing(saved, tmp_path):
    with pytest.raises(RuntimeError):
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "missing" / "two.blend"))
    assert _found() == {saved, saved / "frames"}


def test_project_and_file_moved_together_still_belong_together(saved, tmp_path):
    bpy.ops.wm.save_mainfile()
    moved = tmp_path.with_name(tmp_path.name + "-moved")
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    tmp_path.rename(moved)
    bpy.ops.wm.open_mainfile(filepath=str(moved / "one.blend"))
    assert _found() == {moved / saved.name, moved / saved.name / "frames"}
    moved.rename(tmp_path)
