"""Live motion beside that of the whole recording: how late it is, how far from it, and what it costs.

Recordings are fed as a microphone would feed them, and performed as a whole from their sound alone. A clock that counts
processor time says when each frame would have come on an idle core: sound that has not come cannot be heard, and a tick
waits for what the one before has left to do. Eyes, head and arms draw by chance what they do when, so the table also says
how much they move.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from rich.table import Table

from garrick.benchmarks.aligned_speech import Recording, recordings
from garrick.benchmarks.figures import Figure
from garrick.context import RunContext
from garrick.core.groups import GROUPS
from garrick.core.performance import BODY_JOINTS, Performance
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.errors import MissingError
from garrick.evaluation.sync import aperture_of_curves, lip_sync
from garrick.memory import peak_memory
from garrick.motion.gestures.arms import ARMS
from garrick.motion.gestures.plan import plan_strokes
from garrick.motion.live import LiveMotion
from garrick.motion.live_frames import ARM_JOINTS, SPINE, Motion, somebody
from garrick.motion.perform import Manner, run
from garrick.speech import listen
from garrick.speech.live import TICK
from garrick.speech.speech import Speech

_FPS = Fraction(25)
_MANY_FPS = Fraction(60)  # a message has two or three frames, so that seams can be told
_TICK_S = TICK / Speech.SAMPLE_RATE
_BEHIND_MS = 200.0  # that motion may be behind the voice
_NEAR = 0.2  # seconds from a stroke to the accent that it is taken for
_LONG = 600.0  # seconds: whether memory grows
_WARM = 60.0  # seconds of them after which it may not
_FACES = ("upper_face", "lower_face", "jaw", "tongue")
_TURNS = {"head": "head_rotation", "left hand": "left_hand", "right hand": "right_hand"}


@dataclass(frozen=True)
class Streamed:
    """A recording as a stream.

    late:  (F,) seconds from the instant that a frame shows to when it came.    work: (T,) seconds of processor a tick.
    first: numbers of the frames with which messages began, after the first.    strokes: (S,) seconds of their ends.
    """

    performance: Performance
    late: np.ndarray
    work: np.ndarray
    first: np.ndarray
    strokes: np.ndarray


@dataclass(frozen=True)
class Row:
    """One group of curves: full weights, or degrees.

    away: mean distance of the stream from the whole.    most: its 95th percentile.    moves: deviation of the whole's
    curves over time, and of the stream's.    steps: the largest from frame to frame, of the whole and of the stream.
    """

    group: str
    unit: str
    away: float
    most: float
    moves: tuple[float, float]
    steps: tuple[float, float]


@dataclass(frozen=True)
class Live:
    """What was measured.

    late, work: as in `Streamed`, of all.    seams: see `jolt`.    strokes: a minute, of the whole and of the stream.
    beats: (S,) seconds from accents of the whole to the ends of the stream's strokes on them.    on_accents: share of
    the stream's strokes that have one.    growth: bytes.
    closed: share of another aligner's p, b and m on which lips shut.    lags: seconds by which lips trail its phones; both
    of the whole and of the stream.
    """

    rows: list[Row]
    late: np.ndarray
    work: np.ndarray
    seams: float
    strokes: tuple[float, float]
    beats: np.ndarray
    on_accents: float
    growth: float
    closed: tuple[float, float]
    lags: tuple[float, float]


def measure(data: Path, long: float = _LONG) -> Live:
    """Measure on the aligned recordings of a data folder. long: seconds in which memory is watched. Raises MissingError."""
    found = recordings(data)
    if not found:
        raise MissingError(f"There are no aligned recordings in {data}.", "Name the evaluation data with --data.")
    speeches = [listen.run(one.sound, None, RunContext()) for one in found]
    wholes = [run(speech, somebody(), _FPS, Manner(), RunContext()) for speech in speeches]
    streams = [streamed(speech.waveform) for speech in speeches]
    often = streamed(min(speeches, key=lambda speech: speech.duration).waveform, _MANY_FPS)
    seconds = sum(speech.duration for speech in speeches)
    planned = [plan_strokes(speech, 1.0, RunContext().rng("gestures")) for speech in speeches]
    beats = [_beats(stream.strokes, speech.prosody.accents) for stream, speech in zip(streams, speeches, strict=True)]
    matched = np.concatenate(beats)
    made = [stream.performance for stream in streams]
    (whole_closed, whole_lag), (closed, lag) = _lips(found, wholes), _lips(found, made)
    return Live(
        rows=compared(wholes, made),
        late=np.concatenate([stream.late for stream in streams]),
        work=np.concatenate([stream.work for stream in streams]),
        seams=jolt(often.performance.face, often.first),
        strokes=(60 * sum(map(len, planned)) / seconds, 60 * sum(len(stream.strokes) for stream in streams) / seconds),
        beats=matched,
        on_accents=len(matched) / max(sum(len(stream.strokes) for stream in streams), 1),
        growth=_growth(np.concatenate([speech.waveform for speech in speeches]), long),
        closed=(whole_closed, closed),
        lags=(whole_lag, lag),
    )


def streamed(samples: np.ndarray, fps: Fraction = _FPS) -> Streamed:
    """(N,) float32, 16 kHz, in ticks."""
    live = LiveMotion(somebody(), fps, Speech.SAMPLE_RATE)
    live.warm_up()
    made: list[Motion] = []
    late, work, strokes, free = [], [], dict[float, None](), 0.0
    for start in range(0, len(samples), TICK):
        begun = max(free, (start + TICK) / Speech.SAMPLE_RATE)
        before = time.process_time()
        motions = live.hear(samples[start : start + TICK])
        now = begun + time.process_time() - before
        live.catch_up()
        work.append(time.process_time() - before)
        free = begun + work[-1]
        late += [now - (motion.first + row) / float(fps) for motion in motions for row in range(len(motion))]
        made += motions
        strokes |= dict.fromkeys(live.strokes)
    made += live.flush()
    first = np.array([motion.first for motion in made[1:]])
    return Streamed(performance_of(made, fps), np.array(late), np.array(work), first, np.array(list(strokes)))


def performance_of(made: Sequence[Motion], fps: Fraction) -> Performance:
    """All frames of a stream as one performance."""

    def joined(name: str) -> np.ndarray:
        return np.concatenate([getattr(motion, name) for motion in made])

    still = Performance.rest(sum(map(len, made)), fps, somebody().identity)
    pose = still.body_pose.copy()
    pose[:, [BODY_JOINTS.index(name) for name in SPINE]] = joined("spine")
    moved = {name: joined(name) for name in ("face", "head_rotation", "head_translation", "gaze")}
    if made[0].arms is not None:
        pose[:, [BODY_JOINTS.index(name) for name in ARM_JOINTS]] = joined("arms")
        moved |= {name: joined(name) for name in ("left_hand", "right_hand")}
    return replace(still, body_pose=pose, **moved)


def compared(wholes: Sequence[Performance], streams: Sequence[Performance]) -> list[Row]:
    """Group by group."""
    pairs = list(zip(wholes, streams, strict=True))
    rows = []
    for name in _FACES:
        columns = list(GROUPS[name].face)
        rows.append(_row(name.replace("_", " "), "weight", [tuple(p.face[:, columns] for p in pair) for pair in pairs]))
    looks = [tuple(np.degrees(p.gaze.reshape(len(p), -1)) for p in pair) for pair in pairs]
    rows.append(_row("gaze", "degrees", looks))
    turns = {name: [tuple(getattr(p, channel) for p in pair) for pair in pairs] for name, channel in _TURNS.items()}
    for part, joints in {"trunk": SPINE, **{f"{side} arm": _arm(side) for side in ARMS}}.items():
        columns = [BODY_JOINTS.index(joint) for joint in joints]
        turns[part] = [tuple(p.body_pose[:, columns] for p in pair) for pair in pairs]
    return [*rows, *(_turned(name, found) for name, found in turns.items())]


def jolt(curves: np.ndarray, seams: np.ndarray) -> float:
    """How much more the step from frame to frame changes on average where a message begins than elsewhere, a frame.

    curves: (F, C).    seams: numbers of the frames with which messages begin.
    """
    change = np.abs(np.diff(curves.astype(np.float64), n=2, axis=0)).mean(axis=1)  # [i]: around frame i + 1
    at = np.zeros(len(change), bool)
    at[seams[(seams > 1) & (seams < len(curves))] - 2] = True
    return float(change[at].mean() - change[~at].mean()) if at.any() and not at.all() else 0.0


def _lips(found: Sequence[Recording], performed: Sequence[Performance]) -> tuple[float, float]:
    """Share of the p, b and m on which lips shut, and seconds by which lips are late."""
    syncs = [
        lip_sync(aperture_of_curves(one), one.fps, recording.phones)
        for recording, one in zip(found, performed, strict=True)
    ]
    each = np.concatenate([sync.closures.each for sync in syncs if sync.closures.each is not None])
    return float(np.nanmean(each)), float(np.nanmean([sync.lag.value for sync in syncs])) / 1000


def _arm(side: str) -> tuple[str, ...]:
    return tuple(name for name in ARM_JOINTS if name.startswith(side))


def _row(group: str, unit: str, pairs: Sequence[tuple[np.ndarray, ...]]) -> Row:
    """Of (whole, stream) curves, (F, C) each."""
    away = np.concatenate([np.abs(whole - stream).mean(axis=1) for whole, stream in pairs])
    moves = tuple(float(np.concatenate([pair[i] for pair in pairs]).std(axis=0).mean()) for i in (0, 1))
    steps = tuple(max(float(np.abs(np.diff(pair[i], axis=0)).max(initial=0)) for pair in pairs) for i in (0, 1))
    return Row(
        group, unit, float(away.mean()), float(np.percentile(away, 95)), (moves[0], moves[1]), (steps[0], steps[1])
    )


def _turned(group: str, pairs: Sequence[tuple[np.ndarray, ...]]) -> Row:
    """Of (whole, stream) turns, axis-angle (F, 3) or (F, J, 3) each."""
    shaped = [
        tuple(rotation_matrices(turns.reshape(len(turns), -1, 3).astype(np.float64)) for turns in pair)
        for pair in pairs
    ]
    away = np.concatenate([_degrees(whole, stream).mean(axis=1) for whole, stream in shaped])
    moves = []
    for i in (0, 1):
        spread = [_degrees(pair[i], pair[i][len(pair[i]) // 2 : len(pair[i]) // 2 + 1]) for pair in shaped]
        moves.append(float(np.concatenate(spread).std(axis=0).mean()))
    steps = [max(float(_degrees(pair[i][:-1], pair[i][1:]).max(initial=0)) for pair in shaped) for i in (0, 1)]
    return Row(
        group, "degrees", float(away.mean()), float(np.percentile(away, 95)), (moves[0], moves[1]), (steps[0], steps[1])
    )


def _degrees(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(F, J) of the turns from one (F, J, 3, 3) to the other."""
    return np.degrees(np.linalg.norm(axis_angles(np.swapaxes(one, -1, -2) @ other), axis=-1))


def _beats(strokes: np.ndarray, accents: np.ndarray) -> np.ndarray:
    """Seconds from the nearest accent of the whole recording to each stroke's end, of those that have one near."""
    if not len(strokes) or not len(accents):
        return np.zeros(0)
    away = strokes[:, None] - accents.astype(np.float64)
    nearest = away[np.arange(len(strokes)), np.abs(away).argmin(axis=1)]
    return nearest[np.abs(nearest) < _NEAR]


def _growth(samples: np.ndarray, seconds: float) -> float:
    """Bytes by which a long stream's peak of memory grows after its start."""
    live = LiveMotion(somebody(), _FPS, Speech.SAMPLE_RATE)
    live.warm_up()
    begun = 0.0
    for tick in range(int(seconds / _TICK_S)):
        live.hear(np.take(samples, np.arange(tick * TICK, (tick + 1) * TICK), mode="wrap"))
        live.catch_up()
        if tick == int(min(_WARM, seconds / 2) / _TICK_S):
            begun = peak_memory() or np.nan
    return (peak_memory() or np.nan) - begun


def figures(live: Live) -> list[Figure]:
    """Everything, against issue and design where they ask for something."""
    late, work = 1000 * live.late, 1000 * live.work
    mouth = next(row for row in live.rows if row.group == "lower face")
    arms = [row for row in live.rows if row.group.endswith("arm")]
    return [
        Figure("motion behind the voice, p50", float(np.percentile(late, 50)), "ms"),
        Figure("motion behind the voice, p95", float(np.percentile(late, 95)), "ms", at_most=_BEHIND_MS),
        Figure("motion behind the voice, worst", float(late.max()), "ms"),
        Figure("frames later than 200 ms", 100 * float((late > _BEHIND_MS).mean()), "%"),
        Figure("work a tick of 40 ms, mean", float(work.mean()), "ms", at_most=1000 * _TICK_S),
        Figure("work a tick of 40 ms, p95", float(np.percentile(work, 95)), "ms"),
        Figure("real-time factor, one thread", float(work.mean()) / (1000 * _TICK_S), "", at_most=1),
        Figure("lips shut on p b m, whole", 100 * live.closed[0], "%"),
        Figure("lips shut on p b m, live", 100 * live.closed[1], "%"),
        Figure("lips behind the voice's phones, whole", 1000 * live.lags[0], "ms"),
        Figure("lips behind the voice's phones, live", 1000 * live.lags[1], "ms"),
        Figure("mouth from the whole's, mean", mouth.away, "weight", at_most=0.02),
        Figure("jolt where a message begins", live.seams, "weight a frame", at_most=1e-3),
        Figure(
            "fastest joint of an arm", np.radians(max(row.steps[1] for row in arms)) * float(_FPS), "rad/s", at_most=7
        ),
        Figure("strokes of the whole", live.strokes[0], "a minute"),
        Figure("strokes live", live.strokes[1], "a minute"),
        Figure("strokes live that are on an accent of the whole", 100 * live.on_accents, "%"),
        Figure("their ends after those accents, mean", 1000 * float(live.beats.mean()), "ms"),
        Figure("their distance from those accents, mean", 1000 * float(np.abs(live.beats).mean()), "ms", at_most=100),
        Figure("memory after the first minute of ten", live.growth / 1e6, "MB", at_most=10),
    ]


def table(live: Live) -> Table:
    """The groups: how far the stream is from the whole, how much each moves, and its largest step."""
    drawn = Table("group", "unit", "mean away", "p95", "moves, whole", "live", "largest step, whole", "live")
    for row in live.rows:
        drawn.add_row(row.group, row.unit, *(f"{x:.3g}" for x in (row.away, row.most, *row.moves, *row.steps)))
    return drawn
