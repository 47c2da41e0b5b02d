"""A performance onto a character: curves through its mapping table, in an NLA track of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import bpy
import numpy as np
from mathutils import Quaternion

from .. import version_adapter
from ..core.performance import Performance
from ..shot_import.animation import BODY, EYES, FACE, HANDS, HEAD, Keying, keying
from ..shot_import.timeline import place_in
from . import parts, switches
from .mapping import KEY, Row, fault_of, group_of
from .motion import Motion, apply
from .parts import Character

_SHOWN = 5  # names in a sentence
_GROUPS = {"face": HEAD, "head": HEAD, "eyes": EYES, "body": BODY, "hands": HANDS}  # of bones' curves


@dataclass(frozen=True)
class Usable:
    """The rows that can be followed. notes: sentences about those that cannot."""

    rows: tuple[Row, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Animated:
    """What was done. controls: sentences that say what moves what. notes: what was left out, and what hides it."""

    controls: tuple[str, ...]
    notes: tuple[str, ...]


def usable_rows(character: Character, rows: Sequence[Row]) -> Usable:
    """Sort out rows that name nothing, or what a driver moves."""
    keys, bones = set(character.key_names), set(character.bone_names)
    driven = set().union(*(parts.driven_keys(shapes) for shapes in character.shapes))
    turned = parts.driven_bones(character.armature) if character.armature is not None else set()
    good, missing, driven_targets, notes = [], [], [], []
    for row in rows:
        if not row.enabled:
            continue
        fault = fault_of(row)
        there = keys if row.kind == KEY else bones
        if fault:
            notes.append(fault)
        elif row.target not in there or (row.pivot and row.kind != KEY and row.pivot not in bones):
            missing.append(row.target)
        elif row.target in (driven if row.kind == KEY else turned):
            driven_targets.append(row.target)
        else:
            good.append(row)
    if missing:
        notes.append(f"Not on this character: {_listed(missing)}.")
    if driven_targets:
        notes.append(
            f"Drivers move {_listed(driven_targets)}: left out. Map what the drivers read, or delete the drivers."
        )
    return Usable(tuple(good), tuple(notes))


def animate(
    character: Character, rows: Sequence[Row], performance: Performance, scene: bpy.types.Scene, name: str,
    facing: str = "AUTO", push_down: bool = False, key_error: float = 0.0,
) -> Animated:  # fmt: skip
    """Write a performance onto a character, above whatever animation it has.

    rows: the whole table; those that are not enabled only say which bone is which.
    name: of the Action and its tracks. facing: see `parts.facing_of`. push_down: an Action that is being edited on the
    character goes into a track below, so that the performance shows through; else it stays, and hides what it also keys.
    key_error: see `shot_import.scene.import_shot`.
    Raises ValueError with a sentence for the user, and has changed nothing then.
    """
    obstacle = parts.obstacle(character)
    if obstacle:
        raise ValueError(obstacle)
    usable = usable_rows(character, rows)
    if not usable.rows:
        raise ValueError(" ".join(("No row of the mapping can be used.", *usable.notes)))
    blocks = [*character.shapes, *([character.armature] if character.armature is not None else [])]
    for block in blocks:
        version_adapter.check_editable(block)
    motion = apply(usable.rows, performance, character.bones(), parts.facing_of(character, facing), rows)
    if not (motion.keys or motion.turns or motion.locations):
        raise ValueError("The performance moves nothing that the mapping names.")
    if push_down:
        for block in blocks:
            version_adapter.push_down(block)
    keys = keying(version_adapter.Clip(name), place_in(scene), performance, key_error)
    face = sum(_write_keys(keys, shapes, motion) for shapes in character.shapes)
    kept = character.armature is not None and _write_bones(keys, character.armature, motion, usable.rows, name)
    strips = keys.clip.lay_down()
    if kept:
        data = character.armature.animation_data
        if data.action is None and len(data.nla_tracks) == 2:
            strips[character.armature].extrapolation = "HOLD"  # as where it is alone: the other track is its own
    hidden = [sentence for block, strip in strips.items() for sentence in _hidden(block, strip)]
    controls = _controls(character, motion, name, face)
    if kept:
        controls += (f'The track "{_before(name)}" below brings switches and controls back when that one is muted.',)
    return Animated(controls, (*usable.notes, *_mirrored(character), *hidden))


def pose(character: Character, rows: Sequence[Row], performance: Performance, facing: str = "AUTO") -> Motion:
    """Put the character into the first frame of a performance without keying anything; what it was put into.

    Raises ValueError as `animate` does.
    """
    obstacle = parts.obstacle(character)
    usable = usable_rows(character, rows)
    if obstacle or not usable.rows:
        raise ValueError(obstacle or " ".join(("No row of the mapping can be used.", *usable.notes)))
    motion = apply(usable.rows, performance, character.bones(), parts.facing_of(character, facing), rows)
    for shapes in character.shapes:
        for block in shapes.key_blocks:
            if block.name in motion.keys:
                block.value = float(np.clip(motion.keys[block.name][0], block.slider_min, block.slider_max))
    if character.armature is not None:
        switches.set_values(character.armature, switches.settings_for(character.armature, motion.turns))
    for name, turns in motion.turns.items():
        _set_turn(character.armature.pose.bones[name], Quaternion(turns[0]))
    for name, places in motion.locations.items():
        character.armature.pose.bones[name].location = places[0]
    return motion


def _write_keys(keys: Keying, shapes: bpy.types.Key, motion: Motion) -> int:
    """Write the curves of one mesh's face keys, each held within its key's own range; how many."""
    written = 0
    for block in shapes.key_blocks:
        if block.name in motion.keys and block != shapes.reference_key:
            values = np.clip(motion.keys[block.name], block.slider_min, block.slider_max)
            keys.write(shapes, f"{block.path_from_id()}.value", values, FACE)
            written += 1
    return written


def _write_bones(keys: Keying, armature: bpy.types.Object, motion: Motion, rows: Sequence[Row], name: str) -> bool:
    """Write the bones' curves and what they need besides; whether a track below holds what all of it was."""
    groups = {row.target: _GROUPS[group_of(row)] for row in rows if row.kind != KEY}
    settings = switches.settings_for(armature, motion.turns)
    curves = {(bone, "location"): places for bone, places in motion.locations.items()}
    for bone, turns in motion.turns.items():
        attribute, values = _in_mode(turns, armature.pose.bones[bone].rotation_mode)
        curves[bone, attribute] = values
    kept = bool(settings) and switches.keep_before(
        armature, [*settings, *switches.poses(armature, curves)], groups, keys.frames[0], _before(name)
    )
    switches.key_settings(keys, armature, settings, groups)
    for (bone, attribute), values in curves.items():
        keys.write(armature, f"{armature.pose.bones[bone].path_from_id()}.{attribute}", values, groups[bone])
    return kept


def _before(name: str) -> str:
    """The track of what a performance's controls and switches were."""
    return f"{name}: as it was"


def _in_mode(turns: np.ndarray, mode: str) -> tuple[str, np.ndarray]:
    """Quaternions (F, 4) as the rotation mode that a bone already has: its property's name and its components."""
    if mode == "QUATERNION":
        return "rotation_quaternion", turns
    if mode == "AXIS_ANGLE":
        return "rotation_axis_angle", np.array(
            [[angle, *axis] for axis, angle in (Quaternion(q).to_axis_angle() for q in turns)]
        )
    angles, before = [], None
    for turn in turns:
        before = Quaternion(turn).to_euler(mode, before) if before is not None else Quaternion(turn).to_euler(mode)
        angles.append(before[:])
    return "rotation_euler", np.array(angles)


def _set_turn(bone: bpy.types.PoseBone, turn: Quaternion) -> None:
    attribute, values = _in_mode(np.array([turn]), bone.rotation_mode)
    setattr(bone, attribute, values[0])


def _controls(character: Character, motion: Motion, name: str, face: int) -> tuple[str, ...]:
    sentences = []
    if face:
        meshes = _listed([mesh.name for mesh in character.meshes])
        sentences.append(f'The NLA track "{name}" moves {face} face keys of {meshes}.')
    bones = [*motion.turns, *motion.locations]
    if bones:
        sentences.append(f'The NLA track "{name}" of {character.armature.name} moves the bones {_listed(bones)}.')
    return tuple(sentences)


def _mirrored(character: Character) -> list[str]:
    """A sentence about a character that is turned inside out by a negative scale."""
    if character.root.matrix_world.determinant() >= 0:
        return []
    return [
        f"{character.root.name} is mirrored by a negative scale: its left is on the other side, and the performance plays "
        "mirrored on it. Apply the scale (Object > Apply > Scale) for the performance as it is."
    ]


def _hidden(block: bpy.types.ID, strip: bpy.types.NlaStrip) -> list[str]:
    """Sentences about what keeps the newest strip of a data-block from showing."""
    data = block.animation_data
    if not data.use_nla:
        return [
            f"The NLA of {block.name} is switched off: nothing of it shows until you switch it on in the NLA editor."
        ]
    if any(track.is_solo for track in data.nla_tracks):
        return [f"A track of {block.name} plays solo in the NLA editor and hides all others."]
    own = version_adapter.curves_of_action(strip.action, getattr(strip, "action_slot", None))
    ours = {(curve.data_path, curve.array_index) for curve in own}
    above = version_adapter.curves_of_action(data.action, getattr(data, "action_slot", None))
    both = {curve.data_path for curve in above if (curve.data_path, curve.array_index) in ours}
    if not both:
        return []
    return [
        f"The Action {data.action.name} of {block.name} also keys {len(both)} of these and hides them: push it down in the "
        'NLA editor, or animate again with "Push Down Action".'
    ]


def _listed(names: Sequence[str]) -> str:
    names = list(dict.fromkeys(names))
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
