"""Generated Rigify rigs: arms, fingers, trunk and head go where the performance has them, however the rig is switched, and
the artist's own animation is all there again when the track is muted."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest
import rigify_rigs
from mathutils import Euler, Matrix
from posed_characters import performance, turns_of, with_arms

from blender_addon import version_adapter
from blender_addon.axes import TO_BLENDER
from blender_addon.character import switches
from blender_addon.character.animate import Animated, animate
from blender_addon.character.matching import auto_match
from blender_addon.character.parts import Character
from blender_addon.character.presets import rigify
from blender_addon.character.props import rows_of, table_of
from blender_addon.core.performance import Performance
from blender_addon.core.rotation import axis_angles, rotation_matrices

RESTS = {"as the metarig": None, "T": 0.0, "A": 0.8}
PLACED = Matrix.Translation((1, 2, 3)) @ Euler((0.4, -0.3, 2.0)).to_matrix().to_4x4() @ Matrix.Scale(0.4, 4)
SIDES = (("left", "L", 1), ("right", "R", -1))
CHAIN = (
    ("shoulder", "upper_arm", "forearm"), ("elbow", "forearm", "hand"), ("wrist", "hand", "f_middle.01"),
    ("middle2", "f_middle.02", "f_middle.03"),
)  # fmt: skip
"""Joint, and the deform bones at whose heads its own bone begins and ends."""

FIST = {
    f"{side}_{finger}{number}": (0, 0, -sign * 1.4)
    for side, _, sign in SIDES for finger in ("index", "middle", "ring", "pinky") for number in (1, 2, 3)
}  # fmt: skip


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Path:
    """A folder where each rig is kept, so that it is generated once."""
    return tmp_path_factory.mktemp("rigify")


@pytest.fixture
def character(kept) -> Character:
    """With the arms as the metarig has them."""
    return character_in(kept, "as the metarig")


def character_in(kept: Path, rest: str) -> Character:
    return rigify_rigs.rig_in(kept, rigify_rigs.ARMS, RESTS[rest])


def played(character: Character, motion: Performance, name: str = "shot") -> Animated:
    rows = auto_match([], character.bone_names).rows
    return animate(character, rows, motion, bpy.context.scene, name)


def places(character: Character, frame: int) -> dict[str, np.ndarray]:
    """Bone -> (3,) where it begins, as the character itself stands, in Garrick's space."""
    bpy.context.scene.frame_set(frame)
    pose = character.armature.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose
    return {bone.name: TO_BLENDER.T @ np.array(bone.head) for bone in pose.bones}


def turn(character: Character, bone: str) -> np.ndarray:
    """(3, 3) how far a bone, with all above it, is turned from its rest, in Garrick's space."""
    posed = character.armature.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose.bones[bone]
    rest = np.array(posed.bone.matrix_local.to_3x3())
    own = np.array(posed.matrix.to_3x3().normalized())
    return TO_BLENDER.T @ own @ rest.T @ TO_BLENDER


def assert_plays(character: Character, motion: Performance, frames=(1, 4)) -> None:
    """Deform bones point where the performance's own do."""
    wanted = turns_of(motion)
    for frame in frames:
        at = places(character, frame)
        for side, letter, sign in SIDES:
            for joint, start, end in CHAIN:
                way = at[f"DEF-{end}.{letter}"] - at[f"DEF-{start}.{letter}"]
                cosine = way @ wanted[f"{side}_{joint}"][frame - 1] @ (sign, 0, 0) / np.linalg.norm(way)
                assert np.degrees(np.arccos(min(cosine, 1.0))) < 0.5, (side, joint, frame)
            knuckles = [at[f"DEF-f_{finger}.01.{letter}"] for finger in ("index", "pinky", "middle")]
            back = sign * np.cross(knuckles[0] - knuckles[1], knuckles[2] - at[f"DEF-hand.{letter}"])
            cosine = back @ wanted[f"{side}_wrist"][frame - 1] @ (0, 1, 0) / np.linalg.norm(back)
            assert np.degrees(np.arccos(min(cosine, 1.0))) < 3.0, "knuckles of another hand"
        chest, neck, head = (wanted[joint][frame - 1] for joint in ("spine3", "neck", "head"))
        np.testing.assert_allclose(turn(character, "DEF-spine.003"), chest, atol=2e-3)
        np.testing.assert_allclose(turn(character, "DEF-spine.006"), head, atol=2e-3)
        shared = neck @ rotation_matrices(rigify.SHARES["neck"] * axis_angles(neck.T @ head))
        np.testing.assert_allclose(turn(character, "neck"), shared, atol=2e-3)


@pytest.mark.parametrize("rest", RESTS)
def test_any_pose_is_the_performances_however_the_arms_rest(kept, rest):
    character = character_in(kept, rest)
    motion = performance()
    played(character, motion)
    assert_plays(character, motion)


@pytest.mark.parametrize("rest", ["T", "A"])
def test_hanging_arms_and_fists(kept, rest):
    character = character_in(kept, rest)
    motion = with_arms(FIST | {"left_shoulder": (0, 0, -1.5), "right_shoulder": (0, 0, 1.5)})
    played(character, motion)
    assert_plays(character, motion, frames=(1,))
    at = places(character, 1)
    assert (at["DEF-hand.L"] - at["DEF-upper_arm.L"])[1] < -0.4, "metres downwards"
    assert (at["DEF-f_index.03.L"] - at["DEF-f_index.02.L"]) @ (at["DEF-hand.L"] - at["DEF-forearm.L"]) < 0


def test_a_rig_that_is_turned_scaled_and_switched_otherwise_plays_the_same(character):
    rig = character.armature
    rig.matrix_world = PLACED
    bones = rig.pose.bones
    bones["torso"]["head_follow"], bones["torso"]["neck_follow"] = 1.0, 0.0
    for _, letter, _ in SIDES:
        bones[f"upper_arm_parent.{letter}"]["FK_limb_follow"] = 1.0
        bones[f"f_index.01_master.{letter}"].scale = (1, 0.5, 1)
        bones[f"palm.{letter}"].rotation_euler = (0.3, 0, 0.2)
    bones["f_middle.01_ik.L"]["FK_IK"], bones["f_middle.01_ik.L"].location = 1.0, (0, -0.03, 0.03)
    bpy.context.view_layer.update()
    motion = performance()
    played(character, motion)
    assert_plays(character, motion)


def test_the_torso_carries_the_whole_performance(character):
    character.armature.pose.bones["torso"].rotation_quaternion = Euler((0.2, 0.5, -0.1)).to_quaternion()
    played(character, performance())
    at = places(character, 3)
    own = turn(character, "torso")
    wanted = turns_of(performance())
    upper = at["DEF-forearm.L"] - at["DEF-upper_arm.L"]
    np.testing.assert_allclose(upper / np.linalg.norm(upper), own @ wanted["left_shoulder"][2] @ (1, 0, 0), atol=5e-3)
    np.testing.assert_allclose(turn(character, "DEF-spine.006"), own @ wanted["head"][2], atol=5e-3)


def test_an_arm_that_the_performance_leaves_is_not_switched(character):
    played(character, with_arms({"left_elbow": (0, -1.0, 0)}))
    keyed = {curve.data_path for curve in version_adapter.curves_in_use(character.armature)}
    assert 'pose.bones["upper_arm_parent.L"]["IK_FK"]' in keyed
    assert not [path for path in keyed if ".R" in path]


class TestAnArtistsAnimation:
    """Hands on IK and fingers curled by their masters, as most animate them."""

    @pytest.fixture
    def animated(self, character) -> Character:
        bones = character.armature.pose.bones
        for frame, up in ((1, 0.0), (4, 0.3), (20, 0.1)):
            for name, attribute, value in (
                ("hand_ik.L", "location", (0, up, up)),
                ("f_index.01_master.L", "scale", (1, 1 - up, 1)),
            ):
                setattr(bones[name], attribute, value)
                bones[name].keyframe_insert(attribute, frame=frame)
        return character

    def seen(self, character: Character) -> list[np.ndarray]:
        return [
            places(character, frame)[bone] for frame in (2, 5, 12, 30) for bone in ("DEF-hand.L", "DEF-f_index.03.L")
        ]

    @pytest.mark.parametrize("push_down", [False, True])
    def test_it_comes_back_with_the_muted_track_and_goes_on_after_the_clip(self, animated, push_down):
        if not push_down:  # an Action on top hides what it keys too
            animated.armature.pose.bones["f_index.01_master.L"].keyframe_delete("scale", frame=4)
        before = self.seen(animated)
        rows = auto_match([], animated.bone_names).rows
        animate(animated, rows, performance(), bpy.context.scene, "shot", push_down=push_down)
        assert_plays(animated, performance(), frames=(2, 5))
        after = places(animated, 30)
        np.testing.assert_allclose(after["DEF-hand.L"], before[-2], atol=1e-4)
        animated.armature.animation_data.nla_tracks["shot"].mute = True
        np.testing.assert_allclose(self.seen(animated), before, atol=1e-4)
        animated.armature.animation_data.nla_tracks["shot"].mute = False
        assert_plays(animated, performance(), frames=(2, 5))

    def test_a_second_performance_plays_above_and_the_switches_are_kept_once(self, animated):
        before = self.seen(animated)
        rows = auto_match([], animated.bone_names).rows
        for seed in (3, 8):
            animate(animated, rows, performance(seed), bpy.context.scene, f"take {seed}", push_down=True)
        assert_plays(animated, performance(8), frames=(2, 5))
        tracks = animated.armature.animation_data.nla_tracks
        assert [track.name for track in tracks][1:] == ["take 3: as it was", "take 3", "take 8"]
        tracks["take 8"].mute = True
        assert_plays(animated, performance(3), frames=(2, 5))
        tracks["take 3"].mute = True
        np.testing.assert_allclose(self.seen(animated), before, atol=1e-4)

    def test_an_action_that_switches_to_ik_is_told_to_hide_the_arms(self, animated):
        parent = animated.armature.pose.bones["upper_arm_parent.L"]
        parent.keyframe_insert('["IK_FK"]', frame=1)
        before = self.seen(animated)[0]
        done = played(animated, performance())
        assert any("hides them" in note for note in done.notes)
        np.testing.assert_allclose(places(animated, 2)["DEF-hand.L"], before, atol=1e-4)

    @pytest.mark.usefixtures("addon")
    def test_body_and_hands_are_off_at_first(self, animated, tmp_path):
        bpy.ops.garrick.map_character()
        table = table_of(bpy.context.scene, animated.armature)
        assert not table.use_body
        assert not table.use_hands
        assert table.use_head
        assert any(row.source == "body_pose.left_wrist" for row in rows_of(table))
        performance().save(tmp_path / "take.npz")
        before = self.seen(animated)
        bpy.ops.garrick.animate_character_from_file(filepath=str(tmp_path / "take.npz"))
        np.testing.assert_allclose(self.seen(animated), before, atol=1e-4)

    @pytest.mark.usefixtures("addon")
    def test_one_undo_takes_all_of_it_back(self, animated, tmp_path):
        performance().save(tmp_path / "take.npz")
        bpy.ops.garrick.map_character()
        table = table_of(bpy.context.scene, animated.armature)
        table.use_body = table.use_hands = True
        name = animated.armature.name
        bpy.ops.ed.undo_push(message="before")
        bpy.ops.garrick.animate_character_from_file(filepath=str(tmp_path / "take.npz"))
        bpy.ops.ed.undo_push(message="animate")
        bpy.ops.ed.undo()
        data = bpy.data.objects[name].animation_data
        assert not data.nla_tracks
        assert bpy.data.objects[name].pose.bones["upper_arm_parent.L"]["IK_FK"] == 0.0


@pytest.mark.usefixtures("addon")
def test_a_test_pose_switches_and_its_end_switches_back(character):
    bpy.ops.garrick.map_character()
    rig = character.armature
    rig.pose.bones["f_index.01_master.R"].scale = (1, 0.7, 1)
    before, was = places(character, 1), switches.switch_values(rig)
    bpy.ops.garrick.test_pose(expression="ARMS")
    at = places(character, 1)
    up = at["DEF-hand.R"] - at["DEF-forearm.R"]
    assert up[1] > 0.99 * np.linalg.norm(up)
    bpy.ops.garrick.clear_test_pose()
    assert switches.switch_values(rig) == was
    after = places(character, 1)
    for bone in ("DEF-hand.R", "DEF-f_index.03.R", "DEF-hand.L"):
        np.testing.assert_allclose(after[bone], before[bone], atol=1e-5)
