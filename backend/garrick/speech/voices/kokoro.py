"""Kokoro-82M (Apache-2.0, 92 MB of 8-bit weights): 54 voices that can be mixed, English and seven other languages."""

from __future__ import annotations

import json
from functools import lru_cache

import numpy as np
import onnxruntime

from garrick.speech.catalogue import mix_of
from garrick.speech.reading import Passage
from garrick.weights import registry

_PARTS = ("kokoro_1", "kokoro_2", "kokoro_3", "kokoro_4")
_LONGEST = 510  # letters, of which each has its own row in a style
_FROM_IPA = {
    "tʃ": "ʧ", "dʒ": "ʤ", "tɕ": "ʨ", "dʑ": "ʥ", "ts": "ʦ", "dz": "ʣ", "eɪ": "A", "aɪ": "I", "aʊ": "W", "ɔɪ": "Y",
    "oʊ": "O", "əʊ": "Q", "g": "ɡ",
}  # fmt: skip
"""The IPA of espeak-ng -> misaki's letters, which the net was trained on (misaki's own table, Apache-2.0)."""


class KokoroVoice:
    """See `garrick.speech.voices.engine.Engine`. mix: "af_heart" or "af_heart*0.6+bf_emma*0.4"."""

    rate = 24000
    by_espeak = False

    def __init__(self, mix: str) -> None:
        folder = registry.path("kokoro_styles")
        self._style = np.zeros((_LONGEST, 256), np.float32)
        for style, share in mix_of(mix):
            self._style += np.float32(share) * np.fromfile(folder / f"{style}.bin", "<f4").reshape(_LONGEST, 256)
        self._ids: dict[str, int] = json.loads(registry.path("kokoro_letters").read_text(encoding="utf-8"))["vocab"]

    def say(self, passage: Passage, speed: float) -> np.ndarray:
        letters = passage.letters if passage.language.startswith("en") else _from_ipa(passage.letters)
        ids = [self._ids[letter] for letter in letters if letter in self._ids][: _LONGEST - 1]
        feeds = {
            "tokens": np.array([[0, *ids, 0]], np.int64),
            "style": self._style[len(ids)][None],
            "speed": np.array([speed], np.float32),
        }
        return np.asarray(_session().run(None, feeds)[0]).reshape(-1)


def _from_ipa(letters: str) -> str:
    for ipa, letter in _FROM_IPA.items():
        letters = letters.replace(ipa, letter)
    return letters


@lru_cache(maxsize=1)
def _session() -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = 2, 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # leaves the cores to others
    net = b"".join(registry.path(part).read_bytes() for part in _PARTS)
    return onnxruntime.InferenceSession(net, options, providers=["CPUExecutionProvider"])
