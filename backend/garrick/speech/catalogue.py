"""Every voice by name: which engine says it, in which languages, under which licence."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from garrick.errors import InputError
from garrick.speech import espeak
from garrick.speech.reading.languages import languages as every_language
from garrick.weights import registry

DEFAULT = "hibari"
_APACHE, _GPL = "Apache-2.0", "GPL-3.0-or-later"
_EVERY = ("*",)
_JOE = (
    'Its own recordings are CC0, but its card says that it was tuned from Piper\'s "lessac", whose recordings '
    "(Blizzard Challenge 2013) were given for research: make sure of your right before what it says is sold."
)


@dataclass(frozen=True)
class Voice:
    """One voice.

    name:      what `--voice` takes.
    engine:    hibari, piper, kokoro or espeak.
    languages: codes that it can say, its own first; ("*",) for all that espeak-ng reads.
    sex:       "female", "male" or "".
    weights:   names in the registry that it needs.
    notice:    what to know about the licence before the voice is used for money; "" for most.
    """

    name: str
    engine: str
    languages: tuple[str, ...]
    sex: str
    licence: str
    weights: tuple[str, ...] = ()
    notice: str = ""

    @property
    def detail(self) -> str:
        """What stands behind the engine's name: a style, a mix or a variant."""
        return self.name.partition(":")[2]

    def speaks(self) -> frozenset[str] | None:
        """The languages, None for all."""
        return None if self.languages == _EVERY else frozenset(self.languages)

    def check(self) -> None:
        """Raises MissingError when something has to be fetched before it speaks."""
        for name in self.weights:
            registry.path(name)
        if self.engine == "espeak":
            espeak.check()


# Kokoro-82M v1.0: the first letter is the language that the voice was trained on, the second the sex.
_KOKORO = (
    *("af_heart", "af_alloy", "af_aoede", "af_bella", "af_jessica", "af_kore", "af_nicole", "af_nova", "af_river"),
    *("af_sarah", "af_sky", "am_adam", "am_echo", "am_eric", "am_fenrir", "am_liam", "am_michael", "am_onyx"),
    *("am_puck", "am_santa", "bf_alice", "bf_emma", "bf_isabella", "bf_lily", "bm_daniel", "bm_fable", "bm_george"),
    *("bm_lewis", "ef_dora", "em_alex", "em_santa", "ff_siwis", "hf_alpha", "hf_beta", "hm_omega", "hm_psi"),
    *("if_sara", "im_nicola", "jf_alpha", "jf_gongitsune", "jf_nezumi", "jf_tebukuro", "jm_kumo", "pf_dora"),
    *("pm_alex", "pm_santa", "zf_xiaobei", "zf_xiaoni", "zf_xiaoxiao", "zf_xiaoyi", "zm_yunjian", "zm_yunxi"),
    *("zm_yunxia", "zm_yunyang"),
)
_OWN = {"a": "en-us", "b": "en-gb", "e": "es", "f": "fr-fr", "h": "hi", "i": "it", "p": "pt-br"}
_KOKORO_LANGUAGES = ("en-us", "en-gb", "es", "es-419", "fr-fr", "fr-be", "fr-ch", "hi", "it", "pt-br", "pt")
"""Japanese and Chinese voices speak these too, with an accent; their own tongues need readers that are not here."""
_KOKORO_WEIGHTS = ("kokoro_1", "kokoro_2", "kokoro_3", "kokoro_4", "kokoro_letters", "kokoro_styles")
_SEX = {"f": "female", "m": "male"}
_VARIANTS = ("f1", "f2", "f3", "f4", "f5", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "croak", "whisper")
_SHARE = re.compile(r"([a-z]{2}_[a-z]+)(?:\*(\d*\.?\d+))?")


def _kokoro(detail: str) -> Voice:
    first = mix_of(detail)[0][0]
    own = _OWN.get(first[0], "en-us")
    languages = (own, *(code for code in _KOKORO_LANGUAGES if code != own))
    sexes = {_SEX[style[1]] for style, _ in mix_of(detail)}
    return Voice(
        f"kokoro:{detail}", "kokoro", languages, sexes.pop() if len(sexes) == 1 else "", _APACHE, _KOKORO_WEIGHTS
    )


def _espeak(variant: str) -> Voice:
    name = f"espeak:{variant}" if variant else "espeak"
    return Voice(name, "espeak", _EVERY, _SEX.get(variant[:1], "") if variant not in ("", "croak") else "male", _GPL)


def mix_of(detail: str) -> list[tuple[str, float]]:
    """ "af_heart*0.6+bf_emma*0.4" -> styles with their shares, which sum to 1. Raises InputError."""
    mix = []
    for part in detail.split("+"):
        found = _SHARE.fullmatch(part.strip())
        if not found or found[1] not in _KOKORO:
            raise InputError(
                f"There is no Kokoro voice {part.strip()[:40]!r}.",
                "Write one like kokoro:af_heart, or a mix like kokoro:af_heart*0.6+bf_emma*0.4.",
            )
        mix.append((found[1], float(found[2] or 1.0)))
    total = sum(share for _, share in mix)
    if total <= 0:
        raise InputError("The shares of the voices are all zero.", "Write shares like 0.6 and 0.4.")
    return [(style, share / total) for style, share in mix]


VOICES: dict[str, Voice] = {
    voice.name: voice
    for voice in (
        Voice("hibari", "hibari", ("en-us",), "female", _APACHE, ("hibari",)),
        Voice("joe", "piper", ("en-us",), "male", "CC0-1.0", ("joe_net", "joe_settings"), _JOE),
        *map(_kokoro, _KOKORO),
        *map(_espeak, ("", *_VARIANTS)),
    )
}
"""The voices that have a name; mixes of Kokoro's have names too, but there is no end to them."""


def find_voice(name: str) -> Voice:
    """The voice of a name or of a mix. Raises InputError."""
    asked = name.strip()
    if asked in VOICES:
        return VOICES[asked]
    if asked == "kokoro":
        return VOICES["kokoro:af_heart"]
    if asked.startswith("kokoro:"):
        return _kokoro(asked.removeprefix("kokoro:"))
    near = difflib.get_close_matches(asked, VOICES, 1)
    raise InputError(
        f"There is no voice {name[:60]!r}.", f"Did you mean {near[0]}?" if near else "garrick voices lists them."
    )


def language_names(voice: Voice) -> list[str]:
    """Codes of all languages that a voice speaks."""
    return list(every_language()) if voice.languages == _EVERY else list(voice.languages)
