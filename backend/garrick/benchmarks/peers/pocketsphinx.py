"""pocketsphinx (BSD): hidden Markov models of phones, trained on real speech.

Driven for its best: a word lattice (`bestpath`) gives phones impossible durations and fails the phone pass, live mean
normalisation differs between the passes of an alignment, and the usual beams lose a text that is all there.
"""

from __future__ import annotations

import importlib.util
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from garrick.benchmarks.notations import PHONES
from garrick.benchmarks.peers.peer import Clip, Peer, PeerError
from garrick.speech.alphabet import ARPABET, SILENCE
from garrick.speech.reading import read
from garrick.speech.speech import Phone

_FRAME = 0.01  # seconds
_WIDE = 1e-120  # beam of an alignment
_LANGUAGE_WEIGHT = 2.0  # of 1.5, 2, 3 and 4 the best without text; beams and insertion penalty change nothing there
_WORD = re.compile(r"[a-z']*[a-z][a-z']*")


def peers() -> list[Peer]:
    """Without text by its phone loop, with text by forced alignment."""
    here = importlib.util.find_spec("pocketsphinx") is not None
    absent = "" if here else "python -m pip install -c constraints.txt -e '.[peers]'"
    return [
        Peer("pocketsphinx allphone", False, PHONES, absent, hear),
        Peer("pocketsphinx forced", True, PHONES, absent, align),
    ]


def dictionary() -> Path:
    """The CMU dictionary that comes with it."""
    import pocketsphinx  # pyright: ignore[reportMissingImports]

    return Path(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict"))


def hear(clip: Clip) -> list[Phone]:
    """Phones heard without knowing the text."""
    decoder = _listener()
    _feed(decoder, clip)
    segments = decoder.seg()
    if segments is None:
        raise PeerError("nothing heard")
    return [_phone(one.word, one.start_frame, one.end_frame + 1 - one.start_frame) for one in segments]


def align(clip: Clip) -> list[Phone]:
    """The phones of the text, chosen among the pronunciations that its dictionary has, placed in two passes."""
    decoder = _aligner()
    words = _WORD.findall(clip.text.lower())
    for word in words:
        if decoder.lookup_word(word) is None:
            phones = [symbol for passage in read(word) for spoken in passage.words for symbol in spoken.phones]
            decoder.add_word(word, " ".join(phones), True)
    decoder.set_align_text(" ".join(words))
    try:
        _feed(decoder, clip)
        if decoder.hyp() is None:
            raise PeerError("the words were not found")
        decoder.set_alignment()
        _feed(decoder, clip)
    except RuntimeError as error:  # its one kind of error
        raise PeerError(str(error)) from error
    return [_phone(one.name, one.start, one.duration) for word in decoder.get_alignment() for one in word]


def _phone(name: str, start: int, frames: int) -> Phone:
    symbol = name if name in ARPABET else SILENCE  # noises are written "+SPN+"
    return Phone(symbol, start * _FRAME, (start + frames) * _FRAME)


def _feed(decoder: Any, clip: Clip) -> None:
    decoder.start_utt()
    decoder.process_raw(clip.pcm(), full_utt=True)
    decoder.end_utt()


@lru_cache(maxsize=1)
def _listener() -> Any:
    import pocketsphinx  # pyright: ignore[reportMissingImports]

    model = pocketsphinx.get_model_path("en-us/en-us-phone.lm.bin")
    return pocketsphinx.Decoder(
        lm=None, dict=None, allphone=model, lw=_LANGUAGE_WEIGHT, bestpath=False, loglevel="FATAL"
    )


@lru_cache(maxsize=1)
def _aligner() -> Any:
    import pocketsphinx  # pyright: ignore[reportMissingImports]

    return pocketsphinx.Decoder(lm=None, bestpath=False, beam=_WIDE, wbeam=_WIDE, pbeam=_WIDE, loglevel="FATAL")
