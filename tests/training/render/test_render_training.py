"""How the face net is made: whom it is shown, that it learns, that a stopped run goes on, what is held out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from garrick.bodies.head import load_head
from garrick.evaluation.features import features_there
from garrick.evaluation.images import psnr
from garrick.rendering.refine.cues import CUES
from garrick.training.render import people
from garrick.training.render.losses import laplacian, loss
from garrick.training.render.net import FaceRefiner
from garrick.training.render.pairs import Pair, of_person, save
from garrick.training.render.pool import Pool, cues_of, held_out, load
from garrick.training.render.recipe import Recipe
from garrick.training.render.train import draw, train

needs_features = pytest.mark.skipif(not features_there(), reason="the loss needs `garrick weights pull quality`")
SIDE = 32
INSIDE = CUES.index("inside")


@pytest.fixture(scope="module")
def skin() -> people.Skin:
    rng = np.random.default_rng(0)
    texture = np.clip(0.4 + 0.05 * rng.standard_normal((128, 160, 3)), 0, 1).astype(np.float32)
    return people.Skin(texture, np.array([[1.0] * 3, [0.0] * 3, [0.0] * 3, [0.0] * 3], np.float32))


def made_up(count: int, seed: int) -> Pool:
    """Crops whose mouth ought to be redder."""
    rng = np.random.default_rng(seed)
    colour = rng.integers(60, 160, (count, SIDE, SIDE, 3)).astype(np.uint8)
    cues = np.full((count, len(CUES), SIDE // 2, SIDE // 2), 128, np.uint8)
    cues[:, INSIDE, 5:10, 4:12] = 191
    wanted = colour.copy()
    wanted[:, 10:20, 8:24, 0] += 60
    return Pool(
        colour, cues, np.full((count, SIDE, SIDE), 255, np.uint8), wanted, [f"person {i} 0" for i in range(count)]
    )


def test_a_seed_is_one_person_in_one_light(skin):
    pictures = []
    for seed in (1, 1, 2):
        person = people.draw_person(skin, 96, np.random.default_rng(seed))
        pictures.append(people.photograph(person, person.puppet.source)[0])
    np.testing.assert_array_equal(pictures[0], pictures[1])
    assert psnr([pictures[0]], [pictures[2]]).value < 25


def test_a_person_is_lit_from_where_the_light_is(skin):
    person = people.draw_person(skin, 128, np.random.default_rng(3))
    left = np.where(person.ways[:, :1] > 0.2, 1.0, 0.0) * np.ones((1, 3), np.float32)
    picture, matte, posed = people.photograph(replace(person, glow=left * 0.2, tone=np.ones(3)), person.puppet.source)
    assert 0.1 < matte.mean() < 0.9
    cheeks = person.camera.project(load_head().landmarks(posed)[[50, 280]])[:, :2].astype(int)
    right_side, left_side = (picture[y - 2 : y + 3, x - 2 : x + 3].mean() for x, y in cheeks)
    assert left_side > 1.5 * right_side


def test_the_renderers_crop_is_near_the_exact_one_but_not_the_same(skin):
    pair = next(of_person(skin, 1, 5))
    assert isinstance(pair, Pair)
    face = pair.view.weight > 0.5
    assert face.sum() > 5000
    assert 22 < psnr([pair.view.colour], [pair.wanted], [face]).value < 50


def test_what_is_held_out_is_not_learned_from(tmp_path, skin):
    pair = next(of_person(skin, 1, 6))
    for index in range(5):
        save(tmp_path / f"person-{index:04d}.npz", [replace(pair, of=f"person {index} 0")])
    learned, aside = load(tmp_path, aside=False), load(tmp_path, aside=True)
    assert set(learned.of).isdisjoint(aside.of)
    assert len(learned) + len(aside) == 5
    assert all(held_out(int(name.split()[1])) for name in aside.of)
    np.testing.assert_allclose(cues_of(learned.cues[0]), pair.view.cues.clip(-2, 2), atol=0.01)


def test_an_untrained_net_changes_nothing():
    found = FaceRefiner(8)(torch.rand(1, 3, SIDE, SIDE), torch.rand(1, len(CUES), SIDE // 2, SIDE // 2))
    assert found.shape == (1, 3, SIDE, SIDE)
    assert float(found.detach().abs().max()) == 0


def test_a_pyramid_of_a_flat_picture_is_empty():
    assert max(float(level.abs().max()) for level in laplacian(torch.full((1, 3, 32, 32), 0.3))) < 1e-6


@needs_features
def test_only_what_may_change_counts():
    one, other = torch.rand(2, 1, 3, SIDE, SIDE)
    nothing = torch.zeros(1, 1, SIDE, SIDE)
    _, parts = loss(one, other, nothing, nothing, nothing)
    assert parts["colours"] == parts["edges"] == 0
    same, _ = loss(one, one, nothing + 1, nothing, nothing)
    assert float(same) == 0


def test_patches_are_drawn_where_something_may_change():
    pool = made_up(4, 0)
    pool.weight[:, :, 16:] = 0
    colour, cues, weight, wanted = draw(pool, Recipe(0, 1, width=8, batch=6, patch=16), np.random.default_rng(0))
    assert colour.shape == wanted.shape == (6, 3, 16, 16)
    assert cues.shape == (6, len(CUES), 8, 8)
    assert (weight.mean(dim=(1, 2, 3)) > 0).all()


@needs_features
def test_it_learns_what_the_pairs_show_and_goes_on_where_it_stopped(tmp_path):
    pool, aside = made_up(6, 0), made_up(2, 1)
    recipe = Recipe(0, 30, batch=4, patch=SIDE, width=8, rate=4e-3)
    train(recipe, pool, aside, tmp_path / "whole.pt", tmp_path / "whole.csv")
    rows = [line.split(",") for line in (tmp_path / "whole.csv").read_text().splitlines()]
    assert [row[0] for row in rows] == ["0", "30"]
    assert float(rows[-1][2]) < 0.9 * float(rows[0][2])
    state = torch.load(tmp_path / "whole.pt", weights_only=True)
    assert state["step"] == 30
    again = train(recipe, pool, aside, tmp_path / "whole.pt", tmp_path / "whole.csv")
    for name, value in again.state_dict().items():
        torch.testing.assert_close(value, state["mean"][name])
