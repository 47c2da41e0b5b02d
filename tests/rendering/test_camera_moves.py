"""Camera moves: the face stays in the aim, amounts are what their units say, and views beyond the photo's range are told."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from garrick.core.camera import CameraPath
from garrick.core.performance import Performance
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.rendering.camera_moves import DEFAULTS, camera_move, face_centre
from garrick.rendering.view_range import turned_away, view_warning

FPS, FRAMES = Fraction(25), 101


def moved(portrait, move, amount=None, frames=FRAMES, seed=0) -> CameraPath:
    return camera_move(portrait, move, amount, frames, FPS, np.random.default_rng(seed))


def eyes(path: CameraPath) -> np.ndarray:
    """(F, 3) where the camera is."""
    turns, shifts = path.world_to_camera[:, :3, :3], path.world_to_camera[:, :3, 3]
    return -np.einsum("fji,fj->fi", turns, shifts)


def resting(portrait, frames=FRAMES) -> Performance:
    """The head as in the photo."""
    still = Performance.rest(frames, FPS)
    return replace(still, head_rotation=np.repeat(portrait.head_rotation[None], frames, axis=0))


@pytest.mark.parametrize("move", ["orbit", "dolly", "handheld"])
def test_the_face_stays_where_it_is_in_the_picture(portrait, move):
    path, centre = moved(portrait, move), face_centre(portrait)
    there = np.array([path.at(frame).project(centre)[:2] for frame in range(FRAMES)])
    away = np.abs(there - portrait.landmarks[:468].mean(axis=0)).max()
    assert away < (0.02 * 256 if move == "handheld" else 1e-6)
    if move == "handheld":
        assert away > 0.5
    np.testing.assert_allclose(np.linalg.det(path.world_to_camera[:, :3, :3]), 1, atol=1e-9)


def test_an_orbit_reaches_its_degrees_on_both_sides_of_the_photo(portrait):
    angles = turned_away(portrait, resting(portrait), moved(portrait, "orbit", 15.0))
    assert (angles[0], angles[-1]) == pytest.approx((-15, 15), abs=1.0)
    assert abs(angles[FRAMES // 2]) < 1e-6
    assert (np.diff(angles) > 0).all()
    distances = np.linalg.norm(eyes(moved(portrait, "orbit", 15.0)) - face_centre(portrait), axis=1)
    np.testing.assert_allclose(distances, distances[0], rtol=1e-9)
    assert eyes(moved(portrait, "orbit", 15.0))[-1, 0] > eyes(moved(portrait, "still"))[-1, 0]  # the subject's left


@pytest.mark.parametrize("percent", [25.0, -30.0])
def test_a_dolly_comes_nearer_by_its_percent(portrait, percent):
    distances = np.linalg.norm(eyes(moved(portrait, "dolly", percent)) - face_centre(portrait), axis=1)
    assert distances[0] == pytest.approx(np.linalg.norm(eyes(moved(portrait, "still"))[0] - face_centre(portrait)))
    assert distances[-1] / distances[0] == pytest.approx(1 - percent / 100)


def test_a_hand_sways_by_its_millimetres_and_the_same_for_a_longer_clip(portrait):
    path = moved(portrait, "handheld", 6.0, frames=3000, seed=5)
    sway = eyes(path) - eyes(moved(portrait, "still"))[0]
    assert np.sqrt((sway[:, :2] ** 2).mean()) == pytest.approx(0.006, rel=0.25)
    short = moved(portrait, "handheld", 6.0, frames=50, seed=5)
    np.testing.assert_array_equal(short.world_to_camera, path.world_to_camera[:50])
    assert not np.array_equal(
        moved(portrait, "handheld", 6.0, frames=50, seed=6).world_to_camera, short.world_to_camera
    )
    steps = np.linalg.norm(np.diff(eyes(path), axis=0), axis=1)
    assert steps.max() < 0.006  # no jumps


@pytest.mark.parametrize("move", list(DEFAULTS))
def test_a_single_frame_and_no_amount_are_the_photos_own_view(portrait, move):
    own = portrait.camera.world_to_camera
    np.testing.assert_array_equal(moved(portrait, move, 0.0).world_to_camera[7], own)
    if move in ("still", "orbit"):
        np.testing.assert_allclose(moved(portrait, move, frames=1).world_to_camera[0], own, atol=1e-12)


def test_a_turned_head_counts_as_a_moved_camera_does(portrait):
    turn = rotation_matrices(np.array([0, np.radians(-12), 0])) @ rotation_matrices(portrait.head_rotation)
    performance = replace(resting(portrait), head_rotation=np.repeat(axis_angles(turn)[None], FRAMES, axis=0))
    angles = turned_away(portrait, performance, moved(portrait, "still"))
    np.testing.assert_allclose(angles, 12, atol=1.5)


def test_frames_beyond_the_range_are_counted_and_the_worst_is_named(portrait):
    performance, path = resting(portrait), moved(portrait, "orbit", 28.0)
    said = view_warning(portrait, performance, path, range(FRAMES))
    assert said is not None
    beyond = int((np.abs(turned_away(portrait, performance, path)) > 20).sum())
    assert 0 < beyond < FRAMES
    assert said.startswith(f"{beyond} of {FRAMES} frames")
    assert view_warning(portrait, performance, path, range(45, 56)) is None
    assert view_warning(portrait, performance, moved(portrait, "orbit", 12.0), range(FRAMES)) is None
