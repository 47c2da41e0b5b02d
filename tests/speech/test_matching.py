"""Known phones found in a sound of made-up evidence."""

import numpy as np
import pytest
from garrick.speech import matching
from garrick.speech.alphabet import ARPABET, SILENCE

ORDER = (*ARPABET, SILENCE)
FRAMES = 7  # a phone


def rows_of(phones: list[str], rng: np.random.Generator, noise: float = 0.3) -> np.ndarray:
    """(T, 40) log probabilities of a net that is rather sure."""
    rows = np.repeat(np.array([ORDER.index(phone) for phone in phones]), FRAMES)
    logits = rng.normal(0, noise, (len(rows), len(ORDER)))
    logits[np.arange(len(rows)), rows] += 6
    return (logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def phrase(rng: np.random.Generator, length: int) -> list[str]:
    """Phones of which none follows itself."""
    steps = np.cumsum(rng.integers(1, len(ARPABET), length)) % len(ARPABET)
    return [ARPABET[step] for step in steps]


def test_every_phone_that_is_said_is_found_where_it_is(rng: np.random.Generator) -> None:
    said = phrase(rng, 30)
    found = matching.match(rows_of([SILENCE, *said, SILENCE], rng), said)
    assert found.place.tolist() == list(range(30))
    assert found.starts.tolist() == [FRAMES * (index + 1) for index in range(30)]
    assert not found.jumped.any()
    assert not found.unknown.any()
    assert found.score.min() > 1


def test_a_sentence_too_many_in_the_text_is_passed_over(rng: np.random.Generator) -> None:
    one, other, unsaid = phrase(rng, 20), phrase(rng, 20), phrase(rng, 25)
    found = matching.match(rows_of([*one, SILENCE, *other], rng), [*one, *unsaid, *other])
    assert found.jumped[22:43].all()  # the edges may match by chance
    assert not found.jumped[:18].any()
    assert not found.jumped[47:].any()
    assert found.unknown.sum() <= 2


def test_a_sentence_that_the_text_lacks_is_unknown_sound(rng: np.random.Generator) -> None:
    one, other, more = phrase(rng, 20), phrase(rng, 20), phrase(rng, 25)
    found = matching.match(rows_of([*one, *more, SILENCE, *other], rng), [*one, *other])
    assert found.unknown[22:43].all()
    assert found.unknown.sum() <= 27
    assert not found.jumped.any()


def test_another_text_finds_no_place(rng: np.random.Generator) -> None:
    found = matching.match(rows_of(phrase(rng, 80), rng), phrase(rng, 80))
    assert found.score.mean() < 0.2
    assert found.jumped.mean() > 0.7


def test_a_long_sound_is_searched_whole(rng: np.random.Generator) -> None:
    """More phones than the search keeps at once, and half of the text in the middle missing."""
    said = phrase(rng, 1200)
    found = matching.match(rows_of(said, rng), [*said[:300], *said[900:]])
    assert (found.place[:290] == np.arange(290)).all()
    assert (found.place[310:] == np.arange(910, 1200)).all()
    assert found.unknown[310:890].all()


@pytest.mark.parametrize("frames", [0, 1, 40])
def test_no_sound_has_no_phones(frames: int) -> None:
    rows = np.full((frames, len(ORDER)), -8.0, np.float32)
    rows[:, -1] = 0.0
    found = matching.match(rows, ["B", "AA"])
    assert len(found.starts) == 0
    assert (found.place == -1).all()
