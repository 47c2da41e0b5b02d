"""BVH motion: the upper body, head, eyes and hands as a tree of joints with Euler angles.

Kept: `body_pose`, head, gaze, hands, the head's place (on the root) and the frame rate. Not kept by the format: the face,
identity and audio. Written files measure in metres, +Y up, the subject looking along +Z; files of others are read by joint
name, their rest pose taken for a T-pose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np

from .euler import euler_angles, euler_matrices, smooth_axis_angles
from .performance import BODY_JOINTS, Performance
from .rotation import rotation_matrices
from .skeleton import HAND_JOINTS, PARENTS, channels_of, held_by, local_rotations
from .timing import parse_fps

_LARGEST = 500_000_000  # bytes
_DEEPEST = 200  # joints below each other

# metres from the parent in a T-pose: an adult of 1.70 m (segment lengths after Drillis and Contini 1966), left side
_OFFSETS = {
    "pelvis": (0, 0.93, 0), "spine1": (0, 0.11, 0), "spine2": (0, 0.13, 0), "spine3": (0, 0.07, 0), "neck": (0, 0.20, 0),
    "head": (0, 0.09, 0), "eye": (0.032, 0.08, 0.08), "collar": (0.06, 0.12, 0), "shoulder": (0.12, 0.02, 0),
    "elbow": (0.30, 0, 0), "wrist": (0.25, 0, 0), "index1": (0.09, 0, 0.025), "middle1": (0.095, 0, 0.002),
    "ring1": (0.09, 0, -0.018), "pinky1": (0.08, 0, -0.036), "thumb1": (0.025, -0.01, 0.03),
}  # fmt: skip
_KNUCKLE, _TIP = (0.03, 0.0, 0.0), (0.02, 0.0, 0.0)

# what other skeletons call the same joints, without case, separators and prefixes ("mixamorig:LeftForeArm")
_SPINES = (("spine1",), ("spine1", "spine3"), ("spine1", "spine2", "spine3"))
_ALIASES = {
    "hips": "pelvis", "hip": "pelvis", "root": "pelvis", "abdomen": "spine1", "chest": "spine3", "upperchest": "spine3",
    "neck1": "neck", "lefteye": "left_eye", "righteye": "right_eye",
}  # fmt: skip
_SIDED = {
    "clavicle": "collar", "collarbone": "collar", "shoulder": "collar", "arm": "shoulder", "upperarm": "shoulder",
    "shldr": "shoulder", "forearm": "elbow", "lowerarm": "elbow", "hand": "wrist",
}  # fmt: skip


@dataclass
class _Joint:
    name: str
    channels: list[str] = field(default_factory=list)
    first: int = 0
    parent: int = -1


def write_bvh(performance: Performance, path: str | Path) -> None:
    """Write the motion as BVH in metres; `Frame Time` is the performance's own. Raises OSError."""
    Path(path).write_text(bvh_text(performance), encoding="ascii", newline="\n")


def bvh_text(performance: Performance) -> str:
    """What `write_bvh` writes: root with six channels, every other joint with its turn in the order Y X Z."""
    lines = ["HIERARCHY", *_hierarchy()]
    turns = np.stack(list(local_rotations(performance).values()), axis=1)  # (F, J, 3)
    angles = np.degrees(euler_angles(rotation_matrices(turns.astype(np.float64))))
    place = performance.head_translation + np.array(_OFFSETS["pelvis"])
    values = np.concatenate([place, angles.reshape(len(performance), -1)], axis=1)
    row = " ".join(["%.8g"] * values.shape[1])
    lines += ["MOTION", f"Frames: {len(performance)}", f"Frame Time: {1 / float(performance.fps):.10f}"]
    lines += [row % tuple(numbers) for numbers in values.tolist()]
    return "\n".join(lines) + "\n"


def read_bvh(path: str | Path, fps: Fraction | None = None, metres: float = 1.0) -> Performance:
    """Read BVH motion onto the joints that can be told by name (SMPL-X, Mixamo, CMU and Blender's .L/.R names).

    fps:    instead of the file's own frame time. metres: length of the file's unit (0.01 for centimetres).
    A foreign skeleton's place starts at rest. What the file moves is in `tracks`, as "tracked".
    Raises ValueError with a sentence for the user, OSError.
    """
    path = Path(path)
    if path.stat().st_size > _LARGEST:
        raise ValueError(f"{path.name} is larger than {_LARGEST // 1_000_000} MB.")
    try:
        text = path.read_text(encoding="ascii")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} is not a BVH file.") from error
    head, _, motion = text.partition("MOTION")
    joints = _read_hierarchy(head, path.name)
    frame_time, values = _read_motion(motion, joints, path.name)
    named = named_joints([joint.name for joint in joints])
    turns = {named[index]: _turns(joints[index], values) for index in named}
    if not turns:
        raise ValueError(f"No joint of {path.name} has a known name; rename them after SMPL-X, Mixamo or CMU.")
    names = list(turns)
    vectors = smooth_axis_angles(np.stack([turns[name] for name in names], axis=1))
    turns = {name: vectors[:, column] for column, name in enumerate(names)}
    own = [joint.name for joint in joints] == list(PARENTS)
    place = _place(joints[0], values) * metres
    place = place - (np.array(_OFFSETS["pelvis"]) if own else place[:1])
    moving = held_by(turns) | ({"head_translation"} if np.any(place) else set())
    frames = len(values)
    rest = Performance.rest(frames, fps or _rate(frame_time, path.name))
    return Performance(
        fps=rest.fps,
        face=rest.face,
        head_translation=place,
        identity=rest.identity,
        tracks=dict.fromkeys(sorted(moving), "tracked"),
        **channels_of(turns, frames),  # pyright: ignore[reportArgumentType]
    )


def _offset(joint: str) -> tuple[float, float, float]:
    side, _, name = joint.rpartition("_")
    offset = _OFFSETS.get(name, _KNUCKLE)
    return (-offset[0], *offset[1:]) if side == "right" else offset


def _hierarchy() -> list[str]:
    children: dict[str, list[str]] = {name: [] for name in ("", *PARENTS)}
    for name, parent in PARENTS.items():
        children[parent].append(name)

    def lines(joint: str, depth: int) -> Iterator[str]:
        pad, inner = "\t" * depth, "\t" * (depth + 1)
        yield f"{pad}{'JOINT' if depth else 'ROOT'} {joint}"
        yield pad + "{"
        yield f"{inner}OFFSET {_numbers(_offset(joint))}"
        place = "" if depth else "Xposition Yposition Zposition "
        yield f"{inner}CHANNELS {3 if depth else 6} {place}Yrotation Xrotation Zrotation"
        for child in children[joint]:
            yield from lines(child, depth + 1)
        if not children[joint]:
            tip = (0.0, 0.0, _TIP[0]) if joint.endswith("eye") else _TIP
            yield from (inner + "End Site", inner + "{", f"{inner}\tOFFSET {_numbers(tip)}", inner + "}")
        yield pad + "}"

    return list(lines("pelvis", 0))


def _numbers(values: tuple[float, ...]) -> str:
    return " ".join(f"{value:g}" for value in values)


def _read_hierarchy(text: str, name: str) -> list[_Joint]:
    damaged = ValueError(f"{name} is not a readable BVH file.")
    words = iter(text.split())
    joints: list[_Joint] = []
    above: list[int] = []
    first, pending = 0, -1
    try:
        for word in words:
            if word in ("ROOT", "JOINT"):
                joints.append(_Joint(next(words), parent=above[-1] if above else -1))
                pending = len(joints) - 1
            elif word == "End":
                pending = -1
            elif word == "{":
                above.append(pending)
                if len(above) > _DEEPEST:
                    raise damaged
            elif word == "}":
                above.pop()
            elif word == "CHANNELS":
                count = int(next(words))
                joint = joints[above[-1]]
                joint.channels, joint.first = [_channel(next(words)) for _ in range(count)], first
                first += count
    except (StopIteration, ValueError, IndexError) as error:
        raise damaged from error
    if not joints or above:
        raise damaged
    return joints


def _channel(word: str) -> str:
    channel = word.lower()
    if re.fullmatch("[xyz](rotation|position)", channel) is None:
        raise ValueError
    return channel


def _read_motion(text: str, joints: list[_Joint], name: str) -> tuple[float, np.ndarray]:
    match = re.match(r"\s*Frames:\s*(\d{1,9})\s+Frame\s+Time:\s*([0-9.eE+-]{1,30})\s", text)
    damaged = ValueError(f"{name} is damaged: its motion cannot be read.")
    if match is None:
        raise damaged
    frames, width = int(match[1]), sum(len(joint.channels) for joint in joints)
    try:
        numbers = np.array(text[match.end() :].split(), np.float64)
        frame_time = float(match[2])
    except ValueError as error:
        raise damaged from error
    if frames == 0 or width == 0 or len(numbers) != frames * width or not np.isfinite(numbers).all():
        raise damaged
    return frame_time, numbers.reshape(frames, width)


def _rate(frame_time: float, name: str) -> Fraction:
    if not 1 / 240.5 < frame_time <= 1:
        raise ValueError(f"{name} has a frame time of {frame_time} s; give the frame rate.")
    rate = 1 / frame_time
    return Fraction(round(rate)) if abs(rate - round(rate)) < 0.01 else parse_fps(round(rate, 3))


def _turns(joint: _Joint, values: np.ndarray) -> np.ndarray:
    """(F, 3, 3) of a joint, whatever order its channels come in."""
    columns = [place for place, channel in enumerate(joint.channels) if channel.endswith("rotation")]
    order = "".join(joint.channels[column][0].upper() for column in columns)
    return euler_matrices(np.radians(values[:, [joint.first + column for column in columns]]), order)


def _place(root: _Joint, values: np.ndarray) -> np.ndarray:
    place = np.zeros((len(values), 3))
    for column, channel in enumerate(root.channels):
        if channel.endswith("position"):
            place[:, "xyz".index(channel[0])] = values[:, root.first + column]
    return place


def named_joints(names: Sequence[str]) -> dict[int, str]:
    """Index of a joint of any skeleton -> its name in `PARENTS`, for those that can be told; no name twice."""
    found: dict[int, str] = {}
    spine = [index for index, name in enumerate(names) if re.fullmatch(r"spine\d*", _plain(name))]
    numbered = _SPINES[min(len(spine), 3) - 1] if spine else ()
    for index, name in zip(spine, numbered, strict=False):
        found[index] = name
    for index, given in enumerate(names):
        name = given if given in PARENTS else _told(_plain(given))
        if index not in found and name in PARENTS and name not in found.values():
            found[index] = name
    return found


def _plain(name: str) -> str:
    """ "mixamorig:LeftForeArm" and "forearm.L" -> "leftforearm"."""
    name = re.sub(r"^(.*)[._](l|r)$", r"\2\1", name.rpartition(":")[2].lower())
    return re.sub(r"[^a-z0-9]", "", name)


def _told(name: str) -> str:
    if name in _ALIASES or name in PARENTS:
        return _ALIASES.get(name, name)
    sided = re.fullmatch(r"(left|right|l|r)(?:hand)?([a-z]+?)(\d?)", name)
    if sided is None:
        return ""
    side, part, number = ("left" if sided[1][0] == "l" else "right"), sided[2], sided[3]
    if part + number in HAND_JOINTS:
        return f"{side}_{part}{number}"
    part = _SIDED.get(part, "" if part in BODY_JOINTS else part)
    return f"{side}_{part}"
