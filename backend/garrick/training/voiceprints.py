"""`python -m garrick.training.voiceprints`: measure every voice of the catalogue for `garrick.speech.likeness`.

It lets each say one passage and runs Resemblyzer's speaker net on it; minutes on two cores. Needs all voices
(garrick weights pull kokoro joe likeness). No figure in it comes from a recording of a person.
"""

from __future__ import annotations

import numpy as np

from garrick.context import RunContext
from garrick.core.archive import save_arrays
from garrick.speech.catalogue import VOICES
from garrick.speech.likeness.known import FILE, say_passage, state
from garrick.speech.likeness.voiceprint import voiceprint


def run() -> None:
    """Write `speech/likeness/voices.npz`: `states` (V,) digests and `voiceprints` (V, 256) float16. Raises MissingError."""
    ctx = RunContext()
    prints = {}
    for voice in VOICES.values():
        prints[state(voice)] = voiceprint(say_passage(voice, ctx).waveform)
        print(voice.name, flush=True)
    save_arrays(FILE, {"states": np.array(list(prints)), "voiceprints": np.stack(list(prints.values())).astype("<f2")})


if __name__ == "__main__":
    run()
