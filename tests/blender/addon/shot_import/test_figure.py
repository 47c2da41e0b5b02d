"""A rig with trunk and arms in every Blender: the head keeps to the body's space, and what plays reads back the same."""

from __future__ import annotations

from fractions import Fraction

import bpy
import numpy as np
import pytest

from blender_addon import version_adapter
from blender_addon.core.performance import BODY_JOINTS, Performance
from blender_addon.rerender.read_curves import performance_of
from blender_addon.shot_import import timeline
from blender_addon.shot_import.animation import animate_bones, keying
from blender_addon.shot_import.mesh import head_steps
from blender_addon.shot_import.rig import bind_steps, make_armature
from blender_addon.shot_import.shot import Rig

FRAMES = 5
CHAIN = ("pelvis", "spine3", "neck", "head", "left_shoulder", "left_elbow", "left_wrist")
PARENTS = (-1, 0, 1, 2, 1, 4, 5)
PLACES = [
    (0, -0.5, 0), (0, -0.15, -0.03), (0, -0.03, 0), (0, 0, 0), (0.16, -0.09, 0), (0.39, -0.09, 0), (0.6, -0.09, 0),
]  # fmt: skip
CHANNELS = (*(f"body_pose.{name}" for name in CHAIN[:3]), "head_rotation", *(f"body_pose.{name}" for name in CHAIN[4:]))


def rig() -> Rig:
    """A box of skin on the head and a square tube of sleeve along the arm, bound half and half where joints bend."""
    ring = np.array([(0, 0.03, 0.03), (0, -0.03, 0.03), (0, -0.03, -0.03), (0, 0.03, -0.03)])
    sleeve = np.concatenate([ring + np.array([x, -0.09, 0]) for x in (0.2, 0.38, 0.4, 0.58)])
    head = np.concatenate([ring * 2 + (-0.05, 0.1, 0), ring * 2 + (0.05, 0.1, 0)])
    tube = np.array(
        [(4 * k + a, 4 * k + (a + 1) % 4, 4 * k + 4 + (a + 1) % 4, 4 * k + 4 + a) for k in range(3) for a in range(4)]
    )
    box = np.array([(a, (a + 1) % 4, 4 + (a + 1) % 4, 4 + a) for a in range(4)])
    quads = np.concatenate([box, tube + 8])
    weights = np.zeros((24, len(CHAIN)))
    weights[:8, CHAIN.index("head")] = 1
    weights[8:16, CHAIN.index("left_shoulder")] = 1
    weights[16:20, [CHAIN.index("left_elbow"), CHAIN.index("left_shoulder")]] = 0.5
    weights[12:16, [CHAIN.index("left_elbow"), CHAIN.index("left_shoulder")]] = 0.5
    weights[20:, CHAIN.index("left_elbow")] = 1
    return Rig(
        vertices=np.concatenate([head, sleeve]), loops=quads.ravel(), polygon_sizes=np.full(len(quads), 4),
        uv=np.zeros((quads.size, 2)), photo_uv=np.zeros((quads.size, 2)), material=np.repeat([0, 1], [4, 12]),
        material_names=("skin", "clothes"), material_colors=np.full((2, 3), 0.5), shape_names=("jawOpen",),
        shape_starts=np.array([0, 1]), shape_vertices=np.array([0]), shape_deltas=np.array([[0, -0.01, 0]]),
        joint_names=CHAIN, joint_parents=np.array(PARENTS), joint_positions=np.array(PLACES, float), weights=weights,
        joint_channels=CHANNELS,
    )  # fmt: skip


def moving() -> Performance:
    rng = np.random.default_rng(4)
    pose = np.zeros((FRAMES, len(BODY_JOINTS), 3), np.float32)
    for name in CHAIN[:3] + CHAIN[4:]:
        pose[:, BODY_JOINTS.index(name)] = rng.normal(0, 0.4, (FRAMES, 3))
    still = Performance.rest(FRAMES, Fraction(25))
    turned = rng.normal(0, 0.4, (FRAMES, 3)).astype(np.float32)
    return Performance(
        **{
            **vars(still),
            "body_pose": pose,
            "head_rotation": turned,
            "head_translation": rng.normal(0, 0.05, (FRAMES, 3)),
        }
    )


@pytest.fixture
def played():
    """The armature, the mesh on it and the performance that both play."""
    scene, shown, performance = bpy.context.scene, rig(), moving()
    timeline.adopt_rate(scene, performance.fps, FRAMES)
    armature = make_armature("figure", shown, scene.collection)
    steps = head_steps("figure", shown, [bpy.data.materials.new(name) for name in shown.material_names])
    while True:
        try:
            next(steps)
        except StopIteration as ended:
            mesh = ended.value
            break
    scene.collection.objects.link(mesh)
    list(bind_steps(mesh, armature, shown))
    keys = keying(version_adapter.Clip("figure"), timeline.place_in(scene), performance)
    animate_bones(keys, armature, shown, performance)
    keys.clip.lay_down()
    return armature, mesh, performance


def joints(armature: bpy.types.Object, frame: int) -> np.ndarray:
    """(J, 4, 4) turns and shifts from rest."""
    bpy.context.scene.frame_set(frame)
    bones = armature.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose.bones
    return np.array(
        [np.array(bones[name].matrix) @ np.linalg.inv(np.array(bones[name].bone.matrix_local)) for name in CHAIN]
    )


def _at_rest(armature: bpy.types.Object) -> None:
    armature.animation_data.nla_tracks[0].mute = True
    for bone in armature.pose.bones:
        bone.rotation_quaternion, bone.location = (1, 0, 0, 0), (0, 0, 0)


def test_what_plays_reads_back(played):
    armature, _, performance = played
    seen = np.array([joints(armature, 1 + frame) for frame in range(FRAMES)])
    rest = Performance.rest(FRAMES, performance.fps)
    read, notes = performance_of(rest, rig(), np.arange(FRAMES), np.full((FRAMES, 52), np.nan), seen)
    assert notes == ()
    for channel in ("body_pose", "head_rotation", "head_translation"):
        np.testing.assert_allclose(getattr(read, channel), getattr(performance, channel), atol=2e-5)


def test_the_trunk_carries_the_head_and_does_not_turn_it(played):
    armature, _, _ = played
    _at_rest(armature)
    bone = armature.pose.bones["spine3"]
    bone.rotation_quaternion = (np.cos(0.3), np.sin(0.3), 0, 0)
    still = joints(armature, 2)[CHAIN.index("head")]
    np.testing.assert_allclose(still[:3, :3], np.eye(3), atol=1e-6)
    assert np.linalg.norm(still[:3, 3]) > 0.05


def test_sleeves_keep_their_girth_and_the_head_is_bound_plainly(played):
    armature, mesh, _ = played
    _at_rest(armature)
    elbow = armature.pose.bones["left_elbow"]
    elbow.rotation_quaternion = (np.cos(0.7), np.sin(0.7), 0, 0)  # about the bone: a twist of 80 degrees
    bpy.context.scene.frame_set(1)
    seen = mesh.evaluated_get(bpy.context.evaluated_depsgraph_get()).data.vertices
    places = np.array([vertex.co[:] for vertex in seen])
    for start in (12, 16):
        bent = places[start : start + 4]
        girth = np.linalg.norm(bent - np.roll(bent, 1, axis=0), axis=1)
        assert girth.mean() > 0.95 * 0.06
    linear, kept = mesh.modifiers
    assert (linear.use_deform_preserve_volume, kept.use_deform_preserve_volume) == (False, True)
    assert {linear.invert_vertex_group, not kept.invert_vertex_group} == {True}
