"""Job: everything one request asks for; the API's body, the job file and the panel's settings in one model."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)

from garrick.core.knobs import Knob, read_knobs, write_knobs
from garrick.core.seeds import with_seeds
from garrick.core.timing import parse_fps
from garrick.errors import InputError
from garrick.motion.emotion import AUTO, EMOTIONS
from garrick.rendering.camera_moves import Move
from garrick.speech.catalogue import DEFAULT, VOICES, find_voice

Fps = Annotated[Fraction, BeforeValidator(parse_fps), PlainSerializer(lambda fps: str(fps), return_type=str)]


def _voice(name: str) -> str:
    """The name, if it is one. Raises ValueError."""
    try:
        return find_voice(name).name
    except InputError as error:
        raise ValueError(str(error)) from error


VoiceName = Annotated[str, AfterValidator(_voice), WithJsonSchema({"type": "string", "enum": list(VOICES)})]
"""A panel offers the voices that have a name; a mix of Kokoro's, "kokoro:af_heart*0.6+bf_emma*0.4", is taken too."""


def _emotion(name: str) -> str:
    """The name, if it is one. Raises ValueError."""
    if name not in _FELT:
        raise ValueError(f"{name[:40]!r} is no emotion; there are {', '.join(_FELT)}.")
    return name


_FELT = (*EMOTIONS, AUTO)
EmotionName = Annotated[str, AfterValidator(_emotion), WithJsonSchema({"type": "string", "enum": list(_FELT)})]


def _groups(given: Any) -> dict[str, Knob]:
    """Of words or of a table. Raises ValueError."""
    if not isinstance(given, (str, Mapping)):
        raise ValueError("Write knobs of groups like jaw=1.2, eyes=off.")
    return read_knobs(given)


Groups = Annotated[
    Mapping[str, Knob],
    BeforeValidator(_groups),
    PlainSerializer(write_knobs, return_type=str),
]

MANNER = (
    "expression", "head_motion", "gestures", "emotion", "emotion_strength", "learned", "learned_body", "groups",
)  # fmt: skip
"""The fields that say how somebody performs."""

SEEDS = "seeds"
"""A key that is read beside the fields: seeds alone, "head=5, eyes=7", which go into `Job.groups`."""

FILE_FIELDS = ("portrait", "audio", "camera", "performance", "style", "background")
"""The fields that name files: paths here, "sha256:..." of uploaded assets in the HTTP API."""


def _shown(group: str, widget: str, unit: str | None = None, unless: str | None = None) -> dict[str, Any]:
    """How a panel shows a field; `unless` names a field that must be empty for this one to be shown."""
    shown: dict[str, Any] = {"group": group, "widget": widget}
    if unit is not None:
        shown["unit"] = unit
    if unless is not None:
        shown["condition"] = {"field": unless, "is_set": False}
    return shown


class Job(BaseModel):
    """One request of the main job. Field titles, units and ranges are what a panel shows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    portrait: Path = Field(
        title="Portrait",
        description="Photo of one person: PNG, JPEG, WebP or TIFF.",
        json_schema_extra=_shown("Inputs", "image"),
    )
    audio: Path | None = Field(
        None,
        title="Voice",
        description="Any sound or video file with a voice in it.",
        json_schema_extra=_shown("Inputs", "sound"),
    )
    text: str | None = Field(
        None,
        title="Text",
        description="What the voice says, for better lips and times of words; without a voice what is to be said, "
        "which may hold <break/>, <emphasis> and [marks].",
        json_schema_extra=_shown("Inputs", "text"),
    )
    voice: VoiceName = Field(
        DEFAULT,
        title="Speaker",
        description="Who says the text: hibari, joe, espeak, or one of Kokoro's voices, which can be mixed.",
        json_schema_extra=_shown("Inputs", "text", unless="audio"),
    )
    language: str | None = Field(
        None,
        max_length=40,
        title="Language",
        description="Of the text, such as en-gb, de or fr; when empty the speaker's own, or English.",
        json_schema_extra=_shown("Inputs", "text"),
    )
    transcribe: bool = Field(
        False,
        title="Transcribe",
        description="Write down what the voice says, and its language, and use that as the text.",
        json_schema_extra=_shown("Inputs", "toggle", unless="text"),
    )
    speed: float = Field(
        1.0,
        ge=0.5,
        le=2,
        title="Speed",
        description="How fast the text is said, 1 is usual, 0.5..2.",
        json_schema_extra=_shown("Inputs", "slider", unless="audio"),
    )
    face_index: int | None = Field(
        None,
        ge=0,
        le=999,
        title="Face",
        description="Which face, left to right, when there are several.",
        json_schema_extra=_shown("Inputs", "face"),
    )
    performance: Path | None = Field(
        None,
        title="Performance",
        description="An edited performance.npz, rendered as it is; voice and text may then be missing.",
        json_schema_extra=_shown("Performance", "file"),
    )
    seed: int = Field(
        0,
        ge=0,
        lt=2**32,
        title="Seed",
        description="The same job and seed give the same bytes.",
        json_schema_extra=_shown("Performance", "number", unless="performance"),
    )
    groups: Groups = Field(
        {},
        title="Groups",
        description="Gain 0..2 or off, smoothing in seconds, and a seed that makes it anew, of groups of curves: jaw=1.2, "
        "eyes=off, head=0.8 smooth 0.1 seed 5.",
        json_schema_extra=_shown("Performance", "text", unless="performance"),
    )
    expression: float = Field(
        1.0,
        ge=0,
        le=2,
        title="Expression",
        description="Gain of the lips and the face, 0..2.",
        json_schema_extra=_shown("Performance", "slider", unless="performance"),
    )
    head_motion: float = Field(
        1.0,
        ge=0,
        le=2,
        title="Head motion",
        description="Gain of head, gaze and blinks, 0..2.",
        json_schema_extra=_shown("Performance", "slider", unless="performance"),
    )
    gestures: float = Field(
        1.0,
        ge=0,
        le=2,
        title="Gestures",
        description="Gain of arms, hands and trunk, 0..2; at 0 the arms hang.",
        json_schema_extra=_shown("Performance", "slider", unless="performance"),
    )
    emotion: EmotionName = Field(
        "neutral",
        title="Emotion",
        description="What is felt throughout, or auto for what English words and the voice say; a mark in the text, such "
        "as [happy] or [neutral], changes it.",
        json_schema_extra=_shown("Performance", "text", unless="performance"),
    )
    emotion_strength: float = Field(
        0.7,
        ge=0,
        le=1,
        title="Emotion strength",
        description="How much of the emotion shows, 0..1.",
        json_schema_extra=_shown("Performance", "slider", unless="performance"),
    )
    learned: float = Field(
        0.5,
        ge=0,
        le=1,
        title="Learned mouth",
        description="How much the mouth moves as captured people do, and not by rules alone, 0..1.",
        json_schema_extra=_shown("Performance", "slider", unless="performance"),
    )
    learned_body: bool = Field(
        False,
        title="Learned body",
        description="Arms, hands and trunk move as a net has learned them between the strokes; an experiment, see docs.",
        json_schema_extra=_shown("Performance", "toggle", unless="performance"),
    )
    style: Path | None = Field(
        None,
        title="Style",
        description="A performance.npz or Live Link Face CSV of somebody whose manner the learned mouth takes on.",
        json_schema_extra=_shown("Performance", "file", unless="performance"),
    )
    fps: Fps = Field(
        Fraction(25),
        title="Frame rate",
        description="Frames a second, e.g. 25, 23.976 or 30000/1001.",
        json_schema_extra=_shown("Frames", "rate", unit="frames/s") | {"minimum": 1, "maximum": 240},
    )
    size: tuple[int, int] = Field(
        (512, 512),
        title="Size",
        description="Width and height in pixels, even, 128..2048.",
        json_schema_extra=_shown("Frames", "size", unit="px") | {"minimum": 128, "maximum": 2048, "step": 2},
    )
    framing: Literal["head", "upper-body"] = Field(
        "head",
        title="Framing",
        description="How much of the person the frames show, as far as the photo does: hands need upper-body.",
        json_schema_extra=_shown("Frames", "text"),
    )
    background: Path | None = Field(
        None,
        title="Background",
        description="A picture behind the person instead of the photo's own; it covers the frame.",
        json_schema_extra=_shown("Frames", "file"),
    )
    frames: tuple[int, int] | None = Field(
        None,
        title="Frames",
        description="First and last frame to render, from 0.",
        json_schema_extra=_shown("Frames", "range", unit="frames") | {"minimum": 0},
    )
    refine: bool = Field(
        False,
        title="Refine the face",
        description="A small net mends lids, lips and edges of a face that moves; a frame takes about twice as long.",
        json_schema_extra=_shown("Frames", "toggle"),
    )
    passes: bool = Field(
        False,
        title="EXR passes",
        description="EXR with depth, normals, ids and UV besides the PNG, for compositing.",
        json_schema_extra=_shown("Frames", "toggle"),
    )
    prores: bool = Field(
        False,
        title="ProRes film",
        description="alpha.mov as well: ProRes 4444 of the person alone with straight alpha, and the sound, for editing.",
        json_schema_extra=_shown("Frames", "toggle"),
    )
    quality: Literal["draft", "final"] = Field(
        "final",
        title="Quality",
        description="Draft frames have half the width and height; the performance is the same.",
        json_schema_extra=_shown("Frames", "text"),
    )
    camera: Path | None = Field(
        None,
        title="Camera",
        description="A camera.json, one pose or one a frame; without it the photo's own camera.",
        json_schema_extra=_shown("Camera", "file"),
    )
    camera_move: Move = Field(
        "still",
        title="Camera move",
        description="How the photo's own camera moves: an orbit, a dolly or a hand that holds it.",
        json_schema_extra=_shown("Camera", "text", unless="camera"),
    )
    camera_amount: float | None = Field(
        None,
        ge=-90,
        le=90,
        title="Camera amount",
        description="Orbit: degrees to each side; dolly: percent nearer; handheld: millimetres of sway. If empty 12, 20, 4.",
        json_schema_extra=_shown("Camera", "number", unless="camera"),
    )

    @model_validator(mode="before")
    @classmethod
    def _sizes(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("size"), int):
            data = {**data, "size": (data["size"], data["size"])}
        return data

    @model_validator(mode="before")
    @classmethod
    def _seeded(cls, data: Any) -> Any:
        if not isinstance(data, dict) or SEEDS not in data:
            return data
        seeds = data[SEEDS]
        if not isinstance(seeds, (str, Mapping)):
            raise ValueError("Write seeds of groups like head=5, eyes=7.")
        others = {name: value for name, value in data.items() if name != SEEDS}
        return {**others, "groups": with_seeds(_groups(data.get("groups", {})), seeds)}

    @model_validator(mode="after")
    def _consistent(self) -> Job:
        if self.audio is None and self.text is None and self.performance is None:
            raise ValueError("Give a voice (audio), a text, or both; or a performance to render in silence.")
        if self.transcribe and (self.audio is None or self.text is not None):
            raise ValueError("Only a voice (audio) without its text can be transcribed.")
        if any(side % 2 or not 128 <= side <= 2048 for side in self.size):
            raise ValueError("Width and height must be even and lie between 128 and 2048 pixels.")
        if self.frames is not None and not 0 <= self.frames[0] <= self.frames[1]:
            raise ValueError("The frame range must run from a first to a last frame, both from 0.")
        return self
