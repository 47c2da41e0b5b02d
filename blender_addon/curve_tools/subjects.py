"""Whose curves the tools change: the active shot's, or those of the artist's own character that is active."""

from __future__ import annotations

import bpy

from ..character import parts
from ..character.mapping import KEY, Row
from ..character.parts import Character
from ..character.props import GARRICK_PG_character, active_character, rows_of, table_of
from ..core.edits import mirrored_name
from ..rerender.parts import refusal
from ..shot_import.props import active_shot
from ..shot_import.timeline import FIRST_FRAME
from .curves import Follows, Subject, sources, subject_of_shot

NOBODY = "Select an object of a shot: the scene has none, or several"


def obstacle(context: bpy.types.Context) -> str | None:
    """Why no tool can be used now, for a greyed button; None when one can. Cheap: panels call it."""
    played = _active_table(context)
    if played is not None:
        character, _ = played
        why = parts.obstacle(character)
        blocks = [*character.shapes, *([character.armature] if character.armature is not None else [])]
        nothing = "Nothing moves the character: animate it from a shot first, in Own Character"
    else:
        shot = active_shot(context)
        if shot is None:
            return NOBODY
        why = refusal(shot)
        blocks = [] if why is not None else list(subject_of_shot(shot).blocks)
        nothing = "Nothing moves the shot's head and rig: it has no Action and no NLA track"
    if why is not None:
        return why
    return None if any(block.animation_data for block in blocks) else nothing


def subject_of(context: bpy.types.Context) -> Subject:
    """Whose curves the tools change now. Raises ValueError with a sentence for the user."""
    played = _active_table(context)
    if played is not None:
        return _subject_of_character(*played, active_shot(context))
    shot = active_shot(context)
    if shot is None:
        raise ValueError(f"{NOBODY}.")
    return subject_of_shot(shot)


def _active_table(context: bpy.types.Context) -> tuple[Character, GARRICK_PG_character] | None:
    """The active character and its mapping; None where the active object is a shot's, or no mapped character's."""
    active, shot = context.view_layer.objects.active, active_shot(context)
    if active is None or (shot is not None and active.name in shot.all_objects):
        return None
    character = active_character(context)
    table = None if character is None else table_of(context.scene, character.root)
    return None if table is None or not len(table.rows) else (character, table)


def _subject_of_character(
    character: Character, table: GARRICK_PG_character, only_shot: bpy.types.Collection | None
) -> Subject:
    """A character by its mapping. Raises ValueError for a facing that cannot be."""
    rows = [row for row in rows_of(table) if row.enabled and row.gain != 0]
    left = parts.facing_of(character, table.facing)[:, 0].tolist()
    blocks = (*character.shapes, *([character.armature] if character.armature is not None else []))
    # the Action of a performance begins with its frame 0
    starts = [strip.frame_start for block in blocks for *_, strip in sources(block) if strip is not None]
    return Subject(
        character.root.name, blocks, _follows(rows), tuple(left), starts[0] if starts else float(FIRST_FRAME),
        character.root, table.shot or only_shot,
    )  # fmt: skip


def _follows(rows: list[Row]) -> dict[str, Follows]:
    """What each target of a mapping does: the first of the sources that share it leads, their gains add up."""
    lead, gains = {}, {}
    for row in rows:
        lead.setdefault(row.target, row)
        gains[row.target] = gains.get(row.target, 0.0) + row.gain
    found = {}
    for target, row in lead.items():
        other = mirrored_name(row.source)
        twins = [name for name, one in lead.items() if one.source == other and (one.kind == KEY) == (row.kind == KEY)]
        twin = target if other == row.source or not twins else twins[0]
        found[target] = Follows(row.source, gains[target] or row.gain, twin)
    return found
