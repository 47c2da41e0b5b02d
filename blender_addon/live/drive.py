"""Puts one instant of a stream on a shot's rig, without keys: what the artist sees while somebody speaks or acts."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import bpy
import numpy as np

from ..axes import to_blender
from ..core.arkit import ARKIT_NAMES
from ..core.live_record import recorded
from ..core.turns import rotation_of
from ..rotations import bone_quaternions
from ..shot_import.animation import bone_axes, root_of
from ..shot_import.shot import Rig
from .session import streamed


class Driver:
    """The rig of one shot. Raises ValueError when it is gone."""

    def __init__(self, shot: bpy.types.Collection, rig: Rig) -> None:
        head, armature = shot.garrick.head, shot.garrick.armature
        if head is None or armature is None or head.data.shape_keys is None:
            raise ValueError("The shot's head or its rig is no longer in the scene; import the shot again.")
        self._head, self._armature, self._rig = head.name, armature.name, rig

    def show(self, frame: dict[str, Any]) -> None:
        """frame: of a stream; what it does not move stays. Does nothing where the rig has been deleted meanwhile."""
        head, armature = bpy.data.objects.get(self._head), bpy.data.objects.get(self._armature)
        if head is None or armature is None or head.data.shape_keys is None:
            return
        instant = recorded([frame], Fraction(1), np.zeros(0, np.float32))
        channels = self._rig.following(streamed(frame)).joint_channels
        shapes = head.data.shape_keys.key_blocks
        for name, value in zip(ARKIT_NAMES, instant.face[0], strict=True):
            if name in shapes:
                shapes[name].value = value
        for joint, channel in enumerate(channels):
            name = self._rig.joint_names[joint]
            if not channel or name not in armature.pose.bones:
                continue
            if channel == "head_rotation":
                root = self._rig.joint_names[root_of(self._rig, joint)]
                place = to_blender(instant.head_translation[0]) @ bone_axes(armature, root)
                armature.pose.bones[root].location = place.tolist()
            turn = bone_quaternions(rotation_of(instant, channel), bone_axes(armature, name))
            armature.pose.bones[name].rotation_quaternion = np.asarray(turn)[0].tolist()
