"""The history of benchmark runs, and what a run is compared with."""

import json
import runpy
import sys
from io import StringIO

import pytest
from garrick.benchmarks import __main__ as command
from garrick.benchmarks import suite
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


def test_all_gives_the_data_to_every_benchmark_and_without_it_runs_those_that_need_none(tmp_path, monkeypatch, capsys):
    run = []
    monkeypatch.setattr(suite, "run_all", lambda names, arguments, history: run.append((names, arguments)) or True)
    assert command._all(tmp_path, tmp_path / "history.jsonl")
    assert command._all(None, tmp_path / "history.jsonl")
    (every, with_data), (some, without) = run
    assert {"main", "motion", "reenact"} <= set(every)
    assert (with_data, without) == (["--data", str(tmp_path)], [])
    assert set(every) - set(some) == command._NEED_DATA
    assert "motion" in capsys.readouterr().err


def test_a_benchmark_without_its_data_says_how_to_name_it(monkeypatch, capsys):
    monkeypatch.delenv("GARRICK_BENCHMARK_DATA", raising=False)
    monkeypatch.setattr(sys, "argv", ["garrick.benchmarks", "motion"])
    with pytest.raises(SystemExit, match="1"):
        runpy.run_path(command.__file__, run_name="__main__")
    assert "GARRICK_BENCHMARK_DATA" in capsys.readouterr().err


def test_data_that_is_not_there_is_no_run_without_figures(tmp_path, monkeypatch, capsys):
    (tmp_path / "notes.txt").write_text("no picture")
    for data, words in ((tmp_path / "nope", "There is no"), (tmp_path, "no pictures in")):
        monkeypatch.setattr(sys, "argv", ["garrick.benchmarks", "render", "--data", str(data)])
        with pytest.raises(SystemExit, match="1"):
            runpy.run_path(command.__file__, run_name="__main__")
        assert words in capsys.readouterr().err


def test_a_portrait_or_a_folder_of_them_is_rendered(tmp_path):
    for name in ("b.jpg", "more/a.PNG"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert command._pictures(tmp_path) == [tmp_path / "b.jpg", tmp_path / "more/a.PNG"]
    assert command._pictures(tmp_path / "b.jpg") == [tmp_path / "b.jpg"]
    (tmp_path / "eval").mkdir()
    assert command._pictures(tmp_path) == command._pictures(None)


@pytest.mark.parametrize("old", [None, 0.0])
def test_what_cannot_be_divided_by_has_no_change(old):
    before = {} if old is None else {"main": {"x": old}}
    assert "%" not in said(compared({"main": {"x": 1.0}}, before))
