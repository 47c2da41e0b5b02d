"""How the face net is made: what it is shown, that it learns, that a stopped run goes on, what is exported."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from garrick.motion.diffusion.channels import CHANNELS, MOUTH
from garrick.motion.diffusion.hearing import FEATURES
from garrick.motion.diffusion.net import FaceNet, Size
from garrick.motion.diffusion.sampler import Conditions
from garrick.motion.diffusion.windows import BEFORE, HISTORY, PATCH, REFERENCE, ROWS
from garrick.training.motion import facegood, floor, measure, takes
from garrick.training.motion.batches import Scale, draw
from garrick.training.motion.manners import Manner
from garrick.training.motion.train import FaceRecipe, error, train

TINY = Size(width=16, layers=2, heads=2, hidden=2, dropout=0.0, deafness=0.0)
FRAMES = 32
DATA = Path(__file__).parents[2].parent / "shared/data/train"


def take(seed: int, captured: bool = True) -> takes.Take:
    """Ten seconds in which the jaw does what one of the heard columns does."""
    rng = np.random.default_rng(seed)
    frames = 300
    clock = np.arange(2 * frames) / 60
    wave = np.mean([np.sin(2 * np.pi * (rng.uniform(0.5, 3) * clock + rng.random())) for _ in range(3)], axis=0)
    heard = np.zeros((2, 2 * frames, FEATURES))
    heard[:, :, 5] = wave
    mouth = np.zeros((frames, len(MOUTH)), np.float32)
    mouth[:, 0] = 0.3 + 0.3 * wave[::2]
    poses = rng.normal(0, 1, (2, frames, 6)).astype(np.float32)
    return takes.Take(f"made-{seed}", heard.astype(np.float16), mouth, poses, captured)


@pytest.fixture(scope="module")
def made() -> list[takes.Take]:
    return [take(0), take(1), take(2, captured=False)]


def recipe(steps: int, **changes) -> FaceRecipe:
    return FaceRecipe(seed=0, steps=steps, batch=8, frames=FRAMES, rate=5e-3, size=TINY, **changes)


def jaw_error(net: FaceNet, unseen: takes.Take, scale: Scale) -> float:
    """Share of the jaw's variance that noise alone and the voice do not explain."""
    batch = draw([unseen], scale, 16, FRAMES, np.random.default_rng(9))
    batch.t[:] = 1.0
    with torch.no_grad():
        voice = net.listener(torch.from_numpy(batch.heard))
        arguments = (batch.before, batch.begun, batch.reference, batch.ranges, np.ones(16, np.float32))
        found = net.denoiser(
            torch.from_numpy(batch.noise), torch.from_numpy(batch.t), voice, *map(torch.from_numpy, arguments)
        )
    jaw = found[..., 0].numpy().ravel(), batch.motion[..., 0].ravel()
    return 1 - float(np.corrcoef(*jaw)[0, 1]) ** 2


def test_a_net_learns_what_can_be_heard(made: list[takes.Take], tmp_path: Path) -> None:
    scale = Scale.of(made)
    net = train(recipe(120), made, take(7), scale, tmp_path / "a.pt", tmp_path / "a.csv")
    assert jaw_error(net, take(8), scale) < 0.3
    step, loss, aside, _ = (tmp_path / "a.csv").read_text().splitlines()[-1].split(",")
    assert int(step) == 120
    assert 0 < float(loss) < 3
    assert 0 < float(aside) < 4


def test_a_stopped_run_goes_on_as_if_it_had_not_stopped(
    made: list[takes.Take], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("garrick.training.loop._SAVE", 0.0)
    scale = Scale.of(made)
    whole = train(recipe(6), made, take(7), scale, tmp_path / "whole.pt", tmp_path / "log")
    calls = []

    def interrupted(*arguments):
        calls.append(arguments)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return draw(*arguments)

    with monkeypatch.context() as broken:
        broken.setattr("garrick.training.motion.train.draw", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(recipe(6), made, take(7), scale, tmp_path / "part.pt", tmp_path / "log")
    resumed = train(recipe(6), made, take(7), scale, tmp_path / "part.pt", tmp_path / "log")
    for name, value in whole.state_dict().items():
        assert torch.allclose(value, resumed.state_dict()[name], atol=1e-6), name


def test_windows_hold_what_the_net_takes(made: list[takes.Take]) -> None:
    scale = Scale.of(made)
    kinds = set()
    for seed in range(8):
        batch = draw(made, scale, 4, FRAMES, np.random.default_rng(seed))
        kinds.add(batch.reference.shape[1])
        assert batch.motion.shape == batch.noise.shape == (4, FRAMES, len(CHANNELS))
        assert batch.heard.shape == (4, ROWS * (FRAMES // PATCH + 2 * BEFORE), FEATURES)
        assert batch.before.shape == (4, PATCH * HISTORY, len(CHANNELS))
        assert ((batch.t > 0) & (batch.t <= 1)).all()
    assert kinds == {0, PATCH * REFERENCE}


def test_asked_ranges_are_those_of_the_window(made: list[takes.Take]) -> None:
    scale = Scale.of(made)
    usual = np.std([one.mouth[:, 0] for one in made])
    for seed in range(20):
        batch = draw(made[:1], scale, 8, 96, np.random.default_rng(seed))
        if batch.reference.shape[1]:
            continue  # its style may be a made up one
        jaw = scale.natural(batch.motion)[..., 0]
        assert np.allclose(jaw.std(axis=1) / 2 ** batch.ranges[:, 0], usual, rtol=0.6)


def test_a_manner_is_somebody_elses_mouth() -> None:
    drawn = [Manner.drawn(np.random.default_rng(seed)) for seed in range(200)]
    left, right = MOUTH.index("mouthSmileLeft"), MOUTH.index("mouthSmileRight")
    even = [one.gains[left] == one.gains[right] and one.rest[left] == one.rest[right] for one in drawn]
    assert 0.5 < np.mean(even) < 0.8
    rests, gains = np.stack([one.rest for one in drawn]), np.stack([one.gains for one in drawn])
    assert 0.25 < (rests > 0).mean() < 0.45
    assert 0.9 < np.median(gains[gains > 0]) < 1.1
    mouth = drawn[0].on(np.zeros((3, len(MOUTH))))
    assert np.allclose(mouth, np.clip(drawn[0].rest, 0, 1))


def test_a_mouth_that_rests_elsewhere_moves_there(made: list[takes.Take]) -> None:
    """A net that gives back the reference's mean, under whose references a smile stays on one side."""

    class Mean:
        def listen(self, heard: np.ndarray) -> np.ndarray:
            return heard

        def denoise(self, noisy: np.ndarray, t: float, given: Conditions, trust: float) -> np.ndarray:
            mean = given.reference.mean(axis=0) if len(given.reference) else np.zeros(len(MOUTH))
            return np.tile(np.append(mean, np.zeros(6)), (len(noisy), 1)).astype(np.float32)

    generator, smile = measure.Generator(Mean(), Scale.of(made)), MOUTH.index("mouthSmileLeft")
    style = made[0].mouth.copy()
    plain = generator.mouth(made[0], style=style)
    style[:, smile] += 0.4
    smiling = generator.mouth(made[0], style=style)
    assert np.allclose(smiling[:, smile] - plain[:, smile], 0.4, atol=0.01)
    assert np.allclose(np.delete(smiling, smile, 1), np.delete(plain, smile, 1), atol=0.01)


def test_units_come_back(made: list[takes.Take]) -> None:
    scale = Scale.of(made)
    motion = np.concatenate([made[0].mouth, made[0].poses[0]], axis=1)
    assert np.allclose(scale.natural(scale.units(motion)), motion, atol=1e-5)
    assert (scale.mean[len(MOUTH) :] == 0).all()


def test_a_loss_is_none_where_nothing_is_wrong(made: list[takes.Take]) -> None:
    """With no noise left and a net that gives back what it gets, only what the voice says straight away is wrong."""
    net = FaceNet(TINY)
    net.denoiser.forward = lambda noisy, *_: noisy  # pyright: ignore[reportAttributeAccessIssue]
    torch.nn.init.zeros_(net.denoiser.straight.weight)
    torch.nn.init.zeros_(net.denoiser.straight.bias)
    batch = draw(made, Scale.of(made), 4, FRAMES, np.random.default_rng(0))
    batch.t[:] = 0.0
    straight = 0.5 * float((np.square(batch.usual) * batch.told[:, None, None]).mean())
    assert float(error(net, batch, "cpu").detach()) == pytest.approx(straight, rel=1e-5)


def test_motion_follows_from_a_velocity(made: list[takes.Take]) -> None:
    """Layers that find nothing say that the noisy motion stays as it is; those that are not trusted say nothing."""
    net, batch = FaceNet(TINY, velocity=True).eval(), draw(made, Scale.of(made), 4, FRAMES, np.random.default_rng(0))
    names = ("noise", "t", "before", "begun", "reference", "ranges")
    noisy, t, *known = (torch.from_numpy(np.asarray(getattr(batch, name))) for name in names)
    with torch.no_grad():
        voice = net.listener(torch.from_numpy(batch.heard))
        still = net.denoiser(noisy, t, voice, *known, torch.ones(4))
        said = net.denoiser(noisy, t, voice, *known, torch.zeros(4))
        torch.nn.init.constant_(net.denoiser.out.bias, 0.5)
        moved = net.denoiser(noisy, t, voice, *known, torch.ones(4))
    straight = net.denoiser.straight(voice[:, BEFORE : BEFORE + FRAMES // PATCH]).reshape(noisy.shape)
    assert torch.allclose(still, noisy, atol=1e-5)
    assert torch.allclose(said, straight, atol=1e-5)
    assert torch.allclose(moved, noisy - 0.5 * t[:, None, None], atol=1e-5)


def test_ruled_hours_do_not_drown_how_captured_takes_are_heard(made: list[takes.Take], tmp_path: Path) -> None:
    loud = [replace(take(seed, captured=False), heard=take(seed).heard + 1) for seed in range(20, 40)]
    net = train(recipe(1), made[:2] + loud, take(7), Scale.of(made), tmp_path / "b.pt", tmp_path / "b.csv")
    assert float(net.listener.mean[0]) == pytest.approx(0.5, abs=0.01)


def test_the_loss_of_a_velocity_is_that_of_the_way_to_the_noise(made: list[takes.Take]) -> None:
    """Layers that find nothing miss the whole way, however little of it is left."""
    net, batch = FaceNet(TINY, velocity=True).eval(), draw(made, Scale.of(made), 4, FRAMES, np.random.default_rng(0))
    batch.told[:], batch.trust[:] = 0.0, 1.0
    batch.t[:] = [0.05, 0.3, 0.7, 1.0]
    way = batch.noise - batch.motion
    expected = np.square(way).mean() + np.square(np.diff(way, axis=1)).mean()
    assert float(error(net, batch, "cpu").detach()) == pytest.approx(float(expected), rel=1e-3)


def test_shapes_without_an_arkit_name_are_folded_in() -> None:
    parts = sorted({part for some in facegood._PARTS.values() for part in some})
    names = [*parts, "mouth_oh_c", "mouth_oo_c"]
    weights = np.zeros((4, len(names)), np.float32)
    weights[0, names.index("mouth_funnel_dl")], weights[0, names.index("mouth_funnel_ur")] = 0.2, 0.5
    weights[1, names.index("mouth_oh_c")] = 1.0
    weights[2, names.index("mouth_oo_c")] = 1.0
    weights[3, names.index("mouth_stretch_c")] = 0.95
    weights[3, names.index("mouth_oh_c")] = 1.0
    mouth = facegood.to_arkit(weights, names)
    jaw, funnel, pucker = (MOUTH.index(name) for name in ("jawOpen", "mouthFunnel", "mouthPucker"))
    assert mouth[0, funnel] == pytest.approx(0.5)
    assert mouth[1, funnel] > mouth[1, jaw] > 0
    assert mouth[2, pucker] > mouth[2, funnel] > 0
    assert mouth[3, jaw] == 1.0


def test_the_floor_finds_what_is_linear(made: list[takes.Take]) -> None:
    found = floor.ridge(made, take(8), everything=True)
    assert measure.agreement(found, take(8).mouth)["jaw r"] > 0.9
    deaf = floor.ridge(made, take(8), everything=False)  # the column is none of the mel bands
    assert abs(measure.agreement(deaf, take(8).mouth)["jaw r"]) < 0.5


class Late:
    """Plays a take two frames late; with a style it knows the mouth by heart."""

    def __init__(self, by_heart: np.ndarray) -> None:
        self.by_heart = by_heart

    def mouth(self, one: takes.Take, seed: int = 0, style: np.ndarray | None = None) -> np.ndarray:
        return np.roll(one.mouth, 2, axis=0) if style is None else self.by_heart


def test_a_lag_is_measured() -> None:
    found = measure.lag(Late(take(3).mouth), take(3))  # pyright: ignore[reportArgumentType]
    assert found["seconds"] == pytest.approx(2 / 30, abs=0.005)
    assert found["jaw r there"] > 0.99


def test_a_style_that_is_known_has_no_error() -> None:
    ruled = take(4).mouth
    found = measure.style_transfer(Late(ruled), take(3), ruled)["ruled"]  # pyright: ignore[reportArgumentType]
    assert found["MAE with"] == 0
    assert found["SSIM with"] == pytest.approx(1)
    assert found["MAE without"] > 0.005


def test_other_languages_are_measured_with_and_without_a_reference() -> None:
    found = measure.other_languages(Late(take(3).mouth), [take(3)])  # pyright: ignore[reportArgumentType]
    assert found["MAE with"] == 0
    assert found["jaw r with"] == pytest.approx(1)
    assert found["MAE without"] > 0.001


def test_a_take_comes_back(tmp_path: Path) -> None:
    takes.save(take(3), tmp_path / "made-3.npz")
    back = takes.load(tmp_path / "made-3.npz")
    assert back.name == "made-3"
    assert back.captured
    for name in ("heard", "mouth", "poses"):
        assert np.array_equal(getattr(back, name), getattr(take(3), name))


@pytest.mark.skipif(not facegood.folder(DATA).exists(), reason=f"no recordings at {facegood.folder(DATA)}")
def test_captures_follow_their_sound_without_lag() -> None:
    waveform, mouth = facegood.load(DATA, facegood.HELD_OUT)
    loud = np.sqrt(np.square(waveform[: len(mouth) // 30 * 16000]).reshape(-1, 800).mean(axis=1))  # 50 ms
    loud = np.interp(np.arange(len(mouth)) / 30, (np.arange(len(loud)) + 0.5) * 0.05, np.log(loud + 1e-3))
    jaw = mouth[:, MOUTH.index("jawOpen")]
    r = [np.corrcoef(np.roll(loud, shift)[20:-20], jaw[20:-20])[0, 1] for shift in range(-4, 5)]
    assert int(np.argmax(r)) - 4 in (-1, 0, 1)
    assert max(r) > 0.5
    assert facegood.HELD_OUT not in facegood.NAMES


def test_an_exported_net_answers_as_the_trained_one(made: list[takes.Take], tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    from garrick.motion.diffusion.face import Net
    from garrick.training.motion.export import export

    torch.manual_seed(0)
    net = FaceNet(TINY).eval()
    torch.nn.init.normal_(net.denoiser.out.weight, 0, 0.3)
    scale = Scale.of(made)
    export(net, scale, tmp_path)
    exported = Net(tmp_path)
    assert np.allclose(exported.deviation, scale.deviation)
    for frames, seen, begun in ((FRAMES, 0, 1.0), (2 * FRAMES + 2, PATCH * REFERENCE, 0.0)):
        rng = np.random.default_rng(frames)
        heard, noisy, before, reference, ranges = (
            rng.normal(0, 1, shape).astype(np.float32)
            for shape in (
                (ROWS * (frames // PATCH + 2 * BEFORE), FEATURES), (frames, len(CHANNELS)),
                (PATCH * HISTORY, len(CHANNELS)), (seen, len(MOUTH)), (2,),
            )
        )  # fmt: skip
        given = Conditions(exported.listen(heard), before if begun else None, reference, ranges)
        found = exported.denoise(noisy, 0.6, given, 0.7)
        with torch.no_grad():
            voice = net.listener(torch.from_numpy(heard[None]))
            arguments = (
                before[None] * np.float32(begun),
                np.array([begun], np.float32),
                reference[None],
                ranges[None],
                np.array([0.7], np.float32),
            )
            expected = net.denoiser(
                torch.from_numpy(noisy[None]), torch.tensor([0.6]), voice, *map(torch.from_numpy, arguments)
            )
        assert np.abs(found - expected[0].numpy()).max() < 0.02
