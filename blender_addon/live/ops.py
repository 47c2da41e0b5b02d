"""Live: drive the active shot's rig while a voice is heard or a face is seen, and keep the motion when asked."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty
from bpy_extras.io_utils import ImportHelper

from .. import tasks
from ..answers import ServiceError
from ..backend_link import link
from ..client import Client
from ..shot_import.props import active_shot
from ..shot_import.shot import read_shot
from . import show, sources
from .drive import Driver
from .record import keep
from .session import CameraSession, VoiceSession

_HIGHEST_RATE = 60  # frames a second that the service streams


class GARRICK_OT_live_start(bpy.types.Operator, ImportHelper):
    """Drive the active shot's head from a voice while it is heard, or from a face while it is seen"""

    bl_idname = "garrick.live_start"
    bl_label = "Go Live"
    bl_options = {"REGISTER"}  # noqa: RUF012, Blender reads it

    filter_glob: StringProperty(default="*.wav;*.flac;*.ogg;*.mp3;*.m4a", options={"HIDDEN"})  # type: ignore[valid-type]
    source: EnumProperty(  # type: ignore[valid-type]
        name="Source",
        items=(
            ("FILE", "Sound File", "A voice from a file, played while it drives the head"),
            ("MICROPHONE", "Microphone", "What this machine's recorder hears"),
            ("CAMERA", "Camera", "The face that a camera of this machine sees"),
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
        if properties.source == "CAMERA":
            return "Drive the active shot's head from the face before a camera. Look into it calmly for two seconds"
        heard = "the microphone" if properties.source == "MICROPHONE" else "a sound file"
        return f"Drive the active shot's head from {heard} while it is heard"

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if self.source == "FILE" and not self.filepath:
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
                for words in filter(None, (live.session.notice, live.trouble)):
                    self.report({"WARNING"}, words)
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
    link.settings()  # read here, used in the thread
    sound = None

    def client(handle: tasks.Handle) -> Client:
        return link.ensure(handle.check)

    if source == "CAMERA":
        session = CameraSession(client, scene.garrick_live.camera, fps)
    elif source == "MICROPHONE":
        command = sources.recorder()
        if command is None:
            raise ValueError(NO_RECORDER)
        session = VoiceSession(client, sources.listen(command), fps, False, scene.garrick_live.gestures)
    else:
        sound = Path(bpy.path.abspath(filepath))
        if not sound.is_file():
            raise ValueError(f"There is no file {sound.name}.")
        session = VoiceSession(client, sources.read(sound), fps, paced, scene.garrick_live.gestures)
    names = (shot.name, scene.name) if record else None

    def ended(frames: list) -> None:
        if names is not None:
            heard = bytes(session.heard) if isinstance(session, VoiceSession) else b""
            try:
                keep(*names, stored.rig, frames, fps, stored.performance.identity, heard)
            except OSError as error:
                session.trouble = f"The motion is on the rig, but the take cannot be written: {error.strerror}."

    return show.Live(session, driver, sound, ended)


class GARRICK_OT_live_calibrate(bpy.types.Operator):
    """Learn the calm face anew: look into the camera calmly for two seconds. Do it when the person or the light changes"""

    bl_idname = "garrick.live_calibrate"
    bl_label = "Calm Face: Calibrate"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not show.running() or not isinstance(show.current.session, CameraSession):
            cls.poll_message_set("No camera is live")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        assert show.current is not None
        show.current.session.calibrate()
        return {"FINISHED"}


class _Asked:
    """Common to the operators that ask a live voice for something by its name."""

    name: StringProperty(name="Name")  # type: ignore[valid-type]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        session = voice()
        why = "No voice is live" if session is None else cls.refusal(session)
        if why:
            cls.poll_message_set(why)
        return not why

    def execute(self, context: bpy.types.Context) -> set[str]:
        self.ask(voice())
        return {"FINISHED"}


class GARRICK_OT_live_gesture(_Asked, bpy.types.Operator):
    """Make this gesture now, whatever is said"""

    bl_idname = "garrick.live_gesture"
    bl_label = "Gesture"

    @staticmethod
    def refusal(session: VoiceSession) -> str:
        return "" if session.can_gesture else "Arms stay as they are: start with Gestures above 0"

    def ask(self, session: VoiceSession) -> None:
        session.gesture(self.name)


class GARRICK_OT_live_emotion(_Asked, bpy.types.Operator):
    """Show this on the face from now on"""

    bl_idname = "garrick.live_emotion"
    bl_label = "Emotion"

    @staticmethod
    def refusal(session: VoiceSession) -> str:
        return ""

    def ask(self, session: VoiceSession) -> None:
        session.feel(self.name)


def voice() -> VoiceSession | None:
    """The session that hears a voice now."""
    session = show.current.session if show.running() else None
    return session if isinstance(session, VoiceSession) else None


class GARRICK_OT_live_stop(bpy.types.Operator):
    """Stop; what was heard or seen so far is kept when it is recorded"""

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


_classes = (
    GARRICK_OT_live_start,
    GARRICK_OT_live_calibrate,
    GARRICK_OT_live_gesture,
    GARRICK_OT_live_emotion,
    GARRICK_OT_live_stop,
)
register, _unregister = bpy.utils.register_classes_factory(_classes)


def unregister() -> None:
    """End what is live, first."""
    if show.running():
        show.current.stop()
    _unregister()
