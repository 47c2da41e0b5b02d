"""Pixels of the whole frame and of the face's box are those that were changed."""

import numpy as np
import pytest
from garrick.evaluation.metric import Score
from garrick.evaluation.pixel_match import face_boxes, match_pixels
from skimage import data

PHOTO = data.astronaut()[:96, 160:288]
WHOLE = (slice(0, 96), slice(0, 128))
BOX = (slice(20, 60), slice(30, 80))


def by_name(scores: list[Score]) -> dict[str, Score]:
    return {score.metric.name: score for score in scores}


def test_a_change_outside_of_the_box_counts_for_the_whole_frame_only():
    other = np.minimum(PHOTO, 245) + np.uint8(10)
    other[BOX] = PHOTO[BOX]
    whole, box = map(by_name, match_pixels([(PHOTO, other)] * 4, WHOLE, [BOX] * 4))
    assert box["PSNR"].value == 60
    assert box["SSIM"].value == pytest.approx(1)
    assert box["L1"].value == 0
    assert whole["L1"].value == pytest.approx(np.abs(PHOTO - other.astype(float)).mean() / 255)
    assert whole["PSNR"].value < 35


def test_a_step_of_the_level_has_its_known_psnr_and_l1():
    one, other = np.full((96, 128, 3), 100, np.uint8), np.full((96, 128, 3), 110, np.uint8)
    _, box = match_pixels([(one, other)] * 3, WHOLE, [BOX] * 3)
    assert by_name(box)["PSNR"].value == pytest.approx(20 * np.log10(255 / 10))
    assert by_name(box)["L1"].value == pytest.approx(10 / 255)


def test_frames_without_a_video_or_a_face_have_no_value():
    pairs = [(PHOTO, PHOTO), (PHOTO, None), (PHOTO, PHOTO)]
    whole, box = map(by_name, match_pixels(pairs, WHOLE, [BOX, BOX, None]))
    for scores, known in ((whole, [True, False, True]), (box, [True, False, False])):
        each = scores["SSIM"].each
        assert each is not None
        assert np.isfinite(each).tolist() == known
    assert np.isnan(box["flicker ratio"].value)


def test_a_shot_that_flickers_in_the_face_is_found():
    flicker = [(PHOTO // 2 + (index % 2) * 6, PHOTO // 2 + (index % 2) * 2) for index in range(8)]
    pairs = [(ours.astype(np.uint8), theirs.astype(np.uint8)) for ours, theirs in flicker]
    _, box = match_pixels(pairs, WHOLE, [BOX] * 8)
    ratio = by_name(box)["flicker ratio"]
    assert ratio.value == pytest.approx(3)
    assert ratio.samples == 6


def test_the_box_holds_both_faces_within_what_both_pictures_show():
    ours, theirs = np.full((4, 5, 2), 40.0), np.full((4, 5, 2), 70.0)
    theirs[0, 0] = (200, 50)
    theirs[1] = np.nan
    theirs[2] = 41.0
    within = (slice(10, 90), slice(20, 120))
    assert face_boxes(ours, theirs, within) == [
        (slice(40, 70), slice(40, 120)),
        None,
        None,
        (slice(40, 70), slice(40, 70)),
    ]
