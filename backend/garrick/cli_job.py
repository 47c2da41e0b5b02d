"""What `perform`, `run`, `render` and `enhance` share: a job made of the command line's words, carried out and told of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from garrick.terminal import Reporter, run_interruptible

if TYPE_CHECKING:
    from garrick.context import RunContext
    from garrick.job import Job
    from garrick.pipeline import Result

# Heavy imports lie inside the functions, so that `garrick --help` answers at once.


def perform_job(settings: dict[str, Any], out: Path | None, overwrite: bool, scene: bool, tell: Reporter) -> None:
    """Carry out the job that the words of `garrick perform` ask for."""
    job = _job(settings)
    carry_out(job, out or _default_folder(job), tell, overwrite=overwrite, scene=scene)


def run_file(
    path: Path, changes: list[str], out: Path | None, chunk: int | None, overwrite: bool, scene: bool, tell: Reporter
) -> None:
    """Carry out a job file."""
    from garrick.jobfile import read_job_file

    file = read_job_file(path, changes)
    carry_out(file.job, out or file.out, tell, overwrite=overwrite, scene=scene, chunk=chunk)


def look_ahead_file(
    path: Path, changes: list[str], out: Path | None, chunk: int | None, overwrite: bool, tell: Reporter
) -> None:
    """Say what carrying out a job file would do."""
    from garrick.context import RunContext
    from garrick.dryrun import look_ahead
    from garrick.jobfile import read_job_file

    file = read_job_file(path, changes)
    out = out or file.out
    outlook = look_ahead(file.job, out, chunk, RunContext(), overwrite)
    parts = [(part.start, part.stop - 1) for part in outlook.parts]
    frames = None if outlook.frames is None else (outlook.frames.start, outlook.frames.stop - 1)
    asked = "all frames" if frames is None else f"frames {frames[0]}-{frames[1]}, {outlook.finished} of them finished"
    tell.result(
        [f"{file.name} -> {out}: {asked}.", *(f"  --frames {first}-{last}" for first, last in parts), *outlook.notes],
        {
            "dry_run": True,
            "name": file.name,
            "out": str(out),
            "job": file.job.model_dump(mode="json"),
            "clip": outlook.clip,
            "frames": frames,
            "finished": outlook.finished,
            "parts": parts,
            "notes": outlook.notes,
        },
    )


def carry_out(
    job: Job, out: Path, tell: Reporter, then: Callable[[], dict[str, Path]] | None = None, **how: Any
) -> None:
    """Do a job and tell how it went. then: makes more files of it.    how: what `garrick.pipeline.perform` takes."""
    from garrick.context import RunContext

    ctx = RunContext(seed=job.seed, progress=tell.progress, log=tell.log)
    result = run_interruptible(lambda: _work(job, out, ctx, how), ctx.cancel)
    for warning in result.warnings:
        tell.warning(warning)
    files = {**result.files, **(then() if then is not None else {})}
    spent = sum(result.seconds.values())
    shown = [
        name
        for name in ("preview.mp4", "alpha.mov", "enhanced.mp4", "scene.blend", "performance.npz", "report.json")
        if name in files
    ]
    tell.result(
        [
            f"{out}: frames {result.first}-{result.last} in {spent:.1f} s ({result.kept} kept from an earlier run).",
            *(f"  {verdict}" for verdict in result.verdicts),
            *(f"  {files[name]}" for name in shown),
        ],
        {
            "out": str(result.out),
            "files": {name: str(path) for name, path in files.items()},
            "frames": {"first": result.first, "last": result.last, "rendered": result.rendered, "kept": result.kept},
            "cached": list(result.cached),
            "seconds": {phase: round(value, 3) for phase, value in result.seconds.items()},
            "warnings": list(result.warnings),
            "verdicts": list(result.verdicts),
        },
    )


def _work(job: Job, out: Path, ctx: RunContext, how: dict[str, Any]) -> Result:
    from garrick.pipeline import perform  # here, so that Ctrl-C ends the import too

    return perform(job, out, ctx, **how)


def _job(settings: dict[str, Any]) -> Job:
    """The job of the command line's words. Raises InputError."""
    from garrick.jobfile import make_job, numbers, with_move

    pair = settings["frames"]
    parsed = {
        "size": size_of(settings["size"]),
        "frames": None if pair is None else numbers(pair, "--frames", "-", "0-99"),
    }
    return make_job(with_move(settings) | parsed, option=True)


def size_of(words: str) -> tuple[int, int]:
    """Width and height out of "512" or "512x768". Raises InputError."""
    from garrick.jobfile import numbers

    return numbers(words, "--size", "x", "512 or 512x768")


def _default_folder(job: Job) -> Path:
    voice = "text" if job.text is not None and not job.audio else (job.audio or job.performance or job.portrait).stem
    return Path("out") / f"{job.portrait.stem}-{voice}"
