"""The learned mouth of a stream: what has been shown stays, and it comes near what the whole clip gets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX
from garrick.motion.diffusion import face
from garrick.motion.diffusion.channels import MOUTH, RATE
from garrick.motion.diffusion.face_live import GRID, LiveFace
from garrick.speech.speech import Speech
from garrick.speech.voices import speak

COLUMNS = [ARKIT_INDEX[name] for name in MOUTH]
TICK, LOOKAHEAD = 0.08, 0.16  # seconds


@pytest.fixture(scope="module")
def line() -> Speech:
    return speak("Bob made my puppy poppies.", RunContext())


def hear(live: LiveFace, line: Speech, end: float, shown: float) -> None:
    """The last second or so of the line up to `end`, whose phones are known a little ahead."""
    start = max(0.0, GRID * round((end - 1.2) / GRID))
    phones = [
        replace(phone, start=max(phone.start - start, 0.0), end=phone.end - start)
        for phone in line.phones
        if phone.end > start and phone.start < end
    ]
    rate, first = Speech.SAMPLE_RATE, round(start / line.prosody.hop)
    tracks = {name: getattr(line.prosody, name)[first:] for name in ("semitones", "voiced", "energy", "rate")}
    accents = line.prosody.accents - np.float32(start)
    prosody = replace(line.prosody, **tracks, accents=accents[(accents >= 0) & (accents < end - start)])
    live.hear(line.waveform[round(start * rate) : round(end * rate)], start, phones, prosody, shown)


def test_what_has_been_shown_never_changes_and_the_rest_is_near_the_whole(line: Speech) -> None:
    live, shown, kept, made = LiveFace(RunContext()), 0.0, np.zeros((0, 52)), []
    for end in np.arange(0.4, line.duration, TICK):
        hear(live, line, float(end), shown)
        before = np.arange(max(0.0, shown - 0.5), shown, 1 / 30)
        if len(kept) and len(before):
            assert np.abs(live.weights(before) - kept[-len(before) :]).max() < 0.05  # a spline sees two frames ahead
        new = np.arange(shown, end - LOOKAHEAD, 1 / 30)
        made.append(live.weights(new))
        kept, shown = np.concatenate([kept, made[-1]]), shown + len(new) / 30
    whole = face.generate(line, RATE, RunContext()).weights[: len(kept), COLUMNS]
    away = np.abs(kept[: len(whole), COLUMNS] - whole)
    assert away.mean() < 0.03
    assert np.corrcoef(kept[: len(whole), COLUMNS[0]], whole[:, 0])[0, 1] > 0.8  # jawOpen


def test_a_speech_that_is_known_is_taken_over_as_it_is(line: Speech) -> None:
    live = LiveFace(RunContext())
    live.say(line, 0.0)
    whole = face.generate(line, RATE, RunContext())
    times = np.arange(len(whole.weights) - 2) / 30
    assert live.weights(times) == pytest.approx(whole.weights[: len(times)], abs=1e-3)
