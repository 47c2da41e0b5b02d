"""Seeds of parts, to words and back."""

from __future__ import annotations

import pytest
from garrick.core.seeds import LARGEST, SEEDED, read_seeds, write_seeds
from hypothesis import given
from hypothesis import strategies as st


@given(st.dictionaries(st.sampled_from(SEEDED), st.integers(0, LARGEST)))
def test_words_and_back(seeds: dict[str, int]) -> None:
    assert read_seeds(write_seeds(seeds)) == seeds


def test_order_and_blanks_do_not_matter() -> None:
    assert read_seeds(" eyes = 7,head=5,") == {"eyes": 7, "head": 5}
    assert write_seeds({"head": 5, "eyes": 7}) == "eyes=7, head=5"


@pytest.mark.parametrize(
    "words", ["head", "nose=3", "head=", "head=-1", "head=1.5", f"head={LARGEST + 1}", "head=\u0663"]
)
def test_nonsense_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match=r"seed"):
        read_seeds(words)
