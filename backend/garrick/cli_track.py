"""`garrick track`: a video of a person to a performance."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from garrick.cli_track_live import track_camera
from garrick.errors import InputError
from garrick.terminal import Reporter, ending, reporter, run_interruptible

if TYPE_CHECKING:
    from garrick.perception.track import Tracked

# Heavy imports lie inside the commands, so that `garrick --help` answers at once.

_LIMBS = {"body_pose": "The upper body", "left_hand": "The left hand", "right_hand": "The right hand"}


def track(
    to: Annotated[Path, typer.Option(help="The performance.npz to write.", metavar="FILE")],
    video: Annotated[Path | None, typer.Argument(help="A video of a person: MP4, MOV, MKV, WebM ...")] = None,
    camera: Annotated[
        str | None,
        typer.Option(
            help="Track live, until Ctrl-C: a camera's number or device, or a video as if it were filmed now.",
            metavar="CAMERA",
        ),
    ] = None,
    fps: Annotated[
        str | None, typer.Option(help="Frames a second, e.g. 29.97; else the video's own, and 30 of a camera.")
    ] = None,
    person: Annotated[
        int | None, typer.Option(min=0, help="Of several people: 0, 1 ... from the left; else the largest face.")
    ] = None,
    body: Annotated[
        bool, typer.Option("--body", help="Also track upper body and hands; takes twice the time.")
    ] = False,
    overlay: Annotated[
        Path | None, typer.Option(help="Also an .mp4 of the video with the tracked face drawn on it.", metavar="FILE")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON event a line, for programs.")] = False,
) -> None:
    """Make a performance of a video or a camera: face, head and eyes, for `garrick perform --performance` and Blender."""
    tell = reporter(as_json)
    with ending(tell):
        if (video is None) == (camera is None):
            raise InputError("Give a video or --camera, one of them.")
        if video is not None:
            _track(video, to, fps, person, body, overlay, tell)
        elif camera is not None:
            if body or overlay is not None:
                raise InputError("--body and --overlay are not for a camera.", "Film first, then track the video.")
            track_camera(camera, to, fps, person, tell)


def _track(
    video: Path, to: Path, fps: str | None, person: int | None, body: bool, overlay: Path | None, tell: Reporter
) -> None:
    from garrick.context import RunContext
    from garrick.core.timing import parse_fps
    from garrick.files import make_folder, whole_file
    from garrick.outputs.overlay import write_overlay
    from garrick.perception.track import run

    for path, suffix in ((to, ".npz"), (overlay, ".mp4")):
        if path is not None and path.suffix != suffix:
            raise InputError(f"{path.name} must end in {suffix}.")
        if path is not None and path.exists() and video.exists() and path.samefile(video):
            raise InputError("The file to write is the video itself.", "Name another one.")
    try:
        rate = None if fps is None else parse_fps(fps)
    except ValueError as error:
        raise InputError(str(error)) from error
    ctx = RunContext(progress=tell.progress, log=tell.log)
    tracked = run_interruptible(lambda: run(video, rate, person, body, ctx), ctx.cancel)
    make_folder(to.parent)
    with whole_file(to) as aside:
        tracked.performance.save(aside)
    if overlay is not None:
        make_folder(overlay.parent)
        run_interruptible(lambda: write_overlay(overlay, video, tracked, ctx), ctx.cancel)
    tell.result(_told(tracked, to), _facts(tracked))


def _told(tracked: Tracked, to: Path) -> list[str]:
    performance, seen = tracked.performance, tracked.confidence["face"] > 0
    lines = [
        f"{to}: {len(performance)} frames at {float(performance.fps):.6g} a second, the face seen in {seen.mean():.0%}."
    ]
    for channel, what in _LIMBS.items():
        if channel in tracked.confidence:
            lines.append(f"{what} seen in {(tracked.confidence[channel] > 0).mean():.0%}.")
    lines += [f"No face from {start:.2f} s to {stop:.2f} s: bridged." for start, stop in _gaps(tracked)]
    lines += [f"Cut at {cut / performance.fps:.2f} s." for cut in tracked.cuts]
    return lines


def _facts(tracked: Tracked) -> dict[str, object]:
    performance = tracked.performance
    return {
        "frames": len(performance),
        "fps": str(performance.fps),
        "seen": {channel: float((trust > 0).mean()) for channel, trust in tracked.confidence.items()},
        "gaps": _gaps(tracked),
        "cuts": [float(cut / performance.fps) for cut in tracked.cuts],
    }


def _gaps(tracked: Tracked) -> list[tuple[float, float]]:
    """Start and end, in seconds, of what was bridged."""
    import numpy as np

    away = np.concatenate([[False], tracked.confidence["face"] == 0, [False]]).astype(int)
    starts, stops = np.flatnonzero(np.diff(away) == 1), np.flatnonzero(np.diff(away) == -1)
    fps = float(tracked.performance.fps)
    return [(float(start / fps), float(stop / fps)) for start, stop in zip(starts, stops, strict=True)]
