"""Lets whatever shows an image sequence show each frame of a performance at its time."""

from __future__ import annotations

from typing import Any

import bpy

from ..core.performance import Performance
from .materials import blend_path
from .shot import Frames
from .timeline import FIRST_FRAME, scene_rate


def load_sequence(frames: Frames, colorspace: str = "sRGB") -> bpy.types.Image:
    """The frames as an image data-block of their own. colorspace: what the files' numbers are."""
    image = bpy.data.images.load(blend_path(frames.first_file), check_existing=False)
    image.source = "SEQUENCE"
    image.colorspace_settings.name = colorspace
    image.alpha_mode = "STRAIGHT" if colorspace == "sRGB" else "PREMUL"
    return image


def play(user: Any, scene: bpy.types.Scene, frames: Frames, performance: Performance) -> None:
    """Set an image user, or a node that is one: each scene frame shows the nearest frame of the performance.

    Blender shows the file numbered (scene frame - frame_start + 1, within 1 .. frame_duration) + frame_offset. Where the
    rates differ the offset has a driver: a simple expression, which Blender evaluates even where scripts may not run,
    and which leaves whatever animation its owner has alone.
    """
    user.use_auto_refresh = True
    ratio = float(performance.fps) / scene_rate(scene)
    if abs(ratio - 1) < 1e-6:
        user.frame_start = FIRST_FRAME + frames.first
        user.frame_duration = frames.last - frames.first + 1
        user.frame_offset = frames.first - 1
        return
    shown = shown_frames(scene, performance)
    user.frame_start, user.frame_duration = FIRST_FRAME, shown
    file = f"clamp(floor((frame - {FIRST_FRAME}) * {ratio!r} + 0.5), {frames.first}, {frames.last})"
    driver = user.driver_add("frame_offset").driver
    driver.expression = f"{file} - clamp(frame - {FIRST_FRAME - 1}, 1, {shown})"


def shown_frames(scene: bpy.types.Scene, performance: Performance) -> int:
    """How many scene frames the whole performance takes."""
    return max(1, round(len(performance) / float(performance.fps) * scene_rate(scene)))


def file_numbers(scene: bpy.types.Scene, frames: Frames, performance: Performance) -> dict[int, int]:
    """Scene frame -> number of the file that it shows, for the scene frames that fall on `frames`."""
    ratio = float(performance.fps) / scene_rate(scene)
    nearest = {FIRST_FRAME + shown: int(shown * ratio + 0.5) for shown in range(shown_frames(scene, performance))}
    return {shown: file for shown, file in nearest.items() if frames.first <= file <= frames.last}
