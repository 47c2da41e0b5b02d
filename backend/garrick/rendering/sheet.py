"""Hair, ears' surroundings, neck and body: the photo on a grid that is lifted to the head's depth and moves with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numba
import numpy as np
from scipy.ndimage import distance_transform_edt

from garrick.core.camera import Camera
from garrick.rendering.canvas import MARGIN, margin_of
from garrick.rendering.hair import ears
from garrick.rendering.layers import fill_holes
from garrick.rendering.puppet import Pose, Puppet
from garrick.rendering.rasterise import NOTHING, rasterise

_STEP = 8  # pixels between grid points of a 512-pixel picture
_FINE = 5  # samples from one grid point to the next, to find the head's silhouette
_LOOSE = 5.0  # grid points from the head over which what hangs beside it comes loose
_EVEN = 2.0  # grid points over which the depth of the silhouette is evened out along it
_FADE = 0.16  # of the picture's height: how far from the head its expression still moves the sheet


@dataclass(frozen=True)
class Sheet:
    """The grid, bound to the head.

    photo:     (G, 2) float32 pixels of the photo.    triangles: (T, 3) int32 where the person is.
    rest:      (G, 3) float32 world metres in the pose of the photo.
    grip:      (G,) float32, 0..1: how much of the head's turn it follows (hair 1, shoulders 0).
    anchors:   (G, 3) int32 head vertices and (G, 3) float32 weights of the nearest surface point.
    pull:      (G,) float32, 0..1: how much of that point's own motion it takes along.
    """

    photo: np.ndarray
    triangles: np.ndarray
    rest: np.ndarray
    grip: np.ndarray
    anchors: np.ndarray
    anchor_weights: np.ndarray
    pull: np.ndarray

    def pose(self, puppet: Puppet, pose: Pose, source: np.ndarray, posed: np.ndarray) -> np.ndarray:
        """(G, 3) float32 world metres; source and posed: (V, 3) the head in the photo and now."""
        turn, shift = (np.ascontiguousarray(value, np.float32) for value in puppet.neck_motion(pose))
        lean, loose = pose.translation.astype(np.float32), puppet.head.weights[:, 0]
        return _carry(
            self.rest,
            self.grip,
            self.pull,
            self.anchors,
            self.anchor_weights,
            source,
            posed,
            loose,
            turn,
            shift - lean,
            lean,
        )


@numba.njit(cache=True, nogil=True, boundscheck=False, error_model="numpy")
def _carry(rest, grip, pull, anchors, anchor_weights, source, posed, loose, turn, shift, lean):
    """Turn each point with the head by its grip, then by its pull with what its anchor does beyond that; lean by both."""
    carried = np.empty_like(rest)
    for g in range(len(rest)):
        along = grip[g] + pull[g] * (np.float32(1) - grip[g])
        for k in range(3):
            own = np.float32(0)
            for c in range(3):
                v = anchors[g, c]
                swing = _turned(turn, shift, source[v], k) - source[v, k]
                own += anchor_weights[g, c] * (posed[v, k] - lean[k] - source[v, k] - (1 - loose[v]) * swing)
            swing = _turned(turn, shift, rest[g], k) - rest[g, k]
            carried[g, k] = rest[g, k] + grip[g] * swing + pull[g] * own + along * lean[k]
    return carried


@numba.njit(cache=True, inline="always")
def _turned(turn, shift, point, k):
    return turn[k, 0] * point[0] + turn[k, 1] * point[1] + turn[k, 2] * point[2] + shift[k]


def make_sheet(puppet: Puppet, source: np.ndarray, matte: np.ndarray, camera: Camera) -> Sheet:
    """Lift the grid: on the head to its surface, around it by extending depth and grip smoothly.

    source: (V, 3) world metres in the pose of the photo.    matte: (h, w) of the canvas that the sheet wears.
    """
    width, height = camera.size
    step = _STEP * max(width, height) / 512
    margin = MARGIN * max(width, height)
    columns, rows = int(np.ceil((width + 2 * margin) / step)) + 1, int(np.ceil((height + 2 * margin) / step)) + 1
    x = np.linspace(-margin, width + margin, columns)
    y = np.linspace(-margin, height + margin, rows)
    photo = np.stack(np.meshgrid(x, y), axis=-1).astype(np.float32)

    head = puppet.head
    screen = camera.project(source).astype(np.float32)
    shifted = screen + np.array([margin, margin, 0], np.float32)
    # in grid units, a grid point sits at whole + 0.5: the middle one of _FINE samples
    units = (shifted * np.array([1 / (x[1] - x[0]), 1 / (y[1] - y[0]), 1]) + (0.5, 0.5, 0)).astype(np.float32)
    seen = rasterise(units, head.triangles, (columns, rows), scale=_FINE)
    corners = head.triangles[np.maximum(seen.triangle, 0)]
    weights = np.concatenate([seen.weights, 1 - seen.weights.sum(axis=2, keepdims=True)], axis=2)
    grip = 1 - (head.weights[corners, 0] * weights).sum(axis=2)
    on_head = seen.triangle != NOTHING
    found: Any = distance_transform_edt(~on_head, return_indices=True)
    away, at = found
    middle = np.s_[_FINE // 2 :: _FINE, _FINE // 2 :: _FINE]
    distance, at = away[middle] / _FINE, tuple(index[middle] for index in at)
    # right beside the head the depth of its silhouette, which lies far back: nearer and it would stick out in a turn
    beside = np.stack([seen.depth[at], grip[at]], axis=2).astype(np.float32)
    ear = np.any(ears(head), axis=0)[corners[at]].all(axis=2)
    beside = np.where(ear[..., None], beside, _evened(beside, ~on_head[middle] & ~ear))
    around = cv2.GaussianBlur(fill_holes(beside, on_head[middle].astype(np.float32)), (0, 0), _LOOSE)
    blend = np.clip(np.stack([distance - 1, distance - 0.5], axis=2) / _LOOSE, 0, 1).astype(np.float32)
    depth, grip = np.moveaxis(beside + blend * (around - beside), 2, 0)
    pull = np.exp(-((distance * step / (_FADE * height)) ** 2))
    ray = (photo - camera.intrinsics[:2, 2]) / np.diag(camera.intrinsics)[:2]
    view = np.concatenate([ray, np.ones_like(ray[..., :1])], axis=2) * depth[..., None]
    rest = (view - camera.world_to_camera[:3, 3]) @ camera.world_to_camera[:3, :3]

    triangles = _person_triangles(photo + margin_of(camera.size), matte)
    used, triangles = np.unique(triangles, return_inverse=True)
    return Sheet(
        photo=photo.reshape(-1, 2)[used],
        triangles=triangles.reshape(-1, 3).astype(np.int32),
        rest=rest.reshape(-1, 3)[used].astype(np.float32),
        grip=grip.ravel()[used].astype(np.float32),
        anchors=corners[at].reshape(-1, 3)[used],
        anchor_weights=weights[at].reshape(-1, 3)[used].astype(np.float32),
        pull=pull.ravel()[used].astype(np.float32),
    )


def _evened(values: np.ndarray, beyond: np.ndarray) -> np.ndarray:
    """(h, w, C) evened out along the silhouette, beyond which they hold: a mesh's jags along it would show in hair."""
    weight = cv2.GaussianBlur(beyond.astype(np.float32), (0, 0), _EVEN)[..., None]
    mean = cv2.GaussianBlur(values * beyond[..., None], (0, 0), _EVEN) / np.maximum(weight, 1e-4)
    return np.where(beyond[..., None], mean, values)


def _person_triangles(photo: np.ndarray, matte: np.ndarray) -> np.ndarray:
    """Two triangles for each grid cell that holds any of the person; photo: (h, w, 2) pixels of the matte."""
    columns = photo.shape[1]
    height, width = matte.shape
    reach = int(np.ceil(photo[0, 1, 0] - photo[0, 0, 0])) * 2 + 1
    near = cv2.dilate(matte, np.ones((reach, reach), np.uint8))
    x = np.clip(photo[..., 0], 0, width - 1).astype(int)
    y = np.clip(photo[..., 1], 0, height - 1).astype(int)
    there = near[y, x] > 0.004
    cell = there[:-1, :-1] | there[1:, :-1] | there[:-1, 1:] | there[1:, 1:]
    row, column = np.nonzero(cell)
    corner = row * columns + column
    first = np.stack([corner, corner + columns, corner + 1], axis=1)
    second = np.stack([corner + 1, corner + columns, corner + columns + 1], axis=1)
    return np.concatenate([first, second]).astype(np.int32)
