"""The pictures of the docs: all there, all shown, none so large that the page waits for it."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
LARGEST = 300_000  # bytes


def shown() -> set[Path]:
    """Every local picture that a page names."""
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    named = [(page, name) for page in pages for name in re.findall(r"!\[[^]]*\]\(([^)]+)\)", page.read_text())]
    return {(page.parent / name).resolve() for page, name in named if "://" not in name}


def test_every_picture_that_a_page_names_is_there_and_small():
    found = shown()
    assert found
    assert not [str(path) for path in found if not path.is_file()]
    assert not [str(path) for path in found if path.stat().st_size > LARGEST]


def test_no_picture_is_kept_that_no_page_shows():
    assert set((ROOT / "docs").rglob("*.png")) <= shown()
