from itertools import pairwise, product

import numpy as np
import pytest
from garrick.speech import trellis


def evidence_of(runs: list[tuple[int, int]], classes: int = 5) -> np.ndarray:
    """(T, classes) log evidence that is sure of each run's class; runs are (class, frames)."""
    symbols = np.repeat([symbol for symbol, _ in runs], [frames for _, frames in runs])
    rows = np.full((len(symbols), classes), -6.0, np.float32)
    rows[np.arange(len(symbols)), symbols] = -0.1
    return rows


def test_known_symbols_are_found_where_they_are() -> None:
    rows = evidence_of([(0, 10), (1, 4), (2, 7), (0, 5), (3, 6), (0, 9)])
    begins = trellis.align(
        rows, np.array([0, 1, 2, 0, 3, 0]), np.array([True, False, False, True, False, True]), 3, 100
    )
    assert begins.tolist() == [0, 10, 14, 21, 26, 32, 41]


def test_a_pause_that_is_not_there_takes_no_time() -> None:
    rows = evidence_of([(1, 4), (2, 7), (3, 6)])
    symbols, pauses = np.array([0, 1, 0, 2, 0, 3, 0]), np.array([True, False] * 3 + [True])
    assert trellis.align(rows, symbols, pauses, 3, 100).tolist() == [0, 0, 4, 4, 11, 11, 17, 17]


def test_a_narrow_window_finds_the_same_path() -> None:
    rng = np.random.default_rng(0)
    runs = [
        (int(symbol), int(frames))
        for symbol, frames in zip(rng.integers(1, 5, 200), rng.integers(3, 9, 200), strict=True)
    ]
    rows = evidence_of(runs) + rng.normal(0, 1, (sum(frames for _, frames in runs), 5)).astype(np.float32)
    symbols, pauses = np.array([symbol for symbol, _ in runs]), np.zeros(200, bool)
    wide = trellis.align(rows, symbols, pauses, 3, 600)
    assert trellis.align(rows, symbols, pauses, 3, 90).tolist() == wide.tolist()
    assert np.median(np.abs(wide - np.cumsum([0] + [frames for _, frames in runs]))) == 0


@pytest.mark.parametrize("frames", [0, 2, 5, 9])
def test_too_short_a_sound_still_gives_every_symbol_its_place(frames: int) -> None:
    begins = trellis.align(evidence_of([(1, frames)]) if frames else np.zeros((0, 5), np.float32),
                           np.array([1, 2, 3, 4, 1]), np.zeros(5, bool), 3, 50)  # fmt: skip
    assert begins[0] == 0
    assert begins[-1] == frames
    assert (np.diff(begins) >= 0).all()


def test_free_decoding_is_the_best_of_all_paths() -> None:
    """Against every path of 9 frames and 3 symbols whose runs have at least 2 frames."""
    rng = np.random.default_rng(1)
    for _ in range(20):
        rows = rng.normal(0, 1.5, (9, 3)).astype(np.float32)
        best = max(
            (path for path in product(range(3), repeat=9) if min(run_lengths(path)) >= 2),
            key=lambda path: sum(rows[i, s] for i, s in enumerate(path)) - 1.2 * (len(run_lengths(path)) - 1),
        )
        assert trellis.decode(rows, 1.2, 2).tolist() == list(best)


def run_lengths(path: tuple[int, ...]) -> list[int]:
    edges = [0, *(i for i in range(1, len(path)) if path[i] != path[i - 1]), len(path)]
    return [b - a for a, b in pairwise(edges)]


def test_decoding_nothing_gives_nothing() -> None:
    assert trellis.decode(np.zeros((0, 4), np.float32), 1.0, 3).tolist() == []
