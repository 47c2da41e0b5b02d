"""`python -m garrick.benchmarks NAME [--data DIR] [--json]`: figures and their budgets; --help lists the names."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from rich.console import Console
from rich.table import Table

from garrick.benchmarks import (
    blender,
    bodies,
    contact_sheet,
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
from garrick.errors import GarrickError, InputError

Options: TypeAlias = argparse.Namespace
"""The words of the command line, as `run` has them."""

_ROOT = Path(__file__).resolve().parents[3]
_SAMPLE = _ROOT / "assets" / "sample"
_PORTRAIT, _VOICE = _SAMPLE / "portrait.png", _SAMPLE / "voice.wav"
_HISTORY = _ROOT / "out" / "benchmarks.jsonl"
_DATA = "GARRICK_BENCHMARK_DATA"  # environment variable
_SPEAKERS = 4  # portraits that say the sample's line
_PICTURES = (".png", ".jpg", ".jpeg", ".webp")


@dataclass(frozen=True)
class Report:
    """What a benchmark found.

    shown: what is printed after the figures. peers, rows: more figures for programs, by peer and by row.
    """

    figures: list[Figure]
    shown: Sequence[Table | str] = ()
    peers: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    rows: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def run() -> None:
    """Parse the command line, measure, print a table and, with --json, one last line for programs."""
    parser = argparse.ArgumentParser(prog="python -m garrick.benchmarks", description="Figures against the budgets.")
    parser.add_argument("benchmark", choices=(*_BENCHMARKS, "all"))
    parser.add_argument(
        "--data",
        type=Path,
        default=os.environ.get(_DATA) or None,
        help="the folder of the data, with `eval` and `train` in it, which ${} names too; or a portrait (main, frames, "
        "service, render), a folder of portraits (render)".replace("{}", _DATA),
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
    try:
        if options.data is not None and not options.data.exists():
            raise InputError(f"There is no {options.data}.", f"Name the data with --data or ${_DATA}.")
        if options.benchmark == "all":
            raise SystemExit(0 if _all(options.data, options.history) else 1)
        report = _BENCHMARKS[options.benchmark](options)
    except GarrickError as error:
        parser.exit(1, f"{error}\n")
    _print(report.figures)
    for one in report.shown:
        Console(width=160).print(one, markup=False)
    if options.json:
        values = {figure.name: round(figure.value, 4) for figure in report.figures}
        line = {"benchmark": options.benchmark, "figures": values, "peers": report.peers}
        print(json.dumps(line | ({"rows": report.rows} if report.rows else {})))


def _all(data: Path | None, history: Path) -> bool:
    """Every benchmark; without data those that need none. Whether all came to their end."""
    left_out = [] if data is not None else [name for name in _BENCHMARKS if name in _NEED_DATA]
    if left_out:
        print(f"Without --data or ${_DATA} these are left out: {', '.join(left_out)}.", file=sys.stderr)
    names = [name for name in _BENCHMARKS if name not in left_out]
    return suite.run_all(names, [] if data is None else ["--data", str(data)], history)


def _main(options: Options) -> Report:
    return Report(main_job.measure(_portrait_of(options), _VOICE))


def _render(options: Options) -> Report:
    pictures = _pictures(options.data)
    if options.sheets is not None:
        options.sheets.mkdir(parents=True, exist_ok=True)
    figures = [figure for picture in pictures for figure in _portrait(picture, options.sheets)]
    if pictures != [_PORTRAIT]:
        return Report(figures)
    more, tables_of_render = _renderer(options.data)
    return Report([*figures, *more], tables_of_render)


def _frames(options: Options) -> Report:
    portrait = _portrait_of(options)
    rows, figures = frames.measure(portrait)
    nets, without_net = frames_nets.measure(portrait)
    on_gpu, without_gpu = frames_gpu.measure(portrait)
    shown = [frames.table(rows), frames_nets.table(nets), *without_net, *without_gpu]
    return Report([*figures, *frames_nets.figures(nets), *on_gpu], shown)


def _service(options: Options) -> Report:
    return Report(service.measure(_portrait_of(options), _VOICE))


def _blender(options: Options) -> Report:
    return Report(blender.measure())


def _speech(options: Options) -> Report:
    comparison = speech.compare(_recordings(options), [] if options.ours else peers(options.node_packages))
    absent = [f"{name} is not here. To have it: {how}" for name, how in comparison.absent]
    figures = [*speech.our_figures(comparison), *speech.leads(comparison)]
    return Report(figures, [*tables(comparison), *absent], peer_values(comparison))


def _robustness(options: Options) -> Report:
    rows = robustness.measure(_recordings(options))
    return Report([*robustness.figures(rows), *robustness.without_a_voice()], [robustness.table(rows)])


def _voices(options: Options) -> Report:
    return Report(voices.measure())


def _likeness(options: Options) -> Report:
    return Report(likeness.measure(_recordings(options)))


def _motion(options: Options) -> Report:
    lips, life = motion.measure(_recordings(options))
    return Report(motion.figures(lips, life), [motion.table(lips)])


def _bodies(options: Options) -> Report:
    return Report(bodies.measure())


def _live(options: Options) -> Report:
    streamed = live.measure(_recordings(options))
    return Report(live.figures(streamed), [live.table(streamed)])


def _track(options: Options) -> Report:
    tracked = track.measure(_PORTRAIT, options.data)
    return Report(track.figures(tracked), track.tables(tracked), rows=track.values(tracked))


def _reenact(options: Options) -> Report:
    driven = reenact.measure(_PORTRAIT, _needed(options), options.sheets)
    return Report(reenact.figures(driven), reenact.tables(driven))


_BENCHMARKS: dict[str, Callable[[Options], Report]] = {
    "main": _main,
    "render": _render,
    "frames": _frames,
    "service": _service,
    "blender": _blender,
    "speech": _speech,
    "robustness": _robustness,
    "voices": _voices,
    "likeness": _likeness,
    "motion": _motion,
    "bodies": _bodies,
    "live": _live,
    "track": _track,
    "reenact": _reenact,
}
_NEED_DATA = {"speech", "robustness", "likeness", "motion", "live", "reenact"}


def _portrait_of(options: Options) -> Path:
    return _PORTRAIT if options.data is None or options.data.is_dir() else options.data


def _pictures(data: Path | None) -> list[Path]:
    """The sample; of a folder that does not hold all data its portraits; a portrait that is named itself."""
    if data is None or (data / "eval").is_dir():
        return [_PORTRAIT]
    found = sorted(path for path in (data.rglob("*") if data.is_dir() else [data]) if path.suffix.lower() in _PICTURES)
    if not found:
        raise InputError(f"There are no pictures in {data}.", f"They end in {', '.join(_PICTURES)}.")
    return found


def _needed(options: Options) -> Path:
    if options.data is None:
        raise InputError(
            f"The benchmark {options.benchmark} needs recordings of people.",
            f"Name the folder that holds them with --data, or in the environment variable {_DATA}.",
        )
    return options.data


def _recordings(options: Options) -> Path:
    """The folder of the evaluation data, which may be named itself."""
    data = _needed(options)
    return data / "eval" if (data / "eval").is_dir() else data


def _portrait(picture: Path, sheets: Path | None) -> list[Figure]:
    sheet = None if sheets is None else sheets / f"{picture.stem}.jpg"
    if sheets is not None:
        contact_sheet.write(picture, sheets / f"{picture.stem}-views.jpg")
    return [figure.of(picture.stem) for figure in render.measure(picture, sheet)]


def _renderer(data: Path | None) -> tuple[list[Figure], list[Table | str]]:
    """What the renderer's frames show: on the sample, and on the portraits and clips of a folder with all data."""
    pictures = render_views.portraits(_PORTRAIT, data)
    views, refused = render_views.measure(pictures)
    spoken = render_apertures.measure(pictures[:: len(pictures) // _SPEAKERS or 1][:_SPEAKERS], _VOICE)
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
