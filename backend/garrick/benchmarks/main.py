"""The main job against its budgets: ten seconds of speech at 512 x 512 and 25 frames a second."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

import numpy as np

from garrick.benchmarks.figures import Figure
from garrick.context import RunContext
from garrick.core.camera import CameraPath
from garrick.motion import perform as motion
from garrick.outputs.sound import write_wav
from garrick.outputs.stream import THREADS
from garrick.perception import analyse
from garrick.rendering import render
from garrick.speech import listen
from garrick.speech.audio import load_sound

Made = TypeVar("Made")
SECONDS = 10.0
_FPS = Fraction(25)
_ROUNDS = 40


def measure(picture: Path, voice: Path) -> list[Figure]:
    """Time every phase in this process (second call of each, so that nothing is compiled or loaded), then the whole job
    in a fresh one, whose peak memory is taken too.
    """
    with tempfile.TemporaryDirectory(prefix="garrick-benchmark-") as folder:
        line = _ten_seconds(voice, Path(folder) / "voice.wav")
        ctx = RunContext()
        fit, portrait = _second(lambda: analyse.run(picture, (512, 512), None, ctx))
        heard, speech = _second(lambda: listen.run(line, None, ctx))
        moved, performance = _second(lambda: motion.run(speech, portrait, _FPS, motion.Manner(), ctx))
        camera = CameraPath.still(portrait.camera, len(performance), _FPS)
        prepared, take = _second(lambda: render.run(portrait, performance, camera, ctx))
        shown = [index * len(take) // _ROUNDS for index in range(_ROUNDS)]
        alone, _ = _second(lambda: [take.render(index) for index in shown])
        with ThreadPoolExecutor(THREADS) as threads:
            together, _ = _second(lambda: list(threads.map(take.render, shown)))
        whole, memory = _whole_job(picture, line, Path(folder) / "shot")
    return [
        Figure("portrait fit", fit + prepared, "s", at_most=5),
        Figure("audio to phones", SECONDS / heard, "x real time", at_least=15),
        Figure("speech to performance", SECONDS / moved, "x real time", at_least=30),
        Figure("geometry frame 512x512, on all cores", together / _ROUNDS * 1e3, "ms", at_most=12),
        Figure("geometry frame 512x512, on one", alone / _ROUNDS * 1e3, "ms"),
        Figure("whole job, 10 s of speech", whole, "s", at_most=45),
        Figure("peak memory of the job", memory / 1e9, "GB", at_most=3),
    ]


def _second(work: Callable[[], Made]) -> tuple[float, Made]:
    """Do it twice; seconds and result of the second time."""
    work()
    before = time.perf_counter()
    made = work()
    return time.perf_counter() - before, made


def _ten_seconds(voice: Path, path: Path) -> Path:
    """The voice cut or repeated to ten seconds."""
    sound = load_sound(voice, RunContext())
    wanted = round(SECONDS * sound.rate)
    repeated = np.tile(sound.playback, (-(-wanted // len(sound.playback)), 1))
    write_wav(path, repeated[:wanted], sound.rate)
    return path


def _whole_job(picture: Path, voice: Path, out: Path) -> tuple[float, float]:
    """Seconds and peak bytes of `garrick perform` as a user runs it; its Blender child is not part of the memory."""
    command = [sys.executable, "-c", _JOB, str(picture), str(voice), str(out)]
    before = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return time.perf_counter() - before, float(done.stdout.strip().splitlines()[-1])


_JOB = """
import sys
from pathlib import Path
from garrick.context import RunContext
from garrick.job import Job
from garrick.memory import peak_memory
from garrick.pipeline import perform
picture, voice, out = map(Path, sys.argv[1:])
perform(Job(portrait=picture, audio=voice), out, RunContext())
print(peak_memory() or "nan")
"""
