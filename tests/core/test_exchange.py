"""Motion files of other programs: what a format can hold comes back, and what is damaged is refused in a sentence."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from garrick.core.arkit import ARKIT_INDEX, ARKIT_NAMES
from garrick.core.bvh import bvh_text, read_bvh, write_bvh
from garrick.core.euler import euler_angles, euler_matrices, smooth_axis_angles
from garrick.core.exchange import FORMATS, format_of, read_motion
from garrick.core.gaze import EYE_LOOK, eye_look_weights
from garrick.core.live_link import COLUMNS, live_link_text, read_live_link, write_live_link
from garrick.core.performance import CHANNELS, AudioReference, Performance
from garrick.core.rotation import rotation_matrices
from garrick.core.skeleton import HAND_JOINTS
from garrick.core.smplx_npz import JOINTS, read_smplx, write_smplx
from hypothesis import given, settings
from hypothesis import strategies as st

RATES = [
    Fraction(24000, 1001),
    Fraction(24),
    Fraction(25),
    Fraction(30000, 1001),
    Fraction(50),
    Fraction(60),
    Fraction(25, 2),
]


def performance(seed: int, frames: int = 70, fps: Fraction = Fraction(25), body: float = 0.3) -> Performance:
    """Everything moves; the head turns past half a turn."""
    rng = np.random.default_rng(seed)
    turns = {name: rng.normal(0, body, (frames, *shape)) for name, shape in
             {"body_pose": (13, 3), "left_hand": (15, 3), "right_hand": (15, 3)}.items()}  # fmt: skip
    return Performance(
        fps=fps,
        face=rng.uniform(0, 1, (frames, 52)),
        head_rotation=np.linspace(0, 1, frames)[:, None] * rng.normal(0, 3, 3),
        head_translation=rng.normal(0, 0.05, (frames, 3)),
        gaze=rng.uniform(-0.5, 0.5, (frames, 2, 2)),
        identity=rng.normal(0, 1, 7),
        audio=AudioReference("voice.wav", 0.25),
        tracks={"face.jawOpen": "edited"},
        **turns,
    )


def same_turns(a: np.ndarray, b: np.ndarray, atol: float = 2e-6) -> None:
    np.testing.assert_allclose(rotation_matrices(a.astype(float)), rotation_matrices(b.astype(float)), atol=atol)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 999), fps=st.sampled_from(RATES))
def test_live_link_keeps_face_head_and_gaze(seed, fps, tmp_path_factory):
    clip = performance(seed, fps=fps)
    path = tmp_path_factory.mktemp("csv") / "take.csv"
    write_live_link(clip, path)
    again = read_live_link(path, fps)
    assert again.fps == fps
    np.testing.assert_array_equal(again.face, clip.face)
    np.testing.assert_allclose(again.gaze, clip.gaze, atol=1e-7)
    same_turns(again.head_rotation, clip.head_rotation)
    assert again.audio == AudioReference("take.wav")


@pytest.mark.parametrize("fps", [24, 25, 30, 50, 60])
def test_live_link_tells_whole_rates_from_its_timecode(fps, tmp_path):
    write_live_link(performance(1, frames=130, fps=Fraction(fps)), tmp_path / "take.csv")
    assert read_live_link(tmp_path / "take.csv").fps == fps


def test_live_link_writes_the_apps_own_header():
    """As in recordings of the app: the right one of jaw and mouth comes first."""
    header = live_link_text(performance(1, frames=1)).splitlines()[0].split(",")
    assert header[:4] == ["Timecode", "BlendShapeCount", "EyeBlinkLeft", "EyeLookDownLeft"]
    assert header[16:20] == ["JawForward", "JawRight", "JawLeft", "JawOpen"]
    assert header[-9:-5] == ["HeadYaw", "HeadPitch", "HeadRoll", "LeftEyeYaw"]
    assert len(COLUMNS) == 61


def recording(times: list[str], jaw: list[float], extra: str = "") -> str:
    rows = [f"{time},61,{value},0.1" for time, value in zip(times, jaw, strict=True)]
    return "\n".join(["Timecode,BlendShapeCount,JawOpen,HeadYaw", *rows]) + "\n" + extra


def test_a_phones_recording_with_gaps_and_half_a_last_row(tmp_path):
    path = tmp_path / "take.csv"
    times = ["23:59:59:57.520", "23:59:59:58.521", "00:00:00:00.522", "00:00:00:01.523"]
    path.write_text("\ufeff" + recording(times, [0.0, 0.1, 0.3, 0.4], "00:00:00:02.523,61"), encoding="utf-8")
    take = read_live_link(path, Fraction(60))
    np.testing.assert_allclose(take.face[:, ARKIT_INDEX["jawOpen"]], [0, 0.1, 0.2, 0.3, 0.4], atol=1e-6)
    assert read_live_link(path, Fraction(60), flip_head=True).head_rotation[0, 1] == pytest.approx(0.1)


def test_live_link_eyes_and_head_turn_the_apps_way(tmp_path):
    """A recording of the app: LeftEyeYaw falls while EyeLookOutLeft rises, LeftEyePitch rises with EyeLookDownLeft."""
    path = tmp_path / "take.csv"
    path.write_text(
        "Timecode,BlendShapeCount,JawOpen,EyeLookOutLeft,EyeLookDownLeft,HeadYaw,HeadPitch,HeadRoll,LeftEyeYaw,LeftEyePitch\n"
        "00:00:00:00,61,0,0.4,0.3,-0.2,0,0,-0.31,0.22\n00:00:00:01,61,0,0,0,0,0.1,0,0,0\n00:00:00:02,61,0,0,0,0,0,0.3,0,0\n"
    )
    take = read_live_link(path, Fraction(60))
    np.testing.assert_allclose(take.gaze[0, 0], [0.31, -0.22], atol=1e-6)  # to the subject's left and down
    ahead, up = rotation_matrices(take.head_rotation.astype(float)) @ [0, 0, 1], [0, 1, 0]
    assert ahead[0, 0] > 0.19  # to the left, as the eyes
    assert ahead[1, 1] < -0.09  # down
    assert (rotation_matrices(take.head_rotation.astype(float))[2] @ up)[0] > 0.29  # the right ear up: over to the left
    eyes = take.gaze[0, 0]
    weights = eye_look_weights(np.stack([eyes, eyes])[None])[0]
    seen = dict(zip([ARKIT_NAMES[column] for column in EYE_LOOK], weights, strict=True))
    assert min(seen["eyeLookOutLeft"], seen["eyeLookDownLeft"]) > 0
    assert seen["eyeLookInLeft"] == seen["eyeLookUpLeft"] == 0


def test_sixty_pictures_a_second_on_a_timecode_of_thirty(tmp_path):
    times = [f"00:00:{row // 60:02d}:{row % 60 / 2:06.3f}" for row in range(90)]
    (tmp_path / "take.csv").write_text(recording(times, [row / 100 for row in range(90)]))
    take = read_live_link(tmp_path / "take.csv")
    assert (take.fps, len(take)) == (60, 90)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a,b\n1,2\n", "not a Live Link Face recording"),
        ("", "not a Live Link Face recording"),
        ("Timecode,BlendShapeCount,JawOpen\n", "holds no frames"),
        ("Timecode,BlendShapeCount,JawOpen\n00:00:00:00,61,wide\n", "line 2"),
        ("Timecode,BlendShapeCount,JawOpen\n00:00:00:00,61,nan\n", "not finite"),
        ("Timecode,BlendShapeCount,JawOpen\n00:00:00:00,61,0\n00:00:00:01,61,0\n", "too short to tell"),
        (recording(["00:00:00:05", "00:00:01:04", "00:00:00:09", "00:00:01:05"], [0, 0, 0, 0]), "damaged"),
        (recording(["00:00:00:29", "00:00:01:00", "09:00:00:00"], [0, 0, 0]), "missing"),
    ],
)
def test_damaged_recordings_are_refused(text, why, tmp_path):
    (tmp_path / "take.csv").write_text(text)
    with pytest.raises(ValueError, match=why):
        read_live_link(tmp_path / "take.csv")


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 999), fps=st.sampled_from(RATES), up=st.sampled_from("YZ"))
def test_smplx_keeps_all_of_a_performance(seed, fps, up, tmp_path_factory):
    clip = performance(seed, fps=fps)
    path = tmp_path_factory.mktemp("npz") / "take.npz"
    write_smplx(clip, path, up)
    again = read_smplx(path).performance
    assert (again.fps, again.audio, again.tracks) == (clip.fps, clip.audio, clip.tracks)
    for name in ("face", "left_hand", "right_hand", "identity"):
        np.testing.assert_array_equal(getattr(again, name), getattr(clip, name))
    np.testing.assert_allclose(again.head_translation, clip.head_translation, atol=1e-6)
    np.testing.assert_allclose(again.gaze, clip.gaze, atol=1e-6)
    same_turns(again.body_pose, clip.body_pose)
    same_turns(again.head_rotation, clip.head_rotation)


def test_smplx_files_have_the_keys_that_others_read(tmp_path):
    write_smplx(performance(1), tmp_path / "take.npz")
    with np.load(tmp_path / "take.npz") as file:
        assert file["poses"].shape == (70, 165)
        assert file["trans"].shape == (70, 3)
        assert file["mocap_frame_rate"] == 25
        assert (str(file["gender"]), str(file["surface_model_type"])) == ("neutral", "smplx")
        jaw = file["poses"].reshape(70, 55, 3)[:, JOINTS.index("jaw"), 0]
        assert np.corrcoef(jaw, performance(1).face[:, ARKIT_INDEX["jawOpen"]])[0, 1] > 0.999


def test_hands_and_body_lie_in_smplx_s_own_columns(tmp_path):
    """Numbers of the body model: 20 and 21 are the wrists, 25 and 40 begin the hands in MANO's order, the thumb last."""
    clip = performance(3)
    write_smplx(clip, tmp_path / "take.npz")
    with np.load(tmp_path / "take.npz") as file:
        poses = file["poses"].reshape(70, 55, 3)
    np.testing.assert_array_equal(poses[:, 25:40], clip.left_hand)
    np.testing.assert_array_equal(poses[:, 40:55], clip.right_hand)
    np.testing.assert_array_equal(poses[:, [12, 20, 21]], clip.body_pose[:, [4, 11, 12]])  # neck and wrists
    assert JOINTS[25:28] == ("left_index1", "left_index2", "left_index3")
    assert JOINTS[37:40] == ("left_thumb1", "left_thumb2", "left_thumb3")


def test_a_file_of_amass_is_turned_upright(tmp_path):
    """Z up, a walk away from the origin, and members that no one may unpickle."""
    poses = np.zeros((10, 55, 3))
    poses[:, 0] = (np.pi / 2, 0, 0)  # how AMASS stands a body up
    poses[:, JOINTS.index("left_wrist")] = (0, 0.4, 0)
    poses[:, JOINTS.index("jaw"), 0] = 0.15
    trans = np.array([1.0, 2.0, 0.9]) + np.linspace(0, 1, 10)[:, None] * (0, 0, 0.3)
    np.savez(tmp_path / "a.npz", poses=poses.reshape(10, -1), trans=trans, betas=np.zeros(16), gender="female",
             mocap_framerate=120.0, labels=np.array([{"x": 1}], dtype=object), expression=np.ones((10, 10)))  # fmt: skip
    read = read_smplx(tmp_path / "a.npz")
    clip = read.performance
    assert clip.fps == 120
    np.testing.assert_allclose(clip.body_pose[:, 0], 0, atol=1e-6)
    np.testing.assert_allclose(clip.head_rotation, 0, atol=1e-6)
    np.testing.assert_allclose(clip.head_translation[-1], (0, 0.3, 0), atol=1e-6)
    np.testing.assert_allclose(clip.body_pose[:, 11], (0, 0.4, 0) * np.ones((10, 1)), atol=1e-6)
    np.testing.assert_allclose(clip.face[:, ARKIT_INDEX["jawOpen"]], 0.5, atol=1e-6)
    assert "expression" in read.notes[0]


def test_parts_as_the_smplx_package_names_them(tmp_path):
    turn = np.random.default_rng(2).normal(0, 0.2, (6, 63))
    np.savez(tmp_path / "b.npz", global_orient=np.zeros((6, 1, 3)), body_pose=turn.reshape(6, 21, 3), fps=30,
             transl=np.zeros((6, 3)), left_hand_pose=np.zeros((6, 12)), right_hand_pose=np.ones((6, 45)))  # fmt: skip
    read = read_smplx(tmp_path / "b.npz")
    np.testing.assert_allclose(read.performance.body_pose[:, 12], turn.reshape(6, 21, 3)[:, 20], atol=1e-6)
    assert read.performance.right_hand.min() == 1
    assert read.performance.left_hand.max() == 0
    assert "left_hand_pose" in read.notes[0]


def test_npz_files_that_are_no_motion_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.zeros(3))
    with pytest.raises(ValueError, match="no SMPL-X motion"):
        read_smplx(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", poses=np.zeros((5, 100)))
    with pytest.raises(ValueError, match="100 numbers"):
        read_smplx(tmp_path / "b.npz")
    np.savez(tmp_path / "c.npz", poses=np.zeros((5, 165)))
    with pytest.raises(ValueError, match="frame rate"):
        read_smplx(tmp_path / "c.npz")
    assert read_smplx(tmp_path / "c.npz", Fraction(30)).performance.fps == 30


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 999), fps=st.sampled_from(RATES))
def test_bvh_keeps_body_head_gaze_and_hands(seed, fps, tmp_path_factory):
    clip = performance(seed, frames=12, fps=fps)
    path = tmp_path_factory.mktemp("bvh") / "take.bvh"
    write_bvh(clip, path)
    again = read_bvh(path)
    assert again.fps == fps
    np.testing.assert_allclose(again.head_translation, clip.head_translation, atol=1e-6)
    np.testing.assert_allclose(again.gaze, clip.gaze, atol=1e-6)
    for name in ("body_pose", "head_rotation", "left_hand", "right_hand"):
        same_turns(getattr(again, name), getattr(clip, name))


@settings(max_examples=10, deadline=None)
@given(side=st.sampled_from(("left", "right")), joint=st.integers(0, 14), seed=st.integers(0, 99))
def test_bvh_calls_each_knuckle_by_its_name(side, joint, seed):
    """Who reads the file by names, as all programs do, moves the knuckle that was moved."""
    clip = performance(0, frames=3, body=0.0)
    hand = np.zeros((3, 15, 3))
    hand[:, joint] = np.random.default_rng(seed).uniform(-0.8, 0.8, 3)
    text = bvh_text(replace(clip, **{f"{side}_hand": hand}))
    names = [line.split()[1] for line in text.splitlines() if line.strip().startswith(("ROOT", "JOINT"))]
    angles = np.radians(np.array(text.splitlines()[-1].split(), float)[3:].reshape(-1, 3))
    own = names.index(f"{side}_{HAND_JOINTS[joint]}")
    np.testing.assert_allclose(euler_matrices(angles[own], "YXZ"), rotation_matrices(hand[0, joint]), atol=1e-6)
    fingers = [place for place, name in enumerate(names) if name[-1] in "123" and place != own and "spine" not in name]
    assert len(fingers) == 29
    assert not angles[fingers].any()


MIXAMO = """HIERARCHY
ROOT mixamorig:Hips
{
 OFFSET 0 100 0
 CHANNELS 6 Xposition Yposition Zposition Zrotation Yrotation Xrotation
 JOINT mixamorig:Spine
 {
  OFFSET 0 10 0
  CHANNELS 3 Zrotation Yrotation Xrotation
  JOINT mixamorig:Head
  {
   OFFSET 0 50 0
   CHANNELS 3 Zrotation Yrotation Xrotation
   End Site
   {
    OFFSET 0 10 0
   }
  }
  JOINT mixamorig:LeftForeArm
  {
   OFFSET 40 30 0
   CHANNELS 3 Xrotation Yrotation Zrotation
   End Site
   {
    OFFSET 10 0 0
   }
  }
 }
}
MOTION
Frames: 2
Frame Time: 0.0333333
5 100 7 0 0 0 0 0 0 90 30 0 0 45 20
5 110 7 0 0 0 0 0 0 0 0 0 0 0 0
"""


def test_a_bvh_of_others_is_read_by_name_order_and_unit(tmp_path):
    (tmp_path / "walk.bvh").write_text(MIXAMO)
    clip = read_bvh(tmp_path / "walk.bvh", metres=0.01)
    assert clip.fps == 30
    np.testing.assert_allclose(clip.head_translation, [[0, 0, 0], [0, 0.1, 0]], atol=1e-6)
    turned = rotation_matrices(clip.head_rotation[0].astype(float))
    np.testing.assert_allclose(turned, euler_matrices(np.radians([90, 30]), "ZY"), atol=1e-6)
    elbow = rotation_matrices(clip.body_pose[0, 9].astype(float))
    np.testing.assert_allclose(elbow, euler_matrices(np.radians([45, 20]), "YZ"), atol=1e-6)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("Frames: 2", "Frames: 3", "damaged"),
        ("Frame Time: 0.0333333", "Frame Time: 0", "frame time"),
        ("5 100 7", "5 x 7", "damaged"),
        ("5 100 7", "nan 100 7", "damaged"),
        ("CHANNELS 6", "CHANNELS 7", "not a readable"),
        ("HIERARCHY", "}", "not a readable"),
        ("mixamorig:", "xx:zz_", "known name"),
    ],
)
def test_damaged_bvh_is_refused(old, new, why, tmp_path):
    (tmp_path / "walk.bvh").write_text(MIXAMO.replace(old, new))
    with pytest.raises(ValueError, match=why):
        read_bvh(tmp_path / "walk.bvh")


def test_one_way_in_tells_the_formats_apart(tmp_path):
    clip = performance(4)
    for key, form in FORMATS.items():
        path = tmp_path / (key + form.suffix)
        form.write(clip, path)
        assert len(read_motion(path, Fraction(25)).performance) == 70
    whole = read_motion(tmp_path / "performance.npz").performance
    assert all(np.array_equal(getattr(whole, name), getattr(clip, name)) for name in CHANNELS)
    assert format_of("a.CSV") == "live-link"
    with pytest.raises(ValueError, match="must end in"):
        read_motion(tmp_path / "a.fbx")


def test_the_same_performance_makes_the_same_bytes(tmp_path):
    for key, form in FORMATS.items():
        for name in ("a", "b"):
            form.write(performance(5), tmp_path / (name + form.suffix))
        assert (tmp_path / f"a{form.suffix}").read_bytes() == (tmp_path / f"b{form.suffix}").read_bytes(), key


@given(
    angles=st.tuples(st.floats(-3, 3), st.floats(-1.5, 1.5), st.floats(-3, 3)),
)
def test_euler_angles_go_both_ways(angles):
    matrix = euler_matrices(np.array([angles]), "YXZ")
    np.testing.assert_allclose(euler_matrices(euler_angles(matrix), "YXZ"), matrix, atol=1e-9)


def test_straight_up_and_down_has_its_angles_too():
    matrix = euler_matrices(np.array([[0.7, np.pi / 2, 0.3], [0.7, -np.pi / 2, 0.3]]), "YXZ")
    np.testing.assert_allclose(euler_matrices(euler_angles(matrix), "YXZ"), matrix, atol=1e-6)


def test_a_turn_past_half_a_turn_goes_on():
    turns = np.linspace(0, 3 * np.pi, 50)[:, None] * np.array([0.6, 0.8, 0.0])
    np.testing.assert_allclose(smooth_axis_angles(rotation_matrices(turns)), turns, atol=1e-6)


def test_the_body_carries_the_head_in_formats_with_a_chain(tmp_path):
    """The head of a performance turns in fixed space: a bowing spine must not bow it twice."""
    clip = replace(performance(6, body=0.0), head_rotation=np.zeros((70, 3)))
    body = np.zeros((70, 13, 3))
    body[:, 1] = (0.5, 0, 0)
    clip = replace(clip, body_pose=body)
    angles = np.array(bvh_text(clip).splitlines()[-1].split(), float)[3:].reshape(-1, 3)
    np.testing.assert_allclose(angles[5], (0, -np.degrees(0.5), 0), atol=1e-5)  # the head's own joint looks up again
    write_smplx(clip, tmp_path / "a.npz")
    np.testing.assert_allclose(read_smplx(tmp_path / "a.npz").performance.head_rotation, 0, atol=1e-6)
