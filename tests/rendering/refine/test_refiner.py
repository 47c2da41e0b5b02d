"""The face net's promises: the photo stays the photo, nothing outside the face changes, motion is followed smoothly."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.camera import CameraPath
from garrick.core.performance import Performance
from garrick.rendering.puppet import Pose
from garrick.rendering.refine import refiner as laying
from garrick.rendering.refine.crop import SIDE
from garrick.rendering.refine.cues import CUE_SIDE, CUES
from garrick.rendering.refine.refiner import make_refiner
from garrick.rendering.refine.view import traits_of, view_of
from garrick.rendering.render import prepare, render_pose, run
from garrick.rendering.take import ID_NAMES

INSIDE, TOOTH, MOVED = (CUES.index(name) for name in ("inside", "tooth", "moved"))


@pytest.fixture(scope="module")
def stage(portrait):
    return prepare(portrait, RunContext())


def posed(stage, yaw: float = 0.0, **weights: float) -> Pose:
    face = stage.puppet.source.face.copy()
    for name, weight in weights.items():
        face[ARKIT_INDEX[name]] = weight
    turn = stage.puppet.source.rotation + np.array([0, np.radians(yaw), 0], np.float32)
    return replace(stage.puppet.source, face=face, rotation=turn)


def seen(stage, pose: Pose):
    camera = stage.portrait.camera
    frame = render_pose(stage, pose, camera)
    return view_of(stage, traits_of(stage), pose, camera, frame.plate), frame


def test_the_photo_may_not_be_changed(stage):
    view, frame = seen(stage, stage.puppet.source)
    assert view.weight.max() < 1e-3
    again = make_refiner(stage).refine(stage.puppet.source, stage.portrait.camera, frame)
    np.testing.assert_array_equal(again.plate, frame.plate)


def test_an_open_mouth_may_be_changed_and_teeth_and_forehead_not(stage):
    view, _ = seen(stage, posed(stage, jawOpen=0.6))
    within, teeth = (np.kron(view.cues[column], np.ones((2, 2))) > 0.9 for column in (INSIDE, TOOTH))
    assert min((within & ~teeth).sum(), teeth.sum()) > 20
    assert np.median(view.weight[within & ~teeth]) > 0.7
    assert np.median(view.weight[teeth]) < 0.1
    forehead, _ = view.crop.points(stage.portrait.camera.project(stage.head.landmarks(stage.source)[[10, 10]]))
    x, y = forehead[:2].astype(int)
    assert view.weight[y + 4 : y + 20, x - 10 : x + 10].max() < 0.05


def test_cues_tell_what_a_pixel_is(stage):
    view, _ = seen(stage, posed(stage, yaw=12, jawOpen=0.3, mouthUpperUpLeft=0.5, mouthUpperUpRight=0.5))
    assert view.cues.shape == (len(CUES), CUE_SIDE, CUE_SIDE)
    assert view.cues[TOOTH].max() > 0.9
    normal = np.linalg.norm(view.cues[2:5], axis=0)
    face = view.weight[::2, ::2] > 0.9
    assert np.median(np.abs(normal[face] - 1)) < 0.02
    assert view.cues[4][face].mean() < -0.6  # towards the camera
    assert (view.cues[MOVED][face] > 0.9).all()


def test_nothing_but_the_face_changes_whatever_the_net_says(stage, monkeypatch):
    monkeypatch.setattr(
        laying, "change", lambda view, net: np.ones((SIDE, SIDE, 3), np.float32) * view.weight[..., None]
    )
    pose = posed(stage, yaw=10, jawOpen=0.4)
    frame = render_pose(stage, pose, stage.portrait.camera)
    again = make_refiner(stage).refine(pose, stage.portrait.camera, frame)
    moved = np.abs(again.plate.astype(int) - frame.plate).max(axis=2) > 25
    face = np.isin(frame.ids, [ID_NAMES.index(name) for name in ("skin", "eyes", "teeth", "mouth")])
    assert moved[face].mean() > 0.4
    assert moved[~face].sum() < 0.002 * moved.sum()
    np.testing.assert_array_equal(again.rgba[..., 3], frame.rgba[..., 3])


def test_a_hand_before_the_face_stays_as_it_is(stage, monkeypatch):
    monkeypatch.setattr(
        laying, "change", lambda view, net: np.ones((SIDE, SIDE, 3), np.float32) * view.weight[..., None]
    )
    pose = posed(stage, yaw=10)
    frame = render_pose(stage, pose, stage.portrait.camera)
    x, y = stage.portrait.camera.project(stage.head.landmarks(stage.puppet.pose(pose))[50])[:2].astype(int)
    ids, uv = frame.ids.copy(), frame.uv.copy()
    ids[y - 6 : y + 6, x - 6 : x + 6], uv[y - 6 : y + 6, x - 6 : x + 6] = ID_NAMES.index("hands"), -1
    again = make_refiner(stage).refine(pose, stage.portrait.camera, replace(frame, ids=ids, uv=uv))
    np.testing.assert_array_equal(again.plate[y - 4 : y + 4, x - 4 : x + 4], frame.plate[y - 4 : y + 4, x - 4 : x + 4])


def test_refining_is_deterministic_and_follows_small_motion_with_small_change(stage):
    refiner, camera = make_refiner(stage), stage.portrait.camera
    changes = []
    for jaw in (0.30, 0.30, 0.301):
        pose = posed(stage, yaw=8, jawOpen=jaw)
        frame = render_pose(stage, pose, camera)
        changes.append(refiner.refine(pose, camera, frame).plate.astype(int) - frame.plate)
    np.testing.assert_array_equal(changes[0], changes[1])
    assert np.abs(changes[0]).max() > 3
    assert np.abs(changes[2] - changes[0]).mean() < 0.1 * np.abs(changes[0]).mean() + 0.02


def test_a_take_is_refined_when_asked_and_begins_with_the_photo_untouched(stage, portrait):
    poses = [stage.puppet.source, posed(stage, yaw=8, jawOpen=0.4)]
    performance = replace(
        Performance.rest(2, Fraction(25)),
        face=np.stack([pose.face for pose in poses]),
        head_rotation=np.stack([pose.rotation for pose in poses]),
        gaze=np.stack([pose.gaze for pose in poses]),
    )
    camera = CameraPath.still(portrait.camera, 2, Fraction(25))
    plain, refined = (run(portrait, performance, camera, RunContext(), refine=asked) for asked in (False, True))
    np.testing.assert_array_equal(plain.render(0).plate, refined.render(0).plate)
    assert (plain.render(1).plate != refined.render(1).plate).any()
    np.testing.assert_array_equal(plain.render(1).depth, refined.render(1).depth)
