"""The frames and the voice in the sequencer."""

from __future__ import annotations

from pathlib import Path

import bpy

from .. import version_adapter
from ..rerender.place import place_of
from ..shot_import.materials import blend_path
from ..shot_import.playing import file_numbers
from ..shot_import.props import OWNER
from ..shot_import.sound import add_sound
from . import colour
from .pictures import Pictures


def find(scene: bpy.types.Scene, shot: bpy.types.Collection) -> list[bpy.types.ImageStrip]:
    """The image strips that were made for a shot."""
    return [strip for strip in version_adapter.sequencer_strips(scene) if strip.get(OWNER) == shot]


def add(scene: bpy.types.Scene, shot: bpy.types.Collection, pictures: Pictures) -> tuple[str, ...]:
    """Add the background, the frames above it and, if it is not there, the voice; returns notes for the user.

    Strips of this shot that are there are made anew. A scene whose sequencer showed no pictures before goes on rendering
    in 3D.
    """
    remove(scene, shot)
    others = [strip for strip in version_adapter.sequencer_strips(scene, create=True) if strip.type != "SOUND"]
    channel = 1 + max((strip.channel for strip in version_adapter.sequencer_strips(scene)), default=0)
    numbers = file_numbers(place_of(shot, scene), pictures.frames, pictures.shot.performance)
    if not numbers:
        raise ValueError("No frame of the shot falls on a frame of the scene.")
    still = len(pictures.shot.camera.world_to_camera) == len(pictures.shot.camera.intrinsics) == 1
    if pictures.shot.background is not None and still:
        behind = [pictures.shot.background] * len(numbers)
        _add_images(scene, shot, f"{shot.name} background", behind, channel, min(numbers))
        channel += 1
    folder = pictures.frames.first_file.parent
    files = [folder / f"frame_{number:06d}.png" for number in numbers.values()]
    _add_images(scene, shot, shot.name, files, channel, min(numbers))
    notes = [_add_voice(scene, shot, pictures)]
    if not others and scene.render.use_sequencer:
        scene.render.use_sequencer = False
        shot.garrick_frames.sequencer_was_on = True
        notes.append("Rendering still shows the 3D scene: Output > Post Processing > Sequencer renders the strips.")
    colour.apply(scene)
    return tuple(note for note in notes if note)


def remove(scene: bpy.types.Scene, shot: bpy.types.Collection) -> bool:
    """Take the shot's pictures out of the sequencer; the voice stays. Whether there were any."""
    found = find(scene, shot)
    for strip in found:
        version_adapter.sequencer_strips(scene).remove(strip)
    if shot.garrick_frames.sequencer_was_on:
        scene.render.use_sequencer = True
        shot.garrick_frames.sequencer_was_on = False
    return bool(found)


def _add_images(
    scene: bpy.types.Scene, shot: bpy.types.Collection, name: str, files: list[Path], channel: int, start: int
) -> None:
    """One strip, a file a scene frame."""
    strips = version_adapter.sequencer_strips(scene)
    strip = strips.new_image(name, blend_path(files[0]), channel=channel, frame_start=start, fit_method="FIT")
    for file in files[1:]:
        strip.elements.append(file.name)
    strip[OWNER] = shot
    strip.alpha_mode, strip.blend_type = "STRAIGHT", "ALPHA_OVER"


def _add_voice(scene: bpy.types.Scene, shot: bpy.types.Collection, pictures: Pictures) -> str | None:
    """The voice as a strip where the scene has none of it; a sentence where this Blender has no sound."""
    audio = pictures.shot.audio
    if audio is None:
        return None
    heard = [strip.sound for strip in version_adapter.sequencer_strips(scene) if strip.type == "SOUND"]
    if any(sound is not None and Path(bpy.path.abspath(sound.filepath)) == audio for sound in heard):
        return None
    return add_sound(scene, place_of(shot, scene), audio, pictures.shot.performance)
