"""Knobs of groups, to words and back."""

from __future__ import annotations

import pytest
from garrick.core.groups import GROUPS
from garrick.core.knobs import LARGEST, LONGEST, MOST, Knob, read_knobs, write_knobs
from hypothesis import given
from hypothesis import strategies as st

SEEDS = st.none() | st.integers(0, LARGEST)
KNOBS = st.one_of(
    st.builds(Knob, on=st.just(False), seed=SEEDS),
    st.builds(Knob, st.floats(0, MOST), st.floats(0, LONGEST), seed=SEEDS),
)


@given(st.dictionaries(st.sampled_from(list(GROUPS)), KNOBS))
def test_words_and_back(knobs: dict[str, Knob]) -> None:
    assert read_knobs(write_knobs(knobs)) == knobs
    assert read_knobs(knobs) == knobs


def test_words_and_tables_say_the_same() -> None:
    table = {"head": {"gain": 0.8, "smooth": 0.1}, "jaw": 1.2, "eyes": False, "left_hand": {"on": False, "gain": 2}}
    said = read_knobs(" jaw=1.2, eyes = off,head=0.8 smooth 0.1, left-hand=off,")
    assert read_knobs(table) == said
    assert list(said) == ["jaw", "eyes", "head", "left_hand"]
    assert read_knobs("tongue=smooth 0.05") == {"tongue": Knob(1.0, 0.05)}
    assert read_knobs("jaw=seed 5 smooth 0.1, eyes=off seed 2") == {
        "jaw": Knob(1.0, 0.1, seed=5),
        "eyes": Knob(on=False, seed=2),
    }
    assert read_knobs({"jaw": {"seed": 5}}) == {"jaw": Knob(seed=5)}


@pytest.mark.parametrize(
    "given",
    [
        "jaw", "ear=1", "jaw=", "jaw=x", "jaw=-1", "jaw=2.1", "jaw=nan", "jaw=1 smooth", "jaw=1 smooth 9", "jaw=1,jaw=2",
        "jaw=1 seed", "jaw=seed x", "jaw=seed 1 seed 2", "jaw=1 1", {"jaw": {"seed": -1}}, {"jaw": {"seed": 1.5}},
        {"jaw": "1 rough 2"}, {"jaw": {"gain": True}}, {"jaw": {"on": 1}}, {"jaw": {"loud": 1}}, {"jaw": None},
        {"left-hand": 1, "left_hand": 1},
    ],
)  # fmt: skip
def test_nonsense_is_refused_with_a_sentence(given: object) -> None:
    with pytest.raises(ValueError, match=r"^[A-Z'].*\.$"):
        read_knobs(given)  # pyright: ignore[reportArgumentType]
