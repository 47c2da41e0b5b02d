"""Light on arms and hands: as bright as the face, dimmer and redder between fingers, the same for either picture."""

from __future__ import annotations

import numpy as np
import pytest
from garrick.bodies.body import joints, make_figure
from garrick.bodies.head import load_head
from garrick.rendering import shade
from garrick.rendering.limb_light import hand_bones, light_up, owners_of

SKIN = np.array([0.8, 0.6, 0.5], np.float32)
EVEN = np.array([1, 0, 0, 0], np.float32)
EYE = np.array([0, 0, 2], np.float32)
NO_BONES = np.zeros((0, 2, 3), np.float32), np.zeros(0, np.float32)
ARM = np.array([[6, 0]], np.int32)


def seen(table: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(N, 3) what `shade` makes of a table over one colour of the picture and one of the second picture."""
    keep = table[:, [shade.FROM_PHOTO]]
    fill = table[:, shade.FILL_R : shade.FILL_R + 3]
    fill = fill + (second - fill) * table[:, [shade.SHUT]]
    return (first * keep + fill * (1 - keep)) * table[:, [shade.LIGHT]]


def lit(normals, owners=ARM, bones=NO_BONES, soft=1.0, bent=0.0, light=EVEN, points=None) -> np.ndarray:
    normals = np.asarray(normals, np.float32).reshape(-1, 3)
    count = len(normals)
    table = np.zeros((count, shade.ATTRIBUTES), np.float32)
    places = np.zeros((count, 3), np.float32) if points is None else points
    light_up(
        normals, places, EYE, light, np.broadcast_to(owners, (count, 2)).astype(np.int32), *bones,
        np.full(count, soft, np.float32), np.full(count, bent, np.float32), SKIN, table,
    )  # fmt: skip
    return table


def test_cloth_that_faces_the_camera_keeps_its_colour_and_hands_are_a_little_darker_than_the_face():
    for soft, colour, share in ((1.0, SKIN, 0.975), (0.0, np.array([0.2, 0.3, 0.6], np.float32), 1.0)):
        np.testing.assert_allclose(seen(lit([0, 0, 1], soft=soft), colour, colour)[0], share * colour, rtol=0.05)


def test_light_comes_from_above_and_from_the_photos_side():
    def bright(normal, light=EVEN):
        return seen(lit(normal, light=light, soft=0.0), SKIN, SKIN).mean()

    assert bright([0, 0.7, 0.7]) > 1.1 * bright([0, -0.7, 0.7])
    from_left = np.array([1, 0.5, 0, 0], np.float32)
    assert bright([0.7, 0, 0.7], from_left) > 1.1 * bright([-0.7, 0, 0.7], from_left)


@pytest.mark.parametrize("bent", [0.0, 0.4, 1.0])
def test_a_sleeve_is_of_both_pictures_as_much_as_it_is_bent(bent):
    first, second = np.array([0.2, 0.3, 0.6]), np.array([0.5, 0.1, 0.2])
    table = lit([[0, 0, 1], [0.6, 0, 0.8]], soft=0.0, bent=bent)
    light = seen(lit([[0, 0, 1], [0.6, 0, 0.8]], soft=0.0), np.ones(3), np.ones(3))
    np.testing.assert_allclose(seen(table, first, second), light * (first + bent * (second - first)), atol=1e-5)


def test_beside_another_finger_it_is_darker_and_redder():
    bone = np.array([[[0.016, 0, 0.02], [0.016, 0, -0.02]]], np.float32)
    bones = np.concatenate([bone] * 3), np.full(3, 0.008, np.float32)
    alone, beside = (seen(lit([0.97, 0, 0.24], [[1, 1]], found), SKIN, SKIN)[0] for found in (NO_BONES, bones))
    lost = beside / alone
    assert lost[0] < 0.9
    assert lost[0] > lost[1] > lost[2]
    np.testing.assert_allclose(seen(lit([0.97, 0, 0.24], [[0, 1]], bones), SKIN, SKIN)[0], alone)  # one's own finger


def test_light_behind_a_fingers_tip_comes_through_it_red():
    light = np.array([0.6, 0, 0, -0.8], np.float32)
    tip, root, palm = (seen(lit([0, 0, 1], [owner], light=light), SKIN, SKIN)[0] for owner in ([1, 3], [1, 1], [5, 0]))
    assert tip[0] > root[0] > palm[0]
    assert tip[0] / palm[0] > 1.02 * tip[2] / palm[2]


def test_skin_is_rounder_than_cloth():
    def falloff(soft: float) -> float:
        facing, aside = seen(lit([[0, 0, 1], [0.95, 0, 0.31]], soft=soft), SKIN, SKIN).mean(axis=1)
        return float(aside / facing)

    assert falloff(1.0) < 0.9 * falloff(0.0)


def test_a_finger_shades_what_is_behind_it_in_the_light():
    above = np.array([[[-0.02, 0.03, 0], [0.02, 0.03, 0]]], np.float32)
    bones = np.concatenate([above] * 3), np.full(3, 0.008, np.float32)
    light = np.array([0.7, 0, 0.4, 0], np.float32)
    points = np.array([[0, 0, 0], [0, 0, 0.06]], np.float32)
    normals = [[0, 0.9, 0.43]] * 2
    shaded, clear = seen(lit(normals, [[1, 2]], bones, light=light, points=points), SKIN, SKIN).mean(axis=1)
    assert shaded < 0.93 * clear


def test_bones_and_owners_are_those_of_the_hand(body_data):
    figure = make_figure(load_head(), load_head().average_adult)
    places = joints(figure)
    for side, number in (("left", 2), ("right", 3)):
        bones, radii = hand_bones(places, side)
        assert bones.shape == (19, 2, 3)
        hand = figure.rest[figure.parts[number]]
        part = figure.parts[number]
        owners = owners_of(figure, side, np.arange(part.start, part.stop))
        for finger in range(5):
            own = hand[(owners[:, 0] == finger) & (owners[:, 1] == 2)]
            start, end = bones[3 * finger + 1]
            along = np.clip(((own - start) @ (end - start)) / ((end - start) @ (end - start)), 0, 1)
            off = np.linalg.norm(own - start - along[:, None] * (end - start), axis=1)
            assert np.median(off) == pytest.approx(radii[3 * finger + 1], rel=0.3)
