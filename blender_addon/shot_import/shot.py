"""Read a shot folder into checked numpy data; knows nothing of Blender."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ..core.archive import load_arrays
from ..core.camera import CameraPath
from ..core.performance import Performance
from ..core.turns import ROTATIONS

SCHEMA = 1


@dataclass(frozen=True)
class Rig:
    """A head (or more) with shapes and joints, in Garrick's space and metres.

    vertices: (V, 3); loops: (L,) vertex of each polygon corner; polygon_sizes: (P,) corners of each polygon;
    uv, photo_uv: (L, 2) v up; material: (P,) index into material_names, material_colors (M, 3) linear;
    shape s moves shape_vertices[a:b] by shape_deltas[a:b] with a, b = shape_starts[s : s + 2];
    joint_parents: (J,) -1 for a root; joint_positions: (J, 3); weights: (V, J); joint_channels: (J,) the channel of the
    performance that turns the joint, one of `core.turns.ROTATIONS`, or "".
    """

    vertices: np.ndarray
    loops: np.ndarray
    polygon_sizes: np.ndarray
    uv: np.ndarray
    photo_uv: np.ndarray
    material: np.ndarray
    material_names: tuple[str, ...]
    material_colors: np.ndarray
    shape_names: tuple[str, ...]
    shape_starts: np.ndarray
    shape_vertices: np.ndarray
    shape_deltas: np.ndarray
    joint_names: tuple[str, ...]
    joint_parents: np.ndarray
    joint_positions: np.ndarray
    weights: np.ndarray
    joint_channels: tuple[str, ...]

    def following(self, channels: Collection[str]) -> Rig:
        """The rig with the joints that follow nothing of these left as they are.

        channels: of a performance, or parts of one by their names in `core.turns.ROTATIONS`.
        """
        followed = (name if {name, name.partition(".")[0]} & set(channels) else "" for name in self.joint_channels)
        return replace(self, joint_channels=tuple(followed))


@dataclass(frozen=True)
class Frames:
    """The rendered frames: an image sequence whose file numbers are the performance's frames.

    first_file: the picture of frame `first`; first, last: inclusive.
    """

    first_file: Path
    first: int
    last: int


@dataclass(frozen=True)
class Shot:
    """One shot folder. Files that a shot may lack are None.

    texture: the portrait, for `Rig.photo_uv`. head_texture: all of the head's surface, for `Rig.uv`.
    """

    name: str
    folder: Path
    garrick: str
    performance: Performance
    rig: Rig
    camera: CameraPath
    texture: Path | None
    head_texture: Path | None
    background: Path | None
    frames: Frames | None
    audio: Path | None
    words: tuple[tuple[str, float, float], ...]
    phones: tuple[tuple[str, float, float], ...]


def read_shot(manifest: Path) -> Shot:
    """Read `shot.json` and what it names. Raises ValueError with a sentence for the user, OSError."""
    folder = manifest.resolve().parent
    header = _read_json(manifest)
    if not isinstance(header.get("schema"), int) or "performance" not in header or "rig" not in header:
        raise ValueError(f"{manifest.name} is not a Garrick shot.")
    if header["schema"] > SCHEMA:
        raise ValueError(f"{manifest.name} was written by a newer Garrick; update the Garrick extension.")
    try:
        performance = Performance.load(_file(folder, header["performance"]))
        rig = _read_rig(_file(folder, header["rig"]))
        camera = _read_camera(_file(folder, header["camera"]), len(performance))
        speech = _read_json(_file(folder, header["speech"])) if header.get("speech") else {}
        shot = Shot(
            name=folder.name,
            folder=folder,
            garrick=str(header.get("garrick", "")),
            performance=performance,
            rig=rig,
            camera=camera,
            texture=_optional_file(folder, header.get("texture")),
            head_texture=_optional_file(folder, header.get("head_texture")),
            background=_optional_file(folder, header.get("background")),
            frames=_read_frames(folder, header.get("frames")),
            audio=_optional_file(folder, header.get("audio")),
            words=tuple((str(text), float(start), float(end)) for text, start, end in speech.get("words", ())),
            phones=tuple((str(phone[0]), float(phone[1]), float(phone[2])) for phone in speech.get("phones", ())),
        )
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError(
            f"The shot {folder.name} is damaged: {error!r} in {manifest.name} or a file it names."
        ) from error
    return shot


def _read_json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path.name} is not readable JSON.") from error
    if not isinstance(data, dict):
        raise ValueError(f"{path.name} is not a Garrick file.")
    return data


def _file(folder: Path, name: str) -> Path:
    """A file that the shot must have; a name that leads out of the folder is refused."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder):
        raise ValueError(f"The shot names a file outside of its folder: {name}")
    if not path.is_file():
        raise ValueError(f"The shot lacks its file {name}.")
    return path


def _optional_file(folder: Path, name: str | None) -> Path | None:
    return None if name is None else _file(folder, name)


def _read_frames(folder: Path, frames: dict[str, Any] | None) -> Frames | None:
    if frames is None:
        return None
    first, last = int(frames["first"]), int(frames["last"])
    try:
        names = [frames["pattern"].format(number) for number in (first, last)]
    except (ValueError, KeyError, IndexError, AttributeError) as error:
        raise ValueError(f"The shot's frame pattern is not usable: {frames['pattern']}") from error
    first_file, _ = (_file(folder, name) for name in names)
    return Frames(first_file, first, last)


def _read_camera(path: Path, frames: int) -> CameraPath:
    data = _read_json(path)
    width, height = (int(side) for side in data["size"])
    intrinsics = np.asarray(data["intrinsics"], np.float64).reshape(-1, 3, 3)
    world_to_camera = np.asarray(data["world_to_camera"], np.float64).reshape(-1, 4, 4)
    if any(len(matrices) not in (1, frames) for matrices in (intrinsics, world_to_camera)):
        raise ValueError(f"{path.name} must hold one camera or one for each of the {frames} frames.")
    return CameraPath(world_to_camera, intrinsics, (width, height), Fraction(*data["fps"]))


def _read_rig(path: Path) -> Rig:
    arrays = load_arrays(path)
    texts = ("material_names", "shape_names", "joint_names", "joint_channels")
    fields = {name: arrays[name] for name in Rig.__dataclass_fields__}
    fields |= {name: tuple(str(text) for text in arrays[name]) for name in texts}
    rig = Rig(**fields)
    vertices, corners, joints = len(rig.vertices), len(rig.loops), len(rig.joint_names)
    sound = (
        int(rig.polygon_sizes.sum()) == corners
        and rig.uv.shape == rig.photo_uv.shape == (corners, 2)
        and len(rig.shape_starts) == len(rig.shape_names) + 1
        and int(rig.shape_starts[-1]) == len(rig.shape_vertices) == len(rig.shape_deltas)
        and rig.weights.shape == (vertices, joints)
        and len(rig.joint_parents) == len(rig.joint_positions) == len(rig.joint_channels) == joints
        and (corners == 0 or 0 <= rig.loops.min() <= rig.loops.max() < vertices)
        and (rig.shape_vertices.size == 0 or 0 <= rig.shape_vertices.min() <= rig.shape_vertices.max() < vertices)
        and all(parent < joint for joint, parent in enumerate(rig.joint_parents))
        and len(rig.material) == len(rig.polygon_sizes)
        and (len(rig.material) == 0 or int(rig.material.max()) < len(rig.material_names))
    )
    if not sound:
        raise ValueError(f"{path.name} is damaged: its arrays do not fit together.")
    unknown = sorted(set(rig.joint_channels) - {"", *ROTATIONS})
    if unknown:
        raise ValueError(f"A joint of the rig follows an unknown channel, {unknown[0]}; update the Garrick extension.")
    return rig
