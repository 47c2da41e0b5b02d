"""What is said of a photo before any job: where its faces are, and what a job would say to each."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data
from garrick.context import RunContext
from garrick.errors import InputError
from garrick.perception import analyse
from garrick.perception.image import load_photo
from garrick.perception.survey import survey
from PIL import Image


@pytest.fixture
def photo(tmp_path):
    """Writes a photo and says where."""

    def write(pixels: np.ndarray, name: str = "photo.png", **how):
        Image.fromarray(np.ascontiguousarray(pixels)).save(tmp_path / name, **how)
        return tmp_path / name

    return write


def test_a_face_is_where_its_landmarks_are(photo):
    path = photo(skimage.data.astronaut())
    seen = survey(path)
    (points,) = analyse.faces_in(load_photo(path))
    low, high = points[:468].min(axis=0), points[:468].max(axis=0)
    (face,) = seen.faces
    np.testing.assert_allclose(face.box, [*low, *high])
    assert (face.index, face.fault, seen.fault, seen.size) == (0, None, None, (512, 512))
    assert face.yaw is not None
    assert abs(face.yaw) < 8
    assert [note for note in face.notes if "pixels high" in note]  # 120 of them, where frames have 215


def test_the_preview_and_the_boxes_are_of_the_upright_picture(photo):
    """The camera was held on its side: the file's rows are the picture's columns."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it clockwise by a quarter
    upright = skimage.data.astronaut()[:, 40:340]
    seen = survey(photo(np.rot90(upright), "turned.jpg", quality=95, exif=exif))
    assert seen.size == (300, 512)
    assert seen.preview.shape == (256, 150, 3)
    small = np.asarray(Image.fromarray(upright).resize((150, 256), Image.Resampling.LANCZOS))
    assert np.abs(seen.preview.astype(int) - small).mean() < 3
    (straight,) = survey(photo(upright)).faces
    np.testing.assert_allclose(seen.faces[0].box, straight.box, atol=4)


def test_faces_are_numbered_as_a_job_counts_them(photo):
    picture = skimage.data.astronaut()[:300, 60:380]
    small = np.asarray(Image.fromarray(picture).resize((224, 210)))  # a face of 84 pixels
    small = np.pad(small, ((0, 90), (0, 0), (0, 0)))
    path = photo(np.concatenate([small, picture, picture[:, ::-1]], axis=1))
    seen = survey(path)
    assert [face.index for face in seen.faces] == [None, 0, 1]
    lefts = [face.box[0] for face in seen.faces]
    assert lefts == sorted(lefts)
    found = [face for face in analyse.faces_in(load_photo(path)) if analyse.height_of(face) >= analyse.MIN_FACE]
    for face in seen.faces[1:]:
        assert face.height == pytest.approx(analyse.height_of(found[face.index]))
    assert analyse.run(path, (128, 128), 1, RunContext()).report.face_px == pytest.approx(seen.faces[2].height)


@pytest.mark.parametrize(
    ("picture", "says"),
    [
        (skimage.data.brick(), "No face"),
        (skimage.data.astronaut()[::2, ::2], "pixels high"),
        (skimage.data.astronaut()[:150], "cut off"),
    ],
)
def test_it_says_what_a_job_would_say(photo, picture, says):
    path = photo(picture)
    seen = survey(path)
    fault = seen.fault or seen.faces[0].fault
    assert fault is not None
    with pytest.raises(InputError, match=says) as raised:
        analyse.run(path, (128, 128), None, RunContext())
    assert (fault.message, fault.fix) == (raised.value.user_message, raised.value.fix)


def test_what_is_no_picture_is_refused(tmp_path):
    (tmp_path / "no.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"no\.png is not an image"):
        survey(tmp_path / "no.png")
