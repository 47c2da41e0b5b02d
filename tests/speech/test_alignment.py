from collections.abc import Sequence

import numpy as np
import pytest
from garrick.speech import acoustic, alignment, features
from garrick.speech.alphabet import ARPABET, SILENCE
from garrick.speech.pauses import rows_for_text
from garrick.speech.phones import align_phones
from garrick.speech.reading import read
from garrick.speech.senones.cepstra import cepstra
from garrick.speech.speech import Phone, Speech

RUNS = [("SIL", 20), ("B", 6), ("AA", 10), ("B", 7), ("SIL", 15), ("M", 8), ("IY", 9), ("SIL", 12)]


def rows_of(runs: list[tuple[str, int]]) -> np.ndarray:
    """(T, 40) log probabilities of a net that is nearly sure."""
    order = (*ARPABET, SILENCE)
    rows = np.full((sum(frames for _, frames in runs), 40), np.log(0.05 / 39), np.float32)
    at = 0
    for symbol, frames in runs:
        rows[at : at + frames, order.index(symbol)] = np.log(0.95)
        at += frames
    return rows


def sounds_of(runs: list[tuple[str, int]]) -> alignment.Sounds:
    return alignment.Sounds(rows_of(runs))


def test_words_lie_where_they_are_said_with_the_pause_between() -> None:
    phones = alignment.align(sounds_of(RUNS), [("B", "AA", "B"), ("M", "IY")])
    assert [phone.symbol for phone in phones] == [symbol for symbol, _ in RUNS]
    ends = np.cumsum([frames for _, frames in RUNS]) * features.HOP - acoustic.LEAD
    assert [phone.end for phone in phones] == pytest.approx(ends)
    assert min(phone.confidence for phone in phones) > 0.9


def test_a_phone_that_was_not_said_gets_little_time_and_no_confidence() -> None:
    phones = alignment.align(sounds_of(RUNS), [("B", "AA", "B", "S"), ("M", "IY")])
    unsaid = next(phone for phone in phones if phone.symbol == "S")
    assert unsaid.end - unsaid.start < 0.05
    assert unsaid.confidence < 0.2


def test_a_vowel_said_otherwise_still_holds_its_place() -> None:
    """ "the" with IY, written with AH."""
    runs = [("SIL", 10), ("DH", 6), ("IY", 9), ("B", 7), ("SIL", 10)]
    phones = alignment.align(sounds_of(runs), [("DH", "AH"), ("B",)])
    assert [phone.symbol for phone in phones] == ["SIL", "DH", "AH", "B", "SIL"]
    assert phones[2].start == pytest.approx(0.16 - acoustic.LEAD)
    assert phones[2].end == pytest.approx(0.25 - acoustic.LEAD)


def test_the_form_of_a_word_that_is_heard_is_found() -> None:
    """ "and the probably", quickly: "n thee probly"."""
    runs = [("SIL", 10), ("N", 6), ("DH", 6), ("IY", 9), ("P", 6), ("R", 5), ("AA", 9), ("B", 6), ("L", 6), ("IY", 9)]
    words = [("AE", "N", "D"), ("DH", "AH"), ("P", "R", "AA", "B", "AH", "B", "L", "IY")]
    phones, spoken = alignment.align_as_spoken(sounds_of(runs), words)
    assert spoken == [("N",), ("DH", "IY"), ("P", "R", "AA", "B", "L", "IY")]
    assert [phone.symbol for phone in phones] == [symbol for symbol, _ in runs]


def test_a_word_said_in_full_keeps_its_full_form() -> None:
    full = [("AE", "N", "D"), ("DH", "AH")]
    _, spoken = alignment.align_as_spoken(sounds_of([(symbol, 8) for word in full for symbol in word]), full)
    assert spoken == full


def test_words_without_sound_keep_their_full_forms() -> None:
    words = [("AE", "N", "D"), ("B", "AA", "B")]
    assert alignment.align_as_spoken(sounds_of([("SIL", 3)]), words)[1] == words


@pytest.mark.parametrize("frames", [0, 1, 4])
def test_too_little_sound_still_gives_every_phone(frames: int) -> None:
    phones = alignment.align(sounds_of([("SIL", frames)]), [("B", "AA", "B"), ("M", "IY")], start=2.0)
    assert [phone.symbol for phone in phones] == ["B", "AA", "B", "M", "IY"]
    assert phones[0].start == 2.0
    assert phones[-1].end == pytest.approx(2.0 + frames * features.HOP)


def test_a_voice_says_its_text_again_where_it_did(line: Speech) -> None:
    """Known phones with marks for pauses come back whole, and where the unmarked ones lie."""
    known = [phone.symbol for phone in line.phones]
    again = align_phones(line.waveform, [(0.0, line.duration, known)], natural=True)
    said, found = ([phone for phone in phones if phone.symbol != SILENCE] for phones in (line.phones, again))
    assert [phone.symbol for phone in found] == [phone.symbol for phone in said]
    assert np.median([abs(a.start - b.start) for a, b in zip(said, found, strict=True)]) < 0.011


def test_ten_minutes_take_little_memory_and_stay_in_time() -> None:
    """A long text is followed in a moving window: 12,000 phones, the last as well placed as the first."""
    runs = [("SIL", 5), ("B", 5), ("AA", 5), ("S", 5), ("IY", 5), ("M", 5)] * 2000
    rng = np.random.default_rng(0)
    rows = rows_of(runs) + rng.normal(0, 0.5, (60000, 40)).astype(np.float32)
    phones = alignment.align(alignment.Sounds(rows), [("B", "AA", "S", "IY", "M")] * 2000)
    spoken = [phone for phone in phones if phone.symbol != SILENCE]
    assert len(spoken) == 10000
    wanted = np.array([600 * np.arange(2000) / 2000 + 0.05]) - acoustic.LEAD
    assert np.abs(np.array([phone.start for phone in spoken[::5]]) - wanted).max() < 0.03


def senone_sounds(line: Speech) -> alignment.Sounds:
    return alignment.Sounds(rows_for_text(line.waveform)[1], cepstra(line.waveform))


def words_of(line: Speech) -> list[tuple[str, ...]]:
    return [word.phones for passage in read(line.text) for word in passage.words]


def starts(phones: Sequence[Phone]) -> np.ndarray:
    return np.array([phone.start for phone in phones if phone.symbol != SILENCE])


def test_senones_place_words_that_the_own_net_does_not_hear(line: Speech) -> None:
    """The net says nothing through two words: alone it can but guess inside, with the senones the phones stay in place."""
    sounds, words = senone_sounds(line), words_of(line)
    whole = starts(alignment.align(sounds, words))
    first, last = line.words[4], line.words[8]
    deaf = sounds.rows.copy()
    for word in (first, last):
        deaf[round(word.start / features.HOP) : round(word.end / features.HOP)] = np.log(1 / 40)
    alone, together = (
        starts(alignment.align(alignment.Sounds(deaf, heard), words)) for heard in (None, sounds.cepstra)
    )  # fmt: skip
    assert np.abs(together - whole).max() < 0.06
    assert np.abs(alone - whole).mean() > 2 * np.abs(together - whole).mean()


def test_a_long_sound_is_placed_in_pieces_as_at_once(line: Speech, monkeypatch: pytest.MonkeyPatch) -> None:
    sounds, words = senone_sounds(line), words_of(line)
    at_once, spoken = alignment.align_as_spoken(sounds, words)
    for longest in (100, 150, 250):
        monkeypatch.setattr(alignment, "_LONG", longest)
        in_pieces, same = alignment.align_as_spoken(sounds, words)
        assert same == spoken
        assert np.abs(starts(in_pieces) - starts(at_once)).max() < 0.04
        ends = [phone.end for phone in in_pieces]
        assert [phone.start for phone in in_pieces[1:]] == pytest.approx(ends[:-1], abs=0.011)


def test_a_long_silence_around_words_is_no_obstacle(line: Speech, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alignment, "_LONG", 100)
    waveform = np.pad(line.waveform, 5 * 16000)
    sounds = alignment.Sounds(rows_for_text(waveform)[1], cepstra(waveform))
    placed = starts(alignment.align(sounds, words_of(line)))
    assert np.median(np.abs(placed - 5 - starts(line.phones))) < 0.011


@pytest.mark.parametrize("frames", [0, 1, 4, 2500])
def test_too_little_sound_for_senones_still_gives_every_phone(frames: int) -> None:
    words = [("B", "AA", "B"), ("M", "IY")] * (600 if frames > 2000 else 1)
    quiet = alignment.Sounds(rows_of([("SIL", frames)]), np.zeros((frames, 3, 13), np.float32))
    phones = alignment.align(quiet, words)
    assert [phone.symbol for phone in phones if phone.symbol != SILENCE] == [
        symbol for word in words for symbol in word
    ]
