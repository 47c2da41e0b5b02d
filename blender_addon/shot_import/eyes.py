"""Eyes in the person's own colours: pupil, iris and white painted over the look's angle, colours read from the photo.

The photo itself cannot cover an eyeball: lids and lashes would turn with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np

from .. import version_adapter
from .shot import Rig

ANGLE = "look_angle"
"""Point attribute of the mesh: radians from the look's axis as seen from the eye's joint, pi on all that is no eye."""

IRIS, PUPIL, EDGE = 0.42, 0.17, 0.05  # radians; an iris of 12 mm on an eyeball of 30, as the head model has
_SEEN = (0.75, 0.2)  # radians: most angle and most height at which the photo surely shows the eye and not a lid
_IRIS_SHARE, _WHITE_SHARE = (
    (0.25, 0.5),
    (0.75, 0.95),
)  # of what is seen there, from the darkest: pupil, iris, edge, white


@dataclass(frozen=True)
class EyeColors:
    """Linear RGB of the iris and of the white, as the photo lights them."""

    iris: tuple[float, float, float]
    white: tuple[float, float, float]


def add_angles(mesh: bpy.types.Mesh, rig: Rig) -> None:
    """Write the `ANGLE` attribute."""
    angles, _ = _look(rig)
    mesh.attributes.new(ANGLE, "FLOAT", "POINT").data.foreach_set("value", angles.astype(np.float32))


def read_colors(rig: Rig, texture: Path) -> EyeColors | None:
    """Iris and white as the photo shows them, wherever it looks: told apart by how bright they are. None where the eyes
    lie outside of the photo."""
    angles, heights = _look(rig)
    seen = (angles[rig.loops] < _SEEN[0]) & (np.abs(heights[rig.loops]) < _SEEN[1])
    seen &= ((rig.photo_uv > 0) & (rig.photo_uv < 1)).all(axis=1)
    if not seen.any():
        return None
    pixels = _linear_pixels(texture)
    columns, rows = (rig.photo_uv[seen] * (pixels.shape[1], pixels.shape[0])).astype(int).T
    colors = pixels[rows, columns]
    order = np.argsort(colors.sum(axis=1), kind="stable")
    # Rings of an eyeball crowd at its pole: a corner counts for the area about it, which grows with the angle's sine.
    area = np.sin(angles[rig.loops][seen])[order]
    share = np.cumsum(area) / area.sum()

    def middle(least: float, most: float) -> tuple[float, float, float]:
        return tuple(np.median(colors[order][(share >= least) & (share <= most)], axis=0).tolist())

    return EyeColors(middle(*_IRIS_SHARE), middle(*_WHITE_SHARE))


def paint(material: bpy.types.Material, colors: EyeColors) -> None:
    """The eye as emission, like the photo on the skin, under a clear coat that takes the scene's highlights."""
    tree = version_adapter.use_nodes(material)
    angle = tree.nodes.new("ShaderNodeAttribute")
    angle.attribute_name = ANGLE
    ramp = tree.nodes.new("ShaderNodeValToRGB")
    dark = tuple(0.45 * value for value in colors.iris)
    stops = (
        (0.0, (0.004, 0.004, 0.004)),
        (PUPIL, (0.004, 0.004, 0.004)),
        (PUPIL + EDGE / 2, colors.iris),
        (IRIS - EDGE, colors.iris),
        (IRIS, dark),
        (IRIS + EDGE, colors.white),
    )
    elements = ramp.color_ramp.elements
    while len(elements) < len(stops):
        elements.new(1.0)
    for element, (position, color) in zip(elements, stops, strict=True):
        element.position, element.color = position, (*color, 1.0)
    shader = tree.nodes.new("ShaderNodeBsdfPrincipled")
    shader.inputs["Base Color"].default_value = (0.0, 0.0, 0.0, 1.0)
    shader.inputs["Roughness"].default_value = 0.05
    shader.inputs["Specular IOR Level"].default_value = 0.25
    shader.inputs["Emission Strength"].default_value = 1.0
    output = tree.nodes.new("ShaderNodeOutputMaterial")
    tree.links.new(angle.outputs["Fac"], ramp.inputs[0])
    tree.links.new(ramp.outputs[0], shader.inputs["Emission Color"])
    tree.links.new(shader.outputs[0], output.inputs["Surface"])
    for column, node in enumerate(tree.nodes):
        node.location = (column * 260.0, 0.0)


def _look(rig: Rig) -> tuple[np.ndarray, np.ndarray]:
    """(V,) radians from the axis of the eye that a vertex belongs to, and (V,) radians above it; pi and 0 elsewhere."""
    angles, heights = np.full(len(rig.vertices), np.pi), np.zeros(len(rig.vertices))
    for joint, channel in enumerate(rig.joint_channels):
        if channel.startswith("gaze."):
            eye = rig.weights[:, joint] > 0.5
            ray = rig.vertices[eye] - rig.joint_positions[joint]
            angles[eye] = np.arctan2(np.hypot(ray[:, 0], ray[:, 1]), ray[:, 2])
            heights[eye] = np.arctan2(ray[:, 1], ray[:, 2])
    return angles, heights


def _linear_pixels(texture: Path) -> np.ndarray:
    """(H, W, 3) linear RGB, bottom row first, as UV counts."""
    image = bpy.data.images.load(str(texture), check_existing=False)
    width, height = image.size
    values = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(values)  # a byte picture's own values, sRGB
    bpy.data.images.remove(image)
    encoded = values.reshape(height, width, 4)[..., :3]
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
