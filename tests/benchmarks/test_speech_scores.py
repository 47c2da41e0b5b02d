import math

import pytest
from garrick.benchmarks.speech_scores import score, score_all
from garrick.speech.speech import Phone


def said(*runs: tuple[str, float]) -> list[Phone]:
    """Phones from (symbol, seconds)."""
    phones, start = [], 0.0
    for symbol, seconds in runs:
        phones.append(Phone(symbol, start, start + seconds))
        start += seconds
    return phones


TRUE = said(("SIL", 0.2), ("B", 0.1), ("AA", 0.2), ("HH", 0.1), ("F", 0.1), ("IY", 0.2), ("SIL", 0.1))


def test_the_truth_itself_is_perfect() -> None:
    found = score(TRUE, TRUE)
    assert (found.visemes, found.visemes_spoken, found.lips_spoken) == (1, 1, 1)
    assert found.bilabial == found.labiodental == (1, 1)
    assert found.edge == 0


def test_frames_are_counted_over_what_is_scored() -> None:
    """0.9 s are scored (HH is not); AA for IY is wrong in 0.2 s of them, and silence is no speech."""
    found = score(said(("SIL", 0.2), ("B", 0.1), ("AA", 0.3), ("F", 0.1), ("AA", 0.2), ("SIL", 0.1)), TRUE)
    assert found.visemes == pytest.approx(0.7 / 0.9)
    assert found.visemes_spoken == pytest.approx(0.4 / 0.6)


def test_phones_of_one_mouth_shape_are_as_good_as_each_other() -> None:
    found = score(said(("SIL", 0.2), ("M", 0.1), ("AE", 0.3), ("V", 0.1), ("Y", 0.2), ("SIL", 0.1)), TRUE)
    assert found.visemes == 1


def test_lip_classes_are_coarser_than_visemes() -> None:
    found = score(said(("SIL", 0.2), ("B", 0.1), ("EH", 0.3), ("F", 0.1), ("S", 0.2), ("SIL", 0.1)), TRUE)
    assert found.lips_spoken == 1
    assert found.visemes_spoken < 1


@pytest.mark.parametrize(("late", "hit"), [(0.03, 1), (0.15, 0)])
def test_a_closure_counts_within_40_ms(late: float, hit: int) -> None:
    found = score(said(("SIL", 0.2 + late), ("P", 0.1), ("AA", 0.7 - late)), TRUE)
    assert found.bilabial == (hit, hit)
    assert found.labiodental[0] == 0
    assert math.isnan(found.labiodental[1])


def test_an_invented_closure_costs_precision() -> None:
    found = score(said(("SIL", 0.2), ("B", 0.1), ("AA", 0.3), ("M", 0.05), ("F", 0.05), ("IY", 0.3)), TRUE)
    assert found.bilabial == (1, 0.5)


def test_the_edge_error_is_the_median_to_the_nearest_edge() -> None:
    shifted = [Phone(phone.symbol, phone.start + 0.02, phone.end + 0.02) for phone in TRUE]
    assert score(shifted, TRUE).edge == pytest.approx(0.02)


def test_recordings_together_weigh_by_their_length() -> None:
    wrong = said(("S", 2.0))
    both = score_all([(TRUE, TRUE), (said(("SIL", 2.0)), wrong)])
    assert both.visemes == pytest.approx(0.9 / 2.9)
