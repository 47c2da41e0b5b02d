"""Any text -> letters that can be read: compatibility forms, addresses written out, symbols left out."""

from __future__ import annotations

import logging
import re
import unicodedata

_SPEAKABLE = frozenset("°©®™")
_UNSEEN = re.compile("[\ufe00-\ufe0f\u20e3\U0001f000-\U0001faff]")  # variation selectors, keycaps, emoji and skin tones
_ADDRESS = re.compile(r"(?i)\b(?:https?://|www\.)[^\s<>\"“”]*[\w/]|\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_WORDS = {
    "en": {".": "dot", "/": "slash", "@": "at", "-": "dash", "_": "underscore"},
    "de": {".": "Punkt", "/": "Schrägstrich", "@": "at", "-": "Strich", "_": "Unterstrich"},
    "fr": {".": "point", "/": "barre oblique", "@": "arobase", "-": "tiret", "_": "tiret bas"},
    "es": {".": "punto", "/": "barra", "@": "arroba", "-": "guion", "_": "guion bajo"},
    "it": {".": "punto", "/": "barra", "@": "chiocciola", "-": "trattino", "_": "trattino basso"},
    "pt": {".": "ponto", "/": "barra", "@": "arroba", "-": "hífen", "_": "sublinhado"},
}
"""How the signs of an address are said; other languages leave a gap in their place."""

_log = logging.getLogger(__name__)


def plain(text: str, language: str) -> str:
    """The text in letters, digits and punctuation.

    Emoji and other symbols that nobody says are left out, with a warning that names them. A web or mail address is
    spoken sign by sign, without its "https://".
    """
    composed = unicodedata.normalize("NFKC", text).replace("\u2044", "/")  # ½ becomes 1⁄2
    composed = "".join(letter for letter in composed if unicodedata.category(letter) != "Cf")  # soft hyphens, marks
    unsaid = list(dict.fromkeys(letter for letter in composed if not _is_said(letter)))
    if unsaid:
        _log.warning("Left out, because nobody says it: %s", " ".join(unsaid[:10]))
        composed = "".join(letter if _is_said(letter) else " " for letter in composed)
    return _ADDRESS.sub(lambda found: _spoken_address(found.group(), language), composed)


def _is_said(letter: str) -> bool:
    kind = unicodedata.category(letter)
    if _UNSEEN.match(letter):
        return False
    return kind[0] in "LNPZM" or kind in ("Sc", "Sk") or letter.isascii() or letter in _SPEAKABLE


def _spoken_address(address: str, language: str) -> str:
    words = _WORDS.get(language.split("-")[0], {})
    bare = re.sub(r"(?i)^https?://", "", address).rstrip("/")
    spoken = re.sub(r"(?i)^www(?=\.)", "w w w", bare)
    return re.sub(r"[^\w\s]|_", lambda sign: f" {words.get(sign.group(), '')} ", spoken).strip()
