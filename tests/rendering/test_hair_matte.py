"""Hair and skin are told apart by colour, brows are skin, and the id pass follows as the head turns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from garrick.context import RunContext
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.rendering.hair_matte import hair_and_skin, tell_apart
from garrick.rendering.render import prepare, render_pose
from garrick.rendering.take import ID_NAMES

HAIR, SKIN = ID_NAMES.index("hair"), ID_NAMES.index("skin")


def share(mask: np.ndarray, x: float, y: float, reach: int = 3) -> float:
    return float(mask[int(y) - reach : int(y) + reach, int(x) - reach : int(x) + reach].mean())


def test_the_samples_hair_is_hair_and_its_face_is_not(portrait):
    told, marks = hair_and_skin(portrait), portrait.landmarks
    hair = told == HAIR
    top, chin = marks[10], marks[152]
    height = chin[1] - top[1]
    assert share(hair, top[0], top[1] - 0.12 * height) > 0.9
    for name, point in {"forehead": 151, "brow": 105, "cheek": 50, "nose": 4, "lips": 13, "iris": 468}.items():
        assert share(hair, *marks[point]) == 0, name
    assert not hair[int(marks[13, 1]) :].any()
    assert not hair[portrait.alpha < 0.5].any()
    assert share(told == SKIN, *(marks[152] - (0, 0.05 * height))) > 0.9
    assert not (told == SKIN)[: int(marks[13, 1])].any()


def test_hair_of_the_skins_colour_is_left_to_the_skin(portrait):
    skin = portrait.image[int(portrait.landmarks[50, 1]), int(portrait.landmarks[50, 0])]
    hair = hair_and_skin(portrait) == HAIR
    bald = replace(portrait, image=np.where(hair[..., None], skin, portrait.image).astype(np.uint8))
    assert (hair_and_skin(bald) == HAIR).mean() < 0.1 * hair.mean()


def test_only_skin_that_shows_the_photo_is_named(portrait):
    ids = np.array([[SKIN, SKIN, SKIN, HAIR, 4]], np.uint8)
    uv = np.array([[(0.9, 0.1), (0.1, 0.1), (-1, -1), (0.9, 0.9), (0.9, 0.1)]], np.float32)
    tell_apart(ids, uv, np.array([[0, HAIR], [0, SKIN]], np.uint8))
    assert ids.tolist() == [[HAIR, SKIN, SKIN, SKIN, 4]]


@pytest.mark.parametrize("degrees", [-15.0, 0.0, 15.0])
def test_the_id_pass_has_hair_over_the_forehead_from_every_side(portrait, degrees):
    stage = prepare(portrait, RunContext())
    source = stage.puppet.source
    turn = rotation_matrices(np.radians([0, degrees, 0])) @ rotation_matrices(source.rotation)
    pose = replace(source, rotation=axis_angles(turn).astype(np.float32))
    bare = render_pose(stage, pose, portrait.camera)
    frame = render_pose(stage, pose, portrait.camera, passes=True)
    named = (frame.ids == HAIR) & (bare.ids == SKIN)
    assert named.sum() > 0.02 * (bare.ids == SKIN).sum()
    told = (frame.ids == SKIN) & (bare.ids == HAIR)
    np.testing.assert_array_equal(frame.ids != bare.ids, named | told)
    dark = frame.plate[named].mean() / frame.plate[frame.ids == SKIN].mean()
    assert dark < 0.6  # the sample's hair is brown
