"""The stage cache: what comes out is what went in, bit for bit; damage, limits and other processes do no harm."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from garrick import stages
from garrick.context import RunContext
from garrick.core.performance import Performance
from garrick.errors import OutputError
from garrick.job import Job
from garrick.motion import perform as motion
from garrick.speech import listen
from garrick.stages import MOTION, PORTRAIT, SPEECH, StageCache


@pytest.fixture(scope="module")
def speech():
    return listen.run(None, "Papa said hello [laugh].", RunContext())


def assert_equal(one, two) -> None:
    """Equal to the bit, types and memory layout included."""
    assert type(one) is type(two)
    if dataclasses.is_dataclass(one):
        for field in dataclasses.fields(one):
            assert_equal(getattr(one, field.name), getattr(two, field.name))
    elif isinstance(one, np.ndarray):
        assert (one.dtype, one.shape) == (two.dtype, two.shape)
        assert one.tobytes() == two.tobytes()
        assert one.flags.c_contiguous
        assert two.flags.c_contiguous
    elif isinstance(one, tuple):
        assert len(one) == len(two)
        for left, right in zip(one, two, strict=True):
            assert_equal(left, right)
    else:
        assert one == two


def test_speech_and_portrait_come_back_to_the_bit(tmp_path, speech, portrait):
    cache, ctx = StageCache(tmp_path), RunContext()
    for stage, value in ((SPEECH, speech), (PORTRAIT, portrait)):
        cache.keep(stage, "k", value)
        assert_equal(cache.take(stage, "k", ctx), value)
        assert cache.take(stage, "other", ctx) is None


def test_motion_comes_back_as_the_same_file(tmp_path, speech, portrait):
    ctx = RunContext(seed=3)
    made = motion.run(speech, portrait, Job(portrait=Path("p"), text="t").fps, motion.Manner(), ctx)
    cache = StageCache(tmp_path / "cache")
    cache.keep(MOTION, "k", made)
    found = cache.take(MOTION, "k", ctx)
    assert found is not None
    made.save(tmp_path / "made.npz")
    found.save(tmp_path / "found.npz")
    assert (tmp_path / "made.npz").read_bytes() == (tmp_path / "found.npz").read_bytes()


def test_motion_of_cached_inputs_is_the_same(tmp_path, speech, portrait):
    cache, ctx = StageCache(tmp_path), RunContext(seed=5)
    cache.keep(SPEECH, "k", speech)
    cache.keep(PORTRAIT, "k", portrait)
    again = (cache.take(SPEECH, "k", ctx), cache.take(PORTRAIT, "k", ctx))
    fps = Job(portrait=Path("p"), text="t").fps
    for index, inputs in enumerate(((speech, portrait), again)):
        motion.run(*inputs, fps, motion.Manner(), ctx).save(tmp_path / f"{index}.npz")
    assert (tmp_path / "0.npz").read_bytes() == (tmp_path / "1.npz").read_bytes()


def test_a_damaged_entry_is_removed_and_the_log_says_so(tmp_path, speech):
    cache = StageCache(tmp_path)
    rng = np.random.default_rng(0)
    lines: list[str] = []
    ctx = RunContext(log=lines.append)
    for _ in range(30):
        cache.keep(SPEECH, "k", speech)
        (path,) = tmp_path.iterdir()
        data = bytearray(path.read_bytes())
        data[rng.integers(200, len(data) - 2000)] ^= 0xFF  # in the arrays, not in the file times of the archive
        path.write_bytes(data)
        assert cache.take(SPEECH, "k", ctx) is None
        assert not list(tmp_path.iterdir())
    assert len(lines) == 30
    assert all(line.startswith("speech: the cached result is damaged") for line in lines)
    (tmp_path / "speech-k.npz").write_bytes(b"PK")
    assert cache.take(SPEECH, "k", ctx) is None


def test_the_longest_unused_goes_first(tmp_path):
    value = Performance.rest(100, Job(portrait=Path("p"), text="t").fps)
    cache, ctx = StageCache(tmp_path), RunContext()
    cache.keep(MOTION, "0", value)
    size = next(tmp_path.iterdir()).stat().st_size
    cache = StageCache(tmp_path, 3.5 * size)
    for index in range(1, 3):
        cache.keep(MOTION, str(index), value)
    for index in range(3):
        os.utime(tmp_path / f"motion-{index}.npz", (1000.0 + index, 1000.0 + index))
    assert cache.take(MOTION, "0", ctx) is not None  # used now
    cache.keep(MOTION, "3", value)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"motion-{index}.npz" for index in (0, 2, 3)]


def test_a_key_names_content_and_settings_not_paths(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(b"the same")
    job = Job(portrait=tmp_path / "a", text="Hello.")
    keys = (stages.speech_key, stages.portrait_key, stages.motion_key)

    def changed(**what) -> list[bool]:
        other = job.model_copy(update=what)
        return [key(other) != key(job) for key in keys]

    assert changed(portrait=tmp_path / "b") == [False, False, False]
    assert changed(text="Hello?") == changed(voice="joe") == [True, False, True]
    assert changed(language="en-gb") == changed(speed=1.2) == [True, False, True]
    assert changed(size=(256, 256)) == [False, True, True]
    assert changed(seed=9) == changed(expression=0.5) == changed(head_motion=0.5) == [False, False, True]
    assert changed(camera=tmp_path / "a") == changed(frames=(1, 2)) == [False, False, False]
    job = Job(portrait=tmp_path / "a", audio=tmp_path / "a", text="Hello.")
    assert changed(text="Hello?") == changed(text=None) == changed(language="de") == [True, False, True]
    assert changed(audio=tmp_path / "b") == changed(voice="joe") == changed(speed=1.2) == [False, False, False]


def test_an_input_that_changes_meanwhile_is_not_kept(tmp_path):
    found = stages.Stages(StageCache(tmp_path), RunContext(), anew=False)
    keys = iter(["before", "after"])
    performance = Performance.rest(2, Job(portrait=Path("p"), text="t").fps)
    found.get(MOTION, lambda: next(keys), lambda: performance)
    found.keep()
    assert list(tmp_path.iterdir()) == []


def test_a_cache_that_cannot_be_written_costs_no_result(tmp_path):
    (tmp_path / "file").write_text("in the way")
    lines: list[str] = []
    found = stages.Stages(StageCache(tmp_path / "file" / "stages"), RunContext(log=lines.append), anew=False)
    performance = Performance.rest(2, Job(portrait=Path("p"), text="t").fps)
    with pytest.raises(OutputError):
        StageCache(tmp_path / "file" / "stages").keep(MOTION, "k", performance)
    assert found.get(MOTION, lambda: "k", lambda: performance) is performance
    found.keep()
    assert "not kept" in lines[-1]


_HAMMER = """
import sys
from fractions import Fraction
from pathlib import Path
import numpy as np
from garrick.context import RunContext
from garrick.core.performance import Performance
from garrick.stages import MOTION, StageCache
rest = Performance.rest(50, Fraction(25))
lines = []
ctx = RunContext(log=lines.append)
cache = StageCache(Path(sys.argv[1]), 40_000)
rng = np.random.default_rng(int(sys.argv[2]))
for _ in range(150):
    index = int(rng.integers(6))
    found = cache.take(MOTION, str(index), ctx)
    if found is None:
        cache.keep(MOTION, str(index), Performance.rest(50 + index, Fraction(25)))
    else:
        assert len(found) == 50 + index
assert not lines, lines
"""


def test_two_processes_share_one_cache(tmp_path):
    runs = [subprocess.Popen([sys.executable, "-c", _HAMMER, str(tmp_path), str(seed)]) for seed in (1, 2)]
    assert [run.wait(60) for run in runs] == [0, 0]
    assert not [path for path in tmp_path.iterdir() if path.suffix == ".part"]
