"""A video is brought into a shot's framing by the scale and the shift that it was made with."""

import cv2
import numpy as np
import pytest
from garrick.errors import InputError
from garrick.evaluation.framing import Framing, find_framing
from garrick.evaluation.images import psnr
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data

RNG = np.random.default_rng(5)
FACE = RNG.uniform(0, 100, (478, 2)) + 80
FACE[[33, 263]] = (100, 120), (160, 120)
FACE[1], FACE[152] = (130, 150), (130, 200)
SIZE = (256, 256)


def clip(frames: int = 30) -> np.ndarray:
    """(F, 478, 2) of one face that wanders, with the noise of a detector."""
    return FACE + RNG.normal(0, 4, (frames, 1, 2)) + RNG.normal(0, 0.3, (frames, 478, 2))


def turned(points: np.ndarray, degrees: float) -> np.ndarray:
    turn, _ = cv2.Rodrigues(np.array([0, 0, np.radians(degrees)]))
    return (points - FACE.mean(axis=0)) @ turn[:2, :2].T + FACE.mean(axis=0)


@settings(max_examples=20, deadline=None)
@given(st.floats(0.3, 3), st.floats(-60, 60), st.floats(-60, 60))
def test_scale_and_shift_come_back(scale, right, down):
    shot = clip()
    video = (shot - (right, down)) / scale
    found = find_framing(video, shot, (640, 480), SIZE)
    assert found.scale == pytest.approx(scale, rel=1e-6)
    np.testing.assert_allclose(found.points(video), shot, atol=1e-3)


def test_a_face_that_turns_in_the_picture_or_drops_its_jaw_is_not_scaled():
    shot = clip()
    video = np.stack([turned(frame, degrees) for frame, degrees in zip(shot, np.linspace(-12, 12, 30), strict=True)])
    video[:, FACE[:, 1] > 150] += (0, 15)
    found = find_framing(video, shot, SIZE, SIZE)
    assert found.scale == pytest.approx(1, abs=0.003)
    assert found.kept


def test_frames_without_a_face_and_a_few_that_are_wrong_do_not_count():
    shot = clip()
    video = shot / 1.5
    video[:5], shot[5:9] = np.nan, np.nan
    video[9:13] += 300
    assert find_framing(video, shot, SIZE, SIZE).scale == pytest.approx(1.5, rel=1e-3)
    with pytest.raises(InputError, match="No frame shows a face"):
        find_framing(video[:9], shot[:9], SIZE, SIZE)


@pytest.mark.parametrize(("scale", "shift"), [(1 / 1.1, (8.5, -3)), (1.4, (-30, -60)), (0.45, (20, 10))])
def test_pictures_come_back_where_the_video_shows_them(scale, shift):
    shot = cv2.GaussianBlur(data.astronaut()[:256, 96:352], (0, 0), 1.5)
    across, down = (round(side / scale) + 40 for side in SIZE)
    matrix = np.array([[1 / scale, 0, -shift[0] / scale], [0, 1 / scale, -shift[1] / scale]])
    matrix[:, 2] += 0.5 / scale - 0.5  # pixel centres lie at whole + 0.5
    video = cv2.warpAffine(shot, matrix, (across, down), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    framing = Framing(scale, np.array(shift, float), (across, down), SIZE)
    laid, shown = framing.picture(video), framing.covered()
    inner = np.s_[shown[0].start + 4 : shown[0].stop - 4, shown[1].start + 4 : shown[1].stop - 4]
    assert laid.shape == shot.shape
    assert psnr([laid[inner]], [shot[inner]]).value > 37


def test_beyond_the_video_there_is_grey_and_it_does_not_count():
    framing = Framing(1.0, np.array([40.0, -10.0]), SIZE, SIZE)
    laid = framing.picture(np.full((256, 256, 3), 255, np.uint8))
    assert framing.covered() == (slice(0, 246), slice(40, 256))
    assert (laid[framing.covered()] == 255).all()
    assert (laid[:, :40] == 128).all()
    assert (laid[246:] == 128).all()


def test_what_lies_as_the_shot_does_is_left_as_it_is_and_the_rest_is_told():
    picture = data.astronaut()[:256, 96:352]
    near = Framing(1.003, np.array([-0.9, 0.2]), SIZE, SIZE)
    assert near.kept
    assert near.picture(picture) is picture
    assert near.sentence() == "The video lies as the shot does; its pixels were left as they are."
    far = Framing(1.03, np.array([-0.84, -5.84]), SIZE, SIZE)
    assert far.sentence() == "The video was scaled by 1.03 and moved by 3, -2 px to lie as the shot does."
    assert not Framing(1.0, np.zeros(2), (257, 256), SIZE).kept
