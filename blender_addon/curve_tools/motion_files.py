"""Motion files of other programs: the active shot's performance out, theirs onto the active shot."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import bpy
import numpy as np
from bpy.app.translations import pgettext_iface as iface
from bpy.props import BoolProperty, EnumProperty, FloatProperty, StringProperty
from bpy_extras.io_utils import ExportHelper, ImportHelper

from .. import slices, tasks
from ..core.exchange import FORMATS, Format, read_motion
from ..core.performance import CHANNELS, Performance
from ..core.smplx_npz import Motion
from ..core.timing import parse_fps
from ..rerender.parts import by_uid, parts_of, refusal
from ..rerender.place import place_of
from ..rerender.read_curves import LAST_CAMERA, Read, Wanted, read_shot
from ..rerender.version_files import load
from ..rerender.versions import active_folder
from ..shot_import.animation import animate_bones, animate_face, keying
from ..shot_import.props import active_shot
from ..slices import Steps
from ..version_adapter import Clip

_SUFFIXES = {form.suffix for form in FORMATS.values()}
_FORMATS = tuple((key, form.label, f"Keeps {form.kept}") for key, form in FORMATS.items())


def obstacle(context: bpy.types.Context) -> str | None:
    """Why nothing can be exported from or imported onto a shot now; None when it can. Cheap: panels call it."""
    shot = active_shot(context)
    if shot is None:
        return "Select an object of a shot: the scene has none, or several"
    return refusal(shot)


class _MotionFile:
    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        why = obstacle(context)
        if why is not None:
            cls.poll_message_set(why)
        return why is None


class GARRICK_OT_export_motion(_MotionFile, bpy.types.Operator, ExportHelper):
    """Write the active shot's performance as it plays now, hand keys and NLA layers included, for another program"""

    bl_idname = "garrick.export_motion"
    bl_label = "Export Performance"
    bl_options = {"REGISTER"}  # noqa: RUF012, Blender reads it

    filename_ext = ""
    format: EnumProperty(  # type: ignore[valid-type]
        name="Format", description="What the file is for", items=_FORMATS, default="live-link"
    )
    filter_glob: StringProperty(default="*.csv;*.npz;*.bvh", options={"HIDDEN"})  # type: ignore[valid-type]

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        self.filepath = bpy.path.clean_name(active_shot(context).name) + FORMATS[self.format].suffix
        return ExportHelper.invoke(self, context, event)

    def check(self, context: bpy.types.Context) -> bool:
        """The file browser shows the ending of the format that is chosen."""
        path = Path(self.filepath)
        named = path.with_suffix("") if path.suffix.lower() in _SUFFIXES else path
        wanted = f"{named}{FORMATS[self.format].suffix}" if named.name else self.filepath
        changed, self.filepath = wanted != self.filepath, wanted
        return changed

    def execute(self, context: bpy.types.Context) -> set[str]:
        form, shot = FORMATS[self.format], active_shot(context)
        path = Path(bpy.path.abspath(self.filepath))
        if path.suffix.lower() != form.suffix:
            self.report({"ERROR"}, iface("{name} must end in {suffix}.").format(name=path.name, suffix=form.suffix))
            return {"CANCELLED"}
        try:
            if bpy.app.background:
                self.report({"INFO"}, _written(form, path, slices.read(reading(shot, context.scene)).performance))
            else:
                export_beside(shot, context.scene, form, path)
        except (ValueError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class GARRICK_OT_import_motion(_MotionFile, bpy.types.Operator, ImportHelper):
    """Lay the motion of a file over the active shot, as a new Action on a new NLA track; what was there stays below"""

    bl_idname = "garrick.import_motion"
    bl_label = "Import Performance"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012, Blender reads it

    filter_glob: StringProperty(default="*.csv;*.npz;*.bvh;*.glb", options={"HIDDEN"})  # type: ignore[valid-type]
    fps: StringProperty(  # type: ignore[valid-type]
        name="Frame Rate", description="Frames a second, where the file does not say it or is wrong; e.g. 60 or 29.97"
    )
    flip_head: BoolProperty(  # type: ignore[valid-type]
        name="Flip Head", description="Of a CSV that was taken with the phone on its side: turn yaw and pitch around"
    )
    up: EnumProperty(  # type: ignore[valid-type]
        name="Up",
        description="Of an NPZ: which axis points up",
        items=(
            ("AUTO", "As the File", "Told from the file's keys"),
            ("Y", "Y", "The body model's own space"),
            ("Z", "Z", "AMASS"),
        ),
    )
    metres: FloatProperty(  # type: ignore[valid-type]
        name="Unit", description="Of a BVH: metres of its unit, 0.01 for centimetres", min=1e-4, default=1, precision=4
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        path = Path(bpy.path.abspath(self.filepath))
        try:
            fps = _rate(self.fps)
            up = None if self.up == "AUTO" else self.up
            motion = read_motion(path, fps, self.flip_head, up, self.metres)
            apply_motion(active_shot(context), context.scene, motion, path.stem)
        except (ValueError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        for note in motion.notes:
            self.report({"WARNING"}, note)
        message = iface("{name}: {frames} frames on a new NLA track.")
        self.report({"INFO"}, message.format(name=path.stem, frames=len(motion.performance)))
        return {"FINISHED"}


def reading(shot: bpy.types.Collection, scene: bpy.types.Scene) -> Steps[Read]:
    """Steps that read the performance of a shot as Blender plays it now. Raises ValueError, OSError."""
    last = load(active_folder(shot))
    stored = last.shot.performance
    wanted = Wanted(
        shot=shot.session_uid,
        scene=scene.session_uid,
        rig=last.shot.rig,
        stored=stored,
        frames=range(len(stored)),
        camera=LAST_CAMERA,
        size=last.path.size,
        path=last.path,
    )
    return read_shot(wanted)


def export_beside(shot: bpy.types.Collection, scene: bpy.types.Scene, form: Format, path: Path) -> None:
    """Export while the window goes on; the Re-render panel shows how far it is and how it went."""
    uid = shot.session_uid

    def tell(message: str) -> None:
        with suppress(ValueError):  # the shot was deleted meanwhile: nobody is left to be told
            by_uid(bpy.data.collections, uid).garrick_rerender.note = message

    found: list[Performance] = []
    steps = reading(shot, scene)

    def first() -> Steps[None]:
        read = yield from steps
        found.append(read.performance)

    def work(handle: tasks.Handle) -> None:
        handle.progress("export")
        _write(form, path, found[0])

    def done(_: None) -> None:
        tell(_told(form, path, found[0]))

    tasks.start(tasks.Task(iface("Export"), work, done, lambda error: tell(str(error)), owner=uid, first=first()))


def _written(form: Format, path: Path, performance: Performance) -> str:
    """Write the file; what to tell the user. Raises ValueError."""
    _write(form, path, performance)
    return _told(form, path, performance)


def _write(form: Format, path: Path, performance: Performance) -> None:
    """Write a whole file or none. Raises ValueError with a sentence for the user."""
    aside = path.with_name(f".{path.name}.part")
    try:
        form.write(performance, aside)
        aside.replace(path)
    except OSError as error:
        with suppress(OSError):  # the disk that refused to write may refuse this too
            aside.unlink(missing_ok=True)
        raise ValueError(f"{path} cannot be written: {error.strerror or error}.") from error


def _told(form: Format, path: Path, performance: Performance) -> str:
    message = iface("{name}: {frames} frames, {kept}.")
    return message.format(name=path.name, frames=len(performance), kept=form.kept)


def apply_motion(shot: bpy.types.Collection, scene: bpy.types.Scene, motion: Motion, name: str) -> None:
    """Lay what a motion holds over a shot's head and rig. Raises ValueError with a sentence for the user, OSError."""
    parts = parts_of(shot)
    stored = load(active_folder(shot)).shot
    performance = _completed(motion, stored.performance)
    rig = stored.rig.following(motion.channels)
    if "face" not in motion.channels and not any(rig.joint_channels):
        raise ValueError("The file moves nothing that this shot has: neither face, head nor gaze.")
    clip = Clip(name)
    keys = keying(clip, place_of(shot, scene), performance)
    if "face" in motion.channels:
        animate_face(keys, parts.head, performance)
    animate_bones(keys, parts.armature, rig, performance)
    clip.lay_down()


def _completed(motion: Motion, stored: Performance) -> Performance:
    """The motion with the channels that it lacks taken from the shot, which rests at its end when it is shorter."""
    shot = stored.resampled(motion.performance.fps)
    frames = np.minimum(np.arange(len(motion.performance)), len(shot) - 1)
    lacking = {name: getattr(shot, name)[frames] for name in CHANNELS if name not in motion.channels}
    return replace(motion.performance, **lacking)


def _rate(words: str) -> Fraction | None:
    return parse_fps(words) if words.strip() else None


def _export_entry(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
    menu.layout.operator(GARRICK_OT_export_motion.bl_idname, text="Garrick Performance (.csv, .npz, .bvh)")


def _import_entry(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
    menu.layout.operator(
        GARRICK_OT_import_motion.bl_idname, text="Performance onto Garrick Shot (.csv, .npz, .bvh, .glb)"
    )


def register() -> None:
    """Add the operators and their menu entries."""
    bpy.utils.register_class(GARRICK_OT_export_motion)
    bpy.utils.register_class(GARRICK_OT_import_motion)
    bpy.types.TOPBAR_MT_file_export.append(_export_entry)
    bpy.types.TOPBAR_MT_file_import.append(_import_entry)


def unregister() -> None:
    """Take them away again."""
    bpy.types.TOPBAR_MT_file_import.remove(_import_entry)
    bpy.types.TOPBAR_MT_file_export.remove(_export_entry)
    bpy.utils.unregister_class(GARRICK_OT_import_motion)
    bpy.utils.unregister_class(GARRICK_OT_export_motion)
