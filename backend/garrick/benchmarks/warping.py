"""The gate of the warping generator: what it is worth on people and portraits that it never learned from.

    python -m garrick.benchmarks.warping FOLDER --portraits DIR --body FILE [--plain FILE] [--face FILE] [--sheet FILE]
        [--json]

FOLDER is that of `python -m garrick.training.render warp-pairs`, whose held-out pairs are compared: portraits driven far
away and back, the same with arms taken off, people who do not exist, and hands that portraits show, drawn. The files are
generators of the whole frame, with and without the rendered hands injected, and of the face. Beside them stand the
geometry path and the face net that ships. A net may be on by default where it beats the geometry path in the face's PSNR
and in the feature distance of face and frame, and makes nothing else worse by more than 2 %.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console

from garrick.benchmarks import gates
from garrick.benchmarks.gates import HandRow, between, faces_alike, hands_alike, landmarks_of, table_of, told, worsened
from garrick.context import RunContext
from garrick.evaluation.features import feature_distance
from garrick.evaluation.flicker import restlessness
from garrick.evaluation.images import psnr, ssim
from garrick.outputs.shot import write_still
from garrick.perception import analyse
from garrick.perception.crop import Square
from garrick.rendering.refine.crop import SIDE, Crop
from garrick.rendering.refine.refiner import make_refiner
from garrick.rendering.refine.view import traits_of
from garrick.rendering.render import Stage, prepare, render_pose
from garrick.training.render.pairs import SIZE
from garrick.training.render.pool import held_out
from garrick.training.render.warp_pairs import far_motion
from garrick.training.render.warp_pool import Shown, WarpPool, load, load_shown, unpacked
from garrick.training.render.warp_refiner import WarpRefiner, laid, warp_change
from garrick.training.render.warp_view import WarpView, body_crop

GEOMETRY, NET = "geometry", "face net"
BODY, PLAIN, BOTH = "generator", "without injection", "generator and face"
SILENT = "nothing injected"  # into a net that learned with it
FRAMES, HANDS = ("portrait", "arms", "person"), ("own", "hand")

_STEPS = 12  # frames of a motion whose flicker is looked at
_ROUNDS = 12
_SHOWN = 6  # of each kind, on the sheet
_SMALL = 288  # pixels of a picture on it
_ROOM = 1.5  # of a hand's box: what the hand net looks at


@dataclass(frozen=True)
class Nets:
    """What is compared."""

    body: Path
    plain: Path | None
    face: Path | None


@dataclass(frozen=True)
class Row(gates.Row):
    """psnr, ssim, features: of the frame.

    face_psnr, face_ssim: of its head's skin, eyes and mouth.    face_features: of the face's square, at 256 pixels a side.
    """

    face_psnr: float
    face_ssim: float
    face_features: float


def ways_of(shown: Shown, body: WarpPool, face: WarpPool | None, nets: Nets) -> dict[str, list[np.ndarray]]:
    """(SIZE, SIZE, 3) uint8 frames of every pair, each way."""
    found = {GEOMETRY: list(shown.plate), NET: list(shown.mended)}
    for way, net in ((BODY, nets.body), (SILENT, nets.body), (PLAIN, nets.plain)):
        if net is not None:
            views = (_silenced(view_at(body, row), way == SILENT) for row in range(len(body)))
            found[way] = [
                laid(plate, view.crop, warp_change(view, net)) for plate, view in zip(shown.plate, views, strict=True)
            ]
    if face is not None and nets.face is not None:
        rows = {name: row for row, name in enumerate(face.of)}
        found[BOTH] = []
        for name, plate in zip(shown.of, found[BODY], strict=True):
            if name in rows:
                view = view_at(face, rows[name], plate)
                plate = laid(plate, view.crop, warp_change(view, nets.face))
            found[BOTH].append(plate)
    return found


def view_at(pool: WarpPool, row: int, plate: np.ndarray | None = None) -> WarpView:
    """What a net was given of a pair, with the colours of another frame where there is one."""
    crop = Crop(pool.matrix[row])
    colour = pool.colour[row] if plate is None else crop.cut(plate)
    told, injected, flow = (unpacked(kept[row]) for kept in (pool.told, pool.injected, pool.flow))
    return WarpView(crop, colour, pool.photo[row], flow, told, injected, pool.weight[row].astype(np.float32) / 255)


def _silenced(view: WarpView, silent: bool) -> WarpView:
    """The view with nothing to inject but where it would be."""
    if not silent:
        return view
    only = np.arange(len(view.injected)) == len(view.injected) - 1
    return replace(view, injected=view.injected * only[:, None, None])


def compare(
    shown: Shown, face: WarpPool, ways: dict[str, list[np.ndarray]], kind: str, restless: dict[str, float]
) -> list[Row]:
    """Every way on the frames of a kind. restless: what `flicker` found."""
    chosen = [row for row, name in enumerate(shown.of) if name.startswith(kind)]
    at = {name: row for row, name in enumerate(face.of)}
    crops = [Crop(face.matrix[at[shown.of[row]]]) for row in chosen]
    wanted, masks = [shown.wanted[row] for row in chosen], [shown.there[row] for row in chosen]
    real, rows, whole = landmarks_of(wanted), [], body_crop((SIZE, SIZE))
    for way, all_frames in ways.items():
        if way in (PLAIN, SILENT):
            continue
        frames = [all_frames[row] for row in chosen]
        squares = [[crop.cut(frame) for crop, frame in zip(crops, some, strict=True)] for some in (frames, wanted)]
        rows.append(
            Row(
                kind,
                way,
                face_psnr=psnr(frames, wanted, masks).value,
                face_ssim=ssim(frames, wanted, masks).value,
                face_features=feature_distance(*squares).value,
                psnr=psnr(frames, wanted).value,
                ssim=ssim(frames, wanted).value,
                features=feature_distance(*([whole.cut(frame) for frame in some] for some in (frames, wanted))).value,
                **faces_alike(frames, wanted, real),
                flicker=restless.get(way, float("nan")),
            )
        )
    return rows


def compare_hands(shown: Shown, ways: dict[str, list[np.ndarray]], kind: str) -> list[HandRow]:
    """Every way on drawn hands: those in their portraits' own pose, or others."""
    chosen = [row for row, name in enumerate(shown.of) if name.startswith(kind)]
    masks = [shown.there[row] for row in chosen]
    squares = [square_about(mask) for mask in masks]
    rows = []
    for way, all_frames in ways.items():
        if way in (NET, BOTH):
            continue
        frames = [all_frames[row] for row in chosen]
        # elsewhere what is wanted is as it is found: no way is held against what another one drew there
        wanted = [
            np.where(mask[..., None], shown.wanted[row], frame)
            for row, mask, frame in zip(chosen, masks, frames, strict=True)
        ]
        cut = [[_cut(frame, square) for frame, square in zip(some, squares, strict=True)] for some in (frames, wanted)]
        rows.append(
            HandRow(
                kind,
                way,
                len(chosen),
                psnr=psnr(frames, wanted, masks).value,
                ssim=ssim(frames, wanted, masks).value,
                features=feature_distance(*cut).value,
                **hands_alike(frames, wanted, squares),
            )
        )
    return rows


def verdict(geometry: Row, other: Row) -> tuple[bool, list[str]]:
    """Whether face PSNR and both feature distances are better, and what is worse by more than 2 %."""
    better = (
        other.face_psnr > geometry.face_psnr
        and other.face_features < geometry.face_features
        and other.features < geometry.features
    )
    worse = worsened(geometry, other, higher=("face_ssim", "psnr", "ssim", "cosine"), lower=("lmd", "flicker"))
    return better, worse


def flicker(stages: Sequence[Stage], nets: Nets) -> dict[str, float]:
    """Levels by which the face is restless over smooth motions, every way."""
    values: dict[str, list[float]] = {}
    for index, stage in enumerate(stages):
        camera, mended, ours = stage.portrait.camera, make_refiner(stage), refiners(stage, nets)
        end = far_motion(stage.puppet.source, np.random.default_rng([17, index]))
        marks = stage.portrait.landmarks[:468]
        (left, top), (right, bottom) = (
            np.clip(edge, 0, SIZE).astype(int) for edge in (marks.min(axis=0), marks.max(axis=0))
        )
        shown: dict[str, list[np.ndarray]] = {}
        for share in (1 - np.cos(np.pi * np.linspace(0, 1, _STEPS))) / 2:
            pose = between(stage.puppet.source, end, share)
            frame = render_pose(stage, pose, camera, passes=True)
            made = {GEOMETRY: frame, NET: mended.refine(pose, camera, frame)}
            made |= {way: refiner.refine(pose, camera, frame) for way, refiner in ours.items()}
            for way, found in made.items():
                shown.setdefault(way, []).append(found.plate[top:bottom, left:right])
        for way, frames in shown.items():
            values.setdefault(way, []).extend(restlessness(*frames[i : i + 3]) for i in range(len(frames) - 2))
    return {way: float(np.mean(some)) for way, some in values.items()}


def milliseconds(stage: Stage, nets: Nets) -> dict[str, float]:
    """Median processor time of a frame at SIZE, drawn with its normals, and of the generator beside that."""
    camera, ways = stage.portrait.camera, refiners(stage, nets)
    times: dict[str, list[float]] = {way: [] for way in (GEOMETRY, *ways)}
    for index in range(_ROUNDS + 1):
        pose = far_motion(stage.puppet.source, np.random.default_rng([19, index]))
        began = time.process_time()
        frame = render_pose(stage, pose, camera, passes=True)
        times[GEOMETRY].append(time.process_time() - began)
        for way, refiner in ways.items():
            began = time.process_time()
            refiner.refine(pose, camera, frame)
            times[way].append(time.process_time() - began)
    return {way: float(np.median(some[1:])) * 1e3 for way, some in times.items()}


def refiners(stage: Stage, nets: Nets) -> dict[str, WarpRefiner]:
    """The generator's ways that there are nets for."""
    traits = traits_of(stage)
    ways = {BODY: WarpRefiner(stage, traits, nets.body)}
    return ways if nets.face is None else ways | {BOTH: WarpRefiner(stage, traits, nets.body, nets.face)}


def square_about(mask: np.ndarray) -> Square:
    """The square about what is known of a hand."""
    y, x = np.nonzero(mask)
    middle = np.array([x.min() + x.max() + 1, y.min() + y.max() + 1]) / 2
    return Square(middle, _ROOM * float(max(np.ptp(x), np.ptp(y)) + 1), 0.0)


def sheet(shown: Shown, ways: dict[str, list[np.ndarray]], path: Path) -> None:
    """Held-out frames to look at: each way in a row, then what is wanted; every kind. Raises OutputError."""
    lines = []
    for kind in (*FRAMES, *HANDS):
        rows = [row for row, name in enumerate(shown.of) if name.startswith(kind)]
        for at in np.linspace(0, len(rows) - 1, min(_SHOWN, len(rows))).round().astype(int):
            row = rows[at]
            pictures = [*(frames[row] for frames in ways.values()), shown.wanted[row]]
            if kind in HANDS:
                square = square_about(shown.there[row])
                pictures = [_cut(picture, square) for picture in pictures]
            lines.append(
                np.concatenate(
                    [cv2.resize(p, (_SMALL, _SMALL), interpolation=cv2.INTER_AREA) for p in pictures], axis=1
                )
            )
    write_still(path, np.concatenate(lines), synthetic=True)


def _cut(frame: np.ndarray, square: Square) -> np.ndarray:
    return square.cut(frame, SIDE)


def main() -> None:
    """Parse the command line, measure, print tables and the verdict."""
    parser = argparse.ArgumentParser(
        prog="python -m garrick.benchmarks.warping", description="The gate of the warping generator."
    )
    parser.add_argument("folder", type=Path, help="the folder that it was trained in")
    parser.add_argument("--portraits", type=Path, required=True, help="the folder with made-up portraits")
    parser.add_argument("--body", type=Path, required=True, help="the net of the whole frame")
    parser.add_argument("--plain", type=Path, help="the same without injection")
    parser.add_argument("--face", type=Path, help="the net of the face")
    parser.add_argument("--sheet", type=Path, help="write held-out frames there, a PNG")
    parser.add_argument("--json", action="store_true", help="one last line for programs")
    options = parser.parse_args()
    nets, console = Nets(options.body, options.plain, options.face), Console(width=160)
    shown, body, face = (
        load_shown(options.folder / "frames"),
        *(load(options.folder / "frames", kind, aside=True) for kind in ("body", "face")),
    )
    ways = ways_of(shown, body, face, nets)
    if options.sheet is not None:
        sheet(shown, ways, options.sheet)
    pictures = [path for index, path in enumerate(sorted(options.portraits.rglob("*.png"))) if held_out(index)]
    stages = [
        prepare(analyse.run(path, (SIZE, SIZE), 0, RunContext(), "upper-body"), RunContext()) for path in pictures[::3]
    ]
    restless = flicker(stages, nets)
    rows = [row for kind in FRAMES for row in compare(shown, face, ways, kind, restless)]
    hands = [row for kind in HANDS for row in compare_hands(shown, ways, kind)]
    console.print(table_of(rows), table_of(hands))
    for row in rows:
        if row.way in (BODY, BOTH):
            first = next(other for other in rows if other.kind == row.kind)
            better, worse = verdict(first, row)
            print(told(f"{row.kind}, {row.way}", better, worse))
    times = milliseconds(stages[0], nets)
    print(", ".join(f"{name} {value:.1f} ms" for name, value in times.items()))
    if options.json:
        print(json.dumps({"rows": [asdict(row) for row in [*rows, *hands]], "ms": times}))


if __name__ == "__main__":
    main()
