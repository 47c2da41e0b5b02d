"""The rig description: mesh, shapes and skeleton of one portrait's head, as data that any host can build from."""

from __future__ import annotations

import numpy as np

from garrick.bodies.head import JOINTS, PARENTS, PARTS, Head
from garrick.core.arkit import ARKIT_NAMES
from garrick.perception.portrait import Portrait

_CHANNELS = {"neck": "head_rotation", "left_eye": "gaze.left", "right_eye": "gaze.right"}
_COLORS = {
    "skin": (0.60, 0.39, 0.30),
    "mouth": (0.16, 0.03, 0.03),
    "socket": (0.45, 0.22, 0.18),
    "tongue": (0.42, 0.12, 0.11),
    "eye": (0.80, 0.78, 0.75),
    "teeth": (0.78, 0.72, 0.60),
    "gums": (0.40, 0.12, 0.11),
}
_SMALLEST = 2e-6  # metres; smaller offsets are the rounding of the source


def rig_arrays(head: Head, portrait: Portrait) -> dict[str, np.ndarray]:
    """The arrays of rig.npz for a fitted portrait.

    Mesh: vertices (V, 3) metres in head space without expression, loops and polygon_sizes, uv (atlas) and photo_uv (where
    the corner lies in the portrait picture, in its pose) a corner, v up; material, material_names, material_colors (linear).
    Shapes: shape_names and sparse offsets; shape s owns entries shape_starts[s] : shape_starts[s + 1].
    Skeleton: joint_names, joint_parents, joint_positions, weights (V, J), joint_channels (what turns the joint).
    """
    vertices = head.vertices(portrait.identity)
    starts, touched, deltas = [0], [], []
    for shape in head.face_basis:
        moved = np.flatnonzero(np.abs(shape).max(axis=1) > _SMALLEST)
        touched.append(moved)
        deltas.append(shape[moved])
        starts.append(starts[-1] + len(moved))
    corners = np.ones(head.quads.shape, bool)
    corners[:, 3] = head.quads[:, 3] != head.quads[:, 2]  # a triangle is a quad whose last two corners coincide
    loops = head.quads[corners]
    return {
        "vertices": vertices.astype(np.float32),
        "loops": loops.astype(np.int32),
        "polygon_sizes": corners.sum(axis=1).astype(np.int32),
        "uv": head.uvs[head.quad_uvs[corners]].astype(np.float32),
        "photo_uv": _photo_uv(head, portrait)[loops].astype(np.float32),
        "material": head.quad_parts,
        "material_names": np.array(PARTS),
        "material_colors": np.array([_COLORS[part] for part in PARTS], np.float32),
        "shape_names": np.array(ARKIT_NAMES),
        "shape_starts": np.array(starts, np.int32),
        "shape_vertices": np.concatenate(touched).astype(np.int32),
        "shape_deltas": np.concatenate(deltas).astype(np.float32),
        "joint_names": np.array(JOINTS),
        "joint_parents": np.array(PARENTS, np.int32),
        "joint_positions": head.joints(portrait.identity).astype(np.float32),
        "weights": head.weights,
        "joint_channels": np.array([_CHANNELS.get(joint, "") for joint in JOINTS]),
    }


def _photo_uv(head: Head, portrait: Portrait) -> np.ndarray:
    """(V, 2) where each vertex lies in the portrait picture, 0..1, v up."""
    posed = head.vertices(portrait.identity, portrait.face, neck=portrait.head_rotation)
    width, height = portrait.camera.size
    pixels = portrait.camera.project(posed)[:, :2]
    return np.column_stack([pixels[:, 0] / width, 1 - pixels[:, 1] / height])
