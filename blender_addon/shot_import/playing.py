"""Lets whatever shows an image sequence show each frame of a performance at its time."""

from __future__ import annotations

import math
from typing import Any

import bpy

from ..core.performance import Performance
from .materials import blend_path
from .shot import Frames
from .timeline import Place


def load_sequence(frames: Frames, colorspace: str = "sRGB") -> bpy.types.Image:
    """The frames as an image data-block of their own. colorspace: what the files' numbers are."""
    image = bpy.data.images.load(blend_path(frames.first_file), check_existing=False)
    image.source = "SEQUENCE"
    image.colorspace_settings.name = colorspace
    image.alpha_mode = "STRAIGHT" if colorspace == "sRGB" else "PREMUL"
    return image


def play(user: Any, place: Place, frames: Frames, performance: Performance) -> None:
    """Set an image user, or a node that is one: each scene frame shows the nearest frame of the performance.

    Blender shows the file numbered (scene frame - frame_start + 1, within 1 .. frame_duration) + frame_offset. Where the
    rates differ, or the performance begins between two frames, the offset has a driver: a simple expression, which
    Blender evaluates even where scripts may not run, and which leaves whatever animation its owner has alone.
    """
    user.driver_remove("frame_offset")
    user.use_auto_refresh = True
    ratio, start = float(performance.fps) / place.rate, place.start
    if abs(ratio - 1) < 1e-6 and abs(start - round(start)) < 1e-4:
        user.frame_start = round(start) + frames.first
        user.frame_duration = frames.last - frames.first + 1
        user.frame_offset = frames.first - 1
        return
    first, shown = math.floor(start), shown_frames(place, performance)
    user.frame_start, user.frame_duration = first, shown
    file = f"clamp(floor((frame - {_number(start)}) * {ratio!r} + 0.5), {frames.first}, {frames.last})"
    driver = user.driver_add("frame_offset").driver
    driver.expression = f"{file} - clamp(frame - {_number(first - 1)}, 1, {shown})"


def shown_frames(place: Place, performance: Performance) -> int:
    """How many scene frames the whole performance takes."""
    length = len(performance) / float(performance.fps) * place.rate
    return max(1, round(length + place.start - math.floor(place.start)))


def file_numbers(place: Place, frames: Frames, performance: Performance) -> dict[int, int]:
    """Scene frame -> number of the file that it shows, for the scene frames that fall on `frames`."""
    ratio, first = float(performance.fps) / place.rate, math.floor(place.start)
    shown = range(first, first + shown_frames(place, performance))
    nearest = {frame: math.floor((frame - place.start) * ratio + 0.5) for frame in shown}
    return {frame: file for frame, file in nearest.items() if frames.first <= file <= frames.last}


def _number(value: float) -> str:
    """A number within an expression, also a negative one."""
    return f"({value:g})" if float(value).is_integer() else f"({value!r})"
