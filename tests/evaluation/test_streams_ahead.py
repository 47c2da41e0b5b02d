"""Frames that are made in another thread come all, in order, and with their errors."""

import threading
import time

import pytest
from garrick.errors import InputError
from garrick.evaluation.streams import ahead


def test_all_come_in_order_and_each_is_made_while_the_one_before_is_used():
    makers, made = set(), []

    def items():
        for index in range(5):
            makers.add(threading.get_ident())
            made.append(index)
            yield index

    for index in ahead(items()):
        deadline = time.monotonic() + 5
        while len(made) < min(index + 2, 5) and time.monotonic() < deadline:
            time.sleep(0.001)
        assert len(made) == min(index + 2, 5)
    assert made == [0, 1, 2, 3, 4]
    assert len(makers) == 1
    assert threading.get_ident() not in makers


def test_an_error_is_raised_where_the_frames_are_used():
    def items():
        yield 1
        raise InputError("The frame 2 cannot be read.")

    frames = ahead(items())
    assert next(frames) == 1
    with pytest.raises(InputError, match="frame 2"):
        next(frames)


def test_nothing_comes_of_nothing():
    assert list(ahead(iter([]))) == []
