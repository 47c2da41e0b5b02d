import pytest
from garrick.speech import variants
from garrick.speech.alphabet import ARPABET


def test_the_full_form_comes_first_and_others_follow() -> None:
    assert variants.forms(["AE", "N", "D"])[0] == ("AE", "N", "D")
    assert ("AH", "N") in variants.forms(("AE", "N", "D"))


def test_a_word_without_other_forms_has_one() -> None:
    assert variants.forms(("K", "AE", "T")) == [("K", "AE", "T")]


@pytest.mark.parametrize("full", sorted(variants._FORMS))
def test_every_form_is_made_of_phones_and_differs_from_the_full_one(full: str) -> None:
    forms = variants.forms(full.split())
    assert len(set(forms)) == len(forms) > 1
    assert all(set(form) <= set(ARPABET) for form in forms)
