"""The operators on the curves of the active shot, or of the active character that plays one."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.app.translations import pgettext_iface as iface
from bpy.props import BoolProperty, EnumProperty, FloatProperty, StringProperty
from bpy_extras.io_utils import ImportHelper

from ..core.edits import MOUTH
from ..core.performance import Performance
from ..core.retiming import TimeMap, align
from ..core.speech_times import SpeechTimes, read_speech_times
from ..rerender.versions import active_folder
from ..shot_import.sound import add_sound
from ..shot_import.timeline import place_in
from . import motion_files, tools
from .curves import REGIONS, Subject, channels_of
from .sounds import mute_sound
from .speech import by_markers, move_markers, remember, speech_of
from .subjects import obstacle, subject_of


class _CurveTool:
    """Common to the tools: on the active shot or character, an error in a sentence, one undo step."""

    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012, Blender reads it

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        why = obstacle(context)
        if why is not None:
            cls.poll_message_set(why)
        return why is None

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            message = self.apply(context.scene, subject_of(context))
        except (ValueError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, message)
        return {"FINISHED"}


class _RegionTool(_CurveTool):
    """A tool that acts on a choice of curves and keys."""

    region: EnumProperty(name="Curves", description="Which curves", items=REGIONS, default="FACE")  # type: ignore[valid-type]
    keys: EnumProperty(name="Keys", description="Which keys of these curves", items=tools.KEYS)  # type: ignore[valid-type]


class GARRICK_OT_curves_gain(_RegionTool, bpy.types.Operator):
    """Make motion larger or smaller: 1 changes nothing, 0 is at rest, 2 is twice as much"""

    bl_idname = "garrick.curves_gain"
    bl_label = "Gain"

    factor: FloatProperty(  # type: ignore[valid-type]
        name="Factor", description="How much larger, 1 changes nothing", min=0, soft_max=3, default=1.25
    )
    about: EnumProperty(  # type: ignore[valid-type]
        name="About",
        description="What stays where it is",
        items=(
            ("REST", "Rest", "No expression, the head straight"),
            ("AVERAGE", "Average", "Each curve's own average: a head that looks aside goes on doing so"),
        ),
    )

    def apply(self, scene: bpy.types.Scene, subject: Subject) -> str:
        channels = channels_of(subject, self.region)
        return _changed(tools.gain(scene, channels, self.keys, self.factor, self.about == "AVERAGE"))


class GARRICK_OT_curves_smooth(_RegionTool, bpy.types.Operator):
    """Take jitter out of motion, without delaying it"""

    bl_idname = "garrick.curves_smooth"
    bl_label = "Smooth"

    seconds: FloatProperty(  # type: ignore[valid-type]
        name="Width",
        description="Seconds over which motion is averaged (one standard deviation)",
        min=0.001, soft_max=0.5, default=0.04, precision=3, unit="TIME_ABSOLUTE",
    )  # fmt: skip
    keep_closures: BoolProperty(  # type: ignore[valid-type]
        name="Keep Closures", description="Lips still close on every p, b and m, and lids in a blink", default=True
    )

    def apply(self, scene: bpy.types.Scene, subject: Subject) -> str:
        channels = channels_of(subject, self.region)
        mouth = any(channel.follows.source.startswith(MOUTH) for channel in channels)
        sealed_at = None
        if self.keep_closures:
            speech = speech_of(subject.shot, subject.keeper) if mouth else SpeechTimes((), (), None)
            sealed_at = speech.sealed_at()
        return _changed(tools.smooth(scene, channels, self.keys, self.seconds, sealed_at))


class GARRICK_OT_curves_reduce(_RegionTool, bpy.types.Operator):
    """Leave out keys that straight lines between the others pass closely enough, so that curves are easy to edit by hand"""

    bl_idname = "garrick.curves_reduce"
    bl_label = "Reduce Keys"

    weight: FloatProperty(  # type: ignore[valid-type]
        name="Face", description="Largest error of a shape key, 0 to 1", min=0, soft_max=0.2, default=0.01, precision=4
    )
    angle: FloatProperty(  # type: ignore[valid-type]
        name="Turn", description="Largest error of a bone's turn", min=0, soft_max=0.1, default=0.005, subtype="ANGLE"
    )
    distance: FloatProperty(  # type: ignore[valid-type]
        name="Place", description="Largest error of a bone's place", min=0, default=0.0005, precision=5, unit="LENGTH"
    )

    def apply(self, scene: bpy.types.Scene, subject: Subject) -> str:
        bounds = tools.Bounds(self.weight, self.angle, self.distance)
        done = tools.reduce(scene, channels_of(subject, self.region), self.keys, bounds)
        message = iface("{after} of {before} keys left.").format(after=done.after, before=done.before)
        if done.left:
            message += " " + iface("{left} curves with Bezier or stepped keys were left alone.").format(left=done.left)
        return message


class GARRICK_OT_curves_close_lips(_CurveTool, bpy.types.Operator):
    """Close the lips at the playhead, where a p, b or m shows daylight"""

    bl_idname = "garrick.curves_close_lips"
    bl_label = "Close Lips"

    hold: FloatProperty(  # type: ignore[valid-type]
        name="Hold", description="Seconds that the lips stay closed", min=0, soft_max=0.5, default=0.04,
        precision=3, unit="TIME_ABSOLUTE",
    )  # fmt: skip

    def apply(self, scene: bpy.types.Scene, subject: Subject) -> str:
        tools.close_lips(scene, channels_of(subject, "FACE"), scene.frame_current_final, self.hold)
        return iface("Lips closed at frame {frame:g}.").format(frame=scene.frame_current_final)


class GARRICK_OT_curves_blink(_CurveTool, bpy.types.Operator):
    """Insert a blink that is shut at the playhead"""

    bl_idname = "garrick.curves_blink"
    bl_label = "Insert Blink"

    def apply(self, scene: bpy.types.Scene, subject: Subject) -> str:
        tools.blink(scene, channels_of(subject, "FACE"), scene.frame_current_final)
        return iface("Blink at frame {frame:g}.").format(frame=scene.frame_current_final)


class GARRICK_OT_curves_mirror(_CurveTool, bpy.types.Operator):
    """Swap left and right of the whole performance: face, head and eyes"""

    bl_idname = "garrick.curves_mirror"
    bl_label = "Mirror"

    def apply(self, scene: bpy.types.Scene, subject: Subject) -> str:
        return iface("{count} curves mirrored.").format(count=tools.mirror(channels_of(subject, "ALL")))


class GARRICK_OT_curves_retime_markers(_CurveTool, bpy.types.Operator):
    """Move the performance to where you have dragged the markers of its words; what lies between stretches"""

    bl_idname = "garrick.curves_retime_markers"
    bl_label = "Retime to Markers"

    def apply(self, scene: bpy.types.Scene, subject: Subject) -> str:
        times = by_markers(scene, place_in(scene, subject.start), speech_of(subject.shot, subject.keeper).words)
        return _retime(scene, subject, times)


class GARRICK_OT_curves_retime_speech(_CurveTool, bpy.types.Operator, ImportHelper):
    """Move the performance to another recording of the same words: choose the shot.json or speech.json that Garrick made of
    it; sound by sound, motion goes to where it is said now"""

    bl_idname = "garrick.curves_retime_speech"
    bl_label = "Retime to New Voice"

    filename_ext = ".json"
    filter_glob: StringProperty(default="*.json", options={"HIDDEN"})  # type: ignore[valid-type]
    replace_sound: BoolProperty(  # type: ignore[valid-type]
        name="Replace Sound", description="Mute the shot's sound strip and add the new voice", default=True
    )

    def apply(self, scene: bpy.types.Scene, subject: Subject) -> str:
        now, new = speech_of(subject.shot, subject.keeper), read_speech_times(Path(bpy.path.abspath(self.filepath)))
        times = align(now.phones, new.phones)
        place = place_in(scene, subject.start)
        message = _retime(scene, subject, times)
        move_markers(scene, place, now.words, times)
        if self.replace_sound and new.audio is not None:
            note = add_sound(scene, place, new.audio, Performance.rest(1, 25))
            if note is None:
                mute_sound(scene, active_folder(subject.shot) / "audio.wav")
        return message


def _retime(scene: bpy.types.Scene, subject: Subject, times: TimeMap) -> str:
    channels = channels_of(subject, "ALL")
    tools.retime(scene, channels, times)
    remember(subject.keeper, times)
    last = max(channel.clock.scene_frame(curve.range()[1]) for channel in channels for curve in channel.curves)
    message = iface("The performance now ends at frame {frame:.0f}.").format(frame=float(last))
    if last > scene.frame_end:
        message += " " + iface("The scene ends at {frame}.").format(frame=scene.frame_end)
    return message


def _changed(count: int) -> str:
    return iface("{count} keys changed.").format(count=count)


_CLASSES = (
    GARRICK_OT_curves_gain, GARRICK_OT_curves_smooth, GARRICK_OT_curves_reduce, GARRICK_OT_curves_close_lips,
    GARRICK_OT_curves_blink, GARRICK_OT_curves_mirror, GARRICK_OT_curves_retime_markers,
    GARRICK_OT_curves_retime_speech,
)  # fmt: skip


def register() -> None:
    """Add the tools, what they remember, and the motion files of other programs."""
    for item in _CLASSES:
        bpy.utils.register_class(item)
    motion_files.register()


def unregister() -> None:
    """Take them away again."""
    motion_files.unregister()
    for item in reversed(_CLASSES):
        bpy.utils.unregister_class(item)
