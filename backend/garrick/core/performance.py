"""Performance: the editable result, animation curves of a head, two eyes, a body and two hands."""

from __future__ import annotations

import json
import math
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType

import numpy as np

from .archive import load_arrays, save_arrays
from .timing import frame_count, frame_times

SCHEMA = 1

BODY_JOINTS: tuple[str, ...] = (
    "pelvis", "spine1", "spine2", "spine3", "neck", "left_collar", "right_collar", "left_shoulder", "right_shoulder",
    "left_elbow", "right_elbow", "left_wrist", "right_wrist",
)  # fmt: skip
"""Upper body in SMPL-X names; `neck` here is the body's own, the head turns by `head_rotation`."""

PROVENANCES = ("generated", "tracked", "edited")

_SHAPES = {
    "face": (52,),
    "head_rotation": (3,),
    "head_translation": (3,),
    "gaze": (2, 2),
    "body_pose": (len(BODY_JOINTS), 3),
    "left_hand": (15, 3),
    "right_hand": (15, 3),
}
CHANNELS: tuple[str, ...] = tuple(_SHAPES)


@dataclass(frozen=True)
class AudioReference:
    """The sound of a performance: a file name beside it and the time, in seconds, at which frame 0 hears it start."""

    name: str
    offset: float = 0.0


@dataclass(frozen=True)
class Performance:
    """Animation curves sampled at `fps`; frame i is the instant i / fps.

    face:             (F, 52) float32, 0..1, ARKit order.
    head_rotation:    (F, 3) float32, axis-angle radians in body space (+X subject's left, +Y up, +Z out of the face);
                      zero looks along +Z.
    head_translation: (F, 3) float32, metres by which the whole person moves; what the trunk's turns carry the head by
                      comes on top (`skeleton.head_carried`).
    gaze:             (F, 2, 2) float32, radians per eye (left, right): yaw (+ to the subject's left), pitch (+ up),
                      against the head.
    body_pose:        (F, 13, 3) float32, axis-angle, `BODY_JOINTS` order.
    left_hand, right_hand: (F, 15, 3) float32, axis-angle, MANO joint order, zero is the flat hand.
    identity:         (B,) float32, head model coefficients in standard deviations.
    audio:            AudioReference or None.
    tracks:           provenance of a channel ("face", "gaze", ...) or of one curve of the face ("face.jawOpen"):
                      "generated", "tracked" or "edited". A channel without an entry is "generated".
    """

    fps: Fraction
    face: np.ndarray
    head_rotation: np.ndarray
    head_translation: np.ndarray
    gaze: np.ndarray
    body_pose: np.ndarray
    left_hand: np.ndarray
    right_hand: np.ndarray
    identity: np.ndarray
    audio: AudioReference | None = None
    tracks: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        frames = len(self.face)
        for name, shape in _SHAPES.items():
            array = np.asarray(getattr(self, name), dtype=np.float32)
            if array.shape != (frames, *shape):
                raise ValueError(f"{name} must have the shape {(frames, *shape)}, not {array.shape}.")
            if not np.isfinite(array).all():
                raise ValueError(f"{name} holds values that are not finite.")
            object.__setattr__(self, name, array)
        object.__setattr__(self, "identity", np.asarray(self.identity, dtype=np.float32))
        object.__setattr__(self, "fps", Fraction(self.fps))
        unknown = set(self.tracks.values()) - set(PROVENANCES)
        if unknown:
            raise ValueError(f"Unknown provenance {sorted(unknown)[0]!r}; it is one of {', '.join(PROVENANCES)}.")
        object.__setattr__(self, "tracks", MappingProxyType(dict(self.tracks)))

    @classmethod
    def rest(cls, frames: int, fps: Fraction, identity: np.ndarray | None = None) -> Performance:
        """A performance in which nothing moves."""
        arrays = {name: np.zeros((frames, *shape), np.float32) for name, shape in _SHAPES.items()}
        nobody = np.zeros(0, np.float32) if identity is None else identity
        return cls(fps, **arrays, identity=nobody)  # pyright: ignore[reportArgumentType]

    def __len__(self) -> int:
        return len(self.face)

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self) / float(self.fps)

    def frames(self, start: int, stop: int) -> Performance:
        """Frames start .. stop - 1; the audio offset moves along."""
        start, stop, _ = slice(start, stop).indices(len(self))
        audio = self.audio and replace(self.audio, offset=self.audio.offset - start / float(self.fps))
        return replace(self, audio=audio, **{name: getattr(self, name)[start:stop] for name in CHANNELS})

    def resampled(self, fps: Fraction) -> Performance:
        """The same curves at another rate, linear between samples (rotations of neighbours are close enough)."""
        times = frame_times(frame_count(self.duration, fps), fps)
        own = frame_times(len(self), self.fps)

        def at(array: np.ndarray) -> np.ndarray:
            flat = array.reshape(len(array), -1)
            columns = [np.interp(times, own, flat[:, column]) for column in range(flat.shape[1])]
            return np.stack(columns, axis=1).reshape(len(times), *array.shape[1:]).astype(np.float32)

        return replace(self, fps=fps, **{name: at(getattr(self, name)) for name in CHANNELS})

    def save(self, path: str | Path) -> None:
        """Write one .npz; the same performance gives the same bytes. Raises OSError."""
        header = {
            "schema": SCHEMA,
            "fps": [self.fps.numerator, self.fps.denominator],
            "audio": None if self.audio is None else {"name": self.audio.name, "offset": self.audio.offset},
            "tracks": dict(sorted(self.tracks.items())),
        }
        arrays = {"header": np.array(json.dumps(header)), "identity": self.identity}
        save_arrays(path, arrays | {name: getattr(self, name) for name in CHANNELS})

    @classmethod
    def load(cls, path: str | Path, limit_bytes: float = 2e9) -> Performance:
        """Read what `save` wrote, up to `limit_bytes` in memory. Raises ValueError for another file or a newer schema."""
        arrays = load_arrays(path, limit_bytes)
        try:
            header = json.loads(str(arrays["header"]))
            schema = header["schema"]
            if schema > SCHEMA:
                raise ValueError(f"{Path(path).name} was saved by a newer Garrick (schema {schema}).")
            return cls(
                fps=_rate(*header["fps"]),
                identity=arrays["identity"],
                audio=header["audio"] and _audio(**header["audio"]),
                tracks=header["tracks"],
                **{name: arrays[name] for name in CHANNELS},
            )
        except (KeyError, TypeError, AttributeError, ArithmeticError, RecursionError, json.JSONDecodeError) as error:
            raise ValueError(f"{Path(path).name} is not a Garrick performance.") from error


def _rate(numerator: int, denominator: int) -> Fraction:
    """A frame rate of two whole numbers, and of nothing else that a fraction could be made of."""
    rate = Fraction(operator.index(numerator), operator.index(denominator))
    if not 1 <= rate <= 240:
        raise ValueError("A frame rate must lie between 1 and 240.")
    return rate


def _audio(name: str, offset: float) -> AudioReference:
    if not math.isfinite(offset) or not isinstance(name, str):
        raise TypeError
    return AudioReference(name, float(offset))


def concatenate(parts: Sequence[Performance]) -> Performance:
    """The parts one after another: one fps, the first part's identity, audio and tracks. Raises ValueError."""
    if not parts:
        raise ValueError("There is nothing to concatenate.")
    if any(part.fps != parts[0].fps for part in parts):
        raise ValueError("Parts of different frame rates cannot be concatenated; resample them first.")
    return replace(parts[0], **{name: np.concatenate([getattr(part, name) for part in parts]) for name in CHANNELS})
