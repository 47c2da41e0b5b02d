"""Which frames of a clip show a face at rest: those with shut lips, whatever an identity takes for rest."""

from __future__ import annotations

import numpy as np
from garrick.core.arkit import ARKIT_INDEX
from garrick.perception.clip_fit import _calmest
from garrick.perception.fit import INNER_LIPS, State


def marks_of(opening: float) -> np.ndarray:
    """(478, 2) landmarks whose lips are so far apart, over the mouth's width."""
    marks = np.zeros((478, 2))
    half = len(INNER_LIPS) // 2
    across = np.linspace(0, 40, half + 1)
    marks[list(INNER_LIPS[: half + 1])] = np.column_stack([across, np.zeros(half + 1)])
    marks[list(INNER_LIPS[half + 1 :])] = np.column_stack([across[-2:0:-1], np.full(half - 1, 40 * opening)])
    return marks


def state_of(jaw: float, roll: float) -> State:
    face = np.zeros(52)
    face[ARKIT_INDEX["jawOpen"]], face[ARKIT_INDEX["mouthRollLower"]] = jaw, roll
    return State(np.zeros(0), face, np.eye(3), np.zeros(3), np.zeros(52))


def test_half_a_vowel_is_not_taken_for_silence() -> None:
    """An identity with parted lips explains an opened mouth by nothing, and a shut one by rolled lips."""
    openings = np.tile([0.0, 0.0, 0.3, 0.5], 30)
    states = [state_of(0.0, 0.4) if opening == 0 else state_of(opening - 0.3, 0.0) for opening in openings]
    shown = list(range(5, 125))  # the first frames show no face
    found = _calmest([states[0]] * 5 + states, shown, np.stack([marks_of(opening) for opening in openings]))
    assert len(found) >= 12
    assert np.all(openings[np.array(found) - 5] <= 0.3)
    assert np.mean(openings[np.array(found) - 5] == 0) > 0.5


def test_a_face_that_smiles_while_its_lips_are_shut_is_not_the_calmest() -> None:
    openings = np.r_[np.zeros(60), np.full(60, 0.4)]
    states = [state_of(0.0, 0.5 if index % 2 else 0.0) for index in range(120)]
    found = np.array(_calmest(states, list(range(120)), np.stack([marks_of(opening) for opening in openings])))
    assert np.all(found < 60)
    assert np.all(found % 2 == 0)
