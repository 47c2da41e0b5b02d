"""GLB in: the first animation of a binary glTF file as a performance.

Files that Garrick wrote come back whole; those of others are read by the names of their shapes (ARKit's) and joints (as
BVH's), the pose of their nodes being rest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from .arkit import ARKIT_INDEX, ARKIT_NAMES
from .bvh import named_joints
from .euler import smooth_axis_angles
from .gltf import GltfError, GltfFile
from .performance import CHANNELS, AudioReference, Performance
from .skeleton import PARENTS, channels_of, held_by
from .smplx_npz import Motion
from .timing import frame_times, parse_fps
from .turns import JOINTS

_MOST_FRAMES = 1800 * 240
_ON_FRAME = 0.05  # frames: times are float32, half an hour in they are exact to a hundredth
_DEEPEST = 500  # nodes below each other


def read_glb(path: str | Path, fps: Fraction | None = None) -> Motion:
    """Read the first animation of a .glb.

    fps: frames a second to read at; None: as the file says or, when its keys lie evenly, as they lie.
    Raises GltfError, OSError.
    """
    file = GltfFile(path)
    try:
        return _read(file, fps)
    except GltfError:
        raise
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, ArithmeticError) as error:
        raise file.damaged() from error


def _read(file: GltfFile, fps: Fraction | None) -> Motion:
    document = file.document
    if not document.get("animations"):
        raise GltfError(f"{file.name} holds no animation.")
    animation = document["animations"][0]
    own = animation.get("extras", {}).get("garrick")
    own = own if isinstance(own, dict) else None
    tracks = [_Track(file, animation, channel) for channel in animation["channels"] if "node" in channel["target"]]
    if not tracks:
        raise GltfError(f"{file.name} holds no animation of its nodes.")
    rate = fps or (_own_rate(own) if own else _told_rate(tracks, file.name))
    last = max(float(track.times[-1]) for track in tracks)
    frames = round(last * float(rate)) + 1
    if not 1 <= frames <= _MOST_FRAMES:
        raise file.damaged()
    at = frame_times(frames, rate)
    for track in tracks:
        track.snap(rate)
    faces = _faces(file, tracks, at)
    turns = _joint_turns(file, tracks, at, own is not None)
    arrays = channels_of(turns, frames)
    channels = held_by(turns) | ({"face"} if faces is not None else set())
    place = _place(file, tracks, at) if own else None
    if place is not None:
        channels.add("head_translation")
    if not channels:
        raise GltfError(f"{file.name} moves no shape with one of ARKit's names and no joint with a known one.")
    rest = Performance.rest(frames, rate)
    performance = Performance(
        fps=rate,
        face=rest.face if faces is None else np.clip(faces, 0, 1),
        head_translation=rest.head_translation if place is None else place,
        identity=np.asarray(own["identity"], np.float32).reshape(-1) if own else rest.identity,
        audio=AudioReference(str(own["audio"][0]), float(own["audio"][1])) if own and own["audio"] else None,
        tracks=dict(own["tracks"]) if own else dict.fromkeys(sorted(channels), "tracked"),
        **arrays,  # pyright: ignore[reportArgumentType]
    )
    lacking = ", ".join(name.replace("_", " ") for name in CHANNELS if name not in channels)
    return Motion(performance, frozenset(channels), (f"The file does not move: {lacking}.",) if lacking else ())


class _Track:
    """One animated property of a node: its keys, and its values at any times."""

    def __init__(self, file: GltfFile, animation: Mapping[str, Any], channel: Mapping[str, Any]) -> None:
        sampler = animation["samplers"][channel["sampler"]]
        self.node: int = channel["target"]["node"]
        self.path: str = channel["target"]["path"]
        self.times = file.array(sampler["input"])[:, 0]
        self._how: str = sampler.get("interpolation", "LINEAR")
        values = file.array(sampler["output"]).reshape(len(self.times), 3 if self._how == "CUBICSPLINE" else 1, -1)
        if len(self.times) == 0 or np.any(np.diff(self.times) <= 0):
            raise file.damaged()
        self._before, self._values, self._after = values[:, 0], values[:, values.shape[1] // 2], values[:, -1]

    def snap(self, rate: Fraction) -> None:
        """Put keys that lie on frames, but for the rounding of their times, on them."""
        frames = self.times * float(rate)
        whole = np.round(frames)
        near = np.abs(frames - whole) < _ON_FRAME
        times = np.where(near, whole * rate.denominator / rate.numerator, self.times)
        if np.all(np.diff(times) > 0):
            self.times = times

    def at(self, times: np.ndarray) -> np.ndarray:
        """(F, C) at (F,) seconds; quaternions of unit length."""
        first = np.clip(np.searchsorted(self.times, times, "right") - 1, 0, max(len(self.times) - 2, 0))
        then = np.minimum(first + 1, len(self.times) - 1)
        span = np.maximum(self.times[then] - self.times[first], 1e-9)
        share = np.clip((times - self.times[first]) / span, 0, 1)[:, None]
        start, end, span = self._values[first], self._values[then], span[:, None]
        if self._how == "STEP":
            share = np.floor(share)
        if self._how == "CUBICSPLINE":
            square, cube = share**2, share**3
            found = (2 * cube - 3 * square + 1) * start + (3 * square - 2 * cube) * end
            found += span * ((cube - 2 * square + share) * self._after[first] + (cube - square) * self._before[then])
        elif self.path == "rotation":
            return _between(start, end, share)
        else:
            found = start + (end - start) * share
        return _unit(found) if self.path == "rotation" else found


def _between(start: np.ndarray, end: np.ndarray, share: np.ndarray) -> np.ndarray:
    """(F, 4) quaternions on the way from `start` to `end`, the shorter one, at an even pace."""
    start, end = _unit(start), _unit(end)
    dot = np.sum(start * end, axis=1, keepdims=True)
    end, dot = np.where(dot < 0, -end, end), np.minimum(np.abs(dot), 1.0)
    angle = np.arccos(dot)
    sine = np.sin(angle)
    near = sine < 1e-6
    safe = np.where(near, 1.0, sine)
    first = np.where(near, 1 - share, np.sin((1 - share) * angle) / safe)
    return _unit(first * start + np.where(near, share, np.sin(share * angle) / safe) * end)


def _unit(quaternions: np.ndarray) -> np.ndarray:
    return quaternions / np.maximum(np.linalg.norm(quaternions, axis=-1, keepdims=True), 1e-12)


def quaternion_matrices(quaternions: np.ndarray) -> np.ndarray:
    """(..., 4) x y z w -> (..., 3, 3)."""
    x, y, z, w = np.moveaxis(_unit(np.asarray(quaternions, np.float64)), -1, 0)
    rows = (
        1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w),
        2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w),
        2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y),
    )  # fmt: skip
    return np.stack(rows, axis=-1).reshape(*x.shape, 3, 3)


def _own_rate(own: Mapping[str, Any]) -> Fraction:
    numerator, denominator = own["fps"]
    return parse_fps(f"{numerator:d}/{denominator:d}")


def _told_rate(tracks: Sequence[_Track], name: str) -> Fraction:
    """The rate of the keys that lie closest, when they lie evenly. Raises GltfError."""
    times = max((track.times for track in tracks), key=len)
    steps = np.diff(times)
    if len(steps) == 0 or np.ptp(steps) > 0.02 * steps.mean() or not 1 <= 1 / steps.mean() <= 240:
        raise GltfError(f"{name} has keys at uneven times; give the frame rate.")
    rate = float(1 / steps.mean())
    return Fraction(round(rate)) if abs(rate - round(rate)) < 0.01 else parse_fps(round(rate, 3))


def _faces(file: GltfFile, tracks: Sequence[_Track], at: np.ndarray) -> np.ndarray | None:
    """(F, 52) weights by the names of the targets; None where no target has one of ARKit's names."""
    face = np.zeros((len(at), len(ARKIT_NAMES)))
    found: set[int] = set()
    for track in tracks:
        mesh = file.document["nodes"][track.node].get("mesh") if track.path == "weights" else None
        names = [] if mesh is None else file.document["meshes"][mesh].get("extras", {}).get("targetNames", [])
        columns = {place: ARKIT_INDEX[_arkit(name)] for place, name in enumerate(names) if _arkit(name) in ARKIT_INDEX}
        fresh = {place: column for place, column in columns.items() if column not in found}
        if fresh:
            values = track.at(at)
            face[:, list(fresh.values())] = values[:, list(fresh)]
            found |= set(fresh.values())
    return face if found else None


def _arkit(name: str) -> str:
    """ "EyeBlink_L" and "blendShape1.eyeBlinkLeft" -> "eyeBlinkLeft"."""
    plain = re.sub(r"[._]?(?:_|\.)(L|R)$", lambda side: {"L": "Left", "R": "Right"}[side[1]], str(name))
    plain = plain.rpartition(".")[2]
    return plain[:1].lower() + plain[1:]


def _joint_turns(file: GltfFile, tracks: Sequence[_Track], at: np.ndarray, own: bool) -> dict[str, np.ndarray]:
    """Joint of `PARENTS` -> (F, 3) axis-angle against the nearest known joint above it, from the rest pose."""
    nodes = file.document["nodes"]
    above = {child: node for node, item in enumerate(nodes) for child in item.get("children", ())}
    turned = {track.node: track for track in tracks if track.path == "rotation"}
    if own:
        named = {node: JOINTS.get(nodes[node].get("extras", {}).get("garrick", ""), "") for node in turned}
    else:
        named = named_joints([str(item.get("name", "")) for item in nodes])
    known = {name: node for node, name in named.items() if name in PARENTS}

    def chain(node: int) -> list[int]:
        found = [node]
        while found[-1] in above:
            found.append(above[found[-1]])
            if len(found) > _DEEPEST:
                raise file.damaged()
        return found[::-1]

    spatial: dict[str, np.ndarray] = {}
    for name, node in known.items():
        path = chain(node)
        if not any(link in turned for link in path):
            continue
        now = still = np.eye(3)
        for link in path:
            rest = quaternion_matrices(np.array(nodes[link].get("rotation", (0.0, 0.0, 0.0, 1.0)), np.float64))
            still = still @ rest
            now = now @ (quaternion_matrices(turned[link].at(at)) if link in turned else rest)
        spatial[name] = np.broadcast_to(now @ still.T, (len(at), 3, 3))
    moving = [name for name in spatial if known[name] in turned]
    local = []
    for name in moving:
        parent = PARENTS[name]
        while parent and parent not in spatial:
            parent = PARENTS[parent]
        local.append(np.swapaxes(spatial[parent], -1, -2) @ spatial[name] if parent else spatial[name])
    if not moving:
        return {}
    vectors = smooth_axis_angles(np.stack(local, axis=1))
    return {name: vectors[:, column] for column, name in enumerate(moving)}


def _place(file: GltfFile, tracks: Sequence[_Track], at: np.ndarray) -> np.ndarray | None:
    """(F, 3) metres that the root which Garrick wrote moves from its rest."""
    for track in tracks:
        if track.path == "translation":
            rest = np.array(file.document["nodes"][track.node].get("translation", (0.0, 0.0, 0.0)), np.float64)
            return track.at(at) - rest
    return None
