"""`garrick export` and `garrick convert`: a performance to other programs' motion files, and theirs to a performance."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from garrick.errors import InputError
from garrick.terminal import one_line_errors

if TYPE_CHECKING:
    import numpy as np

    from garrick.core.performance import Performance

# Heavy imports lie inside the commands, so that `garrick --help` answers at once.


class Up(StrEnum):
    """Which way a motion file's space points."""

    y = "y"
    z = "z"


def export(
    performance: Annotated[Path, typer.Argument(help="A performance.npz, or the shot folder that holds one.")],
    to: Annotated[
        Path,
        typer.Option(
            help="FILE.csv (Live Link Face), FILE.npz (SMPL-X), FILE.bvh, FILE.glb (the head too).", metavar="FILE"
        ),
    ],
    keys: Annotated[
        str | None,
        typer.Option(help="Of a CSV: these keys over time instead: oculus, vrm, character-creator, makehuman, arkit."),
    ] = None,
) -> None:
    """Write a performance for other programs: Live Link Face CSV, SMPL-X NPZ, BVH, or GLB with the head.

    A GLB holds the shot's own head, texture and joints; of a performance without a shot folder, the head of its identity.
    """
    from garrick.core.performance import Performance

    with one_line_errors():
        source = performance / "performance.npz" if performance.is_dir() else performance
        try:
            loaded = Performance.load(source)
            write, what = _form(to, keys, loaded, source.parent)
        except ValueError as error:
            raise InputError(str(error)) from error
        except OSError as error:
            raise InputError(f"{source} cannot be read: {error.strerror}.") from error
        if to.exists() and to.samefile(source):
            raise InputError("The file to write is the performance itself.", "Name another one.")
        _write(write, to)
    typer.echo(f"{to}: {_told(loaded)} as {what}.")


def _form(to: Path, keys: str | None, performance: Performance, folder: Path) -> tuple[Callable[[Path], None], str]:
    """What writes the file, and what it is, in words. Raises InputError, ValueError, OSError."""
    from garrick.core.exchange import FORMATS, format_of
    from garrick.core.glb_write import write_glb
    from garrick.core.retarget import write_key_weights
    from garrick.core.retarget_presets import PRESETS

    kind = format_of(to)
    if keys is not None:
        if kind != "live-link":
            raise InputError(f"Keys over time are a .csv; {to.name} is none.")
        if keys not in PRESETS:
            raise InputError(f"There are no keys of {keys!r}.", f"Take {', '.join(PRESETS)}.")
        preset = PRESETS[keys]
        return lambda path: write_key_weights(
            performance, preset.keys, path
        ), f"{preset.label}, {len(preset.keys)} keys"
    if kind == "glb":
        rig, texture = _head(performance, folder)
        arms = ", upper body and hands" if "body_pose.left_elbow" in rig["joint_channels"] else ""
        return lambda path: write_glb(performance, rig, path, texture), f"GLB, which keeps face, head, gaze{arms}"
    form = FORMATS[kind]
    return lambda path: form.write(performance, path), f"{form.label}, which keeps {form.kept}"


def _head(performance: Performance, folder: Path) -> tuple[dict[str, np.ndarray], bytes | None]:
    """The rig of the shot and its texture, else the rig of the performance's identity. Raises InputError, MissingError."""
    from garrick.bodies.head import load_head
    from garrick.bodies.rig import identity_rig
    from garrick.core.archive import load_arrays
    from garrick.core.glb_write import RIG_ARRAYS

    if (folder / "rig.npz").is_file():
        rig, texture = load_arrays(folder / "rig.npz", wanted=RIG_ARRAYS), folder / "head.png"
        if set(RIG_ARRAYS) - rig.keys():
            raise InputError(f"{folder / 'rig.npz'} is not a shot's rig.", "Render the shot again.")
        return rig, texture.read_bytes() if texture.is_file() else None
    head = load_head()
    size = len(head.identity_basis)
    if len(performance.identity) not in (0, size):
        raise InputError(
            f"The performance's identity is of another head: {len(performance.identity)} numbers, not {size}."
        )
    return identity_rig(head, performance.identity if len(performance.identity) else head.average_adult), None


def convert(
    motion: Annotated[Path, typer.Argument(help="A Live Link Face .csv, SMPL-X or AMASS .npz, .bvh or .glb.")],
    to: Annotated[Path, typer.Option(help="The performance.npz to write.", metavar="FILE")],
    fps: Annotated[
        str | None, typer.Option(help="Frames a second, where the file does not say it, e.g. 29.97.")
    ] = None,
    flip_head: Annotated[
        bool, typer.Option("--flip-head", help="Of a CSV taken with the phone on its side: turn the head around.")
    ] = False,
    up: Annotated[Up | None, typer.Option(help="Of an NPZ: which axis points up; else told from its keys.")] = None,
    metres: Annotated[float, typer.Option(help="Of a BVH: metres of its unit, 0.01 for centimetres.")] = 1.0,
) -> None:
    """Make a performance of another program's motion file, for `garrick perform --performance` and for Blender."""
    from garrick.core.exchange import read_motion

    with one_line_errors():
        if to.suffix != ".npz":
            raise InputError(f"{to.name} must end in .npz.")
        if to.exists() and motion.exists() and to.samefile(motion):
            raise InputError("The file to write is the one to read.", "Name another one.")
        try:
            read = read_motion(motion, _rate(fps), flip_head, None if up is None else up.value.upper(), metres)
        except ValueError as error:
            raise InputError(str(error)) from error
        except OSError as error:
            raise InputError(f"{motion} cannot be read: {error.strerror}.") from error
        _write(read.performance.save, to)
    for note in read.notes:
        typer.echo(f"Note: {note}", err=True)
    typer.echo(f"{to}: {_told(read.performance)}.")


def _write(write: Callable[[Path], None], to: Path) -> None:
    """A whole file or none, in a folder that is made. Raises OutputError."""
    from garrick.files import make_folder, whole_file

    make_folder(to.parent)
    with whole_file(to) as aside:
        write(aside)


def _told(performance: Performance) -> str:
    return f"{len(performance)} frames at {float(performance.fps):.6g} a second"


def _rate(fps: str | None) -> Fraction | None:
    from garrick.core.timing import parse_fps

    return None if fps is None else parse_fps(fps)
