"""Re-render, versions and regenerate: what the panel's buttons do."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import bpy
from bpy.app.translations import pgettext_iface as _
from bpy.props import EnumProperty, FloatProperty, IntProperty, StringProperty
from bpy_extras.io_utils import ImportHelper

from .. import tasks
from ..answers import ServiceError
from ..backend_link import link
from ..core.groups import SINGLE
from ..core.knobs import Knob, read_knobs, write_knobs
from ..core.seeds import with_seeds
from ..runner import ASSET
from ..shot_import.props import active_shot
from . import shot_job, version_ops
from .apply import show_regenerated, show_rendered
from .launch import Done, Launch, Work
from .order import obstacle, order_of, under_way
from .read_curves import Read
from .version_ops import own_shot
from .work import Order, Rendered, Seen, regenerate, rerender

_ERRORS = (ValueError, OSError, ServiceError, tasks.Cancelled)


class _ShotOperator:
    """Common to the operators that have the service work on the active shot: beside the window, or waiting for it."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        why = obstacle(active_shot(context), context.scene)
        if why is not None:
            cls.poll_message_set(why)
        return why is None

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return self._go(context, waiting=False)

    def execute(self, context: bpy.types.Context) -> set[str]:
        return self._go(context, waiting=True)

    def _go(self, context: bpy.types.Context, waiting: bool) -> set[str]:
        shot = active_shot(context)
        try:
            order, work, done = self.prepared(shot)
            link.settings()  # read here, where Blender's data may be read
            launch = Launch(_(self.bl_label), shot.session_uid, context.scene.session_uid, order, work, done)
            if not waiting:
                launch.start()
                return {"FINISHED"}
            launch.run()
        except _ERRORS as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, shot.garrick_rerender.note)
        return {"FINISHED"}


class _Rerender(_ShotOperator):
    """What has changed, or everything."""

    everything = False

    def prepared(self, shot: bpy.types.Collection) -> tuple[Order, Work, Done]:
        return order_of(shot, self.everything), _rerender, show_rendered


class GARRICK_OT_rerender(_Rerender, bpy.types.Operator):
    """Render the frames again that your keys, drivers, layers or camera have changed since the version that is shown; the
    others are taken over"""

    bl_idname = "garrick.rerender"
    bl_label = "Re-render"
    bl_options = {"REGISTER"}  # noqa: RUF012, the undo step follows the work


class GARRICK_OT_rerender_all(_Rerender, bpy.types.Operator):
    """Render every frame of the shot again, also those that nothing has changed"""

    bl_idname = "garrick.rerender_all"
    bl_label = "Re-render All"
    bl_options = {"REGISTER"}  # noqa: RUF012, the undo step follows the work

    everything = True


_GAINS = ("seed", "expression", "head_motion", "gestures")
_ANEW = {
    "upper_face": "Brows and blinks",
    "lower_face": "How clearly lips speak, and how evenly",
    "jaw": "How far the jaw opens from word to word",
    "tongue": "How far it comes out",
    "eyes": "Where they look; lids go with them",
    "head": "Drift and nods; eyes stay on their target",
    "body": "Trunk, arms and when they gesture; fingers form what their arm shows",
    "left_hand": "Its fingers, where a gesture leaves them free",
    "right_hand": "Its fingers, where a gesture leaves them free",
}
"""What the seed of each group draws."""
_GROUPS = tuple((name, name.replace("_", " ").title(), _ANEW[name]) for name in SINGLE)


class GARRICK_OT_regenerate(_ShotOperator, bpy.types.Operator):
    """Speak and move anew, with another line, voice or seed; curves that you have edited stay as they are"""

    bl_idname = "garrick.regenerate"
    bl_label = "Regenerate Speech"
    bl_options = {"REGISTER"}  # noqa: RUF012, the undo step follows the work

    text: StringProperty(name="Text", description="What the voice says; without a voice, what to say")  # type: ignore[valid-type]
    audio: StringProperty(  # type: ignore[valid-type]
        name="Voice", description="Sound or video file with the voice", subtype="FILE_PATH"
    )
    seed: IntProperty(  # type: ignore[valid-type]
        name="Seed", description="Another number gives other small motions", min=0
    )
    anew: EnumProperty(  # type: ignore[valid-type]
        name="Anew",
        description="What another seed moves anew; the other groups stay as they are",
        items=_GROUPS,
        options={"ENUM_FLAG"},
        default=set(SINGLE),
    )
    expression: FloatProperty(  # type: ignore[valid-type]
        name="Expression", description="Gain of the lips and the face, 0 to 2", min=0, max=2, default=1
    )
    head_motion: FloatProperty(  # type: ignore[valid-type]
        name="Head Motion", description="Gain of head, gaze and blinks, 0 to 2", min=0, max=2, default=1
    )
    gestures: FloatProperty(  # type: ignore[valid-type]
        name="Gestures", description="Gain of arms, hands and trunk, 0 to 2", min=0, max=2, default=1
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        try:
            job, _consent = shot_job.job_of(active_shot(context))
        except ValueError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        for name in ("text", "audio", *_GAINS):
            if (
                job.get(name) is not None
                and not str(job[name]).startswith(ASSET)
                and not self.properties.is_property_set(name)
            ):
                setattr(self, name, job[name])
        return context.window_manager.invoke_props_dialog(self, width=400)

    def execute(self, context: bpy.types.Context) -> set[str]:
        return self._go(context, waiting=bpy.app.background)

    def prepared(self, shot: bpy.types.Collection) -> tuple[Order, Work, Done]:
        order = order_of(shot)
        changes = self._changes(dict(order.job))
        before = order.last

        def work(order: Order, read: Read, handle: tasks.Handle) -> Rendered:
            return regenerate(order, changes, _seen(read), handle)

        return order, work, partial(show_regenerated, before=before, changes=changes)

    def _changes(self, job: dict[str, Any]) -> dict[str, Any]:
        """What the job gets instead. Raises ValueError."""
        changed: dict[str, Any] = {
            name: getattr(self, name) for name in _GAINS if self.properties.is_property_set(name)
        }
        if changed.get("seed", job.get("seed", 0)) != job.get("seed", 0):
            changed |= _reseeded(job, changed.pop("seed"), self.anew)
        text, audio = self.text.strip(), self.audio
        if not text and not audio:
            if not job.get("text") and not job.get("audio"):
                raise ValueError("The shot was rendered without a voice; give a text or a voice file.")
            return changed
        if text and not audio and text == job.get("text"):
            return changed
        if audio and audio != job.get("audio"):
            path = Path(bpy.path.abspath(audio))
            if not path.is_file():
                raise ValueError(f"There is no file {path}.")
            audio = str(path)
        known = {"transcribe": False} if text and job.get("transcribe") else {}  # its words are no longer sought
        return changed | known | {"text": text or None, "audio": audio or None}


def _reseeded(job: dict[str, Any], seed: int, groups: set[str]) -> dict[str, Any]:
    """What a job gets so that only some groups are made anew. Raises ValueError."""
    knobs = with_seeds(read_knobs(job.get("groups") or ""), job.get("seeds") or "")
    former = {"seeds": None} if "seeds" in job else {}  # they are among the groups' knobs now
    if groups == set(SINGLE):
        others = {group: replace(knob, seed=None) for group, knob in knobs.items()}
        kept = {group: knob for group, knob in others.items() if knob != Knob()}
        return {"seed": seed, "groups": write_knobs(kept)} | former
    return {"groups": write_knobs(with_seeds(knobs, dict.fromkeys(groups, seed)))} | former


class GARRICK_OT_choose_portrait(bpy.types.Operator, ImportHelper):
    """Say where the portrait of the shot is, when it has been moved or the shot was made elsewhere"""

    bl_idname = "garrick.choose_portrait"
    bl_label = "Choose Portrait"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012, Blender reads it

    filter_glob: StringProperty(  # type: ignore[valid-type]
        default="*.png;*.jpg;*.jpeg;*.webp;*.tif;*.tiff", options={"HIDDEN"}
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return own_shot(cls, context, 0)

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            shot_job.choose_portrait(active_shot(context), Path(bpy.path.abspath(self.filepath)))
        except (ValueError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class GARRICK_OT_rerender_cancel(bpy.types.Operator):
    """Stop rendering the shot again; the version that is shown stays"""

    bl_idname = "garrick.rerender_cancel"
    bl_label = "Cancel"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        shot = active_shot(context)
        if shot is None or under_way(shot) is None:
            cls.poll_message_set("Nothing is being rendered for this shot")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        under_way(active_shot(context)).cancel()
        return {"FINISHED"}


_CLASSES = (
    GARRICK_OT_rerender,
    GARRICK_OT_rerender_all,
    GARRICK_OT_regenerate,
    GARRICK_OT_choose_portrait,
    GARRICK_OT_rerender_cancel,
)


def register() -> None:
    """Add the operators."""
    version_ops.register()
    for cls in _CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    """Take them away."""
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
    version_ops.unregister()


def _rerender(order: Order, read: Read, handle: tasks.Handle) -> Rendered:
    return rerender(order, _seen(read), handle)


def _seen(read: Read) -> Seen:
    return Seen(read.performance, read.path, read.own_camera)
