"""What the body's net is worth beside the rules that it learned from, on a voice and a text that it never heard.

Both move the same strokes of the same plans, words and marks not heeded, and are held to the same limits afterwards.
There is no captured body to compare with, so these figures tell whether the net keeps what the rules keep, and nothing
about people.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from garrick.bodies.body import Figure, joint_frames, make_figure
from garrick.bodies.body_limits import within_limits
from garrick.bodies.capsules import capsules_of, penetration
from garrick.bodies.head import load_head
from garrick.context import RunContext
from garrick.core.performance import BODY_JOINTS
from garrick.core.timing import frame_count, frame_times
from garrick.evaluation.repetition import head_repetition
from garrick.evaluation.rhythm import angular_speed
from garrick.memory import peak_memory
from garrick.motion.body import BodyMotion, perform_body
from garrick.motion.diffusion import body
from garrick.motion.diffusion.channels import RATE
from garrick.motion.gestures.arms import ARMS
from garrick.motion.gestures.plan import Stroke, plan_strokes
from garrick.speech.speech import Speech
from garrick.training.motion.measure import Figures, said_again

FPS = Fraction(60)
SEEDS = range(10)
_WRISTS = [BODY_JOINTS.index(f"{side}_wrist") for side in ("left", "right")]
_BEFORE, _AFTER = 0.2, 0.2  # seconds around a stroke's end in which the motion that carries it is looked for
_STOPPED = 0.3  # of its greatest speed, below which a stroke has ended
_LONG = 600.0  # seconds
_SLACK = np.radians(3)


def compared(speeches: Sequence[Speech]) -> dict[str, Figures]:
    """The rules' and the net's figures, means over speeches and seeds."""
    return {name: _figures(speeches, learned) for name, learned in (("rules", False), ("net", True))}


def perform(speech: Speech, seed: int, fps: Fraction, learned: bool) -> BodyMotion:
    """The body alone, under a head and a face that rest."""
    times = frame_times(frame_count(speech.duration, fps), fps)
    still, face = np.zeros((len(times), 3)), np.zeros((len(times), 52), np.float32)
    identity = load_head().average_adult
    return perform_body(speech, times, still, 1.0, 1.0, RunContext(seed=seed), face, identity, learned)


def _figures(speeches: Sequence[Speech], learned: bool) -> Figures:
    head = load_head()
    figure = make_figure(head, head.average_adult)
    capsules = capsules_of(figure)
    ends, chance, depth, jolts, fastest, limits, repeated, apart = [], [], [], [], [], [], [], []
    for speech in (replace(one, words=(), marks=()) for one in speeches):
        places = []
        for seed in SEEDS:
            made = perform(speech, seed, FPS, learned)
            strokes = plan_strokes(speech, 1.0, RunContext(seed=seed).rng("gestures"))
            ends += [stroke_end(made, stroke, stroke.time) for stroke in strokes]
            shift = np.random.default_rng(seed).uniform(0.3, speech.duration - 0.3, len(strokes))
            chance += [stroke_end(made, stroke, float(at)) for stroke, at in zip(strokes, shift, strict=True)]
            depth.append(penetration(figure, capsules, None, made.pose).depth.max())
            wrists = _wrists(figure, made)
            jolts.append(np.linalg.norm(np.diff(wrists, n=3, axis=0), axis=-1).mean() * float(FPS) ** 3)
            fastest.append(_fastest(made))
            limits.append(within_limits(made.pose, _SLACK).mean())
            repeated.append(np.nan_to_num(head_repetition(wrists[:, 1], FPS).share.value))  # of a place, in metres
            places.append(wrists)
        pairs = [np.linalg.norm(a - b, axis=-1).mean() for row, a in enumerate(places) for b in places[:row]]
        apart.append(np.mean(pairs))
    return {
        "strokes": len(ends),
        "strokes from their accents, ms": 1000 * float(np.nanmean(np.abs(ends))),
        "strokes without an end": float(np.isnan(ends).mean()),
        "the same at other times, ms": 1000 * float(np.nanmean(np.abs(chance))),
        "other times without an end": float(np.isnan(chance).mean()),
        "wrists of two seeds apart, cm": 100 * float(np.mean(apart)),
        "jerk of the wrists, m/s3": float(np.mean(jolts)),
        "fastest joint, rad/s": float(np.max(fastest)),
        "motion that repeats": float(np.mean(repeated)),
        "hands inside the trunk, mm": 1000 * float(np.max(depth)),
        "joints within limits": float(np.mean(limits)),
    }


def stroke_end(made: BodyMotion, stroke: Stroke, wanted: float) -> float:
    """Seconds from a time to where the leading arm's motion around it ends; nan where nothing ends there."""
    speed = angular_speed(made.pose[:, ARMS[stroke.sides[0]][1:]], FPS)
    at = (np.arange(len(speed)) + 0.5) / float(FPS)
    near = np.flatnonzero((at > wanted - _BEFORE) & (at < wanted + _AFTER / 2))
    if not len(near) or speed[near].max() < 0.3:
        return np.nan
    fastest = near[np.argmax(speed[near])]
    after = slice(fastest, np.searchsorted(at, wanted + _AFTER))
    slow = np.flatnonzero(speed[after] < _STOPPED * speed[fastest])
    return float(at[fastest + slow[0]] - wanted) if len(slow) else np.nan


def _wrists(figure: Figure, made: BodyMotion) -> np.ndarray:
    """(F, 2, 3) metres."""
    return joint_frames(figure, None, made.pose)[1][:, _WRISTS]


def _fastest(made: BodyMotion) -> float:
    rows = [row for arm in ARMS.values() for row in arm[1:]]
    return max(float(angular_speed(made.pose[:, row], FPS).max()) for row in rows)


def costs(speech: Speech) -> Figures:
    """Times real time, by the processor's time, of the net and all that follows it, and MB that ten minutes take more."""
    perform(speech, 0, Fraction(25), True)
    taken = _seconds(lambda: perform(speech, 0, Fraction(25), True))
    before = peak_memory() or np.nan
    long = said_again(speech, round(_LONG / speech.duration))
    perform(long, 0, Fraction(25), True)
    grown = (peak_memory() or np.nan) - before
    return {
        "x real time, of one core": speech.duration / taken,
        f"MB more for {long.duration:.0f} s than for {speech.duration:.0f} s": grown / 1e6,
    }


def seams(speech: Speech) -> Figures:
    """Made in windows against made in one: speed and change of speed at the windows' borders, of the whole's there."""
    long = said_again(speech, 3)
    turns = {
        window: np.concatenate([made.pose[:, arm[1:]].reshape(len(made.pose), -1) for arm in ARMS.values()], axis=1)
        for window in (body.WINDOW, 10**6)
        for made in (_in_windows(long, window),)
    }
    chunked, whole = turns[body.WINDOW], turns[10**6]
    step = body.WINDOW - body.OVERLAP
    borders = np.arange(body.WINDOW, len(chunked) - 2, step)
    borders = np.concatenate([borders, borders - body.OVERLAP])
    found = {}
    for order, name in ((1, "speed"), (2, "change of speed")):
        at, own = (
            np.abs(np.diff(made, n=order, axis=0)).mean(axis=1)[borders - order].mean() for made in (chunked, whole)
        )
        every = np.abs(np.diff(chunked, n=order, axis=0)).mean()
        found |= {f"{name} at seams, of the whole's": float(at / own), f"{name} at seams, of all": float(at / every)}
    return found


def _in_windows(speech: Speech, window: int) -> body.LivelyBody:
    times = frame_times(frame_count(speech.duration, RATE), RATE)
    strokes = plan_strokes(replace(speech, words=()), 1.0, RunContext().rng("gestures"))
    still, face = np.zeros((len(times), 3)), np.zeros((len(times), 52), np.float32)
    return body.generate(speech, strokes, face, still, load_head().average_adult, times, 1.0, RunContext(), window)


def _seconds(run: Callable[[], object]) -> float:
    began = time.process_time()
    run()
    return time.process_time() - began
