"""The main job: the phases in order. Nothing else knows the order."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

from garrick import stages as stage
from garrick.context import RunContext
from garrick.core.camera import CameraPath
from garrick.core.performance import Performance
from garrick.errors import InputError, MissingError, OutputError
from garrick.inputs import Given, check
from garrick.job import MANNER, Job
from garrick.outputs import shot, sound, video
from garrick.outputs.camera import write_camera
from garrick.outputs.folder import ShotFolder
from garrick.outputs.frames import FrameStore
from garrick.outputs.prores import write_alpha_film
from garrick.outputs.report import write_report
from garrick.outputs.stream import write_film, write_take
from garrick.perception.advice import advice
from garrick.perception.portrait import Portrait
from garrick.rendering.camera_moves import camera_move
from garrick.rendering.torch_engine.device import renderer
from garrick.rendering.view_range import view_warning
from garrick.speech.speech import Speech

_LOOSE = 3.0  # percent of the face width: beyond this the frames begin to suffer


@dataclass(frozen=True)
class Result:
    """What a finished job left.

    out:      the shot folder.
    files:    name -> path of what is in it, e.g. "preview.mp4".
    first, last: the frames of the range that was asked for.
    rendered: frames that this run made; kept: frames that were finished before.
    seconds:  wall time of each phase.
    cached:   the phases whose result was there from before.
    warnings: sentences for the user.
    verdicts: what in the curves a person should look at, in sentences; also in evaluation.json.
    """

    out: Path
    files: Mapping[str, Path]
    first: int
    last: int
    rendered: int
    kept: int
    seconds: Mapping[str, float]
    cached: tuple[str, ...] = field(default=())
    warnings: tuple[str, ...] = field(default=())
    verdicts: tuple[str, ...] = field(default=())


def perform(
    job: Job,
    out: Path,
    ctx: RunContext,
    *,
    overwrite: bool = False,
    scene: bool = True,
    chunk: int | None = None,
    stages: stage.StageCache | None = None,
) -> Result:
    """Carry out the main job into the shot folder `out`.

    Run again with the same job it goes on where it stopped: frames that verify are kept, and so is performance.npz,
    with whatever an artist changed in it (the frames then follow). Several runs, on one machine or on many, may do parts
    of the same job in one folder; the parts together are the whole, bit for bit. `overwrite` makes everything anew.
    `scene` writes scene.blend; a machine without Blender gets a warning instead. The seed is the job's, whatever `ctx`
    says.
    chunk:  so many frames are on disk before the next is begun.
    stages: where speech, portrait and motion are kept for other jobs; by default in the shot folder, for its own runs.
    Raises InputError, MissingError, OutputError, Cancelled; what is finished by then stays, no file is half written.
    """
    clock = _Clock()
    ctx = replace(ctx, seed=job.seed)
    with clock("check"):
        ctx.step("check", 0, 1)
        given = check(job)
        made_by = renderer(ctx.device)
        folder = ShotFolder(out, job, overwrite, renderer=made_by)
        found = stage.Stages(stages or stage.StageCache(folder.stages), ctx, anew=overwrite)
        ctx.step("check", 1, 1)
    with clock("portrait"):  # first: it takes seconds, so that a photo of no use does not wait for a long voice
        portrait = _portrait(job, found, ctx)
    with clock("speech"):
        speech = _speech(job, found, ctx)
    with clock("motion"):
        folder.claim(ctx)
        performance, edited = folder.performance(
            lambda: _given(given) or _motion(job, given, speech, portrait, found, ctx), ctx
        )
        found.keep()
        frames = _range(job, performance)
        camera = given.camera_path(_own_camera(job, portrait, performance, ctx))
    with clock("frames"):
        from garrick.rendering import render

        seen = camera.resized(_draft_size(job.size)) if job.quality == "draft" else camera
        take = render.run(portrait, performance, seen, ctx, job.passes, job.refine, given.background)
        key = folder.take_key()
        written = write_take(take, frames, FrameStore(out, key, job.passes), ctx, chunk)
    with folder.alone("preview", ctx):
        with clock("preview"):
            film = write_film(take, frames, FrameStore(out, key, job.passes), ctx)
            said_by = job.voice if job.audio is None else None
            _preview(out, film.pieces, film.frames, speech, performance, said_by)
        alpha_film = out / "alpha.mov"
        if job.prores or alpha_film.exists():  # one that another run was asked for shows what is there now
            with clock("prores"):
                heard = _heard(speech, performance, film.frames)
                write_alpha_film(
                    alpha_film,
                    FrameStore(out, key, job.passes),
                    film.frames,
                    job.fps,
                    *heard,
                    said_by is not None,
                    ctx,
                )
        with clock("scene"):
            shot.write_still(out / "texture.png", portrait.image, synthetic=False)
            shot.write_still(out / "head.png", _head_texture(portrait), synthetic=True)
            shot.write_still(out / "background.png", take.background, synthetic=given.background is None)
            write_camera(out / "camera.json", camera)
            shot.write_speech(out / "speech.json", speech)
            shot.write_rig(out / "rig.npz", _rig(portrait))
            shot.write_shot(out / "shot.json", job, key, seen.size, film.frames, speech is None, made_by)
        with clock("evaluation"):
            verdicts = _judge(out, speech)
    warnings = _warnings(speech, portrait, performance, edited)
    too_far = view_warning(portrait, performance, camera, frames)
    warnings += () if too_far is None else (too_far,)
    if scene:
        with clock("scene"):
            warnings += _scene(out, ctx)
    on_disk = {"first": film.frames.start, "last": film.frames.stop - 1}
    counts = {"rendered": written.rendered, "kept": written.kept}
    write_report(
        out / "report.json", job, portrait, speech, performance, on_disk | counts, clock.seconds, found.cached, warnings
    )
    return Result(
        out=out,
        files=folder.files(),
        first=frames.start,
        last=frames.stop - 1,
        rendered=written.rendered,
        kept=written.kept,
        seconds=clock.seconds,
        cached=tuple(found.cached),
        warnings=warnings,
        verdicts=verdicts,
    )


def _speech(job: Job, found: stage.Stages, ctx: RunContext) -> Speech | None:
    """What is said; None when nothing is."""
    if job.audio is None and job.text is None:
        return None

    def make() -> Speech:
        if job.audio is None and job.text is not None:
            from garrick.speech.voices import speak

            return speak(job.text, ctx, job.voice, job.language, job.speed)
        from garrick.speech import listen

        return listen.run(job.audio, job.text, ctx, job.language, job.transcribe)

    return found.get(stage.SPEECH, partial(stage.speech_key, job), make)


def _portrait(job: Job, found: stage.Stages, ctx: RunContext) -> Portrait:
    def make() -> Portrait:
        from garrick.perception import analyse

        return analyse.run(job.portrait, job.size, job.face_index, ctx, job.framing)

    return found.get(stage.PORTRAIT, partial(stage.portrait_key, job), make)


def _motion(
    job: Job, given: Given, speech: Speech | None, portrait: Portrait, found: stage.Stages, ctx: RunContext
) -> Performance:
    def make() -> Performance:
        from garrick.motion import perform as motion

        assert speech is not None  # a job without any holds its performance
        manner = motion.Manner(**{name: getattr(job, name) for name in MANNER}, style=given.style)
        return motion.run(speech, portrait, job.fps, manner, ctx)

    return found.get(stage.MOTION, partial(stage.motion_key, job), make)


def _own_camera(job: Job, portrait: Portrait, performance: Performance, ctx: RunContext) -> CameraPath:
    """The photo's camera, moved as the job says."""
    amount, frames = job.camera_amount, len(performance)
    return camera_move(portrait, job.camera_move, amount, frames, performance.fps, ctx.rng("camera"))


def _draft_size(size: tuple[int, int]) -> tuple[int, int]:
    """Half of it, even as H.264 needs it."""
    return round(size[0] / 4) * 2, round(size[1] / 4) * 2


def _preview(
    out: Path,
    pieces: tuple[Path, ...],
    frames: range,
    speech: Speech | None,
    performance: Performance,
    said_by: str | None,
) -> None:
    """Write preview.mp4, and audio.wav where there is a voice. said_by: the voice that made the sound; None: a person."""
    if speech is None:
        video.join(out / "preview.mp4", pieces, performance.fps, None)
        return
    wav = out / "audio.wav"
    if said_by is None:
        sound.write_wav(wav, speech.playback, speech.playback_rate)
    else:
        sound.write_spoken(wav, speech.playback, speech.playback_rate, said_by)
    video.join(out / "preview.mp4", pieces, performance.fps, *_heard(speech, performance, frames), said_by is not None)


def _heard(speech: Speech | None, performance: Performance, frames: range) -> tuple[np.ndarray | None, int]:
    """(M, C) int16 sound from the first of the frames on, and its rate in Hz; none for a silent film."""
    if speech is None:
        return None, 0
    start = frames.start / float(performance.fps) - (performance.audio.offset if performance.audio else 0.0)
    seconds = len(frames) / float(performance.fps)
    return sound.cut(speech.playback, speech.playback_rate, start, seconds), speech.playback_rate


def _judge(out: Path, speech: Speech | None) -> tuple[str, ...]:
    """Write evaluation.json; the sentences in it."""
    from garrick.evaluation.record import write_first_record

    return write_first_record(out, np.zeros(0) if speech is None else speech.prosody.accents)


def _given(given: Given) -> Performance | None:
    from garrick.motion.body import with_body

    return None if given.performance is None else with_body(given.performance)


def _rig(portrait: Portrait) -> dict[str, np.ndarray]:
    from garrick.bodies.figure_rig import figure_rig_arrays
    from garrick.bodies.head import load_head

    return figure_rig_arrays(load_head(), portrait)


def _head_texture(portrait: Portrait) -> np.ndarray:
    from garrick.rendering.head_texture import head_texture

    return head_texture(portrait)


class _Clock:
    """Wall time by phase."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, phase: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[phase] = self.seconds.get(phase, 0.0) + time.perf_counter() - start


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


def _warnings(speech: Speech | None, portrait: Portrait, performance: Performance, edited: bool) -> tuple[str, ...]:
    from garrick.perception.body import shows_hands

    report = portrait.report
    turn = (report.yaw, report.pitch, report.roll)
    of_photo = advice(portrait.image, portrait.landmarks, turn, report.face_px)
    found = [*(() if speech is None else speech.warnings), *of_photo]
    if report.reprojection_percent > _LOOSE:
        found.append(f"The head fits the photo loosely ({report.reprojection_percent:.1f} % of the face width).")
    if np.ptp(performance.body_pose, axis=0).any() and shows_hands(portrait.image):
        found.append(
            "The photo shows hands; where they gesture, drawn arms take their place. A photo whose arms hang out of the "
            "picture gives better frames."
        )
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
