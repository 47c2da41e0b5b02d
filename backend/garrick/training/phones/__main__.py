"""Makes `speech/nets/phones.onnx` and `phones_live.onnx` with their figures, from nothing but public packages.

    python -m garrick.training.phones FOLDER [--share 1.0] [--steps 1700] [--seeds 0 1 2] [--threads 2] [--out DIR]

1. Engines with exact phone times say public-domain sentences (espeak-ng, flite, festival).
2. A first net learns from them ("classic").
3. Natural voices (hibari, Kokoro mixes) say more; the first net places their phones.
4. For every seed an offline and a live net learn from all of it, the offline one beginning at the first net.
5. The seed that hears held-out voices best (flite awb, espeak f4) is exported.
Everything that is done is kept in FOLDER, so a stopped run goes on. Some two hours on two quiet cores for each seed; to see
that it all works, with nets that know little: --share 0.01 --steps 30 --seeds 0, a few minutes.
"""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch

from garrick.speech import features
from garrick.training.phones import classic, corpus, espeak, neural, packages, texts
from garrick.training.phones.export import export
from garrick.training.phones.net import PhoneNet
from garrick.training.phones.realign import realigned
from garrick.training.phones.train import Recipe, train

_NETS = Path(__file__).parents[2] / "speech" / "nets"
_HELD_OUT = (f"espeak/{espeak.HELD_OUT}", f"flite/{classic.FLITE_HELD_OUT}")
_NATURAL = {"hibari": (14, 120), "kokoro": (24, 30)}  # shards, sentences a shard
_WARM_RATE = 2e-3
_STEPS = 1700
_FIRST, _LIVE = 0.9, 2.5  # times those steps, for the first net and for the live one
_TIMES_SEEN = {
    "hibari": 2,
    "kokoro": 5,
}  # a natural clip counts as so many: there are few, and they are nearest to people


def main() -> None:
    """Parse the command line and run the recipe."""
    parser = argparse.ArgumentParser(prog="python -m garrick.training.phones", description="Train the phone nets.")
    parser.add_argument("folder", type=Path, help="corpus, checkpoints and logs; some 2 GB")
    parser.add_argument("--share", type=float, default=1.0, help="of the usual amount of speech")
    parser.add_argument("--steps", type=int, default=_STEPS, help="of the offline net; the others in proportion")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=_NETS)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    packages.fetch(options.folder)
    texts.fetch(options.folder / "texts")
    said = texts.sentences(options.folder / "texts", packages.dictionary(options.folder), np.random.default_rng(0))
    exact, held_out = _exact_voices(options.folder, said, options.share, options.threads)
    first = _train(options.folder, "classic", Recipe(False, 0, round(_FIRST * options.steps)), exact)
    natural = _natural_voices(options.folder, said, options.share, first)
    repeated = [shard for shard in natural for _ in range(_TIMES_SEEN[shard.stem.split("-")[0]])]
    figures: dict[str, float] = {}
    for causal, name in ((False, "phones"), (True, "phones_live")):
        best = None
        for seed in options.seeds:
            steps = round(_LIVE * options.steps) if causal else options.steps
            recipe = Recipe(causal, seed, steps, 3e-3 if causal else _WARM_RATE)
            start = None if causal else options.folder / "classic.pt"
            net = _train(options.folder, f"{name}-{seed}", recipe, [*exact, *repeated], start)
            figures[f"{name}-{seed}"] = right = _share_right(net, corpus.load(held_out))
            if best is None or right > best[0]:
                best = right, net
        assert best is not None
        options.out.mkdir(parents=True, exist_ok=True)
        export(best[1], options.out / f"{name}.onnx")
    print(json.dumps({"held-out frames right": {name: round(right, 4) for name, right in figures.items()}}))


def _exact_voices(folder: Path, said: list[str], share: float, processes: int) -> tuple[list[Path], list[Path]]:
    """Shards of the engines with exact times -> those to learn from, those kept aside."""
    shards, aside = folder / "exact", folder / "held_out"
    with ProcessPoolExecutor(processes) as pool:
        jobs = [pool.submit(corpus.build, engine, said, shards, 0, share) for engine in corpus.SECONDS]
        jobs += [pool.submit(corpus.build, engine, said, aside, 0, share) for engine in _HELD_OUT]
        for job in jobs:
            job.result()
    return sorted(shards.glob("*.npz")), sorted(aside.glob("*.npz"))


def _natural_voices(folder: Path, said: list[str], share: float, net: PhoneNet) -> list[Path]:
    """Shards of the natural voices, placed by the net."""
    spoken, shards = folder / "spoken", folder / "natural"
    spoken.mkdir(exist_ok=True)
    shards.mkdir(exist_ok=True)
    kokoro = neural.Kokoro(folder / "wheels", packages.styles(folder), folder)
    for engine, (count, sentences) in _NATURAL.items():
        sentences = max(2, round(sentences * min(1.0, share)))
        for number in range(max(1, round(count * share))):
            kept, shard = (place / f"{engine}-{number:03d}.npz" for place in (spoken, shards))
            rng = np.random.default_rng([0, number, *engine.encode()])
            if not kept.exists():
                chosen = [said[index] for index in rng.choice(len(said), sentences, replace=False)]
                neural.save(kept, neural.hibari(chosen, rng) if engine == "hibari" else kokoro.say(chosen, rng))
            if not shard.exists():
                corpus.write_shard(shard, realigned(neural.saved(kept), lambda mels: _rows(net, mels)), rng)
    return sorted(shards.glob("*.npz"))


def _train(folder: Path, name: str, recipe: Recipe, shards: list[Path], warm_start: Path | None = None) -> PhoneNet:
    return train(recipe, corpus.load(shards), folder / f"{name}.pt", folder / f"{name}.log", warm_start)


def _share_right(net: PhoneNet, kept_aside: corpus.Corpus) -> float:
    """Share of frames of clean and disturbed clips whose class is right."""
    right = total = 0
    for start, stop in zip(kept_aside.starts, kept_aside.starts[1:], strict=False):
        mels = kept_aside.mels[start:stop].astype(np.float32)
        shown = features.RunningNormaliser(mels.shape[1:]).push(mels) if net.causal else features.normalised(mels)
        right += int((_rows(net, shown).argmax(axis=1) == kept_aside.labels[start:stop]).sum())
        total += int(stop - start)
    return right / total


def _rows(net: PhoneNet, mels: np.ndarray) -> np.ndarray:
    """(T, 40) normalised mels -> (T, 42) log probabilities."""
    even = mels if len(mels) % 2 == 0 else np.concatenate([mels, mels[-1:]])
    with torch.no_grad():
        rows = torch.log_softmax(net(torch.from_numpy(np.ascontiguousarray(even.T[None]))), dim=-1)
    return rows[0, : len(mels)].numpy()


if __name__ == "__main__":
    main()
