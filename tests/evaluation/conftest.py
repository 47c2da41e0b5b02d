"""One performance by the product itself, for the metrics that judge motion."""

from __future__ import annotations

from fractions import Fraction

import pytest
from garrick.context import RunContext
from garrick.core.performance import Performance
from garrick.motion.perform import run
from garrick.perception.portrait import Portrait
from garrick.speech.speech import Speech
from garrick.speech.voices import speak

_TEXT = (
    "Maybe the problem began before we moved the piano. Peter put a big blue map above my bed, and I wondered whether "
    "anybody would remember the number of people. Bring me a cup of milk, please, because I am hungry now!"
)


@pytest.fixture(scope="session")
def spoken() -> Speech:
    """Some thirteen seconds of text with two dozen bilabials, in the voice that needs no weights."""
    return speak(_TEXT, RunContext(), voice="espeak")


@pytest.fixture(scope="session")
def performed(spoken: Speech, portrait: Portrait) -> Performance:
    """The product says it with the face of the sample portrait, 25 frames a second."""
    return run(spoken, portrait, Fraction(25), 1.0, 1.0, RunContext())
