"""What the net is told about each pixel of the face beside its colour, and where it may change anything.

The columns of `CUES`: how much of the pixel is the photo's and how the renderer lights it, the normal as the crop sees it,
whether it is lid, inside of the mouth, tooth or eye, by how much the photo is stretched there, how far it has moved from
what the photo shows, and how much of the face it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numba
import numpy as np
from scipy.spatial import KDTree

from garrick.bodies.head import PARTS, Head
from garrick.bodies.surface import quad_normals
from garrick.core.camera import Camera
from garrick.core.easing import smoothstep
from garrick.rendering import shade
from garrick.rendering.attributes import INSIDE, LID, LIP, TOOTH, Attributes
from garrick.rendering.puppet import Pose, Puppet
from garrick.rendering.rasterise import NOTHING, rasterise
from garrick.rendering.refine.crop import SIDE, Crop

CUES: tuple[str, ...] = (
    "photo", "light", "right", "down", "away", "lid", "inside", "tooth", "eye", "stretch", "moved", "face",
)  # fmt: skip
CUE_SIDE = SIDE // 2

_PHOTO, _LIGHT, _RIGHT, _DOWN, _AWAY, _LID, _INSIDE, _TOOTH, _EYE, _STRETCH, _MOVED, _FACE = range(len(CUES))
_NEAR, _FAR = 0.011, 0.022  # metres from the nearest landmark: the face, and what is no longer of it
_BENT = 0.0010  # metres of expression that count as moved
_TURNED = np.radians(3.0)  # of the direction from which the head is seen
_SOFT = 2  # pixels, standard deviation of the edge of what may be changed
_LIGHT_GAIN = np.float32(4)  # the renderer's factors lie between 0.8 and 1.25


@dataclass(frozen=True)
class Traits:
    """What of the cues never changes, for one portrait.

    fixed: (V, len(CUES)) float32 with the lasting columns filled in.    triangles: (T, 3) int32 of what can be in the crop.
    seen_from: (3,) float64, unit direction from the head to the photo's camera, in head space.
    """

    fixed: np.ndarray
    triangles: np.ndarray
    seen_from: np.ndarray


def make_traits(head: Head, puppet: Puppet, attributes: Attributes, camera: Camera, triangles: np.ndarray) -> Traits:
    """Gather them. camera: the photo's.    triangles: (T, 3) that the renderer draws of the head."""
    rest = puppet.head.template
    fixed = np.zeros((len(rest), len(CUES)), np.float32)
    fixed[:, _LID] = attributes.traits[:, LID]
    fixed[:, _INSIDE] = attributes.traits[:, INSIDE] == 1  # between 0 and 1 lie lips that teeth hide
    fixed[:, _TOOTH] = attributes.traits[:, TOOTH]
    fixed[:, _EYE] = head.vertex_parts == PARTS.index("eye")
    apart = KDTree(head.landmarks(rest)).query(rest)[0]
    near = smoothstep((_FAR - apart) / (_FAR - _NEAR))
    within = (fixed[:, [_INSIDE, _EYE]] > 0).any(axis=1)
    fixed[:, _FACE] = np.where(within, 1, near)
    drawn = (fixed[triangles, _FACE] > 0).any(axis=1)
    # what is beside the face may lie before it when the head turns
    close = apart[triangles[:, 0]] < 2 * _FAR
    return Traits(fixed, np.ascontiguousarray(triangles[drawn | close]), _seen_from(puppet, puppet.source, camera))


def cues(
    traits: Traits,
    puppet: Puppet,
    attributes: Attributes,
    table: np.ndarray,
    posed: np.ndarray,
    pose: Pose,
    camera: Camera,
    crop: Crop,
) -> tuple[np.ndarray, np.ndarray]:
    """What the net is told of one frame -> (len(CUES), CUE_SIDE, CUE_SIDE) float32, and (SIDE, SIDE) float32 weight, 0..1.

    table: (V, shade.ATTRIBUTES) of the frame.    posed: (V, 3) world metres.
    The weight is 0 outside the face, on teeth, and wherever all is as in the photo, and is smooth. Teeth stay the
    renderer's: those of the people that the net learned from are darker than real ones.
    """
    screen = crop.points(camera.project(posed))
    columns = traits.fixed.copy()
    columns[:, _PHOTO] = table[:, shade.FROM_PHOTO]
    columns[:, _LIGHT] = (table[:, shade.LIGHT] - 1) * _LIGHT_GAIN
    columns[:, _FACE] *= table[:, shade.COVER]
    normals = quad_normals(posed, attributes.quads)
    axes = _axes(camera, crop)
    columns[:, _RIGHT : _AWAY + 1] = normals @ axes.T
    turn, shift = (value.astype(np.float32) for value in puppet.neck_motion(pose))
    _stretches(screen, table, traits.triangles, np.float32(crop.scale), columns)
    bent = np.linalg.norm(posed - (attributes.source @ turn.T + shift), axis=1) / _BENT
    # what lips uncover has not moved itself
    within = traits.fixed[:, _INSIDE] > 0
    bent[within] = np.maximum(bent[within], bent[attributes.traits[:, LIP] > 0].max())
    angle = np.arccos(np.clip(traits.seen_from @ _seen_from(puppet, pose, camera), -1, 1)) / _TURNED
    columns[:, _MOVED] = 1 - np.exp(-(bent**2) - angle**2)
    told = np.zeros((len(CUES), CUE_SIDE, CUE_SIDE), np.float32)
    face, moved = np.zeros((SIDE, SIDE), np.float32), np.zeros((SIDE, SIDE), np.float32)
    seen = rasterise(screen, traits.triangles, (SIDE, SIDE))
    _spread(seen.triangle, seen.weights, traits.triangles, columns, told, face, moved)
    covered = cv2.erode((seen.triangle != NOTHING).astype(np.uint8), np.ones((5, 5), np.uint8))
    return told, cv2.GaussianBlur(covered * face, (0, 0), _SOFT) * moved


def _seen_from(puppet: Puppet, pose: Pose, camera: Camera) -> np.ndarray:
    """(3,) unit direction from the head to a camera, in the space of the head in the photo."""
    turn, shift = puppet.neck_motion(pose)
    eye = -camera.world_to_camera[:3, :3].T @ camera.world_to_camera[:3, 3]
    towards = turn.T @ (eye - shift) - puppet.head.joint_template[3:].mean(axis=0)
    return towards / np.linalg.norm(towards)


def _axes(camera: Camera, crop: Crop) -> np.ndarray:
    """(3, 3) float32: world to what lies right, down and away in the crop."""
    roll = np.eye(3)
    roll[:2, :2] = crop.to_frame[:, :2].T / crop.scale
    return (roll @ camera.world_to_camera[:3, :3]).astype(np.float32)


@numba.njit(cache=True, nogil=True, boundscheck=False)
def _stretches(screen, table, triangles, scale, columns):
    """Half the logarithm to base 2 of the area in the frame over that in the photo, -2..2, around each vertex."""
    shown = np.zeros(len(screen), np.float32)
    taken = np.zeros(len(screen), np.float32)
    for t in range(len(triangles)):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        here = (screen[b, 0] - screen[a, 0]) * (screen[c, 1] - screen[a, 1])
        here -= (screen[c, 0] - screen[a, 0]) * (screen[b, 1] - screen[a, 1])
        x, y = shade.PHOTO_X, shade.PHOTO_Y
        there = (table[b, x] - table[a, x]) * (table[c, y] - table[a, y])
        there -= (table[c, x] - table[a, x]) * (table[b, y] - table[a, y])
        for corner in (a, b, c):
            shown[corner] += abs(here)
            taken[corner] += abs(there)
    for v in range(len(screen)):
        ratio = (shown[v] * scale * scale + 1) / (taken[v] + 1)
        columns[v, _STRETCH] = min(max(np.float32(0.5) * np.log2(ratio), np.float32(-2)), np.float32(2))


@numba.njit(cache=True, nogil=True, boundscheck=False)
def _spread(triangle, weights, triangles, columns, told, face, moved):
    """Columns of the vertices -> the means of four pixels each, and for each pixel how much it may change."""
    count, height, width = told.shape
    for row in range(height):
        for column in range(width):
            for part in range(4):
                y, x = 2 * row + part // 2, 2 * column + part % 2
                t = triangle[y, x]
                if t == NOTHING:
                    continue
                wa, wb = weights[y, x, 0], weights[y, x, 1]
                wc = np.float32(1) - wa - wb
                a, b, c = columns[triangles[t, 0]], columns[triangles[t, 1]], columns[triangles[t, 2]]
                for k in range(count):
                    told[k, row, column] += (a[k] * wa + b[k] * wb + c[k] * wc) * np.float32(0.25)
                face[y, x] = a[_FACE] * wa + b[_FACE] * wb + c[_FACE] * wc
                tooth = a[_TOOTH] * wa + b[_TOOTH] * wb + c[_TOOTH] * wc
                moved[y, x] = (a[_MOVED] * wa + b[_MOVED] * wb + c[_MOVED] * wc) * (np.float32(1) - tooth)
