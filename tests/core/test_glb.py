"""GLB: what a file can hold comes back, others' files are read by name, and the format's own rules are kept."""

from __future__ import annotations

import json
import struct
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from garrick.bodies.head import load_head
from garrick.bodies.rig import identity_rig
from garrick.core.arkit import ARKIT_INDEX, ARKIT_NAMES
from garrick.core.exchange import read_motion
from garrick.core.glb_read import quaternion_matrices, read_glb
from garrick.core.glb_write import glb_bytes, write_glb
from garrick.core.gltf import GltfBuffer, GltfFile
from garrick.core.performance import AudioReference, Performance
from garrick.core.rotation import rotation_matrices
from garrick.core.skeleton import PARENTS
from garrick.core.turns import JOINTS
from hypothesis import given, settings
from hypothesis import strategies as st

RATES = [Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(60), Fraction(25, 2)]
PNG = b"\x89PNG\r\n\x1a\n and so on"
TILT = [0.0, 0.0, np.sin(np.pi / 4), np.cos(np.pi / 4)]  # a quarter turn about z, x y z w


@pytest.fixture(scope="module")
def rig() -> dict[str, np.ndarray]:
    """The average adult's."""
    head = load_head()
    return identity_rig(head, head.average_adult)


def some(seed: int, frames: int = 30, fps: Fraction = Fraction(25)) -> Performance:
    """All moves that the head's rig has; the head turns past half a turn."""
    rng = np.random.default_rng(seed)
    return replace(
        Performance.rest(frames, fps, rng.normal(0, 1, 7)),
        face=rng.uniform(0, 1, (frames, 52)),
        head_rotation=np.linspace(0, 1, frames)[:, None] * rng.normal(0, 3, 3),
        head_translation=rng.normal(0, 0.05, (frames, 3)),
        gaze=rng.uniform(-0.5, 0.5, (frames, 2, 2)),
        audio=AudioReference("voice.wav", 0.25),
        tracks={"face.jawOpen": "edited", "gaze": "tracked"},
    )


def same_turns(one: np.ndarray, other: np.ndarray, atol: float = 1e-6) -> None:
    np.testing.assert_allclose(rotation_matrices(one.astype(float)), rotation_matrices(other.astype(float)), atol=atol)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 999), fps=st.sampled_from(RATES), frames=st.integers(1, 90))
def test_what_was_written_comes_back(rig, seed, fps, frames, tmp_path_factory):
    clip = some(seed, frames, fps)
    path = tmp_path_factory.mktemp("glb") / "take.glb"
    write_glb(clip, rig, path)
    motion = read_motion(path)
    again = motion.performance
    assert (again.fps, again.audio, again.tracks) == (clip.fps, clip.audio, clip.tracks)
    np.testing.assert_array_equal(again.face, clip.face)
    np.testing.assert_array_equal(again.identity, clip.identity)
    np.testing.assert_allclose(again.head_translation, clip.head_translation, atol=1e-6)
    np.testing.assert_allclose(again.gaze, clip.gaze, atol=1e-6)
    same_turns(again.head_rotation, clip.head_rotation)
    assert motion.channels == {"face", "head_rotation", "head_translation", "gaze"}
    assert motion.notes == ("The file does not move: body pose, left hand, right hand.",)


def test_half_an_hour_in_frames_are_still_told_apart(rig, tmp_path):
    clip = some(1, 3)
    data = bytearray(glb_bytes(replace(clip, fps=Fraction(15)), rig))
    late = np.float32(1700) + np.arange(3, dtype=np.float32) / np.float32(15)
    old = (np.arange(3) / 15).astype(np.float32).tobytes()
    data[data.index(old) : data.index(old) + 12] = late.tobytes()
    (tmp_path / "late.glb").write_bytes(data)
    again = read_glb(tmp_path / "late.glb").performance
    np.testing.assert_array_equal(again.face[-3:], clip.face)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 999))
def test_a_whole_figure_comes_back_and_its_head_turns_in_fixed_space(rig, seed, tmp_path_factory):
    """Where the rig has body and hands: the head hangs on spine and neck, whose turns must not turn it twice."""
    names = [*PARENTS, "jaw"]
    figure = rig | {
        "joint_names": np.array(names),
        "joint_parents": np.array([names.index(above) if above else -1 for above in (PARENTS | {"jaw": "head"}).values()]),
        "joint_positions": np.random.default_rng(seed).normal(0, 0.3, (len(names), 3)),
        "joint_channels": np.array([{joint: channel for channel, joint in JOINTS.items()}.get(name, "") for name in names]),
        "weights": np.eye(len(names))[np.full(len(rig["vertices"]), names.index("head"))],
    }  # fmt: skip
    rng = np.random.default_rng(seed)
    body = {"body_pose": (13, 3), "left_hand": (15, 3), "right_hand": (15, 3)}
    clip = replace(some(seed), **{name: rng.normal(0, 0.3, (30, *shape)) for name, shape in body.items()})
    path = tmp_path_factory.mktemp("figure") / "figure.glb"
    write_glb(clip, figure, path, PNG)
    motion = read_glb(path)
    assert motion.notes == ()
    for name in ("head_rotation", *body):
        same_turns(getattr(motion.performance, name), getattr(clip, name), atol=2e-6)
    np.testing.assert_allclose(motion.performance.head_translation, clip.head_translation, atol=1e-6)
    file = GltfFile(path)
    chain, turned = names.index("head"), np.eye(3)
    rotations = {
        channel["target"]["node"]: file.array(file.document["animations"][0]["samplers"][channel["sampler"]]["output"])
        for channel in file.document["animations"][0]["channels"]
        if channel["target"]["path"] == "rotation"
    }
    while chain >= 0:
        turned = quaternion_matrices(rotations[1 + chain]) @ turned
        chain = figure["joint_parents"][chain]
    np.testing.assert_allclose(turned, rotation_matrices(clip.head_rotation.astype(float)), atol=1e-5)


def test_a_body_is_not_painted_with_the_head_s_texture(rig):
    figure = rig | {"material_names": np.array([*rig["material_names"][:-1], "hands"])}
    data = glb_bytes(some(1, 2), figure, PNG)
    (length,) = struct.unpack_from("<I", data, 12)
    *head, body = json.loads(data[20 : 20 + length])["materials"]
    assert "baseColorTexture" not in body["pbrMetallicRoughness"]
    assert all("baseColorTexture" in material["pbrMetallicRoughness"] for material in head)


def test_the_mesh_is_the_rig_s(rig, tmp_path):
    write_glb(some(3), rig, tmp_path / "a.glb", PNG)
    file = GltfFile(tmp_path / "a.glb")
    mesh = file.document["meshes"][0]
    attributes = mesh["primitives"][0]["attributes"]
    places = file.array(attributes["POSITION"])
    corners = np.concatenate([file.array(part["indices"])[:, 0].astype(int) for part in mesh["primitives"]])
    fans = int((rig["polygon_sizes"] - 2).sum())
    assert len(corners) == 3 * fans
    assert {tuple(place) for place in places[corners]} == {tuple(place) for place in rig["vertices"].astype(float)}
    uv = file.array(attributes["TEXCOORD_0"])
    seen = {(*place, *texel) for place, texel in zip(places, uv.astype(np.float32).tolist(), strict=True)}
    corner = {
        (*rig["vertices"][loop].astype(float), u, np.float32(1 - v))
        for loop, (u, v) in zip(rig["loops"], rig["uv"], strict=True)
    }
    assert seen == corner
    assert mesh["extras"]["targetNames"] == list(ARKIT_NAMES)
    shares = file.array(attributes["WEIGHTS_0"])
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-6)
    jaw = file.array(mesh["primitives"][0]["targets"][ARKIT_INDEX["jawOpen"]]["POSITION"])
    start, stop = rig["shape_starts"][ARKIT_INDEX["jawOpen"] :][:2]
    assert jaw.min(axis=0) == pytest.approx(np.minimum(rig["shape_deltas"][start:stop].min(axis=0), 0))
    head = load_head()
    normals = dict(zip(map(tuple, rig["vertices"].astype(float)), head.normals(rig["vertices"]), strict=True))
    alike = np.einsum("ij,ij->i", file.array(attributes["NORMAL"]), np.array([normals[tuple(at)] for at in places]))
    assert np.median(alike) > 0.999
    assert alike.min() > 0.5
    assert file.document["materials"][0]["extensions"] == {"KHR_materials_unlit": {}}


@pytest.mark.filterwarnings("ignore:pygltf")
def test_pygltflib_finds_nothing_wrong(rig, tmp_path):
    pygltflib = pytest.importorskip("pygltflib", reason="pygltflib is not installed (pip install 'garrick[dev]')")
    from pygltflib.validator import summary, validate

    write_glb(some(4), rig, tmp_path / "a.glb")
    loaded = pygltflib.GLTF2().load(str(tmp_path / "a.glb"))
    validate(loaded)
    summary(loaded)
    assert len(loaded.meshes[0].primitives[0].targets) == 52
    assert {channel.target.path for channel in loaded.animations[0].channels} == {"weights", "rotation", "translation"}
    assert all(view.byteOffset % 4 == 0 for view in loaded.bufferViews)


def test_the_same_performance_makes_the_same_bytes(rig):
    assert glb_bytes(some(5), rig, PNG) == glb_bytes(some(5), rig, PNG)
    with pytest.raises(ValueError, match="must be a PNG"):
        glb_bytes(some(5), rig, b"JFIF")


def foreign(path: Path, how: str = "LINEAR", times=(0.0, 0.5, 1.0), names=("EyeBlink_L", "Teeth", "jawOpen")) -> None:
    """A file of somebody else: joints that rest turned, a walk, shapes in another spelling and order."""
    buffer = GltfBuffer()
    clock = buffer.accessor(np.array(times, np.float32), "SCALAR", bounds=True)
    weights = np.array([[0, 0, 0], [1, 0.5, 0.2], [0, 1, 0.4]], np.float32)[: len(times)]
    swing = [np.concatenate([np.sin(angle / 2) * np.array([1, 0, 0]), [np.cos(angle / 2)]]) for angle in (0, 0.4, 0.8)]
    turns = np.array(swing, np.float32)[: len(times)]
    if how == "CUBICSPLINE":  # tangents of zero
        weights, turns = (np.stack([0 * values, values, 0 * values], axis=1) for values in (weights, turns))
    outputs = [buffer.accessor(weights.reshape(-1), "SCALAR"), buffer.accessor(turns.reshape(-1, 4), "VEC4")]
    samplers = [{"input": clock, "output": output, "interpolation": how} for output in outputs]
    nodes = [
        {"name": "Wolf3D_Head", "mesh": 0},
        {"name": "Hips", "rotation": TILT, "children": [2]},
        {"name": "mixamorig:Head"},
    ]
    channels = [{"sampler": 0, "target": {"node": 0, "path": "weights"}},
                {"sampler": 1, "target": {"node": 2, "path": "rotation"}}]  # fmt: skip
    document = {
        "asset": {"version": "2.0"}, "nodes": nodes,
        "meshes": [{"primitives": [], "extras": {"targetNames": list(names)}}],
        "animations": [{"samplers": samplers, "channels": channels}],
    }  # fmt: skip
    path.write_bytes(buffer.file(document))


@pytest.mark.parametrize(("how", "middle"), [("LINEAR", 0.5), ("STEP", 0.0), ("CUBICSPLINE", 0.5)])
def test_files_of_others_are_read_by_name_and_rest_pose(how, middle, tmp_path):
    foreign(tmp_path / "a.glb", how)
    motion = read_glb(tmp_path / "a.glb", Fraction(4))
    clip = motion.performance
    assert (len(clip), motion.channels) == (5, {"face", "head_rotation"})
    np.testing.assert_allclose(clip.face[:, ARKIT_INDEX["eyeBlinkLeft"]][:3], [0, middle, 1], atol=1e-6)
    np.testing.assert_allclose(clip.face[-1, ARKIT_INDEX["jawOpen"]], 0.4, atol=1e-6)
    # the head nods about the x of its own joint, which a quarter turn of the hips has laid along the subject's y
    np.testing.assert_allclose(clip.head_rotation[-1], [0, 0.8, 0], atol=1e-6)
    assert read_glb(tmp_path / "a.glb").performance.fps == 2


def test_uneven_keys_need_a_rate(tmp_path):
    foreign(tmp_path / "a.glb", times=(0.0, 0.1, 1.0))
    with pytest.raises(ValueError, match="uneven times"):
        read_glb(tmp_path / "a.glb")
    assert len(read_glb(tmp_path / "a.glb", Fraction(10)).performance) == 11


def changed(data: bytes, change) -> bytes:
    """The file with another JSON."""
    (length,) = struct.unpack_from("<I", data, 12)
    document = json.loads(data[20 : 20 + length])
    change(document)
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    body = struct.pack("<II", len(text), 0x4E4F534A) + text + data[20 + length :]
    return data[:8] + struct.pack("<I", 12 + len(body)) + body


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda d: d.pop("animations"), "no animation"),
        (lambda d: d["animations"][0].update(channels=[]), "no animation of its nodes"),
        (lambda d: d["accessors"][1].update(count=10**12), "damaged"),
        (lambda d: d["accessors"][1].update(count=12), "damaged"),
        (lambda d: d["accessors"][1].update(bufferView=77), "damaged"),
        (lambda d: d["accessors"][1].update(componentType=1), "damaged"),
        (lambda d: d["bufferViews"][1].update(byteOffset=-4), "damaged"),
        (lambda d: d["bufferViews"][1].update(byteOffset=10**9), "damaged"),
        (lambda d: d["nodes"][2].update(children=[1]), "damaged"),
        (lambda d: d["nodes"][2].update(name="x") or d["meshes"][0].pop("extras"), "moves no shape"),
        (lambda d: d["animations"][0]["channels"][0]["target"].update(node="x"), "damaged"),
        (lambda d: d.update(nodes=3), "damaged"),
    ],
)
def test_damaged_files_are_refused(change, why, tmp_path):
    foreign(tmp_path / "a.glb")
    (tmp_path / "b.glb").write_bytes(changed((tmp_path / "a.glb").read_bytes(), change))
    with pytest.raises(ValueError, match=why):
        read_glb(tmp_path / "b.glb")


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_torn_files_are_refused_in_a_sentence_or_read(data, tmp_path_factory):
    path = tmp_path_factory.mktemp("torn") / "a.glb"
    foreign(path)
    whole = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
    with suppress(ValueError):  # and nothing else
        read_glb(path)
