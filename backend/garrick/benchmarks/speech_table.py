"""Ours and the peers side by side, one table for each kind of recordings."""

from __future__ import annotations

from rich.table import Table

from garrick.benchmarks.speech import Comparison, Heard, values, values_at_best_lag

_TITLES = {
    "talk": "conversation (phones by the Montreal Forced Aligner)",
    "reading": "reading (phones by pocketsphinx itself: no judge of pocketsphinx)",
    "synthetic": "a synthetic voice that no net was trained on (phones exact)",
    "all": "all real recordings",
}
_COLUMNS = {
    "visemes": ("15 visemes",),
    "visemes in speech": ("15 visemes, speech frames",),
    "six lips": ("six lip classes",),
    "lips in speech": ("six lip classes, speech frames",),
    "Rhubarb allows": ("shapes Rhubarb allows, speech frames",),
    "PP r/p": ("bilabial recall", "bilabial precision"),
    "FF r/p": ("labiodental recall", "labiodental precision"),
    "edge": ("edge error",),
    "best lag": ("best lag",),
    "visemes then": ("15 visemes at best lag",),
    "lips then": ("six lip classes at best lag",),
    "speed": ("speed",),
}


def tables(comparison: Comparison) -> list[Table]:
    """One a group, best lips first, those that know the text apart from those that do not."""
    return [_table(comparison, group) for group in comparison.groups()]


def peer_values(comparison: Comparison) -> dict[str, dict[str, float]]:
    """Peer -> "group: figure" -> value."""
    return {
        heard.name: {
            f"{group}: {name}": round(value, 4)
            for group in comparison.groups()
            for name, (value, _) in _all_values(comparison, heard, group).items()
        }
        for heard in comparison.heard[2:]
    }


def _all_values(comparison: Comparison, heard: Heard, group: str) -> dict[str, tuple[float, str]]:
    return values(comparison, heard, group) | values_at_best_lag(comparison, heard, group)


def _table(comparison: Comparison, group: str) -> Table:
    table = Table("", *_COLUMNS, title=_TITLES[group], title_justify="left")
    rows = [(heard, _all_values(comparison, heard, group)) for heard in comparison.heard]
    rows.sort(key=lambda row: (row[0].has_text, -row[1]["six lip classes"][0]))
    for place, (heard, found) in enumerate(rows):
        last_without_text = place + 1 < len(rows) and rows[place + 1][0].has_text and not heard.has_text
        table.add_row(*_cells(heard, found), end_section=last_without_text)
    return table


def _cells(heard: Heard, found: dict[str, tuple[float, str]]) -> list[str]:
    cells = [heard.name]
    for names in _COLUMNS.values():
        cells.append("/".join(_cell(*found[name]) if name in found else "-" for name in names))
    return cells


def _cell(value: float, unit: str) -> str:
    return f"{value:.2f}" if not unit else f"{value:.0f}" if unit == "ms" else f"{value:.1f}"
