"""A performance's face as the keys of another kind of character, by a table of `retarget_presets`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from .arkit import ARKIT_INDEX
from .oculus_visemes import SILENCE, viseme_weights
from .performance import Performance
from .retarget_presets import VISEME, Recipe
from .timing import frame_times

MAPPING_SCHEMA = 1
"""Of the mapping files of the extension's own characters."""


def source_weights(face: np.ndarray, sources: Iterable[str]) -> dict[str, np.ndarray]:
    """(F, 52) weights -> (F,) values of each source: ARKit's names, and visemes, among which the face is shared out."""
    wanted = dict.fromkeys(sources)
    face = np.asarray(face, np.float64)
    weights = {source: face[:, ARKIT_INDEX[source]] for source in wanted if source in ARKIT_INDEX}
    named = [source.removeprefix(VISEME) for source in wanted if source.startswith(VISEME)]
    visemes = [name for name in named if name != SILENCE]
    mix = viseme_weights(face, visemes)
    weights |= {VISEME + name: mix[:, column] for column, name in enumerate(visemes)}
    if SILENCE in named:
        weights[VISEME + SILENCE] = np.clip(1 - mix.sum(axis=1), 0, 1)
    return weights


def key_weights(face: np.ndarray, keys: Mapping[str, Recipe]) -> dict[str, np.ndarray]:
    """(F, 52) weights -> (F,) values 0..1 of each key of a table."""
    weights = source_weights(face, [source for recipe in keys.values() for source, _ in recipe])
    return {
        key: np.clip(sum((gain * weights[source] for source, gain in recipe), np.zeros(len(face))), 0, 1)
        for key, recipe in keys.items()
    }


def write_key_weights(performance: Performance, keys: Mapping[str, Recipe], path: str | Path) -> None:
    """Write a CSV: seconds, and a column a key. Raises OSError."""
    found = key_weights(performance.face, keys)
    times = frame_times(len(performance), performance.fps)
    rows = np.column_stack([times, *found.values()])
    lines = [",".join(["time", *found]), *(",".join(f"{value:.6g}" for value in row) for row in rows.tolist())]
    Path(path).write_text("\n".join(lines) + "\n", encoding="ascii", newline="\n")


def mapping_text(keys: Mapping[str, Recipe]) -> str:
    """A table as the extension's own-character mapping, JSON, which it loads as its rows."""
    rows = [
        {"target": key, "kind": "KEY", "source": source, "gain": gain, "pivot": "", "enabled": True}
        for key, recipe in keys.items()
        for source, gain in recipe
    ]
    return json.dumps({"garrick_mapping": MAPPING_SCHEMA, "rows": rows}, indent=1, ensure_ascii=False)
