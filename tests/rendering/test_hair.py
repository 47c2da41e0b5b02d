"""What the head wears: found in the photo, raised to its outline, and left alone where there is none."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from garrick.bodies.head import PARTS, load_head
from garrick.context import RunContext
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.perception.fit import OVAL
from garrick.rendering.cover import cover_mask
from garrick.rendering.hair import diffuse, dressed, ears
from garrick.rendering.puppet import make_puppet
from garrick.rendering.rasterise import NOTHING, rasterise
from garrick.rendering.render import prepare, render_pose

HAIR = (38, 26, 22)


def outline(puppet, portrait) -> np.ndarray:
    """(H, W) bool where the puppet's head is in the photo's pose."""
    screen = portrait.camera.project(puppet.pose(puppet.source)).astype(np.float32)
    return rasterise(screen, puppet.head.triangles, portrait.camera.size).triangle != NOTHING


@pytest.fixture(scope="module")
def bare(portrait):
    return make_puppet(load_head(), portrait)


@pytest.fixture(scope="module")
def worn(portrait, bare):
    return dressed(load_head(), bare, portrait)


@pytest.fixture(scope="module")
def hanging(portrait):
    """The sample with hair painted over the subject's right ear and what is around it."""
    image, alpha = portrait.image.copy(), portrait.alpha.copy()
    x, y = portrait.landmarks[234]  # where the face's outline passes the ear
    width = np.ptp(portrait.landmarks[list(OVAL), 0])
    box = np.array([(x - 0.25 * width, y - 0.5 * width), (x + 0.1 * width, y + 0.75 * width)]).astype(int)
    image[box[0, 1] : box[1, 1], box[0, 0] : box[1, 0]] = HAIR
    alpha[box[0, 1] : box[1, 1], box[0, 0] : box[1, 0]] = 1
    return replace(portrait, image=image, alpha=alpha)


def test_hair_is_told_from_skin(portrait, bare):
    mask = cover_mask(portrait, outline(bare, portrait))
    columns, rows = portrait.landmarks[[4, 152, 50, 280, 151]].astype(int).T
    assert not mask[rows, columns].any()  # nose, chin, cheeks, forehead
    top = int(np.flatnonzero((portrait.alpha > 0.95).any(axis=1))[0])
    middle = int(portrait.landmarks[10, 0])
    assert mask[top + 4 : int(portrait.landmarks[10, 1]) - 12, middle].mean() > 0.9
    assert not mask[portrait.alpha < 0.5].any()
    assert np.array_equal(mask, cover_mask(portrait, outline(bare, portrait)))


def test_one_who_shows_skin_alone_wears_nothing(portrait, bare):
    skin = np.median(portrait.image[tuple(portrait.landmarks[[50, 280, 205, 425]].astype(int).T[::-1])], axis=0)
    face = np.zeros(portrait.alpha.shape, np.uint8)
    cv2.fillPoly(face, [np.round(portrait.landmarks[list(OVAL)]).astype(np.int32)], (1,))
    image = np.where((face > 0)[..., None], portrait.image, skin).astype(np.uint8)
    bald = replace(portrait, image=image)
    puppet, wear = dressed(load_head(), bare, bald)
    assert wear.hung.max() == 0
    assert wear.hair.mean() < 0.02
    assert np.abs(puppet.head.template - bare.head.template).max() < 0.002


def test_the_scalp_rises_to_the_hairs_outline_and_not_beyond(portrait, bare, worn):
    puppet, wear = worn
    above = np.arange(portrait.image.shape[0])[:, None] < portrait.landmarks[10, 1]
    hair = (portrait.alpha > 0.95) & above
    before, after = (outline(each, portrait) & above for each in (bare, puppet))
    assert (after & hair).sum() > 0.8 * hair.sum() > 0.65 * hair.sum() > (before & hair).sum()
    assert (after & (portrait.alpha < 0.5)).sum() < 0.02 * hair.sum()
    moved = np.linalg.norm(puppet.head.template - bare.head.template, axis=1)
    assert moved[wear.hair < 0.4].max() == 0
    assert 0.005 < moved.max() < 0.036
    assert np.array_equal(puppet.head.face_basis, bare.head.face_basis)


def test_ears_in_sight_stay_and_hair_over_one_takes_it(portrait, bare, worn, hanging):
    head = load_head()
    left, right = ears(head)
    assert 20 < left.sum() == pytest.approx(right.sum(), abs=3)
    assert worn[1].left[left | right].max() < 0.01
    hung = dressed(head, bare, hanging)[1].hung
    assert hung[right].min() > 0.9
    assert hung[left].max() < 0.01
    assert hung[np.isin(head.vertex_parts, [PARTS.index("eye"), PARTS.index("teeth")])].max() == 0


def test_no_ear_comes_out_of_hair_that_hides_it(hanging, portrait):
    def shown(photo) -> np.ndarray:
        stage = prepare(photo, RunContext())
        turn = rotation_matrices(np.radians([0.0, 20.0, 0.0])) @ rotation_matrices(stage.puppet.source.rotation)
        pose = replace(stage.puppet.source, rotation=axis_angles(turn))
        ear = photo.camera.project(stage.puppet.pose(pose)[ears(load_head())[1]])[:, :2].astype(int)
        return render_pose(stage, pose, photo.camera).plate[ear[:, 1], ear[:, 0]].mean(axis=1)

    assert np.median(shown(portrait)) > 110 > 70 > np.quantile(shown(hanging), 0.9)


def test_known_values_stay_and_the_rest_lie_between():
    head = load_head()
    trust = np.zeros(len(head.template))
    low, high = np.argmin(head.template[:, 1]), np.argmax(head.template[:, 1])
    trust[[low, high]] = 1
    values = np.zeros((len(trust), 1))
    values[high] = 1
    found = diffuse(head, values, trust)[:, 0]
    skin = head.vertex_parts == PARTS.index("skin")
    assert found[high] > 0.9 > 0.1 > found[low]
    assert -1e-3 < found[skin].min() <= found[skin].max() < 1 + 1e-3
