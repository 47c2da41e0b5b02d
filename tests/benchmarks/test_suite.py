"""The history of benchmark runs, and what a run is compared with."""

import json
from io import StringIO

import pytest
from garrick.benchmarks.suite import append, compared, last_run
from rich.console import Console


def said(table) -> str:
    console = Console(width=160, record=True, file=StringIO())
    console.print(table)
    return console.export_text()


def test_without_a_history_there_is_nothing_to_compare_with(tmp_path):
    assert last_run(tmp_path / "none.jsonl") == {}


def test_a_run_is_compared_with_the_last_that_came_to_its_end(tmp_path):
    history = tmp_path / "folder" / "history.jsonl"
    append(history, {"main": {"whole job": 40.0}, "track": {"fps": 20.0}})
    append(history, {"main": None, "track": {"fps": 25.0}})
    before = last_run(history)
    assert before == {"main": {"whole job": 40.0}, "track": {"fps": 25.0}}
    text = said(compared({"main": {"whole job": 30.0}, "track": None}, before))
    assert "-25 %" in text
    assert "did not come to its end" in text


def test_a_line_says_when_and_on_what(tmp_path):
    append(tmp_path / "history.jsonl", {"main": {"whole job": 40.0}})
    line = json.loads((tmp_path / "history.jsonl").read_text())
    assert "cores" in line["machine"]
    assert line["time"].startswith("20")


@pytest.mark.parametrize("old", [None, 0.0])
def test_what_cannot_be_divided_by_has_no_change(old):
    before = {} if old is None else {"main": {"x": old}}
    assert "%" not in said(compared({"main": {"x": 1.0}}, before))
