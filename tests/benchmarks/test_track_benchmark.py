"""The benchmark of the tracker: its scores on made-up curves, and its tables; nothing is tracked here."""

import io
from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from garrick.benchmarks import track
from garrick.core.performance import Performance
from garrick.core.rotation import rotation_matrices
from garrick.perception.clip_fit import Solved
from garrick.perception.fit import State
from garrick.training.known_motion import truth
from rich.console import Console


@pytest.fixture(scope="module")
def known() -> Performance:
    portrait = SimpleNamespace(
        face=np.zeros(52, np.float32),
        head_rotation=np.zeros(3),
        gaze=np.zeros((2, 2)),
        identity=np.zeros(3, np.float32),
    )
    return truth(portrait, 1)  # type: ignore[arg-type]


def solved(known: Performance, turn: np.ndarray, gaze: float) -> Solved:
    """The truth itself, but for a constant turn, a constant shift and a gaze aside."""
    states = [
        State(np.zeros(0), face, turn @ rotation_matrices(rotation.astype(np.float64)), shift * (1, -1, -1) + 0.5, face)
        for face, rotation, shift in zip(known.face, known.head_rotation, known.head_translation, strict=True)
    ]
    return Solved(states, known.gaze + np.array([gaze, 0]), np.full(len(known), 0.01))


def test_the_truth_moves_every_channel_and_the_head(known: Performance) -> None:
    assert known.face[:, track._ROWS].max(axis=0).min() > 0.3
    assert np.degrees(np.abs(known.head_rotation[:, 1]).max()) > 20
    assert len(np.unique(known.gaze[:, 0, 0])) == 3


def test_the_truth_itself_scores_in_full(known: Performance) -> None:
    row = track.score("one", known, solved(known, rotation_matrices(np.radians([0, 3.0, 0])), 0.1), 25)
    assert row.r == pytest.approx(np.ones(25))
    assert row.turn == pytest.approx(0, abs=0.05)
    assert row.turn_absolute == pytest.approx(3, abs=0.01)
    assert row.shift == pytest.approx(0, abs=1e-3)
    assert 5 < row.gaze < np.degrees(0.1) + 0.01
    assert (row.missed, row.seen) == (pytest.approx(1), 1)


def test_a_face_that_never_moves_correlates_with_nothing(known: Performance) -> None:
    still = solved(known, np.eye(3), 0)
    states = [replace(state, face=np.zeros(52)) for state in still.states]
    assert track.score("still", known, replace(still, states=states), 25).r == pytest.approx(np.zeros(25))


def test_noise_is_rougher_than_the_reference_and_a_steady_move_is_not() -> None:
    clock = np.arange(40.0)
    whole = [slice(0, 40)]
    bent, ratio = track.roughness(np.stack([clock**2, clock], -1)[:, None], whole)
    assert (bent, ratio) == (pytest.approx(2), pytest.approx(1))
    noise = np.random.default_rng(0).normal(size=(40, 3, 2))
    assert track.roughness(noise, whole)[1] > 3


def test_no_difference_reaches_across_a_cut_or_a_gap() -> None:
    seen = np.ones(60, bool)
    seen[25:28] = False
    assert list(track._in_a_row(seen, (40, 57))) == [slice(0, 25), slice(28, 40), slice(40, 57)]


def test_every_part_that_was_measured_is_reported(known: Performance) -> None:
    row = track.score("one", known, solved(known, np.eye(3), 0), 25)
    clip = track.ClipRow("film", 10, 1.0, 1.0, 0.1, 2.0, 2.0, 0.1, 2.0, float(Fraction(25)))
    measured = track.Measured([row], [clip], [])
    assert {figure.name.split(":")[0] for figure in track.figures(measured)} == {"renders", "clips"}
    assert set(track.values(measured)) == {"renders: one", "clips: film"}
    console = Console(width=160, record=True, file=io.StringIO())
    for table in track.tables(measured):
        console.print(table)
    text = console.export_text()
    assert all(name in text for name in ("one", "film", *track.CHANNELS))
