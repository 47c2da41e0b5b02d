"""Makes `rendering/refine/nets/face.onnx`.

    python -m garrick.training.render pairs FOLDER --portraits DIR [--people 96] [--poses 6] [--ways 8]
    python -m garrick.training.render face FOLDER [--steps 3000] [--batch 8] [--seed 0] [--threads 1] [--out DIR]

DIR holds made-up portraits; one in four of them, and of the people drawn, is held out. FOLDER keeps the pairs, the
checkpoint and the learning curve, so a stopped run goes on. On a GPU, which has not been tried: `pairs --people 2000`, then
`face --device cuda --batch 64 --patch 256 --width 48 --steps 15000`. `python -m garrick.benchmarks.refine` is the gate.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from garrick.rendering import refine

_NETS = Path(refine.__file__).parent / "nets"


def main() -> None:
    """Parse the command line and run one of the two."""
    parser = argparse.ArgumentParser(prog="python -m garrick.training.render", description="Train the face-region net.")
    commands = parser.add_subparsers(required=True)
    made = commands.add_parser("pairs", help="make what is learned from")
    made.set_defaults(run=_pairs)
    made.add_argument("--portraits", type=Path, required=True, help="the folder with made-up portraits")
    made.add_argument("--people", type=int, default=96)
    made.add_argument("--poses", type=int, default=6)
    made.add_argument("--ways", type=int, default=8)
    train = commands.add_parser("face", help="train the face-region net")
    train.set_defaults(run=_face)
    train.add_argument("--steps", type=int, default=3000)
    train.add_argument("--batch", type=int, default=8)
    train.add_argument("--patch", type=int, default=128)
    train.add_argument("--width", type=int, default=16)
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--threads", type=int, default=1)
    train.add_argument("--device", default="cpu")
    train.add_argument("--out", type=Path, default=_NETS)
    for command in (made, train):
        command.add_argument("folder", type=Path, help="pairs, checkpoints and curves")
    options = parser.parse_args()
    options.run(options)


def _pairs(options: argparse.Namespace) -> None:
    from garrick.training.render.pool import Amounts, prepare

    prepare(options.folder / "pairs", options.portraits, Amounts(options.people, options.poses, options.ways), print)


def _face(options: argparse.Namespace) -> None:
    import torch

    from garrick.training.render.export import export
    from garrick.training.render.pool import load
    from garrick.training.render.train import Recipe, train

    torch.set_num_threads(options.threads)
    recipe = Recipe(options.seed, options.steps, options.batch, options.patch, options.width, device=options.device)
    name = options.folder / f"face-{options.width}-{options.seed}"
    learned, aside = (load(options.folder / "pairs", held) for held in (False, True))
    export(train(recipe, learned, aside, name.with_suffix(".pt"), name.with_suffix(".csv")), options.out / "face.onnx")


if __name__ == "__main__":
    main()
