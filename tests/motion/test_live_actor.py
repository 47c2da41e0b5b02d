"""A tracked actor's departures from calm, on a portrait's own pose, gaze and face."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from garrick.core.rotation import rotation_matrices
from garrick.motion.live_actor import acted
from garrick.motion.live_frames import somebody
from garrick.perception.live_grid import Frames


def frames(value: float, turn: float) -> Frames:
    """Two frames: of calm, and of this weight everywhere and this turn to the left."""
    return Frames(
        first=7,
        face=np.array([np.zeros(52), np.full(52, value)], np.float32),
        head_rotation=np.array([[0, 0, 0], [0, turn, 0]], np.float32),
        head_translation=np.array([[0, 0, 0], [0.01, 0, 0]], np.float32),
        gaze=np.array([np.zeros((2, 2)), np.full((2, 2), 0.1)], np.float32),
        confidence=np.ones(2, np.float32),
        phases=("tracking", "tracking"),
    )


@pytest.fixture
def sitter():
    """Somebody who tilts the head, smiles a little and looks aside in the photo."""
    return replace(
        somebody(),
        head_rotation=np.array([0.3, 0, 0], np.float32),
        face=np.full(52, 0.2, np.float32),
        gaze=np.full((2, 2), -0.05, np.float32),
    )


def test_calm_is_the_photo(sitter):
    motion = acted(sitter, frames(0.5, 0.4))
    assert (motion.first, len(motion)) == (7, 2)
    np.testing.assert_allclose(motion.head_rotation[0], sitter.head_rotation, atol=1e-6)
    np.testing.assert_allclose(motion.face[0], sitter.face)
    np.testing.assert_allclose(motion.gaze[0], sitter.gaze)


def test_what_leaves_calm_leaves_the_photo(sitter):
    motion = acted(sitter, frames(0.9, 0.4))
    wanted = rotation_matrices(np.array([[0, 0.4, 0]])) @ rotation_matrices(np.array([[0.3, 0, 0]]))
    np.testing.assert_allclose(rotation_matrices(motion.head_rotation[1:].astype(float)), wanted, atol=1e-6)
    np.testing.assert_allclose(motion.face[1], 1)  # no weight beyond it
    np.testing.assert_allclose(motion.gaze[1], 0.05, atol=1e-6)
    np.testing.assert_allclose(motion.head_translation[1], [0.01, 0, 0], atol=1e-7)


def test_nobodys_head_is_the_actors_own():
    given = frames(0.5, 0.4)
    motion = acted(somebody(), given)
    for channel in ("face", "head_rotation", "head_translation", "gaze"):
        np.testing.assert_allclose(getattr(motion, channel), getattr(given, channel), atol=1e-6)
