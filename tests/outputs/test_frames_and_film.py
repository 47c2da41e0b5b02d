"""Files: whole or absent, marked as synthetic, in sync, the same bytes for the same pictures."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from garrick import files
from garrick.errors import OutputError
from garrick.outputs import frames, sound, video
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31), channels=st.sampled_from([3, 4]))
def test_png_is_lossless_and_repeatable(seed, channels, tmp_path_factory):
    picture = np.random.default_rng(seed).integers(0, 256, (17, 23, channels), np.uint8)
    data = frames.encode_png(picture, synthetic=True)
    assert data == frames.encode_png(picture, synthetic=True)
    back = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(back[..., [2, 1, 0, 3][:channels]], picture)


def test_png_says_that_it_is_synthetic(tmp_path):
    (tmp_path / "a.png").write_bytes(frames.encode_png(np.zeros((8, 8, 4), np.uint8), synthetic=True))
    with Image.open(tmp_path / "a.png") as picture:
        picture.load()
        said = " ".join(str(value) for value in picture.info.values())
    assert "ynthetic" in said


def test_a_file_is_whole_or_absent(tmp_path):
    def break_off() -> None:
        with files.whole_file(tmp_path / "a.bin") as aside:
            aside.write_bytes(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    assert list(tmp_path.iterdir()) == []
    files.write_bytes(tmp_path / "a.bin", b"all")
    assert (tmp_path / "a.bin").read_bytes() == b"all"


def test_a_full_disk_is_said_in_one_line(tmp_path):
    with pytest.raises(OutputError, match=r"(?i)full|room"), files.whole_file(tmp_path / "a.bin"):
        raise OSError(28, "No space left on device")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fps", [Fraction(25), Fraction(24000, 1001)])
@pytest.mark.parametrize("rate", [24000, 44100, 11025])
def test_picture_and_sound_of_the_film_meet(tmp_path, fps, rate):
    """A white frame and a click at the same instant: in the decoded film they are less than a frame apart."""
    count, marked = 60, (10, 37)
    parts = []
    for run in video.segments(range(count)):
        segment = video.Segment((64, 48), fps)
        for index in run:
            segment.add(np.full((48, 64, 3), 255 if index in marked else 0, np.uint8))
        parts.append(tmp_path / f"{run.start}.mp4")
        parts[-1].write_bytes(segment.finish())
    samples = np.zeros((round(count / float(fps) * rate), 1), np.int16)
    for index in marked:
        start = round(index / float(fps) * rate)
        samples[start : start + rate // 100] = 30000
    video.join(tmp_path / "film.mp4", parts, fps, samples, rate)
    with av.open(str(tmp_path / "film.mp4")) as film:
        assert "ynthetic" in film.metadata["comment"]
        shown = [
            (float(frame.pts * frame.time_base), frame.to_ndarray(format="gray").mean())
            for frame in film.decode(video=0)
        ]
    assert len(shown) == count
    assert [time for time, grey in shown if grey > 128] == pytest.approx(
        [index / float(fps) for index in marked], abs=1e-3
    )
    heard = _loud_starts(tmp_path / "film.mp4")
    assert heard == pytest.approx([index / float(fps) for index in marked], abs=0.5 / float(fps))


def _loud_starts(path) -> list[float]:
    resampler, loud = av.AudioResampler("flt", "mono", 8000), []
    with av.open(str(path)) as film:
        for frame in film.decode(audio=0):
            for part in resampler.resample(frame):
                begin = float(part.pts * part.time_base)
                hits = np.flatnonzero(np.abs(part.to_ndarray()[0]) > 0.4)
                loud += [begin + hit / 8000 for hit in hits]
    return [time for index, time in enumerate(loud) if index == 0 or time - loud[index - 1] > 0.1]


def test_the_heard_part_starts_where_the_frames_do():
    samples = np.arange(1000, dtype=np.int16)[:, None]
    cut = sound.cut(samples, 100, 2.0, 3.0)
    assert len(cut) == 300
    assert cut[0, 0] == 200
    early = sound.cut(samples, 100, -0.5, 1.0)
    assert (early[:50] == 0).all()
    assert early[60, 0] == 10


def test_finished_frames_are_known_again_and_damaged_ones_are_not(tmp_path):
    store = frames.FrameStore(tmp_path, "key")
    for index in range(3):
        store.write(index, np.zeros((8, 8, 4), np.uint8))
    (damaged,) = store.paths(1)
    damaged.write_bytes(damaged.read_bytes()[:-5])
    again = frames.FrameStore(tmp_path, "key")
    assert sorted(again.finished(range(5))) == [0, 2]
    assert sorted(frames.FrameStore(tmp_path, "other").finished(range(5))) == []


_WRITE = """
import sys
from pathlib import Path
from garrick.files import append_line, write_bytes
folder, letter = Path(sys.argv[1]), sys.argv[2]
for index in range(300):
    write_bytes(folder / f"{index % 3}.bin", letter.encode() * 200_000)
    append_line(folder / "lines", letter * 50)
"""


def test_processes_that_write_the_same_files_leave_whole_ones(tmp_path):
    runs = [subprocess.Popen([sys.executable, "-c", _WRITE, str(tmp_path), letter]) for letter in "abc"]
    while any(run.poll() is None for run in runs):
        for path in tmp_path.glob("?.bin"):
            data = path.read_bytes()
            assert (len(data), len(set(data))) == (200_000, 1)
    assert [run.returncode for run in runs] == [0, 0, 0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.bin", "1.bin", "2.bin", "lines"]
    lines = (tmp_path / "lines").read_text().splitlines()[1:]
    assert sorted(lines) == [letter * 50 for letter in "abc" for _ in range(300)]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_what_a_killed_writer_left_is_overwritten(tmp_path):
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom garrick.files import whole_file\n"
        "with whole_file(Path(sys.argv[1])) as aside:\n"
        "    aside.write_bytes(b'half a file')\n    print('written', flush=True)\n    time.sleep(60)\n"
    )
    target = tmp_path / "a.bin"
    with subprocess.Popen([sys.executable, "-c", code, str(target)], stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        run.stdout.readline()
        run.kill()
    assert not target.exists()
    files.write_bytes(target, b"all")
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]
    assert target.read_bytes() == b"all"


def test_frames_of_an_older_take_are_not_taken_for_this_ones(tmp_path):
    """Two takes in turns: the last line of the manifest says whose pixels a file holds."""
    picture = np.zeros((8, 8, 4), np.uint8)
    for index in range(4):
        frames.FrameStore(tmp_path, "a" * 64).write(index, picture)
    frames.FrameStore(tmp_path, "b" * 64).write(1, picture + 9)
    assert frames.FrameStore(tmp_path, "a" * 64).around(range(2, 3), 4) == range(2, 4)
    assert frames.FrameStore(tmp_path, "b" * 64).around(range(1, 2), 4) == range(1, 2)


def test_a_film_with_a_synthetic_voice_says_that_too(tmp_path):
    segment = video.Segment((64, 48), Fraction(25))
    segment.add(np.zeros((48, 64, 3), np.uint8))
    (tmp_path / "part.mp4").write_bytes(segment.finish())
    for spoken in (False, True):
        video.join(
            tmp_path / "film.mp4", [tmp_path / "part.mp4"], Fraction(25), np.zeros((960, 1), np.int16), 24000, spoken
        )
        with av.open(str(tmp_path / "film.mp4")) as film:
            comment = film.metadata["comment"]
        assert "did not perform this" in comment
        assert ("no person said this" in comment) == spoken
