"""The other aligner and the people of the likeness benchmark: what the figures of the voices stand on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from garrick.benchmarks.likeness import TARGETS, measure
from garrick.benchmarks.second_aligner import own_net_alone, phone_distances
from garrick.context import RunContext
from garrick.errors import InputError
from garrick.speech.alphabet import SILENCE
from garrick.speech.speech import Speech
from garrick.speech.voices import speak

SENTENCE = "The pilot checked the map before the long flight."


@pytest.fixture(scope="module")
def said() -> Speech:
    pytest.importorskip("pocketsphinx", reason="pocketsphinx is not installed (extra judges)")
    return speak(SENTENCE, RunContext())


def test_another_aligner_puts_most_phones_where_ours_does(said: Speech) -> None:
    distances = phone_distances("hibari", SENTENCE, said)
    assert len(distances) == sum(phone.symbol != SILENCE for phone in said.phones)
    assert np.median(np.abs(distances)) <= 0.02


def test_the_own_net_alone_is_judged_by_a_model_that_it_does_not_use(said: Speech) -> None:
    alone = own_net_alone(said)
    assert [phone.symbol for phone in alone.phones if phone.symbol != SILENCE] == [
        phone.symbol for phone in said.phones if phone.symbol != SILENCE
    ]
    assert alone.phones != said.phones
    assert np.median(np.abs(phone_distances("hibari", SENTENCE, alone))) <= 0.02


def test_phones_that_are_late_are_found_to_be_late(said: Speech) -> None:
    late = [replace(phone, start=phone.start + 0.1) for phone in said.phones]
    there = phone_distances("hibari", SENTENCE, said)
    np.testing.assert_allclose(phone_distances("hibari", SENTENCE, replace(said, phones=tuple(late))), there + 0.1)


def test_noise_has_no_place_for_the_phones(said: Speech) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 3000).astype(np.float32)
    assert len(phone_distances("hibari", SENTENCE, replace(said, waveform=noise))) == 0


def test_each_person_has_two_clips(shared_data: Path) -> None:
    paths = [shared_data / "eval" / path for clips in TARGETS.values() for path in clips]
    assert len(set(paths)) == 6
    assert all(path.is_file() for path in paths)


def test_a_folder_without_the_recordings_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"There is no .*cold_corpus\.wav") as error:
        measure(tmp_path)
    assert error.value.fix
