import numpy as np
from garrick.training.phones.roughen import roughened

RNG = np.random.default_rng(0)
MELS = np.concatenate([np.full((60, 40), -12.0), RNG.normal(0, 2, (60, 40))]).astype(np.float16)


def test_the_voice_stays_the_loudest_where_it_is() -> None:
    """Over many draws, the spoken half is louder than the silent half."""
    rng = np.random.default_rng(1)
    louder = [
        rough[60:].mean() > rough[:60].mean() + 0.2 for rough in (roughened(MELS, MELS[::-1], rng) for _ in range(50))
    ]
    assert np.mean(louder) > 0.85


def test_every_draw_differs_and_is_finite() -> None:
    rng = np.random.default_rng(2)
    first, second = roughened(MELS, MELS, rng), roughened(MELS, MELS, rng)
    assert np.isfinite(first).all()
    assert np.isfinite(second).all()
    assert np.abs(first - second).mean() > 0.1


def test_the_corpus_itself_is_left_alone() -> None:
    kept = MELS.copy()
    roughened(MELS, MELS, np.random.default_rng(3))
    assert np.array_equal(kept, MELS)
