"""Hours of synthetic speech: who says what, that nothing is said twice or made twice, and what a take holds."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from garrick.motion.diffusion.channels import MOUTH
from garrick.speech.espeak import languages
from garrick.training.motion import hours, takes

WORDS = ("house", "river", "music", "window", "people", "morning", "chair", "bridge", "letter", "garden")


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small book, and a declaration of forty paragraphs in every language."""
    folder = tmp_path_factory.mktemp("texts")
    rng = np.random.default_rng(0)
    book = " ".join(" ".join(rng.choice(WORDS, 9)).capitalize() + "." for _ in range(400))
    (folder / "usr/share/dictd").mkdir(parents=True)
    (folder / "usr/share/dictd/devil.dict.dz").write_bytes(gzip.compress(book.encode()))
    (folder / "usr/share/dictd/jargon.dict.dz").write_bytes(gzip.compress(b"The cat sat on the mat again."))
    pages = folder / "package/declaration"
    pages.mkdir(parents=True)
    for code in hours.LANGUAGES.values():
        lines = [f"<p>Item {number} of\n {code} &amp; <b>{'more ' * 20}</b></p>" for number in range(40)]
        (pages / f"{code}.html").write_text(f"<h1>Title</h1><ol><li>one</li></ol>{''.join(lines)}", encoding="utf-8")
    return folder


def test_every_language_can_be_read() -> None:
    assert set(hours.LANGUAGES) <= set(languages())
    assert set(hours.HELD_OUT) <= set(hours.LANGUAGES)


def test_paragraphs_are_plain_text(texts: Path) -> None:
    first, second, *_ = hours.paragraphs(texts, "de")
    assert first == "one"
    assert second == f"Item 0 of deu_1996 & {'more ' * 20}".strip()


def test_nothing_is_said_twice(texts: Path) -> None:
    asked, aside = hours.plan(texts), hours.held_out(texts)
    assert len({said.text for said in asked + aside}) == len(asked + aside)
    assert len({said.name for said in asked + aside}) == len(asked + aside)
    assert {said.language for said in aside} == set(hours.HELD_OUT)
    assert not {said.language for said in asked} & set(hours.HELD_OUT)
    assert f"espeak:{hours.HELD_OUT_VOICE}" not in {said.voice for said in asked}
    assert asked == hours.plan(texts)


def test_every_language_has_several_voices(texts: Path) -> None:
    asked = hours.plan(texts)
    for language in set(hours.LANGUAGES) - set(hours.HELD_OUT):
        assert len({said.voice for said in asked if said.language == language}) == 3
    assert len(hours.plan(texts, 0.25)) < len(asked) / 2


def test_a_take_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = hours.Said("es-000", "Muy buenos días a todos.", "espeak:m1", "es", 1.0, 0.0)
    mute = hours.Said("el-000", "☺☺☺", "espeak:m1", "el", 1.0, 0.0)
    monkeypatch.setattr(hours, "plan", lambda *_: [said, mute])
    monkeypatch.setattr(hours, "fetch", lambda _: None)
    told: list[str] = []
    (made,) = hours.prepare(tmp_path, told.append)
    assert not made.captured
    assert made.mouth[:, MOUTH.index("jawOpen")].max() > 0.1
    assert made.heard.shape[1] == pytest.approx(2 * len(made), abs=3)
    assert not np.array_equal(made.heard[0], made.heard[1])
    assert any("left out" in line for line in told)
    monkeypatch.setattr(takes, "ruled_take", lambda *_: pytest.fail("made again"))
    (again,) = hours.prepare(tmp_path, told.append)
    assert np.array_equal(again.mouth, made.mouth)
