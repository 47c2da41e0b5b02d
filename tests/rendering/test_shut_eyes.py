"""Eyes that shut: the lids meet, whoever's they are, and show skin and lashes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from garrick.bodies.blink import LIDS
from garrick.bodies.head import PARTS, load_head
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX
from garrick.evaluation.images import ssim
from garrick.perception import analyse
from garrick.rendering.puppet import make_puppet
from garrick.rendering.render import prepare, render_pose
from garrick.rendering.shut_eyes import shut_eyes
from garrick.rendering.take import ID_NAMES

SIDES = ("Left", "Right")


@pytest.fixture(scope="module")
def portrait(sample_portrait):
    """Large enough for lashes."""
    return analyse.run(sample_portrait, (512, 512), None, RunContext())


@pytest.fixture(scope="module")
def stage(portrait):
    return prepare(portrait, RunContext())


def blinking(stage, weight: float):
    face = stage.puppet.source.face.copy()
    face[[ARKIT_INDEX[f"eyeBlink{side}"] for side in SIDES]] = weight
    return replace(stage.puppet.source, face=face)


def test_the_upper_lids_end_on_the_lower_ones(portrait):
    puppet = make_puppet(load_head(), portrait)
    face = puppet.source.face.copy()
    face[[ARKIT_INDEX[f"eyeBlink{side}"] for side in SIDES]] = 1
    posed = puppet.head.vertices(face=face)
    edges = puppet.head.landmarks(posed)
    skin = puppet.head.vertex_parts == PARTS.index("skin")
    for side, loop in zip(SIDES, LIDS, strict=True):
        lid = skin & (puppet.head.face_basis[ARKIT_INDEX[f"eyeBlink{side}"], :, 1] < -0.0015)
        lower = edges[list(loop[:9])]
        lower = lower[np.argsort(lower[:, 0])]
        middle = (lower[2, 0] + lower[6, 0]) / 2
        near = lid & (np.abs(posed[:, 0] - middle) < 0.006)
        rim = posed[near][np.argmin(posed[near, 1])]
        assert abs(rim[1] - np.interp(rim[0], lower[:, 0], lower[:, 1])) < 0.0012  # metres


def test_a_shut_eye_shows_no_eye_and_a_half_shut_one_does(stage, portrait):
    eyes = ID_NAMES.index("eyes")
    shown = [
        int((render_pose(stage, blinking(stage, weight), portrait.camera).ids == eyes).sum()) for weight in (0, 0.5, 1)
    ]
    assert shown[0] > 100
    assert 0.2 < shown[1] / shown[0] < 0.8
    assert shown[2] / shown[0] < 0.08


def test_shut_lids_are_skin_with_a_dark_line_where_they_meet(stage, portrait):
    plate = render_pose(stage, blinking(stage, 1), portrait.camera).plate.astype(float)
    for loop in LIDS:
        points = portrait.landmarks[list(loop)]
        x, y = points.mean(axis=0)
        half = np.ptp(points[:, 0]) / 2
        cheek = plate[int(y + 1.3 * half) : int(y + 1.7 * half), int(x - 0.3 * half) : int(x + 0.3 * half)].mean()
        column = plate[int(y - 0.6 * half) : int(y + 0.8 * half), int(x) - 1 : int(x) + 2].mean(axis=(1, 2))
        assert np.median(column) > 0.6 * cheek  # no hole, and no white of an eye
        assert np.median(column) < 1.15 * cheek
        assert column.min() < 0.75 * np.median(column)


def test_outside_the_eyes_the_shut_picture_is_the_photo(portrait):
    puppet = make_puppet(load_head(), portrait)
    shut, points = shut_eyes(puppet, portrait)
    assert shut.shape == (*portrait.image.shape[:2], 4)
    assert points.shape == (len(puppet.head.template), 2)
    photo = portrait.image.astype(np.float32) / 255
    apart = np.abs(shut[..., :3] - photo).max(axis=2) > 1e-3
    reach = np.zeros_like(apart)
    for loop in LIDS:
        points = portrait.landmarks[list(loop)]
        width = np.ptp(points[:, 0])
        low, high = points.min(axis=0) - 0.6 * width, points.max(axis=0) + 0.6 * width
        reach[int(low[1]) : int(high[1]), int(low[0]) : int(high[0])] = True
    assert apart.any()
    assert not (apart & ~reach).any()


def test_an_open_eye_is_still_the_photo_s(stage, portrait):
    plate = render_pose(stage, stage.puppet.source, portrait.camera).plate
    assert ssim([plate], [portrait.image]).value > 0.97
