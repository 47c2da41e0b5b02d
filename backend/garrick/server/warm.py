"""Loads what every job needs, so that the first job of a worker starts as fast as the next."""

from __future__ import annotations

import importlib

import numpy as np

_MODULES = (
    "garrick.pipeline", "garrick.speech.listen", "garrick.perception.analyse", "garrick.motion.perform",
    "garrick.rendering.render", "garrick.bodies.rig", "garrick.perception.closed_form",
)  # fmt: skip
_NETS = {"face_detection_short_range": 128, "selfie_segmentation": 256}  # px


def warm_up() -> None:
    """Import the phases and load the models; a few seconds. Raises MissingError when set-up has not fetched them."""
    for name in _MODULES:
        importlib.import_module(name)
    from garrick.bodies.head import load_head
    from garrick.perception import face_net
    from garrick.perception.nets import run_net
    from garrick.speech import acoustic, vad
    from garrick.speech.phones import heard_in
    from garrick.speech.presence import find_speech

    load_head()
    for name, side in _NETS.items():
        run_net(name, np.zeros((side, side, 3), np.float32))
    face_net.face_points(np.zeros((face_net.SIZE, face_net.SIZE, 3), np.uint8))
    silence = np.zeros(16_000, np.float32)
    rows = acoustic.with_silence(acoustic.phone_log_probabilities(silence))
    voice, _ = find_speech(vad.speech_probability(silence), rows, 1.0)
    heard_in(rows, silence, voice, [(0.0, 1.0)])  # as if somebody spoke, so that every net is loaded
