"""An arm that the photo shows goes when another is drawn: cloth where it lay on the torso, the background beside it."""

from __future__ import annotations

import numpy as np
from garrick.perception.own_arms import OwnArms
from garrick.rendering.bare_body import make_bare_body
from garrick.rendering.canvas import make_canvas, margin_of
from garrick.rendering.layers import Layers

SIZE = 96
MARGIN = margin_of((SIZE, SIZE))
CLOTH, SKIN = np.array([0.2, 0.3, 0.6], np.float32), np.array([0.9, 0.6, 0.5], np.float32)
ON_TORSO, BESIDE = np.s_[56:64, 34:46], np.s_[56:64, 18:28]  # where the right arm is seen


def scene(both: bool = False) -> tuple[Layers, OwnArms]:
    """A blue torso with a forearm that comes in from the left, or folded arms."""
    foreground = np.zeros((SIZE, SIZE, 4), np.float32)
    torso = np.zeros((SIZE, SIZE), bool)
    torso[30:, 30:66] = True
    foreground[torso] = (*CLOTH, 1)
    masks = {"right": np.zeros((SIZE, SIZE), np.float32)}
    masks["right"][54:66, 16:48] = 1
    if both:
        masks["left"] = masks["right"][:, ::-1].copy()
        masks["left"][54:66, 36:80] = 1
    foreground[55:65, 17:47] = (*SKIN, 1)
    joints = {"right": np.array([[30.0, 34], [20, 60], [40, 60]]), "left": np.array([[66.0, 34], [76, 60], [56, 60]])}
    return Layers(foreground, np.full((SIZE, SIZE, 3), 0.5, np.float32)), OwnArms(masks, torso, joints)


def without(left: float, right: float) -> np.ndarray:
    """The canvas inside the picture with so much of the arms gone."""
    layers, own = scene()
    canvas = make_canvas(layers, np.zeros((SIZE, SIZE), bool))
    return make_bare_body(own, layers.foreground).canvas(canvas, np.array([left, right]))[
        MARGIN:-MARGIN, MARGIN:-MARGIN
    ]


def test_cloth_comes_where_the_arm_lay_on_the_torso_and_nothing_beside_it():
    bare = without(0, 1)
    np.testing.assert_allclose(bare[ON_TORSO], np.broadcast_to((*CLOTH, 1), bare[ON_TORSO].shape), atol=0.03)
    np.testing.assert_allclose(bare[BESIDE], 0, atol=0.03)


def test_nothing_changes_while_the_arm_rests_or_the_other_one_moves():
    layers, _ = scene()
    np.testing.assert_array_equal(without(0, 0), layers.foreground)
    np.testing.assert_array_equal(without(1, 0), layers.foreground)


def test_an_arm_fades_with_its_share_and_the_rest_stays():
    half, gone, there = without(0, 0.5), without(0, 1), without(0, 0)
    np.testing.assert_allclose(half[BESIDE], (gone[BESIDE] + there[BESIDE]) / 2, atol=1e-6)
    np.testing.assert_array_equal(gone[70:], there[70:])


def test_folded_arms_are_tied():
    for both in (False, True):
        layers, own = scene(both)
        assert make_bare_body(own, layers.foreground).tied == both


def test_the_cloths_weave_goes_on_where_the_arm_lay():
    layers, own = scene()
    weave = np.random.default_rng(4).normal(1, 0.06, (SIZE, SIZE, 1)).astype(np.float32)
    photo = layers.foreground[..., :3] * np.where(own.torso[..., None], weave, 1)
    foreground = np.concatenate([photo, layers.foreground[..., 3:]], axis=2)
    canvas = make_canvas(Layers(foreground, layers.background), np.zeros((SIZE, SIZE), bool))
    bare = make_bare_body(own, foreground).canvas(canvas, np.array([0, 1]))[MARGIN:-MARGIN, MARGIN:-MARGIN]
    seen, made = bare[70:90, 34:60, :3], bare[ON_TORSO][..., :3]
    np.testing.assert_allclose(made.std(axis=(0, 1)), seen.std(axis=(0, 1)), rtol=0.5)
    np.testing.assert_allclose(made.mean(axis=(0, 1)), seen.mean(axis=(0, 1)), atol=0.03)


def test_no_step_is_seen_next_to_what_stays():
    layers, own = scene()
    shade = np.ones((SIZE, SIZE, 1), np.float32)
    shade[48:72] = 0.8  # the arm's shadow, wider than what goes with it
    foreground = np.concatenate([layers.foreground[..., :3] * shade, layers.foreground[..., 3:]], axis=2)
    canvas = make_canvas(Layers(foreground, layers.background), np.zeros((SIZE, SIZE), bool))
    bare = make_bare_body(own, foreground).canvas(canvas, np.array([0, 1]))[MARGIN:-MARGIN, MARGIN:-MARGIN]
    assert np.abs(bare[54, 36:44, :3] - bare[53, 36:44, :3]).max() < 0.02


def test_a_loose_sleeve_ends_at_the_shoulder():
    layers, own = scene()
    foreground = layers.foreground.copy()
    foreground[34:50, 20:30] = (*CLOTH, 1)  # wide of the right shoulder, above the arm's mask
    canvas = make_canvas(Layers(foreground, layers.background), np.zeros((SIZE, SIZE), bool))
    bare = make_bare_body(own, foreground).canvas(canvas, np.array([0, 1]))[MARGIN:-MARGIN, MARGIN:-MARGIN]
    np.testing.assert_allclose(bare[40:49, 20:22, 3], 0, atol=0.05)
    np.testing.assert_allclose(bare[40:49, 28:40, 3], 1, atol=0.05)


def test_the_torso_does_not_end_in_a_step_where_its_arm_does():
    layers, own = scene()
    torso = own.torso.copy()
    torso[66:, 30:35] = False  # the waist, seen below the arm, is narrower than what the arm hid
    foreground = layers.foreground.copy()
    foreground[66:, 30:35] = 0
    canvas = make_canvas(Layers(foreground, layers.background), np.zeros((SIZE, SIZE), bool))
    own = OwnArms(own.masks, torso, own.joints)
    bare = make_bare_body(own, foreground).canvas(canvas, np.array([0, 1]))[MARGIN:-MARGIN, MARGIN:-MARGIN]
    edge = 48 - bare[54:72, :48, 3].sum(axis=1)
    assert np.abs(np.diff(edge)).max() < 1.5
