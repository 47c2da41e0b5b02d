"""blender_addon/character on characters of the usual kinds: what they show is the performance, and nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import bpy
import numpy as np
import own_characters
import pytest

from blender_addon import version_adapter
from blender_addon.character import parts
from blender_addon.character.animate import Animated, animate, usable_rows
from blender_addon.character.mapping import KEY, TURN, Row
from blender_addon.character.matching import auto_match
from blender_addon.character.parts import Character, character_of
from blender_addon.core.arkit import ARKIT_INDEX
from blender_addon.core.oculus_visemes import viseme_weights
from blender_addon.core.performance import Performance
from blender_addon.core.rotation import axis_angles, eye_rotations, rotation_matrices

FRAMES = 8
HEADS = {"mpfb": "head", "vrm": "J_Bip_C_Head", "odd": "The Head"}
EYES = {"mpfb": "eye.L", "vrm": "J_Adj_L_FaceEye", "odd": "eyeball.l"}


def performance() -> Performance:
    rng, steps = np.random.default_rng(3), np.linspace(0, 1, FRAMES)[:, None]
    return replace(
        Performance.rest(FRAMES, Fraction(24)),
        face=rng.uniform(0, 1, (FRAMES, 52)),
        head_rotation=steps * [0.2, 0.7, -0.1],
        gaze=rng.uniform(-0.3, 0.3, (FRAMES, 2, 2)),
    )


def whole(item: bpy.types.Object) -> Character:
    character = character_of(item, bpy.context.scene)
    assert character is not None
    return character


def mapped(character: Character, **options) -> Animated:
    match = auto_match(character.key_names, character.bone_names, parts.eyes_turn_by_keys(character))
    return animate(character, match.rows, performance(), bpy.context.scene, "shot", **options)


def show(frame: int) -> bpy.types.Depsgraph:
    bpy.context.scene.frame_set(frame)
    return bpy.context.evaluated_depsgraph_get()


def turn_of(character: Character, bone: str) -> np.ndarray:
    """(3, 3) how far a bone, with all above it, is turned from its rest, in Garrick's space."""
    evaluated = character.armature.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose.bones[bone]
    facing = parts.facing_of(character, "AUTO")
    rest = np.array(evaluated.bone.matrix_local.to_3x3())
    return facing.T @ np.array(evaluated.matrix.to_3x3()) @ rest.T @ facing


@pytest.mark.parametrize("kind", HEADS)
def test_head_and_eyes_turn_as_the_performance_does(kind):
    character = whole(getattr(own_characters, kind)())
    mapped(character)
    wanted = performance()
    for frame in (0, 3, 7):
        show(1 + frame)
        head = rotation_matrices(wanted.head_rotation[frame].astype(np.float64))
        np.testing.assert_allclose(turn_of(character, HEADS[kind]), head, atol=2e-5)
        eye = rotation_matrices(eye_rotations(wanted.gaze[frame, 0]).astype(np.float64))
        np.testing.assert_allclose(turn_of(character, EYES[kind]), head @ eye, atol=2e-5)


def test_all_meshes_that_share_a_key_move_together():
    character = whole(own_characters.mpfb())
    done = mapped(character)
    wanted = performance()
    graph = show(5)
    assert len(character.meshes) == 3
    for mesh in character.meshes:
        evaluated = mesh.data.shape_keys.evaluated_get(graph)
        for block in evaluated.key_blocks[1:]:
            assert block.value == pytest.approx(wanted.face[4, ARKIT_INDEX[block.name]], abs=1e-6)
    assert "57 face keys of Human.body, Human.lashes, Human.teeth" in done.controls[0]


def test_vowels_of_a_vrm_character_show_the_nearest_mouth_within_the_keys_range():
    character = whole(own_characters.vrm())
    mapped(character)
    wanted = performance()
    show(3)
    blocks = character.shapes[0].key_blocks
    mix = viseme_weights(wanted.face, ("aa", "ih", "ou", "E", "oh"))
    for column, letter in enumerate("AIUEO"):
        assert blocks[f"Fcl_MTH_{letter}"].value == pytest.approx(mix[2, column], abs=1e-5)
    for frame in range(FRAMES):
        show(1 + frame)
        expected = min(0.8, wanted.face[frame, ARKIT_INDEX["eyeBlinkLeft"]])
        assert blocks["Fcl_EYE_Close_L"].value == pytest.approx(expected, abs=1e-6)
        assert blocks["Fcl_ALL_Joy"].value == 0


def test_a_bones_rotation_mode_is_kept():
    character = whole(own_characters.vrm())
    character.armature.pose.bones["J_Adj_L_FaceEye"].rotation_mode = "AXIS_ANGLE"
    mapped(character)
    assert character.armature.pose.bones["J_Bip_C_Head"].rotation_mode == "YXZ"
    show(6)
    head = rotation_matrices(performance().head_rotation[5].astype(np.float64))
    eye = rotation_matrices(eye_rotations(performance().gaze[5, 0]).astype(np.float64))
    np.testing.assert_allclose(turn_of(character, "J_Adj_L_FaceEye"), head @ eye, atol=2e-5)


def test_a_jaw_bone_opens_downwards():
    character = whole(own_characters.odd())
    open_wide = performance().face * 0
    open_wide[:, ARKIT_INDEX["jawOpen"]] = 1
    rows = [Row("Mandible", TURN, "jaw")]
    animate(character, rows, replace(performance(), face=open_wide), bpy.context.scene, "shot")
    rest = np.array(character.armature.data.bones["Mandible"].tail_local)
    graph = show(2)
    tail = np.array(character.armature.evaluated_get(graph).pose.bones["Mandible"].tail)
    assert tail[2] < rest[2] - 0.02
    assert abs(tail[1] - rest[1]) < 1e-6, "a face towards +X opens in the x-z plane"


class TestExistingAnimation:
    """Nothing that the character had is lost, and what hides the performance is told."""

    @pytest.fixture
    def character(self) -> Character:
        character = whole(own_characters.mpfb())
        bones = character.armature.pose.bones
        for name in ("spine01", "head"):
            for frame, angle in ((1, 0.0), (20, 0.5)):
                bones[name].rotation_mode = "QUATERNION"
                bones[name].rotation_quaternion = (np.cos(angle / 2), np.sin(angle / 2), 0, 0)
                bones[name].keyframe_insert("rotation_quaternion", frame=frame)
        return character

    def spine(self, frame: int, character: Character) -> float:
        show(frame)
        return character.armature.pose.bones["spine01"].rotation_quaternion[1]

    def test_an_action_stays_and_is_told_to_hide_what_it_keys(self, character):
        action = character.armature.animation_data.action
        before = self.spine(6, character)
        done = mapped(character)
        assert character.armature.animation_data.action == action
        assert self.spine(6, character) == before
        assert any(action.name in note and "hides" in note for note in done.notes)

    def test_pushed_down_it_shows_through_and_the_performance_wins(self, character):
        action = character.armature.animation_data.action
        before = self.spine(6, character)
        done = mapped(character, push_down=True)
        data = character.armature.animation_data
        assert data.action is None
        assert data.nla_tracks[0].strips[0].action == action
        assert self.spine(6, character) == pytest.approx(before, abs=1e-6)
        head = rotation_matrices(performance().head_rotation[5].astype(np.float64))
        own = np.array(character.armature.pose.bones["head"].matrix_basis.to_3x3())
        assert np.linalg.norm(axis_angles(own[None])[0]) == pytest.approx(
            0.6 * np.linalg.norm(axis_angles(head[None])[0]), abs=1e-4
        )
        assert not done.notes
        show(20)
        assert character.armature.pose.bones["head"].rotation_quaternion[1] == pytest.approx(np.sin(0.25), abs=1e-5)

    def test_a_second_performance_goes_above_the_first(self, character):
        mapped(character)
        mapped(character)
        assert [track.name for track in character.shapes[0].animation_data.nla_tracks][:1] == ["shot"]
        assert len(character.shapes[0].animation_data.nla_tracks) == 2

    def test_an_nla_that_is_off_or_solo_is_told(self, character):
        character.shapes[0].animation_data_create().use_nla = False
        assert any("switched off" in note for note in mapped(character).notes)


def test_driven_keys_are_left_out_and_named():
    character = whole(own_characters.mpfb())
    character.meshes[0].data.shape_keys.key_blocks["jawOpen"].driver_add("value").driver.expression = "0.25"
    character.armature.pose.bones["eye.L"].driver_add("rotation_quaternion", 1)
    done = mapped(character)
    assert any("Drivers move jawOpen, eye.L" in note for note in done.notes)
    assert not any(
        "jawOpen" in curve.data_path for curve in version_adapter.curves_in_use(character.meshes[0].data.shape_keys)
    )
    with pytest.raises(ValueError, match="Drivers move jawOpen"):
        animate(character, [Row("jawOpen", KEY, "jawOpen")], performance(), bpy.context.scene, "shot")


def test_rows_for_another_character_are_named():
    character = whole(own_characters.vrm())
    usable = usable_rows(character, [Row("Fcl_MTH_A", KEY, "viseme.aa"), Row("jawOpen", KEY, "jawOpen")])
    assert [row.target for row in usable.rows] == ["Fcl_MTH_A"]
    assert usable.notes == ("Not on this character: jawOpen.",)


def test_eye_bones_rest_when_the_eye_keys_turn_the_eyeballs():
    armature = own_characters.mpfb()
    eyes = own_characters.make_mesh("Human.eyes", ("eyeLookUpLeft", "eyeLookDownLeft"), armature)
    eyes.vertex_groups.new(name="eye.L").add([0, 1], 1.0, "REPLACE")
    character = whole(armature)
    assert parts.eyes_turn_by_keys(character)
    eyes.vertex_groups.clear()
    assert not parts.eyes_turn_by_keys(character)


def test_a_mesh_without_bones_is_a_character_too():
    face = own_characters.make_mesh("Face", ("jawOpen", "mouthClose"))
    done = mapped(whole(face))
    assert done.controls == ('The NLA track "shot" moves 2 face keys of Face.',)
    assert character_of(bpy.data.objects.new("empty", None), bpy.context.scene) is None


class TestFromALibrary:
    """A character of another file."""

    @pytest.fixture
    def library(self, tmp_path) -> Path:
        armature = own_characters.mpfb()
        collection = bpy.data.collections.new("Human")
        bpy.context.scene.collection.children.link(collection)
        for item in (armature, *armature.children):
            bpy.context.scene.collection.objects.unlink(item)
            collection.objects.link(item)
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "library.blend"))
        bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
        with bpy.data.libraries.load(str(tmp_path / "library.blend"), link=True) as (_, wanted):
            wanted.collections = ["Human"]
        return tmp_path

    def test_linked_it_is_refused_with_the_way_out(self, library):
        bpy.context.scene.collection.children.link(bpy.data.collections["Human"])
        character = whole(bpy.data.objects["Human"])
        with pytest.raises(ValueError, match="make a library override"):
            mapped(character)

    def test_an_override_with_linked_meshes_is_refused_too(self, library):
        self.overridden(meshes=False)
        with pytest.raises(ValueError, match=r"face keys of .* are linked"):
            mapped(whole(bpy.context.scene.objects["Human"]))

    def test_an_overridden_one_is_animated_and_stays_so_in_the_file(self, library):
        self.overridden(meshes=True)
        character = whole(bpy.context.scene.objects["Human"])
        mapped(character)
        show(5)
        before = character.armature.pose.bones["head"].matrix_basis.copy()
        assert before.to_quaternion().angle > 0.1
        bpy.ops.wm.save_as_mainfile(filepath=str(library / "own.blend"))
        bpy.ops.wm.open_mainfile(filepath=str(library / "own.blend"))
        character = whole(bpy.context.scene.objects["Human"])
        show(5)
        np.testing.assert_allclose(character.armature.pose.bones["head"].matrix_basis, before, atol=1e-6)
        value = character.shapes[0].key_blocks["jawOpen"].value
        assert value == pytest.approx(performance().face[4, ARKIT_INDEX["jawOpen"]], abs=1e-6)

    def overridden(self, meshes: bool) -> None:
        scene = bpy.context.scene
        scene.collection.children.link(bpy.data.collections["Human"])
        root = bpy.data.collections["Human"].override_hierarchy_create(
            scene, bpy.context.view_layer, do_fully_editable=True
        )
        scene.collection.children.unlink(next(item for item in scene.collection.children if item.library))
        for item in root.all_objects:
            if meshes and item.type == "MESH":
                item.data = item.data.override_create()
