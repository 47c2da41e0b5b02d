"""The identity space: random MakeHuman heads and their principal components.

The sampler is our own and follows no population: the components reproduce MakeHuman's faces, not scans. Locals are
drawn narrow (sigma 0.12) because wide draws give monsters, and a prior learned from monsters fits badly.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from garrick.bodies.makehuman import macro_targets, read_target

MACROS = ("age", "gender", "weight", "muscle", "height", "proportions", "african", "asian", "caucasian")
"""Macro sliders, each 0..1; the last three sum to one."""

_LOCAL_FOLDERS = ("cheek", "chin", "ears", "eyebrows", "eyes", "forehead", "head", "mouth", "neck", "nose")
_OPPOSITES = {
    "decr": "incr", "down": "up", "backward": "forward", "in": "out", "concave": "convex", "compress": "uncompress",
}  # fmt: skip
_AGES = {"baby": 0.0, "child": 1 / 3, "young": 2 / 3, "old": 1.0}
_LEVELS = {"min": 0.0, "average": 0.5, "max": 1.0}


@dataclass(frozen=True)
class Targets:
    """Morph targets cut down to the vertices of interest.

    offsets: (T, n, 3) float32, decimetres.    macros: (M, labels) of the first M targets.
    pairs:   name -> (negative, positive) target rows; one-sided shapes have negative = -1.
    """

    offsets: np.ndarray
    macros: tuple[tuple[str, ...], ...]
    pairs: dict[str, tuple[int, int]]


def read_targets(folder: Path, vertex_count: int, keep: np.ndarray) -> Targets:
    """Read every macro and local head target; keep: (n,) vertex ids."""
    offsets, macros = [], []
    for path, labels in macro_targets(folder):
        macros.append(labels)
        offsets.append(read_target(path, vertex_count)[keep])
    rows: dict[str, int] = {}
    for part in (*_LOCAL_FOLDERS, "asym"):
        for path in sorted((folder / part).glob("*.target.gz")):
            if not path.name.startswith("asymm-"):  # those are of the trunk
                rows[path.name.removesuffix(".target.gz")] = len(offsets)
                offsets.append(read_target(path, vertex_count)[keep])
    return Targets(np.stack(offsets), tuple(macros), _pair(rows))


def _pair(rows: dict[str, int]) -> dict[str, tuple[int, int]]:
    pairs = {}
    for name, row in rows.items():
        stem, _, end = name.rpartition("-")
        if name.startswith("asym-") and end == "l":
            pairs[stem] = (rows[stem + "-r"], row)
        elif end in _OPPOSITES:
            pairs[stem] = (row, rows[f"{stem}-{_OPPOSITES[end]}"])
        elif not name.startswith("asym-") and end not in _OPPOSITES.values():
            pairs[name] = (-1, row)
    return pairs


def sample(targets: Targets, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw heads: (count, T) float32 target weights and (count, 9) macro sliders in `MACROS` order."""
    young = rng.random(count) < 0.25
    age = np.where(young, rng.uniform(0, 0.55, count), rng.uniform(0.5, 1, count))
    gender = rng.beta(0.4, 0.4, count)
    weight, muscle = rng.beta(2, 2, (2, count))
    height, proportions = rng.random((2, count))
    race = rng.dirichlet((0.6, 0.6, 0.6), count)
    macros = np.column_stack([age, gender, weight, muscle, height, proportions, race])
    return np.concatenate([macro_weights(targets, macros), _local_weights(targets, count, rng)], axis=1), macros


def macro_weights(targets: Targets, macros: np.ndarray) -> np.ndarray:
    """(N, 9) sliders -> (N, M) weights: a macro target weighs the product of its labels' weights."""
    age, gender, weight, muscle, height, proportions, *race = macros.T
    label: dict[str, np.ndarray] = {"female": 1 - gender, "male": gender, "universal": np.ones(len(macros))}
    label |= {name: _hat(age, centre, 1 / 3) for name, centre in _AGES.items()}
    for noun, value in (("muscle", muscle), ("weight", weight)):
        label |= {level + noun: _hat(value, centre, 0.5) for level, centre in _LEVELS.items()}
    label |= {"minheight": np.clip(1 - 2 * height, 0, 1), "maxheight": np.clip(2 * height - 1, 0, 1)}
    label["uncommonproportions"] = np.clip(1 - 2 * proportions, 0, 1)
    label["idealproportions"] = np.clip(2 * proportions - 1, 0, 1)
    label |= dict(zip(MACROS[6:], race, strict=True))
    return np.stack([np.prod([label[name] for name in names], axis=0) for names in targets.macros], 1).astype(
        np.float32
    )


def _hat(value: np.ndarray, centre: float, width: float) -> np.ndarray:
    return np.clip(1 - np.abs(value - centre) / width, 0, 1)


def _local_weights(targets: Targets, count: int, rng: np.random.Generator) -> np.ndarray:
    weights = np.zeros((count, len(targets.offsets)), np.float32)
    shared: dict[str, np.ndarray] = {}
    for name, (negative, positive) in sorted(targets.pairs.items()):
        if negative < 0:
            shape = 0.3 if name.startswith("head-") else 0.5
            draw = np.abs(rng.normal(0, 0.25, count)) * (rng.random(count) < 0.4) * shape
            weights[:, positive] = np.clip(draw, 0, 1)
            continue
        if name.startswith("asym-"):
            draw = rng.normal(0, 0.25, count) * 0.4
        elif name[:2] in ("l-", "r-"):
            if name[2:] not in shared:
                shared[name[2:]] = rng.normal(0, 0.12, count)
            draw = shared[name[2:]] + rng.normal(0, 0.06, count)
        else:
            draw = rng.normal(0, 0.12, count)
            if ("trans" in name and name.startswith(("head-", "neck-"))) or name.endswith("-trans-in"):
                draw *= 0.15  # whole-head shifts and sideways noses are poses, not people
        draw = np.clip(draw, -1, 1)
        weights[:, negative] = np.clip(-draw, 0, None)
        weights[:, positive] = np.clip(draw, 0, None)
    return weights[:, len(targets.macros) :]


def principal_components(samples: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """PCA by the Gram matrix.

    samples: (N, D) float32, N < D.
    Returns mean (D,), basis (count, D) scaled so that coefficients have unit variance, coefficients (N, count).
    Signs are fixed (the largest entry of each component is positive), so the basis does not depend on the machine.
    """
    mean = samples.mean(axis=0)
    centred = samples - mean
    values, vectors = np.linalg.eigh(centred @ centred.T)
    values, vectors = values[::-1][:count], vectors[:, ::-1][:, :count]
    components = (vectors / np.sqrt(values)).T @ centred
    signs = np.sign(components[np.arange(count), np.abs(components).argmax(axis=1)])
    scale = np.sqrt(values / (len(samples) - 1))
    basis = components * (signs * scale)[:, None]
    coefficients = vectors * signs * np.sqrt(len(samples) - 1)
    return mean, basis, coefficients
