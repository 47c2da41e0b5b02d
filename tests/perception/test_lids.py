"""How far lids are open, out of what each opening that is tried costs."""

import numpy as np
import pytest
from garrick.core.rotation import rotation_matrices
from garrick.perception import lids


@pytest.mark.parametrize("true", [-0.93, -0.31, 0.0, 0.27, 0.94])
def test_the_lowest_cost_is_found_between_what_was_tried(true):
    assert lids._lowest((lids._TRIED - true) ** 2) == pytest.approx(true, abs=1e-6)


def test_at_the_ends_nothing_lies_beyond():
    assert lids._lowest(lids._TRIED) == -1
    assert lids._lowest(-lids._TRIED) == 1


def test_where_all_openings_cost_alike_the_answer_is_one_of_them():
    assert -1 <= lids._lowest(np.zeros(len(lids._TRIED))) <= 1


def test_lids_that_go_with_the_eyes_are_neither_wide_nor_shut():
    clock = np.arange(200) / 25
    looks = np.array(
        [
            lids.look_features(np.array([0.2 * np.sin(t), 0.15 * np.cos(1.3 * t)]), rotation_matrices(turn))
            for t, turn in zip(clock, np.stack([0 * clock, 0.3 * np.sin(clock), 0 * clock], axis=1), strict=True)
        ]
    )
    shut = np.tile((-1.2 * looks[:, 1] - 0.3 * looks[:, 4])[:, None], (1, 2))
    shut[50:62, 0] -= 0.6  # widened
    shut[120:124] = 1.0  # a blink
    nobody = lids.Lids((None, None), np.ones(2), np.zeros((2, 6)))  # type: ignore[arg-type]
    blinks, wides = nobody.with_usual(shut, looks).beyond_usual(shut, looks)
    assert wides[52:60, 0].min() > 0.45
    assert (blinks[120:124] == 1).all()
    still = np.delete(np.arange(200), [*range(50, 62), *range(120, 124)])
    assert max(wides[still].max(), blinks[still].max()) < 0.05
    before, _ = nobody.beyond_usual(shut, looks)
    assert before[still].max() > 0.15
