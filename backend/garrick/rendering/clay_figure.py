"""A performance played by a clay figure: head, arms and hands from any side, without anybody's photo."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from garrick.bodies.body import Figure, make_figure, pose
from garrick.bodies.head import PARTS, load_head
from garrick.context import RunContext
from garrick.core.camera import Camera
from garrick.core.performance import Performance
from garrick.errors import InputError
from garrick.rendering.clay import clay

_CLAY, _CLOTHED = (0.80, 0.66, 0.57), (0.45, 0.52, 0.62)
_COLOURS = {
    "eye": (0.93, 0.92, 0.90), "teeth": (0.92, 0.90, 0.85), "mouth": (0.35, 0.13, 0.12), "tongue": (0.68, 0.34, 0.32),
    "gums": (0.66, 0.35, 0.33),
}  # fmt: skip
_IRIS, _PUPIL = (0.36, 0.26, 0.17), (0.05, 0.05, 0.05)
_IRIS_REACH, _PUPIL_REACH = np.cos(np.radians([29, 12]))  # of an eyeball's surface from its middle
_SHOWN = 0.98  # metres of height in the picture, and of it above the head joint:
_ABOVE = 0.30
_LENS = 2.2  # focal length over the picture's height: a portrait lens


def figure_frames(performance: Performance, size: tuple[int, int], yaw: float, ctx: RunContext) -> Iterator[np.ndarray]:
    """(H, W, 3) uint8 sRGB of each frame.

    size: width, height in pixels.    yaw: degrees by which the camera goes round to the figure's left.
    The figure is the performance's own person, or an average adult where it is of nobody. Raises InputError for another
    head model's identity, MissingError without the models, Cancelled.
    """
    head = load_head()
    identity = performance.identity if len(performance.identity) else head.average_adult
    try:
        figure = make_figure(head, np.asarray(identity, np.float32))
    except ValueError as error:
        raise InputError(str(error), "Use a performance that Garrick made or tracked.") from error
    colours, camera = _colours(figure), _camera(size, yaw)
    for index in range(len(performance)):
        ctx.step("preview", index, len(performance))
        vertices = pose(
            figure,
            face=performance.face[index],
            head_rotation=performance.head_rotation[index],
            head_translation=performance.head_translation[index],
            gaze=performance.gaze[index],
            body_pose=performance.body_pose[index],
            left_hand=performance.left_hand[index],
            right_hand=performance.right_hand[index],
        )
        yield clay(np.ascontiguousarray(vertices, np.float32), figure.quads, colours, camera)
    ctx.step("preview", len(performance), len(performance))


def _colours(figure: Figure) -> np.ndarray:
    """(V, 3) sRGB of the figure's vertices."""
    colours = np.tile(np.array(_CLAY, np.float32), (len(figure.rest), 1))
    colours[figure.parts[1]] = np.array(_CLOTHED)
    head, parts = figure.head, figure.head.vertex_parts
    for name, colour in _COLOURS.items():
        colours[: len(parts)][parts == PARTS.index(name)] = colour
    for eye, joint in enumerate((3, 4)):
        ball = np.flatnonzero(head.weights[:, joint] > 0.5)
        out = head.template[ball] - figure.eyes[eye]
        ahead = out[:, 2] / np.linalg.norm(out, axis=1)
        colours[ball[ahead > _IRIS_REACH]] = np.array(_IRIS)
        colours[ball[ahead > _PUPIL_REACH]] = np.array(_PUPIL)
    return colours


def _camera(size: tuple[int, int], yaw: float) -> Camera:
    """Level with the middle of what is shown, far enough to show it."""
    width, height = size
    turn = np.radians(yaw)
    right = np.array([np.cos(turn), 0, -np.sin(turn)])
    rotation = np.stack([right, [0, -1, 0], -np.array([np.sin(turn), 0, np.cos(turn)])])
    middle = np.array([0, _ABOVE - _SHOWN / 2, 0])
    view = np.eye(4)
    view[:3, :3] = rotation
    view[:3, 3] = -rotation @ middle + (0, 0, _LENS * _SHOWN)
    lens = np.array([[_LENS * height, 0, width / 2], [0, _LENS * height, height / 2], [0, 0, 1]])
    return Camera(lens, view, size)
