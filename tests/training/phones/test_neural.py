from pathlib import Path

import numpy as np
import pytest
from garrick.speech.acoustic import CLASSES
from garrick.training.phones import neural
from garrick.training.phones.neural import Spoken
from garrick.training.phones.realign import realigned

WORDS = (("B", "AA", "B"), ("M", "IY"))


def test_voices_come_back_as_they_were_kept(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    clips = [Spoken(rng.uniform(-1, 1, count).astype(np.float32), WORDS, f"v{count}") for count in (800, 1200)]
    neural.save(tmp_path / "a.npz", iter(clips))
    for kept, clip in zip(neural.saved(tmp_path / "a.npz"), clips, strict=True):
        assert kept.words == clip.words
        assert kept.voice == clip.voice
        assert kept.waveform == pytest.approx(clip.waveform, abs=1e-4)


@pytest.mark.parametrize(("sure", "kept"), [(True, 1), (False, 0)])
def test_only_what_the_net_finds_in_a_voice_is_learned_from(sure: bool, kept: int) -> None:
    order = ["SIL", "B", "AA", "B", "M", "IY"]

    def hear(mels: np.ndarray) -> np.ndarray:
        rows = np.full((len(mels), len(CLASSES)), np.log(1 / len(CLASSES)))
        for part, symbol in zip(np.array_split(np.arange(len(mels)), len(order)), order, strict=True):
            rows[part, CLASSES.index(symbol if sure else "ZH")] = np.log(0.9)
        return rows

    clips = list(realigned(iter([Spoken(np.zeros(16000, np.float32), WORDS, "made")]), hear))
    assert len(clips) == kept
    for clip in clips:
        assert [symbol for symbol, _ in clip.phones] == order
        assert [end for _, end in clip.phones][:-1] == pytest.approx(np.arange(1, 6) * 0.17, abs=0.021)


def test_hibari_says_a_text_with_the_phones_of_its_words() -> None:
    (said,) = neural.hibari(["Bob made a map."], np.random.default_rng(0))
    assert [word[0] for word in said.words] == ["B", "M", said.words[2][0], "M"]
    assert 0.6 < len(said.waveform) / 16000 < 3
    assert np.abs(said.waveform).max() > 0.05
