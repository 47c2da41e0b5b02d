"""How the benchmark of the voices counts words."""

import pytest
from garrick.benchmarks.voice_texts import FOREIGN, SENTENCES
from garrick.benchmarks.voices import edits, spoken_words
from garrick.speech.catalogue import find_voice, language_names
from hypothesis import given
from hypothesis import strategies as st

sequences = st.lists(st.sampled_from("abc"), max_size=8)


@given(sequences, sequences, sequences)
def test_edits_are_a_distance(one: list[str], two: list[str], three: list[str]) -> None:
    assert (edits(one, two) == 0) == (one == two)
    assert edits(one, two) == edits(two, one)
    assert edits(one, three) <= edits(one, two) + edits(two, three)
    assert abs(len(one) - len(two)) <= edits(one, two) <= max(len(one), len(two))


def test_words_are_compared_as_they_are_said() -> None:
    assert spoken_words("It cost $12.50, twice!") == spoken_words("it cost twelve dollars and fifty cents twice")
    assert edits(spoken_words("a big red dog"), spoken_words("a big bed")) == 2
    assert spoken_words("") == []


def test_there_are_enough_sentences() -> None:
    assert len(set(SENTENCES)) >= 20
    assert sum(map(len, map(spoken_words, SENTENCES))) > 200


def test_voices_are_asked_for_languages_that_they_speak() -> None:
    pytest.importorskip("espeakng_loader", reason="espeak-ng is not installed")
    for voice, (language, sentences) in FOREIGN.items():
        assert language in language_names(find_voice(voice))
        assert all(spoken_words(sentence, language) for sentence in sentences)
    assert spoken_words("25 Äpfel", "de") == spoken_words("fünfundzwanzig Äpfel", "de")
