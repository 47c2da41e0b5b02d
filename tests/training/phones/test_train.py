from pathlib import Path

import numpy as np
import pytest
import torch
from garrick.speech import acoustic, features
from garrick.training.phones.corpus import Corpus, load
from garrick.training.phones.net import PhoneNet
from garrick.training.phones.train import Recipe, batch, train


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    """Three made-up phones, each a bump in another part of the spectrum, in runs of 8 frames."""
    rng = np.random.default_rng(0)
    labels = np.repeat(rng.integers(0, 3, 600), 8).astype(np.int8)
    bumps = np.exp(-0.5 * ((np.arange(40) - np.array([[6], [20], [34]])) / 4) ** 2) * 6 - 6
    mels = (bumps[labels] + rng.normal(0, 0.3, (len(labels), 40))).astype(np.float16)
    return Corpus(mels, labels, np.array([0, len(labels)]), np.array(["made"]))


@pytest.mark.parametrize("causal", [False, True])
def test_a_net_learns_what_can_be_heard(causal: bool, corpus: Corpus, tmp_path: Path) -> None:
    recipe = Recipe(causal, seed=0, steps=40, batch=4, crop=120)
    net = train(recipe, corpus, tmp_path / "a.pt", tmp_path / "a.log")
    inputs, labels = batch(corpus, recipe, np.random.default_rng(99))
    with torch.no_grad():
        right = (net(torch.from_numpy(inputs)).argmax(-1).numpy() == labels).mean()
    assert right > 0.8


def test_a_stopped_run_goes_on_as_if_it_had_not_stopped(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drop-out apart, whose draws are the process's own: it is switched off here."""
    monkeypatch.setattr(torch.nn.Dropout, "forward", lambda self, x: x)
    monkeypatch.setattr("garrick.training.phones.train._SAVE", 0.0)
    recipe = Recipe(False, seed=1, steps=6, batch=2, crop=60)
    whole = train(recipe, corpus, tmp_path / "whole.pt", tmp_path / "log")
    calls = []

    def interrupted(*arguments):
        calls.append(arguments)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return batch(*arguments)

    with monkeypatch.context() as broken:
        broken.setattr("garrick.training.phones.train.batch", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(recipe, corpus, tmp_path / "part.pt", tmp_path / "log")
    resumed = train(recipe, corpus, tmp_path / "part.pt", tmp_path / "log")
    for name, value in whole.state_dict().items():
        assert torch.allclose(value.float(), resumed.state_dict()[name].float(), atol=1e-6), name


def test_crops_are_normalised_as_the_product_does(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("garrick.training.phones.train.roughened", lambda mels, other, rng: mels.astype(np.float32))
    recipe = Recipe(False, seed=0, steps=1, batch=2, crop=80)
    inputs, _ = batch(corpus, recipe, np.random.default_rng(5))
    starts = np.random.default_rng(5).integers(0, len(corpus.labels) - 80, 4)
    assert np.array_equal(inputs[1].T, features.normalised(corpus.mels[starts[1] : starts[1] + 80].astype(np.float32)))


def test_shards_come_back_together(tmp_path: Path) -> None:
    for name, count in (("a", 3), ("b", 5)):
        np.savez(tmp_path / f"{name}.npz", mels=np.ones((count, 40), np.float16), labels=np.full(count, 2, np.int8),
                 lengths=np.array([count]), voices=np.array([name]))  # fmt: skip
    both = load([tmp_path / "a.npz", tmp_path / "b.npz"])
    assert both.starts.tolist() == [0, 3, 8]
    assert both.voices.tolist() == ["a", "b"]
    assert both.mels.shape == (8, 40)


@pytest.mark.parametrize("causal", [False, True])
def test_an_exported_net_answers_as_the_trained_one(
    causal: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnx")
    from garrick.training.phones.export import export

    torch.manual_seed(0)
    net = PhoneNet(causal).eval()
    for norm in net.norms:
        norm.running_mean.normal_(0, 0.3)
        norm.running_var.uniform_(0.5, 2)
    export(net, tmp_path / f"random-{causal}.onnx")
    mels = np.random.default_rng(0).normal(0, 1, (121, 40)).astype(np.float32)
    monkeypatch.setattr(acoustic, "_NETS", tmp_path)
    rows = acoustic.run(f"random-{causal}", mels)
    padded = torch.from_numpy(np.concatenate([mels, mels[-1:]]).T[None].copy())
    with torch.no_grad():
        expected = torch.log_softmax(net(padded), -1)[0, :121].numpy()
    assert np.abs(np.exp(rows) - np.exp(expected)).max() < 2e-3
