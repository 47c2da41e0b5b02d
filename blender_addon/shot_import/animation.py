"""The performance as F-curves: face on the shape keys, head and gaze on the bones, the camera where it moves.

Keys lie at the performance's own instants, between the scene's frames where the rates differ, and are joined by
straight lines: a performance is linear between its samples, and a curve that overshoots would open sealed lips.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import bpy
import numpy as np

from ..axes import to_blender
from ..core.arkit import ARKIT_NAMES
from ..core.camera import CameraPath
from ..core.edits import reduce_keys
from ..core.performance import Performance
from ..core.timing import frame_times
from ..core.turns import rotation_of
from ..rotations import bone_quaternions
from ..version_adapter import Clip, write_curve
from .camera import Lens, camera_motion
from .shot import Rig
from .timeline import Place

FACE, HEAD, EYES, BODY, HANDS, CAMERA = "Face", "Head", "Eyes", "Body", "Hands", "Camera"
_GROUPS = {"head_rotation": HEAD, "gaze": EYES, "body_pose": BODY, "left_hand": HANDS, "right_hand": HANDS}


@dataclass(frozen=True)
class Keying:
    """How curves are written.

    clip: what takes them. frames: (F,) scene frames of the performance's frames. error: how far a curve may lie from
    the performance where keys are left out, in the curve's own unit; 0 keeps a key for each frame.
    """

    clip: Clip
    frames: np.ndarray
    error: float = 0.0

    def write(self, block: bpy.types.ID, path: str, values: np.ndarray, group: str) -> None:
        """Write one curve, values (F,), or the components of one property together, values (F, C)."""
        curves, frames, values = self.clip.curves_of(block), self.frames, np.asarray(values)
        columns = values[:, None] if values.ndim == 1 else values
        if self.error > 0:
            kept = reduce_keys(frames, columns, self.error)
            frames, columns = frames[kept], columns[kept]
        for index in range(columns.shape[1]):
            write_curve(curves, path, index, frames, columns[:, index], group)


def keying(clip: Clip, place: Place, performance: Performance, error: float = 0.0) -> Keying:
    """Keys at the performance's own instants on the scene's frames."""
    return Keying(clip, place.frame_at(frame_times(len(performance), performance.fps)), error)


def animate_face(keys: Keying, head: bpy.types.Object, performance: Performance) -> None:
    """Key every ARKit shape that the head has."""
    for _ in face_steps(keys, head, performance):
        pass


def animate_bones(keys: Keying, armature: bpy.types.Object, rig: Rig, performance: Performance) -> None:
    """Key the bones that a channel of the performance turns; the head's translation moves the root it hangs on."""
    for _ in bone_steps(keys, armature, rig, performance):
        pass


def face_steps(keys: Keying, head: bpy.types.Object, performance: Performance) -> Iterator[None]:
    """`animate_face`, a curve a step."""
    shapes = head.data.shape_keys
    for column, name in enumerate(ARKIT_NAMES):
        if name in shapes.key_blocks:
            keys.write(shapes, f'key_blocks["{name}"].value', performance.face[:, column], FACE)
            yield


def bone_steps(keys: Keying, armature: bpy.types.Object, rig: Rig, performance: Performance) -> Iterator[None]:
    """`animate_bones`, a bone a step."""
    for joint, channel in enumerate(rig.joint_channels):
        if not channel:
            continue
        name = rig.joint_names[joint]
        if channel == "head_rotation":
            root = rig.joint_names[root_of(rig, joint)]
            places = to_blender(performance.head_translation) @ bone_axes(armature, root)
            keys.write(armature, f'pose.bones["{root}"].location', places, HEAD)
        quaternions = bone_quaternions(rotation_of(performance, channel), bone_axes(armature, name))
        group = _GROUPS[channel.partition(".")[0]]
        keys.write(armature, f'pose.bones["{name}"].rotation_quaternion', quaternions, group)
        yield


def animate_camera(keys: Keying, camera: bpy.types.Object, path: CameraPath, lens: Lens) -> None:
    """Key the camera's pose and its lens, each only where it changes."""
    if _moves(path.world_to_camera):
        places, turns = camera_motion(path)
        keys.write(camera, "location", places, CAMERA)
        keys.write(camera, "rotation_quaternion", turns, CAMERA)
    if _moves(path.intrinsics):
        for name in ("lens", "shift_x", "shift_y"):
            keys.write(camera.data, name, getattr(lens, name), CAMERA)


def animate_plate(keys: Keying, plate: bpy.types.Object, places: np.ndarray, scales: np.ndarray) -> None:
    """Key a plate's place (C, 3) and scale (C, 3) before the camera where a changing lens changes its frustum."""
    if _moves(scales) or _moves(places):
        keys.write(plate, "location", places, CAMERA)
        keys.write(plate, "scale", scales, CAMERA)


def root_of(rig: Rig, joint: int) -> int:
    while rig.joint_parents[joint] >= 0:
        joint = int(rig.joint_parents[joint])
    return joint


def bone_axes(armature: bpy.types.Object, bone: str) -> np.ndarray:
    """(3, 3) columns: the rest bone's axes in Blender's space."""
    return np.array(armature.data.bones[bone].matrix_local.to_3x3())


def _moves(path: np.ndarray) -> bool:
    return len(path) > 1 and bool(np.any(path != path[:1]))
