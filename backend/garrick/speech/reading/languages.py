"""Language codes as people write them -> those of espeak-ng."""

from __future__ import annotations

import difflib

from garrick.errors import InputError
from garrick.speech import espeak

_ALIASES = {
    "en": "en-us", "zh": "cmn", "zh-cn": "cmn", "zh-tw": "cmn", "fr": "fr-fr", "no": "nb",
    "nn": "nb", "iw": "he", "zh-hk": "yue", "pt-pt": "pt", "en-uk": "en-gb",
}  # fmt: skip
ENGLISH = ("en-us", "en-gb")
_SILENT = ("fo", "kaa", "xex")  # espeak-ng 1.52 lists them, but has no rules for them


def language_code(language: str) -> str:
    """ "de-DE", "zh" or "en" -> "de", "cmn", "en-us". Raises InputError for a language that nobody here speaks."""
    asked = language.strip().lower().replace("_", "-")
    code = _ALIASES.get(asked, asked)
    if code in ENGLISH:  # spares starting espeak-ng
        return code
    known = languages()
    for candidate in (code, code.split("-")[0], _ALIASES.get(code.split("-")[0], "")):
        if candidate in known:
            return candidate
    named = {name.lower(): code for code, name in known.items()}
    if asked in named:
        return named[asked]
    near = difflib.get_close_matches(asked, [*known, *named], 1)
    fix = f"Did you mean {near[0]}?" if near else "Give a code like en, de, fr or ja; garrick voices lists them."
    raise InputError(f"There is no language {language[:40]!r}.", fix)


def languages() -> dict[str, str]:
    """Code -> English name of every language that can be read."""
    return {code: name for code, name in espeak.languages().items() if code not in _SILENT}
