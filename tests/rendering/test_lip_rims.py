"""Lips that part show their own colours, not those of the lip that they lay on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from garrick.bodies.head import load_head
from garrick.core.arkit import ARKIT_INDEX
from garrick.perception.fit import INNER_LIPS
from garrick.rendering import shade
from garrick.rendering.attributes import TOOTH, make_attributes
from garrick.rendering.hair import dressed
from garrick.rendering.lip_rims import with_lip_rims
from garrick.rendering.puppet import make_puppet
from garrick.rendering.shut_eyes import shut_eyes
from garrick.rendering.texture import project_texture


@pytest.fixture(scope="module")
def coloured(portrait):
    """The portrait with a blue upper lip and face, and everything red below the line between the lips."""
    line = portrait.landmarks[list(INNER_LIPS)]
    rows = np.arange(portrait.image.shape[0])[:, None]
    order = np.argsort(line[:, 0])
    image = np.where(
        (rows < np.interp(np.arange(portrait.image.shape[1]), line[order, 0], line[order, 1]))[..., None],
        np.array([60, 60, 200], np.uint8),
        np.array([200, 60, 60], np.uint8),
    )
    return replace(portrait, image=image)


@pytest.fixture(scope="module")
def dressed_head(coloured):
    head = load_head()
    puppet, wear = dressed(head, make_puppet(head, coloured), coloured)
    source = puppet.pose(puppet.source)
    return head, puppet, wear, source, project_texture(head, source, coloured, wear)


def test_each_lip_goes_on_in_its_own_colour(coloured, dressed_head):
    head, _, _, source, texture = dressed_head
    mended = with_lip_rims(head, source, coloured, texture)
    rim = mended.behind_lips
    assert rim.sum() > texture.behind_lips.sum() + 10
    falls = -head.face_basis[ARKIT_INDEX["jawOpen"], :, 1]
    middle = np.linalg.norm(source - source[head.lips > 0].mean(axis=0), axis=1)
    upper, lower = rim & (middle < 0.02) & (falls < 0.005), rim & (middle < 0.02) & (falls > 0.025)
    assert upper.any()
    assert lower.any()
    assert (mended.fill[upper, 2] > mended.fill[upper, 0]).all()
    assert (mended.fill[lower, 0] > mended.fill[lower, 2]).all()
    assert (mended.seen[rim] == 0).all()
    # what lies farther off is left as it was
    far = middle > 0.05
    np.testing.assert_array_equal(mended.behind_lips[far], texture.behind_lips[far])
    np.testing.assert_array_equal(mended.fill[far], texture.fill[far])


def attributes_of(portrait, dressed_head, **weights: float):
    """The traits of all vertices, and their attributes in the photo's pose with these weights."""
    head, puppet, wear, source, texture = dressed_head
    made = make_attributes(head, source, portrait, texture, wear, shut_eyes(puppet, portrait)[1])
    face = puppet.source.face.copy()
    for name, weight in weights.items():
        face[ARKIT_INDEX[name]] = weight
    pose = replace(puppet.source, face=face)
    posed, camera = puppet.pose(pose), portrait.camera
    return made.traits, made.at(posed, camera.project(posed).astype(np.float32), puppet.neck_motion(pose), camera)


def test_at_rest_the_photo_shows_and_parted_lips_show_none_of_the_other(coloured, dressed_head):
    head, _, _, source, texture = dressed_head
    rim = with_lip_rims(head, source, coloured, texture).behind_lips
    rest, parted = (attributes_of(coloured, dressed_head, **w)[1] for w in ({}, {"jawOpen": 0.4}))
    assert rest[rim, shade.FROM_PHOTO].min() > 0.999
    assert parted[rim, shade.FROM_PHOTO].max() < 0.01


def test_teeth_get_their_light_from_between_the_lips(coloured, dressed_head):
    traits, pressed = attributes_of(coloured, dressed_head, mouthPressLeft=0.6, mouthPressRight=0.6, jawOpen=0)
    parted = attributes_of(coloured, dressed_head, jawOpen=0.5, mouthUpperUpLeft=0.4, mouthUpperUpRight=0.4)[1]
    teeth = traits[:, TOOTH] > 0
    assert pressed[teeth, shade.LIGHT].mean() < 0.8 * parted[teeth, shade.LIGHT].mean()
