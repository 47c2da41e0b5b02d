"""Natural voices get their times from a net that learned from voices with exact ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from garrick.speech import alignment, features
from garrick.speech.acoustic import with_silence
from garrick.training.phones.clip import Clip
from garrick.training.phones.neural import Spoken

_SURE = 0.35  # mean probability of the phones below which a clip is not what its text says


def realigned(spoken: Iterator[Spoken], hear: Callable[[np.ndarray], np.ndarray]) -> Iterator[Clip]:
    """The voices in which the net finds their text. hear: (T, 40) normalised mels -> (T, 42) log probabilities."""
    for said in spoken:
        mels = features.normalised(features.voice_mels(said.waveform))
        phones = alignment.align(alignment.Sounds(with_silence(hear(mels))), said.words)
        sure = [phone.confidence for phone in phones if phone.symbol != "SIL"]
        if sure and np.mean(sure) >= _SURE:
            yield Clip(said.waveform, tuple((phone.symbol, phone.end) for phone in phones), said.voice)
