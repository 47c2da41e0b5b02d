from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from garrick.speech.alphabet import ARPABET, SILENCE
from garrick.speech.senones.cepstra import cepstra
from garrick.speech.senones.files import Definition, read_parameters, read_weights
from garrick.speech.senones.model import NEVER, SenoneModel, load_senones
from garrick.speech.speech import Speech
from garrick.speech.word_chain import Triphone
from garrick.weights import registry


@pytest.fixture(scope="module")
def folder() -> Path:
    return registry.path("senones")


@pytest.fixture(scope="module")
def model() -> SenoneModel:
    return load_senones()


def some_triphones() -> Iterator[Triphone]:
    yield Triphone("S", "P", "IY", False, False)
    yield Triphone(SILENCE, "M", "AA", True, False)
    yield Triphone("AE", "T", SILENCE, False, True)
    yield Triphone(SILENCE, "AH", "B", True, True)
    yield Triphone(SILENCE, SILENCE, SILENCE, False, False)


def test_the_files_are_whole(folder: Path) -> None:
    means, variances = read_parameters(folder / "means"), read_parameters(folder / "variances")
    weights, definition = read_weights(folder / "sendump", 3), Definition(folder / "mdef")
    assert means.shape == variances.shape == (42, 3, 128, 13)
    assert variances.min() >= 0
    assert set(definition.phones) >= {*ARPABET, SILENCE}
    assert weights.shape == (3, 128, definition.senones)
    np.testing.assert_allclose(np.exp(weights).sum(axis=1), 1, atol=0.2)  # they are stored in 256 steps


def test_a_phone_has_its_own_senones_beside_other_phones(model: SenoneModel) -> None:
    spoken = model.senones(Triphone("S", "P", "IY", False, False))
    after_silence = model.senones(Triphone(SILENCE, "P", "IY", True, False))
    assert len(spoken) == 3
    assert spoken != after_silence
    assert model.senones(Triphone("ZH", "ZH", "ZH", False, False))  # never met: those of the phone alone


def test_likelihoods_are_those_of_the_mixtures_as_written(model: SenoneModel, folder: Path, line: Speech) -> None:
    """Against the eight likeliest densities mixed in double precision, which are all but the mixture of all 128."""
    seen = cepstra(line.waveform)[40:60]
    senones = np.unique([model.senones(triphone) for triphone in some_triphones()])
    found = model.likelihoods(seen, senones, np.ones((len(seen), len(senones)), bool))
    means, variances = (read_parameters(folder / name).astype(float) for name in ("means", "variances"))
    weights, owners = read_weights(folder / "sendump", 3).astype(float), Definition(folder / "mdef").codebooks()
    wanted, whole = np.zeros(found.shape), np.zeros(found.shape)
    for column, senone in enumerate(senones):
        mean, variance = means[owners[senone]], np.maximum(variances[owners[senone]], 1e-4)
        distance = (seen[:, :, None, :] - mean) ** 2 / variance + np.log(2 * np.pi * variance)
        densities = -0.5 * distance.sum(axis=3)
        likeliest = densities >= np.sort(densities, axis=2)[:, :, -8:-7]
        mixed = densities + weights[:, :, senone]
        wanted[:, column] = np.logaddexp.reduce(np.where(likeliest, mixed, -np.inf), axis=2).sum(axis=1)
        whole[:, column] = np.logaddexp.reduce(mixed, axis=2).sum(axis=1)
    np.testing.assert_allclose(found, wanted, atol=0.02)
    assert np.median(whole - wanted) < 0.5


def test_only_what_is_wanted_is_computed(model: SenoneModel, line: Speech) -> None:
    seen = cepstra(line.waveform)
    senones = np.unique([model.senones(triphone) for triphone in some_triphones()])
    wanted = np.random.default_rng(0).random((len(seen), len(senones))) < 0.3
    found = model.likelihoods(seen, senones, wanted)
    whole = model.likelihoods(seen, senones, np.ones_like(wanted))
    np.testing.assert_array_equal(found[wanted], whole[wanted])
    assert (found[~wanted] < NEVER / 2).all()


def test_what_is_said_is_heard(model: SenoneModel, line: Speech) -> None:
    heard = model.heard(cepstra(line.waveform), np.ones(len(line.waveform) // 160 + 1, bool)).argmax(axis=1)
    symbols = (*ARPABET, SILENCE)
    right = [
        symbols[heard[frame]] == phone.symbol
        for phone in line.phones
        for frame in range(round(phone.start * 100) + 1, round(phone.end * 100))
    ]
    assert np.mean(right) > 0.5  # of 40, without looking at more than 70 ms


def test_the_level_of_a_voice_does_not_matter_and_silence_is_no_error(line: Speech) -> None:
    loud, soft = cepstra(line.waveform), cepstra(line.waveform * 0.1)
    assert np.abs(loud - soft).mean() < 0.2
    assert np.isfinite(cepstra(np.zeros(8000, np.float32))).all()
    assert cepstra(np.zeros(1, np.float32)).shape == (1, 3, 13)


def test_long_sounds_are_heard_in_pieces_without_seams(line: Speech, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = cepstra(line.waveform)
    monkeypatch.setattr("garrick.speech.senones.cepstra._PIECE", 37)
    np.testing.assert_allclose(cepstra(line.waveform), whole, atol=1e-4)
