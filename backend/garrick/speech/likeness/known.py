"""What each voice sounds like: the voiceprints of the catalogue's voices, measured beforehand.

`voices.npz` is made by `python -m garrick.training.voiceprints`; it holds numbers about voices of Garrick's own engines and
nothing of any person's.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path

import numpy as np

from garrick.context import RunContext
from garrick.core.archive import load_arrays
from garrick.speech.catalogue import VOICES, Voice, mix_of
from garrick.speech.likeness.voiceprint import SIZE
from garrick.speech.speech import Speech
from garrick.speech.voices import speak
from garrick.weights import registry

PASSAGE = "The old boat drifted past the lighthouse, while my father thought of six young geese."
"""What every voice is measured on, in American English or the first language that it speaks."""
FILE = Path(__file__).parent / "voices.npz"
_LIMIT = 1e6  # bytes in memory


def known_voiceprint(voice: Voice) -> np.ndarray | None:
    """(256,) float32 of length 1; None for a voice, or a state of its weights, that was not measured.

    The voiceprint of a mix of Kokoro's is about the mix of the voiceprints.
    """
    if voice.name in VOICES:
        return _measured().get(state(voice))
    mixed = np.zeros(SIZE, np.float32)
    for style, share in mix_of(voice.detail):
        part = known_voiceprint(VOICES[f"kokoro:{style}"])
        if part is None:
            return None
        mixed += np.float32(share) * part
    return mixed / np.linalg.norm(mixed)


def say_passage(voice: Voice, ctx: RunContext) -> Speech:
    """PASSAGE as the voice says it. Raises MissingError, Cancelled."""
    spoken = voice.speaks()
    language = None if spoken is None else "en-us" if "en-us" in spoken else voice.languages[0]
    return speak(PASSAGE, ctx, voice.name, language)


def state(voice: Voice) -> str:
    """A digest of all that a voice's print depends on: its name, its weights and the passage."""
    weights = [registry.REGISTRY[name].sha256 for name in voice.weights]
    return hashlib.sha256(json.dumps([PASSAGE, voice.name, weights]).encode()).hexdigest()[:32]


@lru_cache(maxsize=1)
def _measured() -> dict[str, np.ndarray]:
    """State -> voiceprint."""
    arrays = load_arrays(FILE, _LIMIT)
    prints = arrays["voiceprints"].astype(np.float32)
    return dict(zip(arrays["states"].tolist(), prints / np.linalg.norm(prints, axis=1, keepdims=True), strict=True))
