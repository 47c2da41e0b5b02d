"""Makes the nets of `motion/diffusion/nets`, and measures what they are worth.

    python -m garrick.training.motion face FOLDER --data DIR [--steps 1400] [--share 1] [--seed 0] [--threads 1] [--out DIR]
    python -m garrick.training.motion body FOLDER [--steps 1500] [--seed 0] [--threads 1] [--out DIR]
    python -m garrick.training.motion measure FOLDER --data DIR [--json FILE]
    python -m garrick.training.motion measure-body [--json FILE]

DIR holds FACEGOOD's recordings (see `facegood`); 2_05 of them is only measured. FOLDER keeps the texts that voices say
(`hours`; npm and apt-get fetch them), what is heard and moved in every take (350 MB), the checkpoint and the learning
curve, so a stopped run goes on. Some 20 minutes on one core for the face, ten of them for its takes; 15 for the body, four
for its takes. On a GPU, which has not been tried: --device cuda --batch 96 --threads 8 (as many processes make takes). To
see that it all works: --steps 20 --share 0.02, some minutes. --velocity is only for comparison (see the model card).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from garrick.motion.diffusion import face
from garrick.training.motion import facegood, floor, hours, measure, takes
from garrick.training.motion.batches import Scale


def main() -> None:
    """Parse the command line and run one of the two."""
    parser = argparse.ArgumentParser(prog="python -m garrick.training.motion", description="Train the motion nets.")
    commands = parser.add_subparsers(required=True)
    train = commands.add_parser("face", help="train the face diffusion transformer")
    train.set_defaults(run=_face)
    train.add_argument("--steps", type=int, default=1400)
    train.add_argument("--share", type=float, default=1.0, help="of the hours of synthetic speech")
    train.add_argument("--velocity", action="store_true", help="predict the way to the noise, to compare; name --out")
    bodies = commands.add_parser("body", help="train the body diffusion transformer")
    bodies.set_defaults(run=_body)
    bodies.add_argument("folder", type=Path, help="takes, checkpoints and curves")
    bodies.add_argument("--steps", type=int, default=1500)
    for command in (train, bodies):
        command.add_argument("--batch", type=int, default=24)
        command.add_argument("--seed", type=int, default=0)
        command.add_argument("--threads", type=int, default=1)
        command.add_argument("--device", default="cpu")
        command.add_argument("--out", type=Path, default=face.NETS)
    measured = commands.add_parser("measure", help="figures of the nets on the take that is held out")
    measured.set_defaults(run=_measure)
    measured.add_argument("--json", type=Path, help="write the figures there")
    bodies_measured = commands.add_parser("measure-body", help="figures of the body's net beside the rules")
    bodies_measured.set_defaults(run=_measure_body)
    bodies_measured.add_argument("--json", type=Path, help="write the figures there")
    for command in (train, measured):
        command.add_argument("folder", type=Path, help="takes, checkpoints and curves")
        command.add_argument("--data", type=Path, required=True, help="the folder with FACEGOOD's recordings")
    options = parser.parse_args()
    options.run(options)


def _face(options: argparse.Namespace) -> None:
    import torch

    from garrick.training.motion.export import export
    from garrick.training.motion.train import FaceRecipe, train

    torch.set_num_threads(options.threads)
    learned = takes.prepare(options.data, options.folder / "takes", print)
    learned += hours.prepare(options.folder / "hours", print, options.share, options.threads)
    scale = Scale.of(learned)
    recipe = FaceRecipe(options.seed, options.steps, options.batch, device=options.device, velocity=options.velocity)
    name = options.folder / f"face-{options.seed}{'-velocity' if options.velocity else ''}"
    watched, _ = takes.held_out(options.data)
    net = train(recipe, learned, watched, scale, name.with_suffix(".pt"), name.with_suffix(".csv"))
    export(net, scale, options.out)


def _body(options: argparse.Namespace) -> None:
    import torch

    from garrick.training.motion import body_takes
    from garrick.training.motion.body_train import BodyRecipe, BodyScale, train
    from garrick.training.motion.export import export_body

    torch.set_num_threads(options.threads)
    learned, watched = body_takes.prepare(options.folder / "bodies", print)
    scale = BodyScale.of(learned)
    recipe = BodyRecipe(options.seed, options.steps, options.batch, device=options.device)
    name = options.folder / f"body-{options.seed}"
    net = train(recipe, learned, watched, scale, name.with_suffix(".pt"), name.with_suffix(".csv"))
    export_body(net, scale.mean, scale.deviation, options.out)


def _measure(options: argparse.Namespace) -> None:
    learned = takes.prepare(options.data, options.folder / "takes", print)
    kept_aside, speech = takes.held_out(options.data)
    net = face.Net(face.NETS)
    generator = measure.Generator(net, Scale(net.mean, net.deviation))
    ruled = takes.ruled_mouth(speech.phones, speech.prosody, speech.duration)
    figures = {
        "ridge, 40 mel bands": measure.agreement(floor.ridge(learned, kept_aside, False), kept_aside.mouth),
        "ridge, all that the net hears": measure.agreement(floor.ridge(learned, kept_aside, True), kept_aside.mouth),
        **measure.ablation(generator, kept_aside, ruled),
        "each weight": measure.channels(generator.mouth(kept_aside), kept_aside.mouth),
        **{f"style, {kind}": found for kind, found in measure.style_transfer(generator, kept_aside, ruled).items()},
        "other languages": measure.other_languages(generator, hours.prepare_held_out(options.folder / "hours", print)),
        **measure.amplitudes(speech),
        "windows": measure.seams(generator, kept_aside),
        "lag": measure.lag(generator, kept_aside),
        "speed": measure.speed(speech),
    }
    _tell({"held out": facegood.HELD_OUT}, figures, options.json)


def _measure_body(options: argparse.Namespace) -> None:
    from garrick.context import RunContext
    from garrick.speech.voices import speak
    from garrick.training.motion import body_measure
    from garrick.training.motion.body_takes import HELD_OUT, HELD_OUT_VOICE

    speech = speak(HELD_OUT, RunContext(), HELD_OUT_VOICE)
    figures = body_measure.compared([speech]) | {
        "costs": body_measure.costs(speech),
        "seams": body_measure.seams(speech),
    }
    _tell({"held out": HELD_OUT_VOICE}, figures, options.json)


def _tell(about: dict[str, str], figures: dict[str, measure.Figures], path: Path | None) -> None:
    for what, found in figures.items():
        print(f"{what:<32}" + "  ".join(f"{name} {value:.4g}" for name, value in found.items()))
    if path is not None:
        path.write_text(json.dumps({**about, **figures}, indent=1) + "\n")


if __name__ == "__main__":
    main()
