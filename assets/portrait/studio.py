"""Camera, light and background of the sample portrait."""

from __future__ import annotations

import bpy
from mathutils import Vector

from blender_addon.axes import to_blender
from portrait.nodes import Shader

DISTANCE = 0.88  # metres from the head joint
LENS = 85.0  # millimetres on a sensor of 36
AIM = (0.0, 0.008, 0.0)


def make_studio() -> None:
    """An 85 mm camera, a large key light, fill, rim, and a background that falls off softly."""
    scene = bpy.context.scene
    data = bpy.data.cameras.new("camera")
    data.lens, data.sensor_width, data.clip_start = LENS, 36.0, 0.05
    scene.camera = bpy.data.objects.new("camera", data)
    place = (0.0, AIM[1] + 0.015, DISTANCE)
    _put(scene.camera, place, AIM)
    _light("key", (-0.75, 0.62, 0.95), (0.0, 0.0, 0.05), 0.55, 23.0, (1.0, 0.95, 0.89))
    _light("fill", (1.1, 0.1, 0.9), (0.0, 0.0, 0.0), 0.9, 4.6, (0.90, 0.95, 1.0))
    _light("eyes", (-0.26, 0.22, 1.1), (0.0, 0.03, 0.07), 0.16, 1.6, (1.0, 0.98, 0.95))
    _light("rim", (0.75, 0.55, -0.75), (0.0, 0.05, 0.0), 0.45, 3.5, (1.0, 0.97, 0.93))
    _light("hair", (-0.5, 0.95, -0.45), (0.0, 0.1, 0.0), 0.5, 4.0, (1.0, 0.97, 0.93))
    _background()
    world = bpy.data.worlds.new("world")
    scene.world = world
    world.use_nodes = True
    world.node_tree.nodes["Background"].inputs[0].default_value = (0.05, 0.055, 0.06, 1)


def _put(item: bpy.types.Object, place: tuple[float, float, float], aim: tuple[float, float, float]) -> None:
    """Place an object in Garrick's space and let its -Z look at a point."""
    bpy.context.scene.collection.objects.link(item)
    start, end = Vector(to_blender(place)), Vector(to_blender(aim))
    item.location = start
    item.rotation_euler = (end - start).to_track_quat("-Z", "Y").to_euler()


def _light(
    name: str, place: tuple[float, float, float], aim: tuple[float, float, float], size: float, watts: float,
    color: tuple[float, float, float],
) -> None:  # fmt: skip
    lamp = bpy.data.lights.new(name, "AREA")
    lamp.shape, lamp.size, lamp.energy, lamp.color = "DISK", size, watts, color
    _put(bpy.data.objects.new(name, lamp), place, aim)


def _background() -> None:
    """A sheet behind that glows by itself, lightest behind the shoulder: no lamp has to reach it."""
    mesh = bpy.data.meshes.new("background")
    corners = [(-2, -2, -1.6), (2, -2, -1.6), (2, 2, -1.6), (-2, 2, -1.6)]
    mesh.from_pydata([Vector(to_blender(corner)) for corner in corners], [], [(0, 1, 2, 3)])
    item = bpy.data.objects.new("background", mesh)
    bpy.context.scene.collection.objects.link(item)
    shader = Shader("background")
    place = shader.add("ShaderNodeTexCoord").outputs["Object"]
    offset = shader.add("ShaderNodeVectorMath", {"operation": "SUBTRACT"}, i0=place, i1=(0.18, 1.6, -0.12)).outputs[0]
    far = shader.add("ShaderNodeVectorMath", {"operation": "LENGTH"}, i0=offset).outputs["Value"]
    color = shader.ramp(far, (0.0, (0.33, 0.35, 0.36)), (0.45, (0.15, 0.165, 0.175)), (1.0, (0.05, 0.057, 0.063)))
    item.data.materials.append(shader.finish(shader.add("ShaderNodeEmission", Color=color)))
    item.visible_diffuse = item.visible_glossy = item.visible_shadow = False
