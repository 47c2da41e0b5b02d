"""What the warping generator is given of a frame: the photo, where geometry takes each pixel from, and what it knows of it.

There are two squares. "body" holds the whole frame and is given the rendered hands to inject (ChatAnyone, eq. 5); "face" is
that of the face net and is given the head without its face (3.4). What a frame shows as the photo does has no weight.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.ndimage import distance_transform_edt

from garrick.core.camera import Camera
from garrick.rendering.limb_mesh import Limbs
from garrick.rendering.limbs import ArmPose
from garrick.rendering.puppet import Pose
from garrick.rendering.rasterise import NOTHING, rasterise
from garrick.rendering.refine.crop import SIDE, Crop, face_crop
from garrick.rendering.refine.cues import CUES, Traits
from garrick.rendering.refine.view import view_of
from garrick.rendering.render import Stage
from garrick.rendering.take import ID_NAMES, Frame
from garrick.training.render.hand_view import INJECTED, hand_columns, hand_vertices

HALF = SIDE // 2
TOLD: tuple[str, ...] = ("photo", "right", "down", "away", "nearer", *ID_NAMES, "across", "along", "moved")
KINDS = {"body": (len(TOLD), 3 + len(INJECTED)), "face": (len(CUES), 5)}
"""Square -> how many numbers are told, and how many injected, of each pixel."""

_TAKEN = 14.0  # levels by which a pixel may differ from the photo's that it is taken from: light, and smoothing
_STILL = (0.4, 1.6)  # pixels of the square: what has not moved, and what has
_SAME = (16.0, 40.0)  # levels: the same colour as the photo in place, but for what a neutral frame misses, and another
_SOFT = 2.0  # pixels, standard deviation of the edge of what may be changed
_NEAR = 0.02  # metres that the frame's hand may differ from the mesh
_REACH = 0.2  # metres of depth that count as one
_SKIN, _HANDS = ID_NAMES.index("skin"), ID_NAMES.index("hands")


@dataclass(frozen=True)
class WarpView:
    """One square of one frame.

    colour: (SIDE, SIDE, 3) uint8, sRGB.    photo: (SIDE, SIDE, 3) uint8: the photo in the same square of its own.
    flow:   (2, HALF, HALF) float32: where in that square a pixel is taken from, -1..1 from edge to edge, right and down.
    told, injected: (n, HALF, HALF) float32, -2..2, see `KINDS`; the last of what is injected is where it holds, 0..1.
    weight: (SIDE, SIDE) float32, 0..1: how much of what the net says is added.
    """

    crop: Crop
    colour: np.ndarray
    photo: np.ndarray
    flow: np.ndarray
    told: np.ndarray
    injected: np.ndarray
    weight: np.ndarray


def body_crop(size: tuple[int, int]) -> Crop:
    """The square that holds a picture of that width and height."""
    scale = max(size) / SIDE
    shift = (np.array(size) - scale * SIDE) / 2
    return Crop(np.column_stack([scale * np.eye(2), shift]))


def body_view(frame: Frame, photo: np.ndarray, camera: Camera, hands: tuple[Limbs, ArmPose] | None) -> WarpView:
    """The whole of a frame. photo: (h, w, 3) uint8.    camera: the frame's.    hands: those that are drawn."""
    crop, source = body_crop(camera.size), body_crop((photo.shape[1], photo.shape[0]))
    colour, still = crop.cut(frame.plate), source.cut(photo)
    flow, moved, taken = _flow(frame, crop, source, photo.shape, colour, still)
    ids, depth = _nearest(frame.ids, crop, 0), _nearest(frame.depth, crop, np.inf)
    told = np.zeros((len(TOLD), HALF, HALF), np.float32)
    told[0] = taken
    if frame.normals is not None:
        told[1:4] = _nearest(frame.normals, crop, 0).transpose(2, 0, 1).reshape(3, -1).T.dot(
            camera.world_to_camera[:3, :3].T
        ).T.reshape(3, HALF, HALF)  # fmt: skip
    head = depth[ids == _SKIN]
    there = np.isfinite(depth)
    middle = float(np.median(head)) if len(head) else float(np.median(depth[there])) if there.any() else 0.0
    told[4, there] = np.clip((middle - depth[there]) / _REACH, -2, 2)
    told[5 : 5 + len(ID_NAMES)] = ids == np.arange(len(ID_NAMES))[:, None, None]
    told[-3:-1] = np.clip((flow - _places()) * 4, -2, 2)
    far = np.linalg.norm(flow - _places(), axis=0) * SIDE / 2
    told[-1] = moved = np.maximum(_rising(far, *_STILL), moved)
    injected = np.zeros((KINDS["body"][1], HALF, HALF), np.float32)
    if hands is not None:
        injected[3:] = _rendered_hands(*hands, camera, crop, ids == _HANDS, depth)
        injected[:3] = injected[-1] * (_small(colour).transpose(2, 0, 1) / 127.5 - 1)
    changed = cv2.dilate(cv2.resize(moved, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR), np.ones((5, 5), np.uint8))
    return WarpView(crop, colour, still, flow, told, injected, cv2.GaussianBlur(changed, (0, 0), _SOFT))


def face_view(stage: Stage, traits: Traits, pose: Pose, frame: Frame) -> WarpView:
    """The face of a frame that a stage draws in a pose with its own camera."""
    camera, photo = stage.portrait.camera, stage.portrait.image
    view = view_of(stage, traits, pose, camera, frame.plate)
    source = face_crop(stage.puppet, stage.puppet.source, camera)
    still = source.cut(photo)
    flow, _, _ = _flow(frame, view.crop, source, photo.shape, view.colour, still)
    outside = 1 - np.clip(view.cues[CUES.index("face")], 0, 1)
    around = (_small(view.colour) / 127.5 - 1) * outside[..., None]
    injected = np.stack([*around.transpose(2, 0, 1), outside, np.ones_like(outside)]).astype(np.float32)
    return WarpView(view.crop, view.colour, still, flow, view.cues, injected, view.weight)


def _flow(
    frame: Frame, crop: Crop, source: Crop, shape: tuple[int, ...], colour: np.ndarray, still: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(2, HALF, HALF) as `WarpView`, (HALF, HALF) 0..1 what looks otherwise than the photo in place, and where it is taken.

    Where geometry takes nothing from the photo, or paints over what it takes, the next pixel's way is gone.
    shape: of the photo.
    """
    uv, ids = _nearest(frame.uv, crop, -1), _nearest(frame.ids, crop, 0)
    known = (uv[..., 0] >= 0) & (uv[..., 1] >= 0)
    rows, columns = frame.ids.shape
    points = _frame_points(crop)
    uv += (points - np.floor(points) - 0.5) / (columns, rows)  # that of the next pixel's middle
    placed = np.where(known[..., None], uv, points / (columns, rows)) * (shape[1], shape[0])  # the background stays
    inside = (placed - source.to_frame[:, 2]) @ np.linalg.inv(source.to_frame[:, :2]).T
    flow = (inside / SIDE * 2 - 1).astype(np.float32)
    taken = (known | (ids == 0)) & (np.abs(flow) < 1).all(axis=2)
    x, y = (np.ascontiguousarray(axis, np.float32) - 0.5 for axis in (inside[..., 0], inside[..., 1]))
    looked = cv2.remap(still, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    small = _small(colour)
    taken &= np.abs(cv2.GaussianBlur(small - looked, (0, 0), 1)).mean(axis=2) < _TAKEN
    way = flow.transpose(2, 0, 1) - _places()
    if taken.any() and not taken.all():
        rows, columns = np.asarray(distance_transform_edt(~taken, return_distances=False, return_indices=True))
        way = way[:, rows, columns]
    other = np.abs(small - _small(still)).max(axis=2)
    return (_places() + way).astype(np.float32), _rising(other, *_SAME), taken


def _rendered_hands(
    limbs: Limbs, pose: ArmPose, camera: Camera, crop: Crop, shown: np.ndarray, depth: np.ndarray
) -> np.ndarray:
    """(len(INJECTED), HALF, HALF) of both hands where the frame shows them. shown: (HALF, HALF) bool.    depth: metres."""
    injected = np.zeros((HALF, HALF, len(INJECTED)), np.float32)
    for side in np.flatnonzero(pose.shown > 0):
        hand = limbs.figure.hands[side]
        points = hand_vertices(limbs.figure, pose, side)
        screen = crop.points(camera.project(points)) * np.array([0.5, 0.5, 1], np.float32)
        if (
            screen[:, 2].min() < 0.1
            or (screen[:, :2].max(axis=0) <= 0).any()
            or (screen[:, :2].min(axis=0) >= HALF).any()
        ):
            continue
        seen = rasterise(screen, hand.triangles, (HALF, HALF))
        there = (seen.triangle != NOTHING) & shown
        there &= (
            np.abs(np.where(np.isfinite(depth), depth, 0) - np.where(np.isfinite(seen.depth), seen.depth, 9)) < _NEAR
        )
        corners = hand.triangles[seen.triangle[there]]
        weights = np.column_stack([seen.weights[there], 1 - seen.weights[there].sum(axis=1)])
        columns, _ = hand_columns(hand, points, camera)
        injected[there] = np.einsum("nc,nck->nk", weights, columns[corners])
    return injected.transpose(2, 0, 1)


def _rising(values: np.ndarray, low: float, high: float) -> np.ndarray:
    share = np.clip((values - low) / (high - low), 0, 1).astype(np.float32)
    return share * share * (3 - 2 * share)


def _small(picture: np.ndarray) -> np.ndarray:
    """(HALF, HALF, 3) float32 levels."""
    return cv2.resize(picture, (HALF, HALF), interpolation=cv2.INTER_AREA).astype(np.float32)


def _places() -> np.ndarray:
    """(2, HALF, HALF) float32: where each pixel is, -1..1."""
    steps = (np.arange(HALF, dtype=np.float32) + 0.5) / HALF * 2 - 1
    return np.stack(np.meshgrid(steps, steps))


def _frame_points(crop: Crop) -> np.ndarray:
    """(HALF, HALF, 2) frame pixels of the square's."""
    return ((_places() + 1) * SIDE / 2).transpose(1, 2, 0) @ crop.to_frame[:, :2].T + crop.to_frame[:, 2]


def _nearest(values: np.ndarray, crop: Crop, beyond: float) -> np.ndarray:
    """(HALF, HALF, ...) of a frame's (H, W, ...), unmixed; `beyond` its edges."""
    points = np.floor(_frame_points(crop)).astype(int)
    rows, columns = values.shape[:2]
    x, y = points[..., 0], points[..., 1]
    found = values[np.clip(y, 0, rows - 1), np.clip(x, 0, columns - 1)].copy()
    found[(x < 0) | (y < 0) | (x >= columns) | (y >= rows)] = beyond
    return found
