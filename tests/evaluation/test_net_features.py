"""Distances of pictures as the net sees them, and the Frechet distance against its closed forms."""

import cv2
import numpy as np
import pytest
import torch
from garrick.errors import InputError
from garrick.evaluation import features
from garrick.evaluation.features import feature_distance, feature_frechet, frechet_distance, pooled_features, stage_maps
from garrick.weights import registry
from hypothesis import given, settings
from hypothesis import strategies as st
from optional_weights import needs_weights
from scipy.linalg import sqrtm
from skimage import data

FACE = data.astronaut()[:160, 144:304]
CATS = {281, 282, 285}  # ImageNet's tabby, tiger cat and Egyptian cat


def exactly(mean: np.ndarray, covariance: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Vectors whose own mean and covariance are these."""
    raw = np.random.default_rng(seed).normal(size=(count, len(mean)))
    white, _ = np.linalg.qr(raw - raw.mean(axis=0))
    return mean + white * np.sqrt(count - 1) @ np.linalg.cholesky(covariance).T


@given(st.floats(-9, 9), st.floats(-9, 9), st.floats(0.1, 9), st.floats(0.1, 9))
def test_in_one_dimension_it_is_the_distance_of_means_and_deviations(mean, other_mean, spread, other_spread):
    ours = exactly(np.array([mean]), np.array([[spread**2]]), 40, 1)
    theirs = exactly(np.array([other_mean]), np.array([[other_spread**2]]), 60, 2)
    wanted = (mean - other_mean) ** 2 + (spread - other_spread) ** 2
    assert frechet_distance(ours, theirs) == pytest.approx(wanted, abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 8), st.integers(0, 2**16))
def test_in_more_dimensions_it_is_the_formula_with_a_matrix_root(size, seed):
    rng = np.random.default_rng(seed)
    means, roots = rng.normal(size=(2, size)), rng.normal(size=(2, size, size))
    first, second = (root @ root.T + 0.1 * np.eye(size) for root in roots)
    wanted = np.sum((means[0] - means[1]) ** 2) + np.trace(first + second - 2 * np.real(sqrtm(first @ second)))
    ours, theirs = exactly(means[0], first, 50, seed), exactly(means[1], second, 70, seed + 1)
    assert frechet_distance(ours, theirs) == pytest.approx(wanted, rel=1e-7)
    assert frechet_distance(theirs, ours) == pytest.approx(wanted, rel=1e-7)


def test_a_set_is_at_no_distance_from_itself_in_any_order():
    # fewer vectors than dimensions, so a singular covariance: where a plain matrix root turns complex
    vectors = np.random.default_rng(0).normal(size=(30, 200))
    assert frechet_distance(vectors, vectors[::-1]) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(vectors, vectors + 2) == pytest.approx(200 * 4)


def test_a_spread_needs_two_vectors():
    with pytest.raises(InputError, match="fewer than two"):
        frechet_distance(np.zeros((1, 4)), np.zeros((9, 4)))


@needs_weights("efficientnet_lite0")
def test_the_net_still_knows_a_cat():
    # The layers, their padding and the input's range are right when the classes are; the net has no other known answer
    net = torch.load(registry.path("efficientnet_lite0"), weights_only=True)
    pooled = pooled_features([data.chelsea()[:, 75:375]])
    best = np.argsort(pooled @ net["_fc.weight"].numpy().T + net["_fc.bias"].numpy())[0, ::-1][:3]
    assert set(best.tolist()) == CATS


@needs_weights("efficientnet_lite0")
def test_more_damage_is_farther_and_another_picture_farthest():
    blurs = [cv2.GaussianBlur(FACE, (0, 0), sigma) for sigma in (0.5, 1.5, 4)]
    other = cv2.resize(data.coffee(), FACE.shape[1::-1])
    found = feature_distance([FACE, *blurs, other], [FACE] * 5).each
    assert found is not None
    assert found[0] == 0
    assert np.all(np.diff(found) > 0)
    assert found[1] > 0.01


@needs_weights("efficientnet_lite0")
def test_either_picture_may_be_the_reference():
    blurred = cv2.GaussianBlur(FACE, (0, 0), 2)
    there, back = feature_distance([FACE], [blurred]), feature_distance([blurred], [FACE])
    assert there.value == pytest.approx(back.value, rel=1e-5)


@needs_weights("efficientnet_lite0")
def test_sets_of_like_pictures_are_nearer_than_sets_of_unlike_ones_and_small_sets_are_warned_of():
    face, cup = data.astronaut()[:, 144:], data.coffee()[:, 200:]
    ours, others, cups = (
        [picture[start + i : start + i + 96, start : start + 96] for i in range(0, 32, 8)]
        for picture, start in ((face, 0), (face, 4), (cup, 0))
    )
    near, far = feature_frechet(ours, others), feature_frechet(ours, cups)
    assert 0 < near.value < far.value
    assert far.warning == "EffLite Frechet distance rests on 4 of at least 1281 samples that it needs."


@needs_weights("efficientnet_lite0")
def test_pictures_that_the_net_cannot_see_are_refused():
    with pytest.raises(InputError, match="32 pixels"):
        feature_distance([FACE[:16, :16]], [FACE[:16, :16]])
    with pytest.raises(InputError, match="nothing to measure"):
        feature_distance([], [])
    with pytest.raises(InputError, match="fewer than two"):
        feature_frechet([FACE], [FACE])


def test_no_name_claims_to_be_a_published_metric():
    for metric in (features.FEATURE_DISTANCE, features.FEATURE_FRECHET):
        assert "LPIPS" not in metric.name
        assert "FID" not in metric.name


@needs_weights("efficientnet_lite0")
def test_the_first_stages_are_those_of_all_and_can_be_differentiated():
    picture = torch.from_numpy(FACE.transpose(2, 0, 1)[None] / np.float32(255)).requires_grad_()
    first, every = stage_maps(picture, 3), stage_maps(picture)
    assert len(every) == 7
    for one, other in zip(first, every, strict=False):
        torch.testing.assert_close(one, other)
    first[-1].square().sum().backward()
    assert picture.grad is not None
    assert float(picture.grad.abs().max()) > 0
