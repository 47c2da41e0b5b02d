"""Characters as other programs hand them over: in centimetres, upright along Y, turned, mirrored, already animated."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import bpy
import numpy as np
import own_characters
import pytest
from mathutils import Euler, Matrix

from blender_addon.axes import TO_BLENDER
from blender_addon.character import parts
from blender_addon.character.animate import animate
from blender_addon.character.matching import auto_match
from blender_addon.character.parts import Character, character_of
from blender_addon.core.arkit import ARKIT_NAMES
from blender_addon.core.performance import Performance
from blender_addon.core.rotation import eye_rotations, rotation_matrices

FRAMES = 5
BONES = {
    "Hips": ((0, 0, 1.0), (0, 0, 1.2), None, 0.0),
    "Neck": ((0, 0.01, 1.45), (0, 0, 1.55), "Hips", 0.1),
    "Head": ((0, 0, 1.55), (0, 0.01, 1.75), "Neck", 0.0),
    "LeftEye": ((0.03, -0.08, 1.62), (0.03, -0.12, 1.62), "Head", 0.3),
    "RightEye": ((-0.03, -0.08, 1.62), (-0.03, -0.12, 1.62), "Head", -0.3),
}
Y_UP = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]])  # a rig's own axes as FBX has them: +Y up, +Z out of the face


def performance() -> Performance:
    steps = np.linspace(0, 1, FRAMES)[:, None]
    return replace(
        Performance.rest(FRAMES, Fraction(24)),
        head_rotation=steps * [0.3, 0.6, -0.2],
        gaze=np.linspace(0, 0.3, FRAMES)[:, None, None] * np.ones((1, 2, 2)) * [1, -0.5],
    )


def placed(own: np.ndarray, matrix: Matrix) -> Character:
    """A character whose bones lie by `own` (3, 3) in its armature, which stands in the world by `matrix`."""
    bones = {
        name: ((own @ head).tolist(), (own @ tail).tolist(), parent, roll)
        for name, (head, tail, parent, roll) in BONES.items()
    }
    armature = own_characters.make_armature("Rig", bones)
    own_characters.make_mesh("Body", ARKIT_NAMES, armature)
    armature.matrix_world = matrix
    bpy.context.view_layer.update()
    character = character_of(armature, bpy.context.scene)
    assert character is not None
    return character


def animated(character: Character, facing: str = "AUTO"):
    match = auto_match(character.key_names, character.bone_names, parts.eyes_turn_by_keys(character))
    return animate(character, match.rows, performance(), bpy.context.scene, "shot", facing)


def world_turn(character: Character, bone: str) -> np.ndarray:
    """(3, 3) how far a bone is turned from its rest, in the world."""
    evaluated = character.armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
    pose = evaluated.matrix_world @ evaluated.pose.bones[bone].matrix
    rest = evaluated.matrix_world @ evaluated.pose.bones[bone].bone.matrix_local
    turn = np.array(pose.to_3x3()) @ np.linalg.inv(np.array(rest.to_3x3()))
    return turn / np.cbrt(np.linalg.det(turn))


FBX = Matrix.Rotation(np.pi / 2, 4, "X") @ Matrix.Diagonal((0.01, 0.01, 0.01, 1))
STANDING = {
    "metres": (np.eye(3), Matrix.Identity(4)),
    "centimetres": (100 * np.eye(3), Matrix.Diagonal((0.01, 0.01, 0.01, 1))),
    "upright along Y, in centimetres, as FBX comes": (100 * Y_UP, FBX),
    "moved and twice as large": (np.eye(3), Matrix.Translation((3, 2, 1)) @ Matrix.Diagonal((2, 2, 2, 1))),
}


@pytest.mark.parametrize("how", STANDING)
def test_a_character_that_faces_the_front_turns_as_the_performance(how):
    character = placed(*STANDING[how])
    animated(character)
    wanted = performance()
    for frame in (2, 4):
        bpy.context.scene.frame_set(1 + frame)
        head = rotation_matrices(wanted.head_rotation[frame].astype(np.float64))
        np.testing.assert_allclose(world_turn(character, "Head"), TO_BLENDER @ head @ TO_BLENDER.T, atol=1e-4)
        eye = head @ rotation_matrices(eye_rotations(wanted.gaze[frame, 0]).astype(np.float64))
        np.testing.assert_allclose(world_turn(character, "LeftEye"), TO_BLENDER @ eye @ TO_BLENDER.T, atol=1e-4)


@pytest.mark.parametrize("own", [np.eye(3), 100 * Y_UP])
def test_a_character_that_is_turned_nods_in_its_own_direction(own):
    """However the object is turned, even lying down: the turn is the performance's, seen from the character."""
    base = Matrix.Identity(4) if own[0, 0] == 1 else FBX
    spin = Euler((0.4, -0.3, 2.0)).to_matrix()
    character = placed(own, spin.to_4x4() @ base)
    animated(character)
    bpy.context.scene.frame_set(FRAMES)
    head = TO_BLENDER @ rotation_matrices(performance().head_rotation[-1].astype(np.float64)) @ TO_BLENDER.T
    turned = np.array(spin)
    np.testing.assert_allclose(world_turn(character, "Head"), turned @ head @ turned.T, atol=1e-4)


def test_a_mirrored_character_is_told_of_and_mirrored_throughout():
    character = placed(np.eye(3), Matrix.Diagonal((-1, 1, 1, 1)))
    done = animated(character)
    assert any("mirrored by a negative scale" in note for note in done.notes)
    bpy.context.scene.frame_set(FRAMES)
    mirror = np.diag([-1.0, 1.0, 1.0])
    head = TO_BLENDER @ rotation_matrices(performance().head_rotation[-1].astype(np.float64)) @ TO_BLENDER.T
    np.testing.assert_allclose(world_turn(character, "Head"), mirror @ head @ mirror, atol=1e-4)
    assert not any("mirrored" in note for note in animated(placed(np.eye(3), Matrix.Identity(4))).notes)


def test_a_chosen_way_is_taken_and_an_impossible_one_refused():
    character = placed(100 * Y_UP, FBX)
    np.testing.assert_array_equal(parts.facing_of(character, "Z"), np.eye(3))
    np.testing.assert_array_equal(parts.facing_of(character, "AUTO"), np.eye(3))
    with pytest.raises(ValueError, match="upright along its own Y"):
        animated(character, "-Y")
    assert character.armature.animation_data is None


def test_an_action_of_the_head_bone_wins_until_it_is_pushed_down():
    character = placed(100 * Y_UP, FBX)
    bone = character.armature.pose.bones["Head"]
    bone.rotation_mode = "QUATERNION"
    for frame in (1, FRAMES):
        bone.keyframe_insert("rotation_quaternion", frame=frame)
    before = character.armature.animation_data.action
    done = animated(character)
    assert any(before.name in note and "hides them" in note for note in done.notes)
    assert character.armature.animation_data.action == before
    match = auto_match(character.key_names, character.bone_names)
    done = animate(character, match.rows, performance(), bpy.context.scene, "again", push_down=True)
    assert not any("hides them" in note for note in done.notes)
    bpy.context.scene.frame_set(FRAMES)
    head = TO_BLENDER @ rotation_matrices(performance().head_rotation[-1].astype(np.float64)) @ TO_BLENDER.T
    np.testing.assert_allclose(world_turn(character, "Head"), head, atol=1e-4)
