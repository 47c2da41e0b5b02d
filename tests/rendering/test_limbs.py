"""Arms and hands in the frames: gone at rest, in front where they are nearer, of the face's skin, and the figure's own."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
import pytest
from garrick.bodies.body import joints, make_figure, pose
from garrick.bodies.hand import Side
from garrick.bodies.head import load_head
from garrick.context import RunContext
from garrick.core.camera import Camera, CameraPath
from garrick.core.performance import BODY_JOINTS, Performance
from garrick.core.skeleton import PARENTS
from garrick.motion.gestures.arms import arm_turns
from garrick.motion.gestures.shapes import hand_shape
from garrick.perception.own_arms import OwnArms
from garrick.rendering.limb_colours import LONG_SLEEVE, _looseness, _sleeve_end, look_of
from garrick.rendering.limb_mesh import _flanks, make_limbs
from garrick.rendering.limbs import _bent, _posed, arm_poses
from garrick.rendering.puppet import Pose
from garrick.rendering.render import facial_skin, prepare, render_pose, run
from garrick.rendering.take import ID_NAMES, Frame

HANDS, BODY = ID_NAMES.index("hands"), ID_NAMES.index("body")


@pytest.fixture(scope="module")
def stage(portrait):
    return prepare(portrait, RunContext())


@pytest.fixture(scope="module")
def figure(portrait, body_data):
    return make_figure(load_head(), portrait.identity)


def gesturing(portrait, *stances: str, both: bool = False) -> Performance:
    """One frame for each stance of the right arm, or of both; the head as in the photo, the other arm hangs."""
    count = len(stances)
    rest = Performance.rest(count, Fraction(25), portrait.identity)
    body = rest.body_pose.copy()
    for frame, stance in enumerate(stances):
        for side in ("left", "right"):
            rows = [BODY_JOINTS.index(f"{side}_{name}") for name in ("collar", "shoulder", "elbow", "wrist")]
            body[frame, rows] = arm_turns(stance if both or side == "right" else "hang", side)
    return replace(
        rest,
        face=np.repeat(portrait.face[None], count, axis=0),
        head_rotation=np.repeat(portrait.head_rotation[None], count, axis=0),
        gaze=np.repeat(portrait.gaze[None], count, axis=0),
        body_pose=body,
        right_hand=np.repeat(hand_shape("open", "right")[None], count, axis=0),
    )


def rendered(portrait, performance: Performance, camera: Camera | None = None) -> list[Frame]:
    path = CameraPath.still(camera or portrait.camera, len(performance), performance.fps)
    take = run(portrait, performance, path, RunContext())
    return [take.render(frame) for frame in range(len(performance))]


def shifted(camera: Camera, right: float, down: float) -> Camera:
    """The same lens, its picture moved by shares of its size."""
    lens = camera.intrinsics.copy()
    lens[:2, 2] += np.array([right, down]) * camera.size
    return replace(camera, intrinsics=lens)


def same(a: Frame, b: Frame) -> None:
    for name in ("rgba", "depth", "uv", "ids", "plate"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)


@pytest.mark.parametrize("camera", [(0.0, 0.0), (0.5, -0.6)])
def test_hanging_arms_leave_the_frame_as_it_is(stage, portrait, body_data, camera):
    view = shifted(portrait.camera, *camera)
    hanging = gesturing(portrait, "hang", "hang")
    hanging = replace(hanging, body_pose=hanging.body_pose * np.array([1, 0], np.float32)[:, None, None])
    alone = render_pose(stage, stage.puppet.source, view)
    for frame in rendered(portrait, hanging, view):
        same(frame, alone)


def test_arms_outside_of_the_picture_change_nothing(stage, portrait, body_data):
    (frame,) = rendered(portrait, gesturing(portrait, "offer"))
    same(frame, render_pose(stage, stage.puppet.source, portrait.camera))


def test_a_raised_hand_has_the_faces_skin_and_passes_of_its_own(stage, portrait, figure):
    performance = gesturing(portrait, "wave_in")
    view = shifted(portrait.camera, 0.8, 0)
    (frame,) = rendered(portrait, performance, view)
    hand = frame.ids == HANDS
    inner = cv2.erode(hand.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    assert inner.sum() > 400
    assert (frame.rgba[inner, 3] == 255).all()
    assert (frame.uv[hand] == -1).all()
    places = joints(figure, performance.head_rotation, np.zeros((1, 3)), performance.body_pose)[0]
    wrist, tip = view.project(places[[list(PARENTS).index(f"right_{name}") for name in ("wrist", "middle3")]])
    assert np.median(frame.depth[hand]) == pytest.approx((wrist[2] + tip[2]) / 2, abs=0.04)
    middle = ((wrist + tip) / 2)[:2]
    assert np.linalg.norm(np.argwhere(hand).mean(axis=0)[::-1] - middle) < 0.05 * view.size[0]
    own, skin = (np.median(colours, axis=0) for colours in (frame.plate[inner], portrait.image[facial_skin(stage)]))
    lab = cv2.cvtColor((np.stack([own, skin])[None] / 255).astype(np.float32), cv2.COLOR_RGB2LAB)[0]
    assert np.linalg.norm(lab[0] - lab[1]) < 15


def test_a_hand_on_the_chest_lies_before_the_torso(stage, portrait, body_data):
    view = shifted(portrait.camera, 0, -0.4)
    (frame,) = rendered(portrait, gesturing(portrait, "on_chest"), view)
    without = render_pose(stage, stage.puppet.source, view)
    covered = (frame.ids == HANDS) & (without.ids == BODY)
    assert covered.sum() > 100
    assert (frame.depth[covered] < without.depth[covered]).all()
    assert (np.isfinite(frame.depth) == (frame.rgba[..., 3] >= 128)).mean() > 0.99


def test_an_arm_behind_the_head_stays_behind_it(stage, portrait, figure):
    limbs = make_limbs(portrait, figure, facial_skin(stage))
    (arms,) = arm_poses(figure, gesturing(portrait, "wave_in"))
    assert arms is not None
    wrist = arms.place("right_middle1")
    for nearer, seen in ((0.25, True), (-0.3, False)):
        moved = (np.array([0, 0, nearer]) - wrist).astype(np.float32)
        there = replace(arms, shifts=arms.shifts + moved, places=arms.places + moved)
        frame = render_pose(stage, stage.puppet.source, portrait.camera, (limbs, there))
        x, y = portrait.landmarks[4].astype(int)
        assert (frame.ids[y - 8 : y + 8, x - 8 : x + 8] == HANDS).any() == seen


def test_frames_are_the_same_in_any_order(portrait, body_data):
    performance = gesturing(portrait, "wave", "hang", "wave_in", both=True)
    path = CameraPath.still(shifted(portrait.camera, 0.8, 0), 3, Fraction(25))
    first, second = (run(portrait, performance, path, RunContext()) for _ in range(2))
    frames = [first.render(index) for index in range(3)]
    assert (frames[0].ids == HANDS).sum() > 100
    for index in (2, 0, 1):
        same(second.render(index), frames[index])


def test_the_drawn_arms_are_the_figures(stage, portrait, figure):
    limbs = make_limbs(portrait, figure, facial_skin(stage))
    performance = gesturing(portrait, "wave", both=True)
    body = performance.body_pose.copy()
    body[:, 1:4] = np.random.default_rng(0).normal(0, 0.1, (3, 3))
    performance = replace(performance, body_pose=body, head_translation=np.array([[0.02, -0.03, 0.05]]))
    (arms,) = arm_poses(figure, performance)
    assert arms is not None
    whole = pose(
        figure,
        head_rotation=performance.head_rotation[0],
        head_translation=performance.head_translation[0],
        body_pose=performance.body_pose[0],
        left_hand=performance.left_hand[0],
        right_hand=performance.right_hand[0],
    )
    chosen = [arm.chosen for arm in limbs.arms]
    for rows, found in zip(chosen, _posed(limbs, arms, chosen), strict=True):
        np.testing.assert_allclose(found, whole[rows], atol=1e-5)


def test_the_head_goes_where_the_spine_carries_it(stage, portrait, figure):
    performance = gesturing(portrait, "hang")
    body = performance.body_pose.copy()
    body[:, 1] = 0, 0, 0.1
    bent = replace(performance, body_pose=body)
    head = list(PARENTS).index("head")
    moved = (joints(figure, body_pose=bent.body_pose) - joints(figure))[0, head]
    assert np.linalg.norm(moved) > 0.02
    source = stage.puppet.source
    there = Pose(source.face, source.rotation, moved.astype(np.float32), source.gaze)
    (frame,) = rendered(portrait, bent)
    alone = render_pose(stage, there, portrait.camera)
    face = np.isin(alone.ids, [ID_NAMES.index(name) for name in ("skin", "eyes", "mouth")])
    face &= alone.rgba[..., 3] == 255
    face[int(portrait.landmarks[152, 1]) :] = False  # below the chin the neck's edges show the sheet, which bends too
    assert face.mean() > 0.1
    assert np.abs(frame.plate[face].astype(int) - alone.plate[face]).max() <= 1
    assert np.abs(frame.plate.astype(int) - alone.plate)[-80:-40].max() > 20


def test_an_arm_fades_in_as_it_leaves_its_rest(portrait, figure):
    hanging, ready = (gesturing(portrait, stance, both=True).body_pose for stance in ("hang", "ready"))
    steps = np.linspace(0, 1, 12, dtype=np.float32)[:, None, None]
    performance = Performance.rest(12, Fraction(25), portrait.identity)
    for start in (hanging, hanging * 0):
        poses = arm_poses(figure, replace(performance, body_pose=start + steps * (ready - start)))
        shown = np.array([np.zeros(2) if found is None else found.shown for found in poses])
        assert poses[0] is None
        assert (shown[-1] == 1).all()
        assert (np.diff(shown, axis=0) >= 0).all()


@pytest.mark.parametrize(
    ("seen", "end"),
    [
        ("ccccc", LONG_SLEEVE),
        ("cccccccssss", 0.7),
        ("ccccccc   ss", 0.68),
        ("ccccccccccccss", LONG_SLEEVE),
        ("cccccccccccc  sss", LONG_SLEEVE),
        ("", LONG_SLEEVE),
    ],
)
def test_where_a_sleeve_ends(seen, end):
    """c: cloth, s: skin, each a tenth of the upper arm farther down; a hand beside the body is no bare arm."""
    places = [(index / 10, mark == "c") for index, mark in enumerate(seen) if mark != " "]
    assert _sleeve_end(places) == pytest.approx(end)


def own_arms(portrait) -> OwnArms:
    """A right arm at the picture's side, its forearm raised, as if it had been found there."""
    height, width = portrait.alpha.shape
    masks = {"right": np.zeros((height, width), np.float32)}
    masks["right"][-60:, :50] = 1
    torso = portrait.alpha > 0.5
    torso[:, :50] = torso[:, -50:] = False
    right = np.array([[50.0, height - 60], [30, height - 10], [40, height - 40]])
    left = right * (-1, 1) + (width, 0)
    return OwnArms(masks, torso, {"right": right, "left": left})


def test_the_photos_arm_makes_way_for_the_one_that_is_drawn(portrait, figure):
    own = own_arms(portrait)
    bare = prepare(portrait, RunContext(), own)
    limbs = make_limbs(portrait, figure, facial_skin(bare), own)
    (arms,) = arm_poses(figure, gesturing(portrait, "raise"))
    source = bare.puppet.source
    rest = render_pose(bare, source, portrait.camera)
    raised = render_pose(bare, source, portrait.camera, (limbs, arms))
    covered = (raised.ids == HANDS) | np.isnan(raised.uv[..., 0]) | (raised.uv[..., 0] < 0)
    gone = (own.masks["right"] > 0) & (portrait.alpha > 0.9)
    assert (rest.ids[gone] == BODY).mean() > 0.9
    assert ((raised.ids[gone] == 0) | covered[gone]).mean() > 0.9
    left = np.s_[-60:, -50:]
    np.testing.assert_array_equal(raised.plate[left], rest.plate[left])


def test_hands_have_the_tone_of_those_that_the_photo_shows(portrait, figure):
    own = own_arms(portrait)
    face = facial_skin(prepare(portrait, RunContext()))
    without = look_of(portrait, figure, face, own).skin
    brown = np.round(without * (205, 190, 185)).astype(np.uint8)
    image, alpha = portrait.image.copy(), portrait.alpha.copy()
    image[-60:, :50], alpha[-60:, :50] = brown, 1
    found = look_of(replace(portrait, image=image, alpha=alpha), figure, face, own).skin
    assert np.abs(found - brown / 255).max() < 0.5 * np.abs(without - brown / 255).max()


def test_a_bent_elbow_creases_its_sleeve(portrait, figure):
    limbs = make_limbs(portrait, figure, facial_skin(prepare(portrait, RunContext())))
    poses = arm_poses(figure, gesturing(portrait, "aim", "raise"))
    right = limbs.arms[1]
    straighter, bent = (_bent(right, found) for found in poses if found is not None)
    assert bent.max() > straighter.max() + 0.2
    assert bent[np.abs(right.reach - 1) > 0.9].max() < 0.02
    assert np.abs(limbs.bent - limbs.picture).max() > 0.05


def test_an_arm_that_the_photo_shows_raised_is_drawn_all_the_time(portrait, figure):
    """Else its hand would dissolve into another one as the gesture begins."""
    performance = gesturing(portrait, "hang", "ready", "hang")
    never = [found is not None for found in arm_poses(figure, performance)]
    always = arm_poses(figure, performance, ("right",))
    assert never == [False, True, False]
    assert all(found is not None and found.shown[1] == 1 and found.shown[0] == 0 for found in always)
    assert not any(arm_poses(figure, gesturing(portrait, "hang", "hang"), ("right",)))
    assert own_arms(portrait).raised == ("right",)


def test_a_replaced_arm_begins_at_the_photos_shoulder(portrait, figure):
    own = own_arms(portrait)
    stage = prepare(portrait, RunContext(), own)
    left, right = make_limbs(portrait, figure, facial_skin(stage), own).arms
    shoulder = figure.joints[BODY_JOINTS.index("right_shoulder")]
    away = np.linalg.norm(portrait.camera.project(shoulder)[:2] - own.joints["right"][0])
    moved = np.linalg.norm(portrait.camera.project(shoulder + right.shift)[:2] - own.joints["right"][0])
    assert moved < max(away - 1, 1)
    assert (right.whole, left.whole) == (True, False)


def test_a_hanging_arm_lies_before_the_side_of_the_torso_and_behind_its_middle():
    torso = np.zeros((8, 21), bool)
    torso[2:, 3:18] = True
    deep = _flanks(torso)
    assert np.isnan(deep[~torso]).all()
    assert deep[4, 10] == 0
    assert 0.04 < deep[4, 3] < 0.12
    assert (np.diff(deep[4, 10:18]) > 0).all()


def test_what_is_painted_on_a_hand_leaves_its_tone(portrait, figure):
    face = portrait.alpha > 0.5
    limbs = make_limbs(portrait, figure, face)
    hand = limbs.picture[:448, :448, :3].reshape(-1, 3)
    tint = (hand / limbs.skin).mean(axis=0)
    np.testing.assert_allclose(tint / tint.mean(), 1, atol=0.03)


def test_sleeves_are_as_loose_as_the_photos(portrait, figure):
    height, width = portrait.alpha.shape
    looseness = []
    for out in (0.17, 0.26):
        alpha = np.zeros_like(portrait.alpha)
        near, far = round(0.3 * width), round(0.7 * width)
        wide = round(out * (far - near))
        alpha[height // 4 :, near - wide : far + wide] = 1
        shoulders: dict[Side, tuple[int, int]] = {"right": (near, height // 3), "left": (far, height // 3)}
        joints: dict[Side, np.ndarray] = {side: np.array([at, at, at], float) for side, at in shoulders.items()}
        masks: dict[Side, np.ndarray] = {side: np.zeros_like(alpha) for side in joints}
        looseness.append(_looseness(alpha, OwnArms(masks, alpha > 0.5, joints), 0.002))
    assert looseness[0] < 0.003
    assert 0.005 < looseness[1] <= 0.016
