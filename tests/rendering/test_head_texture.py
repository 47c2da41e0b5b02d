"""The head's own texture: the photo where it shows the head, and colours of their own for what it hides."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from garrick.bodies.head import PARTS, load_head
from garrick.bodies.rig import ASPECT, layout, rig_arrays
from garrick.rendering.hair import dressed
from garrick.rendering.head_texture import head_texture
from garrick.rendering.puppet import make_puppet
from garrick.rendering.texture import project_texture


@pytest.fixture(scope="module")
def texture(portrait) -> np.ndarray:
    return head_texture(portrait)


def looked_up(texture: np.ndarray, uv: np.ndarray) -> np.ndarray:
    """(N, 3) colours at uv (N, 2), v up."""
    height, width = texture.shape[:2]
    columns, rows = np.clip(np.column_stack([uv[:, 0] * width, (1 - uv[:, 1]) * height]), 0, (width - 1, height - 1)).T
    return texture[rows.astype(int), columns.astype(int)].astype(float)


def of_part(portrait, name: str) -> np.ndarray:
    """(N, 2) uv of all corners of a part's polygons."""
    rig = rig_arrays(load_head(), portrait)
    return rig["uv"][np.repeat(rig["material"], rig["polygon_sizes"]) == PARTS.index(name)]


def test_what_the_photo_shows_well_is_the_photo(texture, portrait):
    head = load_head()
    puppet = make_puppet(head, portrait)
    projected = project_texture(head, puppet.pose(puppet.source), portrait, dressed(head, puppet, portrait)[1])
    place = layout(head)
    whole = (projected.seen[head.quads] > 0.99).all(axis=1) & (head.quad_parts == PARTS.index("skin"))
    assert whole.sum() > 500
    middle = projected.photo[head.quads[whole]].mean(axis=1).astype(np.float32)
    expected = cv2.remap(portrait.image, middle[None] - 0.5, None, cv2.INTER_LINEAR)[0].astype(float)
    found = looked_up(texture, place.uvs[place.quad_uvs[whole]].mean(axis=1))
    assert np.abs(found - expected).mean() < 3
    assert np.quantile(np.abs(found - expected).max(axis=1), 0.95) < 16


def test_mouth_and_eyes_have_colours_though_the_photo_hides_them(texture, portrait):
    teeth, tongue = (looked_up(texture, of_part(portrait, name)) for name in ("teeth", "tongue"))
    assert np.quantile(teeth.mean(axis=1), 0.95) > 120
    assert np.quantile(tongue[:, 0] - tongue[:, 2], 0.9) > 30  # red
    for left, bottom, side in layout(load_head()).eyes:
        middle = np.array([(left + side / 2) / ASPECT, bottom + side / 2])
        around = middle + 0.35 * side / (2 * np.pi) * np.array([[1 / ASPECT, 0], [-1 / ASPECT, 0]])
        white = middle + 0.75 * side / (2 * np.pi) * np.array([[1 / ASPECT, 0], [-1 / ASPECT, 0]])
        pupil, iris, sclera = (looked_up(texture, np.atleast_2d(at)).mean() for at in (middle, around, white))
        assert pupil < iris < sclera


def test_no_face_on_the_back_of_the_head(texture, portrait):
    """A photo laid through the head would show the brows there again: the back is even."""
    head = load_head()
    place = layout(head)
    behind = (head.template[head.quads, 2].max(axis=1) < -0.06) & (head.quad_parts == 0) & (
        head.template[head.quads, 1].min(axis=1) > 0.02
    )  # fmt: skip
    colours = looked_up(texture, place.uvs[place.quad_uvs[behind]].mean(axis=1))
    assert behind.sum() > 30
    assert colours.std(axis=0).max() < 30


def test_parts_lie_apart_in_the_texture():
    head = load_head()
    place = layout(head)
    side = 512
    covered = np.zeros((side, round(ASPECT * side)), np.uint8)
    left = head.weights[head.quads[:, 0], 3] > 0.5
    eye = head.quad_parts == PARTS.index("eye")
    groups = [eye & left, eye & ~left, *(head.quad_parts == PARTS.index(name) for name in ("teeth", "gums"))]
    groups.append(~np.logical_or.reduce(groups))
    for group in groups:
        own = np.zeros_like(covered)
        corners = place.uvs[place.quad_uvs[group]] * (own.shape[1], side)
        cv2.fillPoly(own, list(np.round(corners * 16).astype(np.int32)), (1,), shift=4)
        covered += own
    assert covered.max() == 1
