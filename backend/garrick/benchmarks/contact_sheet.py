"""Everything that a portrait is looked at for, on one sheet: speech, eyes, turns of the head, cameras, arms and hands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.camera import Camera, CameraPath
from garrick.core.performance import Performance
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.files import write_bytes
from garrick.motion.body import resting
from garrick.motion.gestures.arms import ARMS, arm_turns
from garrick.motion.gestures.shapes import hand_shape
from garrick.perception import analyse
from garrick.perception.portrait import Portrait
from garrick.rendering import render
from garrick.rendering.camera_moves import camera_move

_SIZE = (512, 640)
_ACROSS = 5
_FPS = Fraction(25)
FACES: dict[str, dict[str, float]] = {
    "aa": {"jawOpen": 0.4, "mouthLowerDownLeft": 0.2, "mouthLowerDownRight": 0.2},
    "oo": {"jawOpen": 0.12, "mouthFunnel": 0.45, "mouthPucker": 0.5},
    "ee": {"jawOpen": 0.12, "mouthStretchLeft": 0.4, "mouthStretchRight": 0.4},
    "m p": {"jawOpen": 0.06, "mouthClose": 0.06, "mouthPressLeft": 0.25, "mouthPressRight": 0.25},
    "f v": {"jawOpen": 0.08, "mouthRollLower": 0.5, "mouthUpperUpLeft": 0.2, "mouthUpperUpRight": 0.2},
    "smile": {"mouthSmileLeft": 0.6, "mouthSmileRight": 0.6, "cheekSquintLeft": 0.3, "cheekSquintRight": 0.3},
    "blink": {"eyeBlinkLeft": 1, "eyeBlinkRight": 1, "eyeWideLeft": 0, "eyeWideRight": 0},
}  # fmt: skip
"""Weights of what a face shows, by the names of its tiles."""

_TURNS = {  # degrees of pitch, upwards, and of yaw, to the subject's left
    "yaw -25": (0, -25), "yaw -12": (0, -12), "yaw 12": (0, 12), "yaw 25": (0, 25),
    "pitch -12": (-12, 0), "pitch 12": (12, 0),
}  # fmt: skip
_ARMS = {  # stance and shape of the right and of the left hand
    "hands up": (("halt", "flat"), ("halt", "flat")),
    "hand on chest": (("on_chest", "flat"), ("hang", "relaxed")),
    "wave": (("wave", "open"), ("waist", "relaxed")),
}


@dataclass(frozen=True)
class _View:
    """What one tile shows."""

    performance: Performance
    camera: Camera


def write(picture: Path, path: Path) -> None:
    """Render the sheet of a photo and write it as JPEG. Raises InputError, MissingError, OutputError."""
    portrait = analyse.run(picture, _SIZE, None, RunContext(), "upper-body")
    shown = _views(portrait)
    performance = _together([view.performance for view in shown.values()])
    camera = CameraPath(
        np.stack([view.camera.world_to_camera for view in shown.values()]),
        np.stack([view.camera.intrinsics for view in shown.values()]),
        _SIZE,
        _FPS,
    )
    take = render.run(portrait, performance, camera, RunContext())
    write_tiles(path, {name: take.render(index).plate for index, name in enumerate(shown)}, _ACROSS)


def write_tiles(path: Path, pictures: dict[str, np.ndarray], across: int) -> None:
    """Write (H, W, 3) uint8 pictures of one size as one JPEG, so many in a row, each with its name. Raises OutputError."""
    tiles = []
    for name, picture in pictures.items():
        tile = np.ascontiguousarray(picture[..., ::-1])
        for colour, width in (((0, 0, 0), 4), ((255, 255, 255), 1)):
            cv2.putText(tile, name, (12, 30), cv2.FONT_HERSHEY_SIMPLEX, 0.8, colour, width, cv2.LINE_AA)
        tiles.append(tile)
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % across)
    rows = [np.hstack(tiles[start : start + across]) for start in range(0, len(tiles), across)]
    _, encoded = cv2.imencode(".jpg", np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, 90])
    write_bytes(path, encoded.tobytes())


def _views(portrait: Portrait) -> dict[str, _View]:
    own, body = portrait.camera, resting(1)
    still = replace(
        Performance.rest(1, _FPS, portrait.identity),
        face=portrait.face[None],
        head_rotation=portrait.head_rotation[None],
        gaze=portrait.gaze[None],
        body_pose=body.pose.astype(np.float32),
        left_hand=body.left_hand.astype(np.float32),
        right_hand=body.right_hand.astype(np.float32),
    )
    views = {"neutral": _View(still, own)}
    for name, weights in FACES.items():
        face = portrait.face.copy()
        if name != "blink":
            face[[index for shape, index in ARKIT_INDEX.items() if shape.startswith(("mouth", "jaw"))]] = 0
        for shape, weight in weights.items():
            face[ARKIT_INDEX[shape]] = weight
        views[name] = _View(replace(still, face=face[None]), own)
    for name, (pitch, yaw) in _TURNS.items():
        turn = rotation_matrices(np.radians([-pitch, yaw, 0.0])) @ rotation_matrices(portrait.head_rotation)
        views[name] = _View(replace(still, head_rotation=axis_angles(turn)[None].astype(np.float32)), own)
    rng = np.random.default_rng(0)
    orbit, dolly = camera_move(portrait, "orbit", 15, 2, _FPS, rng), camera_move(portrait, "dolly", 35, 2, _FPS, rng)
    for name, camera in (("orbit -15", orbit.at(0)), ("orbit 15", orbit.at(1)), ("dolly", dolly.at(1))):
        views[name] = _View(still, camera)
    for name, arms in _ARMS.items():
        pose, hands = still.body_pose.copy(), {}
        for side, (stance, shape) in zip(("right", "left"), arms, strict=True):
            pose[0, ARMS[side]] = arm_turns(stance, side)
            hands[f"{side}_hand"] = hand_shape(shape, side)[None].astype(np.float32)
        views[name] = _View(replace(still, body_pose=pose, **hands), own)
    return views


def _together(parts: list[Performance]) -> Performance:
    """One after another."""
    names = ("face", "head_rotation", "head_translation", "gaze", "body_pose", "left_hand", "right_hand")
    curves = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return replace(Performance.rest(len(parts), _FPS, parts[0].identity), **curves)
