"""Fits the head to the frames of a clip: one identity, and for every frame pose, expression and gaze.

A person is met once: identity from a dozen frames that differ most, solved together; then what the landmarks of this
person miss in all calm frames alike, and the shades of the skin. After that frames are solved in runs of any length, each
frame tied to its neighbours: the ties look both ways, so that smoothing does not lag, and bridge frames without a face.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from garrick.bodies.head import Head
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX, ARKIT_NAMES
from garrick.core.gaze import EYE_LOOK, eye_look_weights
from garrick.core.rotation import axis_angles
from garrick.perception.fit import EYES, LIPS, Eyeballs, Problem, State, gaze_of
from garrick.perception.iris import LIDS
from garrick.perception.skin import FaceCrop, Skin
from garrick.perception.tied import solve_tied

_KEYS = 12  # frames that identity is solved from
_LEARN = 48  # frames that shades are learnt from
_SCHEDULE = ((2.0, (0.3,)), (1.2, (0.1, 0.05)))
"""Blur of the shades in pixels, and for each sweep over them: weights nearer to rest are held as if so far away."""
_SHUT = 0.12  # opening of a shut eye, over an open one's, as the net sees it
_BLINKS = (ARKIT_INDEX["eyeBlinkLeft"], ARKIT_INDEX["eyeBlinkRight"])
_SPARSE = 300.0  # cost of a weight of 1 above rest, in landmark units squared
_LOOK_PRIOR = 8.0
_SHADE = 8.0  # landmark units that one point's shade of 1 is worth
_TRUST = 0.2  # in the landmarks, beside the shades; and of lips and lids, which shades do not show
_TRUST_LIPS, _TRUST_LIDS = 0.3, 1.0
_TIE_FACE = (
    4.0  # a step of 1 in a weight from frame to frame costs as much as one landmark that is off by this many units
)
_TIES_BY_NAME = {"eyeBlink": 2.0, "eyeWide": 6.0, "eyeSquint": 8.0, "brow": 8.0, "cheek": 10.0, "nose": 8.0, "jaw": 3.0}
_TIE_TURN, _TIE_SHIFT = 40.0, 400.0  # a radian, a metre
_TIES = np.array(
    [
        *(
            next((tie for name, tie in _TIES_BY_NAME.items() if full.startswith(name)), _TIE_FACE)
            for full in ARKIT_NAMES
        ),
        *([_TIE_TURN] * 3),
        *([_TIE_SHIFT] * 3),
    ]
)


@dataclass(frozen=True)
class Sighting:
    """One face in one frame. landmarks: (478, 2) pixels."""

    landmarks: np.ndarray
    crop: FaceCrop


@dataclass(frozen=True)
class Person:
    """Who was met in a clip, before its camera.

    identity:   (B,) float32.    intrinsics: (3, 3) of the video.
    problem:    landmarks to pose and weights, with this person's identity and offsets.
    start:      a state of the person, calm.
    eyes, skins: of this person; a skin for each blur of `_SCHEDULE`.
    """

    identity: np.ndarray
    intrinsics: np.ndarray
    problem: Problem
    start: State
    eyes: Eyeballs
    skins: dict[float, Skin]


@dataclass(frozen=True)
class Solved:
    """Frames in a row.

    states: of every frame, those without a face bridged.    gaze: (F, 2, 2) radians, nan without a face.
    missed: (F,) mean distance of the landmarks from the fitted ones over the width of the face, nan without one.
    """

    states: list[State]
    gaze: np.ndarray
    missed: np.ndarray


def meet(
    head: Head, sightings: Sequence[Sighting | None], intrinsics: np.ndarray, ctx: RunContext
) -> tuple[Person, Solved]:
    """Learn a person from the first frames of a shot, and solve those.

    At least one must show a face.    intrinsics: (3, 3) of the video.    Raises Cancelled.
    """
    shown = [index for index, sighting in enumerate(sightings) if sighting is not None]
    marks = np.stack([sighting.landmarks for sighting in sightings if sighting is not None])
    keys = _most_different(marks)
    identity, states = _solve_identity(head, marks[keys], intrinsics)
    problem = Problem.of(head, marks[keys[0]], intrinsics).of_person(identity, np.zeros((468, 3)))
    frames = [None if s is None else problem.of_frame(s.landmarks) for s in sightings]
    states = _follow(frames, states[0], shown[int(keys[0])], ctx)
    usual = np.median([states[index].face for index in shown], axis=0)
    calm = _calmest(states, shown, usual)
    at_rest = [replace(states[index], face=np.zeros(52)) for index in calm]
    offsets = _offsets([frames[index] for index in calm], at_rest)
    problem = replace(problem, mean=problem.mean + offsets, weights=problem.weights * _trusts())
    person = Person(identity.astype(np.float32), intrinsics, problem, at_rest[0], Eyeballs.of(head, identity), {})
    states = [replace(state, face=np.maximum(state.face - usual, 0)) for state in states]
    bare = Skin.of(head, identity, offsets)
    for blur, nears in _SCHEDULE:
        shades = _shades(sightings, blur)
        seen = [
            (index, sighting.crop.square, picture)
            for index in calm
            if (sighting := sightings[index]) is not None and (picture := shades[index]) is not None
        ]
        for near in nears:
            skin = bare.learnt([(states[index], square, picture) for index, square, picture in seen], intrinsics)
            person = replace(person, skins=person.skins | {blur: skin})
            states = _sweep(person, sightings, states, near, skin, shades, None, ctx)
    return person, _solved(person, sightings, states)


def solve(person: Person, sightings: Sequence[Sighting | None], before: State | None, ctx: RunContext) -> Solved:
    """Pose, expression and gaze of frames in a row; None where a frame shows no face.

    before: the state of the frame before the first; None at the start of a shot.    Raises Cancelled.
    """
    frames = [None if s is None else person.problem.of_frame(s.landmarks) for s in sightings]
    states = _follow(frames, before or person.start, 0, ctx)
    for blur, nears in _SCHEDULE:
        shades = _shades(sightings, blur)
        for near in nears:
            states = _sweep(person, sightings, states, near, person.skins[blur], shades, before, ctx)
    return _solved(person, sightings, states)


def _solved(person: Person, sightings: Sequence[Sighting | None], states: list[State]) -> Solved:
    gaze, missed = np.full((len(states), 2, 2), np.nan), np.full(len(states), np.nan)
    states = list(states)
    for index, (sighting, state) in enumerate(zip(sightings, states, strict=True)):
        if sighting is not None:
            frame = person.problem.of_frame(sighting.landmarks)
            state = states[index] = _shut_lids(frame, state)
            projected = frame.project(state)[0]
            gaze[index] = gaze_of(person.eyes, state, np.zeros((2, 2)), sighting.landmarks, person.intrinsics)
            width = float(np.ptp(sighting.landmarks[:468, 0]))
            missed[index] = np.linalg.norm(projected - frame.target, axis=1).mean() / width
    return Solved(states, gaze, missed)


def _shut_lids(frame: Problem, state: State) -> State:
    """Blinks as the lids' landmarks show them: short and sharp, which what ties and holds the rest would blunt.

    An eye's opening is measured against that of the fitted head, lids where pose and gaze take them, without a blink.
    """
    face = state.face.copy()
    face[list(_BLINKS)] = 0
    pixels = frame.project(replace(state, face=face))[0]
    for blink, lids in zip(_BLINKS, LIDS, strict=True):
        open_by = _opening(frame.target[list(lids)]) / max(_opening(pixels[list(lids)]), 1e-6)
        face[blink] = np.clip((1 - open_by) / (1 - _SHUT), 0, 1)
    return replace(state, face=face)


def _opening(loop: np.ndarray) -> float:
    """Mean distance of the lids over the distance of the eye's corners; loop: (16, 2), corners first and ninth."""
    along = loop[8] - loop[0]
    across = np.array([-along[1], along[0]])
    return abs(float(((loop[1:8] - loop[:8:-1]) @ across).mean())) / float(along @ along)


def _shades(sightings: Sequence[Sighting | None], blur: float) -> list[np.ndarray | None]:
    return [None if sighting is None else sighting.crop.shades(blur) for sighting in sightings]


def _calmest(states: Sequence[State], shown: Sequence[int], usual: np.ndarray) -> list[int]:
    """Up to `_LEARN` of the frames in which the face is nearest to how it is most of the time, spread over the clip."""
    by_calm = sorted(shown, key=lambda index: float(np.abs(states[index].face - usual).sum()))
    calm = sorted(by_calm[: max(_LEARN, len(shown) // 3)])
    return [calm[i] for i in np.unique(np.linspace(0, len(calm) - 1, min(_LEARN, len(calm))).astype(int))]


def _trusts() -> np.ndarray:
    trusts = np.full(468, _TRUST)
    trusts[list(LIPS)] = _TRUST_LIPS
    trusts[list(EYES)] = _TRUST_LIDS
    return trusts


def _most_different(landmarks: np.ndarray) -> np.ndarray:
    """Indices of up to `_KEYS` frames, the most usual first, each next one as far from all before as possible."""
    points = landmarks[:, :468] - landmarks[:, :468].mean(axis=1, keepdims=True)
    points = (points / np.linalg.norm(points, axis=(1, 2), keepdims=True)).reshape(len(points), -1)
    chosen = [int(np.argmin(np.linalg.norm(points - np.median(points, axis=0), axis=1)))]
    apart = np.linalg.norm(points - points[chosen[0]], axis=1)
    while len(chosen) < min(_KEYS, len(points)):
        chosen.append(int(np.argmax(apart)))
        apart = np.minimum(apart, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return np.array(chosen)


def _solve_identity(head: Head, landmarks: np.ndarray, intrinsics: np.ndarray) -> tuple[np.ndarray, list[State]]:
    """One identity (B,) for several pictures (K, 478, 2), and the state in each, without it."""
    share = 1 / np.sqrt(len(landmarks))
    problems, states = [], []
    eyes = Eyeballs.of(head, np.zeros(len(head.identity_basis)))
    for points in landmarks:
        problem = Problem.of(head, points, intrinsics)
        priors = problem.priors.copy()
        priors[:-52] *= share
        problems.append(replace(problem, priors=priors))
        state = problem.solve(problem.start(), free="pose", steps=12)
        states.append(problem.solve(problem.look(state, eyes, points), free="face", steps=6))
    for step in range(10):
        states = _joint_step(problems, states)
        if step in (3, 6):
            eyes = Eyeballs.of(head, states[0].identity)
            states = [p.look(s, eyes, points) for p, s, points in zip(problems, states, landmarks, strict=True)]
    return states[0].identity, [replace(state, identity=np.zeros(0)) for state in states]


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


def _follow(frames: Sequence[Problem | None], start: State, key: int, ctx: RunContext) -> list[State]:
    """States to begin with, by landmarks: from frame `key` forwards and backwards, each from its neighbour's."""
    states = [start] * len(frames)
    for order in (range(key, len(frames)), range(key - 1, -1, -1)):
        state = start
        for index in order:
            ctx.check()
            frame = frames[index]
            if frame is not None:
                state = frame.solve(state, free="face", steps=2)
            states[index] = state
    return states


def _offsets(frames: Sequence[Problem | None], states: Sequence[State]) -> np.ndarray:
    """(468, 3) metres in the head's axes: what is missed in all frames alike."""
    missed = []
    for frame, state in zip(frames, states, strict=True):
        if frame is not None:
            pixels, _, view = frame.project(state)
            away = (frame.target - pixels) / np.diag(frame.intrinsics)[:2] * view[:, 2:]
            missed.append(np.column_stack([away * (1, -1), np.zeros(468)]) @ state.turn)
    return np.median(missed, axis=0)


def _sweep(
    person: Person,
    sightings: Sequence[Sighting | None],
    states: Sequence[State],
    near: float,
    skin: Skin,
    shades: Sequence[np.ndarray | None],
    before: State | None,
    ctx: RunContext,
) -> list[State]:
    """A Gauss-Newton step of all frames at once; neighbours are tied by `_TIES`, the first to `before`."""
    looked, hessians, gradients = [], np.zeros((len(states), 58, 58)), np.zeros((len(states), 58))
    free = np.zeros((len(states), 58), bool)
    for index, (sighting, picture, state) in enumerate(zip(sightings, shades, states, strict=True)):
        ctx.check()
        if sighting is not None and picture is not None:
            problem = person.problem.of_frame(sighting.landmarks)
            state, problem = _sparse(person, problem, state, sighting, near)
            hessian, gradient = problem.normal_equations(state)
            more, push = skin.normal_equations(state, sighting.crop.square, picture, person.intrinsics)
            hessians[index], gradients[index] = hessian + _SHADE**2 * more, gradient + _SHADE**2 * push
        looked.append(state)
    steps = np.array([_between(first, second) for first, second in pairwise(looked)])
    since = None if before is None else _between(before, looked[0])
    pulls = gradients.copy()
    pulls[1:] += _TIES**2 * steps.reshape(-1, 58)
    pulls[:-1] -= _TIES**2 * steps.reshape(-1, 58)
    if since is not None:
        pulls[0] += _TIES**2 * since
        hessians[0] += np.diag(_TIES**2)
    for index, state in enumerate(looked):
        free[index, person.problem.free(state, pulls[index], "face")] = True
    moves = solve_tied(hessians, pulls, _TIES**2, free)
    return [person.problem.advance(state, move) for state, move in zip(looked, moves, strict=True)]


def _sparse(person: Person, problem: Problem, state: State, sighting: Sighting, near: float) -> tuple[State, Problem]:
    """Weights are held at rest by their distance, not its square: few move at a time, and those in full.

    Iteratively reweighted: the square's factor is 1 / distance, no nearer than `near`. Lids rest where the gaze takes them.
    """
    gaze = gaze_of(person.eyes, state, np.zeros((2, 2)), sighting.landmarks, person.intrinsics)
    face, rest = state.face.copy(), np.zeros(52)
    face[list(EYE_LOOK)] = rest[list(EYE_LOOK)] = eye_look_weights(gaze)
    priors = np.sqrt(_SPARSE / (np.abs(face - rest) + near))
    priors[list(EYE_LOOK)] = _LOOK_PRIOR
    return State(state.identity, face, state.turn, state.shift, rest), replace(problem, priors=priors)


def _between(first: State, second: State) -> np.ndarray:
    """(58,) from one state to the next: weights, turn in radians, metres."""
    return np.concatenate(
        [second.face - first.face, axis_angles(second.turn @ first.turn.T), second.shift - first.shift]
    )
