import math

import pytest
from garrick.benchmarks.notations import OCULUS_VISEMES, RHUBARB_SHAPES, MouthCue
from garrick.benchmarks.speech_scores import best_lag, score, score_all
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


def drawn(*runs: tuple[str, float]) -> list[MouthCue]:
    """Mouth cues from (symbol, seconds)."""
    return [MouthCue(phone.symbol, phone.start, phone.end) for phone in said(*runs)]


def test_visemes_are_scored_as_phones_are() -> None:
    found = score(
        drawn(("sil", 0.2), ("PP", 0.1), ("aa", 0.2), ("aa", 0.1), ("FF", 0.1), ("I", 0.2), ("sil", 0.1)),
        TRUE,
        OCULUS_VISEMES,
    )
    assert (found.visemes, found.lips) == (1, 1)
    assert found.bilabial == found.labiodental == (1, 1)


def test_drawn_shapes_are_scored_by_lips_alone() -> None:
    shapes = drawn(("X", 0.2), ("A", 0.1), ("D", 0.3), ("G", 0.1), ("B", 0.2), ("X", 0.1))
    found = score(shapes, TRUE, RHUBARB_SHAPES)
    assert math.isnan(found.visemes)
    assert math.isnan(found.visemes_spoken)
    assert (found.lips, found.lips_spoken, found.allowed) == (1, 1, 1)
    assert found.bilabial == found.labiodental == (1, 1)


def test_what_rhubarb_allows_is_more_than_what_is_right() -> None:
    """T may be drawn rounded (0.4 s of it), and a vowel may not be drawn shut (0.1 s of 0.5)."""
    true = said(("SIL", 0.1), ("T", 0.4), ("AA", 0.5), ("SIL", 0.1))
    found = score(drawn(("X", 0.1), ("F", 0.4), ("A", 0.1), ("C", 0.4), ("X", 0.1)), true, RHUBARB_SHAPES)
    assert found.allowed == pytest.approx(0.8 / 0.9)
    assert found.lips_spoken == pytest.approx(0.4 / 0.9)


def test_where_nothing_is_written_the_mouth_rests() -> None:
    assert score([], TRUE, RHUBARB_SHAPES).lips == pytest.approx(0.3 / 0.9)
    assert score([], TRUE).visemes == pytest.approx(0.3 / 0.9)
    assert math.isnan(score([], TRUE).edge)


def test_a_late_program_is_moved_to_its_best_lag() -> None:
    late = [MouthCue(phone.symbol, phone.start + 0.07, phone.end + 0.07) for phone in TRUE]
    lag, found = best_lag([(late, TRUE)])
    assert lag == pytest.approx(-0.07)
    assert found.lips == 1
    assert score(late, TRUE).lips < 0.7


def test_what_is_in_time_is_not_moved() -> None:
    assert best_lag([(TRUE, TRUE)])[0] == 0
