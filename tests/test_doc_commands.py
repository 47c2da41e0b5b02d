"""What the docs tell somebody to type is there: commands, their options, modules; and links lead somewhere."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
import typer
from garrick.cli import app

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "backend").rglob("README.md")])
COMMAND = re.compile(r"\bgarrick ([a-z]+)([^&|`]*)")


def typed(page: Path) -> list[str]:
    """Lines of code without their comments, and code within lines."""
    text = page.read_text(encoding="utf-8")
    return [*re.findall(r"^ {4}(\S[^#\n]*)", text, re.MULTILINE), *re.findall(r"`([^`\n]+)`", text)]


def options(command: object) -> set[str]:
    """Every option of a command and of its own commands, such as `weights pull`."""
    own = {word for parameter in command.params for word in (*parameter.opts, *parameter.secondary_opts)}  # type: ignore[attr-defined]
    return own.union(*map(options, getattr(command, "commands", {}).values()))


def anchor(heading: str) -> str:
    """What a heading is linked by."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_and_option_is_there(page):
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for line in typed(page):
        for name, rest in COMMAND.findall(line):
            assert name in commands, line
            assert set(re.findall(r"--[a-z][a-z-]*", rest)) <= options(commands[name]) | {"--help"}, line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_module_is_there(page):
    for line in typed(page):
        for name in re.findall(r"python3? -m (garrick[\w.]*)", line):
            assert importlib.util.find_spec(name), line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        name, _, heading = link.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), link
        if heading:
            headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in map(anchor, headings), link


def test_the_commands_are_found():
    lines = [line for page in PAGES for line in typed(page)]
    assert len([line for line in lines if COMMAND.search(line)]) > 60
