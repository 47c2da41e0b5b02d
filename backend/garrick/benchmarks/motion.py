"""Motion on recordings whose phones another aligner placed: lips, what they owe each phone, and what else of a person moves.

The recordings are English and nothing of theirs trained anything. Each is performed by the average head, once from its
sound alone and once with its text; where a true phone lies, the curves are looked at.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from rich.table import Table

from garrick.benchmarks.aligned_speech import Recording, recordings
from garrick.benchmarks.figures import Figure
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.euler import euler_angles
from garrick.core.performance import BODY_JOINTS, Performance
from garrick.core.rotation import rotation_matrices
from garrick.core.timing import frame_times
from garrick.errors import MissingError
from garrick.evaluation.curves import diversity_l1
from garrick.evaluation.repetition import head_repetition
from garrick.evaluation.rhythm import angular_speed
from garrick.evaluation.sync import aperture_of_curves, lip_sync
from garrick.memory import peak_memory
from garrick.motion.gestures.plan import plan_strokes
from garrick.motion.live_frames import somebody
from garrick.motion.perform import Manner, run
from garrick.motion.rules.visemes import SILENCE
from garrick.speech import listen
from garrick.speech.speech import Phone, Speech

_FPS = Fraction(60)
_ROUND, _SPREAD = {"UW", "OW", "W", "UH"}, {"IY", "IH", "EH", "AE", "S", "T", "D", "N"}
_ROUNDING = [ARKIT_INDEX["mouthPucker"], ARKIT_INDEX["mouthFunnel"]]
_JAW, _BLINKS = ARKIT_INDEX["jawOpen"], [ARKIT_INDEX["eyeBlinkLeft"], ARKIT_INDEX["eyeBlinkRight"]]
_PAUSE, _SETTLED = 0.4, 0.2  # seconds of a silence that is looked at, and of it the ends that are not
_SHUT = 0.0006  # metres between lips that count as closed
_LOOP = 60.0  # seconds in which a head must not repeat itself
_SEEDS = 10
_LONG = 600.0  # seconds: whether memory grows


@dataclass(frozen=True)
class Lips:
    """What the lips of recordings do where another aligner's phones lie.

    closed:  (B,) 1 where they shut on a p, b or m.    lags: seconds, a recording each.
    rounded: share of rounded phones whose lips are rounder than on the median spread one.
    jaws:    mean jawOpen on AA and on IH.    silent: share of the frames in pauses in which the lips touch.
    """

    closed: np.ndarray
    lags: np.ndarray
    rounded: float
    jaws: tuple[float, float]
    silent: float


@dataclass(frozen=True)
class Life:
    """What else moves. Degrees, seconds and blinks a minute."""

    blinks: float
    head: np.ndarray
    strokes: float
    beats: np.ndarray
    looping: float
    diversity: float
    speed: float
    growth: float


def measure(data: Path) -> tuple[dict[str, Lips], Life]:
    """Measure on the aligned recordings of a data folder. Raises MissingError where it has none."""
    found = recordings(data)
    if not found:
        raise MissingError(f"There are no aligned recordings in {data}.", "Name the evaluation data with --data.")
    heard = {
        "sound alone": [(one, listen.run(one.sound, None, RunContext())) for one in found],
        "with text": [(one, listen.run(one.sound, one.text, RunContext())) for one in found],
    }
    return {how: _lips(pairs) for how, pairs in heard.items()}, _life([speech for _, speech in heard["with text"]])


def _lips(pairs: Sequence[tuple[Recording, Speech]]) -> Lips:
    closed, lags, rounded, spread, silent = [], [], [], [], []
    jaws: dict[str, list[float]] = {"AA": [], "IH": []}
    for recording, speech in pairs:
        performed = run(speech, somebody(), _FPS, Manner(head_motion=0, gestures=0), RunContext())
        times, aperture = frame_times(len(performed), _FPS), aperture_of_curves(performed)
        sync = lip_sync(aperture, _FPS, recording.phones)
        closed.append(sync.closures.each)
        lags.append(sync.lag.value)
        roundness = performed.face[:, _ROUNDING].sum(axis=1)
        for phone in recording.phones:
            during = (times >= phone.start) & (times <= phone.end)
            if not during.any():
                continue
            if phone.symbol in _ROUND:
                rounded.append(roundness[during].max())
            elif phone.symbol in _SPREAD:
                spread.append(roundness[during].max())
            if phone.symbol in jaws:
                jaws[phone.symbol].append(performed.face[during, _JAW].max())
        silent.append(aperture[_in_pauses(recording.phones, times)] < _SHUT)
    return Lips(
        closed=np.concatenate([each for each in closed if each is not None]),
        lags=np.array(lags) / 1000,
        rounded=float(np.mean(np.array(rounded) > np.median(spread))),
        jaws=(float(np.mean(jaws["AA"])), float(np.mean(jaws["IH"]))),
        silent=float(np.concatenate(silent).mean()),
    )


def _in_pauses(phones: Iterable[Phone], times: np.ndarray) -> np.ndarray:
    inside = np.zeros(len(times), bool)
    for phone in phones:
        if phone.symbol == SILENCE and phone.end - phone.start >= _PAUSE:
            inside |= (times >= phone.start + _SETTLED) & (times <= phone.end - _SETTLED)
    return inside


def _life(speeches: Sequence[Speech]) -> Life:
    longest = max(speeches, key=lambda speech: speech.duration)
    turns, blinks, seconds, beats, count = [], 0, 0.0, [], 0
    for speech in speeches:
        performed = run(speech, somebody(), _FPS, Manner(), RunContext())
        turns.append(np.degrees(euler_angles(rotation_matrices(performed.head_rotation.astype(np.float64)))))
        shut = performed.face[:, _BLINKS].min(axis=1) > 0.7
        blinks += int((shut & ~np.roll(shut, 1)).sum())
        seconds += performed.duration
        strokes = plan_strokes(speech, 1.0, RunContext().rng("gestures"))
        count += len(strokes)
        beats += [_end_of_stroke(performed, stroke.time, stroke.sides[0]) for stroke in strokes]
    spoken = _repeated(longest, _LOOP)
    looped = run(spoken, somebody(), Fraction(25), Manner(), RunContext())
    faces = [run(longest, somebody(), Fraction(25), Manner(), RunContext(seed=seed)) for seed in range(_SEEDS)]
    before = time.perf_counter()
    run(spoken, somebody(), Fraction(25), Manner(), RunContext())
    speed = spoken.duration / (time.perf_counter() - before)
    memory = peak_memory() or np.nan
    run(_repeated(longest, _LONG), somebody(), Fraction(25), Manner(), RunContext())
    return Life(
        blinks=60 * blinks / seconds,
        head=np.concatenate(turns).std(axis=0),
        strokes=60 * count / seconds,
        beats=np.array(beats),
        looping=head_repetition(looped.head_rotation, looped.fps).share.value,
        diversity=diversity_l1([np.degrees(one.head_rotation) for one in faces]).value,
        speed=speed,
        growth=((peak_memory() or np.nan) - memory) / 1e6,
    )


def _end_of_stroke(performed: Performance, wanted: float, side: str) -> float:
    """Seconds from a stroke's time to where the arm's motion ends: the slowest moment after its fastest."""
    arm = [BODY_JOINTS.index(f"{side}_{joint}") for joint in ("shoulder", "elbow", "wrist")]
    speed = angular_speed(performed.body_pose[:, arm], performed.fps)
    at = (np.arange(len(speed)) + 0.5) / float(performed.fps)
    near = np.flatnonzero((at > wanted - 0.2) & (at < wanted + 0.05))
    fastest = near[np.argmax(speed[near])]
    after = slice(fastest, np.searchsorted(at, wanted + 0.2))
    slow = np.flatnonzero(speed[after] < 0.2 * speed[fastest])
    return float(at[fastest + slow[0]] - wanted) if len(slow) else 0.2


def _repeated(speech: Speech, seconds: float) -> Speech:
    """A recording said over and over: the worst case for a head that must not loop."""
    rounds = int(np.ceil(seconds / speech.duration))
    starts = np.arange(rounds) * speech.duration
    phones = tuple(
        replace(phone, start=phone.start + start, end=phone.end + start) for start in starts for phone in speech.phones
    )
    own = speech.prosody
    count = round(speech.duration / own.hop)

    def tiled(track: np.ndarray) -> np.ndarray:
        return np.tile(np.pad(track, (0, max(0, count - len(track))), "edge")[:count], rounds)

    prosody = replace(
        own,
        semitones=tiled(own.semitones), voiced=tiled(own.voiced), energy=tiled(own.energy), rate=tiled(own.rate),
        accents=np.concatenate([own.accents + start for start in starts]).astype(np.float32),
        pauses=np.concatenate([own.pauses + start for start in starts]).astype(np.float32),
        phrase_ends=np.concatenate([own.phrase_ends + start for start in starts]).astype(np.float32),
        phrase_tones=np.tile(own.phrase_tones, rounds),
    )  # fmt: skip
    playback = np.zeros((round(rounds * speech.duration * speech.playback_rate), 1), np.int16)
    return replace(speech, phones=phones, words=(), prosody=prosody, playback=playback)


def figures(lips: dict[str, Lips], life: Life) -> list[Figure]:
    """Everything against issue and literature; the ranges of people are in the docs of `garrick.motion`."""
    found = []
    for how, one in lips.items():
        found += [
            Figure(f"{how}: lips shut on p b m", 100 * float(np.nanmean(one.closed)), "%", at_least=95),
            Figure(f"{how}: lag of the lips, median", 1000 * float(np.median(one.lags)), "ms"),
            Figure(f"{how}: lag of the lips, largest", 1000 * float(np.abs(one.lags).max()), "ms"),
            Figure(f"{how}: rounder on rounded phones", 100 * one.rounded, "%"),
            Figure(f"{how}: jaw on AA over IH", one.jaws[0] / one.jaws[1], "times", at_least=1),
            Figure(f"{how}: lips touch in pauses", 100 * one.silent, "%"),
        ]
    yaw, pitch, roll = life.head
    return [
        *found,
        Figure("blinks", life.blinks, "a minute"),
        Figure("head, deviation of pitch", pitch, "degrees"),
        Figure("head, deviation of yaw", yaw, "degrees"),
        Figure("head, deviation of roll", roll, "degrees"),
        Figure("strokes of the hands", life.strokes, "a minute"),
        Figure("strokes from their accents, mean", 1000 * float(np.abs(life.beats).mean()), "ms", at_most=60),
        Figure("head's motion that repeats in 60 s", 100 * life.looping, "%", at_most=50),
        Figure("heads of ten seeds apart", life.diversity, "degrees"),
        Figure("speech to performance", life.speed, "x real time", at_least=30),
        Figure("memory for ten minutes more", life.growth, "MB"),
    ]


def table(lips: dict[str, Lips]) -> Table:
    """What the lips do, by what was known."""
    drawn = Table("lips", "bilabials", "shut", "jaw AA", "jaw IH", "lags, ms")
    for how, one in lips.items():
        lags = " ".join(f"{1000 * lag:.0f}" for lag in one.lags)
        shut = f"{int(np.nansum(one.closed))}"
        drawn.add_row(how, f"{len(one.closed)}", shut, f"{one.jaws[0]:.2f}", f"{one.jaws[1]:.2f}", lags)
    return drawn
