"""Faces of generated Rigify rigs, super_face's and the newer one: they look, blink and speak as the performance does."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import bpy
import numpy as np
import pytest
import rigify_rigs

from blender_addon.character import parts
from blender_addon.character.animate import animate
from blender_addon.character.mapping import MOVE
from blender_addon.character.matching import auto_match
from blender_addon.character.parts import Character
from blender_addon.core.arkit import ARKIT_INDEX
from blender_addon.core.performance import Performance
from blender_addon.core.rotation import eye_rotations, rotation_matrices

FRAMES = 5
CORNERS = {False: "lips.L", True: "lip_end.L.001"}


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Path:
    """A folder where each rig is kept, so that it is generated once."""
    return tmp_path_factory.mktemp("rigify")


@pytest.fixture(params=[False, True], ids=["super_face", "skin"])
def new(request) -> bool:
    return request.param


@pytest.fixture
def character(kept, new) -> Character:
    return rigify_rigs.rig_in(kept, rigify_rigs.FACE, new_face=new)


def played(character: Character, motion: Performance) -> None:
    match = auto_match(character.key_names, character.bone_names)
    assert match.families == ("Rigify",)
    animate(character, match.rows, motion, bpy.context.scene, "shot")


def shown(character: Character, frame: int) -> bpy.types.bpy_prop_collection:
    """The posed bones at a frame of the performance."""
    bpy.context.scene.frame_set(1 + frame)
    return character.armature.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose.bones


def turn(character: Character, bone: bpy.types.PoseBone) -> np.ndarray:
    """(3, 3) how far a bone, with all above it, is turned from its rest, in Garrick's space."""
    facing, rest = parts.facing_of(character, "AUTO"), np.array(bone.bone.matrix_local.to_3x3())
    return facing.T @ np.array(bone.matrix.to_3x3()) @ rest.T @ facing


def test_head_and_eyes_turn_as_the_performance_does(character):
    motion = replace(
        Performance.rest(FRAMES, Fraction(24)),
        head_rotation=np.linspace(0, 1, FRAMES)[:, None] * [0.2, 0.7, -0.1],
        gaze=np.random.default_rng(3).uniform(-0.3, 0.3, (FRAMES, 2, 2)),
    )
    played(character, motion)
    for frame in (0, 4):
        bones = shown(character, frame)
        head = rotation_matrices(motion.head_rotation[frame].astype(np.float64))
        np.testing.assert_allclose(turn(character, bones["DEF-spine.006"]), head, atol=1e-4)
        eye = head @ rotation_matrices(eye_rotations(motion.gaze[frame, 0]).astype(np.float64))
        ahead = np.array([0, 0, 1.0])  # a tracked eye may roll about its look
        assert np.degrees(np.arccos(turn(character, bones["MCH-eye.L"]) @ ahead @ (eye @ ahead))) < 1.5


WEIGHTS = (
    "", "eyeBlinkLeft", "jawOpen", "mouthSmileLeft", "mouthFrownLeft", "mouthPucker", "browInnerUp", "browDownLeft",
    "browOuterUpLeft", "mouthUpperUpLeft", "mouthLowerDownLeft", "mouthClose",
)  # fmt: skip


def test_lids_lips_brows_and_jaw_go_where_the_weights_say(character, new):
    face = np.zeros((len(WEIGHTS), 52), np.float32)
    for frame, weight in enumerate(WEIGHTS[1:], 1):
        face[frame, ARKIT_INDEX[weight]] = 1.0
    face[-1, [ARKIT_INDEX["mouthClose"], ARKIT_INDEX["jawOpen"]]] = 0.34, 0.12  # as a seal's frame has them
    played(character, replace(Performance.rest(len(WEIGHTS), Fraction(24)), face=face))

    def moved(weight: str, bone: str) -> np.ndarray:
        """(3,) metres outwards, backwards and upwards from where the bone rests."""
        places = [np.array(shown(character, frame)[bone].head) for frame in (WEIGHTS.index(weight), 0)]
        return places[0] - places[1]

    corner = CORNERS[new]
    for upper, lower in (("001", "003"), ("002", "002"), ("003", "001")):

        def gap(weight: str, upper: str = f"lid.T.L.{upper}", lower: str = f"lid.B.L.{lower}") -> float:
            bones = shown(character, WEIGHTS.index(weight))
            return bones[upper].head.z - bones[lower].head.z

        assert abs(gap("eyeBlinkLeft")) < 0.15 * gap(""), "the lids meet all along, and do not cross"
    assert abs(moved("eyeBlinkLeft", "lid.T.R.002")[2]) < 1e-4
    assert moved("jawOpen", "lip.B")[2] < -0.02
    assert abs(moved("mouthClose", "lip.B")[2] - moved("mouthClose", "lip.T")[2]) < 0.002, "metres between sealed lips"
    assert moved("mouthSmileLeft", corner)[2] > 0.01
    assert moved("mouthSmileLeft", corner)[0] > 0.01
    assert moved("mouthFrownLeft", corner)[2] < -0.006
    assert moved("mouthPucker", corner)[0] < -0.01
    for weight, bone, sign in (
        ("browInnerUp", "brow.T.L.003", 1), ("browOuterUpLeft", "brow.T.L.001", 1), ("browDownLeft", "brow.T.L.002", -1),
        ("mouthUpperUpLeft", "lip.T.L.001", 1), ("mouthLowerDownLeft", "lip.B.L.001", -1),
    ):  # fmt: skip
        outwards, backwards, upwards = moved(weight, bone)
        assert sign * upwards > 0.004, weight
        assert max(abs(outwards), abs(backwards)) < sign * upwards, f"{weight} is no slide"
    rows = auto_match([], character.bone_names).rows
    assert {row.target for row in rows if row.kind == MOVE} >= {corner, "brow.T.R.003", "lid.B.R.002"}
