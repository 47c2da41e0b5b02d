"""The hand net's view of a drawn hand, and that nothing but hands is refined by it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from garrick.bodies.body import make_figure
from garrick.bodies.head import load_head
from garrick.core.camera import Camera
from garrick.core.performance import BODY_JOINTS, Performance
from garrick.motion.gestures.arms import arm_turns
from garrick.motion.gestures.shapes import hand_shape
from garrick.rendering.limb_mesh import make_limbs
from garrick.rendering.limbs import Canvas, arm_poses, draw_limbs
from garrick.rendering.take import ID_NAMES, Frame
from garrick.training.render import hand_refiner
from garrick.training.render.hand_refiner import HandRefiner
from garrick.training.render.hand_view import HAND_SIDE, INJECTED, hand_vertices, hand_view, skin_tones

HANDS = ID_NAMES.index("hands")
SIDES = ("left", "right")


@pytest.fixture(scope="module")
def scene(portrait, body_data):
    """Limbs of the sample portrait, both arms held up alike, and a camera straight before them."""
    figure = make_figure(load_head(), portrait.identity)
    height, width = portrait.alpha.shape
    face = np.zeros((height, width), bool)
    x, y = portrait.landmarks[50].astype(int)
    face[y - 8 : y + 8, x - 8 : x + 8] = True
    limbs = make_limbs(portrait, figure, face)
    (pose,) = arm_poses(figure, waving(portrait))
    assert pose is not None
    lens = np.array([[600.0, 0, 256], [0, 600, 256], [0, 0, 1]])
    place = np.diag([1.0, -1, -1, 1])
    middle = np.mean([hand_vertices(figure, pose, side).mean(axis=0) for side in (0, 1)], axis=0)
    place[:3, 3] = -place[:3, :3] @ (middle + np.array([0, 0, 1.2]))
    return limbs, pose, Camera(lens, place, (512, 512)), skin_tones(portrait.image, face)


def waving(portrait) -> Performance:
    """One frame, both arms and hands held up alike."""
    rest = Performance.rest(1, Fraction(25), portrait.identity)
    body = rest.body_pose.copy()
    for side in SIDES:
        rows = [BODY_JOINTS.index(f"{side}_{name}") for name in ("collar", "shoulder", "elbow", "wrist")]
        body[0, rows] = arm_turns("wave_in", side)
    return replace(rest, body_pose=body, **{f"{side}_hand": hand_shape("open", side)[None] for side in SIDES})


def frame_of(scene) -> Frame:
    limbs, pose, camera, _ = scene
    shape = camera.size[::-1]
    canvas = Canvas(
        np.full((*shape, 4), 1, np.float32), np.zeros((*shape, 2), np.float32), np.full(shape, 9, np.float32),
        np.zeros(shape, np.uint8),
    )  # fmt: skip
    draw_limbs(limbs, pose, camera, np.zeros((2, 4, 4, 4), np.float32), canvas)
    plate = (np.clip(canvas.layer[..., :3], 0, 1) * 255).astype(np.uint8)
    rgba = np.concatenate([plate, np.full((*shape, 1), 255, np.uint8)], axis=2)
    return Frame(rgba, canvas.depth, canvas.uv, canvas.ids, plate)


def views(scene, frame: Frame):
    limbs, pose, camera, _ = scene
    found = [
        hand_view(
            limbs.figure.hands[side],
            hand_vertices(limbs.figure, pose, side),
            camera,
            frame.plate,
            frame.ids == HANDS,
            frame.depth,
        )
        for side in (0, 1)
    ]
    return [view for view in found if view is not None]


def test_only_drawn_hands_may_be_changed(scene):
    frame = frame_of(scene)
    for view in views(scene, frame):
        drawn = view.crop.cut((frame.ids == HANDS).astype(np.float32))
        drawn = drawn[:, ::-1] if view.mirrored else drawn
        assert (view.weight > 0.5).sum() > 800
        assert view.weight[drawn < 0.01].max() < 0.2
        assert (view.weight[drawn > 0.99] > 0.5).mean() > 0.6
        # not the forearm
        assert view.weight[view.injected[INJECTED.index("along")] > 1.25].max(initial=0) < 0.3


def test_a_left_hand_is_seen_as_a_right_one(scene):
    left, right = views(scene, frame_of(scene))
    assert left.mirrored
    assert not right.mirrored
    both = (left.weight > 0.9) & (right.weight > 0.9)
    assert both.sum() > 0.7 * (right.weight > 0.9).sum()
    assert np.abs(left.injected - right.injected)[:, both].mean() < 0.08


def test_normals_of_what_is_seen_point_at_the_camera(scene):
    for view in views(scene, frame_of(scene)):
        inner = view.weight > 0.9
        away = view.injected[INJECTED.index("away")][inner]
        assert np.mean(away < 0) > 0.95
        normal = view.injected[[INJECTED.index(name) for name in ("right", "down", "away")]][:, inner]
        assert np.median(np.abs(np.linalg.norm(normal, axis=0) - 1)) < 0.05


def test_a_hand_behind_something_is_left_alone(scene):
    limbs, pose, camera, _ = scene
    frame = frame_of(scene)
    points = hand_vertices(limbs.figure, pose, 1)
    near = np.full_like(frame.depth, float(camera.project(points)[:, 2].min()) - 0.1)
    assert hand_view(limbs.figure.hands[1], points, camera, frame.plate, frame.ids == HANDS, near) is None


def test_nothing_but_hands_changes_whatever_the_net_says(scene, monkeypatch, tmp_path):
    limbs, pose, camera, tones = scene
    ones = np.full((HAND_SIDE, HAND_SIDE, 3), -0.3, np.float32)

    def say(view, told, net):
        assert told is tones
        return (ones * view.weight[..., None])[:, :: -1 if view.mirrored else 1]

    monkeypatch.setattr(hand_refiner, "hand_change", say)
    frame = frame_of(scene)
    again = HandRefiner(limbs, tones, tmp_path).refine(pose, camera, frame)
    moved = np.abs(again.plate.astype(int) - frame.plate).max(axis=2) > 25
    hand = frame.ids == HANDS
    assert moved[hand].mean() > 0.5
    assert moved[~hand].sum() < 0.01 * moved.sum()
    assert again.depth is frame.depth
    assert again.ids is frame.ids
    np.testing.assert_array_equal(again.rgba[..., 3], frame.rgba[..., 3])
    halves = HandRefiner(limbs, tones, tmp_path).refine(replace(pose, shown=np.array([0.0, 1.0])), camera, frame)
    changed = np.nonzero((halves.plate != frame.plate).any(axis=2))[1]
    assert changed.max() < 256  # the right hand is on the left of the picture
