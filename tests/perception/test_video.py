"""Frames of films as phones, cameras and broken disks leave them: right time, right way up, or an error that says why."""

from __future__ import annotations

import tempfile
import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.stream import VideoStream
from garrick.errors import InputError
from garrick.perception.video import LARGEST, LONGEST, Video
from hypothesis import given, settings
from hypothesis import strategies as st

MILLI = Fraction(1, 1000)


def grey(level: int, size: tuple[int, int] = (64, 48)) -> np.ndarray:
    return np.full((size[1], size[0], 3), level, np.uint8)


def greys(count: int) -> list[np.ndarray]:
    """Pictures that tell their number: 20, 28 ... of grey, round and round."""
    return [grey(20 + 8 * (index % 25)) for index in range(count)]


def number(picture: np.ndarray | None) -> int:
    assert picture is not None
    return round((float(picture.mean()) - 20) / 8)


def film(
    path: Path,
    pictures,
    times=None,
    fps: Fraction = Fraction(25),
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    turn: int = 0,
    options: dict[str, str] | None = None,
    muxer: dict[str, str] | None = None,
) -> Path:
    """times: of the pictures in milliseconds; else one after another at `fps`."""
    base = MILLI if times is not None else 1 / fps
    with av.open(str(path), "w", options=muxer or {}) as out:
        stream = out.add_stream(codec, rate=fps, options=options or {})
        assert isinstance(stream, VideoStream)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = pix_fmt
        stream.time_base = stream.codec_context.time_base = base
        if turn:
            stream.set_display_rotation(turn)
        for index, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=pix_fmt)
            frame.pts, frame.time_base = (index if times is None else times[index]), base
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def frames_of(path: Path, fps: Fraction | None = None) -> list[np.ndarray | None]:
    with Video(path, fps) as video:
        return list(video)


def numbers_of(path: Path, fps: Fraction | None = None) -> list[int | None]:
    return [None if picture is None else number(picture) for picture in frames_of(path, fps)]


@pytest.mark.parametrize("rate", ["24000/1001", "25", "30000/1001", "50", "12", "120"])
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_a_film_of_constant_rate_comes_as_it_is(tmp_path, name, rate):
    path = film(tmp_path / name, greys(23), fps=Fraction(rate))
    with Video(path) as video:
        assert video.facts.fps == Fraction(rate)
        assert video.facts.size == (64, 48)
        assert video.facts.frames == pytest.approx(23, abs=1)
        assert [number(picture) for picture in video] == list(range(23))


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"),
    [
        ("a.mov", "libx264", "yuv420p10le"),
        ("a.mkv", "ffv1", "yuv422p10le"),
        ("a.mkv", "ffv1", "gray"),
        ("a.webm", "libvpx-vp9", "yuv420p"),
        ("a.avi", "mjpeg", "yuvj420p"),
    ],
)
def test_other_codecs_and_ten_bits_are_8_bit_rgb(tmp_path, name, codec, pix_fmt):
    if codec not in av.codecs_available:
        pytest.skip(f"this build has no {codec}")
    pictures = frames_of(film(tmp_path / name, greys(8), codec=codec, pix_fmt=pix_fmt))
    assert [None if p is None else number(p) for p in pictures] == list(range(8))
    assert all(p is not None and p.dtype == np.uint8 and p.shape == (48, 64, 3) for p in pictures)


def test_colours_stay(tmp_path):
    colours = [(200, 40, 40), (40, 180, 60), (60, 50, 190)]
    pictures = [np.full((48, 64, 3), colour, np.uint8) for colour in colours]
    for picture, colour in zip(frames_of(film(tmp_path / "a.mp4", pictures)), colours, strict=True):
        assert picture is not None
        np.testing.assert_allclose(picture.mean(axis=(0, 1)), colour, atol=6)


def upright() -> np.ndarray:
    """64 wide and 96 high: white above and to the left, red above and to the right, green below left, black."""
    picture = np.zeros((96, 64, 3), np.uint8)
    picture[:48, :32], picture[:48, 32:], picture[48:, :32] = 255, (255, 0, 0), (0, 255, 0)
    return picture


def assert_upright(path: Path) -> None:
    with Video(path) as video:
        assert video.facts.size == (64, 96)
        for picture in video:
            assert picture is not None
            assert picture.shape == (96, 64, 3)
            assert picture.flags.c_contiguous
            assert np.abs(picture.astype(int) - upright()).mean() < 12


@pytest.mark.parametrize(("turn", "lying"), [(0, 0), (90, -1), (-90, 1), (180, 2), (270, 1)])
def test_a_film_that_says_how_to_turn_it_is_turned(tmp_path, turn, lying):
    """turn: anticlockwise degrees to be shown at, as ffmpeg counts."""
    assert_upright(film(tmp_path / "a.mp4", [np.ascontiguousarray(np.rot90(upright(), lying))] * 3, turn=turn))


@pytest.mark.parametrize(
    ("matrix", "lying"),
    [((0, 1, -1, 0), 1), ((0, -1, 1, 0), -1), ((-1, 0, 0, -1), 2)],  # iPhone: upright, upside down, lying to the right
)
def test_the_matrix_of_a_phone_turns_it(tmp_path, matrix, lying):
    """tkhd has a, b, u, c, d, v ... with x' = ax + cy, y' = bx + dy, y downwards (QuickTime file format)."""
    path = film(tmp_path / "a.mov", [np.ascontiguousarray(np.rot90(upright(), lying))] * 3)
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 44
    assert data[at : at + 4] == b"\0\1\0\0"
    a, b, c, d = (int(value * 65536).to_bytes(4, "big", signed=True) for value in matrix)
    data[at : at + 20] = a + b + bytes(4) + c + d
    path.write_bytes(data)
    assert_upright(path)


@pytest.mark.parametrize("turn", [0, 90])
def test_4k_is_handed_on_smaller(tmp_path, turn):
    path = film(tmp_path / "a.mp4", [grey(100, (3840, 2160))] * 2, turn=turn, options={"preset": "ultrafast"})
    size = (1920, 1080) if turn == 0 else (1080, 1920)
    with Video(path) as video:
        assert video.facts.size == size
        assert max(size) == LARGEST
        pictures = list(video)
    assert [p is not None and p.shape == (size[1], size[0], 3) for p in pictures] == [True, True]


def test_odd_sides_stay(tmp_path):
    (picture,) = frames_of(film(tmp_path / "a.mkv", [grey(100, (65, 47))], codec="ffv1", pix_fmt="yuv444p"))
    assert picture is not None
    assert picture.shape == (47, 65, 3)


def test_a_film_that_changes_its_size_keeps_the_first(tmp_path):
    parts = [
        film(tmp_path / f"{size[0]}.h264", [grey(100, size)] * 5, options={"bf": "0"}) for size in [(64, 48), (128, 96)]
    ]
    both = tmp_path / "both.h264"
    both.write_bytes(b"".join(part.read_bytes() for part in parts))
    pictures = frames_of(both)
    assert len(pictures) > 7
    assert {p.shape for p in pictures if p is not None} == {(48, 64, 3)}


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(8, 190), min_size=1, max_size=24),
    st.sampled_from([Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(60)]),
)
def test_of_a_wandering_rate_the_picture_of_the_moment_is_shown(gaps, fps):
    times = np.cumsum([0, *gaps])
    with tempfile.TemporaryDirectory() as folder:
        path = film(Path(folder) / "a.mkv", greys(len(times)), [int(t) for t in times], codec="ffv1")
        shown = numbers_of(path, fps)
    for index, seen in enumerate(shown):
        early, late = (np.searchsorted(times, float(1000 * (index + lead) / fps), side="right") for lead in (0, 0.26))
        assert seen is not None
        assert early - 1 <= seen <= late - 1
    assert abs(len(shown) / fps - times[-1] / 1000) <= 0.1 + 1 / fps


@pytest.mark.parametrize(("fps", "count"), [("25", 25), ("12.5", 13), ("50", 50), ("24", 24), ("10", 10), ("1", 1)])
def test_a_second_is_a_second_at_any_rate(tmp_path, fps, count):
    path = film(tmp_path / "a.mp4", greys(25))
    with Video(path, Fraction(fps)) as video:
        assert video.facts.fps == Fraction(fps)
        shown = [number(picture) for picture in video]
    assert len(shown) == count
    for index, seen in enumerate(shown):
        assert seen in (int(index * 25 / Fraction(fps)), int((index + Fraction(1, 4)) * 25 / Fraction(fps)))


def test_no_picture_is_shown_for_longer_than_it_holds(tmp_path):
    times = [0, 40, 80, 120, 1120, 1160, 1200]
    shown = numbers_of(film(tmp_path / "a.mkv", greys(7), times), Fraction(25))
    assert shown == [0, 1, 2, *[3] * 6, *[None] * 19, 4, 5, 6]


def test_a_film_that_starts_late_starts_with_its_first_picture(tmp_path):
    path = film(tmp_path / "a.mkv", greys(4), [5000, 5040, 5080, 5120])
    assert numbers_of(path, Fraction(25)) == [0, 1, 2, 3]


def test_sound_beside_the_picture_and_a_cover_do_no_harm(tmp_path):
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as out:
        sound = out.add_stream("aac", rate=48000, layout="mono")
        stream = out.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for picture in greys(10):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode(None))
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 48000), np.int16), format="s16", layout="mono")
        silence.sample_rate = 48000
        out.mux(sound.encode(silence))
        out.mux(sound.encode(None))
    assert numbers_of(path) == list(range(10))


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_of_a_film_that_was_cut_off_the_beginning_remains(tmp_path, share):
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 255, (48, 64, 3), np.uint8) for _ in range(40)]
    path = film(tmp_path / "a.mp4", pictures, muxer={"movflags": "+faststart"}, options={"bf": "0"})
    whole = frames_of(path)
    data = path.read_bytes()
    start = data.index(b"mdat")
    path.write_bytes(data[: start + int((len(data) - start) * share)])
    left = frames_of(path)
    assert 0.7 * share * 40 < len(left) <= 40
    for before, after in list(zip(whole, left, strict=False))[: int(0.7 * share * 40)]:
        assert before is not None
        assert after is not None
        np.testing.assert_array_equal(before, after)


@pytest.fixture(scope="module")
def sound_film(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "a.mp4"
    rng = np.random.default_rng(1)
    return film(path, [rng.integers(0, 255, (48, 64, 3), np.uint8) for _ in range(20)], options={"g": "5"}).read_bytes()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_flipped_bytes_give_frames_or_one_clear_error(sound_film, data):
    broken = bytearray(sound_film)
    for at in data.draw(st.lists(st.integers(0, len(broken) - 1), min_size=1, max_size=12)):
        broken[at] = data.draw(st.integers(0, 255))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.mp4"
        path.write_bytes(broken)
        try:
            with Video(path) as video:
                size = video.facts.size
                pictures = [picture for _, picture in zip(range(2000), video, strict=False)]
        except InputError:
            return
    assert {p.shape for p in pictures if p is not None} == {(size[1], size[0], 3)}


def test_bytes_flipped_in_the_pictures_cost_no_more_than_some(tmp_path, sound_film):
    broken = bytearray(sound_film)
    start = broken.index(b"mdat") + 2000
    broken[start : start + 40] = bytes(40)
    path = tmp_path / "a.mp4"
    path.write_bytes(broken)
    assert 10 <= len(frames_of(path)) <= 20


def without_index(path: Path) -> None:
    data = film(path, greys(10)).read_bytes()
    path.write_bytes(data[: data.index(b"moov") - 20])


def sound_alone(path: Path) -> None:
    with wave.open(str(path), "wb") as wav:
        wav.setparams((1, 2, 16000, 0, "NONE", ""))
        wav.writeframes(bytes(32000))


def no_pictures(path: Path) -> None:
    """A film of which only the index is left."""
    data = film(path, greys(10), muxer={"movflags": "+faststart"}).read_bytes()
    path.write_bytes(data[: data.index(b"mdat") + 4])


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: None, "There is no file"),
        (lambda path: path.mkdir(), "There is no file"),
        (lambda path: path.write_bytes(b""), "not a video that can be read"),
        (lambda path: path.write_text("Dear diary, " * 400), "not a video that can be read"),
        (lambda path: path.write_bytes(np.random.default_rng(0).bytes(5000)), "not a video that can be read"),
        (without_index, "not a video that can be read"),
        (sound_alone, "no moving pictures"),
        (no_pictures, "no picture that can be decoded"),
        (lambda path: film(path, greys(2), [0, int(LONGEST) * 1000 + 5000]), r"lasts .*1800 s"),
    ],
)
def test_what_is_no_film_says_so(tmp_path, make, says):
    path = tmp_path / "film.mp4"
    make(path)
    with pytest.raises(InputError, match=says) as raised:
        frames_of(path)
    assert "film.mp4" in str(raised.value)
    assert raised.value.fix


def test_a_playlist_opens_no_address(tmp_path):
    path = tmp_path / "a.m3u8"
    path.write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n")
    with pytest.raises(InputError, match=r"a\.m3u8"):
        frames_of(path)


def test_a_closed_film_can_be_removed(tmp_path):
    path = film(tmp_path / "a.mp4", greys(5))
    with Video(path) as video:
        next(iter(video))
    path.unlink()
    assert not path.exists()
