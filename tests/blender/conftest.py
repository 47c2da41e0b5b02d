"""The add-on's tests run inside bpy: one Blender in the test process, reset before each test."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

# Before bpy is imported: tests neither read nor write the user's own Blender settings.
_profile = tempfile.TemporaryDirectory(prefix="garrick-bpy-tests-", ignore_cleanup_errors=True)
os.environ["BLENDER_USER_RESOURCES"] = _profile.name
bpy = pytest.importorskip("bpy", reason="bpy is not installed (Python 3.11: pip install 'garrick[blender]')")

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from blender_addon.build import copy_core  # noqa: E402

copy_core()


def pytest_unconfigure():
    """The tests end without Blender's own way out, which would clear these away."""
    shutil.rmtree(bpy.app.tempdir, ignore_errors=True)
    _profile.cleanup()


@pytest.fixture(autouse=True)
def empty_scene():
    """An empty file before each test."""
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    bpy.context.preferences.filepaths.save_version = 0
