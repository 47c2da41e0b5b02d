"""Whatever plays a shot's frames plays those of one version, at the shot's place: planes, camera, compositor, sequencer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy

from .. import version_adapter
from ..shot_import.playing import file_numbers, play
from ..shot_import.props import OWNER
from ..shot_import.shot import Frames, Shot
from . import versions
from .place import place_of


def fit(shot: bpy.types.Collection, scene: bpy.types.Scene, files: Shot) -> None:
    """Let all of it play the frames of a version, each nearest to its time, and hold the last one.

    scene: the one in whose time planes and camera play; each compositor and sequencer plays in its own scene's.
    """
    frames = files.frames
    if frames is None:
        return
    for user in _image_users(shot):
        play(user, place_of(shot, scene), frames, files.performance)
    for other in bpy.data.scenes:
        place = place_of(shot, other)
        for node in _nodes(shot, other):
            play(node, place, frames, files.performance)
        numbers = file_numbers(place, frames, files.performance)
        for strip in owned_strips(shot, other):
            _fit_strip(strip, frames, numbers)


def voice_strips(shot: bpy.types.Collection, scene: bpy.types.Scene) -> list[Any]:
    """The sound strips that play the voice of any version of a shot."""
    folders = {versions.folder_of(version) for version in shot.garrick.versions} | {versions.root_of(shot)}
    strips = (item for item in version_adapter.sequencer_strips(scene) if item.type == "SOUND" and item.sound)
    return [item for item in strips if Path(bpy.path.abspath(item.sound.filepath)).parent in folders]


def owned_strips(shot: bpy.types.Collection, scene: bpy.types.Scene) -> list[Any]:
    """The image strips that were made for a shot."""
    strips = version_adapter.sequencer_strips(scene)
    return [item for item in strips if item.type == "IMAGE" and item.get(OWNER) == shot]


def _image_users(shot: bpy.types.Collection) -> Iterator[bpy.types.ImageUser]:
    shown = versions.picture_folders(shot)
    for item in shot.all_objects:
        if item.library is not None:
            continue
        for _, node in versions.picture_nodes(item):
            if node.image and node.image.source == "SEQUENCE" and versions.place_on_disk(node.image) in shown:
                yield node.image_user
        for user in versions.backdrops(item):
            if user.image and user.image.source == "SEQUENCE" and versions.place_on_disk(user.image) in shown:
                yield user.image_user


def _nodes(shot: bpy.types.Collection, scene: bpy.types.Scene) -> list[bpy.types.Node]:
    """The compositor's nodes that were made for a shot and play a sequence."""
    tree = version_adapter.compositor_tree(scene)
    nodes = [] if tree is None else list(tree.nodes)
    boxes = [node for node in nodes if node.type == "FRAME" and node.get(OWNER) == shot]
    return [
        node
        for node in nodes
        if node.parent in boxes and hasattr(node, "frame_offset") and node.image and node.image.source == "SEQUENCE"
    ]


def _fit_strip(strip: Any, frames: Frames, numbers: dict[int, int]) -> None:
    """A file a scene frame; the still background is repeated. What an artist has cut off at the ends stays cut off."""
    names = [element.filename for element in strip.elements]
    moving = names[0].startswith("frame_")
    wanted = [f"frame_{number:06d}{frames.first_file.suffix}" if moving else names[0] for number in numbers.values()]
    while len(strip.elements) > len(wanted):
        strip.elements.pop(len(strip.elements) - 1)
    for name in wanted[len(strip.elements) :]:
        strip.elements.append(name)
    for element, name in zip(strip.elements, wanted, strict=True):
        element.filename = name
    strip.frame_start = min(numbers)
