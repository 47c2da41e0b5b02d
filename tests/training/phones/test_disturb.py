import numpy as np
import pytest
from garrick.speech.acoustic import BREATH, LAUGH
from garrick.training.phones.clip import RATE, Clip
from garrick.training.phones.disturb import disturbed, surrounded


@pytest.fixture
def clip() -> Clip:
    """Half a second of silence, then half a second of a 300 Hz tone that counts as "AA"."""
    tone = 0.3 * np.sin(2 * np.pi * 300 * np.arange(RATE // 2) / RATE)
    return Clip(np.concatenate([np.zeros(RATE // 2), tone]).astype(np.float32), (("SIL", 0.5), ("AA", 1.0)), "tone")


def span(clip: Clip, symbol: str) -> tuple[float, float]:
    ends = dict(clip.phones)
    order = [name for name, _ in clip.phones]
    before = order.index(symbol) - 1
    return clip.phones[before][1] if before >= 0 else 0.0, ends[symbol]


@pytest.mark.parametrize("seed", range(12))
def test_labels_stay_with_their_sounds(clip: Clip, seed: int) -> None:
    """Whatever is done, the tone sounds where "AA" is said to be and hardly before it."""
    rough = disturbed(surrounded(clip, np.random.default_rng(seed)), np.random.default_rng(seed + 100))
    start, end = (round(time * RATE) for time in span(rough, "AA"))
    energy = np.square(rough.waveform)
    assert energy[start + 400 : end - 400].mean() > 10 * energy[max(0, start - 4000) : start - 400].mean()


@pytest.mark.parametrize("seed", range(12))
def test_phones_cover_the_sound_in_order(clip: Clip, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rough = disturbed(surrounded(clip, rng), rng)
    ends = [end for _, end in rough.phones]
    assert ends == sorted(ends)
    assert ends[-1] == pytest.approx(rough.duration, abs=2e-4)


def test_breaths_and_laughs_come_and_are_named(clip: Clip) -> None:
    rng = np.random.default_rng(0)
    names = [symbol for _ in range(60) for symbol, _ in surrounded(clip, rng).phones]
    assert names.count(BREATH) > 20
    assert names.count(LAUGH) > 3


def test_what_is_disturbed_is_another_sound_each_time(clip: Clip) -> None:
    rng = np.random.default_rng(0)
    lengths = {len(disturbed(clip, rng).waveform) for _ in range(8)}
    assert len(lengths) == 8
