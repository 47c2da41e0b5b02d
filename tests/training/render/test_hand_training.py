"""How the hand generator is made: where it starts, what injection is for, that it learns, what its pairs show."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from garrick.evaluation.features import features_there
from garrick.evaluation.images import psnr
from garrick.training.render.hand_net import HandGenerator
from garrick.training.render.hand_pairs import pairs_of, shown_hands
from garrick.training.render.hand_pool import HandPool, injected_of
from garrick.training.render.hand_train import HandRecipe, draw, train
from garrick.training.render.hand_view import INJECTED, TONES

needs_features = pytest.mark.skipif(not features_there(), reason="the loss needs `garrick weights pull quality`")
SIDE = 128
HAND, ALONG = INJECTED.index("hand"), INJECTED.index("along")


def made_up(count: int, seed: int) -> HandPool:
    """Grey hands whose fingers ought to be redder; only what is injected tells fingers."""
    rng = np.random.default_rng(seed)
    colour = rng.integers(110, 140, (count, SIDE, SIDE, 3)).astype(np.uint8)
    injected = np.zeros((count, len(INJECTED), SIDE, SIDE), np.int8)
    wanted, known = colour.copy(), np.zeros((count, SIDE, SIDE), np.uint8)
    known[:, 40:88, 40:88] = 255
    injected[:, HAND, 40:88, 40:88] = 100
    for pair in range(count):
        top = 40 if rng.random() < 0.5 else 64
        injected[pair, ALONG, top : top + 24, 40:88] = -80
        wanted[pair, top : top + 24, 40:88, 0] += 60
    tones = np.full((count, 3 * len(TONES)), 0.5, np.float32)
    return HandPool(colour, injected, known, wanted, known, tones, np.ones(count, bool), np.arange(count))


@pytest.mark.parametrize("injecting", [True, False])
def test_an_untrained_generator_changes_nothing(injecting):
    net = HandGenerator(8, injecting)
    found = net(torch.rand(2, 3, 32, 32), torch.rand(2, len(INJECTED), 32, 32), torch.rand(2, 3 * len(TONES)))
    assert found.shape == (2, 3, 32, 32)
    assert float(found.detach().abs().max()) == 0


def test_without_injection_only_where_the_hand_is_is_told():
    injected = torch.rand(1, len(INJECTED), 32, 32)
    other = injected.clone()
    other[:, :HAND] = torch.rand(1, HAND, 32, 32)
    colour, tones = torch.rand(1, 3, 32, 32), torch.rand(1, 3 * len(TONES))
    for injecting in (True, False):
        torch.manual_seed(0)
        net = HandGenerator(8, injecting)
        for value in net.parameters():
            torch.nn.init.normal_(value, std=0.1)
        with torch.no_grad():
            same = torch.equal(net(colour, injected, tones), net(colour, other, tones))
        assert same != injecting


def test_what_is_drawn_is_lit_as_one_with_its_skin_tones():
    pool = made_up(4, 0)
    colour, injected, tones, weight, known, wanted = draw(pool, HandRecipe(0, 1, batch=6), np.random.default_rng(0))
    assert colour.shape == wanted.shape == (6, 3, 96, 96)
    assert injected.shape == (6, len(INJECTED), 96, 96)
    assert weight.shape == known.shape == (6, 1, 96, 96)
    assert (weight.sum(dim=(1, 2, 3)) == 48 * 48).all()
    seen = colour.mean(dim=(2, 3)) / (125 / 255)
    torch.testing.assert_close(tones.reshape(6, 3, -1).mean(dim=2) / 0.5, seen, rtol=0.03, atol=0.01)


@needs_features
def test_injection_tells_what_colours_do_not_and_a_stopped_run_goes_on(tmp_path):
    pool, aside, gains = made_up(8, 0), made_up(4, 1), {}
    for injecting in (True, False):
        recipe = HandRecipe(0, 30, batch=4, patch=64, width=8, rate=6e-3, injecting=injecting)
        curve, checkpoint = tmp_path / f"{injecting}.csv", tmp_path / f"{injecting}.pt"
        train(recipe, pool, aside, checkpoint, curve)
        rows = [line.split(",") for line in curve.read_text().splitlines()]
        gains[injecting] = float(rows[-1][2]) / float(rows[0][2])
        state = torch.load(checkpoint, weights_only=True)
        assert state["step"] == 30
    assert gains[True] < 0.95 * gains[False]
    again = train(recipe, pool, aside, checkpoint, curve)
    for name, value in again.state_dict().items():
        torch.testing.assert_close(value, state["mean"][name])


def test_a_portraits_hand_is_wanted_where_its_mesh_lies(shared_data, body_data):
    path = shared_data / "train/antgroup_echomimic_v2/ref_imgs_by_FLUX/woman/0048.png"
    if not path.exists():
        pytest.skip("the made-up portraits are not here")
    hands = shown_hands(path)
    assert {hand.side for hand in hands} == {0, 1}
    own, other = pairs_of(hands[0], 1, np.random.default_rng(0))
    assert own.own
    assert not other.own
    there = (own.view.weight > 0.5) & (own.known > 0.5)
    assert there.sum() > 600
    shown = own.view.crop.cut(hands[0].portrait.image)
    shown = shown[:, ::-1] if own.view.mirrored else shown
    # the mesh laid with the portrait's own skin is the portrait, but for what the fit was brought by
    assert psnr([own.wanted], [shown], [there]).value > psnr([own.view.colour], [shown], [there]).value + 2
    assert (other.view.colour != own.view.colour).any()
    assert injected_of(np.full(1, 100, np.int8))[0] == 1
