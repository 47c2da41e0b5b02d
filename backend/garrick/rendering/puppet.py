"""Poses the head of one portrait: the fitted model, nudged so that its source pose lies exactly on the photo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import RBFInterpolator
from scipy.spatial import KDTree

from garrick.bodies.blink import with_lids_that_meet
from garrick.bodies.head import PARTS, Head
from garrick.bodies.mouth import mouth_offsets
from garrick.core.camera import Camera
from garrick.core.rotation import eye_rotations, rotation_matrices
from garrick.perception.portrait import Portrait

_REACH = 0.03  # metres from the nearest landmark over which the nudge fades


@dataclass(frozen=True)
class Pose:
    """One instant of the head, and of what is under it.

    face: (52,) ARKit weights.    rotation, translation: (3,) of the head, axis-angle and metres.    gaze: (2, 2) radians.
    body: (13, 3) axis-angle in `BODY_JOINTS` order; None where it rests.
    """

    face: np.ndarray
    rotation: np.ndarray
    translation: np.ndarray
    gaze: np.ndarray
    body: np.ndarray | None = None


@dataclass(frozen=True)
class Puppet:
    """A head dressed for one portrait: identity and nudge are baked into `head`; `source` is the pose of the photo."""

    head: Head
    source: Pose

    def pose(self, pose: Pose) -> np.ndarray:
        """(V, 3) float32 world metres."""
        posed = self.head.vertices(
            face=pose.face.astype(np.float32),
            neck=pose.rotation.astype(np.float32),
            eyes=eye_rotations(pose.gaze).astype(np.float32),
        )
        return posed + pose.translation.astype(np.float32)

    def neck_motion(self, pose: Pose) -> tuple[np.ndarray, np.ndarray]:
        """(3, 3) and (3,): how a world point that is fixed to the head in the photo moves, x -> R x + t."""
        pivot = self.head.joint_template[1]
        turn = rotation_matrices(pose.rotation) @ rotation_matrices(self.source.rotation).T
        return turn, pivot - turn @ pivot + pose.translation


def make_puppet(head: Head, portrait: Portrait) -> Puppet:
    """Fit the last pixels: landmark residuals become a smooth displacement (thin-plate spline over the posed face)."""
    source = Pose(portrait.face, portrait.head_rotation, np.zeros(3), portrait.gaze)
    bare = Puppet(head.personal(portrait.identity), source)
    posed = bare.pose(source)
    points = head.landmarks(posed)
    seen = portrait.camera.project(points)
    residual = _lift(portrait.landmarks[:468] - seen[:, :2], seen[:, 2], portrait.camera)
    nudge = RBFInterpolator(points, residual, smoothing=1e-3, kernel="thin_plate_spline")(posed)
    near = KDTree(points).query(posed)[0]
    nudge *= np.exp(-((np.maximum(near - 0.008, 0) / _REACH) ** 2))[:, None]
    inside = np.isin(head.vertex_parts, [PARTS.index(part) for part in ("teeth", "gums", "tongue")])
    nudge[inside] = 0
    nudge = nudge @ rotation_matrices(source.rotation)  # world -> head space
    nudge[inside] = mouth_offsets(head, bare.head.template)[inside]
    for joint in (3, 4):
        ball = head.weights[:, joint] > 0
        nudge[ball] = nudge[ball].mean(axis=0)  # an eyeball stays round
    return Puppet(with_lids_that_meet(head.personal(portrait.identity, nudge.astype(np.float32)), source.face), source)


def _lift(pixels: np.ndarray, depth: np.ndarray, camera: Camera) -> np.ndarray:
    """(n, 2) pixel offsets at (n,) depths -> (n, 3) world metres."""
    offset = np.column_stack([pixels / np.diag(camera.intrinsics)[:2] * depth[:, None], np.zeros(len(depth))])
    return offset @ camera.world_to_camera[:3, :3]
