"""What can be known of a job in a moment, before any work: its files, its text, the weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from garrick.core.camera import CameraPath
from garrick.core.performance import Performance
from garrick.errors import InputError
from garrick.job import Job
from garrick.models import weights_of
from garrick.outputs.camera import read_camera

_LONGEST = 1800 * 240  # frames: what the longest voice has at the highest rate
_MAX_BYTES = 600e6  # of a performance in memory: as long as that


@dataclass(frozen=True)
class Given:
    """The files of a job that hold what Garrick would make itself; None where it shall.

    camera: of the job's size and rate, one pose or one a frame.
    style: somebody's performance, of any length and rate.
    background: (H, W, 3) uint8, sRGB, of the job's size.
    """

    camera: CameraPath | None
    performance: Performance | None
    style: Performance | None = None
    background: np.ndarray | None = None

    def camera_path(self, own: CameraPath) -> CameraPath:
        """The camera for every frame of the clip; `own`: the photo's, moved or not. Raises InputError for another length."""
        frames, camera = len(own), self.camera
        if camera is None:
            return own
        if len(camera) == 1:
            return CameraPath.still(camera.at(0), frames, own.fps)
        if len(camera) != frames:
            raise InputError(
                f"The camera has {len(camera)} frames, the clip has {frames}.",
                "Export the camera for the whole clip, or one pose of it.",
            )
        return camera


def check(job: Job) -> Given:
    """Look at everything that a job needs. Raises InputError, MissingError for weights that are not there."""
    from garrick.bodies.body import load_body
    from garrick.bodies.hand import load_hand, posed_hand
    from garrick.bodies.head import load_head
    from garrick.perception.image import load_photo
    from garrick.rendering.background import read_background
    from garrick.speech import transcribe
    from garrick.speech.catalogue import find_voice
    from garrick.weights import registry

    load_photo(job.portrait)
    for name in weights_of(job):
        registry.path(name)
    if job.text is not None and job.audio is None:
        find_voice(job.voice).check()
    if job.transcribe:
        transcribe.check()
    load_head()
    load_body()
    for side in ("left", "right"):
        load_hand(side)
        posed_hand(side)
    return Given(
        None if job.camera is None else read_camera(job.camera, job.size, job.fps),
        None if job.performance is None else _to_render(job.performance, job),
        None if job.style is None else read_style(job.style),
        None if job.background is None else read_background(job.background, job.size),
    )


def read_performance(path: Path) -> Performance:
    """A performance.npz that a user names. Raises InputError."""
    try:
        return Performance.load(path, _MAX_BYTES)
    except FileNotFoundError:
        raise InputError(f"There is no file {path}.", "Give the path of a performance.npz.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        fix = "Save it again; garrick convert and garrick track make performances of other files."
        raise InputError(str(error), fix) from error


def read_style(path: Path) -> Performance:
    """A performance.npz or a Live Link Face CSV, told apart by content: an uploaded file has no name. Raises InputError."""
    from garrick.core.live_link import read_live_link

    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"PK"
        return read_performance(path) if packed else read_live_link(path)
    except FileNotFoundError:
        raise InputError(f"There is no file {path}.", "Give a performance.npz or a Live Link Face CSV.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise InputError(str(error), "Give a performance.npz or a Live Link Face CSV as the style.") from error


def _to_render(path: Path, job: Job) -> Performance:
    performance = read_performance(path)
    if performance.fps != job.fps:
        raise InputError(
            f"{path.name} has {performance.fps} frames a second; the job says {job.fps}.",
            f"Set the frame rate to {performance.fps}, or resample the performance.",
        )
    if not 0 < len(performance) <= _LONGEST:
        raise InputError(f"{path.name} has {len(performance)} frames; 1 to {_LONGEST} can be rendered.")
    return performance
