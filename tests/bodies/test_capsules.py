"""Capsules: they lie in the limbs, and say how deep hands and forearms are inside the trunk, and which way is out."""

from __future__ import annotations

import numpy as np
import pytest
from garrick.bodies.body import make_figure, pose
from garrick.bodies.body_limits import random_poses, rotations_of
from garrick.bodies.capsules import MOVERS, OBSTACLES, capsules_of, penetration, placed, ways_between
from garrick.bodies.head import PARTS, load_head
from garrick.core.performance import BODY_JOINTS
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays


@pytest.fixture(scope="module", params=[{"gender": 1.0}, {"gender": 0.0}, {"age": 0.25}], ids=["man", "woman", "child"])
def figure(body_data, request):
    head = load_head()
    return make_figure(head, head.identity_from_sliders(**request.param))


@pytest.fixture(scope="module")
def capsules(figure):
    return capsules_of(figure)


def stance(**degrees):
    turned = np.zeros((13, 3))
    for joint, angles in degrees.items():
        for side in ("left", "right"):
            turned[BODY_JOINTS.index(f"{side}_{joint}")] = np.radians(angles)
    return rotations_of(turned)


HANGING = stance(shoulder=(0, -5, -80), elbow=(0, -15, 0))
IN_THE_BELLY = stance(shoulder=(70, -5, -80), elbow=(0, -80, 0))


@given(arrays(np.float64, (2, 2, 3), elements=st.floats(-1, 1)))
def test_the_way_between_segments_is_the_shortest(ends):
    steps = np.linspace(0, 1, 60)[:, None]
    here, there = (segment[0] + steps * (segment[1] - segment[0]) for segment in ends)
    sampled = np.linalg.norm(here[:, None] - there, axis=-1).min()
    found = np.linalg.norm(ways_between(ends[0], ends[1]))
    assert found <= sampled + 1e-6
    assert found >= sampled - 0.06


def test_capsules_lie_within_the_figure(figure, capsules):
    assert capsules.names[: len(OBSTACLES)] == OBSTACLES
    inside = np.flatnonzero(figure.head.vertex_parts != PARTS.index("skin"))
    skin = np.delete(figure.rest, inside, axis=0)
    for index, name in enumerate(capsules.names):
        start, end = capsules.ends[index]
        along = np.linspace(0, 1, 9)[:, None] * (end - start) + start
        away = np.linalg.norm(skin[:, None] - along, axis=-1).min(axis=0)
        assert away.min() > 0.3 * capsules.radii[index], name


@pytest.mark.parametrize("body_pose", [np.zeros((13, 3)), HANGING], ids=["T-pose", "hanging"])
def test_people_who_stand_touch_nothing(figure, capsules, body_pose):
    contact = penetration(figure, capsules, body_pose=body_pose)
    np.testing.assert_array_equal(contact.depth, 0)
    np.testing.assert_array_equal(contact.push, 0)


def test_a_hand_in_the_belly_is_told_and_pushed_out_to_the_front(figure, capsules):
    contact = penetration(figure, capsules, body_pose=IN_THE_BELLY)
    assert contact.depth.shape == (len(MOVERS),)
    assert contact.depth.max() > 0.01
    deep = contact.depth > 0.005
    assert (contact.push[deep, 2] > 0.5).all()
    np.testing.assert_allclose(np.linalg.norm(contact.push[deep], axis=1), 1, atol=1e-9)
    mirrored = contact.depth.reshape(2, 2)
    np.testing.assert_allclose(mirrored[0], mirrored[1], atol=2e-3)


def test_capsules_go_with_the_skin(figure, capsules):
    ends = placed(figure, capsules, body_pose=IN_THE_BELLY)
    posed = pose(figure, body_pose=IN_THE_BELLY.astype(np.float32))
    palm = capsules.names.index("left_palm")
    middle = capsules.ends[palm].mean(axis=0)
    near = np.argsort(np.linalg.norm(figure.rest - middle, axis=1))[:60]
    way = posed[near].mean(axis=0) - ends[palm].mean(axis=0)
    assert np.linalg.norm(way) == pytest.approx(np.linalg.norm(figure.rest[near].mean(axis=0) - middle), abs=0.006)


def test_frames_are_judged_alike_alone_and_together(figure, capsules):
    poses = random_poses(20, np.random.default_rng(0))
    heads = np.random.default_rng(1).uniform(-0.5, 0.5, (20, 3))
    together = penetration(figure, capsules, heads, poses)
    assert (together.depth > 0).any()
    assert (together.depth == 0).any()
    alone = penetration(figure, capsules, heads[3], poses[3])
    np.testing.assert_allclose(alone.depth, together.depth[3], atol=1e-12)
    np.testing.assert_allclose(alone.push, together.push[3], atol=1e-12)
