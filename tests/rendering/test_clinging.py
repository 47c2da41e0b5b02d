"""What clings to an outline makes the photo of person and room, moves with the sheet, and goes with an arm."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from garrick.context import RunContext
from garrick.rendering.canvas import margin_of
from garrick.rendering.clinging import make_clinging, make_picture
from garrick.rendering.cutout import cut_out, premultiplied
from garrick.rendering.layers import split
from garrick.rendering.render import prepare, render_pose
from garrick.rendering.room_fill import beside_arms, with_room

SIZE = 96
MARGIN = margin_of((SIZE, SIZE))
ARM = np.s_[50:62, 8:30]


def scene() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A photo of a torso and an arm before a grainy room, its matte, which is too soft, and where the arm is."""
    rng = np.random.default_rng(1)
    photo = rng.uniform(0.4, 0.5, (SIZE, SIZE, 3)).astype(np.float32)
    alpha, arms = np.zeros((2, SIZE, SIZE), np.float32)
    for box in (np.s_[30:, 30:66], ARM):
        photo[box], alpha[box] = (0.8, 0.3, 0.2), 1
    arms[48:64, 4:30] = 1
    alpha[28:30, 30:66] = 0.4  # where the room is seen
    return np.round(photo * 255).astype(np.uint8), alpha, arms > 0


@pytest.fixture(scope="module")
def stage_of(portrait):
    """The sample's stage, and a right arm that its shoulder is taken for."""
    arms = np.zeros((2, *portrait.alpha.shape), bool)
    arms[1, 200:230, 10:60] = True
    return prepare(portrait, RunContext()), list(arms)


def test_person_clinging_and_room_are_the_photo():
    image, alpha, arms = scene()
    seen = image.astype(np.float32) / 255
    layers = with_room(split(image, alpha, arms), seen, alpha, arms)
    person = premultiplied(cut_out(image, alpha))
    picture = make_picture(layers, person, np.zeros((SIZE, SIZE), bool))
    assert picture.shape == (SIZE + 2 * MARGIN, SIZE + 2 * MARGIN, 4)
    clinging = picture[MARGIN:-MARGIN, MARGIN:-MARGIN]
    behind = clinging[..., :3] + (1 - clinging[..., 3:]) * layers.background
    np.testing.assert_allclose(person[..., :3] + (1 - person[..., 3:]) * behind, seen, atol=1.5 / 255)
    assert clinging[49, 10:28, 3].min() > 0.9  # the room beside an arm that can be taken away
    assert person[49, 10:28, 3].max() == 0


def test_it_goes_with_the_arm_that_goes(stage_of):
    stage, arms = stage_of
    clinging = make_clinging(stage.clinging.picture, stage.sheet, arms, stage.portrait.alpha)
    there, gone = clinging.worn(None), clinging.worn(np.array([0.0, 1.0]))
    assert clinging.worn(np.array([1.0, 0.0])) is there  # an arm that the photo does not show
    assert clinging.worn(np.array([0.0, 1.0])) is gone
    margin = clinging.margin
    near = np.pad(beside_arms(arms[1], stage.portrait.alpha), margin)
    np.testing.assert_array_equal(gone[near == 1], 0)
    np.testing.assert_array_equal(gone[near == 0], there[near == 0])
    assert np.abs(there[near == 1]).max() > 0.1


def test_an_outline_is_the_photos_wherever_the_sheet_is(stage_of):
    """Drawn a few pixels aside, it is the same, aside."""
    stage, _ = stage_of
    camera, sheet = stage.portrait.camera, stage.sheet
    room = np.full((*camera.size[::-1], 3), 0.5, np.float32)
    grid = camera.project(sheet.rest).astype(np.float32)
    aside = grid + np.array([7, 0, 0], np.float32)
    one, other = (stage.clinging.over(room, points, sheet, None) for points in (grid, aside))
    assert np.abs(one - room).max() > 0.05
    np.testing.assert_allclose(other[:, 17:-10], one[:, 10:-17], atol=2e-3)
    assert (room == 0.5).all()


def test_a_plate_of_the_users_shows_none_of_it(stage_of):
    stage, _ = stage_of
    green = np.zeros_like(stage.layers.background) + np.array([0, 1, 0], np.float32)
    plated = replace(stage, layers=replace(stage.layers, background=green), clinging=None)
    frame = render_pose(plated, stage.puppet.source, stage.portrait.camera)
    assert (frame.plate[frame.rgba[..., 3] == 0] == (0, 255, 0)).all()
