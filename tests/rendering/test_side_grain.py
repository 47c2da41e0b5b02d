"""The sides of a head: a beard goes on with its grain, and hair ends sharply above the ears."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from garrick.bodies.head import PARTS
from garrick.context import RunContext
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.perception.fit import LIPS, OVAL
from garrick.rendering import shade
from garrick.rendering.render import prepare, render_pose

DARK = 0.4
ABOVE_LIP = 164  # landmark between nose and lip


@pytest.fixture(scope="module")
def bearded(portrait):
    """The sample with grainy hair painted over cheeks, lip and chin below the nose."""
    image = portrait.image.astype(np.float32)
    mask = np.zeros(portrait.alpha.shape, np.uint8)
    cv2.fillPoly(mask, [np.round(portrait.landmarks[list(OVAL)]).astype(np.int32)], (1,))
    mask = cv2.dilate(mask, np.ones((9, 9), np.uint8))
    cv2.fillPoly(mask, [np.round(portrait.landmarks[list(LIPS)][: len(LIPS) // 2]).astype(np.int32)], (0,))
    mask[: int(portrait.landmarks[ABOVE_LIP, 1])] = 0
    grain = np.random.default_rng(6).uniform(DARK - 0.15, DARK + 0.15, (*mask.shape, 1)).astype(np.float32)
    image = np.where((mask > 0)[..., None], image * grain, image)
    return replace(portrait, image=np.clip(image, 0, 255).astype(np.uint8))


@pytest.fixture(scope="module")
def stage(bearded):
    return prepare(bearded, RunContext())


def side(stage, low: float, high: float) -> np.ndarray:
    """(V,) bool: skin of the jaw's sides, some metres behind the eyes, which the photo hardly shows."""
    head = stage.head
    back = head.joint_template[3:, 2].mean() - head.template[:, 2]
    up = head.template[:, 1] - head.joint_template[3:, 1].mean()
    skin = (head.vertex_parts == PARTS.index("skin")) & (head.weights[:, 0] < 0.5) & (head.lips == 0)
    return skin & (np.abs(head.template[:, 0]) > 0.035) & (back > low) & (back < high) & (up < -0.06) & (up > -0.09)


def test_a_beard_goes_on_where_the_photo_does_not_show_it(stage, portrait):
    bare = prepare(portrait, RunContext())
    fill = np.s_[shade.FILL_R : shade.FILL_B + 1]
    jaw = side(stage, 0.02, 0.055)
    assert jaw.sum() > 5
    assert stage.attributes.table[jaw][:, fill].mean() < 0.7 * bare.attributes.table[jaw][:, fill].mean()
    behind = side(stage, 0.09, 0.14)
    assert stage.attributes.table[behind][:, fill].mean() > 0.8 * bare.attributes.table[behind][:, fill].mean()


def test_its_grain_is_drawn_from_the_picture_below_the_shut_eyes(stage, bearded):
    height = len(bearded.image)
    assert len(stage.shut) > height
    jaw = stage.shut[height:]
    inside = jaw[..., 3] > 0
    fine = jaw[..., :3] / np.maximum(cv2.GaussianBlur(jaw[..., :3], (0, 0), 2.0), 0.02)
    assert fine[inside].std() > 0.05
    table = stage.attributes.table
    used = (table[:, shade.SHUT] > 0) & (table[:, shade.SHUT_Y] > height)
    assert used[side(stage, 0.02, 0.05)].mean() > 0.5
    assert table[used, shade.SHUT_Y].max() < len(stage.shut)
    assert table[used, shade.SHUT_X].max() < stage.shut.shape[1]


def test_the_photos_own_pose_stays_the_photo_and_a_turned_one_has_no_hole(stage, bearded):
    own = render_pose(stage, stage.puppet.source, bearded.camera)
    error = np.square(own.plate.astype(float) - bearded.image).mean()
    assert 10 * np.log10(255**2 / max(error, 1e-9)) > 40
    turn = rotation_matrices(np.radians([0, 20.0, 0])) @ rotation_matrices(stage.puppet.source.rotation)
    turned = render_pose(stage, replace(stage.puppet.source, rotation=axis_angles(turn)), bearded.camera)
    silhouette = cv2.erode((turned.rgba[..., 3] > 250).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    assert (turned.ids[silhouette] > 0).all()


def test_hair_ends_sharply_above_an_ear_that_is_in_sight(portrait):
    stage = prepare(portrait, RunContext())
    sides = stage.shut[len(portrait.image) :]
    table = stage.attributes.table
    used = (table[:, shade.SHUT] > 0) & (table[:, shade.SHUT_Y] > len(portrait.image))
    pairs = np.stack([stage.head.quads.ravel(), np.roll(stage.head.quads, 1, axis=1).ravel()], axis=1)
    pairs = pairs[used[pairs].all(axis=1)]
    assert len(pairs) > 20
    places = table[:, [shade.SHUT_X, shade.SHUT_Y]] - (0, len(portrait.image))
    share = np.linspace(0, 1, 24)[None, :, None]
    at = (places[pairs[:, :1]] * (1 - share) + places[pairs[:, 1:]] * share).astype(int)
    along = sides[at[..., 1], at[..., 0], :3].mean(axis=2)
    crossing = np.abs(along[:, -1] - along[:, 0]) > 0.25  # from hair to skin
    assert crossing.sum() > 3
    steps = np.abs(np.diff(along[crossing], axis=1)).max(axis=1) / np.abs(along[crossing, -1] - along[crossing, 0])
    assert np.median(steps) > 3 / 24  # between two vertices it is three times as steep as a slope would be


def test_one_who_shows_skin_alone_has_the_picture_of_shut_eyes_alone(portrait):
    skin = np.median(portrait.image[tuple(portrait.landmarks[[50, 280, 205, 425]].astype(int).T[::-1])], axis=0)
    face = np.zeros(portrait.alpha.shape, np.uint8)
    cv2.fillPoly(face, [np.round(portrait.landmarks[list(OVAL)]).astype(np.int32)], (1,))
    bald = replace(portrait, image=np.where((face > 0)[..., None], portrait.image, skin).astype(np.uint8))
    assert prepare(bald, RunContext()).shut.shape[:2] == portrait.image.shape[:2]
