"""The benchmark of disturbed voices, on a recording that is made here."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import scipy.io.wavfile
from garrick.benchmarks import robustness
from garrick.benchmarks.disturbances import disturbances
from garrick.context import RunContext
from garrick.errors import InputError
from garrick.speech.speech import Speech
from garrick.speech.voices import speak
from rich.console import Console

TEXT = 'Bob put a big map on the boat. <break time="900ms"/> Puppies and mammoths help my baby.'


@pytest.fixture(scope="module")
def said() -> Speech:
    return speak(TEXT, RunContext())


@pytest.fixture(scope="module")
def data(said: Speech, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with one recording, its phones written as pocketsphinx writes them."""
    root = tmp_path_factory.mktemp("data")
    folder = root / "cmusphinx_pocketsphinx" / "test" / "data" / "librivox"
    folder.mkdir(parents=True)
    scipy.io.wavfile.write(folder / "one.wav", Speech.SAMPLE_RATE, said.waveform)
    phones = [{"b": float(one.start), "d": float(one.end - one.start), "t": one.symbol} for one in said.phones]
    written = {"t": said.text, "w": [{"t": "all", "w": phones}]}
    (folder / "one.phone.json").write_text(json.dumps(written))
    return root


@pytest.fixture(scope="module")
def rows(data: Path) -> dict[str, robustness.Row]:
    kinds = [one for one in disturbances() if one.name in ("clean", "telephone", "96 kHz stereo", "white noise 0 dB")]
    return {row.name: row for row in robustness.measure(data, kinds)}


def test_a_clean_voice_is_placed_as_it_was_said(rows: dict[str, robustness.Row]) -> None:
    assert rows["clean"].placed.visemes > 0.9
    assert rows["clean"].heard.visemes > 0.7
    assert rows["clean"].resting > 0.9


def test_what_only_changes_the_file_changes_nothing(rows: dict[str, robustness.Row]) -> None:
    assert rows["96 kHz stereo"].placed.visemes == pytest.approx(rows["clean"].placed.visemes, abs=0.03)


def test_a_telephone_is_understood_and_loud_noise_less(rows: dict[str, robustness.Row]) -> None:
    assert rows["telephone"].placed.visemes > 0.8
    assert rows["white noise 0 dB"].heard.visemes < rows["telephone"].heard.visemes


def test_the_lips_rest_in_the_long_pause(said: Speech, rows: dict[str, robustness.Row]) -> None:
    pauses = robustness._pauses(said.phones)
    assert len(pauses) >= 1
    assert max(end - start for start, end in pauses) == pytest.approx(0.7, abs=0.2)
    assert rows["telephone"].resting > 0.9


def test_the_lips_rest_while_nobody_speaks() -> None:
    found = robustness.without_a_voice()
    assert len(found) == 8
    assert all(figure.held for figure in found), [figure for figure in found if not figure.held]


def test_every_row_is_reported(rows: dict[str, robustness.Row]) -> None:
    figures = robustness.figures(list(rows.values()))
    assert {figure.name.split(":")[0] for figure in figures} == set(rows)
    assert all(np.isfinite(figure.value) for figure in figures if "edge" not in figure.name)
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(robustness.table(list(rows.values())))
    text = console.export_text()
    assert all(name in text for name in rows)


def test_a_folder_without_recordings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no aligned recordings"):
        robustness.measure(tmp_path)
