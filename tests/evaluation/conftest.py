"""One performance by the product itself, for the metrics that judge motion, and one shot for those that judge pictures."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from garrick.context import RunContext
from garrick.core.performance import Performance
from garrick.evaluation.judge import Evaluation
from garrick.evaluation.pictures import evaluate
from garrick.evaluation.shot import read_shot
from garrick.job import Job
from garrick.motion.perform import Manner, run
from garrick.perception.portrait import Portrait
from garrick.pipeline import perform
from garrick.speech.speech import Speech
from garrick.speech.voices import speak

_TEXT = (
    "Maybe the problem began before we moved the piano. Peter put a big blue map above my bed, and I wondered whether "
    "anybody would remember the number of people. Bring me a cup of milk, please, because I am hungry now!"
)
_KEPT = 3  # frames of a damaged shot


@pytest.fixture(scope="session")
def spoken() -> Speech:
    """Some thirteen seconds of text with two dozen bilabials, in the voice that needs no weights."""
    return speak(_TEXT, RunContext(), voice="espeak")


@pytest.fixture(scope="session")
def performed(spoken: Speech, portrait: Portrait) -> Performance:
    """The product says it with the face of the sample portrait, 25 frames a second."""
    return run(spoken, portrait, Fraction(25), Manner(), RunContext())


@pytest.fixture(scope="session")
def shot(sample_portrait: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished shot of five seconds; tests that change anything copy it."""
    out = tmp_path_factory.mktemp("judged") / "shot"
    text = "Bob made my puppy poppies. Every big problem becomes a beautiful memory!"
    perform(Job(portrait=sample_portrait, text=text, size=(256, 256)), out, RunContext(), scene=False)
    return out


@pytest.fixture(scope="session")
def good(shot: Path) -> Evaluation:
    """What there is to say about it."""
    return evaluate(read_shot(shot), RunContext())


@pytest.fixture
def damaged(shot: Path, tmp_path: Path) -> Callable[[Callable[[Path], None]], Path]:
    """Copies the shot, keeps its first frames, and does something to the copy."""

    def make(damage: Callable[[Path], None]) -> Path:
        copy = tmp_path / "broken"
        shutil.copytree(shot, copy)
        about = json.loads((copy / "shot.json").read_text())
        about["frames"]["last"] = _KEPT - 1
        (copy / "shot.json").write_text(json.dumps(about))
        damage(copy)
        return copy

    return make
