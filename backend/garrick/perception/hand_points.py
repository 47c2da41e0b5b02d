"""The 21 points of a hand as its joint angles move them, and the fit of those angles to one picture, in numba.

Points are in MediaPipe's order: the wrist, then thumb, index, middle, ring and little finger from the palm to the tip.
Angles (45,) are flexion, spread and twist of MANO's 15 finger joints, radians, as `bodies.hand.angles` gives them.
Bones (2, 21, 3), metres: from the point that carries each point to its joint or tip, the hand flat; and from there to
where the nets see the point, in the axes of the hand at rest, turning with the bone that begins there.
The camera: a point (x, y, z) in metres about the wrist, +X right, +Y up, +Z to the camera, is seen at
centre + (scale (x, -y) + wrist - centre) / (1 - scale z / focal); 1 / focal is 0 for a camera that is far away.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

from garrick.bodies.hand import FINGERS, JOINT_LIMITS, Hand

UP = np.array([-1, *(0 if row % 4 == 1 else row - 1 for row in range(1, 21))])  # the point that carries each point
_ORDER = ("thumb", "index", "middle", "ring", "pinky")
# the finger joint (0..14, MANO's order) that turns at each point
JOINT_AT = np.array([-1, *(3 * FINGERS.index(name) + part if part < 3 else -1 for name in _ORDER for part in range(4))])
LOW, HIGH = (np.ascontiguousarray(JOINT_LIMITS[..., edge].ravel()) for edge in (0, 1))

# millimetres, right hand: from our joints to the hand net's points, the wrist further in, knuckles to the palm, tips less
# far out; least squares over 177 views of our own hand, 7 poses, which leaves 3.2 of 6 mm
_MARKS = (
    (-13, -3, -3),
    (1.5, -7.5, 6), (-4, -1, 3), (-1.5, -1, -5), (4.5, 0, -7),
    (5.5, -7.5, -3), (-3, -4.5, 0), (-2.5, -3.5, 0.5), (6, -1.5, -0.5),
    (2, -10.5, 1), (-2, -6, 1), (0, -4.5, 1), (6.5, -4, 0.5),
    (1.5, -10.5, 0.5), (-3.5, -5, 0), (-1, -3, 0.5), (7.5, -2.5, 1.5),
    (2, -6, 1), (-1, -3, -0.5), (-1, -2, -0.5), (4.5, -2, 1),
)  # fmt: skip
NOISE = 0.02  # of a palm: how far a net's points lie off
HUBER = 2.5  # times that
_WORLD_NOISE = 0.15  # of a palm: the same for points in space
_END, _END_LAW = 0.67, 0.35  # an end joint bends two thirds as far as the one before it, give or take 20 degrees
_SETTLED = 1e-4  # a step that gains less of the cost is the last
_PALM_END = 9  # the middle knuckle: a palm goes from the wrist to it
_TURN, _PLACE = 3, 6  # columns: the wrist's turn, wrist x and y and the log of the scale, then angles


@dataclass(frozen=True)
class Pose:
    """turn (3, 3): of the whole hand; place (3,): the wrist in pixels and the log of pixels a metre; angles (45,)."""

    turn: np.ndarray
    place: np.ndarray
    angles: np.ndarray


@dataclass(frozen=True)
class View:
    """What one picture shows of a hand.

    target: (21, 2) pixels.    weights: (21,) 0..1.    size: a palm in pixels.    camera: (3,) centre and 1 / focal.
    world:  (21, 3) metres in the axes of this module, as large as the hand, about their mean.   trust: 0..1, in `world`.
    """

    target: np.ndarray
    weights: np.ndarray
    size: float
    camera: np.ndarray
    world: np.ndarray
    trust: float


def rest_bones(hand: Hand) -> np.ndarray:
    """(2, 21, 3) metres, as this module describes."""
    joints, tips = hand.joints().astype(np.float64), hand.template[hand.tips].astype(np.float64)
    tip_of = [FINGERS.index(name) for name in _ORDER]
    points = np.array(
        [joints[0], *(tips[tip_of[row // 4]] if at < 0 else joints[at + 1] for row, at in enumerate(JOINT_AT[1:]))]
    )
    marks = np.array(_MARKS) * 1e-3 * ((1, 1, 1) if hand.side == "right" else (-1, 1, 1))
    return np.stack([np.where(UP[:, None] < 0, 0.0, points - points[UP]), marks])


def refine(
    start: Pose, view: View, bones: np.ndarray, axes: np.ndarray, rest: np.ndarray, near: Pose, holds: np.ndarray,
    steps: int,
) -> tuple[Pose, float]:  # fmt: skip
    """Damped Gauss-Newton within the limits: the pose, and its cost in squared standard deviations.

    rest: (45,) angles that a hand falls back to.    near, holds (3,): a pose to stay near and how much, one over the
    variance: of its turn and angles in radians, and of the log of its scale.
    """
    turn, place, angles, cost = _refine(
        start.turn, start.place, start.angles, view.target, view.weights, view.size, view.camera, view.world, view.trust,
        bones, axes, rest, near.turn, near.place, near.angles, holds, steps,
    )  # fmt: skip
    return Pose(turn, place, angles), cost


def seen_at(pose: Pose, bones: np.ndarray, axes: np.ndarray, camera: np.ndarray) -> np.ndarray:
    """(21, 2) pixels of the points of a pose."""
    return project(place_points(pose.turn, pose.angles, bones, axes)[0], pose.place, camera)[0]


@numba.njit(cache=True)
def place_points(turn, angles, bones, axes):
    """(21, 3) metres about the wrist as the nets see them, (21, 3, 3) the turn of what each carries, and derivatives.

    axes: (15, 3, 3).    Derivatives (21, 3, 48) are by a small turn after the present one, then by the angles.
    """
    points, turns = np.zeros((21, 3)), np.zeros((21, 3, 3))
    columns, slopes = np.zeros((15, 3, 3)), np.zeros((21, 3, 48))
    turns[0] = turn
    for row in range(1, 21):
        up, joint = UP[row], JOINT_AT[row]
        points[row] = points[up] + turns[up] @ bones[0, row]
        turns[row] = turns[up]
        if joint >= 0:
            own, left = _turn_of(axes[joint].T @ angles[3 * joint : 3 * joint + 3])
            turns[row] = turns[up] @ own
            columns[joint] = (turns[up] @ left @ axes[joint].T).T
    seen = np.empty((21, 3))
    for row in range(21):
        seen[row] = points[row] + turns[row] @ bones[1, row]
        x, y, z = seen[row]
        slopes[row, 1, 0], slopes[row, 2, 0] = -z, y
        slopes[row, 0, 1], slopes[row, 2, 1] = z, -x
        slopes[row, 0, 2], slopes[row, 1, 2] = -y, x
        up = row if JOINT_AT[row] >= 0 else UP[row]
        while up > 0:
            arm = seen[row] - points[up]
            for k in range(3):
                column = columns[JOINT_AT[up], k]
                at = 3 + 3 * JOINT_AT[up] + k
                slopes[row, 0, at] = column[1] * arm[2] - column[2] * arm[1]
                slopes[row, 1, at] = column[2] * arm[0] - column[0] * arm[2]
                slopes[row, 2, at] = column[0] * arm[1] - column[1] * arm[0]
            up = UP[up]
    return seen, turns, slopes


@numba.njit(cache=True)
def _points_of(turn, angles, bones, axes):
    """The points of `place_points` alone, which most trials need."""
    points, turns, seen = np.zeros((21, 3)), np.zeros((21, 3, 3)), np.zeros((21, 3))
    turns[0] = turn
    for row in range(21):
        up, joint = UP[row], JOINT_AT[row]
        if row > 0:
            turns[row] = turns[up]
            for k in range(3):
                points[row, k] = points[up, k]
                for j in range(3):
                    points[row, k] += turns[up, k, j] * bones[0, row, j]
        if joint >= 0:
            turns[row] = turns[up] @ _turn_of(axes[joint].T @ angles[3 * joint : 3 * joint + 3])[0]
        for k in range(3):
            seen[row, k] = points[row, k]
            for j in range(3):
                seen[row, k] += turns[row, k, j] * bones[1, row, j]
    return seen


@numba.njit(cache=True)
def _pixels_of(points, place, camera):
    """The pixels of `project` alone."""
    pixels = np.empty((21, 2))
    scale = np.exp(place[2])
    for row in range(21):
        depth = 1 - scale * points[row, 2] * camera[2]
        for k in range(2):
            pixels[row, k] = camera[k] + (scale * (1 - 2 * k) * points[row, k] + place[k] - camera[k]) / depth
    return pixels


@numba.njit(cache=True)
def _turn_of(vector):
    """The matrix of an axis-angle (3,), and that of its derivative: a small change d turns by (left d) after it."""
    angle = np.sqrt((vector**2).sum())
    cross = np.zeros((3, 3))
    cross[0, 1], cross[0, 2], cross[1, 2] = -vector[2], vector[1], -vector[0]
    cross[1, 0], cross[2, 0], cross[2, 1] = vector[2], -vector[1], vector[0]
    first, second, third = 1 - angle**2 / 6, 0.5 - angle**2 / 24, 1 / 6 - angle**2 / 120
    if angle > 1e-3:
        first, second = np.sin(angle) / angle, (1 - np.cos(angle)) / angle**2
        third = (angle - np.sin(angle)) / angle**3
    square = cross @ cross
    return np.eye(3) + first * cross + second * square, np.eye(3) + second * cross + third * square


@numba.njit(cache=True)
def project(points, place, camera):
    """(21, 2) pixels, and (21, 2, 3) their derivatives by the points, (21, 2, 3) by the place."""
    pixels, by_point, by_place = np.empty((21, 2)), np.zeros((21, 2, 3)), np.zeros((21, 2, 3))
    scale = np.exp(place[2])
    for row in range(21):
        depth = 1 - scale * points[row, 2] * camera[2]
        for k in range(2):
            sign = 1 - 2 * k
            across = scale * sign * points[row, k]
            off = (across + place[k] - camera[k]) / depth
            pixels[row, k] = camera[k] + off
            by_point[row, k, k] = scale * sign / depth
            by_point[row, k, 2] = off * scale * camera[2] / depth
            by_place[row, k, k] = 1 / depth
            by_place[row, k, 2] = (across + off * scale * points[row, 2] * camera[2]) / depth
    return pixels, by_point, by_place


@numba.njit(cache=True)
def _cost(turn, place, angles, target, weights, size, camera, world, trust, bones, axes, rest, near, holds):
    points = _points_of(turn, angles, bones, axes)
    pixels = _pixels_of(points, place, camera)
    total = 0.0
    for row in range(21):
        total += weights[row] * _huber(np.sqrt(((pixels[row] - target[row]) ** 2).sum()) / (size * NOISE))
    if trust > 0:
        metres = _WORLD_NOISE * np.sqrt((bones[0, _PALM_END] ** 2).sum())
        middle = _middle(points)
        for row in range(21):
            total += trust * _huber(np.sqrt(((points[row] - middle - world[row]) ** 2).sum()) / metres)
    spread = (HIGH - LOW) / 2
    total += (((angles - rest) / spread) ** 2).sum()
    for finger in range(4):
        total += ((angles[9 * finger + 6] - _END * angles[9 * finger + 3]) / _END_LAW) ** 2
    near_turn, near_place, near_angles = near
    total += holds[0] * ((turn - near_turn) ** 2).sum() / 2
    total += holds[1] * ((angles - near_angles) ** 2).sum() + holds[2] * (place[2] - near_place[2]) ** 2
    return total


@numba.njit(cache=True)
def _middle(points):
    """Their mean: np.mean knows no axis here."""
    return points.sum(axis=0) / len(points)


@numba.njit(cache=True)
def _huber(length):
    return length**2 if length < HUBER else 2 * HUBER * length - HUBER**2


@numba.njit(cache=True)
def _normal_equations(turn, place, angles, target, weights, size, camera, world, trust, bones, axes, rest, near, holds):
    """Half the hessian (51, 51) and half the gradient (51,) of `_cost`; columns: turn, place, angles."""
    points, _, slopes = place_points(turn, angles, bones, axes)
    pixels, by_point, by_place = project(points, place, camera)
    rows = np.zeros((105, 51))
    off = np.zeros(105)
    for row in range(21):
        away = (pixels[row] - target[row]) / (size * NOISE)
        force = np.sqrt(weights[row] * HUBER / max(np.sqrt((away**2).sum()), HUBER))
        moved = by_point[row] @ slopes[row] * (force / (size * NOISE))
        for k in range(2):
            rows[2 * row + k, :_TURN] = moved[k, :3]
            rows[2 * row + k, _TURN:_PLACE] = by_place[row, k] * (force / (size * NOISE))
            rows[2 * row + k, _PLACE:] = moved[k, 3:]
            off[2 * row + k] = away[k] * force
    if trust > 0:
        metres = _WORLD_NOISE * np.sqrt((bones[0, _PALM_END] ** 2).sum())
        middle, common = _middle(points), slopes.sum(axis=0) / 21
        for row in range(21):
            away = (points[row] - middle - world[row]) / metres
            force = np.sqrt(trust * HUBER / max(np.sqrt((away**2).sum()), HUBER))
            moved = (slopes[row] - common) * (force / metres)
            for k in range(3):
                rows[42 + 3 * row + k, :_TURN] = moved[k, :3]
                rows[42 + 3 * row + k, _PLACE:] = moved[k, 3:]
                off[42 + 3 * row + k] = away[k] * force
    hessian, gradient = rows.T @ rows, rows.T @ off
    near_turn, near_place, near_angles = near
    stiff = 4 / (HIGH - LOW) ** 2
    for k in range(45):
        hessian[_PLACE + k, _PLACE + k] += stiff[k] + holds[1]
        gradient[_PLACE + k] += stiff[k] * (angles[k] - rest[k]) + holds[1] * (angles[k] - near_angles[k])
    for finger in range(4):
        middle_at, end = _PLACE + 9 * finger + 3, _PLACE + 9 * finger + 6
        away = (angles[end - _PLACE] - _END * angles[middle_at - _PLACE]) / _END_LAW**2
        gradient[end] += away
        gradient[middle_at] -= _END * away
        hessian[end, end] += 1 / _END_LAW**2
        hessian[middle_at, middle_at] += (_END / _END_LAW) ** 2
        hessian[end, middle_at] -= _END / _END_LAW**2
        hessian[middle_at, end] -= _END / _END_LAW**2
    between = turn @ near_turn.T
    gradient[0] += holds[0] * (between[2, 1] - between[1, 2]) / 2
    gradient[1] += holds[0] * (between[0, 2] - between[2, 0]) / 2
    gradient[2] += holds[0] * (between[1, 0] - between[0, 1]) / 2
    for k in range(3):
        hessian[k, k] += holds[0]
    hessian[5, 5] += holds[2]
    gradient[5] += holds[2] * (place[2] - near_place[2])
    return hessian, gradient


@numba.njit(cache=True)
def _refine(
    turn, place, angles, target, weights, size, camera, world, trust,
    bones, axes, rest, near_turn, near_place, near_angles, holds, steps,
):  # fmt: skip
    near = (near_turn, near_place, near_angles)
    damping = 1e-3
    cost = _cost(turn, place, angles, target, weights, size, camera, world, trust, bones, axes, rest, near, holds)
    for _ in range(steps):
        hessian, gradient = _normal_equations(
            turn, place, angles, target, weights, size, camera, world, trust, bones, axes, rest, near, holds
        )
        push = gradient[_PLACE:]
        stuck = ((angles <= LOW) & (push > 0)) | ((angles >= HIGH) & (push < 0))
        for k in np.flatnonzero(stuck):
            hessian[_PLACE + k, :] = 0
            hessian[:, _PLACE + k] = 0
            hessian[_PLACE + k, _PLACE + k] = 1
            gradient[_PLACE + k] = 0
        before = cost
        for _ in range(6):
            step = -np.linalg.solve(hessian + damping * np.diag(np.diag(hessian) + 1e-9), gradient)
            next_turn = _turn_of(step[:_TURN])[0] @ turn
            next_place = place + step[_TURN:_PLACE]
            next_angles = np.minimum(np.maximum(angles + step[_PLACE:], LOW), HIGH)
            trial = _cost(
                next_turn, next_place, next_angles, target, weights, size, camera, world, trust, bones, axes, rest,
                near, holds,
            )  # fmt: skip
            if trial < cost:
                turn, place, angles, cost = next_turn, next_place, next_angles, trial
                damping = max(1e-6, damping / 4)
                break
            damping *= 6
        if before - cost <= _SETTLED * cost:
            break
    return turn, place, angles, cost
