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
from scipy.ndimage import median_filter

from garrick.bodies.blink import LIDS
from garrick.bodies.head import Head
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_NAMES
from garrick.core.gaze import EYE_LOOK, eye_look_weights
from garrick.core.rotation import axis_angles
from garrick.perception.clip_identity import KEYS, most_different, solve_identity
from garrick.perception.course import course_at, facing, learn_course
from garrick.perception.crop import Square
from garrick.perception.eyeballs import Eyeballs
from garrick.perception.fit import EYES, INNER_LIPS, LIPS, Problem, State
from garrick.perception.lids import BLINKS, WIDES, Lids, look_features
from garrick.perception.response import net_response
from garrick.perception.skin import FaceCrop, Skin
from garrick.perception.tied import solve_tied

_LEARN = 48  # frames that shades are learnt from
_CALM = 0.10  # of the frames: those in which a face is at rest
_SHUT_LIPS = 0.25  # of the frames: those in which lips are least apart
_BLUR = 1.2  # of the shades, in pixels
_NEARS = (0.3, 0.1, 0.05, 0.05)  # for each sweep: weights nearer to rest are held as if so far away
_WIDE_SPAN = 5  # frames: what is wide for less than half of them is not
_USUAL = 0.05  # of a weight: how near a face that shows nothing keeps to its course
_COURSE = 0.1  # of a weight: no course goes further, as what a face holds for long is not all the fit's fault
_SHUT = 0.45  # of the usual opening, by the net, below which eyes count as shut
_BLINK_SHARES = (0.3, 1.3)  # of the head's own, that a person's blinks may go
_SPARSE = 300.0  # cost of a weight of 1 above rest, in landmark units squared
# seldom ones explain too easily what the others mean; a lower lip moves little that could be seen, and a jaw would do
# for both its sides at once
_SPARSE_BY_NAME = {
    "mouthLowerDown": 40.0, "jawLeft": 600.0, "jawRight": 600.0, "mouthFrown": 450.0, "mouthDimple": 900.0,
    "mouthStretch": 900.0, "mouthRoll": 900.0, "mouthShrug": 900.0, "mouthPress": 900.0, "cheek": 900.0,
    "noseSneer": 900.0, "eyeSquint": 900.0,
}  # fmt: skip
_LOOK_PRIOR = 60.0  # lids go where the gaze takes them
_SHADE = 8.0  # landmark units that one point's shade of 1 is worth
_TRUST = 0.2  # in the landmarks, beside the shades; and of lips and lids, which shades do not show
_TRUST_LIPS, _TRUST_LIDS = 0.6, 1.0
_TIE_FACE = 4.0  # landmark units that a step of 1 in a weight from frame to frame costs
_TIES_BY_NAME = {"eyeBlink": 2.0, "eyeWide": 6.0, "eyeSquint": 8.0, "brow": 8.0, "cheek": 10.0, "nose": 8.0, "jaw": 3.0}
_TIE_TURN, _TIE_SHIFT = 40.0, 400.0  # a radian, a metre


def _by_name(values: dict[str, float], default: float) -> np.ndarray:
    """(52,) the value of the name that a weight's begins with."""
    return np.array([next((values[name] for name in values if full.startswith(name)), default) for full in ARKIT_NAMES])


_TIES = np.concatenate([_by_name(_TIES_BY_NAME, _TIE_FACE), [_TIE_TURN] * 3, [_TIE_SHIFT] * 3])
_SPARSES = _by_name(_SPARSE_BY_NAME, _SPARSE)


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
    eyes, skin, lids: of this person.
    opening:    (2,) of the calm left and right eye, see `_opening`.
    course:     (52, 4) of the weights, with `facing`.
    """

    identity: np.ndarray
    intrinsics: np.ndarray
    problem: Problem
    start: State
    eyes: Eyeballs
    skin: Skin
    lids: Lids
    opening: np.ndarray
    course: np.ndarray

    def shuts(self, sighting: Sighting) -> bool:
        """Whether the eyes are so far shut that irises are guessed: a net sees them look down then."""
        return bool((_openings(sighting.landmarks) / self.opening).mean() < _SHUT)

    def gaze(self, state: State, sighting: Sighting) -> np.ndarray:
        """(2, 2) radians against the head, see `Eyeballs.gaze`."""
        return self.eyes.gaze(state, np.zeros((2, 2)), sighting.landmarks, self.intrinsics)


@dataclass(frozen=True)
class Solved:
    """Frames in a row.

    states: of every frame, those without a face bridged.    gaze: (F, 2, 2) radians, nan without a face or eyes.
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
    keys = most_different(marks)
    identity, states, ahead = solve_identity(head, marks[keys], intrinsics)
    problem = Problem.of(head, marks[keys[0]], intrinsics).of_person(identity, np.zeros((468, 3)))
    problem = problem.as_net_sees(net_response(), ahead)
    frames = [None if s is None else problem.of_frame(s.landmarks) for s in sightings]
    states = _follow(frames, states[0], shown[int(keys[0])], ctx)
    calmest = _calmest(states, shown, marks)
    rest = np.median([states[index].face for index in calmest], axis=0)
    eyes = Eyeballs.of(head, identity)
    calm = [
        (index, frame, sighting, frame.look(states[index], eyes, sighting.landmarks))
        for index in calmest
        if (frame := frames[index]) is not None and (sighting := sightings[index]) is not None
    ]
    # a calm face still looks somewhere, and its lids with it
    at_rest = [replace(state, face=state.rest) for *_, state in calm]
    offsets = _offsets([frame for _, frame, *_ in calm], at_rest)
    eyes = eyes.learnt(offsets, [(states[index], sighting.landmarks) for index, _, sighting, _ in calm], intrinsics)
    head, problem = _with_own_blinks(head, problem, offsets)
    problem = replace(problem, mean=problem.mean + offsets, weights=problem.weights * _trusts())
    states = [replace(state, face=np.maximum(state.face - rest, 0)) for state in states]
    shades = _shades(sightings)

    def seen() -> list[tuple[State, Square, np.ndarray]]:
        pictures = ((index, sighting.crop.square, shades[index]) for index, _, sighting, _ in calm)
        return [(states[index], square, picture) for index, square, picture in pictures if picture is not None]

    bare = Skin.of(head, identity, offsets)
    later = Lids((bare, bare), np.ones(2), np.zeros((2, 6)))  # learnt last, when all else is known
    usual = np.median([_openings(sighting.landmarks) for _, _, sighting, _ in calm], axis=0)
    person = Person(
        identity.astype(np.float32), intrinsics, problem, at_rest[0], eyes, bare, later, usual, np.zeros((52, 4))
    )
    for near in _NEARS:
        person = replace(person, skin=bare.learnt(seen(), intrinsics))
        states = _sweep(person, sightings, states, near, shades, None, ctx)
    person = replace(person, lids=Lids.of(head, identity, offsets, seen(), intrinsics))
    read_lids = _read_lids(person, sightings, states, shades)
    read = np.array([states[index].face for index in shown])
    course = learn_course(read, _facing([states[index] for index in shown]), np.ones_like(read, bool), _USUAL)
    course[[*BLINKS, *WIDES, *EYE_LOOK]] = 0  # lids have their own, with the gaze
    person = replace(person, lids=person.lids.with_usual(*read_lids), course=course)
    return person, _solved(person, sightings, states, read_lids)


def solve(person: Person, sightings: Sequence[Sighting | None], before: State | None, ctx: RunContext) -> Solved:
    """Pose, expression and gaze of frames in a row; None where a frame shows no face.

    before: the state of the frame before the first; None at the start of a shot.    Raises Cancelled.
    """
    frames = [None if s is None else person.problem.of_frame(s.landmarks) for s in sightings]
    states = _follow(frames, before or person.start, 0, ctx)
    shades = _shades(sightings)
    if before is not None:  # as it was read, course and all
        before = replace(before, face=np.minimum(before.face + _course(person, [before])[0], 1))
    for near in _NEARS:
        states = _sweep(person, sightings, states, near, shades, before, ctx)
    return _solved(person, sightings, states, _read_lids(person, sightings, states, shades))


def _solved(
    person: Person,
    sightings: Sequence[Sighting | None],
    states: Sequence[State],
    read_lids: tuple[np.ndarray, np.ndarray],
) -> Solved:
    """What was read, without what is read of a face that shows nothing."""
    gaze, missed = np.full((len(states), 2, 2), np.nan), np.full(len(states), np.nan)
    faces = np.maximum(np.array([state.face for state in states]) - _course(person, states), 0)
    # blinks and wide eyes as lids show them: short and sharp, which what ties and holds the rest would blunt
    shown = [index for index, sighting in enumerate(sightings) if sighting is not None]
    blinks, wides = person.lids.beyond_usual(*read_lids)
    faces[np.ix_(shown, BLINKS)] = blinks
    faces[np.ix_(shown, WIDES)] = median_filter(wides, (_WIDE_SPAN, 1), mode="nearest")
    states = [replace(state, face=face) for state, face in zip(states, faces, strict=True)]
    for index, (sighting, state) in enumerate(zip(sightings, states, strict=True)):
        if sighting is not None:
            frame = person.problem.of_frame(sighting.landmarks)
            projected = frame.project(state)[0]
            if not person.shuts(sighting):
                gaze[index] = person.gaze(state, sighting)
            width = float(np.ptp(sighting.landmarks[:468, 0]))
            missed[index] = np.linalg.norm(projected - frame.target, axis=1).mean() / width
    return Solved(states, gaze, missed)


def _course(person: Person, states: Sequence[State]) -> np.ndarray:
    """(F, 52) what is read of a face that shows nothing."""
    return np.maximum(course_at(person.course, _facing(states), _COURSE), 0)


def _facing(states: Sequence[State]) -> np.ndarray:
    return np.array([facing(state.turn) for state in states])


def _read_lids(
    person: Person,
    sightings: Sequence[Sighting | None],
    states: Sequence[State],
    shades: Sequence[np.ndarray | None],
) -> tuple[np.ndarray, np.ndarray]:
    """How far lids are shut (N, 2), and what they go with (N, 5), see `Lids`; of the N frames that show a face."""
    shut, looks = [], []
    gaze = np.zeros(2)
    for sighting, picture, state in zip(sightings, shades, states, strict=True):
        if sighting is not None and picture is not None:
            if not person.shuts(sighting):
                gaze = person.gaze(state, sighting).mean(axis=0)
            opening = _open_by(person, sighting, state)
            shut.append(person.lids.read(state, opening, sighting.crop.square, picture, person.intrinsics))
            looks.append(look_features(gaze, state.turn))
    return np.reshape(shut, (-1, 2)), np.reshape(looks, (-1, 5))


def _open_by(person: Person, sighting: Sighting, state: State) -> np.ndarray:
    """(2,) opening of the eyes' landmarks over that of the fitted head, lids where pose and gaze take them."""
    face = state.face.copy()
    face[[*BLINKS, *WIDES]] = 0
    pixels = person.problem.of_frame(sighting.landmarks).project(replace(state, face=face))[0]
    return _openings(sighting.landmarks) / np.maximum(_openings(pixels), 1e-6)


def _with_own_blinks(head: Head, problem: Problem, offsets: np.ndarray) -> tuple[Head, Problem]:
    """Blinks as far as this person's eyes are open: identities miss narrow ones, whose lids meet long before the head's."""
    face_basis, basis = head.face_basis.copy(), problem.basis.copy()
    for blink, lids in zip(BLINKS, LIDS, strict=True):
        points, moved = problem.mean[list(lids), :2], offsets[list(lids), :2]
        share = np.clip(_opening(points + moved) / max(_opening(points), 1e-6), *_BLINK_SHARES)
        face_basis[blink] *= np.float32(share)
        basis[:, :, blink] *= share
    return replace(head, face_basis=face_basis), replace(problem, basis=basis)


def _openings(landmarks: np.ndarray) -> np.ndarray:
    """(2,) of the left and the right eye."""
    return np.array([_opening(landmarks[list(lids)]) for lids in LIDS])


def _opening(loop: np.ndarray) -> float:
    """Mean distance of lids or lips over that of their corners; loop: (n, 2), corners first and in the middle."""
    half = len(loop) // 2
    along = loop[half] - loop[0]
    across = np.array([-along[1], along[0]])
    return abs(float(((loop[1:half] - loop[:half:-1]) @ across).mean())) / float(along @ along)


def _shades(sightings: Sequence[Sighting | None]) -> list[np.ndarray | None]:
    return [None if sighting is None else sighting.crop.shades(_BLUR) for sighting in sightings]


def _calmest(states: Sequence[State], shown: Sequence[int], marks: np.ndarray) -> list[int]:
    """Up to `_LEARN` of the frames in which the face shows least, wherever it looks, spread over the clip.

    marks: (N, 478, 2) of the N frames shown. Not those that are most usual: somebody may smile or speak most of the time.
    Of those with the least open mouths: what weights are counted from is an identity, whose lips may be parted as these
    never are at rest, and half a vowel would be taken for silence.
    """
    openings = [_opening(points[list(INNER_LIPS)]) for points in marks]
    shut = np.argsort(openings, kind="stable")[: max(KEYS, round(_SHUT_LIPS * len(shown)))]
    by_calm = sorted(
        (shown[row] for row in shut), key=lambda index: float(np.delete(states[index].face, EYE_LOOK).sum())
    )
    calm = sorted(by_calm[: max(KEYS, round(_CALM * len(shown)))])
    return [calm[i] for i in np.unique(np.linspace(0, len(calm) - 1, min(_LEARN, len(calm))).astype(int))]


def _trusts() -> np.ndarray:
    trusts = np.full(468, _TRUST)
    trusts[list(LIPS)] = _TRUST_LIPS
    trusts[list(EYES)] = _TRUST_LIDS
    return trusts


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


def _offsets(frames: Sequence[Problem], states: Sequence[State]) -> np.ndarray:
    """(468, 3) metres in the head's axes: what is missed in all frames alike."""
    missed = []
    for frame, state in zip(frames, states, strict=True):
        pixels, _, view = frame.project(state)
        away = (frame.target - pixels) / np.diag(frame.intrinsics)[:2] * view[:, 2:]
        missed.append(np.column_stack([away * (1, -1), np.zeros(468)]) @ state.turn)
    return np.median(missed, axis=0)


def _sweep(
    person: Person,
    sightings: Sequence[Sighting | None],
    states: Sequence[State],
    near: float,
    shades: Sequence[np.ndarray | None],
    before: State | None,
    ctx: RunContext,
) -> list[State]:
    """A Gauss-Newton step of all frames at once; neighbours are tied by `_TIES`, the first to `before`."""
    looked, hessians, gradients = [], np.zeros((len(states), 58, 58)), np.zeros((len(states), 58))
    free = np.zeros((len(states), 58), bool)
    look = (before or person.start).face[list(EYE_LOOK)]
    for index, (sighting, picture, state) in enumerate(zip(sightings, shades, states, strict=True)):
        ctx.check()
        if sighting is not None and picture is not None:
            problem = person.problem.of_frame(sighting.landmarks)
            if not person.shuts(sighting):
                look = eye_look_weights(person.gaze(state, sighting))
            state, problem = _sparse(problem, state, look, near)
            hessian, gradient = problem.normal_equations(state)
            more, push = person.skin.normal_equations(state, sighting.crop.square, picture, person.intrinsics)
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


def _sparse(problem: Problem, state: State, look: np.ndarray, near: float) -> tuple[State, Problem]:
    """Weights are held at rest by their distance, not its square: few move at a time, and those in full.

    Iteratively reweighted: the square's factor is 1 / distance, no nearer than `near`. Lids rest where the gaze takes
    them; look: (8,) eyeLook weights.
    """
    face, rest = state.face.copy(), np.zeros(52)
    face[list(EYE_LOOK)] = rest[list(EYE_LOOK)] = look
    priors = np.sqrt(_SPARSES / (np.abs(face - rest) + near))
    priors[list(EYE_LOOK)] = _LOOK_PRIOR
    return State(state.identity, face, state.turn, state.shift, rest), replace(problem, priors=priors)


def _between(first: State, second: State) -> np.ndarray:
    """(58,) from one state to the next: weights, turn in radians, metres."""
    return np.concatenate(
        [second.face - first.face, axis_angles(second.turn @ first.turn.T), second.shift - first.shift]
    )
