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
    "name",
    [
        "all: no text, 15 visemes", "all: no text, bilabial recall", "all: no text, bilabial precision",
        "all: no text, edge error", "all: text, 15 visemes", "all: text, bilabial recall", "all: text, edge error",
    ],
)  # fmt: skip
def test_real_voices_are_heard_as_well_as_promised(figures: dict[str, Figure], name: str) -> None:
    assert figures[name].held, f"{name}: {figures[name].value:.2f}, budget {figures[name].budget_text}"


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
