"""How long the import's curves take at the size that the project promises: 52 face keys and 37 bones, 10,000 frames."""

from __future__ import annotations

import time
from dataclasses import replace
from fractions import Fraction

import bpy
import numpy as np

from ..core.arkit import ARKIT_NAMES
from ..core.performance import Performance
from ..core.turns import ROTATIONS
from ..version_adapter import Clip
from .animation import animate_bones, animate_face, keying
from .rig import make_armature
from .shot import Rig
from .timeline import place_in

BONES = 37


def measure(frames: int = 10_000) -> float:
    """Seconds to write a performance of `frames` frames onto a new head and rig in the open file, which it changes."""
    scene = bpy.context.scene
    performance = moving(frames)
    head = bpy.data.objects.new("measured head", bpy.data.meshes.new("measured head"))
    scene.collection.objects.link(head)
    for name in ("Basis", *ARKIT_NAMES):
        head.shape_key_add(name=name, from_mix=False)
    rig = chain(BONES)
    armature = make_armature("measured rig", rig, scene.collection)
    started = time.perf_counter()
    keys = keying(Clip("measured"), place_in(scene), performance)
    animate_face(keys, head, performance)
    animate_bones(keys, armature, rig, performance)
    keys.clip.lay_down()
    return time.perf_counter() - started


def moving(frames: int) -> Performance:
    """A performance in which every channel moves."""
    rng = np.random.default_rng(1)
    rest = Performance.rest(frames, Fraction(25))
    channels = ("head_rotation", "head_translation", "gaze", "body_pose", "left_hand", "right_hand")
    values = {name: rng.normal(0, 0.2, getattr(rest, name).shape) for name in channels}
    return replace(rest, face=rng.uniform(0, 1, rest.face.shape), **values)


def chain(joints: int) -> Rig:
    """A rig of no mesh, whose joints hang on one another and follow one channel each."""
    nothing = np.zeros(0)
    return Rig(
        vertices=np.zeros((0, 3)), loops=nothing, polygon_sizes=nothing, uv=nothing, photo_uv=nothing, material=nothing,
        material_names=(), material_colors=nothing, shape_names=(), shape_starts=nothing, shape_vertices=nothing,
        shape_deltas=nothing, joint_names=tuple(f"joint{i}" for i in range(joints)),
        joint_parents=np.arange(joints) - 1, joint_positions=np.arange(joints)[:, None] * [0.0, 0.05, 0.0],
        weights=np.zeros((0, joints)), joint_channels=ROTATIONS[:joints],
    )  # fmt: skip
