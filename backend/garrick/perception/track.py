"""Phase 1 for moving pictures: a video of a person -> a tracked Performance.

The camera counts as standing still and the calm face of the clip as neutral: weights are how far a face leaves its calm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np

from garrick.bodies.body import trunk_places
from garrick.bodies.head import Head, load_head
from garrick.context import RunContext
from garrick.core.euler import smooth_axis_angles
from garrick.core.gaze import EYE_LOOK, eye_look_weights
from garrick.core.performance import Performance
from garrick.core.skeleton import head_carried
from garrick.errors import InputError
from garrick.perception.clip_fit import Person, Sighting, Solved, meet, solve
from garrick.perception.fit import State
from garrick.perception.follow import FaceFollower
from garrick.perception.image import assumed_focal
from garrick.perception.steady import bridged, steady_face, steady_gaze, steady_head
from garrick.perception.upper_body import UpperBodyFollower, upper_body
from garrick.perception.video import Video

_WINDOW = 500  # frames that are solved together, and held in memory
_ENOUGH = 12  # frames with a face that a person is learnt from; of a shorter shot only when nobody is known
_LEAST = 3  # frames with a face that are worth a performance
_GOOD, _BAD = 0.01, 0.03  # of the face's width missed by the fit: trusted fully, least
_SEEN = 0.05  # the least trust in what was seen at all


@dataclass(frozen=True)
class Tracked:
    """What a video shows of one person.

    performance: provenance "tracked" for what was seen at all; identity is the longest shot's.
    confidence:  (F,) 0..1 by channel; 0 where the channel was bridged from before and after.
    cuts:        frames at which a new shot begins, without the first.
    landmarks:   (F, 478, 2) float32 pixels, nan where no face is seen.
    missed:      (F,) mean distance of the landmarks from the fitted head's over the face's width, nan likewise.
    size:        width and height of the pictures that the pixels are of.
    unsmoothed:  (F, 52) weights as each frame by itself, and its neighbours, gave them.
    """

    performance: Performance
    confidence: dict[str, np.ndarray]
    cuts: tuple[int, ...]
    landmarks: np.ndarray
    missed: np.ndarray
    size: tuple[int, int]
    unsmoothed: np.ndarray


def run(video: Path, fps: Fraction | None, person: int | None, body: bool, ctx: RunContext) -> Tracked:
    """Track a person's face, head and eyes through a video.

    fps:    of the performance; None for the video's own.
    person: counts the faces of the first frame that shows any, from the left; None for the largest.
    body:   track upper body and hands as well, which takes twice the time.
    Raises InputError for no readable video or too little of a face; MissingError for weights, Cancelled.
    """
    head = load_head()
    with Video(video, fps) as film:
        follower = FaceFollower(person)
        intrinsics = _intrinsics(film.facts.size)
        solving, bodies, limbs = _Solving(head, intrinsics, ctx), UpperBodyFollower(), []
        for index, picture in enumerate(film):
            seen = follower.see(picture)
            solving.add(seen.face, seen.cut)
            if body:
                limbs.append(bodies.see(picture, None if seen.face is None else seen.face.landmarks, seen.cut))
            ctx.step("track", index + 1, max(film.facts.frames, index + 1))
        solving.finish()
        if person is not None and 0 < follower.most <= person:
            raise InputError(
                f"There is no face {person}: {video.name} shows {follower.most}.", "Count from 0, from the left."
            )
        tracked = _tracked(solving, video.name, film)
        if body:
            ctx.log("Posing body and hands; the first time on a machine this compiles for half a minute.")
        return _with_body(tracked, *upper_body(limbs, solving.cuts, intrinsics)) if body else tracked


def _intrinsics(size: tuple[int, int]) -> np.ndarray:
    focal = assumed_focal(size)
    return np.array([[focal, 0, size[0] / 2], [0, focal, size[1] / 2], [0, 0, 1.0]])


class _Solving:
    """Takes sightings in order, solves them in runs of at most `_WINDOW` frames, and keeps what was found."""

    def __init__(self, head: Head, intrinsics: np.ndarray, ctx: RunContext) -> None:
        self.landmarks: list[np.ndarray] = []
        self.cuts: list[int] = []
        self._head, self._intrinsics, self._ctx = head, intrinsics, ctx
        self._known: Person | None = None  # the last person that was met
        self._met = False  # in this shot
        self._before: State | None = None  # of the frame before, in this shot
        self._last: State | None = None  # the same, in any
        self._waiting: list[Sighting | None] = []
        self._runs: list[tuple[Person | None, Solved]] = []

    def add(self, sighting: Sighting | None, cut: bool) -> None:
        """The next frame, None without a face; cut: a new shot begins with it."""
        if cut:
            self.finish()
            self.cuts.append(len(self.landmarks))
            self._met, self._before = False, None
        self._waiting.append(sighting)
        unseen = np.full((478, 2), np.nan)
        self.landmarks.append((unseen if sighting is None else sighting.landmarks).astype(np.float32))
        if len(self._waiting) == _WINDOW:
            self.finish()

    def finish(self) -> None:
        """Solve what waits."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        shown = sum(sighting is not None for sighting in waiting)
        if not self._met and shown and (shown >= _ENOUGH or self._known is None):
            self._known, solved = meet(self._head, waiting, self._intrinsics, self._ctx)
            self._met = True
        elif self._known is not None and (shown or self._before is not None):
            solved = solve(self._known, waiting, self._before, self._ctx)
        else:  # a shot without a face so far: held as the last that had one
            held = [] if self._last is None else [self._last] * len(waiting)
            solved = Solved(held, np.full((len(waiting), 2, 2), np.nan), np.full(len(waiting), np.nan))
            self._runs.append((self._known, solved))
            return
        self._before = self._last = solved.states[-1]
        self._runs.append((self._known, solved))

    def identity(self) -> np.ndarray:
        """(B,) of the person who was seen in most frames; somebody must have been met."""
        frames: dict[int, int] = {}
        people = {id(person): person for person, _ in self._runs if person is not None}
        for person, solved in self._runs:
            if person is not None:
                frames[id(person)] = frames.get(id(person), 0) + int(np.isfinite(solved.missed).sum())
        return people[max(frames, key=lambda key: frames[key])].identity

    def curves(self) -> _Curves:
        """All frames in a row; those before anybody was seen are held as the first that show somebody."""
        states: list[State | None] = []
        for _, solved in self._runs:
            states += solved.states or [None] * len(solved.missed)
        first = next(state for state in states if state is not None)
        held = [state or first for state in states]
        return _Curves(
            np.array([state.face for state in held]),
            np.array([state.turn for state in held]),
            np.array([state.shift for state in held]),
            np.concatenate([solved.gaze for _, solved in self._runs]),
            np.concatenate([solved.missed for _, solved in self._runs]),
        )


@dataclass(frozen=True)
class _Curves:
    """face (F, 52), turns (F, 3, 3), shifts (F, 3), gaze (F, 2, 2) and missed (F,), the last two nan where unseen."""

    face: np.ndarray
    turns: np.ndarray
    shifts: np.ndarray
    gaze: np.ndarray
    missed: np.ndarray


def _tracked(solving: _Solving, name: str, film: Video) -> Tracked:
    """What was solved, as a performance."""
    landmarks = np.stack(solving.landmarks)
    seen = np.isfinite(landmarks[:, 0, 0])
    if seen.sum() < _LEAST:
        raise InputError(
            f"{name} shows a face in {seen.sum()} frames only." if seen.any() else f"No face was found in {name}.",
            "Use a video of a person, face to the camera, well lit.",
        )
    curves = solving.curves()
    gaze, looking = steady_gaze(curves.gaze, curves.face)
    cuts = solving.cuts
    face = bridged(steady_face(curves.face, cuts), seen, cuts)
    face[:, list(EYE_LOOK)] = eye_look_weights(gaze)
    turns = bridged(steady_head(smooth_axis_angles(curves.turns), cuts), seen, cuts)
    shifts = bridged(steady_head(curves.shifts, cuts), seen, cuts)
    count = len(landmarks)
    channels = {
        "face": face,
        "head_rotation": turns,
        "head_translation": _from_rest(shifts, seen, cuts),
        "gaze": gaze,
    }
    still = Performance.rest(count, film.facts.fps, solving.identity())
    performance = replace(
        still,
        tracks=dict.fromkeys(channels, "tracked"),
        **{channel: values.astype(np.float32) for channel, values in channels.items()},
    )
    trust = np.where(seen, np.clip((_BAD - np.nan_to_num(curves.missed)) / (_BAD - _GOOD), _SEEN, 1), 0)
    confidence = dict.fromkeys(("face", "head_rotation", "head_translation"), trust) | {"gaze": trust * looking}
    return Tracked(performance, confidence, tuple(cuts), landmarks, curves.missed, film.facts.size, curves.face)


def _with_body(tracked: Tracked, channels: dict[str, np.ndarray], confidence: dict[str, np.ndarray]) -> Tracked:
    arrays = {channel: values.astype(np.float32) for channel, values in channels.items()}
    if "body_pose" in arrays:
        # what moved the head in the picture is partly the trunk, which carries it
        carried = head_carried(arrays["body_pose"], trunk_places(load_head(), tracked.performance.identity))
        arrays["head_translation"] = (tracked.performance.head_translation - carried).astype(np.float32)
    tracks = dict(tracked.performance.tracks) | dict.fromkeys(arrays, "tracked")
    performance = replace(tracked.performance, tracks=tracks, **arrays)
    return replace(tracked, performance=performance, confidence=tracked.confidence | confidence)


def _from_rest(shifts: np.ndarray, seen: np.ndarray, cuts: Sequence[int]) -> np.ndarray:
    """(F, 3) metres in the head's axes, from where the head is most of the time in each shot."""
    moved = shifts * (1, -1, -1)
    for start, stop in pairwise((0, *cuts, len(shifts))):
        shown = moved[start:stop][seen[start:stop]]
        moved[start:stop] -= np.median(shown if len(shown) else moved[start:stop], axis=0)
    return moved
