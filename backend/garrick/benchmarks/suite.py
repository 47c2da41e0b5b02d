"""All benchmarks one after another, each in a process of its own, beside what the history says of the run before."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table


def run_all(names: Sequence[str], arguments: Sequence[str], history: Path) -> bool:
    """Run benchmarks, print a table, add a line to `history`; whether all of them came to their end.

    arguments: more words of each one's command line.
    """
    before = last_run(history)
    found: dict[str, dict[str, float] | None] = {}
    for name in names:
        print(f"{name} ...", file=sys.stderr, flush=True)
        found[name] = _figures([sys.executable, "-m", "garrick.benchmarks", name, "--json", *arguments])
    Console(width=120).print(compared(found, before))
    append(history, found)
    return all(figures is not None for figures in found.values())


def _figures(command: Sequence[str]) -> dict[str, float] | None:
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        return None
    return json.loads(done.stdout.splitlines()[-1])["figures"]


def last_run(history: Path) -> dict[str, dict[str, float]]:
    """Figures by benchmark, each from the last line that has them; empty without a history."""
    latest: dict[str, dict[str, float]] = {}
    if history.is_file():
        for line in history.read_text(encoding="utf-8").splitlines():
            latest |= {name: figures for name, figures in json.loads(line)["figures"].items() if figures is not None}
    return latest


def append(history: Path, found: Mapping[str, dict[str, float] | None]) -> None:
    """Add a line: when, on what, which state of the source, and the figures."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    line: dict[str, Any] = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit.stdout.strip() or None,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "figures": dict(found),
    }
    history.parent.mkdir(parents=True, exist_ok=True)
    with history.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def compared(found: Mapping[str, dict[str, float] | None], before: Mapping[str, dict[str, float]]) -> Table:
    """A row for each figure: now, before, and by how much it changed."""
    table = Table("benchmark", "figure", "now", "before", "change")
    for name, figures in found.items():
        if figures is None:
            table.add_row(name, "did not come to its end", "", "", "")
            continue
        for figure, value in figures.items():
            old = before.get(name, {}).get(figure)
            change = "" if not old else f"{100 * (value / old - 1):+.0f} %"
            table.add_row(name, figure, f"{value:.2f}", "" if old is None else f"{old:.2f}", change)
    return table
