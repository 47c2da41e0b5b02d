"""The performance as F-curves: face on the shape keys, head and gaze on the bones, the camera where it moves.

Keys lie at the performance's own instants, between the scene's frames where the rates differ, and are joined by
straight lines: a performance is linear between its samples, and a curve that overshoots would open sealed lips.
"""

from __future__ import annotations

import bpy
import numpy as np

from ..axes import to_blender
from ..core.arkit import ARKIT_NAMES
from ..core.camera import CameraPath
from ..core.performance import Performance
from ..core.rotation import eye_rotations
from ..core.timing import frame_times
from ..rotations import bone_quaternions
from ..version_adapter import Clip, write_curve
from .camera import Lens, camera_motion
from .shot import Rig
from .timeline import frame_at

FACE, HEAD, EYES, CAMERA = "Face", "Head", "Eyes", "Camera"
_EYE = {"gaze.left": 0, "gaze.right": 1}


def animate_face(clip: Clip, scene: bpy.types.Scene, head: bpy.types.Object, performance: Performance) -> None:
    """Key every ARKit shape that the head has."""
    keys = head.data.shape_keys
    curves, frames = clip.curves_of(keys), _key_frames(scene, performance)
    for column, name in enumerate(ARKIT_NAMES):
        if name in keys.key_blocks:
            write_curve(curves, f'key_blocks["{name}"].value', 0, frames, performance.face[:, column], FACE)


def animate_bones(
    clip: Clip, scene: bpy.types.Scene, armature: bpy.types.Object, rig: Rig, performance: Performance
) -> None:
    """Key the bones that a channel of the performance turns; the head's translation moves the root it hangs on."""
    curves, frames = clip.curves_of(armature), _key_frames(scene, performance)
    for joint, channel in enumerate(rig.joint_channels):
        if not channel:
            continue
        name = rig.joint_names[joint]
        if channel == "head_rotation":
            turns, group = performance.head_rotation, HEAD
            root = rig.joint_names[_root_of(rig, joint)]
            places = to_blender(performance.head_translation) @ _axes(armature, root)
            for axis in range(3):
                write_curve(curves, f'pose.bones["{root}"].location', axis, frames, places[:, axis], HEAD)
        elif channel in _EYE:
            turns, group = eye_rotations(performance.gaze[:, _EYE[channel]]), EYES
        else:
            raise ValueError(f"The rig's joint {name} follows an unknown channel, {channel}; update the extension.")
        quaternions = bone_quaternions(turns, _axes(armature, name))
        path = f'pose.bones["{name}"].rotation_quaternion'
        for component in range(4):
            write_curve(curves, path, component, frames, quaternions[:, component], group)


def animate_camera(
    clip: Clip, scene: bpy.types.Scene, camera: bpy.types.Object, path: CameraPath, lens: Lens, performance: Performance
) -> None:
    """Key the camera's pose and its lens, each only where it changes."""
    frames = _key_frames(scene, performance)
    if _moves(path.world_to_camera):
        curves = clip.curves_of(camera)
        places, turns = camera_motion(path)
        for axis in range(3):
            write_curve(curves, "location", axis, frames, places[:, axis], CAMERA)
        for component in range(4):
            write_curve(curves, "rotation_quaternion", component, frames, turns[:, component], CAMERA)
    if _moves(path.intrinsics):
        curves = clip.curves_of(camera.data)
        for name in ("lens", "shift_x", "shift_y"):
            write_curve(curves, name, 0, frames, getattr(lens, name), CAMERA)


def animate_plate(
    clip: Clip, scene: bpy.types.Scene, plate: bpy.types.Object, places: np.ndarray, scales: np.ndarray,
    performance: Performance,
) -> None:  # fmt: skip
    """Key a plate's place (C, 3) and scale (C, 3) before the camera where a changing lens changes its frustum."""
    if not _moves(scales) and not _moves(places):
        return
    curves, frames = clip.curves_of(plate), _key_frames(scene, performance)
    for axis in range(3):
        write_curve(curves, "location", axis, frames, places[:, axis], CAMERA)
        write_curve(curves, "scale", axis, frames, scales[:, axis], CAMERA)


def _root_of(rig: Rig, joint: int) -> int:
    while rig.joint_parents[joint] >= 0:
        joint = int(rig.joint_parents[joint])
    return joint


def _axes(armature: bpy.types.Object, bone: str) -> np.ndarray:
    """(3, 3) columns: the rest bone's axes in Blender's space."""
    return np.array(armature.data.bones[bone].matrix_local.to_3x3())


def _key_frames(scene: bpy.types.Scene, performance: Performance) -> np.ndarray:
    return frame_at(scene, frame_times(len(performance), performance.fps))


def _moves(path: np.ndarray) -> bool:
    return len(path) > 1 and bool(np.any(path != path[:1]))
