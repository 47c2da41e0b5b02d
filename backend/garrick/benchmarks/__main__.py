"""`python -m garrick.benchmarks NAME [--data DIR] [--json]`: figures and their budgets; --help lists the names."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from garrick.benchmarks import (
    blender,
    frames,
    frames_gpu,
    frames_nets,
    likeness,
    live,
    motion,
    reenact,
    render,
    render_apertures,
    render_clips,
    render_views,
    robustness,
    service,
    speech,
    suite,
    track,
    voices,
)
from garrick.benchmarks import main as main_job
from garrick.benchmarks.figures import Figure
from garrick.benchmarks.peers import peers
from garrick.benchmarks.speech_table import peer_values, tables

_ROOT = Path(__file__).resolve().parents[3]
_RECORDINGS = _ROOT.parent / "shared" / "data" / "eval"
_HISTORY = _ROOT / "out" / "benchmarks.jsonl"
_NAMES = (
    "main",
    "render",
    "frames",
    "service",
    "blender",
    "speech",
    "robustness",
    "voices",
    "likeness",
    "motion",
    "live",
    "track",
    "reenact",
)
_SPEAKERS = 2  # portraits that say the sample's line
_PICTURES = (".png", ".jpg", ".jpeg", ".webp")


def run() -> None:
    """Parse the command line, measure, print a table and, with --json, one last line for programs."""
    parser = argparse.ArgumentParser(prog="python -m garrick.benchmarks", description="Figures against the budgets.")
    parser.add_argument("benchmark", choices=(*_NAMES, "all"))
    parser.add_argument(
        "--data",
        type=Path,
        help="a portrait (main, frames, service), a folder of them (render), all data (render, track, reenact) or speech",
    )
    parser.add_argument("--sheets", type=Path, help="render, reenact: write contact sheets here")
    parser.add_argument("--ours", action="store_true", help="speech: leave the peers out")
    parser.add_argument(
        "--node-packages",
        type=Path,
        help="speech: the folder in which `npm install` put peers; default: the current one",
    )
    parser.add_argument("--json", action="store_true", help="one last line for programs")
    parser.add_argument("--history", type=Path, default=_HISTORY, help="all: the file that a line is added to")
    options = parser.parse_args()
    if options.benchmark == "all":
        data = options.data or _RECORDINGS.parent
        more = {name: ["--data", str(data)] for name in ("render", "track")} if data.is_dir() else {}
        raise SystemExit(0 if suite.run_all(_NAMES, more, options.history) else 1)
    sample = _ROOT / "assets" / "sample"
    beside: dict[str, dict[str, float]] = {}
    by_row: dict[str, dict[str, float]] = {}
    shown: list[Table | str] = []  # after the figures
    if options.benchmark == "main":
        figures = main_job.measure(options.data or sample / "portrait.png", sample / "voice.wav")
    elif options.benchmark == "frames":
        rows, figures = frames.measure(options.data or sample / "portrait.png")
        nets, without_net = frames_nets.measure(options.data or sample / "portrait.png")
        figures += frames_nets.figures(nets)
        shown += [frames.table(rows), frames_nets.table(nets), *without_net]
        on_gpu, without_gpu = frames_gpu.measure(options.data or sample / "portrait.png")
        figures += on_gpu
        shown += without_gpu
    elif options.benchmark == "service":
        figures = service.measure(options.data or sample / "portrait.png", sample / "voice.wav")
    elif options.benchmark == "speech":
        others = [] if options.ours else peers(options.node_packages)
        comparison = speech.compare(options.data or _RECORDINGS, others)
        figures = [*speech.our_figures(comparison), *speech.leads(comparison)]
        beside = peer_values(comparison)
        shown += tables(comparison)
        shown += [f"{name} is not here. To have it: {how}" for name, how in comparison.absent]
    elif options.benchmark == "robustness":
        rows = robustness.measure(options.data or _RECORDINGS)
        figures = [*robustness.figures(rows), *robustness.without_a_voice()]
        shown.append(robustness.table(rows))
    elif options.benchmark == "blender":
        figures = blender.measure()
    elif options.benchmark == "voices":
        figures = voices.measure()
    elif options.benchmark == "likeness":
        figures = likeness.measure(options.data or _RECORDINGS)
    elif options.benchmark == "motion":
        lips, life = motion.measure(options.data or _RECORDINGS)
        figures = motion.figures(lips, life)
        shown.append(motion.table(lips))
    elif options.benchmark == "live":
        streamed = live.measure(options.data or _RECORDINGS)
        figures = live.figures(streamed)
        shown.append(live.table(streamed))
    elif options.benchmark == "track":
        tracked = track.measure(sample / "portrait.png", options.data)
        figures = track.figures(tracked)
        by_row = track.values(tracked)
        shown += track.tables(tracked)
    elif options.benchmark == "reenact":
        driven = reenact.measure(sample / "portrait.png", options.data or _RECORDINGS.parent, options.sheets)
        figures = reenact.figures(driven)
        shown += reenact.tables(driven)
    else:
        pictures = [sample / "portrait.png"]
        if options.data is not None and not (options.data / "eval").is_dir():
            pictures = sorted(path for path in options.data.rglob("*") if path.suffix.lower() in _PICTURES)
        if options.sheets is not None:
            options.sheets.mkdir(parents=True, exist_ok=True)
        figures = [figure for picture in pictures for figure in _portrait(picture, options.sheets)]
        if pictures == [sample / "portrait.png"]:
            more, tables_of_render = _renderer(sample, options.data)
            figures += more
            shown += tables_of_render
    _print(figures)
    for one in shown:
        Console(width=160).print(one, markup=False)
    if options.json:
        values = {figure.name: round(figure.value, 4) for figure in figures}
        line = {"benchmark": options.benchmark, "figures": values, "peers": beside}
        print(json.dumps(line | ({"rows": by_row} if by_row else {})))


def _portrait(picture: Path, sheets: Path | None) -> list[Figure]:
    sheet = None if sheets is None else sheets / f"{picture.stem}.jpg"
    return [figure.of(picture.stem) for figure in render.measure(picture, sheet)]


def _renderer(sample: Path, data: Path | None) -> tuple[list[Figure], list[Table | str]]:
    """What the renderer's frames show: on the sample, and on the portraits and clips of a folder with all data."""
    pictures = render_views.portraits(sample / "portrait.png", data)
    views, refused = render_views.measure(pictures)
    spoken = render_apertures.measure(pictures[:: len(pictures) // _SPEAKERS or 1][:_SPEAKERS], sample / "voice.wav")
    clips, without = ([], []) if data is None else render_clips.measure(data)
    figures = [*render_views.figures(views), *render_apertures.figures(spoken), *render_clips.figures(clips)]
    tables = [render_views.table(views), render_apertures.table(spoken)]
    tables += [render_clips.table(clips)] if clips else []
    return figures, [*tables, *refused, *without]


def _print(figures: list[Figure]) -> None:
    table = Table("figure", "value", "budget", "")
    for figure in figures:
        mark = {True: "ok", False: "over", None: ""}[figure.held]
        table.add_row(figure.name, f"{figure.value:.2f} {figure.unit}", figure.budget_text, mark)
    Console(width=100).print(table)


if __name__ == "__main__":
    run()
