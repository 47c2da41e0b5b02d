"""Seeds of groups of curves: "head=5, eyes=7" makes these anew and leaves the others as the clip's own seed does.

A seed is one of a group's knobs; here is the short way to give nothing but seeds, and what they mean for each group.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .groups import SINGLE, SUMS
from .knobs import Knob, pairs, read_knobs


def with_seeds(knobs: Mapping[str, Knob], given: str | Mapping[str, Any]) -> dict[str, Knob]:
    """The knobs with the seeds of "head=5, eyes=7", or of {"head": 5}, in place of theirs.

    Raises ValueError with a sentence for the user.
    """
    said = given.items() if isinstance(given, Mapping) else pairs(given, "head=5, eyes=7")
    seeds = read_knobs({name: {"seed": seed} for name, seed in said})
    changed = {group: replace(knobs.get(group, Knob()), seed=knob.seed) for group, knob in seeds.items()}
    return read_knobs({**knobs, **changed})


def seeds_of(knobs: Mapping[str, Knob], own: int) -> dict[str, int]:
    """The seed of each group of `SINGLE`: its own, else that of the sum it belongs to, else the clip's, `own`."""
    seeds = dict.fromkeys(SINGLE, own)
    for group in (*SUMS, *SINGLE):
        seed = knobs[group].seed if group in knobs else None
        if seed is not None:
            seeds |= dict.fromkeys(SUMS.get(group, (group,)), seed)
    return seeds
