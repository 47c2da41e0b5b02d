"""PSNR, SSIM and L1 against what is known in closed form, and against scikit-image."""

import math

import numpy as np
import pytest
from garrick.errors import InputError
from garrick.evaluation.images import l1, psnr, ssim
from garrick.evaluation.streams import luma
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage import data
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

PHOTO = data.astronaut()[100:228, 160:320]
GREY = np.full((96, 128, 3), 128, np.uint8)
FULL_REFERENCE = (psnr, ssim, l1)


def noisy(frame: np.ndarray, sigma: float, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, sigma, frame.shape)
    return np.clip(np.rint(frame + noise), 0, 255).astype(np.uint8)


def test_identical_frames_have_the_best_values():
    assert psnr([PHOTO], [PHOTO]).value == 60.0
    assert ssim([PHOTO], [PHOTO]).value == pytest.approx(1)
    assert l1([PHOTO], [PHOTO]).value == 0


@pytest.mark.parametrize("sigma", [2, 5, 10, 20])
def test_noise_of_sigma_s_has_a_psnr_of_20_log_255_over_s(sigma):
    rounded = math.hypot(sigma, math.sqrt(1 / 12))  # 8 bits add the noise of rounding
    assert psnr([noisy(GREY, sigma)], [GREY]).value == pytest.approx(20 * math.log10(255 / rounded), abs=0.1)


def test_a_shift_of_all_levels_has_that_l1():
    assert l1([GREY + np.uint8(51)], [GREY]).value == pytest.approx(0.2)


def test_black_against_white_is_the_worst():
    black, white = np.zeros_like(GREY), np.full_like(GREY, 255)
    assert psnr([black], [white]).value == 0
    assert l1([black], [white]).value == 1
    assert ssim([black], [white]).value == pytest.approx(6.5025 / (255**2 + 6.5025))  # only c1 is left: (0.01 * 255)^2


@pytest.mark.parametrize("sigma", [3, 25])
def test_numbers_are_those_of_scikit_image(sigma):
    other = noisy(PHOTO, sigma)
    assert psnr([other], [PHOTO]).value == pytest.approx(peak_signal_noise_ratio(PHOTO, other))
    judged = structural_similarity(
        luma(PHOTO), luma(other), gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255
    )
    assert ssim([other], [PHOTO]).value == pytest.approx(judged, abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(arrays(np.uint8, (2, 16, 16, 3)))
def test_either_clip_may_be_the_reference(frames):
    one, other = frames
    for measure in FULL_REFERENCE:
        assert measure([one], [other]).value == pytest.approx(measure([other], [one]).value)
    assert 0 <= psnr([one], [other]).value <= 60
    assert 0 <= l1([one], [other]).value <= 1
    assert -1 <= ssim([one], [other]).value <= 1 + 1e-9


@settings(max_examples=10, deadline=None)
@given(st.floats(1, 20), st.floats(1.3, 3))
def test_more_noise_is_worse_by_every_measure(sigma, factor):
    little, much = noisy(PHOTO, sigma), noisy(PHOTO, sigma * factor)
    assert psnr([much], [PHOTO]).value < psnr([little], [PHOTO]).value
    assert ssim([much], [PHOTO]).value < ssim([little], [PHOTO]).value
    assert l1([much], [PHOTO]).value > l1([little], [PHOTO]).value


def test_a_clip_has_the_mean_of_its_frames_and_may_be_streamed():
    clip = [noisy(PHOTO, sigma) for sigma in (2, 8, 32)]
    for measure in FULL_REFERENCE:
        found = measure(iter(clip), iter([PHOTO] * 3))
        assert found.samples == 3
        assert found.value == pytest.approx(np.mean([measure([frame], [PHOTO]).value for frame in clip]))


@pytest.mark.parametrize("kind", [bool, np.uint8, np.float32])
def test_only_what_the_matte_shows_counts(kind):
    spoilt = PHOTO.copy()
    spoilt[:, :64] = 255 - spoilt[:, :64]
    right = np.zeros(PHOTO.shape[:2], kind)
    right[:, 80:] = 255 if kind is np.uint8 else 1  # farther from the damage than half of SSIM's window
    assert psnr([spoilt], [PHOTO], right).value == 60
    assert ssim([spoilt], [PHOTO], [right]).value == pytest.approx(1)
    assert l1([spoilt], [PHOTO], right).value == 0
    assert l1([spoilt], [PHOTO]).value > 0


def test_a_frame_under_an_empty_matte_is_left_out():
    full, none = np.ones(PHOTO.shape[:2], bool), np.zeros(PHOTO.shape[:2], bool)
    for measure in FULL_REFERENCE:
        found = measure([PHOTO, PHOTO], [noisy(PHOTO, 9)] * 2, [full, none])
        assert found.samples == 1
        assert found.value == measure([PHOTO], [noisy(PHOTO, 9)]).value


@pytest.mark.parametrize("measure", FULL_REFERENCE)
def test_clips_that_cannot_be_compared_are_refused(measure):
    cases = [
        ([PHOTO], [PHOTO[:-1]], None, "160 x 128 and the other 160 x 127"),
        ([PHOTO, PHOTO], [PHOTO], None, "has 1 frames and the other has more"),
        ([PHOTO, PHOTO[:, 1:]], [PHOTO] * 2, None, "Frame 1 is 159 x 128, the first frame 160 x 128"),
        ([PHOTO / 255], [PHOTO], None, "no RGB picture of 8 bits"),
        ([], [], None, "nothing to measure"),
        ([PHOTO], [PHOTO], np.ones((4, 4), bool), "matte is 4 x 4 and its frame 160 x 128"),
        ([PHOTO] * 2, [PHOTO] * 2, [np.ones(PHOTO.shape[:2], bool)], "only 1 mattes"),
    ]
    for ours, theirs, masks, sentence in cases:
        with pytest.raises(InputError, match=sentence):
            measure(iter(ours), iter(theirs), masks)


def test_a_frame_smaller_than_the_window_has_no_ssim():
    with pytest.raises(InputError, match="at least 11 pixels"):
        ssim([PHOTO[:8, :8]], [PHOTO[:8, :8]])
