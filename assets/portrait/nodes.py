"""Short spelling for shader nodes."""

from __future__ import annotations

from typing import Any

import bpy


class Shader:
    """The node tree of a new material, built by `add` and `link`."""

    def __init__(self, name: str) -> None:
        self.material = bpy.data.materials.new(name)
        self.material.use_nodes = True
        self.tree = self.material.node_tree
        self.tree.nodes.clear()

    def add(self, kind: str, settings: dict[str, Any] | None = None, **inputs: Any) -> bpy.types.Node:
        """Add a node; inputs by name (underscores for spaces) are sockets to link from, or values."""
        node = self.tree.nodes.new(kind)
        for name, value in (settings or {}).items():
            setattr(node, name, value)
        for name, value in inputs.items():
            socket = node.inputs[int(name[1:])] if name[1:].isdigit() else node.inputs[name.replace("_", " ")]
            if isinstance(value, bpy.types.NodeSocket):
                self.tree.links.new(value, socket)
            else:
                socket.default_value = value
        return node

    def math(self, operation: str, a: Any, b: Any = 0.0) -> bpy.types.NodeSocket:
        """One operation on numbers."""
        return self.add("ShaderNodeMath", {"operation": operation}, i0=a, i1=b).outputs[0]

    def mix(self, factor: Any, a: Any, b: Any, blend: str = "MIX") -> bpy.types.NodeSocket:
        """Mix two colours."""
        node = self.add("ShaderNodeMix", {"data_type": "RGBA", "blend_type": blend}, i0=factor, i6=a, i7=b)
        return node.outputs[2]

    def ramp(self, factor: Any, *stops: tuple[float, tuple[float, float, float]]) -> bpy.types.NodeSocket:
        """A colour ramp: (position, linear colour) stops."""
        node = self.add("ShaderNodeValToRGB", i0=factor)
        elements = node.color_ramp.elements
        while len(elements) < len(stops):
            elements.new(0.5)
        for element, (position, color) in zip(elements, stops, strict=True):
            element.position, element.color = position, (*color, 1.0)
        return node.outputs[0]

    def noise(self, vector: Any, scale: float, detail: float = 3.0, roughness: float = 0.5) -> bpy.types.NodeSocket:
        """Fractal noise about 0.5."""
        return self.add("ShaderNodeTexNoise", Vector=vector, Scale=scale, Detail=detail, Roughness=roughness).outputs[0]

    def finish(self, surface: bpy.types.Node) -> bpy.types.Material:
        """Link the surface to the output."""
        self.add("ShaderNodeOutputMaterial", Surface=surface.outputs[0])
        return self.material
