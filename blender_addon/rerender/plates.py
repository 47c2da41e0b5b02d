"""The plane that shows a shot's frames, hung where the version that is shown was seen from."""

from __future__ import annotations

import bpy
import numpy as np
from mathutils import Matrix

from ..axes import camera_to_blender
from ..rotations import continuous
from ..shot_import.animation import Keying, keying
from ..shot_import.plate import behind, frustum_rectangle
from ..version_adapter import Clip
from . import versions
from .parts import parts_of
from .place import place_of
from .version_files import Stored


def hang(shot: bpy.types.Collection, scene: bpy.types.Scene, last: Stored) -> int:
    """Let the plane fill what the camera of the shown version, `last`, saw; returns how many planes were hung.

    Frames of the shot's own camera hang before that and go with it. Those of others (a scene camera, several bound to
    markers) hang in the rig's space, keyed where that camera moves, whatever becomes of it. A plane that an artist has
    parented to something else stays. Raises ValueError.
    """
    parts = parts_of(shot)
    ours = [item for item in versions.planes(shot) if item.parent in (parts.camera, parts.armature)]
    if not ours:
        return 0
    path = last.path
    places, halves = frustum_rectangle(path, behind(path, last.shot.rig))
    turns = np.tile([1.0, 0.0, 0.0, 0.0], (len(path), 1))
    parent = parts.camera if last.own_camera else None
    if parent is None:
        cameras = camera_to_blender(path.world_to_camera)
        places = np.einsum("fij,fj->fi", cameras[:, :3, :3], places) + cameras[:, :3, 3]
        turns = continuous(np.array([Matrix(matrix[:3, :3].tolist()).to_quaternion()[:] for matrix in cameras]))
    clip = Clip(f"{shot.name} plate")
    keys = keying(clip, place_of(shot, scene), last.shot.performance)
    still = not any(np.any(values != values[:1]) for values in (places, turns, halves))
    for plane in ours:
        if still and plane.parent == parent and np.allclose(plane.scale, halves[0], rtol=1e-5):
            continue  # it fills the view, at whatever depth the artist has put it
        plane.animation_data_clear()
        plane.parent = parent or parts.armature
        plane.matrix_parent_inverse.identity()
        plane.rotation_mode = "QUATERNION"
        for name, values in (("location", places), ("rotation_quaternion", turns), ("scale", halves)):
            setattr(plane, name, values[0].tolist())
            _key(keys, plane, name, values)
    clip.lay_down()
    return len(ours)


def _key(keys: Keying, plane: bpy.types.Object, name: str, values: np.ndarray) -> None:
    """Key what moves."""
    if np.any(values != values[:1]):
        keys.write(plane, name, values, "Camera")
