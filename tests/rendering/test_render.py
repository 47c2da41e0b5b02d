"""The renderer's promises: a still head is the photo, curves move what they name, passes fit the picture."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from garrick.bodies.head import load_head
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.camera import CameraPath
from garrick.core.performance import BODY_JOINTS, Performance
from garrick.motion.gestures.arms import arm_turns
from garrick.perception.fit import OVAL
from garrick.rendering import shade
from garrick.rendering.camera_moves import camera_move
from garrick.rendering.layers import fill_holes, split
from garrick.rendering.puppet import Pose
from garrick.rendering.rasterise import rasterise
from garrick.rendering.render import prepare, render_pose, run
from garrick.rendering.take import ID_NAMES


@pytest.fixture(scope="module")
def stage(portrait):
    return prepare(portrait, RunContext())


def psnr(a: np.ndarray, b: np.ndarray, mask: np.ndarray | None = None) -> float:
    error = (a.astype(np.float64) - b) ** 2
    return float(10 * np.log10(255**2 / np.maximum(error[mask] if mask is not None else error, 1e-9).mean()))


def oval(portrait) -> np.ndarray:
    import cv2

    mask = np.zeros(portrait.image.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(portrait.landmarks[list(OVAL)]).astype(np.int32)], 1)
    return mask > 0


def posed(stage, **weights: float) -> Pose:
    face = stage.puppet.source.face.copy()
    for name, weight in weights.items():
        face[ARKIT_INDEX[name]] = weight
    return replace(stage.puppet.source, face=face)


def test_neutral_gives_the_photo_back(stage, portrait):
    frame = render_pose(stage, stage.puppet.source, portrait.camera)
    assert psnr(frame.plate, portrait.image) > 38
    assert psnr(frame.plate, portrait.image, oval(portrait)) > 35


def test_opening_the_jaw_changes_the_mouth_and_leaves_the_forehead(stage, portrait):
    still = render_pose(stage, stage.puppet.source, portrait.camera)
    wide = render_pose(stage, posed(stage, jawOpen=0.5), portrait.camera)
    x, y = portrait.landmarks[14].astype(int)
    forehead = portrait.landmarks[10].astype(int)
    changed = np.abs(wide.plate.astype(int) - still.plate).max(axis=2)
    assert changed[y - 2 : y + 12, x - 6 : x + 6].mean() > 20
    assert changed[forehead[1] - 4 : forehead[1] + 4, forehead[0] - 6 : forehead[0] + 6].max() <= 2
    assert ID_NAMES.index("mouth") in wide.ids[y - 2 : y + 16, x - 6 : x + 6]


def test_a_blink_covers_the_eyes(stage, portrait):
    eyes = ID_NAMES.index("eyes")
    still = (render_pose(stage, stage.puppet.source, portrait.camera).ids == eyes).sum()
    shut = posed(stage, eyeBlinkLeft=1, eyeBlinkRight=1, eyeWideLeft=0, eyeWideRight=0)
    assert still > 20
    assert (render_pose(stage, shut, portrait.camera).ids == eyes).sum() < 0.15 * still


def test_passes_fit_the_picture(stage, portrait):
    clean = replace(stage, clinging=None)
    frame = render_pose(clean, posed(stage, jawOpen=0.3), portrait.camera)
    person = frame.rgba[..., 3] >= 128
    assert (np.isfinite(frame.depth) == person).mean() > 0.99
    assert 0.2 < np.nanmin(frame.depth) < 3
    assert ((frame.uv >= 0).all(axis=2) == person).mean() > 0.98
    assert (frame.ids[~person] == 0).all()
    assert {ID_NAMES.index(name) for name in ("skin", "hair", "body")} <= set(np.unique(frame.ids))
    # straight alpha over the background is the plate
    background = stage.layers.background * 255
    alpha = frame.rgba[..., 3:] / 255
    np.testing.assert_allclose(frame.rgba[..., :3] * alpha + background * (1 - alpha), frame.plate, atol=2.5)


def test_what_clings_to_the_outline_is_not_the_persons(stage, portrait):
    """Before the photo's room it makes the neutral frame the photo; colours with alpha, passes and other plates lack it."""
    frame, clean = (
        render_pose(one, stage.puppet.source, portrait.camera) for one in (stage, replace(stage, clinging=None))
    )
    assert psnr(frame.plate, portrait.image) > psnr(clean.plate, portrait.image) + 6
    person = frame.rgba[..., 3] > 0
    np.testing.assert_array_equal(frame.rgba[person], clean.rgba[person])
    np.testing.assert_array_equal(frame.rgba[..., 3], clean.rgba[..., 3])
    for name in ("depth", "uv", "ids"):
        np.testing.assert_array_equal(getattr(frame, name), getattr(clean, name), name)


def test_depth_is_the_heads_own(stage, portrait):
    frame = render_pose(stage, stage.puppet.source, portrait.camera)
    nose = portrait.camera.project(load_head().landmarks(stage.source)[1])
    assert frame.depth[int(nose[1]), int(nose[0])] == pytest.approx(nose[2], abs=0.004)


def test_turning_keeps_the_silhouette_whole(stage, portrait):
    from scipy.ndimage import binary_fill_holes

    for yaw in (-0.26, 0.26):
        pose = replace(stage.puppet.source, rotation=stage.puppet.source.rotation + np.array([0, yaw, 0]))
        person = render_pose(stage, pose, portrait.camera).rgba[..., 3] > 128
        assert (binary_fill_holes(person) & ~person).sum() < 0.002 * person.sum()


def test_no_hole_opens_inside_the_silhouette(stage, portrait):
    """However head and camera move within what a single photo bears: ears, hair and neck stay whole."""
    from garrick.core.rotation import axis_angles, rotation_matrices
    from scipy.ndimage import binary_fill_holes

    random = np.random.default_rng(0)
    for _ in range(24):
        turn = rotation_matrices(np.radians(random.uniform((-12, -25, -12), (12, 25, 12))))
        pose = Pose(
            np.clip(random.normal(0, 0.25, 52), 0, 1).astype(np.float32),
            axis_angles(turn @ rotation_matrices(portrait.head_rotation)),
            random.uniform(-0.04, 0.04, 3),
            portrait.gaze,
        )
        orbit = np.eye(4)
        orbit[:3, :3] = rotation_matrices(np.radians(random.uniform((-8, -12, 0), (8, 12, 0))))
        there = portrait.camera.world_to_camera @ orbit
        there[2, 3] *= random.uniform(0.85, 1.25)
        frame = render_pose(stage, pose, replace(portrait.camera, world_to_camera=there))
        person = frame.rgba[..., 3] >= 64
        # corners count as ways out: a notch of the outline, where an ear meets hair, is no hole
        assert not (binary_fill_holes(person, np.ones((3, 3))) & ~person).any()
        assert not ((frame.rgba[..., 3] > 128) & (frame.ids == 0)).any()


def test_a_moved_camera_sees_parallax(stage, portrait):
    moved = portrait.camera.world_to_camera.copy()
    moved[0, 3] += 0.04
    camera = replace(portrait.camera, world_to_camera=moved)
    frame = render_pose(stage, stage.puppet.source, camera)
    nose = camera.project(load_head().landmarks(stage.source)[1])
    assert frame.ids[int(nose[1]), int(nose[0])] == ID_NAMES.index("skin")
    assert frame.depth[int(nose[1]), int(nose[0])] == pytest.approx(nose[2], abs=0.004)


def test_frames_are_the_same_twice_and_in_any_order(portrait):
    performance = replace(
        Performance.rest(3, Fraction(25)),
        face=np.stack([portrait.face * share for share in (1, 0.5, 0)]),
        head_rotation=np.repeat(portrait.head_rotation[None], 3, axis=0),
        gaze=np.repeat(portrait.gaze[None], 3, axis=0),
    )
    camera = CameraPath.still(portrait.camera, 3, Fraction(25))
    first, second = (run(portrait, performance, camera, RunContext()) for _ in range(2))
    frames = [first.render(i).rgba for i in range(3)]
    for index in (2, 0, 1):
        np.testing.assert_array_equal(second.render(index).rgba, frames[index])


def test_threads_draw_the_same_frames(portrait, body_data):
    """Several at once, each a frame of its own, with an arm, passes, a refined face and a camera that moves."""
    count = 8
    rest = Performance.rest(count, Fraction(25), portrait.identity)
    body = rest.body_pose.copy()
    rows = [BODY_JOINTS.index(f"right_{name}") for name in ("collar", "shoulder", "elbow", "wrist")]
    body[:, rows] = arm_turns("on_chest", "right")
    performance = replace(
        rest,
        face=portrait.face * np.linspace(1, 0, count)[:, None],
        head_rotation=portrait.head_rotation + np.linspace(0, 0.2, count)[:, None],
        gaze=np.repeat(portrait.gaze[None], count, axis=0),
        body_pose=body,
    )
    lens = portrait.camera.intrinsics.copy()
    lens[1, 2] -= 0.4 * portrait.camera.size[1]  # lower, where the hand is
    below = replace(portrait, camera=replace(portrait.camera, intrinsics=lens))
    camera = camera_move(below, "orbit", 8.0, count, Fraction(25), np.random.default_rng(0))
    take = run(portrait, performance, camera, RunContext(), passes=True, refine=True)
    alone = [take.render(index) for index in range(count)]
    assert (alone[0].ids == ID_NAMES.index("hands")).any()
    for threads in (2, 4):
        with ThreadPoolExecutor(threads) as pool:
            together = list(pool.map(take.render, range(count)))
        for one, other in zip(alone, together, strict=True):
            for name in ("plate", "rgba", "depth", "uv", "ids", "normals"):
                np.testing.assert_array_equal(getattr(one, name), getattr(other, name), name)


def test_wrong_camera_length_is_refused(portrait):
    camera = CameraPath.still(portrait.camera, 2, Fraction(25))
    with pytest.raises(ValueError, match="3"):
        run(portrait, Performance.rest(3, Fraction(25)), camera, RunContext())


def test_layers_composite_back_to_the_photo():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (64, 48, 3), np.uint8)
    alpha = np.clip(rng.normal(0.5, 0.6, (64, 48)), 0, 1).astype(np.float32)
    assert psnr(recombined(image, alpha) * 255, image) > 25  # random noise under a random matte is the worst case
    smooth = np.full_like(image, 90)
    np.testing.assert_allclose(recombined(smooth, alpha), smooth / 255, atol=2 / 255)


def recombined(image: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    layers = split(image, alpha)
    return layers.foreground[..., :3] + (1 - layers.foreground[..., 3:]) * layers.background


def test_no_ghost_stays_in_the_background():
    """Spill past the matte (hair, a halo) goes with the person and leaves no outline behind."""
    y, x = np.mgrid[:256, :256]
    away = np.hypot(x - 128, y - 128)
    spill = np.clip((82 - away) / 2, 0, 0.2)  # reaches 2 pixels past the matte
    image = np.round(200 - 160 * np.where(away < 80, 1, spill))[..., None].repeat(3, axis=2).astype(np.uint8)
    alpha = (away < 80).astype(np.float32)
    np.testing.assert_allclose(split(image, alpha).background, 200 / 255, atol=2 / 255)
    np.testing.assert_allclose(recombined(image, alpha), image / 255, atol=1 / 255)


def test_hair_beside_the_face_is_not_nearer_than_its_outline(stage, portrait):
    """Else the sheet sticks out from behind the far cheek in a turn."""
    from scipy.ndimage import distance_transform_edt

    depth = rasterise(portrait.camera.project(stage.source).astype(np.float32), stage.head.triangles, (256, 256)).depth
    away, (row, column) = distance_transform_edt(~np.isfinite(depth), return_indices=True)
    x, y = np.clip(stage.sheet.photo, 0, 255).astype(int).T
    beside = (away[y, x] > 0) & (away[y, x] < 4)
    own = portrait.camera.project(stage.sheet.rest)[:, 2]
    assert beside.sum() > 30
    assert np.median((own - depth[row[y, x], column[y, x]])[beside]) > -0.006


def test_holes_are_filled_from_around():
    picture = np.full((33, 47, 1), 0.25, np.float32)
    known = np.ones((33, 47), np.float32)
    known[10:20, 15:30] = 0
    picture[known == 0] = 9
    np.testing.assert_allclose(fill_holes(picture, known), 0.25, atol=1e-4)


def test_what_an_arms_edge_and_hair_behind_it_cover_together_has_an_id():
    """Each less than half, both more: the arm's."""
    arm = np.full((1, 2, 4), 0.45, np.float32)
    layer = np.array([[[0.1, 0.1, 0.1, 0.2], [0.3, 0.3, 0.3, 0.6]]], np.float32)
    uv, depth, ids = (
        np.zeros((1, 2, 2), np.float32),
        np.array([[np.inf, 0.8]], np.float32),
        np.array([[0, 2]], np.uint8),
    )
    one, near, hands = np.ones((1, 2), np.float32), np.full((1, 2), 0.5, np.float32), np.full((1, 2), 7, np.uint8)
    shade.lay_over(arm, near, hands, one, one, layer, uv, depth, ids)
    np.testing.assert_allclose(layer[0, :, 3], (0.56, 0.78), atol=1e-6)
    assert ids.tolist() == [[7, 2]]
    np.testing.assert_allclose(depth, [[0.5, 0.8]])
