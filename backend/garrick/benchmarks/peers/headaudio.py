"""headaudio (MIT): Gaussian prototypes of mouth shapes for live use in a browser; here run by Node."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np

from garrick.benchmarks.notations import OCULUS_VISEMES, MouthCue
from garrick.benchmarks.peers.node import find_package, run_script
from garrick.benchmarks.peers.peer import Clip, Peer
from garrick.speech.speech import Speech

_PACKAGE = "@met4citizen/headaudio"
_SCRIPT = Path(__file__).with_suffix(".mjs")
_VISEMES = ("aa", "E", "I", "O", "U", "PP", "SS", "TH", "DD", "FF", "kk", "nn", "RR", "CH", "sil")
_HALF_HOP = 0.008  # seconds
_LOUD = 0.9  # of full scale, where its loudest parts are put: its gate is at -40 dB


def peers(folder: Path) -> list[Peer]:
    """As its worklet runs. folder: from where Node looks for the package."""
    package = find_package(_PACKAGE, folder)
    absent = "" if package else f"Node, and: npm install {_PACKAGE}@0.1.0, in the folder that --node-packages names"

    def hear(clip: Clip) -> list[MouthCue]:
        loudest = float(np.percentile(np.abs(clip.waveform), 99.9))
        sound = (clip.waveform * (_LOUD / max(loudest, 1e-6))).astype("<f4")
        events = run_script(_SCRIPT, package or folder, sound.tobytes(), "")
        return cues(events, len(clip.waveform) / Speech.SAMPLE_RATE)

    return [Peer("headaudio", False, OCULUS_VISEMES, absent, hear)]


def cues(events: list[tuple[int, float]], duration: float) -> list[MouthCue]:
    """(viseme, centre of what it was heard in) -> cues, each until the next one; silence before the first."""
    starts = [(14, 0.0), *((viseme, max(0.0, time - _HALF_HOP)) for viseme, time in events), (14, duration)]
    found: list[MouthCue] = []
    for (viseme, start), (_, end) in pairwise(starts):
        if found and found[-1].symbol == _VISEMES[viseme]:
            start = found.pop().start
        if end > start:
            found.append(MouthCue(_VISEMES[viseme], start, end))
    return found
