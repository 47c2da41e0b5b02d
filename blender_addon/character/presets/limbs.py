"""How the families spell arms and fingers: a pattern for the side and the part, instead of forty names each."""

from __future__ import annotations

from collections.abc import Mapping

ARM = ("collar", "shoulder", "elbow", "wrist")
"""SMPL-X's names of an arm's joints, from the trunk outwards."""

FINGERS = ("thumb", "index", "middle", "ring", "pinky")
"""MANO's names, from the thumb side on."""


def limbs(
    pattern: str, sides: tuple[str, str], arm: tuple[str, str, str, str], fingers: Mapping[str, tuple[str, str, str]]
) -> dict[str, tuple[str, ...]]:
    """Role ("left_elbow", "right_index1", ...) -> its name, in a tuple.

    pattern: a bone's name with {side} and {part}. sides: left and right as the family spells them. arm: its parts in the
    order of `ARM`. fingers: finger of `FINGERS` -> its parts from the palm outwards.
    """
    found = {}
    for side, spelled in zip(("left", "right"), sides, strict=True):
        for joint, part in zip(ARM, arm, strict=True):
            found[f"{side}_{joint}"] = (pattern.format(side=spelled, part=part),)
        for finger, parts in fingers.items():
            for number, part in enumerate(parts, 1):
                found[f"{side}_{finger}{number}"] = (pattern.format(side=spelled, part=part),)
    return found


def numbered(parts: str | Mapping[str, str]) -> dict[str, tuple[str, str, str]]:
    """Parts of each finger with numbers from 1 on.

    parts: pattern with {finger} and {number}, the fingers called as in `FINGERS`; or finger -> pattern with {number}.
    """
    patterns = {finger: parts.replace("{finger}", finger) for finger in FINGERS} if isinstance(parts, str) else parts
    return {
        finger: (pattern.format(number=1), pattern.format(number=2), pattern.format(number=3))
        for finger, pattern in patterns.items()
    }
