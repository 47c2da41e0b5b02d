"""The add-on switched on, with preferences, and nothing of this machine's own backend in reach."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest
from fake_service import FakeService

from blender_addon.backend_link import link


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder that the add-on looks into; no environment is found unless a test names one."""
    folder = tmp_path / "data"
    monkeypatch.setenv("GARRICK_DATA", str(folder))
    monkeypatch.delenv("GARRICK_PYTHON", raising=False)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    return folder


@pytest.fixture
def chosen(addon: None, data: Path) -> Iterator[Any]:
    """The add-on's preferences."""
    entry = bpy.context.preferences.addons.new()
    entry.module = "blender_addon"
    link._state = link._State()
    yield entry.preferences
    link.rest()
    bpy.context.preferences.addons.remove(entry)


@pytest.fixture
def fake() -> Iterator[FakeService]:
    """A stand-in that answers; a test may let it die."""
    service = FakeService()
    yield service
    service.die()
