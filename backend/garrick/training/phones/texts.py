"""What the synthetic voices say: sentences of two public-domain books, and word lists that hold every phone pair.

Sources (Debian packages, only their data files are read): `dict-devil`, The Devil's Dictionary by Ambrose Bierce (1911,
copyright expired), and `dict-jargon`, The Jargon File 4.4.7 ("in the public domain, to be freely used, shared, and
modified"). The word lists come from the CMU Pronouncing Dictionary (BSD-2) inside the wheel `pocketsphinx`.
"""

from __future__ import annotations

import gzip
import re
import subprocess
from pathlib import Path

import numpy as np

_PACKAGES = ("dict-devil", "dict-jargon")
_BOOKS = ("devil.dict.dz", "jargon.dict.dz")
_FEWEST, _MOST = 4, 20  # words a sentence
_FILLERS = ("uh,", "um,", "so, uh,", "well,", "yeah,", "okay,", "alright,", "you know,", "and,", "hmm,")
_FILLED = 0.15  # share of prose that is said as people talk
_SENTENCE_END = re.compile(r"(?<=[a-z][.!?])\s+(?=[A-Z])")
_PLAIN = re.compile(r"[A-Z][A-Za-z',;: \-]+[.!?]")
_LIST_WORDS = 6
_RARE = 0.35  # share of sentences that are word lists: names and long words hold the phone pairs that prose lacks


def fetch(folder: Path) -> None:
    """Unpack the books' packages below `folder` (once), with Debian's own client."""
    if (folder / "usr/share/dictd" / _BOOKS[-1]).exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["apt-get", "download", "-q", *_PACKAGES], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    for package in sorted(folder.glob("dict-*.deb")):
        subprocess.run(["dpkg", "-x", package.name, "."], cwd=folder, check=True)


def sentences(folder: Path, dictionary: Path, rng: np.random.Generator) -> list[str]:
    """Shuffled sentences of plain words, each of them once.

    folder:     where `fetch` unpacked.
    dictionary: pocketsphinx's cmudict-en-us.dict.
    """
    plain = prose(folder)
    words = _words(dictionary)
    count = round(len(plain) * _RARE / (1 - _RARE))
    lists = [" ".join(rng.choice(words, _LIST_WORDS)).capitalize() + "." for _ in range(count)]
    talk = [_talked(sentence, rng) if rng.random() < _FILLED else sentence for sentence in dict.fromkeys(plain)]
    together = talk + lists
    return [together[index] for index in rng.permutation(len(together))]


def prose(folder: Path) -> list[str]:
    """The books' sentences of plain words, in order. folder: where `fetch` unpacked."""
    return [sentence for book in _BOOKS for sentence in _prose(folder / "usr/share/dictd" / book)]


def _prose(book: Path) -> list[str]:
    """Sentences without figures, brackets or anything else that voices read in different ways."""
    text = gzip.decompress(book.read_bytes()).decode("utf-8", "replace")
    text = re.sub(r"[{}_*]|\[[^\]]*\]", "", text)
    flat = re.sub(r"\s+", " ", re.sub(r"(\S)\n\n+", r"\1.\n", text)).replace("--", ",")
    kept = []
    for sentence in _SENTENCE_END.split(flat):
        if (
            _PLAIN.fullmatch(sentence)
            and _FEWEST <= len(sentence.split()) <= _MOST
            and not re.search("[A-Z]{2}", sentence)
        ):
            kept.append(sentence)
    return kept


def _talked(sentence: str, rng: np.random.Generator) -> str:
    """The sentence with one filler in it."""
    words = sentence.split()
    words.insert(int(rng.integers(len(words))), str(rng.choice(_FILLERS)))
    return " ".join(words)


def _words(dictionary: Path) -> list[str]:
    """Spoken words of four letters and more, without variants."""
    heads = (line.split(" ", 1)[0] for line in dictionary.read_text(encoding="utf-8").splitlines())
    return [head for head in heads if len(head) >= 4 and head.isascii() and head.isalpha()]
