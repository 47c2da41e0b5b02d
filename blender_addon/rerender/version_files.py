"""A version of a shot on disk: a whole shot folder of its own, in which what has not changed is the last version's file.

Nothing here knows Blender. Files that two versions share are one file with two names where the disk can do that; nobody
writes into a finished version, so neither can change the other.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..core.camera import CameraPath
from ..core.performance import Performance
from ..shot_import.shot import Shot, read_shot

MANIFEST, PERFORMANCE, GENERATED, CAMERA = "shot.json", "performance.npz", "generated.npz", "camera.json"
RIG, JOB, BACKGROUND = "rig.npz", "job.json", "background.png"
_OWN_CAMERA = "own_camera"  # the manifest's word for what `Stored` tells
_VERSIONS = "versions"
_FRAME = re.compile(r"frame_([0-9]{6,9})\.(png|exr)")
_FOLDERS = ("frames", "exr")
_PICTURES = {"frames": "frames/frame_{:06d}.png", "passes": "exr/frame_{:06d}.exr"}  # entries of the manifest
_CARRIED = ("rig", "texture", "head_texture", "background", "speech", "audio")  # entries of the manifest


@dataclass(frozen=True)
class Stored:
    """A version as it was rendered.

    generated: the performance before an artist touched it. own_camera: seen through the shot's own camera.
    draft: its frames are smaller than its camera's picture.
    """

    folder: Path
    shot: Shot
    generated: Performance
    own_camera: bool
    draft: bool

    @property
    def path(self) -> CameraPath:
        """The camera of every frame."""
        count, camera = len(self.shot.performance), self.shot.camera
        poses = np.broadcast_to(camera.world_to_camera, (count, 4, 4))
        lenses = np.broadcast_to(camera.intrinsics, (count, 3, 3))
        return CameraPath(poses, lenses, camera.size, self.shot.performance.fps)


def load(folder: Path) -> Stored:
    """Read a version. Raises ValueError with a sentence for the user, OSError."""
    if not (folder / MANIFEST).is_file():
        raise ValueError(f"The shot's files are not in {folder} any more; import the shot again from where they are.")
    shot = read_shot(folder / MANIFEST)
    generated = folder / GENERATED
    made = Performance.load(generated) if generated.is_file() else shot.performance
    own_camera = bool(_manifest(folder).get(_OWN_CAMERA, True))
    draft = shot.frames is not None and _size(shot.frames.first_file) < shot.camera.size
    return Stored(folder, shot, made, own_camera, draft)


def frames_in(folder: Path) -> dict[str, int]:
    """Every picture of a version by its name in the folder ("frames/frame_000003.png") -> its frame."""
    found = {}
    for kind in _FOLDERS:
        directory = folder / kind
        for file in sorted(directory.iterdir()) if directory.is_dir() else ():
            match = _FRAME.fullmatch(file.name)
            if match is not None:
                found[f"{kind}/{file.name}"] = int(match[1])
    return found


def picture_of(name: str) -> int | None:
    """The frame of an artifact that is a picture of one; None for any other."""
    kind, _, file = name.partition("/")
    match = _FRAME.fullmatch(file)
    return int(match[1]) if match is not None and kind in _FOLDERS else None


@contextmanager
def new_version(root: Path) -> Iterator[Path]:
    """A folder to fill; it becomes a version, `versions/NAME_v002` below `root`, when all went well, else it goes.

    Raises OSError.
    """
    parent = root / _VERSIONS
    parent.mkdir(exist_ok=True)
    number = 1 + max((_number(entry.name) for entry in parent.iterdir()), default=1)
    name = f"{root.name}_v{number:03d}"
    aside = parent / f".{name}.part"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    try:
        yield aside
        os.replace(aside, parent / name)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def finished(aside: Path) -> Path:
    """Where the folder that `new_version` gave lies once it is a version."""
    return aside.with_name(aside.name.removeprefix(".").removesuffix(".part"))


def write_motion(folder: Path, performance: Performance, generated: Performance, path: CameraPath) -> None:
    """Write what the frames of a version show, and from where. Raises OSError."""
    performance.save(folder / PERFORMANCE)
    generated.save(folder / GENERATED)
    camera = {
        "size": list(path.size),
        "fps": [path.fps.numerator, path.fps.denominator],
        "intrinsics": _one_if_still(path.intrinsics).tolist(),
        "world_to_camera": _one_if_still(path.world_to_camera).tolist(),
    }
    (folder / CAMERA).write_text(json.dumps(camera), encoding="utf-8")


def carry(last: Path, folder: Path, frames: Callable[[int], bool]) -> None:
    """Take over what has not changed: the shot's other files that the new version lacks, and pictures of some frames.

    Raises OSError.
    """
    manifest = _manifest(last)
    for name in (*filter(None, map(manifest.get, _CARRIED)), JOB):
        if (last / name).is_file() and not (folder / name).exists():
            _share(last / name, folder / name)
    for name, frame in frames_in(last).items():
        if frames(frame) and not (folder / name).exists():
            (folder / name).parent.mkdir(exist_ok=True)
            _share(last / name, folder / name)


def write_manifest(like: Path, folder: Path, first: int, end: int, own_camera: bool) -> None:
    """Write shot.json, last of all, after the manifest that lies in `like`.

    first, end: the frames that the version shows, both included. Raises OSError.
    """
    manifest = _manifest(like)
    manifest |= {"performance": PERFORMANCE, "camera": CAMERA, _OWN_CAMERA: own_camera, "alpha_film": None}
    manifest["size"] = list(_size(folder / _PICTURES["frames"].format(first)))
    for kind, pattern in _PICTURES.items():
        if kind == "frames" or manifest.get(kind):
            manifest[kind] = {"pattern": pattern, "first": first, "last": end}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")


def missing(folder: Path, frames: Iterable[int]) -> list[int]:
    """Those of `frames` of which a version has no PNG."""
    there = {frame for name, frame in frames_in(folder).items() if name.startswith("frames/")}
    return [frame for frame in frames if frame not in there]


def _size(picture: Path) -> tuple[int, int]:
    """Width and height of a PNG, as its header says. Raises ValueError for another file, OSError."""
    with picture.open("rb") as file:
        header = file.read(24)
    if header[12:16] != b"IHDR":
        raise ValueError(f"{picture} is no PNG.")
    return struct.unpack(">II", header[16:])


def _manifest(folder: Path) -> dict[str, Any]:
    return json.loads((folder / MANIFEST).read_text(encoding="utf-8"))


def _number(name: str) -> int:
    match = re.search(r"_v([0-9]{3,6})(\.part)?$", name)
    return int(match[1]) if match else 1


def _share(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk, or one without hard links
        shutil.copy2(source, target)


def _one_if_still(matrices: np.ndarray) -> np.ndarray:
    return matrices[:1] if (matrices == matrices[0]).all() else matrices
