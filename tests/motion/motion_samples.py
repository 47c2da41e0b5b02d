"""Voices and portraits made up for the tests of motion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from garrick.bodies.head import load_head
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.camera import Camera
from garrick.core.rotation import rotation_matrices
from garrick.perception.portrait import FitReport, Portrait
from garrick.speech.alphabet import ARPABET
from garrick.speech.speech import Phone, Prosody, Speech

PHONES = ("SIL", *ARPABET)
_HOP = 0.01


def said(utterance: Sequence[tuple[str, float]], accents: Sequence[float] = ()) -> Speech:
    """Phones by symbol and length in seconds; silence is quiet, everything else equally loud, the pitch is flat."""
    ends = np.cumsum([length for _, length in utterance])
    starts = np.concatenate([[0.0], ends[:-1]])
    phones = tuple(Phone(s, float(a), float(b)) for (s, _), a, b in zip(utterance, starts, ends, strict=True))
    samples = round(float(ends[-1]) * Speech.SAMPLE_RATE)
    clock = np.arange(int(float(ends[-1]) / _HOP) + 1) * _HOP
    sounding = np.zeros(len(clock), bool)
    for phone in phones:
        if phone.symbol != "SIL":
            sounding |= (clock >= phone.start) & (clock < phone.end)
    prosody = Prosody(
        hop=_HOP,
        semitones=np.zeros(len(clock), np.float32),
        voiced=sounding,
        energy=np.where(sounding, -6.0, -60.0).astype(np.float32),
        accents=np.array(accents, np.float32),
        pauses=np.zeros((0, 2), np.float32),
        phrase_ends=np.zeros(0, np.float32),
        phrase_tones=np.zeros(0, np.float32),
        rate=np.full(len(clock), 4.0, np.float32),
    )
    waveform = np.zeros(samples, np.float32)
    return Speech(waveform, waveform[:, None], Speech.SAMPLE_RATE, phones, (), prosody)


def spoken_with(accents: Sequence[float]) -> Speech:
    """Three seconds of two phrases with the given pitch accents."""
    words = [("B", 0.08), ("AA", 0.2), ("M", 0.08), ("IY", 0.14), ("S", 0.1), ("UW", 0.2)]
    return said([("SIL", 0.2), *words, ("SIL", 0.4), *words, ("SIL", 0.8)], accents)


def closed_portrait() -> Portrait:
    """The average head looking into a camera 0.6 m in front of it, lips closed, a trace of a smile."""
    return _portrait({"mouthSmileLeft": 0.1, "mouthSmileRight": 0.1})


def smiling_portrait() -> Portrait:
    """The same with a broad open smile."""
    smile = {"mouthSmile": 0.6, "mouthUpperUp": 0.4, "mouthLowerDown": 0.3, "cheekSquint": 0.3}
    sides = {name + side: weight for name, weight in smile.items() for side in ("Left", "Right")}
    return _portrait({"jawOpen": 0.15, **sides})


def _portrait(expression: dict[str, float]) -> Portrait:
    head = load_head()
    identity = np.zeros(len(head.identity_basis), np.float32)
    face = np.zeros(len(ARKIT_INDEX), np.float32)
    for name, weight in expression.items():
        face[ARKIT_INDEX[name]] = weight
    size = 256
    view = np.diag([1.0, -1.0, -1.0, 1.0])
    view[2, 3] = 0.6
    intrinsics = np.array([[2.0 * size, 0, size / 2], [0, 2.0 * size, size / 2], [0, 0, 1]])
    camera = Camera(intrinsics, view, (size, size))
    turn = rotation_matrices(np.zeros(3))
    points = camera.project(head.landmarks(head.vertices(identity, face)) @ turn.T)[:, :2]
    iris = np.repeat(points[[33, 263]], 5, axis=0)
    return Portrait(
        image=np.zeros((size, size, 3), np.uint8),
        alpha=np.ones((size, size), np.float32),
        landmarks=np.concatenate([points, iris]).astype(np.float32),
        identity=identity,
        face=face,
        head_rotation=np.zeros(3, np.float32),
        gaze=np.zeros((2, 2), np.float32),
        camera=camera,
        light=np.zeros((4, 3), np.float32),
        report=FitReport(0, 0, 0, 0, 0, 0, 0, 1),
    )
