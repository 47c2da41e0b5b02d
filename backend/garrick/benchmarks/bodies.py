"""How sound the bodies stay: ten thousand random poses within the limits, and what pose correctives do for a hand."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from garrick.benchmarks.figures import Figure
from garrick.bodies import body, hand
from garrick.bodies.body import Figure as Person
from garrick.bodies.body import make_figure
from garrick.bodies.body_limits import random_poses
from garrick.bodies.hand import JOINT_LIMITS, Hand, load_hand, rotations_of
from garrick.bodies.head import load_head
from garrick.bodies.lbs import skin_numpy
from garrick.bodies.mano import PARENTS
from garrick.bodies.surface import quad_normals
from garrick.motion.gestures.shapes import hand_shape

_POSES, _AT_ONCE = 10_000, 50
_HANDS = 1000  # poses of a hand alone
_RAISED = 1e-3  # metres: skin grown by so much shows where outside is


def measure() -> list[Figure]:
    """Everything; two minutes. Raises MissingError without the bodies."""
    head = load_head()
    person = poses_of_figure(make_figure(head, head.average_adult), _POSES, np.random.default_rng(0))
    ours = load_hand("right")
    linear = replace(ours, pose_basis=np.zeros_like(ours.pose_basis))
    found = [
        Figure("figure: random poses", person.poses, ""),
        Figure("figure: values that are no number", person.broken, "", at_most=0),
        Figure("figure: triangles turned in", 100 * person.inverted, "%", at_most=1.5),
        Figure("figure: of its hands", 100 * person.inverted_hands, "%", at_most=1.5),
    ]
    for name, one in (("blended linearly", linear), ("with correctives", ours)):
        state = poses_of_hand(one, random_hands(one, _HANDS, np.random.default_rng(0)))
        fist = poses_of_hand(one, hand_shape("fist", "right")[None])
        found += [
            Figure(f"hand {name}: triangles turned in", 100 * state.inverted, "%"),
            Figure(f"hand {name}: volume kept, median", 100 * float(np.median(state.volume)), "%"),
            Figure(f"hand {name}: edges stretched, 99th percentile", state.stretched, "times"),
            Figure(f"hand {name}: edges stretched, largest", state.longest, "times"),
            Figure(f"fist {name}: triangles turned in", 100 * fist.inverted, "%"),
            Figure(f"fist {name}: volume kept", 100 * float(fist.volume[0]), "%"),
        ]
    return found


@dataclass(frozen=True)
class FigureState:
    """Of `poses` poses: values that are not finite, and shares of triangles whose front has turned in."""

    poses: int
    broken: int
    inverted: float
    inverted_hands: float


def poses_of_figure(figure: Person, count: int, rng: np.random.Generator) -> FigureState:
    """Pose a figure at random within all limits, its face and eyes with it."""
    normals = quad_normals(np.ascontiguousarray(figure.rest), figure.quads)
    raised = figure.rest + np.float32(_RAISED) * normals
    grown = replace(figure, rest=raised, head=replace(figure.head, template=raised[figure.parts[0]]))
    of_hands = np.concatenate([np.zeros(2 * len(figure.head.quads), bool), np.repeat(figure.body.quad_parts > 0, 2)])
    broken, shares = 0, []
    for start in range(0, count, _AT_ONCE):
        channels = _channels(figure, min(_AT_ONCE, count - start), rng)
        posed = body.pose(figure, **channels)
        broken += int((~np.isfinite(posed)).sum())
        turned = turned_in(posed, body.pose(grown, **channels) - posed, figure.triangles)
        shares.append((len(posed) * turned.mean(), len(posed) * turned[:, of_hands].mean()))
    whole, hands = np.sum(shares, axis=0) / count
    return FigureState(count, broken, float(whole), float(hands))


def _channels(figure: Person, frames: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    channels = {
        "face": rng.random((frames, 52)),
        "head_rotation": rng.uniform(-0.6, 0.6, (frames, 3)),
        "gaze": rng.uniform(-0.4, 0.4, (frames, 2, 2)),
        "body_pose": random_poses(frames, rng),
    }
    channels |= {f"{one.side}_hand": random_hands(one, frames, rng) for one in figure.hands}
    return {name: values.astype(np.float32) for name, values in channels.items()}


def random_hands(one: Hand, count: int, rng: np.random.Generator) -> np.ndarray:
    """(count, 15, 3) axis-angle, evenly over the limits of every joint."""
    return rotations_of(one, rng.uniform(JOINT_LIMITS[..., 0], JOINT_LIMITS[..., 1], (count, 15, 3)))


@dataclass(frozen=True)
class HandState:
    """Of P poses: the share of triangles turned in, (P,) volumes and edges' lengths over those of the flat hand."""

    inverted: float
    volume: np.ndarray
    stretched: float
    longest: float


def poses_of_hand(one: Hand, rotations: np.ndarray) -> HandState:
    """Pose a hand by (P, 15, 3)."""
    rotations = rotations.astype(np.float32)
    normals = quad_normals(np.ascontiguousarray(one.template), one.quads)
    turns = np.concatenate([np.zeros_like(rotations[:, :1]), rotations], axis=1)
    posed, _ = hand.pose(one, rotations)
    raised = one.correctives.correct(one.template + np.float32(_RAISED) * normals, rotations)
    outside = skin_numpy(raised, one.joints(), turns, one.weights, PARENTS) - posed
    ends = np.concatenate([one.triangles[:, [k, (k + 1) % 3]] for k in range(3)])
    edges = np.unique(np.sort(ends[ends[:, 0] != ends[:, 1]], axis=1), axis=0)
    lengths, flat = (
        np.linalg.norm(skin[..., edges[:, 0], :] - skin[..., edges[:, 1], :], axis=-1) for skin in (posed, one.template)
    )
    stretch = lengths / flat
    return HandState(
        float(turned_in(posed, outside, one.triangles).mean()),
        volume(posed, one.triangles) / volume(one.template, one.triangles),
        float(np.percentile(stretch, 99)),
        float(stretch.max()),
    )


def turned_in(skin: np.ndarray, outside: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """(..., T) bool: whether a triangle looks inwards; outside: (..., V, 3) from each vertex to where it grows."""
    corners = skin[..., triangles, :]
    across = np.cross(corners[..., 1, :] - corners[..., 0, :], corners[..., 2, :] - corners[..., 0, :])
    return (across * outside[..., triangles, :].sum(axis=-2)).sum(axis=-1) < 0


def volume(skin: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """(...) cubic metres in skin (..., V, 3) that is open at one rim, which is closed by a fan about its middle."""
    ends = np.concatenate([triangles[:, [k, (k + 1) % 3]] for k in range(3)]).tolist()
    there = set(map(tuple, ends))
    rim = [start for start, end in there if (end, start) not in there]
    middle = skin[..., rim, :].mean(axis=-2, keepdims=True)
    return np.linalg.det(skin[..., triangles, :] - middle[..., None, :]).sum(axis=-1) / 6
