"""The main job: the phases in order. Nothing else knows the order."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from garrick.context import RunContext
from garrick.core.camera import CameraPath
from garrick.core.performance import Performance
from garrick.errors import InputError, MissingError, OutputError
from garrick.job import Job
from garrick.outputs import shot, sound, video
from garrick.outputs.folder import ShotFolder
from garrick.outputs.report import write_report
from garrick.outputs.stream import write_take
from garrick.perception.portrait import Portrait

_WEIGHTS = (
    "face_detection_short_range", "face_landmark", "iris_landmark", "selfie_segmentation", "silero_vad", "hama",
)  # fmt: skip
_TURNED, _LOOSE = 20.0, 3.0  # degrees, percent of the face width: beyond these the frames begin to suffer


@dataclass(frozen=True)
class Result:
    """What a finished job left.

    out:      the shot folder.
    files:    name -> path of what is in it, e.g. "preview.mp4".
    first, last: the frames of the range that was asked for.
    rendered: frames that this run made; kept: frames that were finished before.
    seconds:  wall time of each phase.
    warnings: sentences for the user.
    """

    out: Path
    files: Mapping[str, Path]
    first: int
    last: int
    rendered: int
    kept: int
    seconds: Mapping[str, float]
    warnings: tuple[str, ...] = field(default=())


def perform(job: Job, out: Path, ctx: RunContext, *, overwrite: bool = False, scene: bool = True) -> Result:
    """Carry out the main job into the shot folder `out`.

    Run again with the same job it goes on where it stopped: frames that verify are kept, and so is performance.npz,
    with whatever an artist changed in it (the frames then follow). `overwrite` makes everything anew. `scene` writes
    scene.blend; a machine without Blender gets a warning instead. The seed is the job's, whatever `ctx` says.
    Raises InputError, MissingError, OutputError, Cancelled; what is finished by then stays, no file is half written.
    """
    clock = _Clock()
    ctx = replace(ctx, seed=job.seed)
    with clock("check"):
        ctx.step("check", 0, 1)
        _check(job)
        folder = ShotFolder(out, job, overwrite)
        ctx.step("check", 1, 1)
    with clock("speech"):
        from garrick.speech import listen

        speech = listen.run(job.audio, job.text, ctx)
    with clock("portrait"):
        from garrick.perception import analyse

        portrait = analyse.run(job.portrait, job.size, job.face_index, ctx)
    with clock("motion"):
        from garrick.motion import perform as motion

        folder.claim()
        performance, edited = folder.performance(
            lambda: motion.run(speech, portrait, job.fps, job.expression, job.head_motion, ctx)
        )
        frames = _range(job, performance)
    camera = CameraPath.still(portrait.camera, len(performance), job.fps)
    with clock("frames"):
        from garrick.rendering import render

        take = render.run(portrait, performance, camera, ctx)
        written = write_take(take, frames, out, folder.take_key(), ctx)
    with clock("preview"):
        ctx.step("preview", 0, 1)
        sound.write_wav(out / "audio.wav", speech.playback, speech.playback_rate)
        start = frames.start / float(job.fps) - (performance.audio.offset if performance.audio else 0.0)
        heard = sound.cut(speech.playback, speech.playback_rate, start, len(frames) / float(job.fps))
        video.join(out / "preview.mp4", written.segments, job.fps, heard, speech.playback_rate)
        ctx.step("preview", 1, 1)
    warnings = _warnings(portrait, edited)
    with clock("scene"):
        from garrick.bodies.head import load_head
        from garrick.bodies.rig import rig_arrays

        shot.write_still(out / "texture.png", portrait.image, synthetic=False)
        shot.write_still(out / "background.png", take.background, synthetic=True)
        shot.write_camera(out / "camera.json", camera)
        shot.write_speech(out / "speech.json", speech)
        shot.write_rig(out / "rig.npz", rig_arrays(load_head(), portrait))
        shot.write_shot(out / "shot.json", written.first, written.last)
        if scene:
            warnings += _scene(out, ctx)
    write_report(out / "report.json", job, portrait, speech, performance, written, clock.seconds, warnings)
    return Result(
        out=out,
        files=folder.files(),
        first=frames.start,
        last=frames.stop - 1,
        rendered=written.rendered,
        kept=written.kept,
        seconds=clock.seconds,
        warnings=warnings,
    )


class _Clock:
    """Wall time by phase."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, phase: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[phase] = time.perf_counter() - start


def _check(job: Job) -> None:
    """What can be known in a moment, before any work: the files, the text, the weights."""
    from garrick.bodies.head import load_head
    from garrick.perception.image import load_photo
    from garrick.weights import registry

    load_photo(job.portrait)
    for name in _WEIGHTS if job.text is None else (*_WEIGHTS, "hibari"):
        registry.path(name)
    load_head()


def _range(job: Job, performance: Performance) -> range:
    """The frames to render. Raises InputError for some that are not there, OutputError for an edit of another rate."""
    if performance.fps != job.fps:
        raise OutputError(
            f"performance.npz has been changed to {performance.fps} frames a second; the job says {job.fps}.",
            "Resample it, or add --overwrite to have it made again.",
        )
    first, last = job.frames or (0, len(performance) - 1)
    if last >= len(performance):
        raise InputError(
            f"Frames {first}-{last} were asked for; the clip has the frames 0-{len(performance) - 1}.",
            "Choose fewer with --frames.",
        )
    return range(first, last + 1)


def _warnings(portrait: Portrait, edited: bool) -> tuple[str, ...]:
    report = portrait.report
    found = []
    if abs(report.yaw) > _TURNED:
        found.append(f"The face is turned {abs(report.yaw):.0f} degrees; a frontal photo gives better frames.")
    if report.reprojection_percent > _LOOSE:
        found.append(f"The head fits the photo loosely ({report.reprojection_percent:.1f} % of the face width).")
    if edited:
        found.append("performance.npz has been edited; the frames follow it. Add --overwrite to have it made again.")
    return tuple(found)


def _scene(out: Path, ctx: RunContext) -> tuple[str, ...]:
    """Write scene.blend; a machine without Blender still gets all the rest, and is told so."""
    from garrick.outputs import blend

    try:
        blend.write_scene(out, ctx)
    except MissingError as error:
        return (f"scene.blend was not made. {error}",)
    return ()
