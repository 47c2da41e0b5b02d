"""What the photo does not show of a head: colours that go on without a seam, and a mouth that is lit."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from garrick.bodies.head import PARTS, load_head
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX
from garrick.perception.fit import OVAL
from garrick.rendering import shade
from garrick.rendering.attributes import INSIDE, LID, TOOTH
from garrick.rendering.hair import dressed, ears
from garrick.rendering.puppet import make_puppet
from garrick.rendering.rasterise import NOTHING, rasterise
from garrick.rendering.render import prepare
from garrick.rendering.texture import project_texture


@pytest.fixture(scope="module")
def stage(portrait):
    return prepare(portrait, RunContext())


def table(stage, **weights: float) -> np.ndarray:
    """The attributes of all vertices in the photo's own pose with these weights."""
    face = stage.puppet.source.face.copy()
    for name, weight in weights.items():
        face[ARKIT_INDEX[name]] = weight
    pose = replace(stage.puppet.source, face=face)
    posed, camera = stage.puppet.pose(pose), stage.portrait.camera
    return stage.attributes.at(posed, camera.project(posed).astype(np.float32), stage.puppet.neck_motion(pose), camera)


def test_colours_go_on_from_what_is_seen_without_a_step(portrait):
    head = load_head()
    puppet, wear = dressed(head, make_puppet(head, portrait), portrait)
    texture = project_texture(head, puppet.pose(puppet.source), portrait, wear)
    pairs = np.stack([head.quads.ravel(), np.roll(head.quads, 1, axis=1).ravel()], axis=1)
    skin = (head.vertex_parts == PARTS.index("skin")) & (wear.hair < 0.05) & ~texture.lids & (head.weights[:, 0] < 0.4)
    skin &= ~np.any(ears(head), axis=0)  # whose hollows are shaded
    border = skin[pairs].all(axis=1) & (texture.seen[pairs].max(axis=1) > 0.6) & (texture.seen[pairs].min(axis=1) < 0.6)
    assert border.sum() > 50
    step = np.abs(texture.fill[pairs[border, 0]] - texture.fill[pairs[border, 1]]).max(axis=1)
    assert np.median(step) < 0.04
    x, y = texture.photo[pairs[border].ravel()].astype(int).T
    kept = texture.seen[pairs[border].ravel()] > 0.6
    apart = np.abs(portrait.image[y, x][kept] / 255 - texture.fill[pairs[border].ravel()][kept])
    assert np.median(apart) < 0.06


def test_skin_of_somebody_without_hair_is_lit_once(portrait):
    skin = np.median(portrait.image[tuple(portrait.landmarks[[50, 280, 205, 425]].astype(int).T[::-1])], axis=0)
    face = np.zeros(portrait.alpha.shape, np.uint8)
    cv2.fillPoly(face, [np.round(portrait.landmarks[list(OVAL)]).astype(np.int32)], (1,))
    bald = replace(portrait, image=np.where((face > 0)[..., None], portrait.image, skin).astype(np.uint8))
    head = load_head()
    puppet, wear = dressed(head, make_puppet(head, bald), bald)
    texture = project_texture(head, puppet.pose(puppet.source), bald, wear)
    assert wear.hair.max() < 0.5
    plain = (head.vertex_parts == PARTS.index("skin")) & ~np.any(ears(head), axis=0) & ~texture.lids
    plain &= (texture.beard < 0.1) & (head.weights[:, 0] < 0.2)
    assert plain.sum() > 500
    np.testing.assert_allclose(texture.bare[plain], texture.fill[plain], atol=0.002)
    np.testing.assert_array_equal(texture.haired, texture.bare)


def test_no_edge_of_the_head_is_trusted(portrait):
    """The line along which the fitted outline and the photo's differ belongs to neither."""
    head = load_head()
    puppet, wear = dressed(head, make_puppet(head, portrait), portrait)
    source = puppet.pose(puppet.source)
    texture = project_texture(head, source, portrait, wear)
    covered = rasterise(portrait.camera.project(source).astype(np.float32), head.triangles, portrait.camera.size)
    x, y = np.clip(texture.photo, 0, np.array(portrait.camera.size) - 1).astype(int).T
    beside = np.pad(covered.triangle == NOTHING, 1, constant_values=True)
    at_edge = np.max([beside[1 + y + dy, 1 + x + dx] for dy in (-1, 0, 1) for dx in (-1, 0, 1)], axis=0)
    cheeks = (head.vertex_parts == PARTS.index("skin")) & (np.abs(head.template[:, 1]) < 0.05)
    front = cheeks & (head.template[:, 2] > 0.03)
    assert (front & at_edge).sum() > 3
    assert texture.seen[front & at_edge].max() < 0.2


def test_teeth_stand_right_behind_the_lips_and_not_before_them(stage, portrait):
    head = stage.head
    rest = stage.puppet.head.template
    teeth = head.vertex_parts == PARTS.index("teeth")
    gap = rest[head.lips > 0, 2].min() - rest[teeth, 2].max()
    assert 0.002 < gap < 0.006
    face = np.zeros(52, np.float32)
    screen = portrait.camera.project(stage.puppet.pose(replace(stage.puppet.source, face=face)))
    seen = rasterise(screen.astype(np.float32), head.triangles, portrait.camera.size).triangle
    shown = np.repeat(head.quad_parts, 2)[seen[seen != NOTHING]]
    assert (shown == PARTS.index("teeth")).sum() < 12


def test_the_upper_lip_shades_what_is_right_below_it(stage):
    lit = table(stage, jawOpen=0.6)
    traits = stage.attributes.traits
    upper = np.flatnonzero(traits[:, TOOTH] > 0)[: (traits[:, TOOTH] > 0).sum() // 2]
    front = upper[stage.puppet.head.template[upper, 2] > np.quantile(stage.puppet.head.template[upper, 2], 0.8)]
    heights = stage.puppet.head.template[front, 1]
    low, high = (lit[front[heights <= np.quantile(heights, 0.2)], shade.LIGHT], lit[front, shade.LIGHT])
    assert low.mean() > high.min() + 0.05
    inside = traits[:, INSIDE] == 1
    assert lit[inside, shade.LIGHT].min() > 0.3  # not black


def test_an_eye_that_is_shut_keeps_nothing_of_the_open_one(stage):
    lids = stage.attributes.traits[:, LID] != 0
    assert (stage.attributes.traits[:, LID] > 0).any()
    assert (stage.attributes.traits[:, LID] < 0).any()
    assert table(stage)[lids, shade.FROM_PHOTO].min() > 0.99
    half = table(stage, eyeBlinkLeft=0.3, eyeBlinkRight=0.3)[lids, shade.FROM_PHOTO]
    assert (half > 0.9).mean() > 0.3  # the lower rim has its lashes
    left = table(stage, eyeBlinkLeft=1)
    assert left[stage.attributes.traits[:, LID] > 0, shade.FROM_PHOTO].max() < 0.01
    assert left[stage.attributes.traits[:, LID] < 0, shade.FROM_PHOTO].mean() > 0.95
