import pytest
from garrick.speech.alphabet import ARPABET, BILABIALS, VOWELS, to_arpabet
from hypothesis import given
from hypothesis import strategies as st

EVERY_PHONE = {
    "AA": "ɑ", "AE": "æ", "AH": "ʌ", "AO": "ɔ", "AW": "aʊ", "AY": "aɪ", "B": "b", "CH": "t͡ʃ", "D": "d", "DH": "ð",
    "EH": "ɛ", "ER": "ɝ", "EY": "eɪ", "F": "f", "G": "ɡ", "HH": "h", "IH": "ɪ", "IY": "i", "JH": "d͡ʒ", "K": "k",
    "L": "l", "M": "m", "N": "n", "NG": "ŋ", "OW": "oʊ", "OY": "ɔɪ", "P": "p", "R": "ɹ", "S": "s", "SH": "ʃ", "T": "t",
    "TH": "θ", "UH": "ʊ", "UW": "u", "V": "v", "W": "w", "Y": "j", "Z": "z", "ZH": "ʒ",
}  # fmt: skip


def test_the_alphabet_has_the_39_phones() -> None:
    assert set(EVERY_PHONE) == set(ARPABET)
    assert len(ARPABET) == len(set(ARPABET)) == 39
    assert set(ARPABET) > VOWELS | BILABIALS


@pytest.mark.parametrize(("phone", "ipa"), EVERY_PHONE.items())
def test_every_phone_can_be_written(phone: str, ipa: str) -> None:
    assert to_arpabet(ipa) == (phone,)


@given(st.lists(st.sampled_from(ARPABET), max_size=30), st.sampled_from(["ˈ", "ˌ", "ː", " ", ".", "ʰ", "ʔ", "²"]))
def test_marks_part_phones_but_say_nothing(phones: list[str], mark: str) -> None:
    assert to_arpabet(mark.join(["", *(EVERY_PHONE[phone] for phone in phones), ""])) == tuple(phones)


@given(st.text())
def test_any_text_is_read_or_its_letter_named(text: str) -> None:
    try:
        phones = to_arpabet(text)
    except ValueError as error:
        named = str(error)
    else:
        named = "U+" if set(phones) <= set(ARPABET) else "unknown phones"
    assert "U+" in named


def test_every_letter_of_the_voice_and_the_recogniser_is_known() -> None:
    import hama
    from hibari import Hibari

    never_written = {"S", "ꭧ"}  # by the voice's reading rules
    for letter in set(Hibari().vocab) - never_written:
        to_arpabet(letter)
    tone_names = {"一", "不"}
    for letter in set(hama.ASRModel().decoder_tokens) - tone_names:
        if not letter.startswith("<"):
            to_arpabet(letter)
