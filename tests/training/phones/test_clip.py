import numpy as np
import pytest
from garrick.speech.acoustic import CLASSES
from garrick.training.phones.clip import Clip, from_ipa, resampled


def test_each_frame_has_the_phone_of_its_time() -> None:
    clip = Clip(np.zeros(4800, np.float32), (("SIL", 0.1), ("B", 0.2), ("AA", 0.3)), "")
    labels = [CLASSES[label] for label in clip.labels(31, 0.01)]
    assert labels == ["SIL"] * 10 + ["B"] * 10 + ["AA"] * 11


def test_ipa_becomes_arpabet_with_the_same_times() -> None:
    phones = from_ipa([("", 0.1), ("m", 0.2), ("ɛɹ", 0.4), ("ʔ", 0.5)])
    assert [symbol for symbol, _ in phones] == ["SIL", "M", "EH", "R", "SIL"]
    assert [end for _, end in phones] == pytest.approx([0.1, 0.2, 0.324, 0.4, 0.5])


def test_resampling_keeps_time() -> None:
    click = np.zeros(22050, np.float32)
    click[11025] = 1
    assert abs(int(resampled(click, 22050).argmax()) - 8000) <= 1
