"""What the face net is worth, on a captured take that it never learned from."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from garrick.context import RunContext
from garrick.core.performance import Performance
from garrick.evaluation.images import ssim_map
from garrick.memory import peak_memory
from garrick.motion.diffusion import face, sampler
from garrick.motion.diffusion.channels import CHANNELS, MOUTH, RATE
from garrick.motion.diffusion.windows import at_rest, moments
from garrick.speech.speech import Speech
from garrick.training.motion.batches import Scale
from garrick.training.motion.manners import Manner, made_up_gains
from garrick.training.motion.takes import Take

_ACTIVE = 0.01  # standard deviation from which a weight counts as moving
_SEEDS = (0, 1, 2)
_STYLES = 6
_HELD_OUT_MANNERS = (1, 7, 1)  # seed; a training draws from (seed of the run, step)
_NO_STYLE = np.zeros((0, len(MOUTH)), np.float32)
_ASKED = (0.5, 1.0, 1.5)

Figures = dict[str, float]


class Generator:
    """A net with its units, so that takes can be played to it."""

    def __init__(self, model: sampler.Model, scale: Scale) -> None:
        self._model, self._scale = model, scale

    def motion(
        self,
        take: Take,
        seed: int = 0,
        style: np.ndarray | None = None,
        window: int = sampler.WINDOW,
        variety: np.ndarray = sampler.VARIETY,
    ) -> np.ndarray:
        """(F, 22) weights and poses of a take; F is even. style: (S, 16) mouth of somebody."""
        frames = len(take) // 2 * 2
        noise = np.random.default_rng(seed).standard_normal((frames, len(CHANNELS))).astype(np.float32)
        reference, rest = _NO_STYLE, np.zeros(len(MOUTH))
        if style is not None:
            rest = at_rest(style)
            reference = self._scale.units(np.maximum(style[moments(np.arange(len(style) - 1))] - rest, 0))
        ranges = np.zeros(2, np.float32)
        made = self._scale.natural(
            sampler.generate(self._model, take.heard[0], noise, reference, ranges, window, variety)
        )
        made[:, : len(MOUTH)] = np.clip(made[:, : len(MOUTH)] + rest, 0, 1)
        return made

    def mouth(self, take: Take, seed: int = 0, style: np.ndarray | None = None) -> np.ndarray:
        """(F, 16) of `motion`."""
        return self.motion(take, seed, style)[:, : len(MOUTH)]


def agreement(found: np.ndarray, true: np.ndarray) -> Figures:
    """How near (F, 16) mouths are: correlation of the jaw, mean of the moving weights, their mean absolute error.

    opening r: of how far the mouth opens, jaw and half the lower lip; a solver may give some of one to the other.
    """
    true = true[: len(found)]
    moving = true.std(axis=0) > _ACTIVE
    r = [_correlation(found[:, column], true[:, column]) for column in np.flatnonzero(moving)]
    return {
        "jaw r": _correlation(found[:, 0], true[:, 0]),
        "mean r": float(np.mean(r)),
        "MAE": float(np.abs(found - true)[:, moving].mean()),
        "opening r": _correlation(_opening(found), _opening(true)),
    }


def channels(found: np.ndarray, true: np.ndarray) -> Figures:
    """Correlation of each moving weight."""
    true = true[: len(found)]
    moving = np.flatnonzero(true.std(axis=0) > _ACTIVE)
    return {MOUTH[column]: _correlation(found[:, column], true[:, column]) for column in moving}


def ablation(generator: Generator, take: Take, ruled: np.ndarray) -> dict[str, Figures]:
    """Rules alone; the net as it is used (mean figures of three seeds) and all drawn; rules and net in equal parts."""
    draws = [generator.mouth(take, seed) for seed in _SEEDS]
    single = [agreement(draw, take.mouth) for draw in draws]
    drawn = generator.motion(take, variety=np.ones(len(CHANNELS), np.float32))[:, : len(MOUTH)]
    rules = ruled[: len(draws[0])]
    return {
        "rules only": agreement(rules, take.mouth),
        "diffusion": {name: float(np.mean([one[name] for one in single])) for name in single[0]},
        "diffusion, all drawn": agreement(drawn, take.mouth),
        "both, half and half": agreement((rules + draws[0]) / 2, take.mouth),
    }


def style_transfer(generator: Generator, take: Take, ruled: np.ndarray) -> dict[str, Figures]:
    """MAE and SSIM of the weights with and without a reference (ChatAnyone 2025, Table 4); the reference is the other half.

    own:     of the take itself.
    made up: the take as somebody else's mouth would move, which rests elsewhere and uses every weight by another gain; of
             manners that no training has drawn. Gains alone: of a mouth that rests where this one does.
    ruled:   the same speech as the rules perform it, a manner that is far from the captured one.
    """
    half = len(take) // 2
    rng = np.random.default_rng(_HELD_OUT_MANNERS)
    manners = {
        "own": [take.mouth],
        "made up": [Manner.drawn(rng).on(take.mouth) for _ in range(_STYLES)],
        "made up, gains alone": [np.clip(take.mouth * made_up_gains(rng), 0, 1) for _ in range(_STYLES)],
        "ruled": [ruled[: len(take)]],
    }
    without = generator.mouth(take)
    figures: dict[str, Figures] = {}
    for kind, mouths in manners.items():
        rows = []
        for mouth in mouths:
            for seen, tested in ((slice(0, half), slice(half, None)), (slice(half, None), slice(0, half))):
                with_style = generator.mouth(take, style=mouth[seen])
                true = mouth[: len(without)][tested]
                rows.append([*_mae_and_ssim(without[tested], true), *_mae_and_ssim(with_style[tested], true)])
        names = ("MAE without", "SSIM without", "MAE with", "SSIM with")
        figures[kind] = dict(zip(names, np.mean(rows, axis=0).tolist(), strict=True))
        figures[kind]["MAE falls by"] = 1 - figures[kind]["MAE with"] / figures[kind]["MAE without"]
    return figures


def other_languages(generator: Generator, ruled: Sequence[Take]) -> Figures:
    """Voices under the rules, in languages that no training take speaks: how near the net comes to the rules' mouth.

    Without a reference, and with the other half of the take as one.
    """
    rows = []
    for take in ruled:
        half, without = len(take) // 2, generator.mouth(take)
        true = take.mouth[: len(without)]
        for seen, tested in ((slice(0, half), slice(half, None)), (slice(half, None), slice(0, half))):
            found = generator.mouth(take, style=take.mouth[seen])[tested]
            errors = [float(np.abs(made - true[tested]).mean()) for made in (without[tested], found)]
            rows.append([*errors, _correlation(found[:, 0], true[tested][:, 0])])
    names = ("MAE without", "MAE with", "jaw r with")
    return dict(zip(names, np.mean(rows, axis=0).tolist(), strict=True))


def amplitudes(speech: Speech) -> dict[str, Figures]:
    """Measured ranges of mouth and head over those at 1, for each asked one, mean of three seeds; a range is a deviation."""
    ranges = {}
    for asked in _ASKED:
        found = []
        for seed in _SEEDS:
            made = face.generate(speech, RATE, RunContext(seed=seed), (asked, asked))
            found.append([np.sqrt(curves.var(axis=0).sum()) for curves in (made.weights, made.angles)])
        ranges[asked] = np.mean(found, axis=0)
    return {
        f"asked {asked:g}": dict(zip(("expression", "pose"), (found / ranges[1.0]).tolist(), strict=True))
        for asked, found in ranges.items()
    }


def seams(generator: Generator, take: Take) -> Figures:
    """Made in windows against made in one: mean difference, and speed at the seams over the speed elsewhere."""
    chunked = generator.motion(take)[:, : len(MOUTH)]
    whole = generator.motion(take, window=len(take))[:, : len(MOUTH)]
    speed, own = (np.abs(np.diff(made, axis=0)).mean(axis=1) for made in (chunked, whole))
    borders = np.arange(sampler.WINDOW, len(chunked) - 1, sampler.WINDOW - sampler.OVERLAP)
    at = np.concatenate([borders - 1, borders, borders - sampler.OVERLAP - 1, borders - sampler.OVERLAP])
    jolt, jolt_whole = (np.abs(np.diff(made, n=2, axis=0)).mean(axis=1) for made in (chunked, whole))
    return {
        "mean difference": float(np.abs(chunked - whole).mean()),
        "speed at seams, of the whole's": float(speed[at].mean() / own[at].mean()),
        "change of speed at seams, of the whole's": float(jolt[at - 1].mean() / jolt_whole[at - 1].mean()),
        "difference of the mean speed at seams, a frame": float(abs(speed[at].mean() - own[at].mean())),
    }


def lag(generator: Generator, take: Take) -> Figures:
    """Seconds by which the made jaw comes after the captured one, between frames too, and how well they agree there."""
    made, true = generator.mouth(take)[:, 0], take.mouth[:, 0]
    shifts = np.arange(-4, 5)
    r = np.array([_correlation(made[4 + s : len(made) - 4 + s], true[4 : len(made) - 4]) for s in shifts])
    best = int(np.clip(r.argmax(), 1, len(r) - 2))
    left, middle, right = r[best - 1 : best + 2]
    peak = shifts[best] + (left - right) / (2 * (left - 2 * middle + right))
    return {"seconds": float(peak / float(RATE)), "jaw r there": float(r.max())}


def speed(speech: Speech) -> Figures:
    """Times real time of the product's own call, and MB that ten minutes take more than two."""
    context, fps = RunContext(), Fraction(25)
    face.generate(speech, fps, context)
    began = time.perf_counter()
    face.generate(speech, fps, context)
    plain = time.perf_counter() - began
    before = peak_memory() or np.nan
    began = time.perf_counter()
    face.generate(speech, fps, context, style=Performance.rest(100, fps))
    styled = time.perf_counter() - began
    repeated = said_again(speech, round(600 / speech.duration))
    face.generate(repeated, fps, context)
    grown = (peak_memory() or np.nan) - before
    return {
        "x real time": speech.duration / plain,
        "x real time with a style": speech.duration / styled,
        f"MB more for {repeated.duration:.0f} s than for {speech.duration:.0f} s": grown / 1e6,
    }


def said_again(speech: Speech, count: int) -> Speech:
    """The speech again and again."""
    prosody = speech.prosody
    starts = np.arange(count) * speech.duration
    tracks = {name: np.tile(getattr(prosody, name), count) for name in ("semitones", "voiced", "energy", "rate")}
    return replace(
        speech,
        waveform=np.tile(speech.waveform, count),
        playback=np.tile(speech.playback, (count, 1)),
        phones=tuple(
            replace(phone, start=start + phone.start, end=start + phone.end)
            for start in starts
            for phone in speech.phones
        ),
        prosody=replace(prosody, **tracks, accents=np.concatenate([start + prosody.accents for start in starts])),
    )


def _mae_and_ssim(found: np.ndarray, true: np.ndarray) -> tuple[float, float]:
    """Of (F, 16) weights; SSIM as of a picture of frames by weights whose range is 0..1."""
    return float(np.abs(found - true).mean()), float(ssim_map(found * 255.0, true * 255.0).mean())


def _opening(mouth: np.ndarray) -> np.ndarray:
    lower = [MOUTH.index("mouthLowerDownLeft"), MOUTH.index("mouthLowerDownRight")]
    return mouth[:, MOUTH.index("jawOpen")] + mouth[:, lower].mean(axis=1) / 2


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Pearson's r; 0 where either does not move."""
    if min(one.std(), other.std()) < 1e-6:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])
