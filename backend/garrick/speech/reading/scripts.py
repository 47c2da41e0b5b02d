"""Which letters belong to which language, and a text of several scripts parted into runs of one."""

from __future__ import annotations

import unicodedata

_SCRIPTS = {
    "CYRILLIC": ("ru", "uk", "be", "bg", "mk", "sr", "kk", "ky", "ba", "tt", "cv", "nog"),
    "GREEK": ("el", "grc"),
    "ARABIC": ("ar", "fa", "ur", "sd", "ug", "ku"),
    "HEBREW": ("he",),
    "DEVANAGARI": ("hi", "mr", "ne", "kok"),
    "BENGALI": ("bn", "as", "bpy"),
    "GUJARATI": ("gu",),
    "GURMUKHI": ("pa",),
    "TAMIL": ("ta",),
    "TELUGU": ("te",),
    "KANNADA": ("kn",),
    "MALAYALAM": ("ml",),
    "ORIYA": ("or",),
    "SINHALA": ("si",),
    "GEORGIAN": ("ka",),
    "ARMENIAN": ("hy", "hyw"),
    "HANGUL": ("ko",),
    "HIRAGANA": ("ja",),
    "KATAKANA": ("ja",),
    "KATAKANA-HIRAGANA": ("ja",),
    "CJK": ("cmn", "yue", "hak", "ja"),
    "THAI": ("th",),
    "MYANMAR": ("my", "shn"),
    "ETHIOPIC": ("am", "ti"),
    "CHEROKEE": ("chr",),
}
"""First word of a letter's Unicode name -> the languages written so, the one that reads it elsewhere first.

Latin letters are read by every language: espeak-ng reads them as English where they are foreign.
"""


def runs(text: str, language: str) -> list[tuple[str, str]]:
    """(language, part) of a text: parts in another script than the language's own belong to that script's language.

    What is no letter stays with the letters before it. The language is "" for letters that nobody can read.
    """
    parts: list[tuple[str, str]] = []
    for letter in text:
        reader = language if not parts and not letter.isalpha() else _reader(letter, language)
        if reader is None:
            reader = parts[-1][0] if parts else language
        if parts and parts[-1][0] == reader:
            parts[-1] = (reader, parts[-1][1] + letter)
        else:
            parts.append((reader, letter))
    return parts


def _reader(letter: str, language: str) -> str | None:
    """The language that reads a letter; None for what is no letter."""
    if not letter.isalpha():
        return None
    script = unicodedata.name(letter, "").split(" ")[0]
    if script in ("LATIN", "MODIFIER", "FEMININE", "MASCULINE"):
        return language
    languages = _SCRIPTS.get(script, ())
    own = language.split("-")[0]
    return language if own in languages else languages[0] if languages else ""
