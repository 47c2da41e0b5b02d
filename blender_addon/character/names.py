"""Names of keys and bones made comparable: "EyeBlink_L", "eyeBlinkLeft" and "left eye blink" are one name."""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_COPY = re.compile(r"\.[0-9]{3}$")
_SIDES = {"l": "left", "left": "left", "r": "right", "right": "right"}
_PREFIX = re.compile(
    r"^(?:.*(?=Fcl_)|blend_?shapes?[0-9]*[._]|"
    r"(?:arkit|bs|morph|shape|facs|mixamorig[0-9]*|bip[0-9]*|cc_base|def|j_(?:bip|adj)(?:_c)?)[ ._:-]+)",
    re.IGNORECASE,
)


def words_of(name: str) -> list[str]:
    """The words of a name in lower case, its prefix and the number of a copy left out; "l" is "left"."""
    words = [word.lower() for word in _WORD.findall(_PREFIX.sub("", _COPY.sub("", name)))]
    return [_SIDES.get(word, word) for word in words]


def is_copy(name: str) -> bool:
    """Whether a name ends in the number that Blender gives copies: by it alone such names differ, and `plain` drops it."""
    return _COPY.search(name) is not None


def plain(name: str) -> str:
    """The words in one, a side at the end."""
    words = words_of(name)
    sides = [word for word in words if word in ("left", "right")]
    return "".join(word for word in words if word not in sides) + "".join(sides)
