"""The figure: head, body and hands in one space, posed by the channels of a Performance."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from garrick.benchmarks.bodies import poses_of_figure
from garrick.bodies import body as bodies
from garrick.bodies import hand as hands
from garrick.bodies.body import joints, make_figure, pose
from garrick.bodies.body_bones import BONES, bone_transforms
from garrick.bodies.body_limits import random_poses, rotations_of
from garrick.bodies.dual_quaternions import turned
from garrick.bodies.hand import load_hand
from garrick.bodies.head import load_head
from garrick.bodies.lbs import skin_numpy
from garrick.core.performance import BODY_JOINTS, Performance
from garrick.core.rotation import eye_rotations, rotation_matrices
from garrick.core.skeleton import PARENTS, local_rotations

pytestmark = pytest.mark.usefixtures("body_data")


@pytest.fixture(scope="module")
def figure(body_data):
    head = load_head()
    return make_figure(head, head.average_adult)


def row(joint):
    return BODY_JOINTS.index(joint)


def stance(**degrees):
    """(13, 3) axis-angle of joints whose angles are given in degrees, as `body_limits` has them."""
    turned = np.zeros((13, 3))
    for joint, angles in degrees.items():
        turned[row(joint)] = np.radians(angles)
    return rotations_of(turned).astype(np.float32)


def random_channels(frames, seed=0):
    rng = np.random.default_rng(seed)
    low, high = hands.JOINT_LIMITS[..., 0], hands.JOINT_LIMITS[..., 1]
    fingers = {
        f"{side}_hand": hands.rotations_of(load_hand(side), rng.uniform(low, high, (frames, 15, 3)))
        for side in ("left", "right")
    }
    channels = fingers | {
        "face": rng.random((frames, 52)),
        "head_rotation": rng.uniform(-0.6, 0.6, (frames, 3)),
        "head_translation": rng.uniform(-0.1, 0.1, (frames, 3)),
        "gaze": rng.uniform(-0.4, 0.4, (frames, 2, 2)),
        "body_pose": random_poses(frames, rng),
    }
    return {name: values.astype(np.float32) for name, values in channels.items()}


def test_with_no_body_pose_the_head_is_the_head_model_s_to_the_last_bit(figure):
    channels = random_channels(3) | {"body_pose": np.zeros((3, 13, 3), np.float32)}
    eyes = eye_rotations(channels["gaze"]).astype(np.float32)
    alone = figure.head.vertices(face=channels["face"], neck=channels["head_rotation"], eyes=eyes)
    posed = pose(figure, **channels)
    moved = alone + channels["head_translation"][:, None]
    np.testing.assert_array_equal(posed[:, figure.parts[0]], moved)
    np.testing.assert_allclose(pose(figure), figure.rest, atol=1e-6)
    assert posed.dtype == pose(figure).dtype == np.float32


def test_the_figure_rests_in_smplx_s_t_pose(figure):
    places = dict(zip((*BODY_JOINTS, "head"), figure.joints, strict=True))
    for side, sign in (("left", 1), ("right", -1)):
        shoulder, elbow, wrist = (places[f"{side}_{name}"] for name in ("shoulder", "elbow", "wrist"))
        assert 0.2 < sign * (elbow - shoulder)[0] < 0.3
        assert 0.2 < sign * (wrist - elbow)[0] < 0.3
        np.testing.assert_allclose((shoulder - wrist)[1:], 0, atol=2e-3)
    heights = [places[name][1] for name in ("pelvis", "spine1", "spine2", "spine3", "neck", "head")]
    assert (np.diff(heights) > 0.02).all()
    for side, hand in enumerate(figure.hands):  # in MANO's own frame: carried there, not turned
        own = figure.rest[figure.parts[2 + side]] - figure.hand_joints[side, 0]
        coefficients = figure.body.hand_identity(load_head().average_adult)
        np.testing.assert_allclose(own, hand.vertices(coefficients) - hand.joints(coefficients)[0], atol=1e-6)


def test_parts_are_one_surface_that_is_open_at_the_hips_alone(figure):
    def rim(quads):
        edges = np.concatenate([np.stack([quads[:, k], quads[:, (k + 1) % 4]], axis=1) for k in range(4)])
        edges = edges[edges[:, 0] != edges[:, 1]]
        found, counts = np.unique(np.sort(edges, axis=1), axis=0, return_counts=True)
        assert counts.max() == 2
        return set(map(tuple, found[counts == 1].tolist()))

    opened, before = rim(figure.quads), rim(figure.head.quads)
    hips = np.array(sorted(opened - before))
    np.testing.assert_array_equal(np.unique(hips, return_counts=True)[1], 2)  # closed loops
    assert len(hips) == len(np.unique(hips))
    assert np.ptp(figure.rest[hips.ravel(), 1]) < 0.08
    assert len(before - opened) == (figure.body.rim < len(figure.head.template)).sum()  # the neck's rim is closed now


def test_numpy_and_torch_agree_and_gradients_are_finite(figure):
    channels = random_channels(2)
    tensors = {name: torch.from_numpy(values).double().requires_grad_() for name, values in channels.items()}
    posed = pose(figure, **tensors)
    np.testing.assert_allclose(pose(figure, **channels), posed.detach().numpy(), atol=3e-6)
    resting = {name: torch.zeros_like(values).requires_grad_() for name, values in tensors.items()}
    for given in (tensors, resting):
        (pose(figure, **given) ** 2).sum().backward()
        assert all(torch.isfinite(value.grad).all() for name, value in given.items() if name != "gaze")
    assert tensors["body_pose"].grad.abs().min() > 0


def test_frames_are_posed_alike_alone_and_together(figure):
    channels = random_channels(2, seed=1)
    together = pose(figure, **channels)
    alone = pose(figure, **{name: values[1] for name, values in channels.items()})
    np.testing.assert_allclose(alone, together[1], atol=2e-6)
    some = pose(figure, face=channels["face"], body_pose=channels["body_pose"][0])
    assert some.shape == (2, len(figure.rest), 3)


def test_joints_are_where_the_exported_skeleton_has_them(figure):
    """The chain of `core.skeleton`, which every format is written by, gives the same places."""
    channels = random_channels(3, seed=2)
    turns = local_rotations(Performance(Fraction(25), **channels, identity=np.zeros(0)))
    rest = joints(figure)
    names, parents = list(PARENTS), [list(PARENTS).index(up) if up else -1 for up in PARENTS.values()]
    stacked = np.stack([turns[name] for name in names], axis=1).astype(np.float64)
    chained = skin_numpy(rest, rest, stacked, np.eye(len(names)), parents) + channels["head_translation"][:, None]
    given = {name: values for name, values in channels.items() if name not in ("face", "gaze")}
    np.testing.assert_allclose(joints(figure, **given), chained, atol=1e-5)


def test_fingers_are_where_their_joints_are(figure):
    """A knuckle stays in the middle of the skin about it, wherever arm and hand go."""
    channels = random_channels(4, seed=3)
    moved = joints(figure, **{name: values for name, values in channels.items() if name not in ("face", "gaze")})
    posed, rest = pose(figure, **channels), joints(figure)
    for side in ("left", "right"):
        joint = list(PARENTS).index(f"{side}_middle2")
        near = np.argsort(np.linalg.norm(figure.rest - rest[joint], axis=1))[:40]
        np.testing.assert_allclose(posed[:, near].mean(axis=1), moved[:, joint], atol=0.006)


def test_a_bent_spine_carries_the_head_and_leaves_its_turn(figure):
    bent = stance(spine1=(20, 0, 0), spine2=(20, 0, 0), neck=(10, 0, 0))
    turn = np.array([0, 0.3, 0], np.float32)
    upright, leaning = pose(figure, head_rotation=turn), pose(figure, head_rotation=turn, body_pose=bent)
    skull = np.flatnonzero(figure.head.weights[:, 1] == 1)
    way = leaning[skull] - upright[skull]
    np.testing.assert_allclose(way, np.broadcast_to(way[0], way.shape), atol=1e-5)
    assert way[0, 2] > 0.15
    assert way[0, 1] < -0.02


def test_a_wrist_s_twist_runs_along_the_forearm(figure):
    twisted = pose(figure, body_pose=stance(left_wrist=(80, 0, 0)))
    elbow, wrist = figure.joints[row("left_elbow")], figure.joints[row("left_wrist")]
    body = np.arange(len(figure.rest))[figure.parts[1]]
    along = (figure.rest[body, 0] - elbow[0]) / (wrist - elbow)[0]
    about = [figure.rest[body] - elbow, twisted[body] - elbow]
    angles = np.degrees(np.arctan2(about[1][:, 2], about[1][:, 1]) - np.arctan2(about[0][:, 2], about[0][:, 1]))
    angles = np.abs((angles + 180) % 360 - 180)
    for share in (0.25, 0.5, 0.75):
        here = np.abs(along - share) < 0.04
        assert np.median(angles[here]) == pytest.approx(80 * share, abs=12)


def linear(figure, body_pose):
    """The figure by plain linear blending of the same bones."""
    quaternions, shifts = bone_transforms(np, body_pose, np.zeros(3, np.float32), figure.joints)
    weights = figure.body.weights
    return sum(
        weights[:, [bone]] * (turned(np, quaternions[bone], figure.rest) + shifts[bone]) for bone in range(len(BONES))
    )


@pytest.mark.parametrize(
    ("joint", "turn", "reach"),
    [("left_shoulder", (0, -90, 0), 0.1), ("left_elbow", (0, -120, 0), 0.07), ("left_wrist", (0, 0, -70), 0.04)],
)
def test_bent_limbs_keep_more_volume_than_linear_blending_leaves(figure, joint, turn, reach):
    near = np.abs(figure.rest[figure.triangles, 0].mean(axis=1) - figure.joints[row(joint), 0]) < reach
    side = np.arange(len(figure.rest))[figure.triangles[:, 0]] >= len(figure.head.template)
    piece = figure.triangles[near & side]
    edges = np.concatenate([piece[:, [0, 1]], piece[:, [1, 2]], piece[:, [2, 0]]]).tolist()
    rim = np.array([edge for edge in edges if edge[::-1] not in edges])

    def volume(vertices):  # closed by a fan over each of its two rims, which lie apart in x
        total = np.linalg.det(vertices[piece]).sum()
        outer = figure.rest[rim, 0].mean(axis=1) > figure.joints[row(joint), 0]
        for loop in (rim[outer], rim[~outer]):
            middle = np.broadcast_to(vertices[loop].mean(axis=(0, 1)), (len(loop), 3))
            total += np.linalg.det(np.stack([vertices[loop[:, 1]], vertices[loop[:, 0]], middle], axis=1)).sum()
        return total

    bent = stance(**{joint: turn})
    ours, flat, rest = volume(pose(figure, body_pose=bent)), volume(linear(figure, bent)), volume(figure.rest)
    assert abs(ours - rest) < 0.6 * abs(flat - rest)


def test_random_poses_within_limits_stay_sound(figure):
    """No NaN, and few triangles whose front has turned in: the hollows of elbows and armpits, webs and folds of hands."""
    state = poses_of_figure(figure, 30, np.random.default_rng(4))
    assert (state.poses, state.broken) == (30, 0)
    assert 0 < state.inverted < 0.015
    assert 0 < state.inverted_hands < 0.015
    broken = poses_of_figure(replace(figure, joints=figure.joints * np.nan), 1, np.random.default_rng(4))
    assert broken.broken > 0
    posed = pose(figure, **random_channels(30, seed=4) | {"head_translation": np.zeros((30, 3), np.float32)})
    assert np.linalg.norm(posed, axis=-1).max() < 1.3


def test_bodies_follow_heads(figure):
    head = load_head()
    small, large = (make_figure(head, head.identity_from_sliders(age=age)) for age in (0.2, 0.7))
    spans = [np.ptp(person.rest[:, 0]) for person in (small, large)]
    assert spans[0] < 0.8 * spans[1]
    arms, spread = np.array([np.linalg.norm(p.hand_joints[0, 4] - p.hand_joints[0, 0]) for p in (small, large)]), spans
    assert arms[0] / arms[1] == pytest.approx(spread[0] / spread[1], abs=0.12)
    nudged = figure.head.template.copy()
    nudged[figure.body.rim[0]] += (0, 0.004, 0)
    moved = make_figure(replace(figure.head, template=nudged), head.average_adult)
    way = (moved.rest - figure.rest)[figure.parts[1], 1]
    assert way.max() > 0.001  # the body goes along where its rim is pulled
    assert (way < 0.0041).all()


def test_heads_of_another_kind_have_no_body(figure):
    head = load_head()
    with pytest.raises(ValueError, match="no body"):
        make_figure(replace(head, template=head.template[:-1]), head.average_adult)
    with pytest.raises(ValueError, match="no body"):
        make_figure(head, head.average_adult[:-1])


def test_joint_frames_turn_as_the_chain_does(figure):
    bent = stance(spine2=(10, 20, 0), left_shoulder=(0, -40, -60), left_elbow=(0, -70, 0))
    turns, places = bodies.joint_frames(figure, np.array([0.1, 0.2, 0]), bent)
    matrices = rotation_matrices(bent.astype(np.float64))
    chest = matrices[row("spine2")]
    np.testing.assert_allclose(turns[row("left_shoulder")], chest @ matrices[row("left_shoulder")], atol=1e-6)
    np.testing.assert_allclose(turns[13], rotation_matrices(np.array([0.1, 0.2, 0])), atol=1e-9)
    fore = places[row("left_wrist")] - places[row("left_elbow")]
    length = np.linalg.norm(figure.joints[row("left_wrist")] - figure.joints[row("left_elbow")])
    assert np.linalg.norm(fore) == pytest.approx(length, abs=1e-6)
