"""What injecting the rendered hand is worth (ChatAnyone, table 1), and the gate of the hand generator.

    python -m garrick.benchmarks.hands_injection FOLDER --portraits DIR --plain FILE --injected FILE [--sheet FILE]
        [--json]

FOLDER is that of `python -m garrick.training.render hand-pairs`, whose held-out portraits are compared; the two files are
nets trained alike, without and with injection. Beside them stands the least that a net must be worth: one factor of red,
green and blue for all hands, from what the nets learned from. Hands are compared in the portrait's own pose, where all of
the portrait's hand is wanted, and in others. HKC is MediaPipe's word that a hand is there: it has one for all points of a
hand. A net may be on by default where PSNR and feature distance are both better than the geometry path's, and nothing else
is worse by more than 2 %.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console

from garrick.benchmarks.gates import HandRow, hands_alike, table_of, told, worsened
from garrick.evaluation.features import feature_distance
from garrick.evaluation.flicker import restlessness
from garrick.evaluation.images import psnr, ssim
from garrick.outputs.shot import write_still
from garrick.perception.crop import Square
from garrick.rendering.refine.crop import Crop
from garrick.training.render.hand_pairs import another_pose, frame_of, shown_hands
from garrick.training.render.hand_pool import HandPool, injected_of, load
from garrick.training.render.hand_refiner import HandRefiner, hand_change
from garrick.training.render.hand_view import HAND_SIDE, INJECTED, HandView, hand_crop, hand_vertices
from garrick.training.render.pool import held_out

_GEOMETRY, _DIMMED, _PORTRAIT = "geometry", "one factor", "portrait"
_PLAIN, _INJECTED = "without injection", "with injection"
_BOUND = 0.5  # of weight and of what is known, from which a pixel counts
_SQUARE = 0.9  # of the crop: what the hand net looks at
_LEAST = 150  # pixels that count, of a pair that is compared
_SHOWN = 12
_STEPS = 10  # frames of a motion whose flicker is looked at


@dataclass(frozen=True)
class Row(HandRow):
    """features, points: of the crop.

    contrast: what is finer than two pixels in the hand's luma, over that of the wanted one.
    flicker:  levels, `restlessness` about the hand over smooth motions of some portraits; of both kinds the same.
    """

    contrast: float
    flicker: float


def compare(
    pool: HandPool, own: bool, factor: np.ndarray, nets: dict[str, Path], restless: dict[str, float]
) -> list[Row]:
    """Every way on the pairs in the portraits' own pose, or on the others.

    factor: (3,), see `factor_of`.    restless: what `flicker` found.
    """
    rows = [row for row in range(len(pool)) if bool(pool.own[row]) == own and mask_of(pool, row).sum() >= _LEAST]
    masks = [mask_of(pool, row) for row in rows]
    ways = {_GEOMETRY: [pool.colour[row] for row in rows]}
    ways[_DIMMED] = [dimmed(pool, row, factor) for row in rows]
    ways |= {way: [generated(pool, row, net) for row in rows] for way, net in nets.items()}
    ways[_PORTRAIT] = [wanted_of(pool, row, pool.colour[row]) for row in rows]
    squares = [square_of(injected_of(pool.injected[row])) for row in rows]
    found = []
    for way, pictures in ways.items():
        wanted = [wanted_of(pool, row, picture) for row, picture in zip(rows, pictures, strict=True)]
        found.append(
            Row(
                "own pose" if own else "other poses",
                way,
                len(rows),
                psnr=psnr(pictures, wanted, masks).value,
                ssim=ssim(pictures, wanted, masks).value,
                features=feature_distance(pictures, wanted).value,
                **hands_alike(pictures, wanted, squares),
                contrast=float(
                    np.mean(
                        [
                            _fine(one, mask) / _fine(other, mask)
                            for one, other, mask in zip(pictures, wanted, masks, strict=True)
                        ]
                    )
                ),
                flicker=restless.get(way, float("nan")),
            )
        )
    return found


def verdict(geometry: Row, net: Row) -> tuple[bool, list[str]]:
    """Whether PSNR and feature distance are both better, and what is worse by more than 2 %."""
    worse = worsened(geometry, net, higher=("ssim", "hkc"), lower=("points", "flicker"))
    return net.psnr > geometry.psnr and net.features < geometry.features, worse


def flicker(pictures: Sequence[Path], nets: dict[str, Path]) -> dict[str, float]:
    """Levels by which frames of smooth motions are restless about the first hand of each portrait, every way."""
    values: dict[str, list[float]] = {}
    for index, path in enumerate(pictures):
        for hand in shown_hands(path)[:1]:
            shown: dict[str, list[np.ndarray]] = {}
            camera = hand.portrait.camera
            crop = hand_crop(hand_vertices(hand.limbs.figure, hand.pose, hand.side), camera)
            if crop is None:
                continue
            for share in np.linspace(0, 0.4, _STEPS):
                pose = another_pose(hand, np.random.default_rng([23, index]), share)
                frame = frame_of(hand, pose)
                shown.setdefault(_GEOMETRY, []).append(crop.cut(frame.plate))
                for way, net in nets.items():
                    again = HandRefiner(hand.limbs, hand.tones, net).refine(pose, camera, frame)
                    shown.setdefault(way, []).append(crop.cut(again.plate))
            for way, frames in shown.items():
                values.setdefault(way, []).extend(restlessness(*frames[i : i + 3]) for i in range(len(frames) - 2))
    return {way: float(np.mean(some)) for way, some in values.items()}


def generated(pool: HandPool, row: int, net: Path) -> np.ndarray:
    """(HAND_SIDE, HAND_SIDE, 3) uint8: a pair's crop with the net's change, mirrored as in the pool."""
    weight = pool.weight[row].astype(np.float32) / 255
    view = HandView(Crop(np.eye(2, 3), HAND_SIDE), pool.colour[row], injected_of(pool.injected[row]), weight, False)
    return np.clip(pool.colour[row] + hand_change(view, pool.tones[row], net) * 255 + 0.5, 0, 255).astype(np.uint8)


def factor_of(pool: HandPool) -> np.ndarray:
    """(3,) by which hands would have to be multiplied, in their portrait's own pose, typically."""
    found = []
    for row in np.flatnonzero(pool.own):
        mask = mask_of(pool, row)
        if mask.sum() >= _LEAST:
            found.append(pool.wanted[row][mask].mean(axis=0) / pool.colour[row][mask].mean(axis=0))
    return np.median(found, axis=0)


def dimmed(pool: HandPool, row: int, factor: np.ndarray) -> np.ndarray:
    """(HAND_SIDE, HAND_SIDE, 3) uint8: a pair's crop with its hand multiplied."""
    share = pool.weight[row].astype(np.float32)[..., None] / 255
    return np.clip(pool.colour[row] * (1 + share * (factor - 1)) + 0.5, 0, 255).astype(np.uint8)


def wanted_of(pool: HandPool, row: int, picture: np.ndarray) -> np.ndarray:
    """(HAND_SIDE, HAND_SIDE, 3) uint8: what is wanted of a picture of the hand; as it is where nothing is known.

    So no way is held against what another one drew there.
    """
    share = (pool.weight[row].astype(np.float32) * pool.known[row])[..., None] / 255**2
    return (picture * (1 - share) + pool.wanted[row] * share + 0.5).astype(np.uint8)


def mask_of(pool: HandPool, row: int) -> np.ndarray:
    """(HAND_SIDE, HAND_SIDE) bool: where a pair is compared."""
    return (pool.weight[row] > 255 * _BOUND) & (pool.known[row] > 255 * _BOUND)


def square_of(injected: np.ndarray) -> Square:
    """Where the hand net looks: about the rendered hand, with the fingers up."""
    y, x = np.nonzero(injected[INJECTED.index("hand")] > _BOUND)
    along = injected[INJECTED.index("along"), y, x]
    slope = np.linalg.lstsq(np.column_stack([x, y, np.ones(len(x))]), along, rcond=None)[0]
    middle = np.array([x.min() + x.max() + 1, y.min() + y.max() + 1]) / 2
    return Square(middle, _SQUARE * HAND_SIDE, float(np.arctan2(-slope[1], -slope[0]) + np.pi / 2))


def sheet(pool: HandPool, nets: dict[str, Path], path: Path) -> None:
    """Held-out hands to look at: drawn, without and with injection, wanted; own poses on the left. Raises OutputError."""
    columns = []
    for own in (True, False):
        rows = np.flatnonzero(pool.own == own)
        some = rows[np.linspace(0, len(rows) - 1, _SHOWN).round().astype(int)]
        lines = [
            np.concatenate(
                [pool.colour[row], *(generated(pool, row, net) for net in nets.values()), pool.wanted[row]], axis=1
            )
            for row in some
        ]
        columns.append(np.concatenate(lines))
    write_still(path, np.concatenate(columns, axis=1), synthetic=True)


def _fine(picture: np.ndarray, mask: np.ndarray) -> float:
    """Deviation of what is finer than two pixels in a masked luma, levels."""
    grey = picture.astype(np.float32).mean(axis=2)
    return float((grey - cv2.GaussianBlur(grey, (0, 0), 2))[mask].std()) + 1e-6


def main() -> None:
    """Parse the command line, measure, print a table and the verdict."""
    parser = argparse.ArgumentParser(
        prog="python -m garrick.benchmarks.hands_injection", description="The gate of the hand generator."
    )
    parser.add_argument("folder", type=Path, help="the folder that it was trained in")
    parser.add_argument("--portraits", type=Path, required=True, help="the folder with made-up portraits")
    parser.add_argument("--plain", type=Path, required=True, help="the net without injection")
    parser.add_argument("--injected", type=Path, required=True, help="the net with it")
    parser.add_argument("--sheet", type=Path, help="write held-out hands there, a PNG")
    parser.add_argument("--json", action="store_true", help="one last line for programs")
    options = parser.parse_args()
    pool, nets = load(options.folder / "hands", aside=True), {_PLAIN: options.plain, _INJECTED: options.injected}
    if options.sheet is not None:
        sheet(pool, nets, options.sheet)
    pictures = [path for index, path in enumerate(sorted(options.portraits.rglob("*.png"))) if held_out(index)]
    restless = flicker(pictures[::2], nets)
    factor = factor_of(load(options.folder / "hands", aside=False))
    rows = [row for own in (True, False) for row in compare(pool, own, factor, nets, restless)]
    Console(width=140).print(table_of(rows))
    for geometry, _, _, net, _ in (rows[:5], rows[5:]):
        better, worse = verdict(geometry, net)
        print(told(net.kind, better, worse))
    if options.json:
        print(json.dumps([asdict(row) for row in rows]))


if __name__ == "__main__":
    main()
