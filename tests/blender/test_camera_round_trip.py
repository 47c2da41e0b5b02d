"""A plane and a head, rendered by Cycles with the exported camera and by us: the same pixels, depth and normals."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import bpy
import cv2
import numpy as np
import OpenEXR
import pytest
from garrick.context import RunContext
from garrick.core.camera import Camera, CameraPath
from garrick.outputs.camera import read_camera, write_camera
from garrick.outputs.exr import FAR, encode_exr
from garrick.rendering.camera_moves import camera_move
from garrick.rendering.normals import Surface, surface_passes
from garrick.rendering.rasterise import rasterise
from garrick.rendering.render import prepare, render_pose
from garrick.rendering.take import ID_NAMES, Frame

from blender_addon.axes import from_blender, to_blender
from blender_addon.rerender.read_camera import intrinsics_of
from blender_addon.shot_import.camera import lens_of, make_camera

FPS = Fraction(25)
SKIN = ID_NAMES.index("skin")
LENSES = {
    "square": ((128, 128), (1.0, 1.0), (0.0, 0.0)),
    "landscape": ((176, 112), (1.0, 1.0), (0.0, 0.0)),
    "portrait aspect": ((112, 176), (1.0, 1.0), (0.0, 0.0)),
    "shift": ((144, 128), (1.0, 1.0), (0.11, -0.07)),
    "pixels that are wide": ((112, 144), (1.0, 1.25), (-0.06, 0.04)),
    "pixels that are tall": ((144, 144), (1.5, 1.0), (0.05, 0.09)),
}


@pytest.fixture(scope="module")
def stage(portrait):
    return prepare(portrait, RunContext())


def seen_by(portrait, name: str) -> CameraPath:
    """One camera at the subject's left with that lens; a factor on each focal length, a shift in widths and heights."""
    size, stretch, shift = LENSES[name]
    path = camera_move(portrait, "orbit", 14.0, 3, FPS, np.random.default_rng(0)).resized(size)
    focal = path.intrinsics[2, [0, 1], [0, 1]].min() * np.array(stretch)
    lens = np.eye(3)
    lens[[0, 1], [0, 1]], lens[:2, 2] = focal, np.array(size) * (0.5 + np.array(shift))
    return CameraPath(path.world_to_camera[2:], lens[None], size, FPS)


def cycles(points: np.ndarray, faces: np.ndarray, path: CameraPath, folder: Path) -> dict[str, np.ndarray]:
    """The planes of the multilayer EXR that Blender renders of a mesh of Garrick's space, through a camera.json."""
    write_camera(folder / "camera.json", path)
    path = read_camera(folder / "camera.json", path.size, FPS)
    scene, lens = bpy.context.scene, lens_of(path)
    mesh = bpy.data.meshes.new("mesh")
    mesh.from_pydata(to_blender(points).tolist(), [], faces.tolist())
    mesh.shade_smooth()
    scene.collection.objects.link(bpy.data.objects.new("mesh", mesh))
    scene.camera = make_camera("camera", path, lens)
    scene.collection.objects.link(scene.camera)
    render = scene.render
    render.engine, render.resolution_percentage = "CYCLES", 100
    render.resolution_x, render.resolution_y = path.size
    render.pixel_aspect_x, render.pixel_aspect_y = lens.pixel_aspect
    scene.cycles.samples, scene.cycles.use_denoising = 1, False
    scene.cycles.pixel_filter_type, scene.cycles.filter_width = "BOX", 0.01  # the middle of each pixel
    layer = scene.view_layers[0]
    layer.use_pass_z = layer.use_pass_position = layer.use_pass_normal = True
    render.image_settings.file_format, render.image_settings.color_depth = "OPEN_EXR_MULTILAYER", "32"
    render.filepath = str(folder / "cycles.exr")
    bpy.ops.render.render(write_still=True)
    np.testing.assert_allclose(intrinsics_of(render, scene.camera.data, path.size), path.intrinsics[0], rtol=1e-5)
    return planes(folder / "cycles.exr")


def planes(file: Path) -> dict[str, np.ndarray]:
    """By their names without the layer's."""
    with OpenEXR.File(str(file), separate_channels=True) as exr:
        return {name.partition(".")[2]: np.float64(channel.pixels) for name, channel in exr.channels().items()}


def ours(frame: Frame, camera: Camera, folder: Path) -> dict[str, np.ndarray]:
    (folder / "ours.exr").write_bytes(encode_exr(frame, camera))
    return planes(folder / "ours.exr")


def drawn(surface: Surface, camera: Camera) -> Frame:
    """A bare surface as a frame."""
    seen = rasterise(camera.project(surface.points).astype(np.float32), surface.triangles, camera.size)
    ids = np.where(seen.triangle >= 0, SKIN, 0).astype(np.uint8)
    shape = ids.shape
    return Frame(
        rgba=np.dstack([np.zeros((*shape, 3)), ids > 0]).astype(np.uint8) * 255, depth=seen.depth,
        uv=np.full((*shape, 2), -1, np.float32), ids=ids, plate=np.zeros((*shape, 3), np.uint8),
        normals=surface_passes([surface], camera, seen.depth, ids)[0],
    )  # fmt: skip


def vectors(file: dict[str, np.ndarray], name: str) -> np.ndarray:
    return np.dstack([file[f"{name}.{axis}"] for axis in "XYZ"])


def degrees_between(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
    return np.degrees(np.arccos(np.clip((a * b).sum(axis=-1) / lengths, -1, 1)))


def assert_in_their_pixels(file: dict[str, np.ndarray], there: np.ndarray, camera: Camera) -> None:
    """What Cycles saw in a pixel is projected into the same pixel by our camera, to its depth."""
    seen = camera.project(from_blender(vectors(file, "Position")))
    rows, columns = np.indices(there.shape) + 0.5
    away = np.hypot(seen[..., 0] - columns, seen[..., 1] - rows)
    assert away[there].max() < 0.02
    np.testing.assert_allclose(seen[..., 2][there], file["Depth.Z"][there], atol=1e-5)


@pytest.mark.parametrize("name", LENSES)
def test_a_plane(portrait, tmp_path, name):
    path = seen_by(portrait, name)
    camera = path.at(0)
    corners = np.array([[-0.14, -0.1, 0.09], [0.1, -0.12, 0.02], [0.13, 0.15, -0.05], [-0.11, 0.17, 0.02]])
    corners[:, 2] = 0.1 - 0.4 * corners[:, 0] - 0.25 * corners[:, 1]
    triangles = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
    theirs = cycles(corners, triangles, path, tmp_path)
    mine = ours(drawn(Surface(corners, triangles, np.full(2, SKIN, np.uint8)), camera), camera, tmp_path)
    there, here = theirs["Depth.Z"] < FAR, mine["Depth.Z"] < FAR
    assert there.mean() > 0.1
    assert (there != here).mean() < 0.001  # outlines: a sample on the edge
    assert_in_their_pixels(theirs, there, camera)
    both = there & here
    assert np.abs(theirs["Depth.Z"] - mine["Depth.Z"])[both].max() < 1e-3
    assert degrees_between(vectors(theirs, "Normal")[both], vectors(mine, "Normal")[both]).max() < 0.2


@pytest.mark.parametrize("name", LENSES)
def test_a_head(stage, portrait, tmp_path, name):
    path = seen_by(portrait, name)
    camera = path.at(0)
    pose = replace(
        stage.puppet.source, rotation=stage.puppet.source.rotation + np.array([0.05, -0.1, 0.08], np.float32)
    )
    theirs = cycles(stage.puppet.pose(pose), stage.triangles, path, tmp_path)
    frame = render_pose(stage, pose, camera, passes=True)
    mine = ours(frame, camera, tmp_path)
    assert_in_their_pixels(theirs, theirs["Depth.Z"] < FAR, camera)
    skin = cv2.erode((frame.ids == SKIN).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    assert skin.mean() > 0.05
    wrong = np.abs(theirs["Depth.Z"] - mine["Depth.Z"])[skin]
    assert wrong.max() < 1e-3
    assert np.median(wrong) < 1e-5
    turned = degrees_between(vectors(theirs, "Normal")[skin], vectors(mine, "Normal")[skin])
    assert np.median(turned) < 1.5
    viewed = vectors(mine, "NormalCamera")[skin]
    assert (viewed[:, 2] > -1e-2).mean() > 0.99
