"""The groups of curves in which a performance is edited and mixed, as users of Audio2Face know them.

Upper and lower face part as FACS parts its action units (Ekman, Friesen and Hager 2002): lids, brows and the cheek raiser
are above, nose and lips below. Two groups hold what belongs together rather than what lies together: "eyes" is where
the eyes look, gaze and eyeLook curves, while lids are of the upper face; mouthClose goes with the jaw, whose opening it
takes back, so that lips that are sealed stay sealed when one group alone is changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .arkit import ARKIT_INDEX, ARKIT_NAMES
from .gaze import EYE_LOOK
from .performance import CHANNELS


@dataclass(frozen=True)
class Selection:
    """Some curves of a performance. face: columns of it, ascending. channels: whole ones, in the order of `CHANNELS`."""

    face: tuple[int, ...] = ()
    channels: tuple[str, ...] = ()

    def __or__(self, other: Selection) -> Selection:
        channels = {*self.channels, *other.channels}
        return Selection(tuple(sorted({*self.face, *other.face})), tuple(name for name in CHANNELS if name in channels))


def _named(*starts: str) -> Selection:
    columns = (column for name, column in ARKIT_INDEX.items() if name.startswith(starts))
    return Selection(tuple(column for column in columns if column not in EYE_LOOK))


_UPPER = _named("eye", "brow", "cheekSquint")
_JAW = _named("jaw", "mouthClose")
_TONGUE = _named("tongue")
_MOUTH = _named("mouth", "cheekPuff", "nose")
_LOWER = Selection(tuple(column for column in _MOUTH.face if column not in _JAW.face))
_HANDS = Selection(channels=("left_hand", "right_hand"))

GROUPS: dict[str, Selection] = {
    "face": _UPPER | _LOWER | _JAW | _TONGUE,
    "upper_face": _UPPER,
    "lower_face": _LOWER,
    "jaw": _JAW,
    "tongue": _TONGUE,
    "eyes": Selection(tuple(sorted(EYE_LOOK)), ("gaze",)),
    "head": Selection(channels=("head_rotation", "head_translation")),
    "body": Selection(channels=("body_pose",)),
    "hands": _HANDS,
    "left_hand": Selection(channels=("left_hand",)),
    "right_hand": Selection(channels=("right_hand",)),
}

WHOLE: tuple[str, ...] = ("face", "eyes", "head", "body", "hands")
"""Groups that share no curve and are together everything; "face" and "hands" are the sums of their own groups."""

SUMS: dict[str, tuple[str, ...]] = {
    "face": ("upper_face", "lower_face", "jaw", "tongue"),
    "hands": ("left_hand", "right_hand"),
}
"""The groups that are sums, and of which."""

SINGLE: tuple[str, ...] = tuple(name for name in GROUPS if name not in SUMS)
"""The nine groups that are no sums: each curve is in one of them."""


def selection(names: Iterable[str]) -> Selection:
    """The curves of groups and of single face weights ("jawOpen"). Raises ValueError with a sentence for the user."""
    chosen = Selection()
    for name in names:
        if name in GROUPS:
            chosen |= GROUPS[name]
        elif name in ARKIT_INDEX:
            chosen |= Selection((ARKIT_INDEX[name],))
        else:
            raise ValueError(f"There is no group or face weight {name!r}; the groups are {', '.join(GROUPS)}.")
    return chosen


def listed(words: str) -> tuple[str, ...]:
    """Names out of "upper-face, jaw": with commas, hyphens as good as underscores. Raises ValueError."""
    names = tuple(word.strip().replace("-", "_") for word in words.split(",") if word.strip())
    if not names:
        raise ValueError(f"No group is named; the groups are {', '.join(GROUPS)}.")
    selection(names)
    return names


def curves_of(chosen: Selection) -> tuple[str, ...]:
    """The names in `Performance.tracks` of the chosen curves: "face.jawOpen", "gaze" ..."""
    return (*(f"face.{ARKIT_NAMES[column]}" for column in chosen.face), *chosen.channels)
