"""openfacefx (MIT): spreads the phones of a text over the length of a recording; it does not listen."""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from typing import Any

from garrick.benchmarks.notations import PHONES
from garrick.benchmarks.peers.peer import Clip, Peer
from garrick.benchmarks.peers.pocketsphinx import dictionary
from garrick.speech.alphabet import ARPABET, SILENCE
from garrick.speech.speech import Phone, Speech


def peers() -> list[Peer]:
    """Its naive aligner, with the CMU dictionary of pocketsphinx."""
    here = all(importlib.util.find_spec(name) is not None for name in ("openfacefx", "pocketsphinx"))
    absent = "" if here else "python -m pip install -c constraints.txt -e '.[peers]'"
    return [Peer("openfacefx naive", True, PHONES, absent, spread)]


def spread(clip: Clip) -> list[Phone]:
    """The phones of the text over the whole recording, by its table of usual durations."""
    from openfacefx import naive_segments  # type: ignore[import-not-found]

    segments = naive_segments(clip.text, len(clip.waveform) / Speech.SAMPLE_RATE, _pronunciations())
    return [Phone(_symbol(one.phoneme), one.start, one.end) for one in segments]


def _symbol(name: str) -> str:
    plain = name.rstrip("012")
    return plain if plain in ARPABET else SILENCE


@lru_cache(maxsize=1)
def _pronunciations() -> Any:
    from openfacefx import G2P  # type: ignore[import-not-found]

    known = G2P()
    known.load_cmudict(str(dictionary()))
    return known
