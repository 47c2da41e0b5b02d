"""Seeds of groups: in words, in tables, and which group each of them counts for."""

from __future__ import annotations

import pytest
from garrick.core.groups import SINGLE, SUMS
from garrick.core.knobs import LARGEST, Knob, read_knobs
from garrick.core.seeds import seeds_of, with_seeds
from hypothesis import given
from hypothesis import strategies as st


@given(st.dictionaries(st.sampled_from(SINGLE), st.integers(0, LARGEST)), st.integers(0, LARGEST))
def test_each_group_has_the_seed_it_is_given_and_the_others_the_clip_s(seeds: dict[str, int], own: int) -> None:
    words = ", ".join(f"{group.replace('_', '-')}={seed}" for group, seed in seeds.items())
    assert with_seeds({}, words) == with_seeds({}, seeds)
    assert seeds_of(with_seeds({}, words), own) == dict.fromkeys(SINGLE, own) | seeds


def test_a_seed_of_a_sum_is_its_groups_and_one_of_their_own_counts_before_it() -> None:
    seeds = seeds_of(with_seeds({}, "face=5, jaw=7, hands=2"), 1)
    assert {group: seed for group, seed in seeds.items() if seed != 1} == {
        **dict.fromkeys(SUMS["face"], 5),
        "jaw": 7,
        **dict.fromkeys(SUMS["hands"], 2),
    }


def test_seeds_join_the_other_knobs_of_their_groups() -> None:
    knobs = with_seeds(read_knobs("jaw=1.2 smooth 0.1, eyes=off"), " eyes = 7,jaw=5,head=3,")
    assert knobs == {"jaw": Knob(1.2, 0.1, seed=5), "eyes": Knob(on=False, seed=7), "head": Knob(seed=3)}
    assert with_seeds(knobs, "") == knobs


@pytest.mark.parametrize(
    "words", ["head", "nose=3", "head=", "head=-1", "head=1.5", f"head={LARGEST + 1}", "head=\u0663", "head=off"]
)
def test_nonsense_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match=r"^[A-Z'].*\.$"):
        with_seeds({}, words)
