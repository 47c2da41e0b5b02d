"""What the hand net is given of one drawn hand: its colours, and the hand itself as the geometry knows it.

`INJECTED` is the rendered hand that is injected into the net (ChatAnyone, eq. 5): where on a hand at rest each pixel lies,
its normal as the camera sees it, how much nearer it is than the middle of the hand, and how much of the pixel is hand.
A left hand is seen as in a mirror, so that the net knows only right ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from garrick.bodies.body import Figure
from garrick.bodies.dual_quaternions import skin_dual_numpy
from garrick.bodies.hand import Hand
from garrick.bodies.lbs import skin_numpy
from garrick.bodies.mano import PARENTS
from garrick.bodies.surface import quad_normals
from garrick.core.camera import Camera
from garrick.rendering.limbs import ArmPose
from garrick.rendering.rasterise import NOTHING, rasterise
from garrick.rendering.refine.crop import Crop

HAND_SIDE = 128
INJECTED: tuple[str, ...] = ("along", "across", "thick", "right", "down", "away", "nearer", "hand")
TONES = (15, 50, 85)
"""Percentiles of the face's skin that the net is told."""

_METRES = 0.24  # of the square, at the depth of the middle of the hand: fingertips reach 0.12
_REST = 0.1  # metres that count as one
_WRIST = (0.0, 0.025)  # metres towards the forearm from its joint: all of the hand, and none
_SAME = 0.02  # metres of depth that the frame's hand may differ from the mesh
_SOFT = 0.8  # pixels, standard deviation of the edge of what may be changed


@dataclass(frozen=True)
class HandView:
    """One hand of one frame, a left one mirrored.

    colour: (HAND_SIDE, HAND_SIDE, 3) uint8, sRGB.    injected: (len(INJECTED), HAND_SIDE, HAND_SIDE) float32, about -1..1.
    weight: (HAND_SIDE, HAND_SIDE) float32, 0..1: how much of what the net says is added.    mirrored: of a left hand.
    """

    crop: Crop
    colour: np.ndarray
    injected: np.ndarray
    weight: np.ndarray
    mirrored: bool


def hand_vertices(figure: Figure, pose: ArmPose, side: int) -> np.ndarray:
    """(V, 3) float32 world metres of the left (0) or right (1) hand, as `bodies.body.pose` has it."""
    part = figure.parts[2 + side]
    turns = np.concatenate([np.zeros((1, 3), np.float32), pose.hands[side]])  # the wrist turns with the body's bones
    flat = figure.hands[side].correctives.correct(figure.rest[part], pose.hands[side])
    rest = skin_numpy(flat, figure.hand_joints[side], turns, figure.hands[side].weights, PARENTS)
    return skin_dual_numpy(rest, pose.quaternions, pose.shifts, figure.body.weights[part])


def hand_crop(points: np.ndarray, camera: Camera) -> Crop | None:
    """The square about a hand's points (V, 3), upright in the frame; None where it lies beyond the frame or the lens."""
    screen = camera.project(points)
    if screen[:, 2].min() < 0.1:
        return None
    middle = camera.project(points.mean(axis=0)[None])[0]
    scale = _METRES * camera.intrinsics[0, 0] / middle[2] / HAND_SIDE
    if (screen[:, :2].max(axis=0) <= 0).any() or (screen[:, :2].min(axis=0) >= camera.size).any():
        return None
    matrix = np.eye(2) * scale
    return Crop(np.column_stack([matrix, middle[:2] - matrix @ np.full(2, HAND_SIDE / 2)]), HAND_SIDE)


def hand_view(
    hand: Hand, points: np.ndarray, camera: Camera, plate: np.ndarray, shown: np.ndarray, depth: np.ndarray
) -> HandView | None:
    """The view of a hand posed to `points` (V, 3), world metres; None where the frame shows nothing of it.

    plate: (H, W, 3) uint8.    shown: (H, W) bool where the frame shows hands.    depth: (H, W) metres of the frame.
    """
    crop = hand_crop(points, camera)
    if crop is None:
        return None
    screen = crop.points(camera.project(points))
    seen = rasterise(screen, hand.triangles, (HAND_SIDE, HAND_SIDE))
    there = seen.triangle != NOTHING
    corners = hand.triangles[seen.triangle[there]]
    weights = np.column_stack([seen.weights[there], 1 - seen.weights[there].sum(axis=1)])
    columns, fade = hand_columns(hand, points, camera)
    injected = np.zeros((HAND_SIDE, HAND_SIDE, len(INJECTED)), np.float32)
    injected[there] = np.einsum("nc,nck->nk", weights, columns[corners])
    own = np.where(there, seen.depth, np.inf).astype(np.float32)
    visible = crop.cut(shown.astype(np.float32)) > 0.5
    near = (
        np.abs(np.where(visible, crop.cut(np.where(np.isfinite(depth), depth, 0).astype(np.float32)), 0) - own) < _SAME
    )
    kept = np.zeros((HAND_SIDE, HAND_SIDE), np.float32)
    kept[there] = np.einsum("nc,nc->n", weights, fade[corners])
    kept *= cv2.erode((there & visible & near).astype(np.uint8), np.ones((3, 3), np.uint8))
    weight = cv2.GaussianBlur(kept, (0, 0), _SOFT)
    if not weight.any():
        return None
    colour, mirrored = crop.cut(plate), hand.side == "left"
    if mirrored:
        colour, injected, weight = colour[:, ::-1].copy(), injected[:, ::-1], weight[:, ::-1].copy()
        injected[..., INJECTED.index("right")] *= -1
    return HandView(crop, colour, np.ascontiguousarray(injected.transpose(2, 0, 1)), weight, mirrored)


def skin_tones(image: np.ndarray, face: np.ndarray) -> np.ndarray:
    """(9,) float32, 0..1: the percentiles `TONES` of red, green and blue where a photo (H, W, 3) uint8 shows bare face."""
    return (np.percentile(image[face], TONES, axis=0).T.ravel() / 255).astype(np.float32)


def hand_columns(hand: Hand, points: np.ndarray, camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    """(V, len(INJECTED)) of the vertices, and (V,) 0..1 how much each is the hand's and not the forearm's."""
    sign = 1 if hand.side == "right" else -1
    rest = hand.template * np.array([sign, 1, 1], np.float32)
    wrist = hand.joints()[0] * np.array([sign, 1, 1], np.float32)
    normals = quad_normals(np.ascontiguousarray(points, np.float32), hand.quads) @ camera.world_to_camera[:3, :3].T
    depth = camera.project(points)[:, 2]
    columns = np.column_stack(
        [
            rest[:, [0, 2, 1]] / _REST,
            normals,
            (depth.mean() - depth) / _REST,
            np.ones(len(points)),
        ]
    ).astype(np.float32)
    past = np.clip((rest[:, 0] - wrist[0] - _WRIST[0]) / (_WRIST[1] - _WRIST[0]), 0, 1)
    return columns, (1 - past).astype(np.float32)
