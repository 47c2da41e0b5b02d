"""What the speech front end promises of real voices; needs the shared recordings."""

import subprocess
import sys
from pathlib import Path

import pytest
from garrick.benchmarks import speech
from garrick.benchmarks.figures import Figure
from garrick.errors import InputError


@pytest.fixture(scope="module")
def figures(request: pytest.FixtureRequest) -> dict[str, Figure]:
    data: Path = request.getfixturevalue("shared_data")
    return {figure.name: figure for figure in speech.measure(data / "eval")}


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("no text, 15 visemes", 72), ("no text, bilabial recall", 0.85), ("no text, bilabial precision", 0.75),
        ("text, 15 visemes", 76), ("text, bilabial recall", 0.92), ("text, labiodental recall", 0.95),
    ],
)  # fmt: skip
def test_real_voices_are_heard_as_well_as_the_model_card_says(
    figures: dict[str, Figure], name: str, least: float
) -> None:
    assert figures[f"all: {name}"].value >= least


@pytest.mark.parametrize("way", ["no text", "text"])
def test_half_of_the_edges_are_within_a_frame(figures: dict[str, Figure], way: str) -> None:
    assert figures[f"all: {way}, edge error"].held


def test_knowing_the_text_helps(figures: dict[str, Figure]) -> None:
    assert figures["test: text, 15 visemes"].value > figures["test: no text, 15 visemes"].value


def test_every_recording_is_reported(figures: dict[str, Figure]) -> None:
    subjects = {name.split(":")[0] for name in figures}
    assert len([subject for subject in subjects if subject.endswith(("(dev)", "(test)"))]) == 8


def test_a_folder_without_recordings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no aligned recordings"):
        speech.measure(tmp_path)


def test_the_command_knows_the_benchmark() -> None:
    done = subprocess.run([sys.executable, "-m", "garrick.benchmarks", "--help"], capture_output=True, text=True)
    assert "speech" in done.stdout
