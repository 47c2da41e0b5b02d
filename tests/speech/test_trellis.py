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


def chain(symbols: list[int], pauses: tuple[int, ...] = (), least: int = 3) -> trellis.Lattice:
    """Symbols in one order; the nodes named as pauses may be left out."""
    before, reached = [], [trellis.BEGIN]
    for node in range(len(symbols)):
        before.append(reached)
        reached = [*reached, node] if node in pauses else [node]
    table = np.full((len(symbols), max(map(len, before))), trellis.NONE)
    for node, follows in enumerate(before):
        table[node, : len(follows)] = follows
    ends = np.isin(np.arange(len(symbols)), reached)
    sounds = np.repeat(np.array(symbols)[:, None], least, axis=1)
    return trellis.Lattice(sounds, table, np.zeros(table.shape, np.float32), ends)


def placed(rows: np.ndarray, lattice: trellis.Lattice, width: int = 100) -> list[tuple[int, int]]:
    """(node, first frame) of the best path."""
    nodes, begins = trellis.follow(rows, lattice, width)
    assert begins[-1] == len(rows)
    return list(zip(nodes.tolist(), begins.tolist(), strict=False))


def test_known_symbols_are_found_where_they_are() -> None:
    rows = evidence_of([(0, 10), (1, 4), (2, 7), (0, 5), (3, 6), (0, 9)])
    found = placed(rows, chain([0, 1, 2, 0, 3, 0], pauses=(0, 3, 5)))
    assert found == [(0, 0), (1, 10), (2, 14), (3, 21), (4, 26), (5, 32)]


def test_a_pause_that_is_not_there_takes_no_time() -> None:
    rows = evidence_of([(1, 4), (2, 7), (3, 6)])
    assert placed(rows, chain([0, 1, 0, 2, 0, 3, 0], pauses=(0, 2, 4, 6))) == [(1, 0), (3, 4), (5, 11)]


def test_a_path_through_a_lattice_is_the_best_of_all_paths() -> None:
    """Against every path of 7 frames: two ways between the first and the last symbol, one of them at a cost."""
    before = np.array([[trellis.BEGIN, trellis.NONE], [0, trellis.NONE], [0, trellis.NONE], [1, 2]])
    costs = np.array([[0, 0], [0, 0], [0.7, 0], [0, 0]], np.float32)
    lattice = trellis.Lattice(
        np.array([[0, 0], [1, 1], [2, 2], [0, 0]]), before, costs, np.array([False, False, False, True])
    )
    rng = np.random.default_rng(2)
    chosen = set()
    for _ in range(30):
        rows = rng.normal(0, 1, (7, 3)).astype(np.float32)
        nodes, begins = trellis.follow(rows, lattice, 10)

        def worth(way: int, first: int, second: int, rows: np.ndarray = rows) -> float:
            spoken = [0] * first + [way] * (second - first) + [0] * (7 - second)
            return float(rows[np.arange(7), spoken].sum()) - (0.7 if way == 2 else 0.0)

        ways = [(way, a, b) for way in (1, 2) for a in range(2, 4) for b in range(a + 2, 6)]
        best = max(ways, key=lambda way: worth(*way))
        assert (nodes.tolist(), begins.tolist()) == ([0, best[0], 3], [0, best[1], best[2], 7])
        chosen.add(best[0])
    assert chosen == {1, 2}


def test_a_narrow_window_finds_the_same_path() -> None:
    rng = np.random.default_rng(0)
    runs = [
        (int(symbol), int(frames))
        for symbol, frames in zip(rng.integers(1, 5, 200), rng.integers(3, 9, 200), strict=True)
    ]
    rows = evidence_of(runs) + rng.normal(0, 1, (sum(frames for _, frames in runs), 5)).astype(np.float32)
    lattice = chain([symbol for symbol, _ in runs])
    wide = placed(rows, lattice, width=200)
    assert placed(rows, lattice, width=30) == wide
    starts = np.cumsum([0] + [frames for _, frames in runs[:-1]])
    assert np.median(np.abs(np.array([first for _, first in wide]) - starts)) == 0


def test_a_node_goes_through_its_sounds_in_turn() -> None:
    """Two nodes of the sounds 0 1 2 and 2 1 0: where one ends and the other begins shows in the middle."""
    lattice = trellis.Lattice(
        np.array([[0, 1, 2], [2, 1, 0]]),
        np.array([[trellis.BEGIN], [0]]),
        np.zeros((2, 1), np.float32),
        np.array([False, True]),
    )
    rows = evidence_of([(0, 4), (1, 2), (2, 6), (1, 3), (0, 1)])
    nodes, begins = trellis.follow(rows, lattice, 10)
    assert nodes.tolist() == [0, 1]
    assert begins[0] == 0
    assert 6 < begins[1] < 12
    assert begins[2] == 16


def test_the_end_is_reached_even_by_a_window_that_fell_behind() -> None:
    """The sound says the first symbol all the time; the other 79 need 3 frames each at its end."""
    found = placed(evidence_of([(1, 400)]), chain([1, *[2, 3] * 39, 2]), width=8)
    assert [node for node, _ in found] == list(range(80))


def test_a_short_sound_gives_its_symbols_fewer_frames() -> None:
    assert len(placed(evidence_of([(1, 9)]), chain([1, 2, 3, 4, 1]))) == 5


def test_a_sound_with_fewer_frames_than_symbols_is_refused() -> None:
    with pytest.raises(ValueError, match="2 frames cannot hold 3 symbols"):
        trellis.follow(evidence_of([(1, 2)]), chain([1, 2, 3]), 10)


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
