"""Operators of the mapping table, and the one that animates a character."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import bpy
from bpy.app.translations import pgettext_iface as iface
from bpy.props import EnumProperty, FloatProperty, StringProperty
from bpy_extras.io_utils import ExportHelper, ImportHelper

from .. import version_adapter
from ..core.timing import parse_fps
from ..curve_tools.speech import RETIMED
from ..shot_import.props import active_shot
from ..shot_import.sound import add_sound
from ..shot_import.timeline import place_in
from . import mapping, parts, trying
from .animate import animate
from .matching import auto_match
from .parts import Character
from .props import GARRICK_PG_character, active_character, all_rows, fill, rows_of, spare_animation, table_of
from .source import read_source

POSE_ITEMS = (
    (trying.ROW, "Active Row", "What the active row follows, at its full"),
    ("BLINK", "Blink", "Both eyes shut"),
    ("OPEN", "Open", "The jaw open"),
    ("SMILE", "Smile", "Both corners of the mouth up"),
    ("PUCKER", "Pucker", "The lips rounded"),
    ("BROWS", "Brows", "Both brows up"),
    ("LOOK", "Look Left", "The eyes 20 degrees to the character's own left"),
    ("TURN", "Turn Left", "The head 29 degrees to the character's own left"),
    ("ARMS", "Arms", "The left arm hangs; the right one is stretched out, its forearm upright, its hand a fist"),
)


def _found(operator: type[bpy.types.Operator], context: bpy.types.Context) -> Character | None:
    """The active character; says why the button is grey where there is none."""
    if context.mode not in ("OBJECT", "POSE"):
        operator.poll_message_set("Leave the edit mode first")
        return None
    character = active_character(context)
    if character is None:
        operator.poll_message_set("Select a character: an armature, or a mesh with shape keys")
    return character


def _mapped(operator: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    character = _found(operator, context)
    if character is None:
        return False
    table = table_of(context.scene, character.root)
    if table is None or not len(table.rows):
        operator.poll_message_set("Set up the mapping of this character first")
        return False
    return True


class _OnTable:
    """What the operators on an existing table share."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _mapped(cls, context)

    def subject(self, context: bpy.types.Context) -> tuple[Character, GARRICK_PG_character]:
        character = active_character(context)
        return character, table_of(context.scene, character.root)


def _filled(
    context: bpy.types.Context, character: Character, rows: Sequence[mapping.Row]
) -> tuple[GARRICK_PG_character, list[str]]:  # fmt: skip
    """The character's table with these rows, and a sentence about what a new table leaves to the character's animation.

    A table that was there keeps the groups that are switched on: by then it may be a performance that moves the body.
    """
    table = table_of(context.scene, character.root)
    spares = table is None or not len(table.rows)
    table = table_of(context.scene, character.root, create=True)
    fill(table, rows)
    groups = [iface(label) for label in spare_animation(table, character)] if spares else []
    if not groups:
        return table, []
    return table, [
        iface("{groups} stay as the character is animated: tick them for the performance to move them too.").format(
            groups=iface(" and ").join(groups)
        )
    ]


class GARRICK_OT_map_character(bpy.types.Operator):
    """Recognise the character's face keys and bones by their names and set up its mapping; replaces the table it has"""

    bl_idname = "garrick.map_character"
    bl_label = "Set Up Mapping"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012, Blender reads it

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _found(cls, context) is not None

    def execute(self, context: bpy.types.Context) -> set[str]:
        character = active_character(context)
        match = auto_match(character.key_names, character.bone_names, parts.eyes_turn_by_keys(character))
        if not match.rows:
            self.report({"ERROR"}, " ".join(("No key or bone was recognised; add rows by hand.", *match.notes)))
            return {"CANCELLED"}
        table, notes = _filled(context, character, match.rows)
        table.families = ", ".join(match.families)
        for note in (*match.notes, *notes):
            self.report({"WARNING"}, note)
        message = iface("{rows} rows ({families}); {left} of {all} keys are not mapped.").format(
            rows=len(match.rows), families=table.families, left=len(match.unmatched), all=len(character.key_names)
        )
        self.report({"INFO"}, message)
        return {"FINISHED"}


class GARRICK_OT_add_mapping_row(bpy.types.Operator):
    """Add a row to the character's mapping"""

    bl_idname = "garrick.add_mapping_row"
    bl_label = "Add Row"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012, Blender reads it

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _found(cls, context) is not None

    def execute(self, context: bpy.types.Context) -> set[str]:
        character = active_character(context)
        table = table_of(context.scene, character.root, create=True)
        row = table.rows.add()
        row.kind = mapping.KEY if character.meshes else mapping.TURN
        table.active_row = len(table.rows) - 1
        return {"FINISHED"}


class GARRICK_OT_remove_mapping_row(_OnTable, bpy.types.Operator):
    """Remove the active row from the character's mapping"""

    bl_idname = "garrick.remove_mapping_row"
    bl_label = "Remove Row"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012, Blender reads it

    def execute(self, context: bpy.types.Context) -> set[str]:
        _, table = self.subject(context)
        table.rows.remove(min(table.active_row, len(table.rows) - 1))
        table.active_row = max(0, min(table.active_row, len(table.rows) - 1))
        return {"FINISHED"}


class GARRICK_OT_test_pose(_OnTable, bpy.types.Operator):
    """Put the character into a pose through its mapping, without keys"""

    bl_idname = "garrick.test_pose"
    bl_label = "Test Pose"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012, Blender reads it

    expression: EnumProperty(name="Pose", description="What the character shall show", items=POSE_ITEMS)  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> set[str]:
        character, table = self.subject(context)
        rows = all_rows(table)
        if self.expression == trying.ROW:
            chosen = min(table.active_row, len(rows) - 1)
            performance = trying.performance_for(rows[chosen])
            rows = [replace(row, enabled=row.enabled and place == chosen) for place, row in enumerate(rows)]
        else:
            performance = trying.performance_of(self.expression)
        try:
            table.posed = trying.take(character, rows, performance, table.facing, table.posed)
        except ValueError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class GARRICK_OT_clear_test_pose(_OnTable, bpy.types.Operator):
    """Put the character back into the pose that it had before the test pose"""

    bl_idname = "garrick.clear_test_pose"
    bl_label = "End Test"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012, Blender reads it

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not _mapped(cls, context):
            return False
        if not table_of(context.scene, active_character(context).root).posed:
            cls.poll_message_set("The character is in no test pose")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        character, table = self.subject(context)
        trying.restore(character, table.posed)
        table.posed = ""
        return {"FINISHED"}


class GARRICK_OT_save_mapping(_OnTable, bpy.types.Operator, ExportHelper):
    """Save the character's mapping as a JSON file, for other characters of its kind"""

    bl_idname = "garrick.save_mapping"
    bl_label = "Save Mapping"

    filename_ext = ".json"
    filter_glob: StringProperty(default="*.json", options={"HIDDEN"})  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> set[str]:
        _, table = self.subject(context)
        path = Path(bpy.path.abspath(self.filepath))
        try:
            path.write_text(mapping.to_json(all_rows(table)), encoding="utf-8")
        except OSError as error:
            self.report({"ERROR"}, f"{path.name} could not be written: {error.strerror}.")
            return {"CANCELLED"}
        return {"FINISHED"}


class GARRICK_OT_load_mapping(bpy.types.Operator, ImportHelper):
    """Load a mapping from a JSON file; replaces the character's table"""

    bl_idname = "garrick.load_mapping"
    bl_label = "Load Mapping"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012, Blender reads it

    filename_ext = ".json"
    filter_glob: StringProperty(default="*.json", options={"HIDDEN"})  # type: ignore[valid-type]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _found(cls, context) is not None

    def execute(self, context: bpy.types.Context) -> set[str]:
        path = Path(bpy.path.abspath(self.filepath))
        try:
            rows = mapping.from_json(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            self.report({"ERROR"}, f"{path.name}: {error}")
            return {"CANCELLED"}
        table, notes = _filled(context, active_character(context), rows)
        table.families = path.stem
        for note in notes:
            self.report({"WARNING"}, note)
        return {"FINISHED"}


class GARRICK_OT_animate_character(_OnTable, bpy.types.Operator):
    """Write the shot's performance onto the character, as an NLA track above the animation that it has"""

    bl_idname = "garrick.animate_character"
    bl_label = "Animate from Shot"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012, Blender reads it

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not _mapped(cls, context):
            return False
        if _shot_of(context) is None:
            cls.poll_message_set("Choose one of the scene's shots, or animate from a file")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        character, table = self.subject(context)
        shot = _shot_of(context)
        return _animate(self, context, character, table, Path(bpy.path.abspath(shot.garrick.folder)) / "shot.json")


class GARRICK_OT_animate_character_from_file(_OnTable, bpy.types.Operator, ImportHelper):
    """Write a shot (shot.json), a performance or SMPL-X (.npz), Live Link Face (.csv) or BVH onto the character"""

    bl_idname = "garrick.animate_character_from_file"
    bl_label = "Animate from File"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012, Blender reads it

    filter_glob: StringProperty(default="*.json;*.npz;*.csv;*.bvh;*.glb", options={"HIDDEN"})  # type: ignore[valid-type]

    rate: FloatProperty(  # type: ignore[valid-type]
        name="File's Rate", description="Frames a second of a file that does not say; 0 is as the file says", default=0.0,
        min=0.0, max=240.0,
    )  # fmt: skip

    def execute(self, context: bpy.types.Context) -> set[str]:
        character, table = self.subject(context)
        return _animate(self, context, character, table, Path(bpy.path.abspath(self.filepath)), self.rate)


def _shot_of(context: bpy.types.Context) -> bpy.types.Collection | None:
    table = table_of(context.scene, active_character(context).root)
    return table.shot or active_shot(context)


def _animate(
    operator: bpy.types.Operator, context: bpy.types.Context, character: Character, table: GARRICK_PG_character,
    path: Path, rate: float = 0.0,
) -> set[str]:  # fmt: skip
    try:
        # A property holds single precision: 23.976 must be found in it again.
        source = read_source(path, parse_fps(round(rate, 3)) if rate else None)
        rows = [
            replace(row, enabled=row.enabled and mapping.channel_of(row) in source.channels) for row in rows_of(table)
        ]
        if table.posed:
            trying.restore(character, table.posed)
            table.posed = ""
        done = animate(
            character, rows, source.performance, context.scene, source.name, table.facing, table.push_down,
            table.key_error if table.reduce else 0.0,
        )  # fmt: skip
        character.root.pop(RETIMED, None)  # of the performance that it played before
        notes = [*source.notes, *done.notes]
        if table.sound and source.audio is not None and not _heard(context.scene, source.audio):
            notes.append(add_sound(context.scene, place_in(context.scene), source.audio, source.performance))
    except (ValueError, OSError) as error:
        operator.report({"ERROR"}, str(error))
        return {"CANCELLED"}
    for note in filter(None, notes):
        operator.report({"WARNING"}, note)
    operator.report({"INFO"}, " ".join(done.controls))
    return {"FINISHED"}


def _heard(scene: bpy.types.Scene, audio: Path) -> bool:
    """Whether the sequencer already has that file."""
    strips = version_adapter.sequencer_strips(scene)
    sounds = (strip.sound for strip in strips if strip.type == "SOUND" and strip.sound)
    return any(Path(bpy.path.abspath(sound.filepath)) == audio for sound in sounds)


_CLASSES = (
    GARRICK_OT_map_character,
    GARRICK_OT_add_mapping_row,
    GARRICK_OT_remove_mapping_row,
    GARRICK_OT_test_pose,
    GARRICK_OT_clear_test_pose,
    GARRICK_OT_save_mapping,
    GARRICK_OT_load_mapping,
    GARRICK_OT_animate_character,
    GARRICK_OT_animate_character_from_file,
)

register, unregister = bpy.utils.register_classes_factory(_CLASSES)
