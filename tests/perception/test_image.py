"""Photos are checked before they are decoded, turned upright and framed on the face."""

from __future__ import annotations

import contextlib
import io
import struct
import zlib

import numpy as np
import pytest
from garrick.errors import InputError
from garrick.perception.image import Framing, frame_face, load_photo
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms


def save(path, mode: str = "RGB", size: tuple[int, int] = (120, 160), **options) -> None:
    Image.new(mode, size, 0).save(path, **options)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tiff", "bmp"])
def test_common_formats_are_read(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    save(path)
    photo = load_photo(path)
    assert photo.pixels.shape == (160, 120, 3)
    assert photo.pixels.dtype == np.uint8


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "I;16", "CMYK", "1"])
def test_every_mode_becomes_rgb(tmp_path, mode):
    path = tmp_path / ("a.tiff" if mode in ("CMYK", "I;16") else "a.png")
    save(path, mode)
    assert load_photo(path).pixels.shape == (160, 120, 3)


def test_transparency_lies_over_grey(tmp_path):
    save(tmp_path / "a.png", "RGBA")
    assert (load_photo(tmp_path / "a.png").pixels == 128).all()


def test_exif_turns_the_photo_and_gives_the_lens(tmp_path):
    image = Image.new("RGB", (200, 100))
    exif = image.getexif()
    exif[0x0112] = 6
    exif.get_ifd(0x8769)[0xA405] = 85
    image.save(tmp_path / "a.jpg", exif=exif)
    photo = load_photo(tmp_path / "a.jpg")
    assert photo.pixels.shape[:2] == (200, 100)
    assert photo.focal_pixels == pytest.approx(85 / 43.27 * np.hypot(200, 100))


def big_png(width: int, height: int) -> bytes:
    """A PNG header that promises a huge picture; there is nothing behind it."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = b"\x89PNG\r\n\x1a\n"
    for chunk in (b"IHDR" + head, b"IDAT" + zlib.compress(b"")):
        chunks += struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return chunks


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"hello, I am a text", "not an image"),
        (b"", "not an image"),
        (big_png(20_000, 20_000), "pixels"),
        (big_png(12_001, 200), "12001"),
    ],
)
def test_what_is_no_usable_photo_is_refused(tmp_path, content, says):
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(InputError, match=says):
        load_photo(path)


def test_truncated_photo_is_refused(tmp_path):
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 256, (200, 200, 3), np.uint8)).save(tmp_path / "a.png")
    whole = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="damaged"):
        load_photo(tmp_path / "a.png")


def test_one_pixel_and_no_file_are_refused(tmp_path):
    save(tmp_path / "a.png", size=(1, 1))
    with pytest.raises(InputError, match="1 x 1"):
        load_photo(tmp_path / "a.png")
    with pytest.raises(InputError, match="no file"):
        load_photo(tmp_path / "b.png")


DAMAGED = [("PNG", {}), ("JPEG", {}), ("WEBP", {}), ("TIFF", {"compression": "tiff_lzw"}), ("BMP", {}), ("GIF", {})]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(DAMAGED),
    keep=st.floats(0, 1),
    blows=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=12),
)
def test_no_damage_does_more_than_be_refused(tmp_path, kind, keep, blows):
    """Cut and corrupted files are read or refused in one sentence; nothing else escapes."""
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (100, 110, 3), np.uint8))
    exif = image.getexif()
    exif[0x0112], exif.get_ifd(0x8769)[0xA405] = 6, 50
    buffer = io.BytesIO()
    image.save(buffer, kind[0], **kind[1], **({} if kind[0] in ("BMP", "GIF") else {"exif": exif}))
    content = bytearray(buffer.getvalue())
    for place, value in blows:
        content[int(place**3 * (len(content) - 1))] = value  # most of them in the header
    path = tmp_path / "damaged.bin"
    path.write_bytes(content[: int(keep * len(content))])
    with contextlib.suppress(InputError):
        assert load_photo(path).pixels.ndim == 3


def test_sixteen_bits_are_scaled_and_not_cut(tmp_path):
    grey = np.linspace(0, 65535, 200).astype(np.uint16)[None].repeat(100, axis=0)
    Image.fromarray(grey).save(tmp_path / "a.png")
    np.testing.assert_allclose(load_photo(tmp_path / "a.png").pixels[0, :, 0], grey[0] / 257, atol=1)


def test_a_dark_sixteen_bit_photo_stays_dark(tmp_path):
    Image.fromarray(np.full((100, 100), 200, np.uint16)).save(tmp_path / "a.png")
    assert load_photo(tmp_path / "a.png").pixels.max() <= 1


def test_a_colour_profile_is_brought_to_srgb(tmp_path):
    """sRGB's own profile changes nothing; one that has red and green change places makes a red photo green."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = srgb.replace(b"rXYZ", b"?XYZ").replace(b"gXYZ", b"rXYZ").replace(b"?XYZ", b"gXYZ")
    red = Image.new("RGB", (100, 100), (220, 30, 60))
    red.save(tmp_path / "same.png", icc_profile=srgb)
    red.save(tmp_path / "swapped.png", icc_profile=swapped)
    np.testing.assert_allclose(load_photo(tmp_path / "same.png").pixels[0, 0], (220, 30, 60), atol=1)
    np.testing.assert_allclose(load_photo(tmp_path / "swapped.png").pixels[0, 0], (30, 220, 60), atol=2)


def test_a_broken_colour_profile_is_left_out(tmp_path):
    save(tmp_path / "a.png", icc_profile=b"no profile at all")
    assert load_photo(tmp_path / "a.png").pixels.shape == (160, 120, 3)


@pytest.mark.parametrize("claimed", [0, 5, 60_000])
def test_an_absurd_lens_is_not_believed(tmp_path, claimed):
    image = Image.new("RGB", (200, 100))
    exif = image.getexif()
    exif.get_ifd(0x8769)[0xA405] = claimed
    image.save(tmp_path / "a.jpg", exif=exif)
    assert load_photo(tmp_path / "a.jpg").focal_pixels == pytest.approx(50 / 36 * 200)


def test_postscript_is_not_run(tmp_path):
    Image.new("RGB", (120, 120)).save(tmp_path / "a.eps")
    with pytest.raises(InputError, match="not an image"):
        load_photo(tmp_path / "a.eps")


@given(
    scale=st.floats(0.01, 20), x=st.floats(0, 5000), y=st.floats(0, 5000),
    px=st.floats(-1e4, 1e4), py=st.floats(-1e4, 1e4),
)  # fmt: skip
def test_the_canvas_scales_the_photo_about_its_origin(scale, x, y, px, py):
    framing, point = Framing(scale, (x, y)), np.array([[px, py]])
    np.testing.assert_allclose(framing.to_canvas(point) / scale + (x, y), point, atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(
    x=st.floats(20, 380), y=st.floats(20, 280), tall=st.floats(30, 250),
    size=st.sampled_from([(128, 128), (128, 192), (192, 128)]),
)  # fmt: skip
def test_the_crop_stays_inside_and_keeps_its_aspect(x, y, tall, size):
    photo = np.zeros((300, 400, 3), np.uint8)
    points = np.array([[x - tall * 0.35, y - tall / 2], [x + tall * 0.35, y + tall / 2]])
    canvas, framing = frame_face(photo, points, size)
    assert canvas.shape == (size[1], size[0], 3)
    left, top = framing.origin
    assert left >= 0
    assert top >= 0
    assert left + size[0] / framing.scale <= 400 + 1e-6
    assert top + size[1] / framing.scale <= 300 + 1e-6


@pytest.mark.parametrize(("framing", "share", "down"), [("head", 0.42, 0.46), ("upper-body", 0.2, 0.3)])
def test_a_framing_shows_as_much_as_it_says_where_the_photo_does(framing, share, down):
    points = np.array([[780.0, 600], [820, 650]])
    canvas, cut = frame_face(np.zeros((1600, 1600, 3), np.uint8), points, (256, 320), framing)
    low, high = cut.to_canvas(points)
    assert (high[1] - low[1]) / 320 == pytest.approx(share, abs=0.01)
    assert (high[1] + low[1]) / 2 / 320 == pytest.approx(down, abs=0.01)
    assert canvas.shape == (320, 256, 3)


@pytest.mark.parametrize("wide", [400, 1600])
def test_a_mark_in_the_photo_is_found_where_the_framing_says(wide):
    photo = np.zeros((wide, wide, 3), np.uint8)
    spot = np.array([wide * 0.55, wide * 0.45])
    reach = wide // 100
    photo[int(spot[1]) - reach : int(spot[1]) + reach, int(spot[0]) - reach : int(spot[0]) + reach] = 255
    points = np.array([[wide * 0.4, wide * 0.3], [wide * 0.7, wide * 0.7]])
    canvas, framing = frame_face(photo, points, (256, 256))
    mass = canvas[..., 0].astype(float)
    y, x = np.mgrid[:256, :256] + 0.5
    found = np.array([(x * mass).sum(), (y * mass).sum()]) / mass.sum()
    np.testing.assert_allclose(found, framing.to_canvas(np.floor(spot)[None])[0], atol=0.3)
