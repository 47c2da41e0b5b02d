"""The ids of jobs: short, not to be guessed, and in the order in which the jobs came."""

from __future__ import annotations

import secrets
import time

JOB_ID = r"[a-z2-7]{20}"
"""What an id looks like, as a regular expression."""

_DIGITS = "234567abcdefghijklmnopqrstuvwxyz"  # base32's letters in the order of their codes, so that ids sort by time
_TIME, _CHANCE = 10, 10  # characters: 50 bits of milliseconds, 50 random bits


def new_id(newest: str | None) -> str:
    """An id that sorts after `newest`, the latest so far, also when the clock has been set back since."""
    moment = time.time_ns() // 1_000_000
    if newest is not None:
        moment = max(moment, _number(newest[:_TIME]) + 1)
    return _word(moment, _TIME) + _word(secrets.randbits(5 * _CHANCE), _CHANCE)


def _number(word: str) -> int:
    number = 0
    for digit in word:
        number = number << 5 | _DIGITS.index(digit)
    return number


def _word(number: int, length: int) -> str:
    return "".join(_DIGITS[number >> 5 * place & 31] for place in reversed(range(length)))
