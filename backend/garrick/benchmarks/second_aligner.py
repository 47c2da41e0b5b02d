"""Where another aligner puts the phones that a voice said: pocketsphinx, whose acoustic model never heard a synthetic voice.

It is given the same phones and the same sound, and nothing of where ours were placed. It can judge our own net alone: in use
the same acoustic model helps that net to place natural voices, and would be judge of itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from garrick.speech.alphabet import SILENCE
from garrick.speech.catalogue import find_voice
from garrick.speech.phones import align_phones
from garrick.speech.speech import Speech
from garrick.speech.voices import read_for

_FRAME = 0.01  # seconds
_BEAM = 1e-100  # wider than usual: with its own beams it gives up on some voices


def own_net_alone(speech: Speech) -> Speech:
    """The same with its phones where our own net alone places them."""
    known = [phone.symbol for phone in speech.phones]
    return replace(speech, phones=align_phones(speech.waveform, [(0.0, speech.duration, known)], natural=False))


def phone_distances(voice: str, sentence: str, speech: Speech) -> np.ndarray:
    """(P,) float64: seconds by which each phone begins later than the other aligner has it; empty when that one fails.

    speech: the voice saying the sentence, from `garrick.speech.voices.speak`.
    """
    words = [word.phones for passage in read_for(find_voice(voice), sentence, None) for word in passage.words]
    other = _starts(speech.waveform, words)
    ours = [phone.start for phone in speech.phones if phone.symbol != SILENCE]
    return np.array(ours) - other if len(other) == len(ours) else np.zeros(0)


def _starts(waveform: np.ndarray, words: Sequence[Sequence[str]]) -> np.ndarray:
    """(P,) seconds at which the phones of the words begin in (N,) samples at 16 kHz; empty when they are not found."""
    import pocketsphinx  # pyright: ignore[reportMissingImports]

    model = f"{pocketsphinx.get_model_path()}/en-us/en-us"
    decoder = pocketsphinx.Decoder(
        hmm=model, lm=None, dict=None, bestpath=False, beam=_BEAM, pbeam=_BEAM, wbeam=_BEAM, loglevel="FATAL"
    )
    names = [f"word{index}" for index in range(len(words))]
    for name, phones in zip(names, words, strict=True):
        decoder.add_word(name, " ".join(phones), name == names[-1])
    decoder.set_align_text(" ".join(names))
    pcm = np.clip(np.rint(waveform * 32767), -32768, 32767).astype("<i2").tobytes()
    try:
        _hear(decoder, pcm)
        decoder.set_alignment()  # the words are placed; now the phones in them
        _hear(decoder, pcm)
    except RuntimeError:  # "Failed to stop utterance processing": no path through the sound
        return np.zeros(0)
    found = [phone.start * _FRAME for word in decoder.get_alignment() if word.name in names for phone in word]
    return np.array(found)


def _hear(decoder, pcm: bytes) -> None:
    decoder.start_utt()
    decoder.process_raw(pcm, full_utt=True)
    decoder.end_utt()
