"""Motion files of other programs, told apart by name and content: one way in and one way out for all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from .archive import load_arrays
from .bvh import read_bvh, write_bvh
from .glb_read import read_glb
from .live_link import read_live_link, write_live_link
from .performance import CHANNELS, Performance
from .smplx_npz import Motion, read_smplx, write_smplx


@dataclass(frozen=True)
class Format:
    """A kind of file that a performance can be written to.

    suffix: of its files. kept: what of a performance it keeps, for the user.
    """

    label: str
    suffix: str
    kept: str
    write: Callable[[Performance, Path], None]


FORMATS: dict[str, Format] = {
    "performance": Format(
        "Garrick Performance", ".npz", "everything", lambda performance, path: performance.save(path)
    ),
    "live-link": Format("Live Link Face CSV", ".csv", "the face, the head's turn and the gaze", write_live_link),
    "smplx": Format("SMPL-X NPZ", ".npz", "head, gaze, upper body, hands and the 52 face weights", write_smplx),
    "bvh": Format("BVH", ".bvh", "head, gaze, upper body and hands", write_bvh),
}

_BY_SUFFIX = {".csv": "live-link", ".npz": "smplx", ".bvh": "bvh", ".glb": "glb"}


def format_of(path: str | Path) -> str:
    """The key in `FORMATS` that a file name asks for, or "glb", which needs a rig (`glb_write`). Raises ValueError."""
    suffix = Path(path).suffix.lower()
    if suffix not in _BY_SUFFIX:
        raise ValueError(f"{Path(path).name} must end in .csv (Live Link Face), .npz (SMPL-X), .bvh or .glb.")
    return _BY_SUFFIX[suffix]


def read_motion(
    path: str | Path,
    fps: Fraction | None = None,
    flip_head: bool = False,
    up: str | None = None,
    metres: float = 1.0,
) -> Motion:
    """Read a performance, Live Link Face CSV, SMPL-X NPZ, BVH or GLB.

    fps: for files that do not say their rate, or say a wrong one; a performance keeps its own. flip_head: of a CSV, see
    `read_live_link`. up: "Y" or "Z", of an NPZ, see `read_smplx`. metres: of a BVH's unit.
    Raises ValueError with a sentence for the user, OSError.
    """
    kind = format_of(path)
    if kind == "live-link":
        return _motion(read_live_link(path, fps, flip_head))
    if kind == "bvh":
        return _motion(read_bvh(path, fps, metres))
    if kind == "glb":
        return read_glb(path, fps)
    if "header" in load_arrays(path, wanted=("header",)):
        return Motion(Performance.load(path), frozenset(CHANNELS), ())
    return read_smplx(path, fps, up)


def _motion(performance: Performance) -> Motion:
    channels = frozenset(performance.tracks)
    lacking = ", ".join(name.replace("_", " ") for name in CHANNELS if name not in channels)
    return Motion(performance, channels, (f"The file does not move: {lacking}.",) if lacking else ())
