"""The warping generator: where it starts, what geometry tells it, that it learns to warp, what its pairs show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from garrick.context import RunContext
from garrick.evaluation.features import features_there
from garrick.rendering.refine.crop import SIDE
from garrick.rendering.refine.view import traits_of
from garrick.rendering.render import prepare, render_pose
from garrick.rendering.take import ID_NAMES, Frame
from garrick.training.render import warp_refiner
from garrick.training.render.warp_net import WarpingGenerator
from garrick.training.render.warp_pairs import far_motion, of_portraits
from garrick.training.render.warp_pool import WarpPool, load, load_shown, save, unpacked
from garrick.training.render.warp_train import WarpRecipe, draw, train
from garrick.training.render.warp_view import HALF, KINDS, TOLD, body_crop, body_view

needs_features = pytest.mark.skipif(not features_there(), reason="the loss needs `garrick weights pull quality`")
BODY = ID_NAMES.index("body")
SMALL = 64  # pixels of what is made up


@pytest.fixture(scope="module")
def stage(portrait):
    return prepare(portrait, RunContext())


def given(kind: str, side: int, seed: int = 0) -> list[torch.Tensor]:
    draws = torch.Generator().manual_seed(seed)
    shapes = [(3, side), (3, side), (2, side // 2), *((count, side // 2) for count in KINDS[kind])]
    return [torch.rand((2, count, size, size), generator=draws) for count, size in shapes]


def changed(net: torch.nn.Module) -> torch.nn.Module:
    for value in net.parameters():
        torch.nn.init.normal_(value, std=0.1)
    return net


@pytest.mark.parametrize("kind", KINDS)
def test_an_untrained_generator_changes_nothing(kind):
    found = WarpingGenerator(*KINDS[kind], width=8)(*given(kind, 32))
    assert found.shape == (2, 3, 32, 32)
    assert float(found.detach().abs().max()) == 0


@pytest.mark.parametrize("injecting", [True, False])
def test_without_injection_only_where_the_hand_is_is_told(injecting):
    torch.manual_seed(0)
    net = changed(WarpingGenerator(*KINDS["body"], width=8, injecting=injecting))
    *rest, injected = given("body", 32)
    other = torch.cat([1 - injected[:, :-1], injected[:, -1:]], dim=1)
    with torch.no_grad():
        assert torch.equal(net(*rest, injected), net(*rest, other)) != injecting


def test_what_is_far_away_in_the_photo_is_seen_through_the_way():
    torch.manual_seed(0)
    net = changed(WarpingGenerator(*KINDS["body"], width=8))
    colour, photo, flow, told, injected = given("body", 64)
    flow = flow * 0.1 - 0.8  # all of it comes from the photo's corner
    elsewhere, there = photo.clone(), photo.clone()
    elsewhere[..., 48:, 48:] = 0
    there[..., :12, :12] = 0
    with torch.no_grad():
        plain = net(colour, photo, flow, told, injected)
        assert (net(colour, elsewhere, flow, told, injected) - plain).abs().max() < 1e-4
        assert (net(colour, there, flow, told, injected) - plain).abs().max() > 1e-2


def shifted_frame(photo: np.ndarray, by: int) -> Frame:
    """All of a picture moved to the right; a hole in it is painted over, and nobody knows from where."""
    rows, columns = photo.shape[:2]
    plate = np.roll(photo, by, axis=1)
    x, y = np.meshgrid((np.arange(columns) + 0.5 - by) / columns, (np.arange(rows) + 0.5) / rows)
    uv = np.stack([x, y], axis=2).astype(np.float32)
    uv[100:120, 100:120] = -1
    plate[100:120, 100:120] = 255
    rgba = np.dstack([plate, np.full((rows, columns), 255, np.uint8)])
    return Frame(rgba, np.ones((rows, columns), np.float32), uv, np.full((rows, columns), BODY, np.uint8), plate)


def test_geometry_says_where_a_pixel_is_taken_from_and_neighbours_where_it_does_not(portrait):
    photo = np.random.default_rng(0).integers(90, 110, (SIDE, SIDE, 3)).astype(np.uint8)
    view = body_view(shifted_frame(photo, 8), photo, portrait.camera, None)
    own = (np.arange(HALF) + 0.5) / HALF * 2 - 1
    inner = np.s_[4:-4, 12:-4]
    np.testing.assert_allclose((view.flow[0] - own)[inner], -8 / (SIDE / 2), atol=1e-5)
    np.testing.assert_allclose((view.flow[1] - own[:, None])[inner], 0, atol=1e-5)
    taken = view.told[TOLD.index("photo")]
    assert not taken[52:58, 52:58].any()
    assert taken[70:120, 70:120].all()
    assert view.weight[SIDE // 4 :].min() > 0.9


def test_a_tall_frame_is_seen_whole():
    crop = body_crop((512, 768))
    np.testing.assert_allclose(crop.to_frame @ [SIDE / 2, SIDE / 2, 1], [256, 384])
    assert crop.box((512, 768)) == (0, 768, 0, 512)


def test_a_frame_that_shows_the_photo_comes_back(stage, tmp_path, monkeypatch):
    camera, source = stage.portrait.camera, stage.puppet.source
    monkeypatch.setattr(warp_refiner, "warp_change", lambda view, _: 0.3 * view.weight[..., None].repeat(3, axis=2))
    refiner = warp_refiner.WarpRefiner(stage, traits_of(stage), tmp_path, tmp_path)
    frame = render_pose(stage, source, camera, passes=True)
    np.testing.assert_array_equal(refiner.refine(source, camera, frame).plate, frame.plate)
    away = far_motion(source, np.random.default_rng(0))
    frame = render_pose(stage, away, camera, passes=True)
    added = refiner.refine(away, camera, frame)
    assert np.abs(added.plate.astype(int) - frame.plate).max() > 50
    np.testing.assert_array_equal(added.ids, frame.ids)


def test_arms_that_are_taken_off_leave_a_frame_nearer_to_the_portrait(stage, body_data, tmp_path):
    plain, armed = of_portraits(stage, 2, 0)
    assert plain.of.startswith("portrait")
    assert armed.of.startswith("arms")
    for pair in (plain, armed):
        wanted = pair.body.crop.cut(pair.wanted).astype(int)
        driven, photo = (np.abs(picture.astype(int) - wanted).mean() for picture in (pair.body.colour, pair.body.photo))
        assert driven < 0.8 * photo
    save(tmp_path / "portrait-0003.npz", [plain, armed])
    save(tmp_path / "portrait-0004.npz", [plain])
    learned, aside, shown = load(tmp_path, "body", False), load(tmp_path, "face", True), load_shown(tmp_path)
    assert len(learned) == 1
    assert list(aside.of) == list(shown.of) == [plain.of, armed.of]
    np.testing.assert_array_equal(shown.wanted[0], plain.wanted)
    np.testing.assert_allclose(unpacked(learned.flow[0]), plain.body.flow.clip(-1.6, 1.6), atol=1e-4)
    np.testing.assert_allclose(unpacked(learned.told[0]), plain.body.told.clip(-2, 2), atol=0.01)


def off_by_a_little(count: int, seed: int) -> WarpPool:
    """Pictures that are drawn as their photo has them 3 pixels beside what geometry says."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 255, (count, SMALL // 8, SMALL // 8, 3)).astype(np.uint8)
    photo = coarse.repeat(8, axis=1).repeat(8, axis=2)
    told, injected = (np.zeros((count, number, SMALL // 2, SMALL // 2), np.int8) for number in KINDS["body"])
    steps = (np.arange(SMALL // 2) + 0.5) / SMALL // 2 * 2 - 1
    flow = np.round(np.stack(np.meshgrid(steps, steps)) * 20000).astype(np.int16)[None].repeat(count, axis=0)
    full = np.full((count, SMALL, SMALL), 255, np.uint8)
    wanted = np.roll(photo, 3, axis=2)
    matrix = np.eye(2, 3)[None].repeat(count, axis=0)
    return WarpPool(
        photo, photo, flow, told, injected, full, wanted, full, matrix, np.array([f"person {i}" for i in range(count)])
    )


@needs_features
def test_it_learns_another_way_and_a_stopped_run_goes_on(tmp_path):
    pool, aside = off_by_a_little(4, 0), off_by_a_little(1, 1)
    recipe = WarpRecipe(0, 30, batch=2, patch=32, width=8, rate=6e-3)
    train(recipe, pool, aside, tmp_path / "run.pt", tmp_path / "run.csv")
    rows = [line.split(",") for line in (tmp_path / "run.csv").read_text().splitlines()]
    assert [row[0] for row in rows] == ["0", "30"]
    assert float(rows[-1][2]) < 0.95 * float(rows[0][2])
    state = torch.load(tmp_path / "run.pt", weights_only=True)
    again = train(recipe, pool, aside, tmp_path / "run.pt", tmp_path / "run.csv")
    for name, value in again.state_dict().items():
        torch.testing.assert_close(value, state["mean"][name])


def test_patches_lie_where_something_may_change():
    pool = off_by_a_little(2, 0)
    weight = pool.weight.copy()
    weight[:, :, : SMALL // 2] = 0
    parts = draw(replace(pool, weight=weight), WarpRecipe(0, 1, batch=6, patch=32), np.random.default_rng(0))
    assert [tuple(part.shape[1:]) for part in parts] == [
        (3, 32, 32), (3, SMALL, SMALL), (2, 16, 16), (len(TOLD), 16, 16), (KINDS["body"][1], 16, 16), (1, 32, 32),
        (1, 32, 32), (3, 32, 32),
    ]  # fmt: skip
    assert (parts[5].mean(dim=(1, 2, 3)) > 0).sum() >= 5
