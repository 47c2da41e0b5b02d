"""The performance as Blender plays it now: evaluated, so hand keys, NLA layers, drivers, modifiers and constraints count.

Read at the performance's own instants, between the scene's frames where the rates differ.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import bpy
import numpy as np

from ..axes import TO_BLENDER
from ..core.arkit import ARKIT_NAMES
from ..core.camera import CameraPath
from ..core.performance import BODY_JOINTS, CHANNELS, Performance
from ..core.rotation import axis_angles
from ..shot_import.shot import Rig
from ..slices import Steps
from .parts import Parts, by_uid, parts_of, shown
from .place import place_of
from .read_camera import View, camera_at, seen_from_rig, view_of

SHOT_CAMERA, SCENE_CAMERA, LAST_CAMERA = "SHOT", "SCENE", "LAST"


@dataclass(frozen=True)
class Wanted:
    """What to read of a shot.

    shot, scene: session_uids: both may be renamed, and undone to copies of themselves, while the reading goes on.
    rig, stored: the shot's rig and the performance as it was rendered last.
    frames:      of the performance, which ones; the others keep the stored values.
    camera:      SHOT_CAMERA, SCENE_CAMERA or LAST_CAMERA, the one that `path` holds.
    size:        pixels of the frames. path: the camera as it was rendered last.
    """

    shot: int
    scene: int
    rig: Rig
    stored: Performance
    frames: Sequence[int]
    camera: str
    size: tuple[int, int]
    path: CameraPath


@dataclass(frozen=True)
class Read:
    """What was read.

    cameras:    the names of the camera objects, in their order.
    own_camera: all of it was seen through the shot's own camera; None where the last camera was kept.
    notes:      sentences for the user.
    """

    performance: Performance
    path: CameraPath
    cameras: tuple[str, ...]
    own_camera: bool | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Sample:
    """One instant. weights: (52,), nan for a shape that the head lacks. posed, rest: (J, 4, 4) the bones in the rig's
    space and Blender's axes. view: None where the last camera is kept. own: the camera is the shot's."""

    weights: np.ndarray
    posed: np.ndarray
    rest: np.ndarray
    view: View | None
    camera: str
    own: bool


def read_shot(wanted: Wanted) -> Steps[Read]:
    """Go through the frames; between two steps the scene may change.

    The scene's frame moves: `slices.frames_kept` puts it back. Raises ValueError with a sentence for the user.
    """
    assemble = yield from sample_shot(wanted)
    return assemble()


def sample_shot(wanted: Wanted) -> Steps[Callable[[], Read]]:
    """As `read_shot`, but what is left to compute of a long shot is returned, for a thread: it needs no Blender."""
    samples, fps = [], wanted.stored.fps
    for number, frame in enumerate(wanted.frames):
        samples.append(_sample(wanted, frame * fps.denominator / fps.numerator))
        yield "read", number + 1, len(wanted.frames)
    return partial(_assembled, wanted, samples)


def _sample(wanted: Wanted, time: float) -> _Sample:
    shot = by_uid(bpy.data.collections, wanted.shot)
    scene = by_uid(bpy.data.scenes, wanted.scene)
    parts = parts_of(shot)
    frame = float(np.float32(place_of(shot, scene).frame_at(time)))  # as the keys are: both fall on the same instant
    camera = _camera(wanted, scene, parts, frame)
    own = (parts.camera,) if wanted.camera == SHOT_CAMERA and parts.camera else ()
    with shown(scene, (parts.head, parts.armature, *own)):
        # The split is exact, and Blender adds the two up again.
        scene.frame_set(int(np.floor(frame)), subframe=frame - float(np.floor(frame)))
        layer = bpy.context.view_layer if bpy.context.scene == scene else scene.view_layers[0]
        graph = layer.depsgraph
        view = camera and view_of(scene, camera, parts.armature, wanted.size, graph)
        return _Sample(
            _weights(parts.head, graph),
            *_joints(parts.armature, wanted.rig, graph),
            view,
            camera.name if camera else "",
            camera == parts.camera,
        )


def _camera(wanted: Wanted, scene: bpy.types.Scene, parts: Parts, frame: float) -> bpy.types.Object | None:
    if wanted.camera == LAST_CAMERA:
        return None
    if wanted.camera == SHOT_CAMERA:
        if parts.camera is None:
            raise ValueError("The shot's own camera was deleted; choose another camera to re-render from.")
        return parts.camera
    camera = camera_at(scene, frame)
    if camera is None:
        raise ValueError(f"{scene.name} has no camera; add one, or choose another camera to re-render from.")
    return camera


def _weights(head: bpy.types.Object, graph: bpy.types.Depsgraph) -> np.ndarray:
    blocks = head.data.shape_keys.evaluated_get(graph).key_blocks
    found = (blocks.get(name) for name in ARKIT_NAMES)
    return np.array([np.nan if key is None else 0.0 if key.mute else key.value for key in found])


def _joints(armature: bpy.types.Object, rig: Rig, graph: bpy.types.Depsgraph) -> tuple[np.ndarray, np.ndarray]:
    """(J, 4, 4) the bones as they are posed, and at rest."""
    bones = armature.evaluated_get(graph).pose.bones
    posed, rest = np.tile(np.eye(4), (2, len(rig.joint_names), 1, 1))
    for joint, name in enumerate(rig.joint_names):
        bone = bones.get(name)
        if bone is not None:
            posed[joint], rest[joint] = bone.matrix, bone.bone.matrix_local
        elif rig.joint_channels[joint]:
            raise ValueError(f"The rig {armature.name} has lost its bone {name}; a renamed one needs its name again.")
    return posed, rest


def _assembled(wanted: Wanted, samples: Sequence[_Sample]) -> Read:
    chosen = np.asarray(wanted.frames, int)
    weights = np.array([sample.weights for sample in samples])
    joints = np.array([sample.posed for sample in samples]) @ np.linalg.inv([sample.rest for sample in samples])
    performance, notes = performance_of(wanted.stored, wanted.rig, chosen, weights, joints)
    cameras = tuple(dict.fromkeys(sample.camera for sample in samples if sample.camera))
    own = None if wanted.camera == LAST_CAMERA else all(sample.own for sample in samples)
    return Read(performance, _path(wanted, chosen, samples), cameras, own, notes)


def performance_of(
    stored: Performance, rig: Rig, frames: np.ndarray, weights: np.ndarray, joints: np.ndarray
) -> tuple[Performance, tuple[str, ...]]:
    """What was read as a performance, with sentences about what it could not take; numpy only.

    frames: (N,) which ones were read, the others stay as stored. weights: (N, 52), nan where the head has no such shape.
    joints: (N, J, 4, 4) turns and shifts of the bones from rest, Blender's axes, metres, in the rig's space.
    """
    own = np.eye(4)
    own[:3, :3] = TO_BLENDER
    joints = own.T @ joints @ own
    arrays = {name: getattr(stored, name).copy() for name in CHANNELS}
    arrays["face"][frames] = np.where(np.isnan(weights), stored.face[frames], np.clip(weights, 0, 1))
    for joint, channel in enumerate(rig.joint_channels):
        if not channel:
            continue
        above = None if channel == "head_rotation" else _joint_above(rig, joint)  # the head turns in the body's space
        own_turn = joints[:, joint] if above is None else np.linalg.inv(joints[:, above]) @ joints[:, joint]
        _set_rotation(arrays, frames, channel, _turn(own_turn))
        if channel == "head_rotation":
            top = joint
            while (above := _joint_above(rig, top)) is not None:
                top = above
            at = rig.joint_positions[top].astype(np.float64)
            # The joint rests at `at`: where it is now, less that, is the shift, whatever moved it.
            arrays["head_translation"][frames] = joints[:, top, :3, :3] @ at + joints[:, top, :3, 3] - at
    beyond = int((np.nan_to_num(np.abs(weights - np.clip(weights, 0, 1))).max(axis=0, initial=0) > 1e-4).sum())
    notes = (f"{beyond} shape keys leave 0..1; the frames stop at these limits.",) if beyond else ()
    return replace(stored, **arrays), notes


def _joint_above(rig: Rig, joint: int) -> int | None:
    """The nearest joint above that a channel turns: what turns others, by an artist's hand, is counted to this one."""
    parent = int(rig.joint_parents[joint])
    while parent >= 0 and not rig.joint_channels[parent]:
        parent = int(rig.joint_parents[parent])
    return parent if parent >= 0 else None


def _set_rotation(arrays: dict[str, np.ndarray], frames: np.ndarray, channel: str, turns: np.ndarray) -> None:
    """The inverse of `core.turns.rotation_of`. turns: (N, 3, 3) in Garrick's space, against the parent."""
    name, _, part = channel.partition(".")
    if name == "gaze":
        eye, look = ("left", "right").index(part), turns[:, :, 2]
        arrays[name][frames, eye, 0] = np.arctan2(look[:, 0], look[:, 2])
        arrays[name][frames, eye, 1] = np.arcsin(np.clip(look[:, 1], -1, 1))
    elif name == "head_rotation":
        arrays[name][frames] = axis_angles(turns)
    else:
        joint = BODY_JOINTS.index(part) if name == "body_pose" else int(part)
        arrays[name][frames, joint] = axis_angles(turns)


def _turn(matrices: np.ndarray) -> np.ndarray:
    """(N, 4, 4) -> (N, 3, 3) the nearest rotations: a stretched bone still has a direction.

    A mirrored bone is turned as Blender itself says when it takes such a matrix apart: by the opposite matrix.
    """
    left, _, right = np.linalg.svd(matrices[:, :3, :3])
    turns = left @ right
    return turns * np.sign(np.linalg.det(turns))[:, None, None]


def _path(wanted: Wanted, chosen: np.ndarray, samples: Sequence[_Sample]) -> CameraPath:
    count, last = len(wanted.stored), wanted.path
    poses = np.broadcast_to(last.world_to_camera, (count, 4, 4)).copy()
    width, height = wanted.size
    scale = np.diag([width / last.size[0], height / last.size[1], 1.0])
    lenses = scale @ np.broadcast_to(last.intrinsics, (count, 3, 3))
    views = [sample.view for sample in samples if sample.view is not None]
    if views:
        poses[chosen], lenses[chosen] = seen_from_rig(views), [view.intrinsics for view in views]
    return CameraPath(poses, lenses, wanted.size, wanted.stored.fps)
