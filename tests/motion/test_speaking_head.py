"""How the head and the brows answer the voice."""

from __future__ import annotations

import numpy as np
from garrick.core.rotation import rotation_matrices
from garrick.motion.rules.brows import brow_raises
from garrick.motion.rules.head import head_angles, turned
from motion_samples import said

TIMES = np.arange(0, 40, 0.02)


def test_nods_peak_just_after_their_accents() -> None:
    accents = np.arange(2.0, 38.0, 3.0)
    speech = said([("AA", 40.0)], accents.tolist())
    still = said([("AA", 40.0)])

    def pitch(voice):
        rng = (np.random.default_rng(3), np.random.default_rng(4))
        return head_angles(voice.prosody, TIMES, np.ones(len(TIMES)), *rng)[:, 0]

    nods = pitch(speech) - pitch(still)
    peaks = [nods[(accent <= TIMES) & (accent + 0.2 >= TIMES)].max() for accent in accents]
    nodded = np.array(peaks) > 1.9
    assert 0.5 < nodded.mean() <= 1
    assert nods.max() <= 6 + 1e-9
    before = [nods[(accent - 0.12 > TIMES) & (accent - 0.4 < TIMES)].max() for accent in accents]
    assert max(before) < 0.1


def test_a_rising_voice_lifts_the_chin() -> None:
    speech = said([("AA", 40.0)])
    high = said([("AA", 40.0)])
    high.prosody.semitones[2000:3000] = 4
    rngs = [np.random.default_rng(seed) for seed in (3, 4, 3, 4)]
    talking = np.ones(len(TIMES))
    change = head_angles(high.prosody, TIMES, talking, *rngs[:2]) - head_angles(
        speech.prosody, TIMES, talking, *rngs[2:]
    )
    assert -3 <= change[TIMES.searchsorted(25), 0] < -1.5  # + is down


def test_turns_are_about_the_heads_own_axes() -> None:
    rest = np.array([0.0, 0.5, 0.0])
    nod = turned(rest, np.array([[10.0, 0.0, 0.0]]))
    own = rotation_matrices(rest).T @ rotation_matrices(nod)[0]
    assert np.allclose(own, rotation_matrices(np.array([np.radians(10), 0, 0])))
    assert np.allclose(turned(rest, np.zeros((2, 3))), rest)


def test_brows_rise_on_some_accents_and_begin_before_them() -> None:
    accents = np.arange(1.0, 39.0, 1.5)
    face = brow_raises(accents, TIMES, np.random.default_rng(0))
    moving = face.max(axis=1) > 0.01
    raised = [moving[TIMES.searchsorted(accent)] for accent in accents]
    assert 0.05 < np.mean(raised) < 0.5
    starts = TIMES[np.flatnonzero(moving[1:] & ~moving[:-1]) + 1]
    assert all(np.abs((accents - 0.06 + 0.02) - start).min() < 0.05 for start in starts)
