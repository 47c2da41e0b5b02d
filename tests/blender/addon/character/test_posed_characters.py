"""Characters in a T-pose and an A-pose in Blender: arms, fingers and trunk go where the performance has them, on a track
of their own, and what the artist has animated stays."""

from __future__ import annotations

import bpy
import numpy as np
import own_characters
import pytest
from mathutils import Euler, Matrix
from posed_characters import a_pose, blender_bones, performance, t_pose, turns_of, with_arms

from blender_addon import version_adapter
from blender_addon.axes import TO_BLENDER
from blender_addon.character import mapping, trying
from blender_addon.character.animate import animate
from blender_addon.character.matching import auto_match
from blender_addon.character.parts import Character, character_of
from blender_addon.character.presets import mixamo, unreal
from blender_addon.character.props import rows_of, table_of
from blender_addon.core.performance import Performance
from blender_addon.core.skeleton import PARENTS

POSES = {"T": t_pose, "A": a_pose}
PLACED = {
    "as it is": Matrix.Identity(4),
    "turned and scaled": Matrix.Translation((1, 2, 3))
    @ Euler((0.4, -0.3, 2.0)).to_matrix().to_4x4()
    @ Matrix.Scale(0.4, 4),
}
DOWN, UP, FORWARD = (0, -1, 0), (0, 1, 0), (0, 0, 1)


def names_of(family) -> dict[str, str]:
    """Joint -> the bone's name in a family with three bones in the spine."""
    called = {f"spine{place}": name for place, name in enumerate(family.BONES["spine"][:3], 1)} | {"pelvis": "Hips"}
    return called | {role: names[0] for role, names in family.BONES.items() if role in PARENTS} | {
        eye: family.BONES.get(eye, (eye,))[0] for eye in ("left_eye", "right_eye")
    }  # fmt: skip


def character_in(pose: str, family=mixamo, matrix: Matrix = PLACED["as it is"], without=()) -> Character:
    armature = own_characters.make_armature("Rig", blender_bones(POSES[pose](), names_of(family), without=without))
    armature.matrix_world = matrix
    bpy.context.view_layer.update()
    character = character_of(armature, bpy.context.scene)
    assert character is not None
    return character


def played(character: Character, motion: Performance):
    rows = auto_match([], character.bone_names).rows
    done = animate(character, rows, motion, bpy.context.scene, "shot")
    bpy.context.scene.frame_set(2)
    return done


def way(character: Character, start: str, end: str) -> np.ndarray:
    """(3,) the direction between two bones' heads, as the character itself stands, in Garrick's space."""
    evaluated = character.armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
    places = [np.array(evaluated.matrix_world @ evaluated.pose.bones[name].head) for name in (start, end)]
    turn = np.array(evaluated.matrix_world.to_3x3().normalized())
    vector = TO_BLENDER.T @ turn.T @ (places[1] - places[0])
    return vector / np.linalg.norm(vector)


def assert_points(found: np.ndarray, wanted: object) -> None:
    cosine = found @ np.asarray(wanted, float) / np.linalg.norm(wanted)
    assert np.degrees(np.arccos(np.clip(cosine, -1, 1))) < 1.0, f"{found} is not {wanted}"


@pytest.mark.parametrize("placed", PLACED)
@pytest.mark.parametrize("pose", POSES)
@pytest.mark.parametrize("family", [mixamo, unreal])
def test_hanging_raised_and_bent_arms_point_the_same_way(family, pose, placed):
    character = character_in(pose, family, PLACED[placed])
    hang, up = -np.pi / 2, np.pi / 2
    played(
        character,
        with_arms({"left_shoulder": (0, 0, hang), "right_shoulder": (0, 0, -up), "right_elbow": (0, up, 0)}),
    )
    bones = names_of(family)
    assert_points(way(character, bones["left_shoulder"], bones["left_elbow"]), DOWN)
    assert_points(way(character, bones["left_elbow"], bones["left_wrist"]), DOWN)
    assert_points(way(character, bones["right_shoulder"], bones["right_elbow"]), UP)
    assert_points(way(character, bones["right_elbow"], bones["right_wrist"]), FORWARD)
    assert_points(way(character, bones["right_wrist"], bones["right_middle1"]), FORWARD)


@pytest.mark.parametrize("pose", POSES)
def test_any_pose_points_the_same_way(pose):
    character = character_in(pose, matrix=PLACED["turned and scaled"])
    motion = performance()
    played(character, motion)
    bones, wanted = names_of(mixamo), turns_of(motion)
    for frame in (0, 4):
        bpy.context.scene.frame_set(1 + frame)
        for side, sign in (("left", 1), ("right", -1)):
            for joint, after in (
                ("shoulder", "elbow"),
                ("elbow", "wrist"),
                ("wrist", "middle1"),
                ("middle2", "middle3"),
            ):
                found = way(character, bones[f"{side}_{joint}"], bones[f"{side}_{after}"])
                assert_points(found, wanted[f"{side}_{joint}"][frame] @ (sign, 0, 0))


@pytest.mark.parametrize("pose", POSES)
def test_fingers_bend_towards_the_palm(pose):
    character = character_in(pose)
    curl = {
        f"{side}_index{knuckle}": (0, 0, -sign * 0.8)
        for side, sign in (("left", 1), ("right", -1))
        for knuckle in (1, 2)
    }
    played(character, with_arms(curl | {"left_shoulder": (0, 0, 0.01), "right_shoulder": (0, 0, 0.01)}))
    bones = names_of(mixamo)
    for side, sign in (("left", 1), ("right", -1)):
        first = way(character, bones[f"{side}_index1"], bones[f"{side}_index2"])
        second = way(character, bones[f"{side}_index2"], bones[f"{side}_index3"])
        assert -0.8 < first[1] < -0.6, "the palm looks down, and the finger bends that way"
        assert second[1] < -0.98
        assert first[0] * sign > 0.5
        assert abs(way(character, bones[f"{side}_ring1"], bones[f"{side}_ring2"])[1]) < 0.02


def test_other_bones_stay_and_rotation_modes_are_kept():
    character = character_in("A")
    for bone in character.armature.pose.bones:
        bone.rotation_mode = "XYZ"
    before = {bone.name: bone.matrix_basis.copy() for bone in character.armature.pose.bones}
    played(character, with_arms({"left_elbow": (0, -1.2, 0)}))
    bones = names_of(mixamo)
    turned = {bones[f"left_{joint}"] for joint in ("collar", "shoulder", "elbow", "wrist")}
    for bone in character.armature.pose.bones:
        assert bone.rotation_mode == "XYZ"
        if bone.name not in turned:
            np.testing.assert_allclose(bone.matrix_basis, before[bone.name], atol=1e-6)
    assert_points(way(character, bones["left_elbow"], bones["left_wrist"]), (np.cos(1.2), 0, np.sin(1.2)))


def test_a_missing_collar_leaves_the_arm_where_it_should_be():
    character = character_in("A", without=("left_collar", "right_collar"))
    played(character, with_arms({"left_collar": (0, 0, 0.2), "left_shoulder": (0, 0, -1.0)}))
    bones = names_of(mixamo)
    assert_points(way(character, bones["left_shoulder"], bones["left_elbow"]), (np.cos(0.8), -np.sin(0.8), 0))


def test_the_arms_pose_shows_hanging_raised_and_fist():
    character = character_in("A")
    trying.take(character, auto_match([], character.bone_names).rows, trying.performance_of("ARMS"), "AUTO", "")
    bpy.context.view_layer.update()
    bones = names_of(mixamo)
    assert_points(way(character, bones["left_shoulder"], bones["left_elbow"]), DOWN)
    assert_points(way(character, bones["right_elbow"], bones["right_wrist"]), UP)
    assert way(character, bones["right_index2"], bones["right_index3"]) @ UP < -0.5


@pytest.mark.usefixtures("addon")
class TestGroups:
    """Body and hands leave what the artist has animated, unless they are asked not to."""

    @pytest.fixture
    def character(self) -> Character:
        character = character_in("A")
        bpy.context.view_layer.objects.active = character.armature
        return character

    def key(self, character: Character, joint: str) -> str:
        name = names_of(mixamo)[joint]
        bone = character.armature.pose.bones[name]
        bone.rotation_mode = "QUATERNION"
        bone.rotation_quaternion = Euler((0.3, 0.2, 0.1)).to_quaternion()
        bone.keyframe_insert("rotation_quaternion", frame=1)
        return name

    def table(self, character: Character):
        return table_of(bpy.context.scene, character.armature)

    def test_all_are_on_where_nothing_is_animated(self, character):
        bpy.ops.garrick.map_character()
        table = self.table(character)
        assert table.use_body
        assert table.use_hands
        assert all(row.enabled for row in rows_of(table))

    @pytest.mark.parametrize(("joint", "group"), [("left_elbow", "body"), ("right_ring2", "hands")])
    def test_an_animated_group_is_off_and_stays_as_it_is(self, character, joint, group, tmp_path):
        name = self.key(character, joint)
        bpy.ops.garrick.map_character()
        table = self.table(character)
        assert {part for part in ("body", "hands") if not getattr(table, f"use_{part}")} == {group}
        path = tmp_path / "take.npz"
        performance().save(path)
        before = character.armature.pose.bones[name].rotation_quaternion.copy()
        assert bpy.ops.garrick.animate_character_from_file(filepath=str(path)) == {"FINISHED"}
        tracks = character.armature.animation_data.nla_tracks
        assert len(tracks) == 1
        strip = tracks[0].strips[0]
        curves = version_adapter.curves_of_action(strip.action, getattr(strip, "action_slot", None))
        groups = {"body": "Body", "hands": "Hands"}
        assert {curve.group.name for curve in curves} == {"Head", "Eyes", *groups.values()} - {groups[group]}
        bpy.context.scene.frame_set(3)
        assert character.armature.pose.bones[name].rotation_quaternion == before
        setattr(table, f"use_{group}", True)
        table.push_down = True
        bpy.ops.garrick.animate_character_from_file(filepath=str(path))
        bpy.context.scene.frame_set(3)
        assert character.armature.pose.bones[name].rotation_quaternion != before

    def test_mapping_again_keeps_what_was_chosen(self, character, tmp_path):
        bpy.ops.garrick.map_character()
        performance().save(tmp_path / "take.npz")
        bpy.ops.garrick.animate_character_from_file(filepath=str(tmp_path / "take.npz"))
        self.table(character).use_hands = False
        bpy.ops.garrick.map_character()
        assert self.table(character).use_body, "what moves it now is a performance"
        assert not self.table(character).use_hands

    def test_a_loaded_mapping_spares_the_animation_too(self, character, tmp_path):
        rows = auto_match([], character.bone_names).rows
        (tmp_path / "mapping.json").write_text(mapping.to_json(rows))
        self.key(character, "spine2")
        bpy.ops.garrick.load_mapping(filepath=str(tmp_path / "mapping.json"))
        table = self.table(character)
        assert not table.use_body
        assert {row.source.partition(".")[0] for row in rows_of(table) if not row.enabled} == {"body_pose"}
        bpy.ops.garrick.save_mapping(filepath=str(tmp_path / "again.json"))
        assert all(row.enabled for row in mapping.from_json((tmp_path / "again.json").read_text()))

    def test_a_row_is_tried_alone(self, character):
        bpy.ops.garrick.map_character()
        bones, table = names_of(mixamo), self.table(character)
        table.active_row = next(row for row, item in enumerate(table.rows) if item.source == "body_pose.left_elbow")
        upper = way(character, bones["left_shoulder"], bones["left_elbow"])
        bpy.ops.garrick.test_pose(expression=trying.ROW)
        bpy.context.view_layer.update()
        assert_points(way(character, bones["left_shoulder"], bones["left_elbow"]), upper)
        turned = {bone.name for bone in character.armature.pose.bones if bone.matrix_basis != Matrix.Identity(4)}
        assert turned == {bones["left_elbow"]}

    def test_one_undo_gives_the_pose_back(self, character, tmp_path):
        performance().save(tmp_path / "take.npz")
        bpy.ops.garrick.map_character()
        bpy.ops.ed.undo_push(message="before")
        bpy.ops.garrick.animate_character_from_file(filepath=str(tmp_path / "take.npz"))
        bpy.ops.ed.undo_push(message="animate")
        bpy.ops.ed.undo()
        assert bpy.data.objects["Rig"].animation_data is None
