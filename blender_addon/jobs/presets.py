"""Settings under a name: JSON files in the extension's own folder, and a few that come with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import bpy

from .places import user_folder
from .schema import Field

INPUTS = "Inputs"
"""The group of settings that belong to one shot and are in no preset."""

BUILT_IN: dict[str, dict[str, Any]] = {
    "Draft": {"size": [256, 256], "fps": "12"},
    "Film": {"size": [768, 768], "fps": "24"},
    "Calm": {"expression": 0.7, "head_motion": 0.5, "gestures": 0.5},
    "Lively": {"expression": 1.3, "head_motion": 1.4, "gestures": 1.3},
}
"""Name -> what it sets; all else goes back to its default."""


def names() -> list[str]:
    """The presets, those that come with Garrick first."""
    return [*BUILT_IN, *sorted(name for name in _own() if name not in BUILT_IN)]


def is_own(name: str) -> bool:
    """Whether the user made that preset, so that it may be removed."""
    return name in _own()


def read(name: str) -> dict[str, Any]:
    """What a preset sets. Raises ValueError for one that is not there or damaged."""
    path = _own().get(name)
    if path is None and name in BUILT_IN:
        return dict(BUILT_IN[name])
    if path is None:
        raise ValueError(f"There is no preset {name}.")
    return _load(path)["settings"]


def save(name: str, stored: dict[str, Any], fields: tuple[Field, ...]) -> None:
    """Keep settings under a name, over an own one of that name. Raises OSError, ValueError for a name that is none."""
    name = name.strip()
    if not name or name in BUILT_IN:
        raise ValueError(f"{name} comes with Garrick: choose another name." if name else "Give the preset a name.")
    path = _own().get(name) or _new_path(name)
    settings = {field.name: stored[field.name] for field in fields if is_kept(field) and field.name in stored}
    path.write_text(json.dumps({"name": name, "settings": settings}, indent=1, ensure_ascii=False), encoding="utf-8")


def remove(name: str) -> None:
    """Forget an own preset. Raises ValueError when there is none of that name, OSError."""
    path = _own().get(name)
    if path is None:
        raise ValueError(f"There is no preset {name} of your own.")
    path.unlink()


def applied(name: str, stored: dict[str, Any], fields: tuple[Field, ...]) -> dict[str, Any]:
    """What is stored once a preset is chosen: its settings, and those that no preset touches. Raises ValueError."""
    untouched = {field.name for field in fields if not is_kept(field)}
    return {key: value for key, value in stored.items() if key in untouched} | read(name)


def is_kept(field: Field) -> bool:
    """Whether presets hold a setting: not what belongs to one shot only, its files and its frame range."""
    return field.group != INPUTS and not field.asset and not field.unset


def _own() -> dict[str, Path]:
    """Name -> file of the user's presets; what is no preset is passed over."""
    found = {}
    for path in sorted(user_folder("presets").glob("*.json")):
        try:
            found[_load(path)["name"]] = path
        except (OSError, ValueError):
            continue
    return found


def _load(path: Path) -> dict[str, Any]:
    preset = json.loads(path.read_bytes())
    if not isinstance(preset, dict) or not isinstance(preset.get("name"), str):
        raise ValueError(f"{path.name} is no preset.")
    if not isinstance(preset.get("settings"), dict):
        raise ValueError(f"{path.name} is no preset.")
    return preset


def _new_path(name: str) -> Path:
    folder, clean = user_folder("presets"), bpy.path.clean_name(name)
    return next(
        path for number in range(10_000) if not (path := folder / f"{clean}{number or ''}.json").exists()
    )  # fmt: skip
