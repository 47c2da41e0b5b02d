"""Shared fixtures: where things lie, and one fitted portrait for everybody."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

os.environ.setdefault("NUMBA_NUM_THREADS", "2")

_SESSION = pytest.StashKey[pytest.Session]()


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
def body_data() -> Path:
    """The body data; without them there are no hands."""
    from garrick.errors import MissingError
    from garrick.weights import registry

    try:
        return registry.path("body_data")
    except MissingError as missing:
        pytest.skip(str(missing))


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


def pytest_configure(config: pytest.Config) -> None:
    """The marks of these tests."""
    config.addinivalue_line("markers", "alone: measures seconds, so that no suite in another Blender may run beside it")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Keep the session for `pytest_unconfigure`, which gets only the configuration."""
    session.config.stash[_SESSION] = session


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """End here when Blender was loaded, with pytest's own exit status.

    bpy's static destructors may wait for ever for one of its threads (a condition variable destroyed while in use), and
    print leak reports after pytest's closing line. All results are written by now.
    """
    session = config.stash.get(_SESSION, None)
    if session is not None and "bpy" in sys.modules:
        config.get_terminal_writer().flush()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(session.exitstatus))
