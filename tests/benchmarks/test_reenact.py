"""The benchmark of driven clips: what spoils a frame, and its tables; nothing is rendered here."""

from __future__ import annotations

import io

import numpy as np
import pytest
from garrick.benchmarks import reenact
from garrick.core.rotation import axis_angles, rotation_matrices
from rich.console import Console

MARKS = np.stack([np.linspace(40, 88, 478), np.linspace(30, 90, 478)], axis=1)


@pytest.fixture
def frame() -> np.ndarray:
    return np.random.default_rng(0).integers(20, 230, (128, 128, 3), dtype=np.uint8)


def test_a_box_spoils_the_lower_face_alone(frame):
    spoilt = reenact.boxed(frame, MARKS)
    changed = np.argwhere((spoilt != frame).any(axis=2))
    low, high = changed.min(axis=0), changed.max(axis=0)
    assert (low >= (58, 39)).all()
    assert (high <= (95, 89)).all()
    inside = np.s_[62:90, 42:86]
    assert spoilt[inside].std() < 0.5 * frame[inside].std()


def test_a_blur_spoils_all_of_it(frame):
    assert reenact.blurred(frame, MARKS).std() < 0.3 * frame.std()


def test_a_constant_turn_does_not_count_and_another_does():
    turns = np.random.default_rng(1).normal(0, 0.2, (40, 3))
    aside = axis_angles(rotation_matrices(np.array([0.1, 0.3, 0])) @ rotation_matrices(turns))
    assert reenact._apart(aside, turns) < 1e-4
    turns[::2, 1] += np.radians(4)
    assert 1.5 < reenact._apart(aside, turns) < 2.5


def test_figures_are_means_over_the_clips_and_tables_name_what_was_left_out():
    rows = [
        reenact.Row(clip, "photo", value, 0.8, 0.1, value, 0.7, 2.0, 0.1) for clip, value in (("a", 20.0), ("b", 30.0))
    ]
    measured = reenact.Measured(rows, [reenact.Crossed("a", 12, 0.9, 0.5, 0.7)], [("c", "No face was found.")])
    values = {figure.name: figure.value for figure in reenact.figures(measured)}
    assert values["photo: PSNR"] == 25
    assert values["another portrait: free view"] == 0.7
    console = Console(file=io.StringIO(), width=200)
    for table in reenact.tables(measured):
        console.print(table)
    said = console.file.getvalue()  # type: ignore[attr-defined]
    assert "c was left out: No face was found." in said
    assert "30.000" in said
