"""The mapping tables of a scene, one for each character, kept in the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)  # fmt: skip

from .mapping import AIM, KEY, MOVE, TURN, Row, group_of, sources_of
from .parts import Character, character_of, keyed_bones
from .presets.rigify import RIVALS

KIND_ITEMS = (
    (KEY, "Face Key", "A face key takes a weight", "SHAPEKEY_DATA", 0),
    (TURN, "Bone Turns", "A bone turns about its rest pose", "BONE_DATA", 1),
    (AIM, "Eye Looks At", "The bone that an eye looks at goes where the gaze points", "HIDE_OFF", 2),
    (MOVE, "Bone Moves", "A bone goes towards another bone", "CONSTRAINT_BONE", 3),
)


def _targets(row: GARRICK_PG_row, context: bpy.types.Context, typed: str) -> list[str]:
    character = _character_with(row)
    if character is None:
        return []
    return character.key_names if row.kind == KEY else character.bone_names


def _pivots(row: GARRICK_PG_row, context: bpy.types.Context, typed: str) -> list[str]:
    character = _character_with(row)
    return [] if character is None else character.bone_names


def _sources(row: GARRICK_PG_row, context: bpy.types.Context, typed: str) -> list[str]:
    return list(sources_of(row.kind))


def _is_shot(table: GARRICK_PG_character, collection: bpy.types.Collection) -> bool:
    return collection.garrick.is_shot


class GARRICK_PG_row(bpy.types.PropertyGroup):
    """One row of the table; see `mapping.Row`."""

    enabled: BoolProperty(name="Use", description="Whether this row is followed", default=True)  # type: ignore[valid-type]
    kind: EnumProperty(name="Kind", description="What the row moves", items=KIND_ITEMS)  # type: ignore[valid-type]
    target: StringProperty(  # type: ignore[valid-type]
        name="Target", description="The face key or the bone that is moved", search=_targets
    )
    source: StringProperty(  # type: ignore[valid-type]
        name="Follows", description="What of the performance it follows: a face weight, a viseme or a rotation",
        search=_sources,
    )  # fmt: skip
    gain: FloatProperty(  # type: ignore[valid-type]
        name="Gain", description="Times this: 1 is as the performance has it, negative the other way", default=1.0,
        soft_min=-2.0, soft_max=2.0,
    )  # fmt: skip
    pivot: StringProperty(  # type: ignore[valid-type]
        name="Second Bone",
        description="Eye Looks At: the bone in the middle of the eye. Bone Moves: the bone that it goes towards",
        search=_pivots,
    )


class GARRICK_PG_character(bpy.types.PropertyGroup):
    """A character's table and how it is animated."""

    root: PointerProperty(type=bpy.types.Object)  # type: ignore[valid-type]
    rows: CollectionProperty(type=GARRICK_PG_row)  # type: ignore[valid-type]
    active_row: IntProperty(name="Row")  # type: ignore[valid-type]
    families: StringProperty(description="What was recognised")  # type: ignore[valid-type]
    posed: StringProperty(description="Values from before the test pose: JSON")  # type: ignore[valid-type]
    use_face: BoolProperty(name="Face", description="Face keys follow the performance", default=True)  # type: ignore[valid-type]
    use_head: BoolProperty(name="Head", description="Neck and head follow the performance", default=True)  # type: ignore[valid-type]
    use_eyes: BoolProperty(name="Eyes", description="Eyes follow the performance", default=True)  # type: ignore[valid-type]
    use_body: BoolProperty(  # type: ignore[valid-type]
        name="Body", description="Spine and arms follow the performance; at first off where they are animated already",
        default=True,
    )  # fmt: skip
    use_hands: BoolProperty(  # type: ignore[valid-type]
        name="Hands", description="Fingers follow the performance; at first off where they are animated already",
        default=True,
    )  # fmt: skip
    shot: PointerProperty(  # type: ignore[valid-type]
        name="Shot", description="The shot whose performance the character plays; empty is the scene's only one",
        type=bpy.types.Collection, poll=_is_shot,
    )  # fmt: skip
    facing: EnumProperty(  # type: ignore[valid-type]
        name="Faces", description="The way the character looks in its armature's own axes",
        items=(
            ("AUTO", "Automatic", "As its bones of the left and right side say"),
            ("-Y", "-Y", "Towards -Y: the front view sees the face"),
            ("Y", "+Y", "Towards +Y"), ("X", "+X", "Towards +X"), ("-X", "-X", "Towards -X"),
            ("Z", "+Z", "Towards +Z, of a rig that is upright along its own Y"),
            ("-Z", "-Z", "Towards -Z, of a rig that is upright along its own Y"),
        ),
    )  # fmt: skip
    push_down: BoolProperty(  # type: ignore[valid-type]
        name="Push Down Action",
        description="An Action that the character has goes into an NLA track of its own below the performance, which "
        "then shows through. Otherwise the Action stays where it is and wins on whatever it keys too",
    )
    reduce: BoolProperty(  # type: ignore[valid-type]
        name="Reduce Keys", description="Leave out keys that a straight line passes closely enough"
    )
    key_error: FloatProperty(  # type: ignore[valid-type]
        name="Largest Error", description="How far a curve may lie from the performance: in face weights, radians, metres",
        default=0.002, min=1e-6, soft_max=0.05, precision=4,
    )  # fmt: skip
    sound: BoolProperty(  # type: ignore[valid-type]
        name="Voice", description="Add the voice to the sequencer, unless it is there already", default=True
    )


def table_of(
    scene: bpy.types.Scene, root: bpy.types.Object | None, create: bool = False
) -> GARRICK_PG_character | None:
    """The table of the character that `root` stands for; a new empty one with `create`."""
    found = next((table for table in scene.garrick_characters if table.root == root), None)
    if found is None and create:
        found = scene.garrick_characters.add()
        found.root = root
    return found


def rows_of(table: GARRICK_PG_character) -> list[Row]:
    """The table's rows as plain data, as they are followed: those of a group that is switched off are not enabled."""
    return [replace(row, enabled=row.enabled and is_on(table, group_of(row))) for row in all_rows(table)]


def all_rows(table: GARRICK_PG_character) -> list[Row]:
    """The table's rows as they stand there, whatever groups are switched on."""
    return [Row(row.target, row.kind, row.source, row.gain, row.pivot, row.enabled) for row in table.rows]


def is_on(table: GARRICK_PG_character, group: str) -> bool:
    """Whether a group of `mapping.group_of` follows the performance."""
    return getattr(table, f"use_{group}")


def spare_animation(table: GARRICK_PG_character, character: Character) -> list[str]:
    """Switch body and hands off where the character's bones of them are animated already; the groups' labels."""
    keyed = keyed_bones(character.armature) if character.armature is not None else set()
    spared = []
    for group in ("body", "hands"):
        targets = {row.target for row in all_rows(table) if group_of(row) == group}
        animated = bool(keyed & targets.union(*(RIVALS.get(target, ()) for target in targets)))
        setattr(table, f"use_{group}", not animated)
        spared += [table.bl_rna.properties[f"use_{group}"].name] if animated else []
    return spared


def fill(table: GARRICK_PG_character, rows: Sequence[Row]) -> None:
    """Replace the table's rows."""
    table.rows.clear()
    for row in rows:
        item = table.rows.add()
        item.kind, item.target, item.source, item.pivot = row.kind, row.target, row.source, row.pivot
        item.gain, item.enabled = row.gain, row.enabled
    table.active_row = 0


def active_character(context: bpy.types.Context) -> Character | None:
    """The character that the active object is a part of."""
    return character_of(context.view_layer.objects.active, context.scene)


def _character_with(row: GARRICK_PG_row) -> Character | None:
    """The character in whose table a row stands."""
    for table in row.id_data.garrick_characters:
        if any(item == row for item in table.rows):
            return character_of(table.root, row.id_data)
    return None


def register() -> None:
    bpy.utils.register_class(GARRICK_PG_row)
    bpy.utils.register_class(GARRICK_PG_character)
    bpy.types.Scene.garrick_characters = CollectionProperty(type=GARRICK_PG_character)


def unregister() -> None:
    del bpy.types.Scene.garrick_characters
    bpy.utils.unregister_class(GARRICK_PG_character)
    bpy.utils.unregister_class(GARRICK_PG_row)
