"""Live on a shot with arms: face, head, eyes move, a voice sways the trunk, arms and fingers move where it gestures."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import bpy
import numpy as np
import pytest

from blender_addon.core.archive import load_arrays, save_arrays
from blender_addon.core.performance import BODY_JOINTS, Performance
from blender_addon.live.drive import Driver
from blender_addon.live.record import keep
from blender_addon.live.session import Session, VoiceSession
from blender_addon.shot_import.props import shots_of
from blender_addon.shot_import.shot import read_shot

SPINE, ARM, FINGER = "spine3", "left_shoulder", "left_index1"
REST = {SPINE: (0.1, 0.0, 0.0), ARM: (0.0, 0.0, -1.2)}  # radians: a trunk that leans, an arm that hangs


@pytest.fixture
def shot(addon, tiny_shot) -> bpy.types.Collection:
    """An imported shot with a trunk and an arm that stay as they are all the time."""
    manifest = tiny_shot()
    _give_an_arm(manifest.parent)
    assert bpy.ops.garrick.import_shot(filepath=str(manifest)) == {"FINISHED"}
    return shots_of(bpy.context.scene)[0]


def _give_an_arm(folder: Path) -> None:
    rig = load_arrays(folder / "rig.npz")
    count = len(rig["joint_names"])
    rig["joint_names"] = np.append(rig["joint_names"], [SPINE, ARM, FINGER])
    rig["joint_parents"] = np.append(rig["joint_parents"], np.array([0, count, count + 1], np.int32))
    places = np.array([[0, -0.3, 0], [0.16, -0.2, 0], [0.7, -0.2, 0]], np.float32)
    rig["joint_positions"] = np.vstack([rig["joint_positions"], places])
    channels = [f"body_pose.{SPINE}", f"body_pose.{ARM}", "left_hand.0"]
    rig["joint_channels"] = np.append(rig["joint_channels"], channels)
    rig["weights"] = np.column_stack([rig["weights"], np.zeros((len(rig["weights"]), 3), np.float32)])
    save_arrays(folder / "rig.npz", rig)
    performance = Performance.load(folder / "performance.npz")
    pose = performance.body_pose.copy()
    for joint, turn in REST.items():
        pose[:, BODY_JOINTS.index(joint)] = turn
    replace(performance, body_pose=pose).save(folder / "performance.npz")


def _gesturing(count: int) -> list[dict]:
    """The same of a voice that gestures: an arm rises, and a finger bends."""
    frames = _frames(count, spine=True)
    for index, frame in enumerate(frames):
        frame["body"] = frame["body"] | {ARM: [0, -0.1 * index, -0.6]}
        frame["left_hand"] = [[0.05 * index, 0, 0.1 * index]] + [[0, 0, 0]] * 14
        frame["right_hand"] = [[0, 0, 0]] * 15
    return frames


def _frames(count: int, spine: bool) -> list[dict]:
    """What a stream says: the mouth opens, the head turns, and the trunk of a voice with it."""
    frames = [
        {
            "face": [index / count] * 52,
            "head": {"rotation": [0, 0.2 + 0.01 * index, 0], "translation": [0, 0, 0]},
            "gaze": [[0.1, 0], [0.1, 0]],
        }
        for index in range(count)
    ]
    body = {"body": {"spine1": [0, 0.1, 0], SPINE: [0, 0.2, 0]}}
    return [frame | body for frame in frames] if spine else frames


def _turn(shot: bpy.types.Collection, bone: str) -> np.ndarray:
    return np.array(shot.garrick.armature.pose.bones[bone].rotation_quaternion)


def _posed(shot: bpy.types.Collection, bone: str, frame: int) -> np.ndarray:
    """(3, 3) of the bone against its parent, as Blender plays it."""
    bpy.context.scene.frame_set(frame)
    armature = shot.garrick.armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return np.array(armature.pose.bones[bone].matrix_basis)[:3, :3]


def _rig(shot: bpy.types.Collection):
    return read_shot(Path(bpy.path.abspath(shot.garrick.folder)) / "shot.json").rig


@pytest.mark.parametrize("spine", [True, False], ids=["voice", "camera"])
def test_an_instant_moves_what_it_has_and_leaves_the_arm(shot, spine):
    bpy.context.scene.frame_set(3)
    before = {bone: _turn(shot, bone) for bone in (ARM, SPINE, "neck")}
    assert abs(before[ARM][0]) < 0.95  # it hangs
    Driver(shot, _rig(shot)).show(_frames(5, spine)[4])
    moved = {bone: float(np.abs(_turn(shot, bone) - turn).max()) for bone, turn in before.items()}
    assert moved[ARM] < 1e-6
    assert (moved[SPINE] > 0.01) == spine
    assert moved["neck"] > 0.01
    assert shot.garrick.head.data.shape_keys.key_blocks["jawOpen"].value == pytest.approx(0.8)


@pytest.mark.parametrize("spine", [True, False], ids=["voice", "camera"])
def test_a_record_keys_what_it_has_and_leaves_the_arm(shot, spine):
    armature = shot.garrick.armature
    before = {bone: [_posed(shot, bone, frame) for frame in (2, 6)] for bone in (ARM, SPINE, "neck")}
    keep(shot.name, bpy.context.scene.name, _rig(shot), _frames(10, spine), Fraction(25), np.zeros(0, np.float32))
    assert armature.animation_data.nla_tracks[-1].name == "Live"
    for index, frame in enumerate((2, 6)):
        moved = {bone: np.abs(_posed(shot, bone, frame) - poses[index]).max() for bone, poses in before.items()}
        assert moved[ARM] < 1e-6
        assert (moved[SPINE] > 0.01) == spine
        assert moved["neck"] > 0.01


def test_an_instant_of_a_gesture_moves_arm_and_fingers(shot):
    bpy.context.scene.frame_set(3)
    before = {bone: _turn(shot, bone) for bone in (ARM, FINGER)}
    Driver(shot, _rig(shot)).show(_gesturing(6)[5])
    for bone, turn in before.items():
        assert np.abs(_turn(shot, bone) - turn).max() > 0.05


def test_a_record_of_a_gesture_keys_arm_and_fingers(shot):
    frames = _gesturing(10)
    keep(shot.name, bpy.context.scene.name, _rig(shot), frames, Fraction(25), np.zeros(0, np.float32))
    for bone in (ARM, FINGER):
        early, late = (_posed(shot, bone, frame) for frame in (2, 9))
        assert np.abs(early - late).max() > 0.1
        turn = np.arccos((np.trace(late.T @ _posed(shot, bone, 10)) - 1) / 2)
        assert 0.02 < turn < 0.2  # radians a frame, as the stream said


def test_what_a_stream_says_of_itself_is_kept_for_the_panel():
    said = {"type": "error", "id": 4, "kind": "slow", "message": "This machine does not keep up.", "fix": "Close some."}
    session = VoiceSession(lambda handle: None, iter(()), Fraction(25), paced=True)
    session._take(said)
    assert session.notice == "This machine does not keep up. Close some."
    assert session.trouble == ""


def test_a_session_says_how_it_lives():
    with pytest.raises(TypeError, match="_live"):
        Session(lambda handle: None, Fraction(25))
