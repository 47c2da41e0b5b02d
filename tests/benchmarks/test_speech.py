"""What the speech front end promises of real voices, and how the benchmark reports it; needs the shared recordings."""

import io
import runpy
import sys
from pathlib import Path

import pytest
from garrick.benchmarks import speech, speech_table
from garrick.benchmarks.figures import Figure
from garrick.benchmarks.notations import PHONES, RHUBARB_SHAPES, MouthCue
from garrick.benchmarks.peers import Clip, Peer, PeerError
from garrick.errors import InputError
from rich.console import Console


def shut_lips(clip: Clip) -> list[MouthCue]:
    """A peer that knows one shape."""
    return [MouthCue("A", 0.0, len(clip.waveform) / 16000)]


def gives_up(clip: Clip) -> list[MouthCue]:
    raise PeerError("no answer")


@pytest.fixture(scope="module")
def comparison(request: pytest.FixtureRequest) -> speech.Comparison:
    data: Path = request.getfixturevalue("shared_data")
    peers = [
        Peer("shut lips", False, RHUBARB_SHAPES, "", shut_lips),
        Peer("gives up", True, PHONES, "", gives_up),
        Peer("elsewhere", True, PHONES, "buy it", gives_up),
    ]
    return speech.compare(data / "eval", peers)


@pytest.fixture(scope="module")
def figures(comparison: speech.Comparison) -> dict[str, Figure]:
    return {figure.name: figure for figure in (*speech.our_figures(comparison), *speech.leads(comparison))}


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("no text, 15 visemes", 73), ("no text, bilabial recall", 0.85), ("no text, bilabial precision", 0.75),
        ("text, 15 visemes", 81), ("text, bilabial recall", 0.95), ("text, labiodental recall", 0.92),
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
    assert figures["all: text, 15 visemes"].value > figures["all: no text, 15 visemes"].value


def test_every_recording_is_reported(figures: dict[str, Figure]) -> None:
    subjects = {name.split(":")[0] for name in figures}
    assert len([subject for subject in subjects if subject.endswith(("(dev)", "(test)"))]) == 8
    assert {"talk", "reading", "all"} <= subjects


def test_budgets_are_held_against_all_real_recordings_only(figures: dict[str, Figure]) -> None:
    bound = {name for name, figure in figures.items() if figure.held is not None and "ahead of" not in name}
    assert len(bound) == 9
    assert all(name.startswith("all: ") for name in bound)


def test_a_peer_is_scored_in_its_own_notation(comparison: speech.Comparison) -> None:
    found = speech_table.peer_values(comparison)["shut lips"]
    assert found["all: bilabial recall"] == 1
    assert found["talk: six lip classes"] < 10
    assert "all: 15 visemes" not in found


def test_a_peer_that_gives_no_answer_scores_as_silence(comparison: speech.Comparison) -> None:
    found = speech_table.peer_values(comparison)["gives up"]
    assert found["all: bilabial recall"] == 0
    assert 20 < found["talk: 15 visemes"] < 40
    assert found["all: 15 visemes, speech frames"] == 0


def test_the_lead_is_over_the_best_peer_that_knows_as_much(figures: dict[str, Figure]) -> None:
    ahead = {name: figure for name, figure in figures.items() if "ahead of the best peer" in name}
    assert "talk: no text, ahead of the best peer, six lip classes" in ahead
    assert "talk: no text, ahead of the best peer, 15 visemes" not in ahead  # the only one writes no visemes
    assert "talk: text, ahead of the best peer, 15 visemes" in ahead
    assert not any(name.startswith(("reading", "all")) for name in ahead)
    assert all(figure.held for figure in ahead.values())


def test_the_tables_name_everybody_best_lips_first(comparison: speech.Comparison) -> None:
    console = Console(width=200, record=True, file=io.StringIO())
    for table in speech_table.tables(comparison):
        console.print(table)
    text = console.export_text()
    assert text.index("Garrick ") < text.index("shut lips") < text.index("Garrick with text") < text.index("gives up")
    assert comparison.absent == (("elsewhere", "buy it"),)
    assert "elsewhere" not in text


def test_a_folder_without_recordings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no aligned recordings"):
        speech.compare(tmp_path)


def test_the_command_knows_the_benchmark(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["garrick.benchmarks", "--help"])
    with pytest.raises(SystemExit):
        runpy.run_module("garrick.benchmarks", run_name="__main__")
    assert "speech" in capsys.readouterr().out
