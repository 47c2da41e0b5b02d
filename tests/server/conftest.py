"""A service for every test here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from live_process import Process
from live_service import Running, run_service


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Running]:
    """A service with the usual limits, and no worker."""
    with run_service(tmp_path) as running:
        yield running


@pytest.fixture
def start(tmp_path) -> Iterator:
    """Starts services; none outlives the test."""
    begun: list[Process] = []

    def begin(*options: str, data: Path = tmp_path / "service") -> Process:
        begun.append(Process(data, *options))
        return begun[-1]

    yield begin
    for process in begun:
        if process.process.poll() is None:
            process.process.kill()
        process.process.communicate(timeout=30)
