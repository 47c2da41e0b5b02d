"""The person laid over the scene in its compositor: with alpha, behind what is nearer, each part to be graded by its id.

One set-up a shot, in a frame of its own between what the compositor showed before and its output. Nothing that was there is
removed, and taking the set-up out leaves what was there before.
"""

from __future__ import annotations

import bpy

from .. import version_adapter
from ..rerender.place import place_of
from ..shot_import.materials import SOFT_EDGE
from ..shot_import.playing import load_sequence, play
from ..shot_import.props import OWNER
from ..shot_import.shot import Frames
from . import colour
from .pictures import Pictures, planes_of

_ROLE = "garrick_role"
_OVER, _NEAREST, _MATTE = "over", "nearest", "matte"


def find(scene: bpy.types.Scene, shot: bpy.types.Collection) -> bpy.types.Node | None:
    """The frame node around a shot's set-up."""
    tree = version_adapter.compositor_tree(scene)
    frames = [] if tree is None else [node for node in tree.nodes if node.type == "FRAME"]
    return next((node for node in frames if node.get(OWNER) == shot), None)


def add(scene: bpy.types.Scene, shot: bpy.types.Collection, pictures: Pictures) -> tuple[str, ...]:
    """Lay the shot's frames over the scene; a set-up that is there is made anew. Returns notes for the user."""
    remove(scene, shot)
    tree = version_adapter.compositor_tree(scene, create=True)
    output = version_adapter.compositor_output(tree)
    under = output.links[0].from_socket if output.is_linked else _scene_node(tree, scene).outputs["Image"]
    box = tree.nodes.new("NodeFrame")
    box.label, box[OWNER] = f"Garrick: {shot.name}", shot

    setup = _Setup(tree, box, scene, pictures)
    picture = setup.sequence(pictures.frames, "PNG frames", "sRGB")
    person = _calmed(setup, picture)
    mask = None
    if pictures.passes is not None:
        passes = setup.sequence(pictures.passes, "EXR passes", "Linear Rec.709")
        person = _graded(setup, person, picture.outputs["Alpha"], passes)
        set_parts(scene, shot)
        mask = _depth_mask(setup, passes, _scene_depth(tree, scene, under))
    method = fit_method(scene, shot, pictures)
    person = setup.scaled(person, method, nearest=False)
    if mask is not None:
        person = setup.masked(person, mask)
    over = setup.node("CompositorNodeAlphaOver", "Over the scene", _OVER)
    background, foreground = version_adapter.over_sockets(over)
    for link in list(under.links):
        if link.to_socket == output or link.to_node.type == "VIEWER":
            tree.links.new(over.outputs[0], link.to_socket)
    tree.links.new(over.outputs[0], output)
    tree.links.new(under, background)
    tree.links.new(person, foreground)
    setup.lay_out(under.node, output.node)
    hide(shot)
    colour.apply(scene)
    return _notes(scene, shot, pictures)


def remove(scene: bpy.types.Scene, shot: bpy.types.Collection) -> bool:
    """Take a shot's set-up out again; whether there was one."""
    box = find(scene, shot)
    if box is None:
        return False
    tree = box.id_data
    nodes = [node for node in tree.nodes if node.parent == box]
    over = _of_role(tree, box, _OVER)
    background, _ = version_adapter.over_sockets(over)
    _bypass(tree, over.outputs[0], background.links[0].from_socket if background.is_linked else None)
    nearest = _of_role(tree, box, _NEAREST)
    if nearest is not None:
        _bypass(
            tree, nearest.outputs[0], nearest.inputs[1].links[0].from_socket if nearest.inputs[1].is_linked else None
        )
    images = {node.image for node in nodes if getattr(node, "image", None) is not None}
    for node in nodes:
        if hasattr(node, "frame_offset"):
            node.driver_remove("frame_offset")
        tree.nodes.remove(node)
    tree.nodes.remove(box)
    for image in images:
        if not image.users:
            bpy.data.images.remove(image)
    _unhide(shot)
    return True


def has_parts(scene: bpy.types.Scene, shot: bpy.types.Collection) -> bool:
    """Whether the set-up has passes, and with them parts to grade."""
    return _matte(scene, shot) is not None


def set_parts(scene: bpy.types.Scene, shot: bpy.types.Collection) -> None:
    """Let the set-up's grade reach the parts that the shot's settings name."""
    matte = _matte(scene, shot)
    if matte is not None:
        matte.matte_id = ",".join(sorted(shot.garrick_frames.parts))


def fit_method(scene: bpy.types.Scene, shot: bpy.types.Collection, pictures: Pictures) -> str:
    """How a picture fills the render of the shot's camera: STRETCH where their shapes agree, else FIT or CROP.

    A camera's sensor spans the width, or the height, of any render; so does the picture that was taken with it.
    """
    width, height = pictures.shot.camera.size
    render = scene.render
    across, down = render.resolution_x / width, render.resolution_y / height
    if abs(across / down - 1) < 1e-3:
        return "STRETCH"
    camera = shot.garrick.camera
    fit = "AUTO" if camera is None else camera.data.sensor_fit
    tall = render.resolution_y * render.pixel_aspect_y > render.resolution_x * render.pixel_aspect_x
    wanted = down if fit == "VERTICAL" or (fit == "AUTO" and tall) else across
    return "CROP" if wanted == max(across, down) else "FIT"


class _Setup:
    """Nodes on their way into one frame, in columns."""

    def __init__(
        self, tree: bpy.types.NodeTree, box: bpy.types.Node, scene: bpy.types.Scene, pictures: Pictures
    ) -> None:
        self.tree, self.box, self.scene, self.pictures = tree, box, scene, pictures
        self.place = place_of(box[OWNER], scene)
        self._made: list[bpy.types.Node] = []

    def node(self, kind: str, label: str, role: str = "") -> bpy.types.Node:
        return self._keep(self.tree.nodes.new(kind), label, role)

    def math(self, operation: str, label: str, *values: bpy.types.NodeSocket, role: str = "") -> bpy.types.NodeSocket:
        node = self._keep(version_adapter.math_node(self.tree, operation), label, role)
        for socket, value in zip(node.inputs, values, strict=False):
            self.link(value, socket)
        return node.outputs[0]

    def link(self, source: bpy.types.NodeSocket, target: bpy.types.NodeSocket) -> None:
        self.tree.links.new(source, target)

    def sequence(self, frames: Frames, label: str, colorspace: str) -> bpy.types.Node:
        node = self.node("CompositorNodeImage", label)
        node.image = load_sequence(frames, colorspace)
        play(node, self.place, frames, self.pictures.shot.performance)
        return node

    def matte(self, passes: bpy.types.Node) -> bpy.types.Node:
        node = self.node("CompositorNodeCryptomatteV2", "Part", _MATTE)
        node.source, node.image = "IMAGE", passes.image
        play(node, self.place, self.pictures.passes, self.pictures.shot.performance)
        return node

    def scaled(self, source: bpy.types.NodeSocket, method: str, nearest: bool) -> bpy.types.NodeSocket:
        node = self.node("CompositorNodeScale", "To the render's size")
        version_adapter.scale_to_render(node, method, nearest)
        self.link(source, node.inputs[0])
        return node.outputs[0]

    def masked(self, source: bpy.types.NodeSocket, mask: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
        node = self.node("CompositorNodeSetAlpha", "Where the person is in front")
        version_adapter.apply_mask(node)
        self.link(source, node.inputs[0])
        self.link(mask, node.inputs[1])
        return node.outputs[0]

    def mixed(
        self, blend: str, label: str, factor: bpy.types.NodeSocket | None, *colors: bpy.types.NodeSocket
    ) -> bpy.types.NodeSocket:
        node, sockets = version_adapter.mix_colors(self.tree, blend)
        self._keep(node, label, "")
        sockets[0].default_value = 1.0
        for socket, value in zip(sockets, (factor, *colors), strict=True):
            if value is not None:
                self.link(value, socket)
        return next(socket for socket in node.outputs if socket.enabled)

    def lay_out(self, before: bpy.types.Node, after: bpy.types.Node) -> None:
        """In a row of columns, two high, behind the node before; the node after moves out of the way."""
        left, top = before.location.x + 350, before.location.y
        for place, node in enumerate(self._made):
            node.location = (left + place // 2 * 240, top - place % 2 * 330)
        after.location.x = max(after.location.x, left + (len(self._made) // 2 + 1) * 240)

    def _keep(self, node: bpy.types.Node, label: str, role: str) -> bpy.types.Node:
        node.label, node.parent = label, self.box
        if role:
            node[_ROLE] = role
        self._made.append(node)
        return node


def _calmed(setup: _Setup, picture: bpy.types.Node) -> bpy.types.NodeSocket:
    """The premultiplied picture without sparks at its soft edges.

    What little there is of the person in a pixel of low alpha has a colour that is half noise, and the inverse of a
    film-like view transform makes 16 of a white that was 1. So such a pixel is held to its alpha, the more the lower
    that is; where the person is solid nothing changes, nor where no colour is above 1.
    """
    image, alpha = picture.outputs["Image"], picture.outputs["Alpha"]
    power = setup.math("POWER", "Trust in the colour", alpha)
    power.node.inputs[1].default_value = SOFT_EDGE
    held = setup.mixed("DARKEN", "Held to the alpha", None, image, alpha)
    return setup.mixed("MIX", "Soft edges held", power, held, image)


def _graded(
    setup: _Setup, person: bpy.types.NodeSocket, alpha: bpy.types.NodeSocket, passes: bpy.types.Node
) -> bpy.types.NodeSocket:
    """The picture through a Colour Balance that changes nothing yet, and only the chosen parts when it does."""
    matte = setup.matte(passes)
    # A matte is id times alpha; the picture is premultiplied, so that a soft edge wants the grade whole.
    share = setup.math("DIVIDE", "Part of the pixel", matte.outputs["Matte"], alpha)
    grade = setup.node("CompositorNodeColorBalance", "Grade the parts")
    setup.link(share, next(socket for socket in grade.inputs if socket.identifier == "Fac"))
    setup.link(person, grade.inputs["Image"])
    return grade.outputs[0]


def _depth_mask(setup: _Setup, passes: bpy.types.Node, scene_depth: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
    """1 where the person is nearer than the scene; what lies over this set-up finds the nearer of both depths."""
    shot, scene = setup.box[OWNER], setup.scene
    depth = next(socket for socket in passes.outputs if socket.name.endswith("Depth"))
    depth = setup.scaled(depth, fit_method(scene, shot, setup.pictures), nearest=True)
    mask = setup.math("LESS_THAN", "Nearer than the scene", depth, scene_depth)
    setup.math("MINIMUM", "Nearest depth", depth, scene_depth, role=_NEAREST)
    smooth = setup.node("CompositorNodeAntiAliasing", "Smooth its edge")
    setup.link(mask, smooth.inputs[0])
    return smooth.outputs[0]


def _scene_depth(tree: bpy.types.NodeTree, scene: bpy.types.Scene, under: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
    """The depth of what lies under the set-up: of the render, or of another shot's set-up."""
    node = under.node
    if node.get(_ROLE) == _OVER and node.parent is not None:
        nearest = _of_role(tree, node.parent, _NEAREST)
        if nearest is not None:
            return nearest.outputs[0]
        background, _ = version_adapter.over_sockets(node)
        if background.is_linked:
            return _scene_depth(tree, scene, background.links[0].from_socket)
    layers = node if node.type == "R_LAYERS" else _scene_node(tree, scene)
    layer = layers.scene.view_layers.get(layers.layer) or layers.scene.view_layers[0]
    layer.use_pass_z = True
    return layers.outputs["Depth"]


def _scene_node(tree: bpy.types.NodeTree, scene: bpy.types.Scene) -> bpy.types.Node:
    """The Render Layers node of the scene; made where there is none."""
    for node in tree.nodes:
        if node.type == "R_LAYERS" and node.scene == scene:
            return node
    node = tree.nodes.new("CompositorNodeRLayers")
    node.scene = scene
    return node


def _matte(scene: bpy.types.Scene, shot: bpy.types.Collection) -> bpy.types.Node | None:
    box = find(scene, shot)
    return None if box is None else _of_role(box.id_data, box, _MATTE)


def _of_role(tree: bpy.types.NodeTree, box: bpy.types.Node, role: str) -> bpy.types.Node | None:
    return next((node for node in tree.nodes if node.parent == box and node.get(_ROLE) == role), None)


def _bypass(tree: bpy.types.NodeTree, socket: bpy.types.NodeSocket, source: bpy.types.NodeSocket | None) -> None:
    """Give what a socket feeds to another one instead."""
    for target in [link.to_socket for link in socket.links]:
        if source is not None:
            tree.links.new(source, target)


def hide(shot: bpy.types.Collection) -> None:
    """The camera shall not see the 3D head and the planes besides the person; their shadows and mirror images stay."""
    kept, hidden = shot.garrick, shot.garrick_frames.hidden
    for item in (kept.head, *planes_of(shot)):
        if item is not None and item.visible_camera and item.library is None:
            item.visible_camera = False
            hidden.add().item = item


def _unhide(shot: bpy.types.Collection) -> None:
    for entry in shot.garrick_frames.hidden:
        if entry.item is not None:
            entry.item.visible_camera = True
    shot.garrick_frames.hidden.clear()


def _notes(scene: bpy.types.Scene, shot: bpy.types.Collection, pictures: Pictures) -> tuple[str, ...]:
    notes = []
    if pictures.passes is None:
        notes.append(
            "The frames have no EXR passes: the person lies over everything. Render with EXR Passes for depth."
        )
    if scene.camera is not None and scene.camera != shot.garrick.camera:
        notes.append("The scene is seen by another camera than the shot's; the frames fit only their own.")
    return tuple(notes)
