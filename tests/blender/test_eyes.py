"""blender_addon/shot_import/eyes.py: eyes take the photo's colours and keep them when they turn."""

from __future__ import annotations

from dataclasses import replace

import bpy
import cv2
import numpy as np
import pytest
from tiny_shot import write_shot

from blender_addon.shot_import.eyes import ANGLE, IRIS, PUPIL, read_colors
from blender_addon.shot_import.scene import import_shot
from blender_addon.shot_import.shot import Rig, read_shot


@pytest.fixture
def eyeball(tmp_path) -> Rig:
    """One eyeball of many points, seen straight on: a hand's breadth of picture for its front half."""
    rig = read_shot(write_shot(tmp_path / "shot")).rig
    polar, turn = np.meshgrid(np.linspace(0, 1.2, 60), np.linspace(0, 2 * np.pi, 60))
    ray = np.stack([np.sin(polar) * np.cos(turn), np.sin(polar) * np.sin(turn), np.cos(polar)], -1).reshape(-1, 3)
    weights = np.zeros((len(ray), 5))
    weights[:, 3] = 1
    return replace(
        rig,
        vertices=rig.joint_positions[3] + 0.015 * ray,
        loops=np.arange(len(ray)),
        photo_uv=ray[:, :2] * 0.5 + 0.5,
        weights=weights,
    )


def test_colours_are_the_photos_between_the_lids(eyeball, tmp_path):
    rows, columns = np.mgrid[:200, :200] / 100.0 - 1
    angle = np.arcsin(np.clip(np.hypot(rows, columns), 0, 1))
    photo = np.full((200, 200, 3), (150, 180, 220), np.uint8)  # lids, BGR
    photo[np.abs(rows) < 0.25] = (230, 230, 230)
    photo[(angle < 0.41) & (np.abs(rows) < 0.25)] = (40, 90, 120)
    photo[angle < 0.2] = 0
    cv2.imwrite(str(tmp_path / "photo.png"), photo)
    colors = read_colors(eyeball, tmp_path / "photo.png")
    assert colors is not None
    np.testing.assert_allclose(colors.iris, (np.array([120, 90, 40]) / 255) ** 2.2, atol=0.01)
    np.testing.assert_allclose(colors.white, (np.full(3, 230) / 255) ** 2.2, atol=0.01)


def test_eyes_outside_of_the_photo_have_no_colours_to_give(eyeball, tmp_path):
    cv2.imwrite(str(tmp_path / "photo.png"), np.zeros((8, 8, 3), np.uint8))
    assert read_colors(replace(eyeball, photo_uv=eyeball.photo_uv + 2), tmp_path / "photo.png") is None


def test_only_eyeballs_have_a_look(tmp_path):
    shot = read_shot(write_shot(tmp_path / "shot"))
    head = import_shot(shot, bpy.context.scene).head
    angles = np.array([item.value for item in head.data.attributes[ANGLE].data])
    eyes = (shot.rig.weights[:, 3:5] > 0.5).any(axis=1)
    assert eyes.any()
    assert (angles[~eyes] == np.float32(np.pi)).all()
    assert 0 < PUPIL < IRIS < np.pi
