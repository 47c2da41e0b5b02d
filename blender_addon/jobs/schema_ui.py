"""The settings of a job as Blender properties, made from /v1/schema when that is known: `scene.garrick_settings`.

What the user chose is kept as JSON in `scene.garrick_inputs.settings`, so that the .blend remembers it whatever the
service of the day knows; the properties only read and write that. Reset, tooltips, limits and undo are Blender's own.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import bpy
from bpy.props import (
    BoolProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    IntVectorProperty,
    PointerProperty,
    StringProperty,
)

from .. import version_adapter
from .places import user_folder
from .schema import Field, groups_of, held, is_shown, read_fields
from .words import words_said

_CACHE = "schema.json"
_SWITCH = "use_{}"  # the property that says whether a field is in the job at all

_fields: tuple[Field, ...] = ()
_class: type[bpy.types.PropertyGroup] | None = None


def adopt(schema: dict[str, Any] | None) -> bool:
    """Make the properties those of this schema and keep it for the next start; whether anything changed.

    Main thread only. A schema without a field that can be drawn is passed over.
    """
    fields = read_fields(schema)
    if not fields or fields == _fields:
        return False
    _declare(fields)
    (user_folder() / _CACHE).write_text(json.dumps(schema), encoding="utf-8")
    return True


def fields() -> tuple[Field, ...]:
    """The settings that are known; none before the first connection."""
    return _fields


def group_names() -> list[str]:
    """The groups of settings, in the order in which they are shown."""
    return groups_of(_fields)


def stored(scene: bpy.types.Scene) -> dict[str, Any]:
    """What the user chose: field -> value; fields with their defaults are not in it."""
    return dict(_parsed(scene.garrick_inputs.settings))


def store(scene: bpy.types.Scene, values: dict[str, Any]) -> None:
    """Replace what the user chose; values that the schema's fields do not allow are brought into range or left out."""
    known = {field.name: field for field in _fields}
    kept = {}
    for name, value in values.items():
        field = known.get(name)
        allowed = value if field is None else held(field, value)
        if value is not None and allowed is not None and (field is None or field.unset or allowed != field.default):
            kept[name] = allowed
    scene.garrick_inputs.settings = json.dumps(kept, ensure_ascii=False) if kept else ""


def value_of(scene: bpy.types.Scene, field: Field) -> Any:
    """A field's value: what was chosen, else its default; None for one that is switched off."""
    chosen = _parsed(scene.garrick_inputs.settings).get(field.name)
    allowed = None if chosen is None else held(field, chosen)
    return allowed if allowed is not None or field.unset else field.default


def is_set(scene: bpy.types.Scene, name: str) -> bool:
    """Whether a field has a value, for the conditions of the others; voice and text count by the chosen source."""
    if name == "audio":
        return scene.garrick_inputs.voice in ("FILE", "STRIP")
    if name == "text":
        return scene.garrick_inputs.voice in ("TEXT", "BLOCK") or bool(words_said(scene))
    return any(field.name == name and value_of(scene, field) not in (None, "") for field in _fields)


def shown(scene: bpy.types.Scene, group: str | None = None) -> list[Field]:
    """The fields to be seen now, of one group or of all."""
    return [
        field for field in _fields
        if group in (None, field.group) and is_shown(field, lambda name: is_set(scene, name))
    ]  # fmt: skip


def field_of(widget: str) -> Field | None:
    """The first field that is drawn in that way; None when there is none."""
    return next((field for field in _fields if field.widget == widget), None)


def draw(layout: bpy.types.UILayout, scene: bpy.types.Scene, group: str, without: Field | None = None) -> None:
    """The settings of one group, but for one that the panel draws in another way."""
    settings = scene.garrick_settings
    for field in shown(scene, group):
        if field == without:
            continue
        target = layout
        if field.unset:
            row = layout.row(heading=field.title)
            row.prop(settings, _SWITCH.format(field.name), text="")
            target = row.column(align=True)
            target.active = value_of(scene, field) is not None
        if field.kind == "integers":
            column = target.column(align=True)
            for index, label in enumerate(_parts(field)):
                text = label if field.unset else f"{field.title} {label}" if index == 0 else label
                column.prop(settings, field.name, index=index, text=text)
        else:
            text = "" if field.unset else field.title
            target.prop(settings, field.name, text=text, slider=field.widget == "slider")


def register() -> None:
    """Bring back the settings of the last connection, if there was one."""
    try:
        known = json.loads((user_folder() / _CACHE).read_bytes())
    except (FileNotFoundError, ValueError):
        known = None
    _declare(read_fields(known))


def unregister() -> None:
    """Take the properties away; what was chosen stays in the scenes."""
    global _class, _fields
    del bpy.types.Scene.garrick_settings
    bpy.utils.unregister_class(_class)
    _class, _fields = None, ()


def _declare(fields: tuple[Field, ...]) -> None:
    global _class, _fields
    if _class is not None:
        unregister()
    properties: dict[str, Any] = {}
    for field in fields:
        properties[field.name] = _property(field)
        if field.unset:
            properties[_SWITCH.format(field.name)] = _switch(field)
    _class = type("GARRICK_PG_settings", (bpy.types.PropertyGroup,), {"__annotations__": properties})
    bpy.utils.register_class(_class)
    bpy.types.Scene.garrick_settings = PointerProperty(type=_class)
    _fields = fields


def _property(field: Field) -> Any:
    """The Blender property of a field, which reads and writes the scene's JSON."""

    def read(settings: bpy.types.PropertyGroup) -> Any:
        value = value_of(settings.id_data, field)
        return field.default if value is None else value

    def write(settings: bpy.types.PropertyGroup, value: Any) -> None:
        value = list(value) if field.kind == "integers" else value
        store(settings.id_data, {**stored(settings.id_data), field.name: value})

    if field.kind == "choice":
        return _choice(field)
    about = {
        "name": field.title, "description": field.description, "default": field.default, "options": set(), "get": read,
        "set": write,
    }  # fmt: skip
    match field.kind:
        case "boolean":
            return BoolProperty(**about)
        case "integer":
            return IntProperty(min=int(field.minimum), max=int(field.maximum), step=field.step, **about)
        case "integers":
            limits = {"min": int(field.minimum), "max": int(field.maximum), "step": field.step}
            return IntVectorProperty(size=field.items, **limits, **about)
        case "number":
            subtype = "FACTOR" if field.widget == "slider" else "NONE"
            limits = {"min": field.minimum, "max": field.maximum}
            return FloatProperty(subtype=subtype, step=5, precision=2, **limits, **about)
        case _:
            if field.asset:
                about |= {"subtype": "FILE_PATH", "options": version_adapter.path_options()}
            return StringProperty(**about)


def _choice(field: Field) -> Any:
    """The list to choose from of a field that takes some values only."""

    def read(settings: bpy.types.PropertyGroup) -> int:
        value = value_of(settings.id_data, field)
        return field.choices.index(field.default if value is None else value)

    def write(settings: bpy.types.PropertyGroup, number: int) -> None:
        store(settings.id_data, {**stored(settings.id_data), field.name: field.choices[number]})

    items = [
        (str(value), str(value).replace("_", " ").capitalize(), "", number)
        for number, value in enumerate(field.choices)
    ]
    default = field.choices.index(field.default)
    return EnumProperty(
        name=field.title, description=field.description, items=items, default=items[default][0], options=set(),
        get=read, set=write,
    )  # fmt: skip


def _switch(field: Field) -> Any:
    """Whether a field that may be left out is in the job."""

    def read(settings: bpy.types.PropertyGroup) -> bool:
        return value_of(settings.id_data, field) is not None

    def write(settings: bpy.types.PropertyGroup, on: bool) -> None:
        scene = settings.id_data
        store(scene, {**stored(scene), field.name: (value_of(scene, field) or field.default) if on else None})

    return BoolProperty(name=field.title, description=field.description, options=set(), get=read, set=write)


def _parts(field: Field) -> tuple[str, ...]:
    """What the numbers of an array are called."""
    names = {"size": ("Width", "Height"), "range": ("First", "Last")}.get(field.widget)
    return names if names and len(names) == field.items else tuple(str(part + 1) for part in range(field.items))


@lru_cache(maxsize=64)
def _parsed(text: str) -> dict[str, Any]:
    """The JSON of a scene; nothing for one that is damaged. Not to be changed by who gets it."""
    try:
        values = json.loads(text) if text else {}
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}
