"""A ring round a head, a ball behind it and a box before it: what a person in the picture must hide, and be hidden by."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Matrix, Vector

RING_RADIUS, RING_THICKNESS = 0.155, 0.016  # metres
COLORS = {"ring": (0.06, 0.2, 0.6), "ball": (0.12, 0.45, 0.2), "box": (0.5, 0.3, 0.08)}  # linear


def build(scene: bpy.types.Scene, armature: bpy.types.Object) -> dict[str, bpy.types.Object]:
    """Add the three things, a sun and a sky to a scene; sizes and places are those of a head in metres."""
    eyes = [armature.matrix_world @ armature.data.bones[name].head_local for name in ("left_eye", "right_eye")]
    middle = (eyes[0] + eyes[1]) / 2 + Vector((0.0, 0.06, 0.0))  # the skull's: Blender's -Y is out of the face
    things = {
        "ring": _ring(middle + Vector((0.0, 0.0, -0.01))),
        "ball": _primitive(bpy.ops.mesh.primitive_uv_sphere_add, middle + Vector((-0.17, 0.25, 0.03)), radius=0.09),
        "box": _primitive(bpy.ops.mesh.primitive_cube_add, middle + Vector((0.13, -0.12, -0.17)), size=0.09),
    }
    for name, thing in things.items():
        thing.name = name
        thing.data.materials.append(_paint(name, COLORS[name]))
    for name in ("ring", "ball"):
        things[name].data.polygons.foreach_set("use_smooth", np.ones(len(things[name].data.polygons), bool))
    sun = bpy.data.objects.new("sun", bpy.data.lights.new("sun", "SUN"))
    sun.data.energy, sun.data.angle = 1.4, 0.2
    sun.rotation_euler = (0.7, 0.2, 0.4)
    scene.collection.objects.link(sun)
    scene.world = bpy.data.worlds.new("sky")
    _nodes(scene.world)["Background"].inputs["Color"].default_value = (0.3, 0.38, 0.5, 1.0)
    return things


def render(scene: bpy.types.Scene, frame: int, path: Path, samples: int) -> np.ndarray:
    """Render a frame with Cycles, which needs no graphics card, and return it: (H, W, 3) 0..1, row 0 on top."""
    scene.render.engine = "CYCLES"
    scene.cycles.device, scene.cycles.samples, scene.cycles.use_denoising = "CPU", samples, False
    scene.render.image_settings.file_format = "PNG"
    scene.render.image_settings.color_mode = "RGB"
    scene.render.filepath = str(path)
    scene.frame_set(frame)
    bpy.ops.render.render(write_still=True, scene=scene.name)
    return read_picture(path)


def read_picture(path: Path, ground: float = 0.55) -> np.ndarray:
    """(H, W, 3) 0..1 as the file has it, row 0 on top; what is clear shows a grey `ground`."""
    image = bpy.data.images.load(str(path), check_existing=False)
    image.alpha_mode = "STRAIGHT"
    pixels = np.empty(image.size[0] * image.size[1] * 4, np.float32)
    image.pixels.foreach_get(pixels)
    pixels = pixels.reshape(image.size[1], image.size[0], 4)[::-1]
    bpy.data.images.remove(image)
    return pixels[..., :3] * pixels[..., 3:] + ground * (1 - pixels[..., 3:])


def write_picture(path: Path, pixels: np.ndarray) -> None:
    """(H, W, 3) 0..1, row 0 on top -> a PNG."""
    height, width = pixels.shape[:2]
    image = bpy.data.images.new(path.stem, width, height)
    image.pixels.foreach_set(np.dstack([pixels[::-1], np.ones((height, width))]).astype(np.float32).ravel())
    image.filepath_raw, image.file_format = str(path), "PNG"
    image.save()
    bpy.data.images.remove(image)


def color_at(picture: np.ndarray, scene: bpy.types.Scene, point: Vector) -> np.ndarray:
    """(3,) 0..1 the picture's colour where the scene's camera sees a point of the world; the mean of a few pixels."""
    height, width = picture.shape[:2]
    x, y, _ = world_to_camera_view(scene, scene.camera, point)
    column, row = round(x * width - 0.5), round((1 - y) * height - 0.5)
    return picture[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2].mean(axis=(0, 1))


def front_and_back(ring: bpy.types.Object) -> tuple[Vector, Vector]:
    """The points of the ring that are nearest to the viewer and farthest from them: before the face, behind the neck."""
    return ring.matrix_world @ Vector((0, -RING_RADIUS, 0)), ring.matrix_world @ Vector((0, RING_RADIUS, 0))


def _ring(place: Vector) -> bpy.types.Object:
    bpy.ops.mesh.primitive_torus_add(
        location=place, major_segments=96, minor_segments=24, major_radius=RING_RADIUS, minor_radius=RING_THICKNESS
    )
    ring = bpy.context.object
    ring.matrix_world = Matrix.Translation(place) @ Matrix.Rotation(-0.2, 4, "X") @ Matrix.Rotation(0.12, 4, "Y")
    return ring


def _primitive(add, place: Vector, **size: float) -> bpy.types.Object:
    add(location=place, **size)
    return bpy.context.object


def _paint(name: str, color: tuple[float, float, float]) -> bpy.types.Material:
    material = bpy.data.materials.new(name)
    _nodes(material)["Principled BSDF"].inputs["Base Color"].default_value = (*color, 1.0)
    return material


def _nodes(owner: bpy.types.Material | bpy.types.World) -> bpy.types.Nodes:
    """The nodes that a new material or world begins with; since 5.0 it has them at once."""
    if owner.node_tree is None:
        owner.use_nodes = True
    return owner.node_tree.nodes
