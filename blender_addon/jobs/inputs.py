"""What the panel's inputs ask for: the job, or why there is none yet."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import bpy
from bpy.app.translations import pgettext_iface as _

from .. import version_adapter
from ..runner import ASSET
from . import consent, portraits, schema_ui
from .schema import fault
from .words import spoken_text, words_said


@dataclass(frozen=True)
class Cut:
    """A part of a sound file, in seconds."""

    path: Path
    start: float
    duration: float


@dataclass(frozen=True)
class Asked:
    """A job as the panel asks for it, with nothing of Blender in it.

    job:  of /v1/schema, files by their absolute paths; without "audio" where `cut` gives it.
    name: for people and for the shot's folder. cut: the voice is this part of a file.
    """

    job: dict[str, Any]
    name: str
    cut: Cut | None


def portrait_of(scene: bpy.types.Scene) -> Path | None:
    """The chosen picture; None when there is none, or no such file."""
    return _file(scene.garrick_inputs.portrait)


def sound_strip(scene: bpy.types.Scene) -> Any:
    """The chosen sound strip; None when there is none of that name."""
    editor = scene.sequence_editor
    if editor is None:
        return None
    strip = getattr(editor, version_adapter.strips_name(editor)).get(scene.garrick_inputs.strip)
    return strip if strip is not None and strip.type == "SOUND" else None


def problem(scene: bpy.types.Scene) -> str | None:
    """Why no job can be asked for, in a sentence that says what to do; None when one can."""
    inputs = scene.garrick_inputs
    if not inputs.portrait:
        return _("Choose a portrait first")
    portrait = portrait_of(scene)
    if portrait is None:
        return _("There is no file {path}").format(path=bpy.path.abspath(inputs.portrait))
    unusable = portraits.problem(scene, portrait)
    if unusable is not None:
        return unusable
    if not consent.given(portrait):
        return _("Confirm first that the person in the portrait agrees")
    wrong = _voice_problem(scene)
    if wrong is not None:
        return wrong
    return next((found for found in _setting_problems(scene)), None)


def asked(scene: bpy.types.Scene) -> Asked:
    """The job that the panel asks for. Raises ValueError with a sentence when there is none."""
    wrong = problem(scene)
    if wrong is not None:
        raise ValueError(f"{wrong}.")
    inputs = scene.garrick_inputs
    portrait = portrait_of(scene)
    assert portrait is not None
    job: dict[str, Any] = {"portrait": str(portrait)}
    cut = None
    match inputs.voice:
        case "FILE" if inputs.audio:
            job["audio"] = str(_file(inputs.audio))
        case "STRIP":
            cut = _cut(scene, sound_strip(scene))
        case "TEXT" | "BLOCK" if spoken_text(scene):
            job["text"] = spoken_text(scene)
    if ("audio" in job or cut is not None) and words_said(scene):
        job["text"] = words_said(scene)
    for field in schema_ui.shown(scene):
        value = schema_ui.value_of(scene, field)
        if value not in (None, "") and (field.unset or value != field.default):
            job[field.name] = str(_file(value)) if field.asset else value
    return Asked(job, inputs.shot_name.strip() or portrait.stem, cut)


def restore(scene: bpy.types.Scene, name: str, job: dict[str, Any]) -> None:
    """Put a job back into the inputs and settings; files that this computer does not have are left as they are."""
    inputs, voices = scene.garrick_inputs, {"audio": "FILE", "text": "TEXT"}
    inputs.shot_name = name[:60]
    recorded = bool(job.get("audio"))
    inputs.said, inputs.said_block = job.get("text") or "" if recorded else "", None
    for field in ("portrait", "audio") if recorded else ("portrait", "text"):
        value = job.get(field)
        if value and not value.startswith(ASSET):
            setattr(inputs, field, value)
            inputs.voice = voices.get(field, inputs.voice)
    known = {field.name: field for field in schema_ui.fields()}
    chosen = {name: value for name, value in job.items() if name in known}
    theirs = {name for name, value in chosen.items() if known[name].asset and str(value).startswith(ASSET)}
    schema_ui.store(scene, {name: value for name, value in chosen.items() if name not in theirs})


def take_from_scene(scene: bpy.types.Scene) -> None:
    """Set the frame rate and the picture size from the scene's output."""
    render = scene.render
    rate = Fraction(render.fps) / Fraction(render.fps_base).limit_denominator(10_000)
    scale = render.resolution_percentage / 100
    size = [round(render.resolution_x * scale), round(render.resolution_y * scale)]
    found = {"rate": str(rate), "size": size}
    chosen = {field.name: found[field.widget] for field in schema_ui.fields() if field.widget in found}
    schema_ui.store(scene, schema_ui.stored(scene) | chosen)


def write_cut(cut: Cut, target: Path) -> Path:
    """Write a part of a sound as 16-bit WAV; needs no Blender data, so it may run in a thread. Raises ValueError."""
    import aud

    try:
        sound = aud.Sound(str(cut.path)).limit(cut.start, cut.start + cut.duration)
        rate, channels = sound.specs
        sound.write(
            str(target), rate=int(rate), channels=channels, format=aud.FORMAT_S16, container=aud.CONTAINER_WAV,
            codec=aud.CODEC_PCM,
        )  # fmt: skip
    except aud.error as error:
        raise ValueError(f"The sound of the strip cannot be read: {error}.") from error
    return target


def _voice_problem(scene: bpy.types.Scene) -> str | None:
    inputs = scene.garrick_inputs
    if inputs.voice == "FILE":
        if not inputs.audio:
            return None if schema_ui.is_set(scene, "performance") else _("Choose a voice, or type a text")
        if _file(inputs.audio) is None:
            return _("There is no file {path}").format(path=bpy.path.abspath(inputs.audio))
        return None
    if inputs.voice == "STRIP":
        return _strip_problem(sound_strip(scene))
    if not spoken_text(scene) and not schema_ui.is_set(scene, "performance"):
        return _("Type what to say") if inputs.voice == "TEXT" else _("Choose a text block with words in it")
    return None


def _strip_problem(strip: Any) -> str | None:
    if not version_adapter.has_sound():
        return _("This Blender was built without sound: choose the voice as a file")
    if strip is None:
        return _("Choose a sound strip of the sequencer")
    if strip.sound is None or (strip.sound.packed_file is None and _file(strip.sound.filepath) is None):
        return _("The sound file of the strip {name} is missing").format(name=strip.name)
    if len(strip.retiming_keys):
        return _("The strip {name} plays at another speed: render its sound to a file first").format(name=strip.name)
    return None


def _setting_problems(scene: bpy.types.Scene) -> list[str]:
    found = []
    for field in schema_ui.shown(scene):
        value = schema_ui.value_of(scene, field)
        if value in (None, ""):
            continue
        if field.asset and _file(value) is None:
            found.append(_("There is no file {path}").format(path=bpy.path.abspath(value)))
        wrong = fault(field, value)
        if wrong is not None:
            found.append(wrong.rstrip("."))
    return found


def _cut(scene: bpy.types.Scene, strip: Any) -> Cut:
    """The part of its file that a strip plays; a packed sound is unpacked for it."""
    rate = scene.render.fps / scene.render.fps_base
    skipped, frames = version_adapter.strip_trim(strip)
    before = max(0.0, -skipped)  # frames of silence that the strip holds before its sound
    path = _file(strip.sound.filepath)
    if path is None:
        # The name stays the same for the same strip, so that not every job leaves another copy of its sound.
        path = Path(bpy.app.tempdir) / f"garrick-{bpy.path.clean_name(strip.name)}{Path(strip.sound.filepath).suffix}"
        path.write_bytes(strip.sound.packed_file.data)
    return Cut(path, max(0.0, skipped) / rate, (frames - before) / rate)


def _file(path: str) -> Path | None:
    """The absolute path of a file that is there."""
    found = Path(bpy.path.abspath(path)) if path else None
    return found if found is not None and found.is_file() else None
