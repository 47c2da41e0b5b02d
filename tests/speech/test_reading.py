"""Texts become words and phones: English by hibari's rules, everything else by espeak-ng's."""

import logging

import pytest
from garrick.errors import InputError
from garrick.speech.alphabet import ARPABET
from garrick.speech.reading import LONGEST_TEXT, Passage, read
from hypothesis import given, settings
from hypothesis import strategies as st


def said(passages: list[Passage]) -> list[str]:
    return [word.text for passage in passages for word in passage.words]


def phones(passages: list[Passage]) -> list[str]:
    return [phone for passage in passages for word in passage.words for phone in word.phones]


@pytest.fixture(scope="module")
def espeak() -> None:
    pytest.importorskip("espeakng_loader", reason="espeak-ng is not installed")
    pytest.importorskip("babel", reason="Babel is not installed")


def test_numbers_units_and_accents_are_read() -> None:
    words = said(read("½ cup at 5°C costs $9.99, naïve café!"))
    assert words[:3] == ["one", "half", "cup"]
    assert "degrees" in words


def test_words_carry_no_quotes() -> None:
    assert said(read('"Oh my," said (Bob).')) == ["Oh", "my", "said", "Bob"]


def test_long_sentences_are_parted_between_words() -> None:
    clauses = ", ".join(["the quick brown fox jumps over the lazy dog"] * 30) + "."
    plain = " ".join(["word"] * 300)
    for text, count in ((clauses, 270), (plain, 300)):
        passages = read(text)
        assert len(passages) > 1
        assert all(len(passage.letters) <= 420 for passage in passages)
        assert sum(len(passage.words) for passage in passages) == count
        assert [passage.pause for passage in passages] == [0.15] * (len(passages) - 1) + [0.35]
    assert all(passage.letters.endswith(",") for passage in read(clauses)[:-1])


def test_a_telephone_number_is_said_digit_by_digit() -> None:
    assert phones(read("Call 555-0134.")) == phones(read("Call five five five, zero one three four."))


def test_an_endless_number_is_said_digit_by_digit() -> None:
    assert phones(read("1234567890" * 4)) == phones(read("one two three four five six seven eight nine zero " * 4))


def test_an_endless_word_is_read_in_parts() -> None:
    assert "".join(said(read("Hello" * 90))) == "Hello" * 90


def test_a_transcript_may_be_longer_than_a_line_to_be_said() -> None:
    text = "One more word. " * 400
    assert len(said(read(text, longest=6000))) == 1200
    with pytest.raises(InputError, match="6,000 characters; it may have 5,000"):
        read(text)


@pytest.mark.parametrize("text", ["😀🎉", "[laugh] [sigh]", "...!?", "-", "<break/>"])
def test_a_text_without_words_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="nothing to say"):
        read(text)


@pytest.mark.parametrize(
    "address", ["https://www.garrick.org/a-b", "www.garrick.org/a-b", "http://www.garrick.org/a-b/"]
)
def test_a_web_address_is_said_sign_by_sign(address: str) -> None:
    words = said(read(f"See {address}, please."))
    assert words == ["See", "w", "w", "w", "dot", "garrick", "dot", "org", "slash", "a", "dash", "b", "please"]


def test_a_mail_address_is_said_sign_by_sign() -> None:
    assert said(read("Write to bob@example.com now.")) == ["Write", "to", "bob", "at", "example", "dot", "com", "now"]


def test_emoji_are_left_out_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert said(read("Fine 😀👍🏽, thanks ❤️ →!")) == ["Fine", "thanks"]
    assert "😀" in caplog.text


def test_british_words_are_read_the_british_way() -> None:
    assert phones(read("The bath.", "en-gb"))[-3:] == ["B", "AA", "TH"]
    assert phones(read("The bath.", "en-us"))[-3:] == ["B", "AE", "TH"]


def test_marks_and_emphasis_stand_at_their_words() -> None:
    (passage,) = read("I <emphasis>never ever</emphasis> said [laugh] that, Bob [sigh].")
    assert [(word.text, word.emphasis) for word in passage.words] == [
        ("I", ""), ("never", "moderate"), ("ever", "moderate"), ("said", ""), ("that", ""), ("Bob", ""),
    ]  # fmt: skip
    assert passage.marks == ((4, "laugh"), (6, "sigh"))


def test_marks_change_nothing_that_is_said() -> None:
    marked = read("Stop the [nod] big dog. [laugh] Now!")
    assert phones(marked) == phones(read("Stop the big dog. Now!"))
    assert [name for passage in marked for _, name in passage.marks] == ["nod", "laugh"]


def test_a_break_ends_a_passage_with_its_own_pause() -> None:
    passages = read('<break time="2s"/>Wait. <break time="300ms"/> Go <break/> on.')
    assert [(passage.text, passage.pause) for passage in passages] == [
        ("", 2.0),
        ("Wait.", 0.3),
        ("Go", 0.5),
        ("on.", 0.35),
    ]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**12), st.sampled_from(["{}", "{:,}", "${}", "{}%", "{} km", "-{}", "the {}th"]))
def test_every_number_is_said(number: int, form: str) -> None:
    passages = read(f"Take {form.format(number)} home.")
    assert said(passages)[0] == "Take"
    assert said(passages)[-1] == "home"
    assert len(phones(passages)) > len(phones(read("Take home.")))
    assert set(phones(passages)) <= set(ARPABET)


@settings(max_examples=20, deadline=None)
@given(number=st.integers(0, 10**9), language=st.sampled_from(["de", "fr", "es", "ru", "hi", "tr", "sw"]))
def test_every_number_is_one_word_in_other_languages(espeak: None, number: int, language: str) -> None:
    passages = read(f"{number}", language)
    assert said(passages) == [str(number)]
    assert set(phones(passages)) <= set(ARPABET)


@pytest.mark.parametrize(
    ("language", "text", "words", "first"),
    [("de", "Der Bär mag Pudding.", ["Der", "Bär", "mag", "Pudding"], ["D"]),
     ("fr-FR", "Le papa mange, n'est-ce pas ?", ["Le", "papa", "mange", "n'est-ce pas"], ["L"]),
     ("es", "¿Mi mamá bebe?", ["Mi", "mamá", "bebe"], ["M", "IY", "M"]),
     ("ru", "Мама мыла раму.", ["Мама", "мыла", "раму"], ["M"]),
     ("hi", "नमस्ते दुनिया।", ["नमस्ते", "दुनिया"], ["N"]),
     ("ja", "こんにちは、せかい。", ["こんにちは", "せかい"], ["K", "OW"]),
     ("zh-CN", "妈妈爱我。", ["妈妈", "爱", "我"], ["M", "AA"])],
)  # fmt: skip
def test_other_languages_are_read(espeak: None, language: str, text: str, words: list[str], first: list[str]) -> None:
    passages = read(text, language)
    assert "".join(said(passages)).replace(" ", "") == "".join(words).replace(" ", "")
    assert phones(passages)[: len(first)] == first


def test_every_language_can_be_read(espeak: None) -> None:
    from garrick.speech.reading.languages import languages

    assert len(languages()) > 130
    for code in languages():
        assert phones(read("papa 12", code)), code


def test_dates_money_and_measures_are_said_in_the_language(espeak: None) -> None:
    words = said(read("Am 2024-03-03 kosten 3 km 4,50 €.", "de"))
    assert words == ["Am", "3", "März", "2024", "kosten", "3", "Kilometer", "4,50", "Euro"]
    assert said(read("Le 2024-13-45 à 5 h", "fr"))[-1] == "heures"


def test_money_in_the_english_of_espeak_is_said_as_people_say_it(espeak: None) -> None:
    for written, spoken in {
        "$12.50 and $1": "12 dollars and 50 cents and 1 dollar",
        "£1.01": "1 pound and 1 penny",
        "€0.99, $1,200": "99 cents, 1,200 dollars",
        "$1.5 million": "1.5 million dollars",
        "$2.375": "2.375 dollars",
        "$3,4": "$3,4",  # nobody knows what that is
    }.items():
        assert [passage.text for passage in read(written, by_espeak=True)] == [spoken]


def test_other_scripts_are_read_by_their_own_language(espeak: None) -> None:
    passages = read("I met Анна in Αθήνα.")
    assert [(passage.language, passage.text) for passage in passages] == [
        ("en-us", "I met"), ("ru", "Анна"), ("en-us", "in"), ("el", "Αθήνα."),
    ]  # fmt: skip
    assert [passage.pause for passage in passages] == [0.15, 0.15, 0.15, 0.35]


def test_marks_and_emphasis_stand_at_their_words_in_other_languages(espeak: None) -> None:
    (passage,) = read("Das ist [nod] <emphasis>sehr</emphasis> gut [laugh]!", "de")
    assert [(word.text, word.emphasis) for word in passage.words] == [
        ("Das", ""), ("ist", ""), ("sehr", "moderate"), ("gut", ""),
    ]  # fmt: skip
    assert passage.marks == ((2, "nod"), (4, "laugh"))


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [("", "en", "empty"), (" \n\t ", "en", "empty"), ("x" * (LONGEST_TEXT + 1), "en", "5,001 characters"),
     ("?!...", "en", "nothing to say"), ("😀", "en", "nothing to say"), ("[laugh]", "en", "nothing to say"),
     ("ཀ", "en", "cannot say 'ཀ'")],
)  # fmt: skip
def test_what_cannot_be_read_is_named(text: str, language: str, words: str) -> None:
    with pytest.raises(InputError, match=words.replace("?", r"\?")) as error:
        read(text, language)
    assert error.value.fix


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [("Hi", "klingonn", "no language 'klingonn'. Did you mean klingon"), ("Hi", "qq", "no language 'qq'"),
     ("漢字です", "ja", "kanji cannot be read")],
)  # fmt: skip
def test_what_nobody_speaks_is_refused(espeak: None, text: str, language: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as error:
        read(text, language)
    assert error.value.fix


def test_british_words_have_the_vowels_that_americans_hear_in_them() -> None:
    phones = [word.phones for passage in read("a cat in the bath", "en-gb") for word in passage.words]
    assert phones[1] == ("K", "AE", "T")
    assert phones[4] == ("B", "AA", "TH")
