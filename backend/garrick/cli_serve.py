"""`garrick serve`: the HTTP service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from garrick.errors import InputError
from garrick.terminal import Reporter, ending, reporter

# Heavy imports lie inside the command, so that `garrick --help` answers at once.


def serve(
    data: Annotated[
        Path | None, typer.Option(help="Data folder; by default the user's own.", show_default=False)
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; any but this machine's own needs TLS.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 0,
    tls_cert: Annotated[Path | None, typer.Option(help="Certificate, PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its key, PEM.")] = None,
    insecure_network: Annotated[
        bool, typer.Option("--insecure-network", help="Serve a network without TLS: others on it can read all.")
    ] = False,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Jobs at the same time.")] = 1,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    idle_minutes: Annotated[float, typer.Option(min=0, help="Stop after so long without work; 0: never.")] = 0,
    keep_days: Annotated[float, typer.Option(min=0, help="Delete finished jobs after so long; 0: never.")] = 30,
    scene: Annotated[bool, typer.Option("--scene/--no-scene", help="Write scene.blend.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON event a line, for programs.")] = False,
) -> None:
    """Serve jobs to the panel, to scripts and to farms. A second start finds the first and says where it is."""
    settings = {
        "host": host,
        "port": port,
        "tls_cert": tls_cert,
        "tls_key": tls_key,
        "insecure_network": insecure_network,
        "workers": workers,
        "device": device,
        "idle_minutes": idle_minutes,
        "keep_days": keep_days,
        "scene": scene,
    }
    tell = reporter(as_json)
    with ending(tell):
        _serve(settings if data is None else settings | {"data": data.absolute()}, tell)


def _serve(settings: dict[str, Any], tell: Reporter) -> None:
    from pydantic import ValidationError

    from garrick.jobfile import sentences
    from garrick.server.runtime import Runtime
    from garrick.server.serve import serve
    from garrick.server.settings import Settings

    try:
        checked = Settings(**settings)
    except ValidationError as error:
        raise InputError(sentences(error, option=True)) from error

    def ready(runtime: Runtime, joined: bool) -> None:
        facts = {"url": runtime.url, "pid": runtime.pid, "joined": joined, "runtime": str(checked.runtime)}
        tell.result(
            [f"{'Already serving' if joined else 'Serving'} at {runtime.url}  (token in {checked.runtime})"], facts
        )
        tell.close()  # the line must be out: what follows may take days

    serve(checked, ready)
