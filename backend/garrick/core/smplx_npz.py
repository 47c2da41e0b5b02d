"""SMPL-X motion as .npz: AMASS's keys and those of the `smplx` package, read and written.

Kept: head, neck, spine, arms, hands, eyes, place, the 52 face weights (as `arkit`), frame rate, identity, audio.
Not kept by the format: legs (zero when written, dropped when read). SMPL-X has no standard key for a face of named shapes;
its own `expression` coefficients mean nothing without its licence-gated model and are left out, with a note.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from .archive import load_arrays, save_arrays
from .arkit import ARKIT_INDEX, ARKIT_NAMES
from .euler import smooth_axis_angles
from .performance import CHANNELS, AudioReference, Performance
from .rotation import rotation_matrices
from .skeleton import HAND_JOINTS, channels_of, held_by, local_rotations
from .timing import parse_fps

BODY: tuple[str, ...] = (
    "pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2", "left_ankle", "right_ankle",
    "spine3", "left_foot", "right_foot", "neck", "left_collar", "right_collar", "head", "left_shoulder",
    "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist",
)  # fmt: skip
_HANDS = tuple(f"{side}_{name}" for side in ("left", "right") for name in HAND_JOINTS)
JOINTS: tuple[str, ...] = (*BODY, "jaw", "left_eye", "right_eye", *_HANDS)
"""The 55 joints of SMPL-X in its order."""

_LAYOUTS = {55: JOINTS, 52: (*BODY, *_HANDS), 24: BODY, 22: BODY}  # SMPL-X, SMPL-H, SMPL (its two hand stubs dropped)
_PARTS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("root_orient", "global_orient"), BODY[:1]),
    (("pose_body", "body_pose"), BODY[1:]),
    (("pose_jaw", "jaw_pose"), ("jaw",)),
    (("pose_eye",), ("left_eye", "right_eye")),
    (("leye_pose",), ("left_eye",)),
    (("reye_pose",), ("right_eye",)),
    (("pose_hand",), _HANDS),
    (("left_hand_pose",), _HANDS[:15]),
    (("right_hand_pose",), _HANDS[15:]),
)
_PLACES = ("trans", "transl", "translation")
_RATES = ("mocap_frame_rate", "mocap_framerate", "fps", "frame_rate")
_FACES = ("arkit", "face", "blendshapes", "expression", "expressions")
_OWN = ("garrick", "identity")
_WANTED = frozenset({"poses", *_PLACES, *_RATES, *_FACES, *_OWN, *(name for names, _ in _PARTS for name in names)})

_OPEN = 0.3  # radians that SMPL-X's jaw turns at jawOpen 1
_Z_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])  # a vector of Y-up space seen in AMASS's


@dataclass(frozen=True)
class Motion:
    """What was read.

    channels: the channels of the performance that the file held; the others rest.
    notes:    sentences for the user about what the file could not give.
    """

    performance: Performance
    channels: frozenset[str]
    notes: tuple[str, ...]


def write_smplx(performance: Performance, path: str | Path, up: str = "Y") -> None:
    """Write `performance` as SMPL-X motion; the same performance gives the same bytes.

    up: "Y" (the body model's own space, as viewers of SMPL-X expect) or "Z" (AMASS's).
    The jaw is turned by jawOpen, so that plain SMPL-X viewers see speech. Raises OSError.
    """
    frames = len(performance)
    turns = local_rotations(performance)
    opening = performance.face[:, ARKIT_INDEX["jawOpen"], None]
    turns["jaw"] = opening * np.array([_OPEN, 0, 0], np.float32)
    poses = np.stack([turns.get(name, np.zeros((frames, 3))) for name in JOINTS], axis=1)
    place = performance.head_translation
    if up == "Z":
        poses[:, 0] = smooth_axis_angles(_Z_UP @ rotation_matrices(poses[:, 0].astype(np.float64)))
        place = place @ _Z_UP.T
    audio = performance.audio
    header = {
        "fps": [performance.fps.numerator, performance.fps.denominator],
        "up": up,
        "audio": None if audio is None else [audio.name, audio.offset],
        "tracks": dict(sorted(performance.tracks.items())),
    }
    arrays = {
        "surface_model_type": np.array("smplx"),
        "gender": np.array("neutral"),
        "mocap_frame_rate": np.array(float(performance.fps)),
        "mocap_time_length": np.array(performance.duration),
        "poses": poses.reshape(frames, -1).astype(np.float32),
        "trans": place.astype(np.float32),
        "betas": np.zeros(16, np.float32),  # Garrick's identity is that of another model
        "arkit": performance.face,
        "arkit_names": np.array(ARKIT_NAMES),
        "identity": performance.identity,
        "garrick": np.array(json.dumps(header)),
    }
    save_arrays(path, arrays)


def read_smplx(path: str | Path, fps: Fraction | None = None, up: str | None = None) -> Motion:
    """Read SMPL-X, SMPL-H or SMPL motion.

    fps: instead of the file's own rate. up: "Y" or "Z", which way the file's space points; None: as the file says when
    Garrick wrote it, else "Z" for AMASS (it has `mocap_...` keys) and "Y" for the `smplx` package.
    A foreign file's place starts at rest: a walk through a studio is kept relative to its first frame.
    Raises ValueError with a sentence for the user, OSError.
    """
    name = Path(path).name
    arrays = load_arrays(path, wanted=_WANTED)
    turns, notes = _turns(arrays, name)
    frames = len(next(iter(turns.values())))
    own = _own(arrays, name)
    up = up or own.get("up") or ("Z" if {"mocap_frame_rate", "mocap_framerate"} & arrays.keys() else "Y")
    place = _rows(arrays, _PLACES, frames, 3)
    place = np.zeros((frames, 3)) if place is None else place
    if up == "Z":
        place = place @ _Z_UP
        if "pelvis" in turns:
            turns["pelvis"] = smooth_axis_angles(_Z_UP.T @ rotation_matrices(turns["pelvis"]))
    face = _face(arrays, turns, frames, notes)
    channels = frozenset(CHANNELS) if own else {"face", "head_translation"} | held_by(turns)
    performance = Performance(
        fps=fps or _rate(arrays, own, name),
        face=face,
        head_translation=(place if own else place - place[:1]).astype(np.float32),
        identity=arrays["identity"] if own else np.zeros(0, np.float32),
        audio=own.get("audio"),
        tracks=own.get("tracks", dict.fromkeys(channels, "tracked")),
        **channels_of(turns, frames),  # pyright: ignore[reportArgumentType]
    )
    return Motion(performance, frozenset(channels), tuple(notes))


def _turns(arrays: Mapping[str, np.ndarray], name: str) -> tuple[dict[str, np.ndarray], list[str]]:
    """Joint -> (F, 3) float64, from `poses` or from its parts."""
    notes: list[str] = []
    if "poses" in arrays:
        poses = arrays["poses"]
        flat = poses.reshape(len(poses), -1) if poses.ndim > 1 else poses[None]
        joints = _LAYOUTS.get(flat.shape[1] // 3) if flat.shape[1] % 3 == 0 else None
        if joints is None:
            raise ValueError(f"{name} holds poses of {flat.shape[1]} numbers; 165, 156, 72 or 66 are known.")
        return _split(flat, joints), notes
    turns: dict[str, np.ndarray] = {}
    frames = max(
        (len(arrays[key]) for names, _ in _PARTS for key in names if key in arrays and arrays[key].ndim), default=0
    )
    for names, joints in _PARTS:
        for key in names:
            if key not in arrays:
                continue
            flat = _by_frame(arrays[key], frames)
            if flat is None or flat.shape[1] < 3 * len(joints):
                notes.append(
                    f"{key} is not axis-angle for {len(joints)} joints (hands in PCA are not); it was left out."
                )
                continue
            turns |= _split(flat, joints)
    if not turns:
        raise ValueError(f"{name} holds no SMPL-X motion: neither `poses` nor `body_pose` is in it.")
    return turns, notes


def _split(flat: np.ndarray, joints: tuple[str, ...]) -> dict[str, np.ndarray]:
    return {joint: flat[:, 3 * column : 3 * column + 3].astype(np.float64) for column, joint in enumerate(joints)}


def _by_frame(values: np.ndarray, frames: int) -> np.ndarray | None:
    """(F, N) of whatever shape an array with a frame axis has; None when it has another number of frames."""
    if values.ndim == 0 or len(values) != frames:
        return None
    return values.reshape(frames, -1)


def _rows(arrays: Mapping[str, np.ndarray], names: tuple[str, ...], frames: int, width: int) -> np.ndarray | None:
    """(F, width) float64 of the first of `names` that has this shape."""
    for key in names:
        flat = _by_frame(arrays[key], frames) if key in arrays else None
        if flat is not None and flat.shape[1] == width:
            return flat.astype(np.float64)
    return None


def _face(
    arrays: Mapping[str, np.ndarray], turns: Mapping[str, np.ndarray], frames: int, notes: list[str]
) -> np.ndarray:
    face = _rows(arrays, _FACES, frames, len(ARKIT_NAMES))
    if face is not None:
        return np.clip(face, 0, 1).astype(np.float32)
    if {"expression", "expressions"} & arrays.keys():
        notes.append("The file's expression coefficients have no names and were left out; the jaw was kept.")
    face = np.zeros((frames, len(ARKIT_NAMES)), np.float32)
    if "jaw" in turns:
        face[:, ARKIT_INDEX["jawOpen"]] = np.clip(turns["jaw"][:, 0] / _OPEN, 0, 1)
    return face


def _rate(arrays: Mapping[str, np.ndarray], own: Mapping[str, Any], name: str) -> Fraction:
    if "fps" in own:
        return own["fps"]
    for key in _RATES:
        if key in arrays and arrays[key].size == 1:
            return parse_fps(round(float(arrays[key].item()), 3))
    raise ValueError(f"{name} does not say its frame rate; give it.")


def _own(arrays: Mapping[str, np.ndarray], name: str) -> dict[str, Any]:
    """What Garrick wrote beside the format's own; empty for a foreign file."""
    if "garrick" not in arrays:
        return {}
    try:
        header = json.loads(str(arrays["garrick"]))
        audio = header["audio"]
        if "identity" not in arrays or header["up"] not in ("Y", "Z"):
            raise ValueError
        return {
            "fps": parse_fps("{:d}/{:d}".format(*header["fps"])),
            "up": header["up"],
            "audio": None if audio is None else AudioReference(str(audio[0]), float(audio[1])),
            "tracks": {str(key): str(value) for key, value in header["tracks"].items()},
        }
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise ValueError(f"{name} is damaged: its Garrick header cannot be read.") from error
