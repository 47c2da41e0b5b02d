"""Who is in a clip: one identity for the frames that differ most, solved together with the pose and face of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from garrick.bodies.head import Head
from garrick.perception.eyeballs import Eyeballs
from garrick.perception.fit import Problem, State
from garrick.perception.response import net_response

KEYS = 12
"""Frames that identity is solved from."""


def most_different(landmarks: np.ndarray) -> np.ndarray:
    """Indices of up to `KEYS` frames, the most usual first, each next one as far from all before as possible."""
    points = landmarks[:, :468] - landmarks[:, :468].mean(axis=1, keepdims=True)
    points = (points / np.linalg.norm(points, axis=(1, 2), keepdims=True)).reshape(len(points), -1)
    chosen = [int(np.argmin(np.linalg.norm(points - np.median(points, axis=0), axis=1)))]
    apart = np.linalg.norm(points - points[chosen[0]], axis=1)
    while len(chosen) < min(KEYS, len(points)):
        chosen.append(int(np.argmax(apart)))
        apart = np.minimum(apart, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return np.array(chosen)


def solve_identity(
    head: Head, landmarks: np.ndarray, intrinsics: np.ndarray
) -> tuple[np.ndarray, list[State], np.ndarray]:
    """One identity (B,) for several pictures (K, 478, 2), the state in each, without it, and the turn of the first."""
    share = 1 / np.sqrt(len(landmarks))
    problems, states = [], []
    eyes = Eyeballs.of(head, np.zeros(len(head.identity_basis)))
    first = Problem.of(head, landmarks[0], intrinsics)
    ahead = first.solve(first.start(), free="pose", steps=12).turn
    for points in landmarks:
        problem = Problem.of(head, points, intrinsics)
        priors = problem.priors.copy()
        priors[:-52] *= share
        state = problem.solve(problem.start(), free="pose", steps=12)
        problems.append(replace(problem, priors=priors).as_net_sees(net_response(), ahead))
        states.append(problems[-1].solve(problem.look(state, eyes, points), free="face", steps=6))
    for step in range(10):
        states = _joint_step(problems, states)
        if step in (3, 6):
            eyes = Eyeballs.of(head, states[0].identity)
            states = [p.look(s, eyes, points) for p, s, points in zip(problems, states, landmarks, strict=True)]
    return states[0].identity, [replace(state, identity=np.zeros(0)) for state in states], ahead


def _joint_step(problems: Sequence[Problem], states: Sequence[State]) -> list[State]:
    """A Gauss-Newton step of all frames; each frame's own unknowns are eliminated first (Schur complement)."""
    count = len(states[0].identity)
    left, right = np.zeros((count, count)), np.zeros(count)
    parts = []
    for problem, state in zip(problems, states, strict=True):
        hessian, gradient = problem.normal_equations(state)
        own = problem.free(state, gradient, "face")
        inner = hessian[np.ix_(own, own)] + 1e-3 * np.diag(np.diag(hessian)[own])
        across = hessian[:count, own]
        solved = np.linalg.solve(inner, np.column_stack([across.T, gradient[own]]))
        left += hessian[:count, :count] - across @ solved[:, :count]
        right += gradient[:count] - across @ solved[:, count]
        parts.append((own, solved))
    shared = -np.linalg.solve(left, right)
    moved = []
    for problem, state, (own, solved) in zip(problems, states, parts, strict=True):
        step = np.zeros(count + 58)
        step[:count] = shared
        step[own] = -solved[:, count] - solved[:, :count] @ shared
        moved.append(problem.advance(state, step))
    return moved
