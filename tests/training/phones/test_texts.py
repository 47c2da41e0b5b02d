import gzip
from pathlib import Path

import numpy as np
import pytest
from garrick.training.phones import texts

BOOK = """TEST, n.  A trial of patience [obs.] that nobody
enjoys -- least of all the tester.

    See {trial}.  It took 12 men.  NASA went up.  He said that it was so.
    Short one.
"""
DICTIONARY = (
    "map M AE P\nmarvel M AA R V AH L\nmarvel(2) M AA R V EH L\nzebra Z IY B R AH\no'clock AH K L AA K\nbirch B ER CH\n"
)


@pytest.fixture
def said(tmp_path: Path) -> list[str]:
    books = tmp_path / "usr/share/dictd"
    books.mkdir(parents=True)
    (books / "devil.dict.dz").write_bytes(gzip.compress(BOOK.encode()))
    (books / "jargon.dict.dz").write_bytes(gzip.compress(b"The cat sat on the mat again."))
    (tmp_path / "words.dict").write_text(DICTIONARY)
    return texts.sentences(tmp_path, tmp_path / "words.dict", np.random.default_rng(0))


def test_only_plain_sentences_are_kept(said: list[str]) -> None:
    prose = [sentence for sentence in said if "cat" in sentence or "said" in sentence or "trial" in sentence]
    assert any(sentence.endswith("on the mat again.") for sentence in prose)
    assert any("said that it was so." in sentence for sentence in prose)
    assert not [
        sentence for sentence in said if any(mark in sentence for mark in "0123456789[]{}") or "NASA" in sentence
    ]


def test_word_lists_hold_whole_words_of_the_dictionary(said: list[str]) -> None:
    lists = [sentence for sentence in said if set(sentence.lower().strip(".").split()) <= {"marvel", "zebra", "birch"}]
    assert lists
    assert all(len(sentence.split()) == 6 for sentence in lists)


def test_no_sentence_comes_twice(said: list[str]) -> None:
    assert len(said) == len(set(said))
