"""What travels between a stream's session and its process, and what a client may ask of a stream."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from garrick.job import Fps

from .wire import Asset

if TYPE_CHECKING:
    from garrick.motion.live_frames import Motion

HEAD = struct.Struct(">II")
"""Before each message between the processes: bytes of its JSON, bytes of what follows that."""

NUMBER = struct.Struct(">I")
"""Before the samples or the picture in a binary WebSocket message: the input's number, or the frame's."""

MOMENT = struct.Struct(">d")
"""Between the number and a camera's picture: its seconds."""

_ASKED = frozenset({"text", "gesture", "emotion"})
_VOICE_ONLY = frozenset({"rate", "format", "expression", "head_motion", "gestures", "learned", "seed"})


class Start(BaseModel):
    """What a client wants of a stream."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["start"]
    portrait: Asset | None = Field(None, description="An uploaded picture; null for motion only, of the average head.")
    camera: Literal["frames"] | Annotated[int, Field(strict=True, ge=0, lt=64)] | None = Field(
        None,
        description="Who is seen moves, instead of who is heard: the number of a camera of the service's machine, or "
        '"frames" for pictures that the client sends.',
    )
    consent: bool = Field(False, description="The person in the portrait agrees; needed once a portrait.")
    fps: Fps = Fraction(25)
    rate: int = Field(16000, description="Samples a second, mono.")
    format: Literal["s16", "f32"] = Field("s16", description="Little-endian samples.")
    frames: Literal["none", "jpeg", "webp"] = "none"
    size: tuple[int, int] = (512, 512)
    background: Asset | None = Field(
        None, description="An uploaded picture behind the person, instead of the photo's own; scaled until it covers."
    )
    expression: float = Field(1.0, ge=0, le=2)
    head_motion: float = Field(1.0, ge=0, le=2)
    gestures: float = Field(1.0, ge=0, le=2, description="0 leaves arms and hands where they are.")
    learned: float = Field(
        0.5, ge=0, le=1, description="As offline; it ends, with a word of it, where it comes too late."
    )
    seed: int = Field(0, ge=0, lt=2**32)

    @field_validator("fps")
    @classmethod
    def _at_most_60(cls, fps: Fraction) -> Fraction:
        if fps > 60:
            raise ValueError("A stream has at most 60 frames a second.")
        return fps

    @field_validator("size")
    @classmethod
    def _even(cls, size: tuple[int, int]) -> tuple[int, int]:
        if any(side % 2 or not 128 <= side <= 1024 for side in size):
            raise ValueError("Width and height must be even and lie between 128 and 1024 pixels.")
        return size

    @model_validator(mode="after")
    def _seen_or_heard(self) -> Start:
        if self.camera is not None and (voice := sorted(_VOICE_ONLY & self.model_fields_set)):
            raise ValueError(f"A stream of a camera has no {' and no '.join(voice)}.")
        return self

    @property
    def binary(self) -> Literal["audio", "picture"] | None:
        """What the client's binary messages are; None where it sends none."""
        if self.camera is None:
            return "audio"
        return "picture" if self.camera == "frames" else None


class Resume(BaseModel):
    """A client that was cut off comes back. id: of the last message that it has, -1 for none."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["resume"]
    session: str = Field(max_length=64)
    id: int = Field(ge=-1, lt=2**31)


class Control(BaseModel):
    """Everything else that is neither sound nor picture."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["text", "gesture", "emotion", "calibrate", "flush", "end", "ack"]
    input: int | None = Field(None, ge=0, lt=2**32)
    text: str | None = None
    gesture: str | None = None
    emotion: str | None = None
    strength: float | None = None
    id: int | None = Field(None, ge=0, lt=2**31)

    @model_validator(mode="after")
    def _complete(self) -> Control:
        needed = {"id"} if self.type == "ack" else {"input", *({self.type} & _ASKED)}
        given = {name for name in type(self).model_fields if name != "type" and getattr(self, name) is not None}
        if given - ({"strength"} if self.type == "emotion" else set()) != needed:
            raise ValueError(f"A {self.type} message has {' and '.join(sorted(needed))}.")
        return self

    @property
    def asked(self) -> dict[str, Any]:
        """What an input asks for, by name."""
        return {name: value for name in (*_ASKED, "strength") if (value := getattr(self, name)) is not None}


def pack(message: dict[str, Any], payload: bytes = b"") -> bytes:
    """One message between the processes."""
    head = json.dumps(message).encode()
    return HEAD.pack(len(head), len(payload)) + head + payload


def read_message(stream: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    """The next message of a pipe; None at its end."""
    lengths = stream.read(HEAD.size)
    if len(lengths) < HEAD.size:
        return None
    head, payload = HEAD.unpack(lengths)
    data = stream.read(head + payload)
    return None if len(data) < head + payload else (json.loads(data[:head]), data[head:])


def motion_json(motion: Motion, fps: Fraction, more: Sequence[dict[str, Any]] = ()) -> bytes:
    """The frames of a `Motion` as a JSON list, `more` of each as well; five decimals, which no eye sees."""
    from garrick.motion.live_frames import ARM_JOINTS, SPINE  # here: the service itself needs no bodies

    frames = []
    for row in range(len(motion)):
        number = motion.first + row
        frame = {
            "frame": number,
            "time": float(number / fps),
            "face": _rounded(motion.face[row]),
            "head": {
                "rotation": _rounded(motion.head_rotation[row]),
                "translation": _rounded(motion.head_translation[row]),
            },
            "gaze": _rounded(motion.gaze[row]),
        }
        if motion.spine is not None:
            frame["body"] = dict(zip(SPINE, map(_rounded, motion.spine[row]), strict=True))
        if motion.arms is not None and motion.left_hand is not None and motion.right_hand is not None:
            frame["body"] |= dict(zip(ARM_JOINTS, map(_rounded, motion.arms[row]), strict=True))
            frame["left_hand"], frame["right_hand"] = _rounded(motion.left_hand[row]), _rounded(motion.right_hand[row])
        frames.append(frame | (more[row] if more else {}))
    return json.dumps(frames, separators=(",", ":")).encode()


def _rounded(values: np.ndarray) -> list[Any]:
    return np.round(values.astype(np.float64), 5).tolist()
