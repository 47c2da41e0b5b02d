"""Makes `rendering/refine/nets/face.onnx`, and hand and warping generators, none of which ships.

    python -m garrick.training.render pairs FOLDER --portraits DIR [--people 96] [--poses 6] [--ways 8]
    python -m garrick.training.render face FOLDER [--steps 3000] [--batch 8] [--seed 0] [--threads 1] [--out DIR]
    python -m garrick.training.render hand-pairs FOLDER --portraits DIR [--poses 16]
    python -m garrick.training.render hand FOLDER [--plain] [--steps 1000] [--batch 8] [--seed 0] [--threads 1] [--out DIR]
    python -m garrick.training.render warp-pairs FOLDER --portraits DIR [--people 24] [--poses 3] [--ways 6] [--hands 3]
    python -m garrick.training.render warp FOLDER {body,face} [--plain] [--steps 800] [--batch 8] [--seed 0] [--threads 1]
        [--out DIR]

DIR holds made-up portraits; one in four of them, and of the people drawn, is held out. FOLDER keeps the pairs, the
checkpoint and the learning curve, so a stopped run goes on. On a GPU, which has not been tried: `pairs --people 2000`, then
`face --device cuda --batch 64 --patch 256 --width 48 --steps 15000`; `hand-pairs --poses 200`, then
`hand --device cuda --batch 64 --patch 128 --width 64 --steps 20000`; `warp-pairs --people 2000 --ways 200 --hands 100`, then
`warp body --device cuda --batch 64 --patch 256 --width 64 --steps 40000`. `--plain` is a generator without injection.
`python -m garrick.benchmarks.refine`, `.hands_injection` and `.warping` are the gates.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from garrick.rendering import refine

_NETS = Path(refine.__file__).parent / "nets"


def main() -> None:
    """Parse the command line and run one of its commands."""
    parser = argparse.ArgumentParser(
        prog="python -m garrick.training.render", description="Train the nets that refine frames."
    )
    commands = parser.add_subparsers(required=True)
    made = commands.add_parser("pairs", help="make what is learned from")
    made.set_defaults(run=_pairs)
    hands = commands.add_parser("hand-pairs", help="make what hands are learned from")
    hands.set_defaults(run=_hand_pairs)
    hands.add_argument("--poses", type=int, default=16, help="beside the portrait's own")
    face = commands.add_parser("face", help="train the face-region net")
    face.set_defaults(run=_face)
    hand = commands.add_parser("hand", help="train a hand generator")
    hand.set_defaults(run=_hand)
    hand.add_argument("--plain", action="store_true", help="without injection")
    frames = commands.add_parser("warp-pairs", help="make what the warping generator learns from")
    frames.set_defaults(run=_warp_pairs)
    frames.add_argument("--hands", type=int, default=3, help="other poses of each")
    warp = commands.add_parser("warp", help="train a warping generator")
    warp.set_defaults(run=_warp)
    warp.add_argument("--plain", action="store_true", help="without injection")
    for command in (made, hands, frames):
        command.add_argument("--portraits", type=Path, required=True, help="the folder with made-up portraits")
    for command, people, poses, ways in ((made, 96, 6, 8), (frames, 24, 3, 6)):
        command.add_argument("--people", type=int, default=people)
        command.add_argument("--poses", type=int, default=poses)
        command.add_argument("--ways", type=int, default=ways)
    for command, steps, batch, width, patch in (
        (face, 3000, 8, 16, 128), (hand, 1000, 8, 24, 96), (warp, 800, 8, 20, 128),
    ):  # fmt: skip
        command.add_argument("--steps", type=int, default=steps)
        command.add_argument("--batch", type=int, default=batch)
        command.add_argument("--width", type=int, default=width)
        command.add_argument("--patch", type=int, default=patch)
        command.add_argument("--seed", type=int, default=0)
        command.add_argument("--threads", type=int, default=1)
        command.add_argument("--device", default="cpu")
        command.add_argument("--out", type=Path, help="where the net is written")
    for command in (made, hands, face, hand, frames, warp):
        command.add_argument("folder", type=Path, help="pairs, checkpoints and curves")
    warp.add_argument("kind", choices=("body", "face"), help="the square that it sees")
    options = parser.parse_args()
    options.run(options)


def _pairs(options: argparse.Namespace) -> None:
    from garrick.training.render.pool import Amounts, prepare

    prepare(options.folder / "pairs", options.portraits, Amounts(options.people, options.poses, options.ways), print)


def _face(options: argparse.Namespace) -> None:
    import torch

    from garrick.training.render.export import export
    from garrick.training.render.pool import load
    from garrick.training.render.recipe import Recipe
    from garrick.training.render.train import train

    torch.set_num_threads(options.threads)
    recipe = Recipe(**_sizes(options))
    name = options.folder / f"face-{options.width}-{options.seed}"
    learned, aside = (load(options.folder / "pairs", held) for held in (False, True))
    net = train(recipe, learned, aside, name.with_suffix(".pt"), name.with_suffix(".csv"))
    export(net, (options.out or _NETS) / "face.onnx")


def _hand_pairs(options: argparse.Namespace) -> None:
    from garrick.training.render.hand_pool import prepare

    prepare(options.folder / "hands", options.portraits, options.poses, print)


def _hand(options: argparse.Namespace) -> None:
    import torch

    from garrick.training.render.export import export_hand
    from garrick.training.render.hand_pool import load
    from garrick.training.render.hand_train import HandRecipe, train

    torch.set_num_threads(options.threads)
    recipe = HandRecipe(**_sizes(options), injecting=not options.plain)
    kind = "hand-plain" if options.plain else "hand"
    name = options.folder / f"{kind}-{options.width}-{options.seed}"
    learned, aside = (load(options.folder / "hands", held) for held in (False, True))
    net = train(recipe, learned, aside, name.with_suffix(".pt"), name.with_suffix(".csv"))
    export_hand(net, (options.out or options.folder) / f"{kind}.onnx")


def _warp_pairs(options: argparse.Namespace) -> None:
    from garrick.training.render.warp_pool import Amounts, prepare

    amounts = Amounts(options.people, options.poses, options.ways, options.hands)
    prepare(options.folder / "frames", options.portraits, amounts, print)


def _warp(options: argparse.Namespace) -> None:
    import torch

    from garrick.training.render.export import export_warp
    from garrick.training.render.warp_pool import load
    from garrick.training.render.warp_train import WarpRecipe, train

    torch.set_num_threads(options.threads)
    recipe = WarpRecipe(**_sizes(options), kind=options.kind, injecting=not options.plain)
    kind = f"{options.kind}-plain" if options.plain else options.kind
    name = options.folder / f"{kind}-{options.width}-{options.seed}"
    learned, aside = (load(options.folder / "frames", options.kind, held) for held in (False, True))
    net = train(recipe, learned, aside, name.with_suffix(".pt"), name.with_suffix(".csv"))
    export_warp(net, options.kind, (options.out or options.folder) / f"{kind}.onnx")


def _sizes(options: argparse.Namespace) -> dict[str, Any]:
    """Of any recipe."""
    return {name: getattr(options, name) for name in ("seed", "steps", "width", "batch", "patch", "device")}


if __name__ == "__main__":
    main()
