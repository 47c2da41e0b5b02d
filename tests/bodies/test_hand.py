"""The hands: frames, posing, limits, and files that smplx reads."""

from __future__ import annotations

import pathlib
import pickle
import sys
import types

import numpy as np
import pytest
from garrick.bodies import hand as hands
from garrick.bodies.build_hands import build, ensure_built, mirror
from garrick.bodies.hand import FINGERS, JOINT_LIMITS, JOINTS, load_hand, pose
from garrick.bodies.mano import KEYS, PARENTS, read_mano
from garrick.core.archive import save_arrays
from garrick.errors import InputError, MissingError
from scipy.sparse import csc_matrix
from scipy.spatial import Delaunay

FLAT = np.zeros((15, 3), np.float32)


pytestmark = pytest.mark.usefixtures("body_data")


@pytest.fixture(params=["right", "left"])
def hand(request):
    return load_hand(request.param)


def random_pose(hand, frames=1, seed=0):
    """(frames, 15, 3) axis-angle within the limits."""
    low, high = JOINT_LIMITS[..., 0], JOINT_LIMITS[..., 1]
    turned = np.random.default_rng(seed).uniform(low, high, (frames, 15, 3))
    return hands.rotations_of(hand, turned).astype(np.float32)


def below(joint):
    """`joint` and the joints of its finger that it carries."""
    return list(range(joint, 3 * ((joint - 1) // 3) + 4))


def test_joints_are_mano_s_sixteen(hand):
    assert hand.joints().shape == (16, 3)
    assert JOINTS[:4] == ("wrist", "index1", "index2", "index3")
    assert JOINTS[4::3] == ("middle1", "pinky1", "ring1", "thumb1")
    away = np.linalg.norm(hand.joints()[1:] - hand.joints()[0], axis=1).reshape(5, 3)
    assert (np.diff(away, axis=1) > 0).all()


def test_frame_is_the_documented_one(hand):
    joints, ahead = hand.joints(), -1 if hand.side == "right" else 1
    tips = hand.template[hand.tips]
    assert (np.sign(tips[:4, 0] - joints[0, 0]) == ahead).all()
    across = [tips[FINGERS.index(name), 2] for name in ("pinky", "ring", "middle", "index", "thumb")]
    assert np.all(np.diff(across) > 0.01)
    assert np.abs(joints[JOINTS.index("middle1")]).max() < 0.002
    assert 0.16 < np.ptp(hand.template[:, 0]) < 0.21


def test_zero_pose_is_the_template(hand):
    vertices, joints = pose(hand, FLAT)
    np.testing.assert_allclose(vertices, hand.template, atol=1e-7)
    np.testing.assert_allclose(joints, hand.joints(), atol=1e-7)


@pytest.mark.parametrize("joint", range(1, 16))
def test_a_joint_moves_exactly_its_own_chain(hand, joint):
    bent = FLAT.copy()
    bent[joint - 1] = hand.axes[joint - 1, 0] * 0.5
    vertices, joints = pose(hand, bent)
    chain = below(joint)
    hangs = hand.weights[:, chain].sum(axis=1) > 1e-6
    moved = np.linalg.norm(vertices - hand.template, axis=1)
    beside = np.unique(hand.quads[hangs[hand.quads].any(axis=1)])  # where correctives fade out
    assert np.delete(moved, beside).max() < 1e-7
    assert moved[~hangs].max() < 1e-3
    assert moved[hand.weights[:, chain].sum(axis=1) > 0.99].mean() > 1e-3
    assert set(np.flatnonzero(np.linalg.norm(joints - hand.joints(), axis=1) > 1e-6)) == set(chain) - {joint}


def test_flexion_bends_towards_the_palm_and_spread_towards_the_thumb(hand):
    for finger in range(4):
        for axis, direction in ((0, (0, -1, 0)), (1, (0, 0, 1))):
            turned = FLAT.copy()
            turned[3 * finger, axis] = 0.3
            vertices, _ = pose(hand, hands.rotations_of(hand, turned))
            tip = hand.tips[finger]
            assert (vertices[tip] - hand.template[tip]) @ direction > 0.01
    sign = 1 if hand.side == "right" else -1
    assert (hand.axes[:12:3, 0, 2] * sign > 0.95).all()


def test_left_is_the_exact_mirror_image():
    left, right = load_hand("left"), load_hand("right")
    flip = np.array([-1, 1, 1], np.float32)
    np.testing.assert_array_equal(left.template, right.template * flip)
    rotations = random_pose(right, 3)
    ours, _ = pose(right, rotations, np.array([0.2, -0.4, 0.3]))
    theirs, _ = pose(left, hands.mirrored(rotations), hands.mirrored(np.array([0.2, -0.4, 0.3])))
    np.testing.assert_allclose(theirs, ours * flip, atol=1e-6)
    np.testing.assert_allclose(hands.angles(left, hands.mirrored(rotations)), hands.angles(right, rotations), atol=1e-6)


def test_faces_look_outwards(hand):
    corners = (hand.template - hand.template.mean(axis=0))[hand.triangles]
    volume = np.einsum("tc,tc->", np.cross(corners[:, 0], corners[:, 1]), corners[:, 2]) / 6
    assert 1e-4 < volume < 6e-4  # cubic metres, the closed skin of an adult's hand


def test_wrist_is_one_clean_loop(hand):
    edges = np.sort(np.stack([hand.quads, np.roll(hand.quads, -1, axis=1)], axis=2).reshape(-1, 2), axis=1)
    unique, counts = np.unique(edges, axis=0, return_counts=True)
    rim = unique[counts == 1]
    assert len(rim) == 20
    assert (np.unique(rim, return_counts=True)[1] == 2).all()


def test_joints_are_means_of_vertices_around_them(hand):
    np.testing.assert_allclose(hand.joint_regressor.sum(axis=1), 1, atol=1e-5)
    assert hand.joint_regressor.min() >= 0
    inside = [Delaunay(hand.template[row > 0]).find_simplex(joint) >= 0
              for row, joint in zip(hand.joint_regressor, hand.joints().astype(np.float64), strict=True)]  # fmt: skip
    assert all(inside)
    np.testing.assert_allclose(hand.weights.sum(axis=1), 1, atol=1e-5)


def test_identity_changes_the_hand_and_carries_the_joints(hand):
    identity = np.array([[1.0, 0.5], [-1.0, 0.0]], np.float32)
    vertices, joints = pose(hand, FLAT, identity=identity)
    assert vertices.shape == (2, *hand.template.shape)
    np.testing.assert_allclose(vertices, hand.vertices(identity), atol=1e-6)
    np.testing.assert_allclose(joints, hand.joints(identity), atol=1e-6)
    assert np.ptp([np.ptp(one[:, 0]) for one in vertices]) > 0.01


def test_frames_are_posed_as_one_by_one(hand):
    rotations, wrist = random_pose(hand, 4), np.random.default_rng(1).normal(0, 0.5, (4, 3)).astype(np.float32)
    vertices, joints = pose(hand, rotations, wrist)
    for frame in range(4):
        one, bones = pose(hand, rotations[frame], wrist[frame])
        np.testing.assert_allclose(vertices[frame], one, atol=1e-6)
        np.testing.assert_allclose(joints[frame], bones, atol=1e-6)
    np.testing.assert_allclose(joints[:, 0], np.tile(hand.joints()[0], (4, 1)), atol=1e-6)
    lengths = np.linalg.norm(joints[:, 1:] - joints[:, np.array(PARENTS[1:])], axis=-1)
    np.testing.assert_allclose(lengths, np.tile(lengths[:1], (4, 1)), atol=1e-5)


def test_fingers_of_a_fist_end_at_the_palm(hand):
    turned = np.zeros((15, 3))
    turned[:12, 0] = np.radians([85, 100, 65] * 4)
    vertices, joints = pose(hand, hands.rotations_of(hand, turned))
    tips = vertices[hand.tips[:4]]
    reach = np.abs(joints[[1, 4, 7, 10], 0] - joints[0, 0])
    assert (np.abs(tips[:, 0] - joints[0, 0]) < reach).all()
    assert (tips[:, 1] > -0.06).all()


def test_the_thumb_meets_the_index_within_the_limits(hand):
    """Pads, found by a search over the limits: the pose is the shallowest in which the two pads touch and face."""
    turned = np.zeros((15, 3))
    turned[[0, 1, 2], 0] = 68, 34, -10
    turned[0, 1], turned[12], turned[13:, 0] = -15, (44, 42, -45), (-10, -15)
    rotations = hands.rotations_of(hand, np.radians(turned))
    assert hands.within_limits(hand, rotations).all()
    vertices, _ = pose(hand, rotations)
    index, thumb = (np.flatnonzero(hand.weights[:, joint] > 0.9) for joint in (3, 15))
    apart = np.linalg.norm(vertices[index][:, None] - vertices[thumb], axis=2)
    assert apart.min() < 0.003


def test_limits_and_clamp(hand):
    assert JOINT_LIMITS.shape == (15, 3, 2)
    assert (JOINT_LIMITS[..., 0] < 0).all()
    assert (JOINT_LIMITS[..., 1] > 0).all()
    allowed = random_pose(hand, 20)
    assert hands.within_limits(hand, allowed).all()
    np.testing.assert_allclose(hands.clamp(hand, allowed), allowed, atol=1e-6)
    wild = np.random.default_rng(2).normal(0, 2, (20, 15, 3))
    assert not hands.within_limits(hand, wild).all()
    assert hands.within_limits(hand, hands.clamp(hand, wild)).all()
    np.testing.assert_allclose(hands.rotations_of(hand, hands.angles(hand, wild)), wild, atol=1e-9)
    backwards = FLAT.copy()
    backwards[1] = -hand.axes[1, 0]
    assert np.flatnonzero(~hands.within_limits(hand, backwards)).tolist() == [1]


def test_pose_components_are_orthonormal_and_their_mean_is_a_pose(hand):
    np.testing.assert_allclose(hand.components @ hand.components.T, np.eye(45), atol=1e-5)
    assert hands.within_limits(hand, hand.mean_pose).all()


def test_files_have_mano_s_keys_and_come_back(tmp_path):
    paths = ensure_built()
    assert [path.name for path in paths.values()] == ["MANO_RIGHT.npz", "MANO_LEFT.npz"]
    arrays = read_mano(paths["right"])
    assert set(KEYS) <= set(arrays)
    assert arrays["tip_vertex_ids"].tolist() == load_hand("right").tips.tolist()
    copy = tmp_path / "MANO_RIGHT.npz"
    save_arrays(copy, arrays)
    again, ours = load_hand("right", copy), load_hand("right")
    for name in ("template", "identity_basis", "pose_basis", "joint_regressor", "weights", "quads", "components"):
        np.testing.assert_array_equal(getattr(again, name), getattr(ours, name))


def test_building_anew_gives_the_cached_hands(body_data):
    right = build(body_data, progress=lambda line: None)
    for side, arrays in (("right", right), ("left", mirror(right))):
        cached = load_hand(side)
        np.testing.assert_array_equal(arrays["quads"], cached.quads)
        np.testing.assert_allclose(arrays["v_template"], cached.template, atol=1e-6)
        np.testing.assert_allclose(np.moveaxis(arrays["shapedirs"], 2, 0), cached.identity_basis, atol=1e-5)
    assert "CC0" in str(right["credits"])


def smplx_vertices(path, hand, rotations, wrist, identity):
    """(F, V, 3) and (F, 16, 3) as smplx poses the file, with what its defaults leave out switched on."""
    smplx = pytest.importorskip("smplx", reason="smplx is not installed")
    import torch

    count = len(rotations)
    model = smplx.MANO(
        str(path), ext="npz", is_rhand=hand.side == "right", use_pca=False, flat_hand_mean=True, batch_size=count
    )
    out = model(
        betas=torch.from_numpy(np.tile(identity, (count, 1))), global_orient=torch.from_numpy(wrist),
        hand_pose=torch.from_numpy(rotations.reshape(count, 45)),
    )  # fmt: skip
    return out.vertices.detach().numpy(), out.joints.detach().numpy()[:, :16]


@pytest.mark.parametrize("correctives", ["ours", "dense"])
def test_smplx_poses_the_files_alike(hand, tmp_path, correctives):
    path = ensure_built()[hand.side]
    rng = np.random.default_rng(4)
    if correctives == "dense":  # every joint corrects every vertex
        arrays = read_mano(path)
        arrays["posedirs"] = rng.normal(0, 1e-3, arrays["posedirs"].shape).astype(np.float32)
        path = tmp_path / path.name
        save_arrays(path, arrays)
        hand = load_hand(hand.side, path)
    rotations, wrist = random_pose(hand, 3), rng.normal(0, 1, (3, 3)).astype(np.float32)
    identity = rng.normal(size=10).astype(np.float32)
    theirs, bones = smplx_vertices(path, hand, rotations, wrist, identity)
    vertices, joints = pose(hand, rotations, wrist, identity)
    np.testing.assert_allclose(vertices, theirs, atol=1e-4)
    np.testing.assert_allclose(joints, bones, atol=1e-4)


class _Ch:
    """What chumpy's array class leaves in a pickle."""

    def __init__(self, **state):
        self.__dict__.update(state)


def official_pickle(path, arrays, monkeypatch):
    """Write arrays as the official files are: protocol 2, a sparse regressor, chumpy's Ch and Select."""
    module = types.ModuleType("chumpy.ch")
    ch, select = type("Ch", (_Ch,), {"__module__": "chumpy.ch"}), type("Select", (_Ch,), {"__module__": "chumpy.ch"})
    module.__dict__.update(Ch=ch, Select=select)
    monkeypatch.setitem(sys.modules, "chumpy", types.ModuleType("chumpy"))
    monkeypatch.setitem(sys.modules, "chumpy.ch", module)
    shapes = arrays["shapedirs"].astype(np.float64)
    model = {key: arrays[key] for key in KEYS} | {
        "J_regressor": csc_matrix(arrays["J_regressor"]),
        "posedirs": ch(x=arrays["posedirs"]),
        "shapedirs": select(a=ch(x=shapes), idxs=np.arange(shapes.size), preferred_shape=shapes.shape),
        "bs_style": "lbs",
    }
    path.write_bytes(pickle.dumps(model, protocol=2))


def test_a_pickle_with_chumpy_in_it_is_read_without_chumpy(tmp_path, monkeypatch):
    path = tmp_path / "MANO_LEFT.pkl"
    official_pickle(path, read_mano(ensure_built()["left"]), monkeypatch)
    monkeypatch.undo()
    theirs, ours = load_hand("left", path), load_hand("left")
    np.testing.assert_allclose(theirs.joint_regressor, ours.joint_regressor)
    np.testing.assert_allclose(theirs.identity_basis, ours.identity_basis)
    np.testing.assert_array_equal(theirs.triangles[::2], ours.triangles.reshape(-1, 3))
    assert theirs.tips.tolist() == ours.tips.tolist()


class _Bomb:
    def __reduce__(self):
        return (print, ("a pickle ran code",))


@pytest.mark.parametrize("kind", ["call", "strange class", "text", "torn"])
def test_pickles_that_are_no_hands_run_nothing(tmp_path, capsys, kind):
    path = tmp_path / "MANO_RIGHT.pkl"
    content = {
        "call": pickle.dumps({"v_template": _Bomb()}),
        "strange class": pickle.dumps({"v_template": pathlib.PurePosixPath("x")}, protocol=2),
        "text": b"hello",
        "torn": pickle.dumps({"v_template": np.zeros((4, 3))})[:-20],
    }
    path.write_bytes(content[kind])
    with pytest.raises(InputError, match="MANO_RIGHT"):
        load_hand("right", path)
    assert not capsys.readouterr().out


@pytest.mark.parametrize(
    ("key", "array", "said"),
    [
        ("weights", np.zeros((7, 16)), "weights"),
        ("f", np.full((2, 3), 10**6), "faces"),
        ("v_template", np.full((1609, 3), np.nan), "v_template"),
        ("kintree_table", np.zeros((2, 16), np.int64), "order"),
        ("posedirs", np.zeros((1609, 3, 9)), "posedirs"),
        ("hands_mean", None, "has no hands_mean"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path, key, array, said):
    arrays = read_mano(ensure_built()["right"])
    arrays.pop(key) if array is None else arrays.update({key: array})
    path = tmp_path / "MANO_RIGHT.npz"
    save_arrays(path, arrays)
    with pytest.raises(InputError, match=said):
        load_hand("right", path)


def test_the_other_hand_s_file_and_no_file(tmp_path):
    with pytest.raises(InputError, match="not a left hand"):
        load_hand("left", ensure_built()["right"])
    with pytest.raises(MissingError, match="nothing"):
        load_hand("left", tmp_path / "nothing.npz")
    (tmp_path / "noise.npz").write_bytes(b"PK\x03\x04 noise")
    with pytest.raises(InputError, match="noise"):
        load_hand("left", tmp_path / "noise.npz")


@pytest.mark.parametrize("shape", [(16, 3), (45,), (15, 4)])
def test_rotations_of_a_wrong_shape_are_refused(hand, shape):
    with pytest.raises(ValueError, match="15 x 3"):
        pose(hand, np.zeros(shape))
    with pytest.raises(ValueError, match="wrist"):
        pose(hand, FLAT, np.zeros(4))
