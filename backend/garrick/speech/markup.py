"""SSML-lite: a text with pauses, emphasis and marks in it -> what is said, and what is meant at which place.

    Wait. <break time="300ms"/> I <emphasis>never</emphasis> said that [laugh], did I?

`<break time="300ms"/>` (or "1.5s"; half a second when no time is given) is silence of that length. `<emphasis>`
(level="strong", "moderate" or "reduced") says words with more or less weight. `[laugh]`, any one word of small letters
in square brackets, is not spoken: it stays as a mark with a time for whoever plans the motion. `<speak>` around it all
is allowed and means nothing. Everything else, "3 < 5" too, is text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from garrick.errors import InputError

LONGEST_BREAK = 10.0  # seconds
_DEFAULT_BREAK = 0.5  # seconds
LEVELS = ("strong", "moderate", "reduced")

_ITEM = re.compile(
    r"""<(?P<close>/)?(?P<tag>[A-Za-z][\w-]*)(?P<attributes>(?:\s+[\w:-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*/?>"""
    r"""|\[(?P<mark>[a-z][a-z_-]*)\]"""
)
_ATTRIBUTE = re.compile(r"""([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_HOLE = re.compile(r"(?<=\s)\s+|\s+(?=[,.;:!?…])")  # what markup leaves between words
_TIME = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*(ms|s)")
_FIX = 'Known are <break time="300ms"/>, <emphasis>...</emphasis> and [marks].'


@dataclass(frozen=True)
class Piece:
    """Text between two items of markup. emphasis: one of LEVELS, or "" for the voice's own weight."""

    text: str
    emphasis: str = ""


@dataclass(frozen=True)
class Cue:
    """A mark of the text: its name, without the brackets."""

    name: str


@dataclass(frozen=True)
class Break:
    """A pause of so many seconds."""

    seconds: float


def parse_markup(text: str) -> list[Piece | Cue | Break]:
    """Part a text into its pieces, marks and breaks, in order. Raises InputError for markup that is not understood."""
    items: list[Piece | Cue | Break] = []
    emphasis, at = "", 0
    for found in _ITEM.finditer(text):
        if found.start() > at:
            items.append(Piece(text[at : found.start()], emphasis))
        at = found.end()
        if found["mark"]:
            items.append(Cue(found["mark"]))
            continue
        match found["tag"].lower(), bool(found["close"]):
            case "break", False:
                items.append(Break(_seconds(_value(found, "time"))))
            case "emphasis", False:
                if emphasis or found.group().endswith("/>"):
                    raise InputError("An <emphasis> is empty or inside another one.", "Close it with </emphasis>.")
                emphasis = _level(_value(found, "level"))
            case "emphasis", True:
                if not emphasis:
                    raise InputError("There is an </emphasis> without its <emphasis>.", _FIX)
                emphasis = ""
            case "speak", _:
                pass
            case _:
                raise InputError(f"The markup {found.group()[:40]} is not understood.", _FIX)
    if emphasis:
        raise InputError("An <emphasis> is never closed.", "Write </emphasis> after the words.")
    if at < len(text):
        items.append(Piece(text[at:]))
    return items


def without_markup(text: str) -> str:
    """Only what is said. Raises InputError for markup that is not understood."""
    items = parse_markup(text)
    said = "".join(item.text for item in items if isinstance(item, Piece))
    return (said if len(items) == 1 else _HOLE.sub("", said)).strip()


def _value(found: re.Match[str], known: str) -> str | None:
    """The value of the one known attribute, or None. Raises InputError for any other."""
    given = {name: double or single for name, double, single in _ATTRIBUTE.findall(found["attributes"])}
    if given.keys() - {known}:
        raise InputError(f"The markup {found.group()[:40]} is not understood.", _FIX)
    return given.get(known)


def _seconds(time: str | None) -> float:
    if time is None:
        return _DEFAULT_BREAK
    found = _TIME.fullmatch(time.strip())
    seconds = float(found[1]) * (0.001 if found[2] == "ms" else 1.0) if found else -1.0
    if not 0 <= seconds <= LONGEST_BREAK:
        raise InputError(
            f"The break time {time[:20]!r} is not understood.",
            f"Write it like 300ms or 1.5s, at most {LONGEST_BREAK:g}s.",
        )
    return seconds


def _level(level: str | None) -> str:
    if level is None:
        return "moderate"
    if level not in LEVELS:
        raise InputError(f"The emphasis level {level[:20]!r} is not known.", f"Known are {', '.join(LEVELS)}.")
    return level
