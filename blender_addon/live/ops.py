"""Live: drive the active shot's rig while a voice is heard, and keep the motion when asked."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty
from bpy_extras.io_utils import ImportHelper

from .. import tasks
from ..answers import ServiceError
from ..backend_link import link
from ..shot_import.props import active_shot
from ..shot_import.shot import read_shot
from . import show, sources
from .drive import Driver
from .record import keep
from .session import Session

_HIGHEST_RATE = 60  # frames a second that the service streams


class GARRICK_OT_live_start(bpy.types.Operator, ImportHelper):
    """Drive the active shot's head from a voice while it is heard"""

    bl_idname = "garrick.live_start"
    bl_label = "Go Live"
    bl_options = {"REGISTER"}  # noqa: RUF012, Blender reads it

    filter_glob: StringProperty(default="*.wav;*.flac;*.ogg;*.mp3;*.m4a", options={"HIDDEN"})  # type: ignore[valid-type]
    source: EnumProperty(  # type: ignore[valid-type]
        name="Source",
        items=(
            ("FILE", "Sound File", "A voice from a file, played while it drives the head"),
            ("MICROPHONE", "Microphone", "What this machine's recorder hears"),
        ),
    )
    record: BoolProperty(  # type: ignore[valid-type]
        name="Record", description="Keep the motion as a new Action on its own NLA track", default=True
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _poll(cls, context)

    @classmethod
    def description(cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        heard = "the microphone" if properties.source == "MICROPHONE" else "a sound file"
        return f"Drive the active shot's head from {heard} while it is heard"

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if self.source == "MICROPHONE":
            return self._begin(context, wait=False)
        if not self.filepath:
            return ImportHelper.invoke(self, context, event)
        return self._begin(context, wait=False)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """From the file dialog: at once. In background: the whole file, as fast as the service can, and wait for it."""
        return self._begin(context, wait=bpy.app.background)

    def _begin(self, context: bpy.types.Context, wait: bool) -> set[str]:
        try:
            live = make(context, self.source, self.filepath, self.record, paced=not wait)
            if wait:
                tasks.run(live.task)
            else:
                show.begin(live)
        except (ServiceError, ValueError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


def make(context: bpy.types.Context, source: str, filepath: str, record: bool, paced: bool) -> show.Live:
    """A session for the active shot. Raises ValueError, OSError."""
    shot, scene = active_shot(context), context.scene
    assert shot is not None  # `poll` has seen to it
    stored = read_shot(Path(bpy.path.abspath(shot.garrick.folder)) / "shot.json")
    fps = min(stored.performance.fps, Fraction(_HIGHEST_RATE))
    driver = Driver(shot, stored.rig)
    sound = None
    if source == "MICROPHONE":
        command = sources.recorder()
        if command is None:
            raise ValueError(NO_RECORDER)
        voice = sources.listen(command)
    else:
        sound = Path(bpy.path.abspath(filepath))
        if not sound.is_file():
            raise ValueError(f"There is no file {sound.name}.")
        voice = sources.read(sound)
    link.settings()  # read here, used in the thread
    session = Session(lambda handle: link.ensure(handle.check), voice, fps, paced and sound is not None)
    names = (shot.name, scene.name) if record else None

    def ended(frames: list) -> None:
        if names is not None:
            keep(*names, stored.rig, frames, fps, stored.performance.identity)

    return show.Live(session, driver, sound, ended)


class GARRICK_OT_live_stop(bpy.types.Operator):
    """Stop listening; what was heard so far is kept when it is recorded"""

    bl_idname = "garrick.live_stop"
    bl_label = "Stop Live"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not show.running():
            cls.poll_message_set("Nothing is live")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        assert show.current is not None
        show.current.stop()
        return {"FINISHED"}


NO_RECORDER = "No recorder was found. Install one of: parec, pw-record, arecord, ffmpeg (Linux); sox, ffmpeg (macOS)."


def _poll(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    if active_shot(context) is None:
        cls.poll_message_set("Import a shot, or select one of its objects")
    elif show.running():
        cls.poll_message_set("It is live already")
    else:
        return True
    return False


def register() -> None:
    bpy.utils.register_class(GARRICK_OT_live_start)
    bpy.utils.register_class(GARRICK_OT_live_stop)


def unregister() -> None:
    if show.running():
        show.current.stop()
    bpy.utils.unregister_class(GARRICK_OT_live_stop)
    bpy.utils.unregister_class(GARRICK_OT_live_start)
