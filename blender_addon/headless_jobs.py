"""The shots of a .blend as job files that render them without Blender: what `garrick render --blend` reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import bpy
import numpy as np

from . import slices
from .core.merging import settled, with_edits
from .core.timing import frame_times
from .rerender.changes import settled_path
from .rerender.order import order_of, wanted_of
from .rerender.parts import refusal
from .rerender.place import place_of
from .rerender.read_camera import marker_at
from .rerender.read_curves import SCENE_CAMERA, Wanted, read_shot
from .rerender.version_files import write_motion
from .runner import ASSET
from .shot_import.props import shots_of


def write_jobs(blend: Path, folder: Path, names: list[str]) -> list[Path]:
    """Write a job file for each shot of each scene, with its curves and its camera as Blender plays them.

    names:  the scenes or shots to take; all where it is empty.
    A shot that is seen through several cameras bound to markers becomes a job for each marker: its part of the frames.
    Raises ValueError with a sentence for the user, OSError.
    """
    try:
        bpy.ops.wm.open_mainfile(filepath=str(blend), load_ui=False)
    except RuntimeError as error:
        raise ValueError(f"{blend.name} cannot be opened: {error}".strip()) from error
    chosen = [
        (scene, shot)
        for scene in bpy.data.scenes
        for shot in shots_of(scene)
        if not names or scene.name in names or shot.name in names
    ]
    known = {scene.name for scene, _ in chosen} | {shot.name for _, shot in chosen}
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"{blend.name} has no scene and no shot {unknown[0]!r} to render.")
    if not chosen:
        raise ValueError(f"{blend.name} holds no Garrick shot.")
    files: list[Path] = []
    for scene, shot in chosen:
        label = shot.name if len(bpy.data.scenes) == 1 else f"{scene.name}-{shot.name}"
        files += _write_shot(scene, shot, folder, _file_name(label, {file.stem for file in files}))
    return files


def _write_shot(scene: bpy.types.Scene, shot: bpy.types.Collection, folder: Path, name: str) -> list[Path]:
    wrong = refusal(shot)
    if wrong is not None:
        raise ValueError(f"{wrong}.")
    order = order_of(shot)
    if str(order.job["portrait"]).startswith(ASSET):
        raise ValueError(f"The portrait of {shot.name} is not where it was: choose it in Blender (Re-render panel).")
    if str(order.job.get("background")).startswith(ASSET):
        raise ValueError(f"The background of {shot.name} is not where it was: put it there again.")
    wanted = wanted_of(shot, scene, order.last)
    read = slices.read(read_shot(wanted))
    motion = folder / name
    motion.mkdir(parents=True, exist_ok=True)
    last = order.last
    # What has not been touched is what was rendered, to the bit.
    now = with_edits(settled(read.performance, last.shot.performance, last.generated), last.generated)
    write_motion(motion, now, last.generated, settled_path(read.path, last.path))
    job = {key: value for key, value in order.job.items() if value is not None and not str(value).startswith(ASSET)}
    if order.job.get("audio") and last.shot.audio is not None:  # a voice that is lost is in the shot's folder too
        job.setdefault("audio", str(last.shot.audio))
    job |= {
        "performance": f"{name}/performance.npz",
        "camera": f"{name}/camera.json",
        "size": list(wanted.size),
        "fps": str(wanted.stored.fps),
    }
    files = []
    for part, first, last in _parts(scene, shot, wanted):
        label = _file_name(f"{name}-{part}" if part else name, {file.stem for file in files})
        path = folder / f"{label}.json"
        path.write_text(json.dumps(job | {"name": label, "frames": [first, last]}, indent=1), encoding="utf-8")
        files.append(path)
    return files


def _parts(scene: bpy.types.Scene, shot: bpy.types.Collection, wanted: Wanted) -> Iterator[tuple[str, int, int]]:
    """Name of the marker ("" where the whole is one part), first and last frame of each part."""
    times = frame_times(len(wanted.stored), wanted.stored.fps)
    markers = [marker_at(scene, float(frame)) for frame in np.atleast_1d(place_of(shot, scene).frame_at(times))]
    if wanted.camera != SCENE_CAMERA or len({marker and marker.frame for marker in markers}) < 2:
        yield "", 0, len(markers) - 1
        return
    starts = [at for at in range(len(markers)) if at == 0 or markers[at] != markers[at - 1]]
    for start, stop in zip(starts, [*starts[1:], len(markers)], strict=True):
        marker = markers[start]
        yield ("" if marker is None else marker.name), start, stop - 1


def _file_name(label: str, taken: set[str]) -> str:
    """A name that every file system takes, and that no other job has."""
    plain = re.sub(r"[^\w .-]+", "_", label).strip(" .") or "shot"
    name, number = plain, 2
    while name in taken:
        name, number = f"{plain}-{number}", number + 1
    return name
