"""Shared fixtures: where things lie, and one fitted portrait for everybody."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("NUMBA_NUM_THREADS", "2")


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data(root: Path) -> Path:
    """The evaluation and training data beside the repository; tests that want it are skipped where it is absent."""
    folder = root.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the shared data folder is not beside the repository")
    return folder


@pytest.fixture(scope="session")
def sample_portrait(root: Path) -> Path:
    """The sample picture of the project."""
    return root / "assets" / "sample" / "portrait.png"


@pytest.fixture(scope="session")
def portrait(sample_portrait: Path):
    """The sample portrait, fitted at 256 x 256."""
    from garrick.context import RunContext
    from garrick.perception import analyse

    return analyse.run(sample_portrait, (256, 256), None, RunContext())
