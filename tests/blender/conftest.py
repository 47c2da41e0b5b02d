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

from make_venvs import interpreter_of  # noqa: E402
from other_blenders import Suites  # noqa: E402

from blender_addon.build import copy_core  # noqa: E402

copy_core()

SUITES = pytest.StashKey[Suites]()


def asks_for_suites(item: pytest.Item) -> bool:
    """Whether the test is one of those that wait for a suite in another Blender."""
    return isinstance(item, pytest.Function) and "suites" in item.fixturenames


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """First what has to be alone on the machine, last what waits for the suites in other Blenders."""
    items.sort(key=lambda item: (item.get_closest_marker("alone") is None) + asks_for_suites(item))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Start the suites that are asked for beside the first test in this folder."""
    if SUITES not in item.config.stash:
        asked = [other.callspec.params["version"] for other in item.session.items if asks_for_suites(other)]
        item.config.stash[SUITES] = Suites(version for version in asked if interpreter_of(version).is_file())


@pytest.fixture
def suites(request: pytest.FixtureRequest) -> Suites:
    """The add-on's tests in the other Blenders."""
    return request.config.stash[SUITES]


def pytest_unconfigure(config: pytest.Config) -> None:
    """The tests end without Blender's own way out, which would clear these away."""
    if SUITES in config.stash:
        config.stash[SUITES].stop()
    shutil.rmtree(bpy.app.tempdir, ignore_errors=True)
    _profile.cleanup()


@pytest.fixture(autouse=True)
def empty_scene():
    """An empty file before each test."""
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    bpy.context.preferences.filepaths.save_version = 0
