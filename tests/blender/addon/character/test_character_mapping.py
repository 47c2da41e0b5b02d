"""blender_addon/character without Blender: names recognised, faces seen as visemes, tables saved and read again."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from blender_addon.character import mapping
from blender_addon.character.limbs import Bone
from blender_addon.character.mapping import AIM, JAW, KEY, MOVE, TURN, Row
from blender_addon.character.matching import auto_match
from blender_addon.character.motion import apply
from blender_addon.character.names import plain
from blender_addon.character.presets import BONE_FAMILIES, KEY_FAMILIES, rigify
from blender_addon.core.arkit import ARKIT_INDEX, ARKIT_NAMES
from blender_addon.core.oculus_visemes import VISEMES, face_of, viseme_weights
from blender_addon.core.performance import Performance
from blender_addon.core.retarget import mapping_text


def snake(name: str) -> str:
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)


def short_side(name: str) -> str:
    return name.replace("Left", "_L").replace("Right", "_R") if name.endswith(("Left", "Right")) else name


SPELLINGS = {
    "camel": lambda name: name,
    "Pascal": lambda name: name[0].upper() + name[1:],
    "snake": snake,
    "side letter": short_side,
    "Blender side": lambda name: short_side(name).replace("_L", ".L").replace("_R", ".R"),
    "prefixed": lambda name: f"blendShape1.{name}",
    "ARKit_": lambda name: f"ARKit_{name}",
    "copy": lambda name: f"{name}.001",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_arkit_name_is_found_in_every_spelling(spelling):
    keys = [SPELLINGS[spelling](name) for name in ARKIT_NAMES]
    match = auto_match(keys, [])
    assert [(row.target, row.source, row.gain) for row in match.rows] == [
        (key, name, 1.0) for key, name in zip(keys, ARKIT_NAMES, strict=True)
    ]
    assert match.families == ("ARKit",)


def test_names_differ_where_movements_do():
    assert len({plain(name) for name in ARKIT_NAMES}) == len(ARKIT_NAMES)
    for family in KEY_FAMILIES:
        recipes: dict[str, object] = {}
        for name, recipe in family.KEYS.items():
            assert recipes.setdefault(plain(name), recipe) == recipe, f"{family.LABEL}: {name}"


def test_presets_name_only_sources_that_exist():
    for family in KEY_FAMILIES:
        assert {source for recipe in family.KEYS.values() for source, _ in recipe} <= set(mapping.WEIGHTS)
    assert {source for _, _, source, _ in rigify.MOVES} <= set(mapping.WEIGHTS)
    assert all("head" in family.BONES for family in BONE_FAMILIES)


def test_vrm_vowels_take_visemes_and_joined_keys_give_way_to_sided_ones():
    keys = ["Face.M_F00_Fcl_MTH_A", "Fcl_MTH_I", "Fcl_EYE_Close", "Fcl_EYE_Close_L", "Fcl_EYE_Close_R", "Fcl_ALL_Joy"]
    match = auto_match(keys, [])
    found = {row.target: row.source for row in match.rows}
    assert found == {
        "Face.M_F00_Fcl_MTH_A": "viseme.aa", "Fcl_MTH_I": "viseme.ih", "Fcl_EYE_Close_L": "eyeBlinkLeft",
        "Fcl_EYE_Close_R": "eyeBlinkRight",
    }  # fmt: skip
    assert match.unmatched == ("Fcl_EYE_Close", "Fcl_ALL_Joy")


def test_a_joined_key_takes_the_mean_of_both_sides():
    rows = auto_match(["Fcl_EYE_Close"], []).rows
    assert [(row.source, row.gain) for row in rows] == [("eyeBlinkLeft", 0.5), ("eyeBlinkRight", 0.5)]


def test_lone_letters_are_vowels_only_together():
    assert not auto_match(["A", "Weight", "Slim"], []).rows
    assert {row.source for row in auto_match(["A", "I", "U", "E", "O"], []).rows} == {
        "viseme.aa", "viseme.ih", "viseme.ou", "viseme.E", "viseme.oh"
    }  # fmt: skip


def test_fifteen_visemes_are_found_and_silence_is_left_at_rest():
    names = ("sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "ih", "oh", "ou")
    match = auto_match([f"viseme_{name}" for name in names], [])
    assert {row.source.removeprefix("viseme.") for row in match.rows} == set(VISEMES)
    assert match.unmatched == ("viseme_sil",)


def test_visemes_beside_a_whole_arkit_mouth_would_count_twice():
    match = auto_match([*ARKIT_NAMES, "viseme_aa", "A", "I", "U", "E", "O"], [])
    assert {row.target for row in match.rows} == set(ARKIT_NAMES)


def test_flame_components_are_told_of_and_not_guessed():
    match = auto_match([f"Exp{i}" for i in range(1, 101)], ["root", "neck", "jaw", "left_eye", "right_eye"])
    assert not [row for row in match.rows if row.kind == KEY]
    assert "100 keys such as Exp1 are FLAME components" in match.notes[0]
    assert "The jaw bone opens the mouth; for lips, lids and brows" in match.notes[0]
    assert "For mouth, lids and brows" in auto_match(["Exp1", "Exp2"], []).notes[0]
    assert {row.target for row in match.rows} == {"neck", "jaw", "left_eye", "right_eye"}


def test_common_words_serve_names_by_no_convention():
    keys = ["Lids shut (left)", "MOUTH OPENED", "happy", "Eyebrows_Raised", "hair_length", "open"]
    found: dict[str, list[tuple[str, float]]] = {}
    for row in auto_match(keys, []).rows:
        found.setdefault(row.target, []).append((row.source, row.gain))
    assert found["Lids shut (left)"] == [("eyeBlinkLeft", 1.0)]
    assert found["MOUTH OPENED"] == [("jawOpen", 1.0)]
    assert found["happy"] == [("mouthSmileLeft", 0.5), ("mouthSmileRight", 0.5)]
    assert "hair_length" not in found


def test_a_jaw_key_spares_the_jaw_bone_and_eye_keys_the_eye_bones():
    bones = ["head", "neck01", "neck02", "neck03", "jaw", "eye.L", "eye.R"]
    targets = {row.target for row in auto_match(["jawOpen"], bones).rows}
    assert "jaw" not in targets
    assert {"eye.L", "neck02"} <= targets
    assert "jaw" in {row.target for row in auto_match([], bones).rows}
    assert not {"eye.L", "eye.R"} & {row.target for row in auto_match([], bones, eyes_by_keys=True).rows}


def test_neck_and_head_share_one_whole_turn():
    rows = auto_match([], ["neck01", "neck02", "neck03", "head"]).rows
    assert sum(row.gain for row in rows if row.source == "head_rotation") == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("bones", "label"),
    [
        (["mixamorig:Neck", "mixamorig:Head", "mixamorig:HeadTop_End"], "Mixamo"),
        (["CC_Base_NeckTwist01", "CC_Base_Head", "CC_Base_L_Eye", "CC_Base_R_Eye", "CC_Base_JawRoot"], "Character Creator"),
        (["neckLower", "neckUpper", "head", "lowerJaw", "lEye", "rEye"], "Daz Genesis"),
        (["neck", "head", "jaw", "left_eye_smplhf", "right_eye_smplhf"], "SMPL-X"),
        (["J_Bip_C_Neck", "J_Bip_C_Head", "J_Adj_L_FaceEye", "J_Adj_R_FaceEye"], "VRM / VRoid"),
    ],
)  # fmt: skip
def test_skeletons_are_told_apart(bones, label):
    match = auto_match([], bones)
    assert match.families == (label,)
    assert {row.target for row in match.rows} == {bone for bone in bones if "Top" not in bone}


ARMS = {
    "Mixamo": ("mixamorig:Spine mixamorig:Spine1 mixamorig:Spine2", "mixamorig:LeftShoulder", "mixamorig:LeftArm",
               "mixamorig:LeftForeArm", "mixamorig:LeftHand", "mixamorig:LeftHandThumb1", "mixamorig:LeftHandPinky3"),
    "Ready Player Me": ("Spine Spine1 Spine2", "LeftShoulder", "LeftArm", "LeftForeArm", "LeftHand", "LeftHandThumb1",
                        "LeftHandPinky3"),
    "VRM / VRoid": ("J_Bip_C_Spine J_Bip_C_Chest J_Bip_C_UpperChest", "J_Bip_L_Shoulder", "J_Bip_L_UpperArm",
                    "J_Bip_L_LowerArm", "J_Bip_L_Hand", "J_Bip_L_Thumb1", "J_Bip_L_Little3"),
    "Unity humanoid": ("Spine Chest UpperChest", "LeftShoulder", "LeftUpperArm", "LeftLowerArm", "LeftHand",
                       "LeftThumbProximal", "LeftLittleDistal"),
    "VRM humanoid": ("spine chest upperChest", "leftShoulder", "leftUpperArm", "leftLowerArm", "leftHand",
                     "leftThumbMetacarpal", "leftLittleDistal"),
    "MPFB / MakeHuman": ("spine05 spine04 spine03 spine02 spine01", "clavicle.L", "upperarm01.L", "lowerarm01.L", "wrist.L",
                         "finger1-1.L", "finger5-3.L"),
    "Character Creator": ("CC_Base_Waist CC_Base_Spine01 CC_Base_Spine02", "CC_Base_L_Clavicle", "CC_Base_L_Upperarm",
                          "CC_Base_L_Forearm", "CC_Base_L_Hand", "CC_Base_L_Thumb1", "CC_Base_L_Pinky3"),
    "Unreal mannequin": ("spine_01 spine_02 spine_03 spine_04 spine_05", "clavicle_l", "upperarm_l", "lowerarm_l", "hand_l",
                         "thumb_01_l", "pinky_03_l"),
    "Rigify bones": ("spine.001 spine.002 spine.003", "shoulder.L", "upper_arm.L", "forearm.L", "hand.L", "thumb.01.L",
                     "f_pinky.03.L"),
    "SMPL-X": ("spine1 spine2 spine3", "left_collar", "left_shoulder", "left_elbow", "left_wrist", "left_thumb1",
               "left_pinky3"),
}  # fmt: skip
"""Label of a family -> its spine from below, collar, upper arm, forearm, hand, thumb's first bone, little finger's last."""
HEADS = {
    "Mixamo": "mixamorig:Head", "VRM / VRoid": "J_Bip_C_Head", "Character Creator": "CC_Base_Head",
    "Rigify bones": "spine.006", "MPFB / MakeHuman": "head", "Unreal mannequin": "head", "SMPL-X": "head",
    "VRM humanoid": "head",
}  # fmt: skip
LIMBS = ("collar", "shoulder", "elbow", "wrist")


@pytest.mark.parametrize("label", ARMS)
def test_trunk_arms_and_fingers_of_every_family_are_recognised(label):
    spine, *left = ARMS[label]
    other = {"_L_": "_R_", ".L": ".R", "Left": "Right", "left": "right"}
    swaps = {old: new for old, new in other.items() if any(old in name for name in left)} or {"_l": "_r"}
    right = [next(name.replace(old, new) for old, new in swaps.items() if old in name) for name in left]
    bones = ["root", *spine.split(), HEADS.get(label, "Head"), *left, *right]
    match = auto_match([], bones)
    assert match.families == (label,)
    taken = {row.source: row.target for row in match.rows if not row.source.startswith("body_pose.spine")}
    for side, names in (("left", left), ("right", right)):
        assert [taken[f"body_pose.{side}_{joint}"] for joint in LIMBS] == names[:4]
        assert [taken[f"{side}_hand.{place}"] for place in (12, 8)] == names[4:], (
            "the thumb's first, the little finger's last"
        )
    shares: dict[str, float] = {}
    for row in match.rows:
        shares[row.source] = shares.get(row.source, 0.0) + row.gain
    assert [shares[f"body_pose.spine{joint}"] for joint in (1, 2, 3)] == pytest.approx([1.0, 1.0, 1.0])
    order = [row.target for row in match.rows if row.source.startswith("body_pose.spine")]
    assert list(dict.fromkeys(order)) == spine.split(), "from below upwards"
    assert "root" not in taken.values()


def test_deform_bones_of_rigify_are_recognised_alone_and_left_to_the_controls_where_there_are_any():
    deforming = ["DEF-spine.001", "DEF-spine.006", "DEF-upper_arm.L", "DEF-f_index.02.L", "DEF-upper_arm.L.001"]
    assert [row.target for row in auto_match([], deforming).rows if row.target == deforming[-1]] == []
    assert {row.target for row in auto_match([], deforming).rows} == set(deforming[:-1])
    assert not [row for row in auto_match([], ["spine", "head"]).rows if row.target == "spine"], "that is the hips"
    controls = ["torso", "chest", "neck", "head", "shoulder.L", "upper_arm_fk.L", "hand_fk.L", "f_index.01.L"]
    match = auto_match(
        [], [*deforming, *controls, "upper_arm_ik.L", "hand_ik.L", "f_index.01_master.L", "spine_fk.002"]
    )
    assert match.families == ("Rigify",)
    assert {row.target for row in match.rows} == set(controls) - {"torso"}


@pytest.mark.parametrize(
    ("face", "middle"), [(["master_eye.L"], "master_eye.L"), (["eye_master.L", "DEF-eye_master.L"], "DEF-eye_master.L")]
)
def test_either_face_of_rigify_is_known_and_the_eyes_of_any_other(face, middle):
    body = ["torso", "upper_arm_fk.L", "head"]
    match = auto_match([], ["head", "eye.L", *face, "jaw_master"])
    assert [(row.target, row.pivot) for row in match.rows if row.kind == AIM] == [("eye.L", middle)]
    by_keys = auto_match([], ["head", "eye.L", *face, "jaw_master"], eyes_by_keys=True)
    assert {row.target for row in by_keys.rows} == {"head", "jaw_master"}
    assert [row.target for row in match.rows if row.source == JAW] == ["jaw_master"]
    match = auto_match(["jawOpen"], [*body, "eye.L", "eye.R", "ORG-eye.L", "jaw"])
    turned = {row.target: row.source for row in match.rows if row.kind == TURN}
    assert turned["eye.L"] == "gaze.left"
    assert "jaw" not in turned, "its shape key opens the mouth"


def test_a_mix_of_visemes_is_found_again():
    rng = np.random.default_rng(4)
    names = ("aa", "ou", "ih", "PP")
    mix = rng.uniform(0, 0.5, (40, 4)) * (rng.uniform(size=(40, 4)) > 0.5)
    face = mix @ np.array([face_of(name) for name in names])
    np.testing.assert_allclose(viseme_weights(face, names), mix, atol=1e-3)


def test_the_nearest_mix_is_one_that_no_change_betters():
    face = np.random.default_rng(5).uniform(0, 0.6, (20, 52))
    weights = viseme_weights(face, VISEMES)
    shapes = np.array([face_of(name) for name in VISEMES], np.float64)
    used = np.flatnonzero(shapes.any(axis=0))
    seen = face.copy()
    seen[:, ARKIT_INDEX["jawOpen"]] = np.maximum(
        0, seen[:, ARKIT_INDEX["jawOpen"]] - seen[:, ARKIT_INDEX["mouthClose"]]
    )
    slope = (weights @ shapes[:, used] - seen[:, used]) @ shapes[:, used].T
    inside = (weights > 1e-6) & (weights < 1 - 1e-6)
    assert np.abs(slope[inside]).max() < 0.02
    assert slope[weights <= 1e-6].min() > -0.02


def test_closed_lips_over_an_open_jaw_are_closed():
    face = np.zeros((1, 52))
    face[0, [ARKIT_INDEX["jawOpen"], ARKIT_INDEX["mouthClose"]]] = 0.5
    assert viseme_weights(face, ("aa", "oh")).max() < 0.01


def test_tables_come_back_as_they_went():
    rows = [
        Row("Mund auf", KEY, "jawOpen", 1.3), Row("head", TURN, "head_rotation", 0.6, "", False),
        Row("eye.L", AIM, "gaze.left", 1.0, "master_eye.L"), Row("lid", MOVE, "eyeBlinkLeft", -0.2, "lid2"),
    ]  # fmt: skip
    assert mapping.from_json(mapping.to_json(rows)) == rows


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello", "not readable JSON"),
        ("[" * 100_000, "not readable JSON"),
        ("[]", "not a mapping"),
        ('{"garrick_mapping": 9}', "newer Garrick"),
        ('{"garrick_mapping": 1}', "no rows"),
        ('{"garrick_mapping": 1, "rows": [3]}', "Row 1"),
        (
            '{"garrick_mapping": 1, "rows": [{"target": "a", "kind": "KEY", "source": "jawOpen", "gain": 1e999}]}',
            "Row 1",
        ),
        ('{"garrick_mapping": 1, "rows": [{"target": "a", "kind": "EVAL", "source": "jawOpen"}]}', "Row 1"),
        ('{"garrick_mapping": 1, "rows": [{"target": 1, "kind": "KEY", "source": "jawOpen"}]}', "Row 1"),
    ],
)
def test_other_files_are_refused_in_a_sentence(text, message):
    with pytest.raises(ValueError, match=message):
        mapping.from_json(text)


def test_a_mapping_that_the_backend_solved_is_read():
    text = mapping_text({"Mund": (("jawOpen", 0.5), ("mouthClose", -0.5)), "Kuss": (("mouthPucker", 1.0),)})
    assert mapping.from_json(text) == [
        Row("Mund", KEY, "jawOpen", 0.5), Row("Mund", KEY, "mouthClose", -0.5), Row("Kuss", KEY, "mouthPucker", 1.0)
    ]  # fmt: skip


def test_a_row_says_what_it_lacks():
    assert "cannot be its source" in str(mapping.fault_of(Row("head", TURN, "jawOpen")))
    assert "second bone" in str(mapping.fault_of(Row("eye.L", AIM, "gaze.left")))
    assert mapping.fault_of(Row("head", TURN, "jaw")) is None
    assert json.loads(mapping.to_json([]))["rows"] == []


def test_rows_of_one_target_add_up():
    face = np.zeros((1, 52), np.float32)
    face[0, [ARKIT_INDEX["mouthSmileLeft"], ARKIT_INDEX["mouthSmileRight"]]] = (0.2, 0.6)
    performance = replace(Performance.rest(1, Fraction(25)), face=face)
    rows = [Row("smile", KEY, "mouthSmileLeft", 0.5), Row("smile", KEY, "mouthSmileRight", 0.5)]
    assert apply(rows, performance, {}, np.eye(3)).keys["smile"][0] == pytest.approx(0.4)


def test_a_body_that_does_not_move_is_left_alone():
    bone = Bone(np.eye(3), np.zeros(3), np.array([1.0, 0.0, 0.0]))
    rows = [Row("arm", TURN, "body_pose.left_elbow"), Row("head", TURN, "head_rotation")]
    motion = apply(rows, Performance.rest(3, Fraction(25)), {"arm": bone, "head": bone}, np.eye(3))
    assert set(motion.turns) == {"head"}
