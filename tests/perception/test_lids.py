"""How far lids are open, out of what each opening that is tried costs."""

import numpy as np
import pytest
from garrick.perception import lids


@pytest.mark.parametrize("true", [-0.93, -0.31, 0.0, 0.27, 0.94])
def test_the_lowest_cost_is_found_between_what_was_tried(true):
    assert lids._lowest((lids._TRIED - true) ** 2) == pytest.approx(true, abs=1e-6)


def test_at_the_ends_nothing_lies_beyond():
    assert lids._lowest(lids._TRIED) == -1
    assert lids._lowest(-lids._TRIED) == 1


def test_where_all_openings_cost_alike_the_answer_is_one_of_them():
    assert -1 <= lids._lowest(np.zeros(len(lids._TRIED))) <= 1
