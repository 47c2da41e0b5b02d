"""Piper's "joe" (CC0 recordings, a 63 MB VITS net; see NOTICE for what it was tuned from): American English, male."""

from __future__ import annotations

import json
import re

import numpy as np
import onnxruntime

from garrick.speech.reading import Passage
from garrick.weights import registry

_SEED = 1  # of the net's noise
_TO_IPA = {"A": "eɪ", "I": "aɪ", "O": "oʊ", "W": "aʊ", "Y": "ɔɪ", "ʤ": "dʒ", "ʧ": "tʃ", "T": "ɾ", "ᵊ": "ə"}
"""misaki's single letters -> the IPA of espeak-ng that the voice was trained on."""
_LONG = ((r"ɜɹ", "ɜː"), (r"əɹ", "ɚ"), (r"([ɑɔu])", r"\1ː"), (r"([ˈˌ])i", r"\1iː"))


class PiperVoice:
    """See `garrick.speech.voices.engine.Engine`."""

    by_espeak = False

    def __init__(self) -> None:
        settings = json.loads(registry.path("joe_settings").read_text(encoding="utf-8"))
        self.rate: int = settings["audio"]["sample_rate"]
        self._ids: dict[str, list[int]] = settings["phoneme_id_map"]
        self._noise = settings["inference"]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = 2, 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # leaves the cores to others
        # the net draws noise; a new session starts it where this seed says, so that a text always sounds the same
        onnxruntime.set_seed(_SEED)
        self._session = onnxruntime.InferenceSession(
            str(registry.path("joe_net")), options, providers=["CPUExecutionProvider"]
        )

    def say(self, passage: Passage, speed: float) -> np.ndarray:
        ids = [*self._ids["^"], *self._ids["_"]]
        for letter in _to_ipa(passage.letters):
            if letter in self._ids:
                ids += [*self._ids[letter], *self._ids["_"]]
        ids += self._ids["$"]
        scales = [self._noise["noise_scale"], self._noise["length_scale"] / speed, self._noise["noise_w"]]
        feeds = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array(scales, np.float32),
        }
        return np.asarray(self._session.run(None, feeds)[0]).reshape(-1)


def _to_ipa(letters: str) -> str:
    for pattern, long in _LONG:
        letters = re.sub(pattern, long, letters)
    return "".join(_TO_IPA.get(letter, letter) for letter in letters)
