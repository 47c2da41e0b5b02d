"""Another tool's talking head, rendered anew from the photo: its expression, and any head pose (KPBE).

The rendering also lends its detail to the video itself.

Key points of the driven head are k = R k_c + t + exp (Eq. 2 of "KPBE", the paper on keypoint-based enhancement of
talking-head backends): exp from the backend's video, R and t from that, from a second video, or from the user's
matrices. Here k_c is the photo's fitted head, and every vertex of it is a key point.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from garrick.context import RunContext
from garrick.core.performance import Performance
from garrick.core.rotation import axis_angles
from garrick.core.transfer import held, layered, starting_as
from garrick.errors import InputError
from garrick.files import write_bytes
from garrick.inputs import read_performance
from garrick.outputs.camera import are_poses
from garrick.outputs.video import Segment, join
from garrick.perception import track
from garrick.perception.portrait import Portrait
from garrick.perception.video import LARGEST, Video
from garrick.rendering.detail import add_detail

DRIVEN = "driven.npz"
"""The file in the shot folder that holds what the portrait shall do."""

ENHANCED = "enhanced.mp4"
"""The video itself with the detail of the photo."""

_MAX_BYTES = 100_000_000
_LIKE = 0.025  # of the face's width by which landmarks may differ where a frame looks as the photo does


@dataclass(frozen=True)
class Driven:
    """What the portrait shall do.

    performance: at the backend's rate.
    start:       the frame of the backend's video that looks as the photo does; None when none does: expression and pose
                 are then those of the video, not moved along.
    to_video:    (2, 3) affine of that frame: pixels of the portrait to pixels of the video; None likewise.
    seen:        share of the video's frames that show a face.
    """

    performance: Performance
    start: int | None
    to_video: np.ndarray | None
    seen: float


def run(backend: Path, portrait: Portrait, pose: Path | None, ctx: RunContext) -> Driven:
    """Expression of a video on the portrait's head, which moves as in that video or as `pose` says.

    backend: a video of the portrait's person, made by any other tool.
    pose:    a second video, a performance.npz, or a JSON file of matrices, see `read_poses`.
    Raises InputError, MissingError, Cancelled.
    """
    tracked = track.run(backend, None, None, False, ctx)
    start = most_alike(tracked.landmarks, portrait.landmarks)
    performance, to_video = tracked.performance, None
    if start is not None:
        to_video = _similarity(portrait.landmarks[:468], tracked.landmarks[start, :468])
        performance = starting_as(performance, start, portrait.face, portrait.head_rotation, portrait.gaze)
    if pose is not None:
        performance = layered(performance, _poses(pose, performance.fps, ctx), ["head"])
    return Driven(performance, start, to_video, float((tracked.confidence["face"] > 0).mean()))


def most_alike(landmarks: np.ndarray, photo: np.ndarray) -> int | None:
    """The frame of (F, 478, 2) landmarks, some of them nan, that is most like a photo's (478, 2).

    Compared is the shape: place, size and roll do not count (Procrustes). None when no frame is alike.
    """
    seen = np.flatnonzero(np.isfinite(landmarks[:, 0, 0]))
    target = _shape(photo[None, :468])[0]
    shapes = _shape(landmarks[seen, :468])
    turns = np.einsum("fn,n->f", shapes.conj(), target)
    apart = np.abs(shapes * np.exp(1j * np.angle(turns))[:, None] - target).mean(axis=1) / float(np.ptp(target.real))
    best = int(np.argmin(apart))
    return int(seen[best]) if apart[best] < _LIKE else None


def read_poses(path: Path, fps: Fraction) -> Performance:
    """A head's poses of a JSON file: {"head": [[4 x 4], ...], "fps": [25, 1]}.

    Each matrix turns and shifts the head in its own axes (+X the subject's left, +Y up, +Z out of the face; metres from
    where it rests). One matrix holds for all frames; without "fps" there is one a frame of the video, whose rate is
    `fps`. Raises InputError.
    """
    wrong = InputError(
        f"{path.name} holds no head poses.", 'Write {"head": [...]} with a 4 x 4 matrix a frame, turn and shift.'
    )
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise InputError(f"{path.name} is larger than {_MAX_BYTES // 1_000_000} MB.", "Give fewer frames.")
        data = json.loads(path.read_bytes())
        matrices = np.asarray(data["head"], np.float64)
        rate = Fraction(*data["fps"]) if "fps" in data else fps
    except FileNotFoundError:
        raise InputError(f"There is no file {path}.", "Give the path of a video or of a file of poses.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, KeyError, ZeroDivisionError, RecursionError):
        raise wrong from None
    if matrices.ndim == 2:
        matrices = matrices[None]
    if matrices.ndim != 3 or matrices.shape[1:] != (4, 4) or not len(matrices) or not are_poses(matrices):
        raise wrong
    if not 1 <= rate <= 240:
        raise wrong
    return held(axis_angles(matrices[:, :3, :3]), matrices[:, :3, 3], rate)


def _poses(pose: Path, fps: Fraction, ctx: RunContext) -> Performance:
    if pose.suffix.lower() == ".json":
        return read_poses(pose, fps)
    if pose.suffix.lower() == ".npz":
        return read_performance(pose)
    return track.run(pose, None, None, False, ctx).performance


def write_enhanced(
    to: Path,
    backend: Path,
    rendering: Path,
    to_video: np.ndarray,
    sound: tuple[np.ndarray, int] | None,
    ctx: RunContext,
) -> None:
    """Write the backend's video with the detail of its rendering, larger where the rendering is.

    rendering: a film of what `run` gave, with the backend's own pose and from the photo's camera, frame for frame.
    to_video:  (2, 3) pixels of the rendering to the backend's.    sound: (M, C) int16 and Hz, or None.
    Raises InputError, OutputError, Cancelled.
    """
    with Video(backend) as soft, Video(rendering, soft.facts.fps) as sharp:
        scale = float(np.clip(1 / np.linalg.norm(to_video[:, 0]), 1, LARGEST / max(soft.facts.size)))
        width, height = (round(side * scale) // 2 * 2 for side in soft.facts.size)
        matrix = to_video * np.array([[width / soft.facts.size[0]], [height / soft.facts.size[1]]])
        segment = Segment((width, height), soft.facts.fps)
        shown = np.zeros((height, width, 3), np.uint8)
        for index, (picture, rendered) in enumerate(zip(soft, sharp, strict=False)):
            if picture is not None:
                shown = cv2.resize(picture, (width, height), interpolation=cv2.INTER_CUBIC)
            if picture is not None and rendered is not None:
                laid = shown.copy()
                cv2.warpAffine(
                    rendered, matrix, (width, height), laid, cv2.INTER_CUBIC, borderMode=cv2.BORDER_TRANSPARENT
                )
                shown = add_detail(shown, laid)
            segment.add(shown)
            ctx.step("detail", index + 1, max(soft.facts.frames, index + 1))
        with tempfile.TemporaryDirectory() as folder:
            part = Path(folder) / "part.mp4"
            write_bytes(part, segment.finish())
            samples, rate = sound or (None, 0)
            join(to, [part], soft.facts.fps, samples, rate)


def _similarity(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(2, 3) turn, scale and shift that bring (N, 2) points nearest to others."""
    source, target = (
        plane[:, 0] + 1j * plane[:, 1] for plane in (points.astype(np.float64), others.astype(np.float64))
    )
    away = source - source.mean()
    turn = np.vdot(away, target - target.mean()) / np.vdot(away, away).real
    shift = target.mean() - turn * source.mean()
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def _shape(points: np.ndarray) -> np.ndarray:
    """(F, N, 2) -> (F, N) complex, about their centre, of one size."""
    plane = points[..., 0] + 1j * points[..., 1]
    plane = plane - plane.mean(axis=1, keepdims=True)
    return plane / np.linalg.norm(plane, axis=1, keepdims=True)
