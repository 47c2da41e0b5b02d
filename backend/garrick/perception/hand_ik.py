"""From the 21 points of a hand in a clip to MANO-order rotations of its joints, within their limits.

A picture in two dimensions says little about which way a finger or a palm leans, towards the camera or away. Limits, a
rest pose, the net's own points in space and the frames before and after decide. Lengths of bones are one set a clip.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from garrick.bodies.hand import Hand, angles, rotations_of
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.perception.hand_points import (
    HIGH,
    HUBER,
    LOW,
    NOISE,
    UP,
    Pose,
    View,
    place_points,
    project,
    refine,
    rest_bones,
    seen_at,
)
from garrick.perception.hand_starts import Starts

_SURE = 0.3  # mean confidence of a hand that is seen
_TRUST = 0.3  # in the net's points in space
# one over the variance from frame to frame: turn and angles 9 degrees, size 8 % from what the clip says
_NEAR = np.array([40.0, 40.0, 150.0])
_BETWEEN = np.array([160.0, 160.0, 2000.0])  # the same between two neighbours
_LOST = 3  # frames without a hand after which the last pose says nothing
_JUMP = 60.0  # cost of a pose that does not follow from the last
_SAME = 2.0  # trace of the turn between poses that belong together: 60 degrees
_DOUBT = 0.06  # of a palm: an error that calls for other starts
_PALM_ROWS = (1, 5, 9, 13, 17)
_PALM_GIVE, _BONE_GIVE = 0.008, 0.12  # metres, and of its length: one standard deviation
_SHAPE_FRAMES, _SHAPE_ROUNDS, _SHAPE_WEIGHT = 24, 8, 30


@dataclass(frozen=True)
class HandTrack:
    """One hand over a clip of F frames; what was not seen is interpolated, and held at the ends.

    rotations:   (F, 15, 3) float32 axis-angle, MANO's order, within `JOINT_LIMITS`.
    orientation: (F, 3) float32 axis-angle, the hand at rest to the axes +X right in the picture, +Y up, +Z to the camera.
    wrist:       (F, 2) pixels.      scale: (F,) pixels a metre at the wrist, for a hand as large as the model.
    points:      (F, 21, 2) pixels, where the solved hand has its points.
    errors:      (F,) mean distance of the seen points from those, as a part of the palm's length from the wrist to the
                 middle knuckle as it would look facing the camera; nan where not seen.
    seen:        (F,) bool.          bones: (2, 21, 3) metres, this hand's, see `hand_points`.
    """

    rotations: np.ndarray
    orientation: np.ndarray
    wrist: np.ndarray
    scale: np.ndarray
    points: np.ndarray
    errors: np.ndarray
    seen: np.ndarray
    bones: np.ndarray

    def position(self, intrinsics: np.ndarray) -> np.ndarray:
        """(F, 3) metres before the camera (3, 3), OpenCV axes: the wrist."""
        depth = intrinsics[0, 0] / self.scale
        return np.column_stack([(self.wrist - intrinsics[:2, 2]) * (depth / intrinsics[0, 0])[:, None], depth])


def solve_hand(
    hand: Hand,
    points: np.ndarray,
    confidence: np.ndarray,
    world: np.ndarray | None = None,
    intrinsics: np.ndarray | None = None,
) -> HandTrack:
    """Pose a hand on its points.

    points: (F, 21, 2) pixels.     confidence: (F,) or (F, 21), 0..1; nan or low where there is no hand.
    world:  (F, 21, 3) metres, x right, y down, z away; as `SeenHand.world`.
    intrinsics: (3, 3) of the pictures; None for a camera far away.
    """
    solver = _Solver(hand, np.asarray(points, np.float64), np.asarray(confidence, np.float64), world, intrinsics)
    if solver.seen.any():
        solver.forward(_first_frames(solver.seen))
        solver.fit_shape()
        solver.forward(np.flatnonzero(solver.seen))
        solver.sweep()
    return solver.track()


def _first_frames(seen: np.ndarray) -> np.ndarray:
    """Frames spread evenly over those that are seen, to learn the shape from."""
    frames = np.flatnonzero(seen)
    return frames[np.unique(np.linspace(0, len(frames) - 1, min(len(frames), _SHAPE_FRAMES)).astype(int))]


class _Solver:
    """The state of a solve: views of all seen frames, their poses, and the bones."""

    def __init__(
        self,
        hand: Hand,
        points: np.ndarray,
        confidence: np.ndarray,
        world: np.ndarray | None,
        intrinsics: np.ndarray | None,
    ) -> None:
        weights = np.broadcast_to(confidence if confidence.ndim == 2 else confidence[:, None], points.shape[:2])
        known = np.isfinite(points).all(axis=-1) & np.isfinite(weights)
        self.weights = np.where(known, np.clip(np.nan_to_num(weights), 0, 1), 0)
        self.points = np.where(known[..., None], points, 0.0)
        self.seen = (self.weights.mean(axis=1) > _SURE) & (np.ptp(self.points, axis=1).max(axis=1) > 0)
        self.hand = hand
        self.axes = np.ascontiguousarray(hand.axes, np.float64)
        self.bones = rest_bones(hand)
        self.flat = place_points(np.eye(3), np.zeros(45), self.bones, self.axes)[0]
        self.rest = np.clip(angles(hand, hand.mean_pose).ravel().astype(np.float64), LOW, HIGH)
        self.camera = np.zeros(3)
        if intrinsics is not None:
            self.camera = np.array([intrinsics[0, 2], intrinsics[1, 2], 1 / intrinsics[0, 0]])
        self.world = None
        if world is not None and self.seen.any():
            space = np.nan_to_num(np.asarray(world, np.float64)) * (1, -1, -1)
            length = np.linalg.norm(space[:, 1:] - space[:, UP[1:]], axis=-1).sum(axis=1)
            own = np.linalg.norm(self.flat[1:] - self.flat[UP[1:]], axis=-1).sum()
            space *= own / max(float(np.median(length[self.seen])), 1e-9)
            self.world = space - space.mean(axis=1, keepdims=True)
        self.scales = self._scales()
        self.poses: dict[int, Pose] = {}
        self.bank = Starts.of(self.bones, self.axes)

    @property
    def palm(self) -> float:
        """Metres from the wrist to the middle knuckle, as the nets see them."""
        return float(np.linalg.norm(self.flat[9] - self.flat[0]))

    def _scales(self) -> np.ndarray:
        """(F,) pixels a metre: what the frames around say."""
        if self.world is not None:
            across = self.world[..., :2] * (1, -1)
            off = self.points - self.points.mean(axis=1, keepdims=True)
            single = (across * off).sum(axis=(1, 2)) / np.maximum((across**2).sum(axis=(1, 2)), 1e-12)
            share = 50
        else:
            # a palm looks shorter than it is when it leans
            one, other = np.array([(0, 5), (0, 9), (0, 13), (0, 17), (5, 17)]).T
            true = np.linalg.norm(self.flat[one] - self.flat[other], axis=1)
            single = (np.linalg.norm(self.points[:, one] - self.points[:, other], axis=-1) / true).max(axis=1)
            share = 85
        frames = np.flatnonzero(self.seen)
        scales = np.ones(len(self.points))
        for frame in frames:
            scales[frame] = np.percentile(single[frames[abs(frames - frame) <= 25]], share)
        return np.maximum(scales, 1e-6)

    def view(self, frame: int) -> View:
        """What one frame shows."""
        world, trust = (np.zeros((21, 3)), 0.0) if self.world is None else (self.world[frame], _TRUST)
        size = self.scales[frame] * self.palm
        return View(self.points[frame], self.weights[frame], size, self.camera, world, trust)

    def solve(self, start: Pose, frame: int, near: Pose, holds: np.ndarray, steps: int) -> tuple[Pose, float]:
        """`refine` one frame."""
        return refine(start, self.view(frame), self.bones, self.axes, self.rest, near, holds, steps)

    def error(self, pose: Pose, frame: int) -> float:
        """Mean distance of the points of a frame, as a part of a palm."""
        away = np.linalg.norm(seen_at(pose, self.bones, self.axes, self.camera) - self.points[frame], axis=1)
        weights = self.weights[frame]
        return float((weights * away).sum() / weights.sum() / (np.exp(pose.place[2]) * self.palm))

    def forward(self, frames: np.ndarray) -> None:
        """Frame after frame from the pose of the last, or from many starts where that does not fit."""
        last = -_LOST - 1
        for frame in frames.tolist():
            scale = np.log(self.scales[frame])
            tries = []
            if followed := frame - last <= _LOST:
                near = self._sized(self.poses[last], scale)
                holds = _NEAR / (frame - last, frame - last, 1)
                shift = self._middle(frame) - self._middle(last)
                moved = replace(self.poses[last], place=self.poses[last].place + np.append(shift, 0))
                tries.append(self.solve(moved, frame, near, holds, 8))
            if not followed or self.error(tries[0][0], frame) > _DOUBT:
                for start in self.bank.on(self.view(frame), float(self.scales[frame])):
                    pose, cost = self.solve(start, frame, self._sized(start, scale), _NEAR * (0, 0, 1), 15)
                    tries.append((pose, cost + _JUMP * followed))
            self.poses[frame] = min(tries, key=lambda found: found[1])[0]
            last = frame

    def _sized(self, pose: Pose, scale: float) -> Pose:
        return replace(pose, place=np.append(pose.place[:2], scale))

    def _middle(self, frame: int) -> np.ndarray:
        return np.average(self.points[frame], axis=0, weights=self.weights[frame])

    def sweep(self) -> None:
        """Once back and once more: each frame between its neighbours, so that the clip is smooth and agrees with itself."""
        frames = np.flatnonzero(self.seen)
        for order in (frames[::-1], frames):
            for frame in order.tolist():
                own = self.poses[frame]
                around = [self.poses[other] for other in (frame - 1, frame + 1) if other in self.poses]
                around = [pose for pose in around if np.vdot(pose.turn, own.turn) > _SAME]
                near, share = (_mean(around), len(around) / 2) if around else (own, 0.0)
                self.poses[frame] = self.solve(own, frame, near, _BETWEEN * share, 4)[0]

    def fit_shape(self) -> None:
        """Lengths of the bones, and where the fingers begin, from the frames that have poses."""
        moves = [(row, np.eye(3)[k], _PALM_GIVE) for row in _PALM_ROWS for k in range(3)]
        for row in (row for row in range(1, 21) if row not in _PALM_ROWS):
            length = np.linalg.norm(self.bones[0, row])
            moves.append((row, self.bones[0, row] / length, float(_BONE_GIVE * length)))
        gives = np.array([give for _, _, give in moves])
        original, moved = self.bones, np.zeros(len(moves))
        for _ in range(_SHAPE_ROUNDS):
            hessian, gradient = np.diag(1 / gives**2), moved / gives**2
            for frame, pose in self.poses.items():
                rows, off = self._shape_rows(pose, frame, moves)
                share = _SHAPE_WEIGHT / len(self.poses)
                hessian += share * rows.T @ rows
                gradient += share * rows.T @ off
            moved = moved - np.linalg.solve(hessian, gradient)
            self.bones = original.copy()
            for (row, along, _), amount in zip(moves, moved, strict=True):
                self.bones[0, row] += amount * along
            for frame, pose in self.poses.items():
                near = self._sized(pose, float(np.log(self.scales[frame])))
                self.poses[frame] = self.solve(pose, frame, near, _NEAR * (0, 0, 1), 5)[0]

    def _shape_rows(
        self, pose: Pose, frame: int, moves: list[tuple[int, np.ndarray, float]]
    ) -> tuple[np.ndarray, np.ndarray]:
        """(42, moves) derivatives of the pixels and (42,) how far they are off, in standard deviations of the net."""
        view = self.view(frame)
        points, turns, _ = place_points(pose.turn, pose.angles, self.bones, self.axes)
        pixels, by_point, _ = project(points, pose.place, self.camera)
        slopes = np.zeros((21, 3, len(moves)))
        for column, (row, along, _) in enumerate(moves):
            slopes[row : 4 * ((row - 1) // 4) + 5, :, column] = turns[UP[row]] @ along
        off = (pixels - view.target) / (view.size * NOISE)
        force = np.sqrt(view.weights * HUBER / np.maximum(np.linalg.norm(off, axis=1), HUBER))[:, None]
        rows = by_point @ slopes * (force[..., None] / (view.size * NOISE))
        return rows.reshape(42, -1), (off * force).ravel()

    def track(self) -> HandTrack:
        """What was found, gaps filled."""
        count = len(self.points)
        frames = np.flatnonzero(self.seen)
        errors = np.full(count, np.nan)
        turned, place = np.zeros((count, 45)), np.zeros((count, 3))
        orientation, pixels = np.zeros((count, 3)), np.zeros((count, 21, 2))
        if len(frames):
            poses = [self.poses[frame] for frame in frames.tolist()]
            errors[frames] = [self.error(pose, frame) for pose, frame in zip(poses, frames.tolist(), strict=True)]
            everywhere = np.arange(count)
            for target, values in ((turned, [pose.angles for pose in poses]), (place, [pose.place for pose in poses])):
                for k, curve in enumerate(np.array(values).T):
                    target[:, k] = np.interp(everywhere, frames, curve)
            turns = _between(everywhere, frames, np.array([pose.turn for pose in poses]))
            orientation = axis_angles(turns)
            for frame in range(count):
                pose = Pose(turns[frame], place[frame], turned[frame])
                pixels[frame] = seen_at(pose, self.bones, self.axes, self.camera)
        return HandTrack(
            rotations=rotations_of(self.hand, turned.reshape(-1, 15, 3)).astype(np.float32),
            orientation=orientation.astype(np.float32),
            wrist=place[:, :2],
            scale=np.exp(place[:, 2]),
            points=pixels,
            errors=errors,
            seen=self.seen,
            bones=self.bones,
        )


def _mean(poses: list[Pose]) -> Pose:
    """The middle of one or two poses."""
    one, other = poses[0], poses[-1]
    half = rotation_matrices(axis_angles(one.turn.T @ other.turn) / 2)
    return Pose(one.turn @ half, (one.place + other.place) / 2, (one.angles + other.angles) / 2)


def _between(everywhere: np.ndarray, frames: np.ndarray, turns: np.ndarray) -> np.ndarray:
    """(F, 3, 3): turns (n, 3, 3) of some frames, carried on to all by the shortest way."""
    before = np.clip(np.searchsorted(frames, everywhere, side="right") - 1, 0, len(frames) - 1)
    after = np.minimum(before + 1, len(frames) - 1)
    share = np.clip((everywhere - frames[before]) / np.maximum(frames[after] - frames[before], 1), 0, 1)
    way = axis_angles(np.swapaxes(turns[before], -1, -2) @ turns[after])
    return turns[before] @ rotation_matrices(way * share[:, None])
