"""What a scene remembers of its inputs and settings, and the list of jobs that the window shows."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, CollectionProperty, EnumProperty, IntProperty, PointerProperty, StringProperty

from .. import version_adapter
from ..shot_import.timeline import PLACES
from . import consent, schema_ui
from .inputs import portrait_of

_VOICES = (
    ("FILE", "File", "A sound or video file with a voice in it"),
    ("STRIP", "Strip", "A sound strip of this scene's sequencer, as it is trimmed there"),
    ("TEXT", "Text", "A line that is typed here, spoken by Garrick's voice"),
    ("BLOCK", "Block", "What is selected in a text of the text editor, or all of it"),
)


def _read_consent(inputs: GARRICK_PG_inputs) -> bool:
    portrait = portrait_of(inputs.id_data)
    return portrait is not None and consent.given(portrait)


def _write_consent(inputs: GARRICK_PG_inputs, agreed: bool) -> None:
    portrait = portrait_of(inputs.id_data)
    if portrait is not None:
        consent.give(portrait, agreed)


class GARRICK_PG_inputs(bpy.types.PropertyGroup):
    """What a scene's next job is made of."""

    shot_name: StringProperty(  # type: ignore[valid-type]
        name="Shot", description="Name of the shot and of its folder; the portrait's when it is empty", maxlen=60
    )
    portrait: StringProperty(  # type: ignore[valid-type]
        name="Portrait",
        description="Photo of one person: PNG, JPEG, WebP or TIFF",
        subtype="FILE_PATH",
        options=version_adapter.path_options(),
    )
    consent: BoolProperty(  # type: ignore[valid-type]
        name="The person agrees",
        description="The person in the portrait agrees to this use of the face. Asked once for each picture",
        options=set(),
        get=_read_consent,
        set=_write_consent,
    )
    place: EnumProperty(  # type: ignore[valid-type]
        name="Begin at",
        description="Where the shot begins in the scene's time, at the press of the button",
        items=PLACES,
    )
    voice: EnumProperty(name="Voice", description="Where the voice comes from", items=_VOICES)  # type: ignore[valid-type]
    audio: StringProperty(  # type: ignore[valid-type]
        name="Voice File",
        description="Any sound or video file with a voice in it",
        subtype="FILE_PATH",
        options=version_adapter.path_options(),
    )
    strip: StringProperty(name="Strip", description="A sound strip of this scene's sequencer")  # type: ignore[valid-type]
    said: StringProperty(  # type: ignore[valid-type]
        name="What the Voice Says",
        description="The words in the recording, for better lips and the times of words; may stay empty",
    )
    said_block: PointerProperty(  # type: ignore[valid-type]
        name="What the Voice Says",
        description="A text of the text editor that holds the words in the recording, instead of the line",
        type=bpy.types.Text,
    )
    text: StringProperty(name="Text", description="What to say")  # type: ignore[valid-type]
    text_block: PointerProperty(  # type: ignore[valid-type]
        name="Text Block", description="What is selected in it is spoken, or all of it", type=bpy.types.Text
    )
    settings: StringProperty(description="The settings that were chosen: JSON", options={"HIDDEN"})  # type: ignore[valid-type]


class GARRICK_PG_job(bpy.types.PropertyGroup):
    """A line of the list of jobs; `name` is the key under which `history` knows it."""


_CLASSES = (GARRICK_PG_inputs, GARRICK_PG_job)


def register() -> None:
    """Give every scene its inputs and settings, and the window its list."""
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Scene.garrick_inputs = PointerProperty(type=GARRICK_PG_inputs)
    bpy.types.WindowManager.garrick_jobs = CollectionProperty(type=GARRICK_PG_job)
    bpy.types.WindowManager.garrick_job = IntProperty(name="Job", options=set())
    schema_ui.register()


def unregister() -> None:
    """Take them away again; what files have saved of them stays in them."""
    schema_ui.unregister()
    del bpy.types.WindowManager.garrick_job
    del bpy.types.WindowManager.garrick_jobs
    del bpy.types.Scene.garrick_inputs
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
