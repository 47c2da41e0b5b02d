"""Groups of curves: together everything, nothing twice, and called as users write them."""

from __future__ import annotations

from itertools import combinations

import pytest
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.groups import GROUPS, WHOLE, Selection, curves_of, listed, selection
from garrick.core.performance import CHANNELS


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        (WHOLE, Selection(tuple(range(52)), CHANNELS[1:])),
        (("upper_face", "lower_face", "jaw", "tongue"), GROUPS["face"]),
        (("left_hand", "right_hand"), GROUPS["hands"]),
    ],
)
def test_groups_are_together_the_whole_and_share_nothing(parts, whole):
    assert selection(parts) == whole
    for one, other in combinations(parts, 2):
        assert not {*GROUPS[one].face} & {*GROUPS[other].face}
        assert not {*GROUPS[one].channels} & {*GROUPS[other].channels}


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("browInnerUp", "upper_face"), ("cheekSquintLeft", "upper_face"), ("eyeBlinkRight", "upper_face"),
        ("noseSneerLeft", "lower_face"), ("mouthPucker", "lower_face"), ("cheekPuff", "lower_face"),
        ("jawLeft", "jaw"), ("mouthClose", "jaw"), ("tongueOut", "tongue"), ("eyeLookUpLeft", "eyes"),
    ],
)  # fmt: skip
def test_a_weight_lies_in_its_group(name, group):
    assert [other for other in ("upper_face", "lower_face", "jaw", "tongue", "eyes")
            if ARKIT_INDEX[name] in GROUPS[other].face] == [group]  # fmt: skip


def test_names_are_read_as_users_write_them():
    assert listed("upper-face, left-hand,jawOpen") == ("upper_face", "left_hand", "jawOpen")
    assert curves_of(selection(listed("head,jawOpen"))) == ("face.jawOpen", "head_rotation", "head_translation")
    for words, why in ((" , ", "No group is named"), ("nose", "no group or face weight 'nose'")):
        with pytest.raises(ValueError, match=why):
            listed(words)
