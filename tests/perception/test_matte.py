"""The matte holds the person, hair and all, and lets the background go."""

from __future__ import annotations

import numpy as np
import pytest
from garrick.errors import InputError
from garrick.perception.matte import person_matte
from PIL import Image


@pytest.fixture(scope="module")
def picture(sample_portrait):
    return np.asarray(Image.open(sample_portrait).convert("RGB").resize((384, 384), Image.Resampling.LANCZOS))


@pytest.fixture(scope="module")
def matte(picture):
    return person_matte(picture)


def test_it_is_sure_of_most_pixels(matte):
    assert matte.dtype == np.float32
    assert matte.min() >= 0
    assert matte.max() <= 1
    assert ((matte < 0.02) | (matte > 0.98)).mean() > 0.9
    assert 0.2 < matte.mean() < 0.8


def test_a_mirrored_photo_has_a_mirrored_matte(picture, matte):
    assert np.abs(person_matte(picture[:, ::-1].copy())[:, ::-1] - matte).mean() < 0.02


def test_the_person_is_the_same_before_another_background(picture, matte):
    other = np.array([70, 120, 90]) * (1 - matte[..., None]) + picture * matte[..., None]
    assert np.abs(person_matte(other.astype(np.uint8)) - matte).mean() < 0.02


def test_there_is_no_veil_where_cloth_and_wall_are_alike(picture, matte, monkeypatch):
    wall = np.median(picture[300:][matte[300:] > 0.95], axis=0) + 15
    alike = (wall * (1 - matte[..., None]) + picture * matte[..., None]).astype(np.uint8)

    def veil() -> int:
        found = person_matte(alike)[250:]
        return int(((found > 0.1) & (found < 0.9)).sum())

    decided = veil()
    monkeypatch.setattr("garrick.perception.matte._decided", lambda _, alpha: alpha)
    assert decided < 0.75 * veil()


@pytest.mark.parametrize("size", [(256, 384), (640, 480)])
def test_it_has_the_size_of_the_picture(picture, size):
    resized = np.asarray(Image.fromarray(picture).resize(size))
    assert person_matte(resized).shape == size[::-1]


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_picture_of_nobody_is_refused_with_a_way_out(level):
    with pytest.raises(InputError, match=r"told from the background\. .*stand out"):
        person_matte(np.full((256, 256, 3), level, np.uint8))


def test_a_picture_without_background_is_all_person(picture, monkeypatch):
    monkeypatch.setattr("garrick.perception.matte.run_net", lambda *_: [np.ones((256, 256, 1), np.float32)])
    assert (person_matte(picture) == 1).all()


def test_nothing_is_printed_where_the_solver_has_a_hard_time(picture, capfd):
    # pure black and white: at pymatting's own first shift its factorisation fails, and it says so on standard output
    stark = np.where(picture.mean(axis=2, keepdims=True) > 110, 255, 0).astype(np.uint8).repeat(3, axis=2)
    person_matte(stark)
    assert "WARNING" not in capfd.readouterr().out
