"""The elimination along a row of frames against one big dense solve."""

from __future__ import annotations

import numpy as np
import pytest
from garrick.perception.tied import solve_tied
from hypothesis import given, settings
from hypothesis import strategies as st

DAMPING = 1e-6


def problem(seed: int, frames: int, size: int, rank: int, share: float):
    rng = np.random.default_rng(seed)
    roots = rng.normal(size=(frames, rank, size))
    hessians = roots.transpose(0, 2, 1) @ roots
    return hessians, rng.normal(size=(frames, size)), rng.uniform(0, 5, size), rng.random((frames, size)) < share


def dense(hessians, gradients, ties, free):
    frames, size = gradients.shape
    whole = np.zeros((frames * size, frames * size))
    for frame in range(frames):
        here = slice(frame * size, (frame + 1) * size)
        whole[here, here] += hessians[frame] + DAMPING * np.eye(size)
        if frame + 1 < frames:
            after = slice((frame + 1) * size, (frame + 2) * size)
            for one, other, sign in ((here, here, 1), (after, after, 1), (here, after, -1), (after, here, -1)):
                whole[one, other] += sign * np.diag(ties)
    moving = free.ravel()
    steps = np.zeros(frames * size)
    steps[moving] = np.linalg.solve(whole[np.ix_(moving, moving)], -gradients.ravel()[moving])
    return steps.reshape(frames, size)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10**6), st.integers(1, 12), st.integers(1, 7), st.integers(0, 7), st.sampled_from([0.0, 0.6, 1.0])
)
def test_the_elimination_equals_a_dense_solve(seed, frames, size, rank, share):
    parts = problem(seed, frames, size, max(rank, size), share)
    np.testing.assert_allclose(solve_tied(*parts), dense(*parts), rtol=1e-5, atol=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_what_is_held_stays_and_what_was_given_is_not_changed(seed):
    parts = problem(seed, 8, 5, 5, 0.5)
    before = [part.copy() for part in parts]
    steps = solve_tied(*parts)
    assert (steps[~parts[3]] == 0).all()
    for part, was in zip(parts, before, strict=True):
        np.testing.assert_array_equal(part, was)


def test_one_frame_is_one_solve():
    hessians, gradients, ties, _ = problem(1, 1, 6, 12, 1)
    steps = solve_tied(hessians, gradients, ties, np.ones((1, 6), bool))
    np.testing.assert_allclose(steps[0], np.linalg.solve(hessians[0], -gradients[0]), rtol=1e-4)


def test_a_frame_that_knows_nothing_goes_with_its_neighbours():
    hessians, gradients = np.zeros((5, 2, 2)), np.zeros((5, 2))
    hessians[[0, 4]] = 1e4 * np.eye(2)
    gradients[0], gradients[4] = -1e4, -3e4  # wanted steps: 1 and 3
    steps = solve_tied(hessians, gradients, np.ones(2), np.ones((5, 2), bool))
    for column in range(2):
        np.testing.assert_allclose(steps[:, column], np.linspace(1, 3, 5), atol=2e-3)


def test_without_ties_frames_know_nothing_of_each_other():
    hessians, gradients, _, free = problem(2, 6, 4, 4, 0.8)
    together = solve_tied(hessians, gradients, np.zeros(4), free)
    alone = [
        solve_tied(hessians[i : i + 1], gradients[i : i + 1], np.zeros(4), free[i : i + 1])[0]
        for i in range(len(hessians))
    ]
    np.testing.assert_allclose(together, alone, atol=1e-9)


def test_a_row_of_hundreds_of_frames_of_the_real_size_stays_exact():
    hessians, gradients, ties, free = problem(3, 400, 58, 58, 0.7)
    steps = solve_tied(hessians, gradients, ties, free)
    slope = np.einsum("fij,fj->fi", hessians, steps) + gradients + DAMPING * steps
    slope[1:] += ties * (steps[1:] - steps[:-1])
    slope[:-1] += ties * (steps[:-1] - steps[1:])
    assert np.abs(slope[free]).max() == pytest.approx(0, abs=1e-6)
