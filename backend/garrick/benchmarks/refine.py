"""The gate of the face-region net: what it is worth on people and portraits that it never learned from.

    python -m garrick.benchmarks.refine FOLDER --portraits DIR [--net FILE] [--sheet FILE] [--json]

FOLDER is that of `python -m garrick.training.render`, whose held-out pairs are compared; DIR the made-up portraits. A net
may be on by default where it beats the geometry path in the face's PSNR and in the feature distance, on people and on
portraits, and makes no other figure worse by more than 2 %.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

from garrick.benchmarks.gates import Row, between, faces_alike, landmarks_of, table_of, told, worsened
from garrick.context import RunContext
from garrick.evaluation.features import feature_distance
from garrick.evaluation.flicker import restlessness
from garrick.evaluation.images import psnr, ssim
from garrick.outputs.shot import write_still
from garrick.perception import analyse
from garrick.rendering.puppet import Pose
from garrick.rendering.refine.net import FACE
from garrick.rendering.refine.refiner import Refiner, make_refiner
from garrick.rendering.render import Stage, prepare, render_pose
from garrick.training.render.motions import draw_motion
from garrick.training.render.pairs import SIZE
from garrick.training.render.pool import Pool, cues_of, held_out, load

_GEOMETRY, _REFINED = "geometry", "refined"
_BOUND = 0.5  # weight from which a pixel is the face's
_STEPS = 12  # frames of a motion whose flicker is looked at
_ROUNDS = 20
_SHOWN = 8

Frames = list[np.ndarray]


@dataclass(frozen=True)
class Verdict:
    """kind: of pairs.    better: whether PSNR and feature distance both are.    worse: than before by more than 2 %."""

    kind: str
    better: bool
    worse: tuple[str, ...]


def compare(pool: Pool, kind: str, stages: Sequence[Stage], net: Path) -> list[Row]:
    """Both ways on the pairs whose name begins with the kind; stages: portraits whose motions may flicker."""
    chosen = [row for row, name in enumerate(pool.of) if name.startswith(kind)]
    wanted, masks = [pool.wanted[row] for row in chosen], [pool.weight[row] > 255 * _BOUND for row in chosen]
    real = landmarks_of(wanted)
    ways = {_GEOMETRY: [pool.colour[row] for row in chosen], _REFINED: [refined(pool, row, net) for row in chosen]}
    restless = flicker(stages, net)
    rows = []
    for way, frames in ways.items():
        rows.append(
            Row(
                kind,
                way,
                psnr=psnr(frames, wanted, masks).value,
                ssim=ssim(frames, wanted, masks).value,
                features=feature_distance(frames, wanted).value,
                **faces_alike(frames, wanted, real),
                flicker=restless[way],
            )
        )
    return rows


def verdict(geometry: Row, refined: Row) -> Verdict:
    """Whether the gate lets the net through, for one kind of pairs."""
    better = refined.psnr > geometry.psnr and refined.features < geometry.features
    return Verdict(
        geometry.kind, better, tuple(worsened(geometry, refined, higher=("ssim", "cosine"), lower=("lmd", "flicker")))
    )


def refined(pool: Pool, row: int, net: Path) -> np.ndarray:
    """(SIDE, SIDE, 3) uint8: the crop of a pair with the net's change."""
    from garrick.rendering.refine.net import session

    colour = pool.colour[row].astype(np.float32).transpose(2, 0, 1)[None] / 255
    change = np.asarray(session(net).run(None, {"colour": colour, "cues": cues_of(pool.cues[row])[None]})[0])
    weight = pool.weight[row].astype(np.float32)[..., None] / 255
    return np.clip(pool.colour[row] + change[0].transpose(1, 2, 0) * weight * 255 + 0.5, 0, 255).astype(np.uint8)


def flicker(stages: Sequence[Stage], net: Path) -> dict[str, float]:
    """Levels by which frames of smooth motions are restless, both ways, in the box of the face."""
    values: dict[str, list[float]] = {_GEOMETRY: [], _REFINED: []}
    for index, stage in enumerate(stages):
        refiner = make_refiner(stage, net)
        end = draw_motion(stage.puppet.source, np.random.default_rng([17, index]))
        low, high = (stage.portrait.landmarks[:468].min(axis=0), stage.portrait.landmarks[:468].max(axis=0))
        box = np.s_[max(0, int(low[1])) : int(high[1]), max(0, int(low[0])) : int(high[0])]
        shown: dict[str, Frames] = {_GEOMETRY: [], _REFINED: []}
        for share in (1 - np.cos(np.pi * np.linspace(0, 1, _STEPS))) / 2:
            for way, picture in _both(refiner, between(stage.puppet.source, end, share)).items():
                shown[way].append(picture[box])
        for way, frames in shown.items():
            values[way] += [restlessness(*frames[i : i + 3]) for i in range(len(frames) - 2)]
    return {way: float(np.mean(some)) if some else float("nan") for way, some in values.items()}


def milliseconds(stage: Stage, net: Path) -> dict[str, float]:
    """Median time of a frame at SIZE, drawn, and refined beside that."""
    refiner, camera = make_refiner(stage, net), stage.portrait.camera
    poses = [draw_motion(stage.puppet.source, np.random.default_rng([19, index])) for index in range(_ROUNDS)]
    refiner.refine(poses[0], camera, render_pose(stage, poses[0], camera))
    times: dict[str, list[float]] = {_GEOMETRY: [], "refining": []}
    for pose in poses:
        began = time.perf_counter()
        frame = render_pose(stage, pose, camera)
        drawn = time.perf_counter()
        refiner.refine(pose, camera, frame)
        times[_GEOMETRY].append(drawn - began)
        times["refining"].append(time.perf_counter() - drawn)
    return {name: float(np.median(some)) * 1e3 for name, some in times.items()}


def _both(refiner: Refiner, pose: Pose) -> dict[str, np.ndarray]:
    camera = refiner.stage.portrait.camera
    frame = render_pose(refiner.stage, pose, camera)
    return {_GEOMETRY: frame.plate, _REFINED: refiner.refine(pose, camera, frame).plate}


def sheet(pool: Pool, net: Path, path: Path) -> None:
    """Held-out pairs to look at: as drawn, refined, wanted. Raises OutputError."""
    rows = [list(rows) for rows in np.array_split(np.linspace(0, len(pool) - 1, 2 * _SHOWN).round().astype(int), 2)]
    columns = [
        np.concatenate(
            [np.concatenate([pool.colour[row], refined(pool, row, net), pool.wanted[row]], axis=1) for row in some]
        )
        for some in rows
    ]
    write_still(path, np.concatenate(columns, axis=1), synthetic=True)


def main() -> None:
    """Parse the command line, measure, print a table and the verdict."""
    parser = argparse.ArgumentParser(
        prog="python -m garrick.benchmarks.refine", description="The gate of the face net."
    )
    parser.add_argument("folder", type=Path, help="the folder that it was trained in")
    parser.add_argument("--portraits", type=Path, required=True, help="the folder with made-up portraits")
    parser.add_argument("--net", type=Path, default=FACE)
    parser.add_argument("--sheet", type=Path, help="write held-out pairs there, a PNG")
    parser.add_argument("--json", action="store_true", help="one last line for programs")
    options = parser.parse_args()
    pool = load(options.folder / "pairs", aside=True)
    if options.sheet is not None:
        sheet(pool, options.net, options.sheet)
    pictures = [path for index, path in enumerate(sorted(options.portraits.rglob("*.png"))) if held_out(index)]
    stages = [prepare(analyse.run(path, (SIZE, SIZE), 0, RunContext()), RunContext()) for path in pictures[::2]]
    rows = [row for kind in ("person", "portrait") for row in compare(pool, kind, stages, options.net)]
    verdicts = [verdict(rows[at], rows[at + 1]) for at in range(0, len(rows), 2)]
    Console(width=140).print(table_of(rows))
    times = milliseconds(stages[0], options.net)
    print(", ".join(f"{name} {value:.1f} ms" for name, value in times.items()))
    for one in verdicts:
        print(told(one.kind, one.better, one.worse))
    if options.json:
        print(
            json.dumps(
                {"rows": [asdict(row) for row in rows], "verdicts": [asdict(one) for one in verdicts], "ms": times}
            )
        )


if __name__ == "__main__":
    main()
