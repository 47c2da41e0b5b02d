"""Sleeves wear the photo's cloth: its pattern without buttons, carried on without seams, and folded where an arm bends."""

from __future__ import annotations

import numpy as np
from garrick.rendering.sleeve_cloth import find_patch, fold, quilt

BLUE = np.array([0.3, 0.4, 0.7], np.float32)


def striped(height: int, width: int, every: int = 8) -> np.ndarray:
    """(height, width, 3) factors: stripes down the picture."""
    bright = 1 + 0.2 * np.sin(2 * np.pi * np.arange(width) / every)
    return np.broadcast_to(bright[None, :, None], (height, width, 3)).astype(np.float32)


def test_quilting_goes_on_with_a_pattern_and_makes_no_other():
    made = quilt(np.ascontiguousarray(striped(32, 32)), 90, 120)
    assert made.shape == (90, 120, 3)
    strength = np.abs(np.fft.rfft(made.mean(axis=(0, 2)) - 1))
    assert strength.argmax() == 120 / 8
    assert made.std(axis=0).max() < 0.08
    steps = np.abs(np.diff(made, axis=1)).max()
    assert steps < 2 * np.abs(np.diff(striped(32, 32), axis=1)).max()


def test_quilting_is_always_the_same():
    patch = np.random.default_rng(1).uniform(0.8, 1.2, (20, 20, 3)).astype(np.float32)
    np.testing.assert_array_equal(quilt(patch, 40, 60), quilt(patch, 40, 60))


def test_the_plainest_square_is_taken():
    photo = (BLUE * striped(80, 80)).astype(np.float32)
    photo[:40] *= np.linspace(0.4, 1, 80, dtype=np.float32)[None, :, None]  # a shadow
    photo[58:64, 20:26] = 1  # a button
    where = np.ones((80, 80), bool)
    patch = find_patch(photo, BLUE, where, 24)
    assert patch is not None
    assert patch.shape == (24, 24, 3)
    assert 0.05 < patch.std() < 0.2
    assert patch.max() < 1.4
    np.testing.assert_allclose(patch.std(axis=0).max(), 0, atol=0.03)


def test_folds_are_no_pattern_and_broad_stripes_are():
    grain = np.random.default_rng(3).normal(1, 0.04, (80, 80, 1)).astype(np.float32)
    fold = 1 + 0.06 * np.sin(np.arange(80) / 8, dtype=np.float32)[:, None, None]
    where = np.ones((80, 80), bool)
    plain = find_patch((BLUE * grain * fold).astype(np.float32), BLUE, where, 40)
    bold = find_patch((BLUE * (1 + 5 * (fold - 1)) * np.ones_like(grain)).astype(np.float32), BLUE, where, 40)
    assert plain is not None
    assert bold is not None
    assert plain.mean(axis=1).std(axis=0).max() < 0.015  # its rows differ no more than the grain does
    assert plain.std() > 0.03
    assert bold.mean(axis=1).std(axis=0).max() > 0.1


def test_no_square_without_room():
    where = np.zeros((80, 80), bool)
    where[::2] = True
    assert find_patch(np.ones((80, 80, 3), np.float32), BLUE, where, 24) is None


def test_a_bent_arm_creases_its_sleeve_inside_the_elbow_only():
    reach, around = (grid.ravel() for grid in np.meshgrid(np.linspace(0.1, 1.9, 181), np.linspace(-3.1, 3.1, 60)))
    straight, bent = fold(reach, around, 1.93)
    assert 0.6 < straight.min() < straight.max() < 1.25
    change = np.abs(bent - straight)
    elbow, inside = np.abs(reach - 1) < 0.15, np.sin(around) > 0.5
    assert change[elbow & inside].mean() > 2 * change[elbow & (np.sin(around) < -0.5)].mean()
    assert change[np.abs(reach - 1) > 0.6].max() < 0.01
