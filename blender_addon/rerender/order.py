"""From a shot in the scene to what is to be read and rendered of it; on the main thread, before the work begins."""

from __future__ import annotations

from typing import Any

import bpy

from .. import tasks
from ..backend_link import link
from ..client import Client
from . import versions
from .parts import parts_of, refusal
from .props import AS_BEFORE
from .read_camera import camera_at
from .read_curves import LAST_CAMERA, SCENE_CAMERA, SHOT_CAMERA, Wanted
from .shot_job import job_of
from .version_files import Stored, load
from .work import Order

_SIDES = (128, 2048)  # pixels that a job's frames may have


def obstacle(shot: bpy.types.Collection | None, scene: bpy.types.Scene) -> str | None:
    """Why nothing can be rendered again now, for a greyed button; None when it can. Cheap: panels call it."""
    if shot is None:
        return "Select an object of the shot: the scene has none, or several"
    wrong = refusal(shot)
    if wrong is not None:
        return wrong
    if under_way(shot) is not None:
        return f"{shot.name} is being rendered already"
    settings = shot.garrick_rerender
    if settings.camera == SCENE_CAMERA and camera_at(scene, scene.frame_start) is None:
        return "The scene has no camera: add one, or choose Shot Camera"
    if settings.camera == SHOT_CAMERA and parts_of(shot).camera is None:
        return "The shot's camera was deleted: choose Scene Camera or As Before"
    return _size_obstacle(scene) if settings.use_scene_size else None


def under_way(shot: bpy.types.Collection) -> tasks.Task[Any] | None:
    """What is at work for a shot now."""
    return next((task for task in tasks.running() if task.owner == shot.session_uid), None)


def order_of(shot: bpy.types.Collection, everything: bool = False) -> Order:
    """What the service needs to know to render a shot again. Raises ValueError, OSError."""
    last = load(versions.active_folder(shot))
    job, consent = job_of(shot)
    return Order(
        client=_client,
        name=shot.name,
        root=versions.root_of(shot),
        last=last,
        job=job | {"quality": _quality(shot, last)},
        consent=consent,
        everything=everything,
    )


def wanted_of(shot: bpy.types.Collection, scene: bpy.types.Scene, last: Stored) -> Wanted:
    """What to read of a shot for `last` to be compared with. Raises ValueError."""
    settings = shot.garrick_rerender
    performance = last.shot.performance
    size = _size(scene) if settings.use_scene_size else last.path.size
    if settings.camera == LAST_CAMERA and size[0] * last.path.size[1] != size[1] * last.path.size[0]:
        raise ValueError("The scene has another shape than the last frames: choose another camera than As Before.")
    return Wanted(
        shot=shot.session_uid,
        scene=scene.session_uid,
        rig=last.shot.rig,
        stored=performance,
        frames=range(len(performance)),
        camera=settings.camera,
        size=size,
        path=last.path,
    )


def _quality(shot: bpy.types.Collection, last: Stored) -> str:
    """What the frames shall be, in a job's word."""
    chosen = shot.garrick_rerender.quality
    return chosen.lower() if chosen != AS_BEFORE else "draft" if last.draft else "final"


def _client(handle: tasks.Handle) -> Client:
    """The service, started if need be. Raises ServiceError."""
    return link.ensure(handle.check)


def _size(scene: bpy.types.Scene) -> tuple[int, int]:
    """The scene's resolution. Raises ValueError where no frames can have it."""
    wrong = _size_obstacle(scene)
    if wrong is not None:
        raise ValueError(wrong + ".")
    return _resolution(scene)


def _resolution(scene: bpy.types.Scene) -> tuple[int, int]:
    render = scene.render
    width, height = (side * render.resolution_percentage // 100 for side in (render.resolution_x, render.resolution_y))
    return width, height


def _size_obstacle(scene: bpy.types.Scene) -> str | None:
    size = _resolution(scene)
    if all(side % 2 == 0 and _SIDES[0] <= side <= _SIDES[1] for side in size):
        return None
    return f"The scene is {size[0]} x {size[1]}: sides must be even and lie between {_SIDES[0]} and {_SIDES[1]} pixels"
