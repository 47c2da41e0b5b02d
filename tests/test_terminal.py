"""What progress says: a phase's time to go is judged from its steps, not from what its first one had to load."""

from __future__ import annotations

import json

import pytest
from garrick import terminal


@pytest.fixture
def clock(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(terminal.time, "monotonic", lambda: now[0])
    return now


def test_the_first_step_is_no_measure(clock, capsys):
    view = terminal._Events()
    view.progress("frames", 0, 101)
    clock[0] += 20  # compiling
    view.progress("frames", 1, 101)
    clock[0] += 1
    view.progress("frames", 11, 101)
    etas = [json.loads(line)["eta_s"] for line in capsys.readouterr().out.splitlines()]
    assert etas == [None, None, 9.0]


def test_a_resumed_phase_counts_only_what_it_did(clock, capsys):
    view = terminal._Lines()
    view.progress("frames", 90, 100)
    clock[0] += 10
    view.progress("frames", 95, 100)
    assert capsys.readouterr().err.splitlines() == ["frames ...", "frames 95/100, 10 s left"]
