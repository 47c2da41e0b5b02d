"""Training of the body's net: it learns, goes on after a stop, and sees bodies as they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from garrick.context import RunContext
from garrick.core.performance import BODY_JOINTS
from garrick.motion.body import BodyMotion
from garrick.motion.diffusion.body import BodyGraphs
from garrick.motion.diffusion.body_net import BodyNet
from garrick.motion.diffusion.net import Size
from garrick.motion.diffusion.upper_body import ARM, CHANNELS, KNOWN
from garrick.motion.diffusion.windows import BEFORE, HISTORY, PATCH, ROWS
from garrick.motion.gestures.plan import Stroke
from garrick.speech.voices import speak
from garrick.training.motion.body_measure import FPS, stroke_end
from garrick.training.motion.body_takes import BodyTake, take_of
from garrick.training.motion.body_train import BodyRecipe, BodyScale, draw, error, train

TINY, FRAMES = Size(width=24, layers=2, heads=2, dropout=0.0, deafness=0.0), 32


def recipe(steps: int) -> BodyRecipe:
    return BodyRecipe(seed=0, steps=steps, batch=8, frames=FRAMES, rate=5e-3, size=TINY)


@pytest.fixture(scope="module")
def takes(body_data) -> list[BodyTake]:
    """Two voices, each under two bodies."""
    texts = (
        "Nobody knew what the answer was. So in the end we had to go.",
        "My mother never liked the old house at the corner.",
    )
    return [take_of(f"made-{index}", speak(text, RunContext()), 2, 2) for index, text in enumerate(texts)]


def test_a_take_has_a_body_for_each_draw_and_knows_where_it_strikes(takes: list[BodyTake]) -> None:
    one = takes[0]
    assert one.motion.shape == (2, len(one), CHANNELS)
    assert one.heard.shape[0] == 2
    assert np.abs(one.motion[0] - one.motion[1]).max() > 0.2
    assert one.strokes.max() > 0.5
    bends = one.motion[..., 3]
    assert np.ptp(bends) > np.radians(40)  # arms hang at first and rise


def test_windows_hold_what_the_net_takes_and_mirrors_are_among_them(takes: list[BodyTake]) -> None:
    scale = BodyScale.of(takes)
    batch = draw(takes, scale, 16, FRAMES, np.random.default_rng(0))
    assert batch.motion.shape == batch.noise.shape == (16, FRAMES, CHANNELS)
    assert batch.heard.shape == (16, ROWS * (FRAMES // PATCH + 2 * BEFORE), KNOWN)
    assert batch.before.shape == (16, PATCH * HISTORY, CHANNELS)
    assert (batch.begun == 0).any()
    assert (batch.before[batch.begun == 0] == 0).all()
    assert ((batch.t > 0) & (batch.t <= 1)).all()
    np.testing.assert_allclose(scale.mean[:ARM], scale.mean[ARM : 2 * ARM], atol=1e-5)


def test_strokes_lie_in_a_window_where_the_motion_has_them(takes: list[BodyTake]) -> None:
    """Whatever the speed and the mirror: the hand that is told to strike is the one that moves."""
    scale, right, left = BodyScale.of(takes), [], []
    for seed in range(12):
        batch = draw(takes, scale, 8, FRAMES, np.random.default_rng(seed))
        told = batch.heard[:, ROWS * BEFORE : -ROWS * BEFORE, KNOWN - 6 - 24 - 2 :][..., :2].max(axis=1)
        moved = np.stack(
            [np.abs(np.diff(batch.motion[..., at : at + 7], axis=1)).max(axis=(1, 2)) for at in (0, ARM)], 1
        )
        right += [
            *moved[(told[:, 0] > 0.4) & (told[:, 1] < 0.1), 0] - moved[(told[:, 0] > 0.4) & (told[:, 1] < 0.1), 1]
        ]
        left += [*moved[(told[:, 1] > 0.4) & (told[:, 0] < 0.1), 1] - moved[(told[:, 1] > 0.4) & (told[:, 0] < 0.1), 0]]
    assert np.mean(right) > 0
    assert np.mean(left) > 0


def test_a_net_learns_what_it_is_told(takes: list[BodyTake], tmp_path: Path) -> None:
    scale = BodyScale.of(takes)
    before = _loss(BodyNet(TINY).eval(), takes, scale)
    net = train(recipe(40), takes, takes[1], scale, tmp_path / "a.pt", tmp_path / "a.csv")
    assert _loss(net, takes, scale) < 0.75 * before
    step, loss, aside, _ = (tmp_path / "a.csv").read_text().splitlines()[-1].split(",")
    assert int(step) == 40
    assert 0 < float(loss) < 3
    assert 0 < float(aside) < 4


def test_a_stopped_run_goes_on_as_if_it_had_not_stopped(
    takes: list[BodyTake], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("garrick.training.loop._SAVE", 0.0)
    monkeypatch.setattr("garrick.training.loop._LOG", 1)
    scale = BodyScale.of(takes)
    whole = train(recipe(4), takes, takes[1], scale, tmp_path / "whole.pt", tmp_path / "whole.csv")
    calls = []

    def interrupted(*arguments):
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return draw(*arguments)

    with monkeypatch.context() as broken:
        broken.setattr("garrick.training.motion.body_train.draw", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(recipe(4), takes, takes[1], scale, tmp_path / "part.pt", tmp_path / "part.csv")
    with (tmp_path / "part.csv").open("a") as curve:
        curve.write("3,9.9,9.9,9\n")  # of a step after the checkpoint
    resumed = train(recipe(4), takes, takes[1], scale, tmp_path / "part.pt", tmp_path / "part.csv")
    for name, value in whole.state_dict().items():
        assert torch.allclose(value, resumed.state_dict()[name], atol=1e-6), name
    one, other = (
        [row.split(",")[:3] for row in (tmp_path / f"{name}.csv").read_text().splitlines()]
        for name in ("whole", "part")
    )
    assert [row[0] for row in one] == ["1", "2", "3", "4"]
    np.testing.assert_allclose(np.array(other, float), np.array(one, float), rtol=1e-3)


@pytest.mark.parametrize("late", [0.0, 0.08])
def test_the_end_of_a_stroke_is_measured(late: float) -> None:
    times = np.arange(0, 4, float(1 / FPS))
    share = np.clip((times - 1.8) / 0.2, 0, 1)
    pose = np.zeros((len(times), len(BODY_JOINTS), 3))
    pose[:, BODY_JOINTS.index("left_elbow"), 1] = share * share * (3 - 2 * share)
    made = BodyMotion(pose, np.zeros((len(times), 15, 3)), np.zeros((len(times), 15, 3)))
    stroke = Stroke("beat", 2.0 - late, ("left",))
    assert stroke_end(made, stroke, stroke.time) == pytest.approx(late - 0.01, abs=0.02)
    assert np.isnan(stroke_end(made, stroke, 3.0))


def test_what_is_exported_moves_as_the_net_does(takes: list[BodyTake], tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    from garrick.training.motion.export import export_body

    scale, net = BodyScale.of(takes), BodyNet().eval()
    torch.nn.init.normal_(net.denoiser.out.weight, std=0.1)
    export_body(net, scale.mean, scale.deviation, tmp_path)
    graphs = BodyGraphs(tmp_path)
    np.testing.assert_allclose(graphs.mean, scale.mean, atol=1e-6)
    batch = draw(takes, scale, 1, 48, np.random.default_rng(2))
    with torch.no_grad():
        voice = net.listener(torch.from_numpy(batch.heard))
        given = (torch.from_numpy(getattr(batch, name)) for name in ("before", "begun", "amount"))
        wanted = net.denoiser(torch.from_numpy(batch.noise), torch.ones(1), voice, *given)[0].numpy()
    before = batch.before[0] if batch.begun[0] else None
    found = graphs.denoise(batch.noise[0], 1.0, graphs.listen(batch.heard[0]), before, batch.amount[0])
    np.testing.assert_allclose(found, wanted, atol=0.02)


def _loss(net: BodyNet, takes: list[BodyTake], scale: BodyScale) -> float:
    with torch.no_grad():
        return float(error(net, draw(takes, scale, 16, FRAMES, np.random.default_rng(5)), "cpu"))
