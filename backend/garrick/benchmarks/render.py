"""The renderer on portraits: does neutral give the photo back, how long is a frame, and a contact sheet to look at."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from garrick.benchmarks.contact_sheet import FACES, write_tiles
from garrick.benchmarks.figures import Figure
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.outputs.stream import THREADS
from garrick.perception import analyse
from garrick.perception.fit import OVAL
from garrick.perception.portrait import Portrait
from garrick.rendering.puppet import Pose
from garrick.rendering.render import Stage, prepare, render_pose

SIZE = (512, 512)
_ACROSS = 4  # tiles of a sheet
_ROUNDS = 15
_YAW = np.radians(15)
_FACES = ("aa", "oo", "m p", "smile", "blink")


def measure(picture: Path, sheet: Path | None = None) -> list[Figure]:
    """Figures of one portrait: set-up seconds, milliseconds a frame, PSNR of the neutral render; optionally its sheet."""
    started = time.perf_counter()
    portrait = analyse.run(picture, SIZE, None, RunContext())
    fitted = time.perf_counter()
    stage = prepare(portrait, RunContext())
    ready = time.perf_counter()
    poses = sheet_poses(stage)
    for pose in poses.values():
        render_pose(stage, pose, portrait.camera)
    shown = list(poses.values()) * _ROUNDS
    started_drawing = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(lambda pose: render_pose(stage, pose, portrait.camera).plate[0, 0], shown))
    drawn = (time.perf_counter() - started_drawing) / len(shown)
    neutral = render_pose(stage, stage.puppet.source, portrait.camera).plate
    if sheet is not None:
        shown = {name: render_pose(stage, pose, portrait.camera).plate for name, pose in poses.items()}
        write_tiles(sheet, shown, _ACROSS)
    return [
        Figure("fit", fitted - started, "s", at_most=5),
        Figure("prepare", ready - fitted, "s"),
        Figure("frame, on all cores", drawn * 1e3, "ms", at_most=12),
        Figure("reprojection", portrait.report.reprojection_percent, "% of the face width"),
        Figure("neutral PSNR in the frame", psnr(neutral, portrait.image), "dB", at_least=38),
        Figure("neutral PSNR in the face", psnr(neutral, portrait.image, face_oval(portrait)), "dB", at_least=35),
    ]


def psnr(a: np.ndarray, b: np.ndarray, mask: np.ndarray | None = None) -> float:
    """Peak signal to noise ratio of 8-bit pictures in dB, 10 log10(255^2 / MSE), within a mask if there is one."""
    error = (a.astype(np.float64) - b) ** 2
    return float(10 * np.log10(255**2 / max(float((error if mask is None else error[mask]).mean()), 1e-9)))


def face_oval(portrait: Portrait) -> np.ndarray:
    """(H, W) bool: inside the landmarks' face oval."""
    mask = np.zeros(portrait.image.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(portrait.landmarks[list(OVAL)]).astype(np.int32)], (1,))
    return mask > 0


def sheet_poses(stage: Stage) -> dict[str, Pose]:
    """What a contact sheet shows: the photo's own pose, lips of speech, a smile, a blink, and two turns of the head."""
    source = stage.puppet.source
    rest = source.face.copy()
    rest[[index for name, index in ARKIT_INDEX.items() if name.startswith(("mouth", "jaw"))]] = 0

    def face(**weights: float) -> Pose:
        values = rest.copy()
        for name, weight in weights.items():
            values[ARKIT_INDEX[name]] = weight
        return replace(source, face=values)

    def turned(yaw: float) -> Pose:
        turn = rotation_matrices(np.array([0, yaw, 0])) @ rotation_matrices(source.rotation)
        return replace(source, rotation=axis_angles(turn))

    return {
        "neutral": source,
        **{name: face(**FACES[name]) for name in _FACES},
        "yaw -15": turned(-_YAW),
        "yaw +15": turned(_YAW),
    }
