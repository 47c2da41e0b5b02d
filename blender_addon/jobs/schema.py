"""The service's /v1/schema as checked data; what this extension does not understand is left out, not refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..core.timing import parse_fps

PANEL_FIELDS = ("portrait", "audio", "text")
"""The fields that the panel draws by hand; all others come from the schema."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_INT = 2**31 - 1  # Blender's whole numbers end here
_LONGEST = 8  # numbers in an array
_MOST = 200  # values of a choice


@dataclass(frozen=True)
class Field:
    """One setting of a job, as in /v1/schema.

    kind:      "boolean", "integer", "number", "integers" (an array of `items`), "choice" (one of `choices`) or "string".
    shown_if:  another field's name and whether that must be set for this one to be shown; None: always.
    default:   of the kind; for a nullable field without one, the least value allowed.
    unset:     the field is left out of a job unless the user switches it on.
    """

    name: str
    title: str
    description: str
    group: str
    widget: str
    kind: str
    asset: bool
    unset: bool
    default: Any
    minimum: float
    maximum: float
    step: int
    items: int
    choices: tuple[str | int, ...]
    shown_if: tuple[str, bool] | None


def read_fields(schema: dict[str, Any] | None) -> tuple[Field, ...]:
    """The settings that the panel can draw, in the schema's order; none without a schema."""
    entries = schema.get("fields", ()) if isinstance(schema, dict) else ()
    read = (_field(entry) for entry in entries if isinstance(entry, dict))
    return tuple(field for field in read if field is not None and field.name not in PANEL_FIELDS)


def groups_of(fields: tuple[Field, ...]) -> list[str]:
    """The groups, in the order in which they are shown."""
    return list(dict.fromkeys(field.group for field in fields))


def is_shown(field: Field, is_set: Callable[[str], bool]) -> bool:
    """Whether a field is to be seen. is_set: whether the field of that name has a value."""
    return field.shown_if is None or is_set(field.shown_if[0]) == field.shown_if[1]


def held(field: Field, value: Any) -> Any:
    """A value brought into what the field allows: numbers into their range, arrays to their length; None if it is none.

    A frame rate that cannot be read is kept for `fault` to complain of.
    """
    try:
        if field.kind == "boolean":
            return bool(value)
        if field.kind == "string":
            return str(value)
        if field.kind == "choice":
            return value if value in field.choices and not isinstance(value, bool) else None
        if field.kind == "integers":
            return [_whole(field, part) for part in value] if len(value) == field.items else None
        if field.kind == "integer":
            return _whole(field, value)
        # Blender's numbers are 32 bits wide: 1.1 shall be 1.1 in the job and not 1.10000002384
        return min(max(float(f"{float(value):.6g}"), field.minimum), field.maximum)
    except (TypeError, ValueError):
        return None


def fault(field: Field, value: Any) -> str | None:
    """What is wrong with a value, in a sentence; None when it may be sent."""
    if field.widget == "rate":
        try:
            parse_fps(value)
        except ValueError as error:
            return f"{field.title}: {error}"
    if field.widget == "range" and list(value) != sorted(value):
        return f"{field.title}: the last lies before the first."
    return None


def _whole(field: Field, value: Any) -> int:
    """A whole number in the field's range and a multiple of its step, counted from zero."""
    nearest = field.step * round(float(value) / field.step)
    return int(min(max(nearest, field.minimum), field.maximum))


def _field(entry: dict[str, Any]) -> Field | None:
    """One checked field; None for one that cannot be drawn."""
    name, kind, items = entry.get("name"), entry.get("type"), entry.get("items")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return None
    if kind == "array":
        if not isinstance(items, int) or not 1 < items <= _LONGEST:
            return None
        kind = "integers"
    choices = _choices(entry.get("choices"))
    if choices is None:
        return None
    if choices:
        kind = "choice"
    if kind not in ("boolean", "integer", "number", "integers", "choice", "string"):
        return None
    whole = kind in ("integer", "integers")
    minimum = _number(entry.get("minimum"), -_INT if whole else -1e9)
    maximum = _number(entry.get("maximum"), _INT if whole else 1e9)
    step = entry.get("step")
    field = Field(
        name=name,
        title=str(entry.get("title") or name),
        description=_described(entry),
        group=str(entry.get("group") or "More"),
        widget=str(entry.get("widget") or ""),
        kind=kind,
        asset=bool(entry.get("asset")),
        unset=bool(entry.get("nullable")) and kind != "string",
        default=None,
        minimum=max(minimum, -_INT) if whole else minimum,
        maximum=min(maximum, _INT) if whole else maximum,
        step=int(step) if whole and isinstance(step, int | float) and step >= 1 else 1,
        items=items if kind == "integers" else 1,
        choices=choices,
        shown_if=_condition(entry.get("condition")),
    )
    first = choices[0] if choices else None
    empty = {"boolean": False, "string": "", "integers": [0] * field.items, "choice": first}.get(kind, 0)
    default = held(field, entry.get("default") if entry.get("default") is not None else empty)
    return None if default is None else Field(**{**field.__dict__, "default": default})


def _described(entry: dict[str, Any]) -> str:
    """The tooltip, with its unit and without the full stop that Blender adds."""
    words = str(entry.get("description") or entry.get("title") or "").rstrip(".")
    return f"{words} ({entry['unit']})" if entry.get("unit") else words


def _choices(entry: Any) -> tuple[str | int, ...] | None:
    """The values of a choice, each once; none for a field that is no choice, None for one that cannot be drawn."""
    if entry is None:
        return ()
    if not isinstance(entry, list) or not 0 < len(entry) <= _MOST:
        return None
    if not all(isinstance(value, str | int) and not isinstance(value, bool) and value != "" for value in entry):
        return None
    return tuple(entry) if len({str(value) for value in entry}) == len(entry) else None


def _condition(entry: Any) -> tuple[str, bool] | None:
    if not isinstance(entry, dict) or not isinstance(entry.get("field"), str):
        return None
    return entry["field"], bool(entry.get("is_set"))


def _number(value: Any, otherwise: float) -> float:
    return float(value) if isinstance(value, int | float) else float(otherwise)
