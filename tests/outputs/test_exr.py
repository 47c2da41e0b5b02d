"""The EXR frame: what Blender and other compositors need to find in it, to the value; resumed like the PNG beside it."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import OpenEXR
import pytest
from garrick.core.camera import Camera
from garrick.outputs import frames
from garrick.outputs.exr import FAR, crypto_id, encode_exr, murmur3
from garrick.rendering.take import ID_NAMES, Frame

FINE = 2**-18 + 1e-7  # half of what depth and UV are written to, and float32
LEANING = np.array([0.6, 0.0, 0.8])  # up is y, out of the face z
TURNED = np.array([[0, 0, 1], [0, -1, 0], [1, 0, 0]])  # the camera stands at the subject's right and looks along +x
CAMERA = Camera(
    np.array([[50.0, 0, 21], [0, 50, 11], [0, 0, 1]]),
    np.block([[TURNED, np.array([[0.1], [0.2], [0.7]])], [np.zeros((1, 3)), np.ones((1, 1))]]),
    (40, 24),
)


def frame_of(height: int = 24, width: int = 40) -> Frame:
    """A disc of hair over skin with a soft edge, in random colours, before nothing."""
    rows, columns = np.mgrid[:height, :width]
    radius = np.hypot(rows - height / 2, columns - width / 2)
    alpha = np.clip((height / 3 - radius) / 4 + 0.5, 0, 1)
    there = alpha > 0.5
    colour = np.random.default_rng(3).integers(0, 256, (height, width, 3))
    return Frame(
        rgba=np.dstack([colour, np.rint(alpha * 255)]).astype(np.uint8),
        depth=np.where(there, 0.5 + radius / 100, np.inf).astype(np.float32),
        uv=np.where(there[..., None], np.dstack([columns / width, rows / height]), -1).astype(np.float32),
        ids=np.where(there, np.where(rows < height / 2, 2, 3), 0).astype(np.uint8),
        plate=colour.astype(np.uint8),
        normals=np.where(there[..., None], LEANING, 0).astype(np.float32),
    )


def read(data: bytes) -> tuple[dict, dict[str, np.ndarray]]:
    """Header and planes by name without the layer's."""
    with OpenEXR.File(io.BytesIO(data), separate_channels=True) as file:
        planes = {name.removeprefix("ViewLayer."): channel.pixels for name, channel in file.channels().items()}
        return dict(file.header()), planes


@pytest.fixture(scope="module")
def frame() -> Frame:
    return frame_of()


@pytest.fixture(scope="module")
def planes(frame) -> dict[str, np.ndarray]:
    return read(encode_exr(frame, CAMERA))[1]


def test_the_colour_is_the_pngs_linear_and_premultiplied(frame, planes):
    straight = frame.rgba[..., :3] / 255
    linear = np.where(straight <= 0.04045, straight / 12.92, ((straight + 0.055) / 1.055) ** 2.4)
    alpha = frame.rgba[..., 3:] / 255
    written = np.dstack([planes[f"Combined.{channel}"] for channel in "RGBA"])
    assert written.dtype == np.float16
    np.testing.assert_allclose(written, np.dstack([linear * alpha, alpha]), rtol=2**-10, atol=1e-6)


def test_the_depth_is_the_renderers_and_reaches_as_far_as_the_soft_edge(frame, planes):
    known, soft = frame.ids > 0, (frame.rgba[..., 3] > 0) & (frame.ids == 0)
    assert soft.any()
    depth = planes["Depth.Z"]
    assert depth.dtype == np.float32
    np.testing.assert_allclose(depth[known], frame.depth[known], rtol=0, atol=FINE)
    assert depth[soft].max() < 1
    assert (depth[frame.rgba[..., 3] == 0] == FAR).all()
    for row, column in np.argwhere(soft):
        away = np.hypot(*np.indices(known.shape) - np.array([row, column])[:, None, None])[known]
        near = frame.depth[known][away < away.min() + 0.5]  # OpenCV's distances are good to a tenth of a pixel
        assert np.abs(near - depth[row, column]).min() <= FINE


def test_uv_points_into_the_portrait_with_v_up(frame, planes):
    known = frame.ids > 0
    np.testing.assert_allclose(planes["UV.U"][known], frame.uv[..., 0][known], rtol=0, atol=FINE)
    np.testing.assert_allclose(planes["UV.V"][known], 1 - frame.uv[..., 1][known], rtol=0, atol=FINE)
    np.testing.assert_array_equal(planes["UV.A"], (frame.rgba[..., 3] > 0).astype(np.float32))


def test_uv_is_unknown_where_the_photo_is_not_seen(frame):
    """As on a hand."""
    hand = frame.ids == 3
    _, planes = read(encode_exr(replace(frame, uv=np.where(hand[..., None], np.float32(-1), frame.uv)), CAMERA))
    assert hand.any()
    assert (planes["UV.A"][hand] == 0).all()
    assert (planes["UV.U"][hand] == 0).all()
    assert (planes["UV.A"][frame.ids == 2] == 1).all()


def test_normals_are_blenders_in_the_world_and_before_the_camera(frame, planes):
    seen = frame.rgba[..., 3] > 0
    world, viewed = (np.dstack([planes[f"{name}.{axis}"] for axis in "XYZ"]) for name in ("Normal", "NormalCamera"))
    assert world.dtype == np.float16
    np.testing.assert_allclose(world[seen], np.broadcast_to([0.6, -0.8, 0], (seen.sum(), 3)), atol=1e-3)
    np.testing.assert_allclose(viewed[seen], np.broadcast_to([0.8, 0, -0.6], (seen.sum(), 3)), atol=1e-3)
    assert not world[~seen].any()
    assert not viewed[~seen].any()


def test_the_header_says_how_it_was_seen(frame):
    header, _ = read(encode_exr(frame, CAMERA))
    point = np.array([0.05, -0.03, 0.08])
    x, y, depth = CAMERA.project(point)
    there = np.array([point[0], -point[2], point[1], 1])  # Blender's world
    seen = there @ header["worldToCamera"]
    np.testing.assert_allclose(seen[2], depth, rtol=1e-6)
    assert (seen[1] > 0) == (y < CAMERA.intrinsics[1, 2])
    in_picture = there @ header["worldToNDC"]
    np.testing.assert_allclose(in_picture[:2] / in_picture[3], [x / 40, y / 24], rtol=1e-5)


def test_ids_are_cryptomattes_and_add_up_to_the_alpha(frame, planes):
    header, _ = read(encode_exr(frame, CAMERA))
    prefix = "cryptomatte/542cafa"  # what Blender 4.2 to 5.2 write for this layer's name
    assert header[f"{prefix}/name"] == "ViewLayer.CryptoObject"
    assert header[f"{prefix}/hash"] == "MurmurHash3_32"
    manifest = json.loads(header[f"{prefix}/manifest"])
    assert list(manifest) == list(ID_NAMES[1:])
    first, second = (planes[f"CryptoObject00.{plane}"].view(np.uint32) for plane in "rb")
    shares = planes["CryptoObject00.g"], planes["CryptoObject00.a"]
    alpha = (frame.rgba[..., 3] / 255).astype(np.float32)
    np.testing.assert_allclose(shares[0] + shares[1], alpha, atol=1e-6)
    assert (shares[0] >= shares[1]).all()
    away = np.abs(np.arange(24) - 11.5) > 1  # from where hair and skin meet
    for index in (2, 3):
        there = (frame.ids == index) & away[:, None]
        np.testing.assert_array_equal(first[there], int(manifest[ID_NAMES[index]], 16))
        np.testing.assert_array_equal(shares[0][there], alpha[there])
    solid = frame.rgba[11, :, 3] == 255
    np.testing.assert_array_equal(first[11, solid], int(manifest["hair"], 16))
    np.testing.assert_array_equal(second[11, solid], int(manifest["skin"], 16))
    np.testing.assert_allclose(shares[1][11, solid], 0.25)


def test_names_are_hashed_as_blender_hashes_them():
    """The manifest that Blender 4.5 and 5.2 wrote for a scene with a cube, a lamp and a nameless object."""
    assert {name: f"{murmur3(name):08x}" for name in ("Cube", "Light", "object")} == {
        "Cube": "a8fce865", "Light": "c77d43e5", "object": "055ec73d",
    }  # fmt: skip


def test_no_id_is_a_number_that_a_file_or_a_filter_could_change():
    words = [f"name {index}" for index in range(4000)]
    forbidden = [word for word in words if murmur3(word) >> 23 & 0xFF in (0, 255)]
    assert forbidden, "some of so many hashes must be NaN, inf or denormal as floats"
    values = np.array([crypto_id(word) for word in words], np.uint32).view(np.float32)
    assert np.isfinite(values).all()
    assert (np.abs(values) >= np.finfo(np.float32).tiny).all()


def test_nobody_in_the_picture():
    empty = Frame(
        rgba=np.zeros((8, 8, 4), np.uint8), depth=np.full((8, 8), np.inf, np.float32),
        uv=np.full((8, 8, 2), -1, np.float32), ids=np.zeros((8, 8), np.uint8), plate=np.zeros((8, 8, 3), np.uint8),
        normals=np.zeros((8, 8, 3), np.float32),
    )  # fmt: skip
    planes = read(encode_exr(empty, CAMERA))[1]
    assert (planes.pop("Depth.Z") == FAR).all()
    assert not any(plane.any() for plane in planes.values())


def test_equal_frames_give_equal_bytes_that_say_they_are_synthetic(frame):
    data = encode_exr(frame, CAMERA)
    assert data == encode_exr(frame_of(), CAMERA)
    header, _ = read(data)
    assert "ynthetic" in header["comments"]
    assert "ynthetic" in header["digitalSourceType"]


def test_a_frame_is_finished_when_both_its_files_are_whole(frame, tmp_path):
    store = frames.FrameStore(tmp_path, "key", passes=True)
    for index in range(4):
        store.write(index, frame.rgba, frame, CAMERA)
    png, exr = store.paths(1)
    exr.write_bytes(exr.read_bytes()[:-1])
    store.paths(2)[1].unlink()
    again = frames.FrameStore(tmp_path, "key", passes=True)
    assert again.finished(range(5)) == {0, 3}
    assert again.around(range(3, 4), 4) == range(3, 4)
    assert frames.FrameStore(tmp_path, "key").finished(range(5)) == {0, 1, 2, 3}
    assert png.suffix == ".png"


def test_frames_without_passes_are_not_finished_for_a_job_that_wants_them(frame, tmp_path):
    frames.FrameStore(tmp_path, "key").write(0, frame.rgba)
    assert frames.FrameStore(tmp_path, "key", passes=True).finished(range(1)) == set()
