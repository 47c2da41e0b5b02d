"""alpha.mov: ProRes 4444 whose colour and straight alpha are the PNGs', in step with its sound, made once."""

from __future__ import annotations

from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from garrick.context import RunContext
from garrick.errors import Cancelled, OutputError
from garrick.outputs.frames import FrameStore
from garrick.outputs.prores import write_alpha_film

FPS, RATE, COUNT, LOUD = Fraction(24000, 1001), 44100, 12, 7


def picture(index: int) -> np.ndarray:
    """(48, 64, 4): a soft-edged disc over a ramp, redder from frame to frame."""
    rows, columns = np.mgrid[:48, :64]
    alpha = np.clip((18 - np.hypot(rows - 24, columns - 32)) / 6 + 0.5, 0, 1)
    colour = np.dstack([np.full((48, 64), 20 * index), columns * 3, rows * 4])
    return np.dstack([colour, np.rint(alpha * 255)]).astype(np.uint8)


@pytest.fixture
def store(tmp_path) -> FrameStore:
    made = FrameStore(tmp_path, "key")
    for index in range(COUNT):
        made.write(index, picture(index))
    return made


def click() -> np.ndarray:
    samples = np.zeros((round(COUNT / FPS * RATE), 2), np.int16)
    start = round(LOUD / FPS * RATE)
    samples[start : start + 200] = 30000
    return samples


def write(store: FrameStore, path, samples=None, frames=range(COUNT), ctx=None) -> None:
    write_alpha_film(path, store, frames, FPS, samples, RATE, False, ctx or RunContext())


def test_colour_and_alpha_are_the_pngs(store, tmp_path):
    write(store, tmp_path / "alpha.mov", click())
    with av.open(str(tmp_path / "alpha.mov")) as film:
        stream = film.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("prores", "yuva444p12le")
        assert stream.codec_context.codec_tag == "ap4h"
        assert stream.average_rate == FPS
        assert "ynthetic" in film.metadata["comment"]
        shown = [frame.to_ndarray(format="rgba") for frame in film.decode(video=0)]
    assert len(shown) == COUNT
    for index, got in enumerate(shown):
        wanted = picture(index)
        assert np.abs(got[..., 3].astype(int) - wanted[..., 3]).max() <= 1
        assert np.abs(got[..., :3].astype(int) - wanted[..., :3]).mean() < 2


def test_picture_and_sound_meet(store, tmp_path):
    write(store, tmp_path / "alpha.mov", click())
    with av.open(str(tmp_path / "alpha.mov")) as film:
        assert film.streams.audio[0].codec_context.name == "pcm_s16le"
        heard = np.concatenate([frame.to_ndarray().reshape(-1, 2) for frame in film.decode(audio=0)])
    np.testing.assert_array_equal(heard, click())


def test_a_film_that_shows_the_frames_is_left_alone_and_others_are_made_anew(store, tmp_path):
    film = tmp_path / "alpha.mov"
    write(store, film)
    before = film.read_bytes()
    film.touch()
    seen = film.stat().st_mtime_ns
    write(store, film)
    assert film.stat().st_mtime_ns == seen
    write(store, film, frames=range(3))
    assert len(film.read_bytes()) < len(before)
    film.write_bytes(before[:-9])
    write(store, film)
    assert film.read_bytes() == before


def test_stopped_it_leaves_no_half_film(store, tmp_path):
    ctx = RunContext()
    ctx.cancel.set()
    with pytest.raises(Cancelled):
        write(store, tmp_path / "alpha.mov", ctx=ctx)
    assert not list(tmp_path.glob("*alpha*"))


def test_a_frame_that_is_gone_is_named(store, tmp_path):
    cv2.setLogLevel(0)
    store.paths(4)[0].unlink()
    with pytest.raises(OutputError, match="frame_000004"):
        write(store, tmp_path / "alpha.mov")
    assert not list(tmp_path.glob("*alpha*"))
