"""CPBD and BRISQUE tell sharp from blurred and clean from damaged, without a reference."""

import cv2
import numpy as np
import pytest
from garrick.errors import InputError, MissingError
from garrick.evaluation.no_reference import asymmetric_fit, brisque, cpbd, symmetric_fit
from garrick.weights import registry
from hypothesis import given, settings
from hypothesis import strategies as st
from optional_weights import needs_weights
from scipy.stats import gennorm
from skimage import data

PHOTOS = {"astronaut": data.astronaut(), "cat": data.chelsea(), "coffee": data.coffee()}


def blurred(frame: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(frame, (0, 0), sigma) if sigma else frame


def ramp(width: int, contrast: int = 200) -> np.ndarray:
    """An upright edge every 32 pixels that takes `width` pixels from dark to light."""
    row = np.interp(np.arange(256) % 64, [16, 16 + width, 48, 48 + width], [0, contrast, contrast, 0])
    return np.repeat(np.tile(np.rint(row).astype(np.uint8), (128, 1))[..., None], 3, axis=2)


@pytest.mark.parametrize("name", PHOTOS)
def test_blur_lowers_cpbd_step_by_step(name):
    values = [cpbd([blurred(PHOTOS[name], sigma)]).value for sigma in (0, 0.5, 0.8, 1.2, 2)]
    assert values == sorted(values, reverse=True)
    assert values[0] > 0.4
    assert values[-1] < 0.1


@pytest.mark.parametrize(("contrast", "width"), [(200, 3), (40, 5)])
def test_an_edge_of_the_just_noticeable_width_passes_and_a_wider_one_does_not(contrast, width):
    # 3 pixels above a contrast of 50 levels, 5 pixels below it (Ferzli and Karam 2009)
    assert cpbd([ramp(width, contrast)]).value == 1
    assert cpbd([ramp(width + 1, contrast)]).value == 0


def test_a_picture_without_edges_has_no_sharpness():
    flat = np.full((128, 256, 3), 90, np.uint8)
    assert np.isnan(cpbd([flat]).value)
    mixed = cpbd([flat, ramp(2)])
    assert (mixed.value, mixed.samples) == (1, 1)


@settings(max_examples=15, deadline=None)
@given(st.floats(0.6, 4), st.floats(0.2, 5), st.integers(0, 2**16))
def test_the_fits_find_the_shape_and_the_spread_that_values_were_drawn_with(shape, scale, seed):
    values = gennorm.rvs(shape, scale=scale, size=60_000, random_state=seed)
    found, variance = symmetric_fit(values)
    assert found == pytest.approx(shape, rel=0.1)
    assert variance == pytest.approx(gennorm.var(shape, scale=scale), rel=0.15)
    # Stretched on the right, as the density's left and right scales say; each side then holds its scale's share of values
    share = np.random.default_rng(seed).random(values.size) < 1 / 3
    found, mean, left, right = asymmetric_fit(np.where(share, -np.abs(values), 2 * np.abs(values)))
    assert found == pytest.approx(shape, rel=0.1)
    assert right / left == pytest.approx(4, rel=0.2)
    assert mean == pytest.approx(np.abs(values).mean(), rel=0.1)  # 2/3 of 2 |v| less 1/3 of |v|


@needs_weights("brisque")
def test_brisque_finds_what_the_authors_pipeline_finds():
    # -13.7084: LIVE's feature code and regressor, ported with MATLAB's resize by a fork of libvmaf (its digest 1101)
    camera = np.repeat(data.camera()[..., None], 3, axis=2)
    assert brisque([camera]).value == pytest.approx(-13.7084, abs=0.01)


@needs_weights("brisque")
def test_every_damage_raises_brisque():
    clean = PHOTOS["astronaut"]
    noise = np.random.default_rng(0).normal(0, 20, clean.shape)
    jpeg = cv2.imdecode(cv2.imencode(".jpg", clean, [cv2.IMWRITE_JPEG_QUALITY, 8])[1], cv2.IMREAD_COLOR)
    before = brisque([clean]).value
    assert before < 15
    for damaged in (blurred(clean, 1.5), np.clip(clean + noise, 0, 255).astype(np.uint8), jpeg):
        assert brisque([damaged]).value > before + 20
    assert brisque([blurred(clean, 4)]).value > brisque([blurred(clean, 1.5)]).value


@needs_weights("brisque")
def test_a_frame_of_one_colour_has_no_brisque_and_a_tiny_one_is_refused():
    assert np.isnan(brisque([np.full((64, 64, 3), 7, np.uint8)]).value)
    with pytest.raises(InputError, match="at least 32 pixels"):
        brisque([PHOTOS["cat"][:20, :20]])


def test_without_the_weights_the_fix_names_the_command(monkeypatch, tmp_path):
    monkeypatch.setattr(registry, "store", lambda: tmp_path)
    with pytest.raises(MissingError) as caught:
        brisque([PHOTOS["cat"]])
    assert caught.value.fix == "Run: garrick weights pull quality"


def test_no_frames_cannot_be_measured():
    with pytest.raises(InputError, match="nothing to measure CPBD on"):
        cpbd([])
