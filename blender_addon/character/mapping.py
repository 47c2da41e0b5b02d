"""The mapping table: rows from what a performance carries to a character's face keys and bones. Knows nothing of Blender."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..core.arkit import ARKIT_NAMES
from ..core.oculus_visemes import VISEMES
from ..core.retarget import MAPPING_SCHEMA
from ..core.retarget_presets import VISEME
from ..core.turns import ROTATIONS

KEY, TURN, AIM, MOVE = "KEY", "TURN", "AIM", "MOVE"
KINDS = (KEY, TURN, AIM, MOVE)

JAW = "jaw"
"""The turn of a jaw bone that goes with the jaw's face weights."""

WEIGHTS: tuple[str, ...] = (*ARKIT_NAMES, *(VISEME + name for name in VISEMES))
"""Sources that are one number, 0..1: for keys and for bones that move."""

TURNS: tuple[str, ...] = (*ROTATIONS, JAW)
"""Sources that are rotations."""

_SOURCES = {KEY: WEIGHTS, MOVE: WEIGHTS, TURN: TURNS, AIM: ("gaze.left", "gaze.right")}


@dataclass(frozen=True)
class Row:
    """One line of the table.

    kind:   KEY:  the face key `target` takes `source`, a weight, times `gain`.
            TURN: the bone `target` turns by `source`, a rotation, its angle times `gain`.
            AIM:  the bone `target` is what an eye looks at; it goes where the gaze about the middle of `pivot` points.
            MOVE: the bone `target` goes towards the bone `pivot` by `source`, a weight, times `gain`; 1 is all the way
                  as they rest, and a negative gain goes away from it.
    Rows of the same target add up.
    """

    target: str
    kind: str
    source: str
    gain: float = 1.0
    pivot: str = ""
    enabled: bool = True


def sources_of(kind: str) -> tuple[str, ...]:
    """What a row of that kind can follow."""
    return _SOURCES[kind]


def channel_of(row: Row) -> str:
    """The channel of a performance that a row follows: "face", "gaze", "head_rotation", ..."""
    return "face" if row.source in WEIGHTS or row.source == JAW else row.source.partition(".")[0]


GROUPS = {
    "face": "face", "head_rotation": "head", "gaze": "eyes", "body_pose": "body", "left_hand": "hands",
    "right_hand": "hands",
}  # fmt: skip
"""Channel of a performance -> the group of rows that follows it, which can be switched off together."""


def group_of(row: Row) -> str:
    """One of the groups of `GROUPS`; a row without a source is the face's."""
    return GROUPS.get(channel_of(row), "face")


def fault_of(row: Row) -> str | None:
    """What is wrong with a row in itself, in a sentence; None when it can be used."""
    if not row.target:
        return "A row names no target."
    if row.source not in _SOURCES[row.kind]:
        return f"{row.target}: {row.source or 'nothing'} cannot be its source."
    if row.kind in (AIM, MOVE) and not row.pivot:
        return f"{row.target}: a second bone must be named."
    return None


def to_json(rows: Sequence[Row]) -> str:
    """The table as a file's text."""
    return json.dumps(
        {"garrick_mapping": MAPPING_SCHEMA, "rows": [asdict(row) for row in rows]}, indent=1, ensure_ascii=False
    )


def from_json(text: str) -> list[Row]:
    """Read what `to_json` wrote. Raises ValueError with a sentence for the user."""
    try:
        data = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError("This is not readable JSON.") from error
    if not isinstance(data, dict) or not isinstance(data.get("garrick_mapping"), int):
        raise ValueError("This is not a mapping that Garrick saved.")
    if data["garrick_mapping"] > MAPPING_SCHEMA:
        raise ValueError("This mapping was saved by a newer Garrick; update the extension.")
    rows = data.get("rows")
    if not isinstance(rows, list):
        raise ValueError("This mapping has no rows.")
    return [_row(number, item) for number, item in enumerate(rows, 1)]


def _row(number: int, item: Any) -> Row:
    wrong = ValueError(f"Row {number} of the mapping is damaged.")
    if not isinstance(item, dict):
        raise wrong
    texts = [item.get(name, "") for name in ("target", "kind", "source", "pivot")]
    gain, enabled = item.get("gain", 1.0), item.get("enabled", True)
    if not all(isinstance(text, str) for text in texts) or texts[1] not in KINDS or not isinstance(enabled, bool):
        raise wrong
    if isinstance(gain, bool) or not isinstance(gain, (int, float)) or not math.isfinite(gain):
        raise wrong
    target, kind, source, pivot = texts
    return Row(target, kind, source, float(gain), pivot, enabled)
