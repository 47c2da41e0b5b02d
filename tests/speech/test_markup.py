"""SSML-lite: what is markup, what is text, and what is neither."""

import pytest
from garrick.errors import InputError
from garrick.speech.markup import LEVELS, Break, Cue, Piece, parse_markup, without_markup
from hypothesis import given
from hypothesis import strategies as st

names = st.from_regex(r"[a-z][a-z_-]{0,12}", fullmatch=True)
words = st.text(st.characters(exclude_characters="<>[]"), min_size=1, max_size=30)
items = st.one_of(
    st.builds(Piece, words),
    st.builds(Piece, words, st.sampled_from(LEVELS)),
    st.builds(Cue, names),
    st.integers(0, 10000).map(lambda milliseconds: Break(milliseconds / 1000)),
)


def written(item: Piece | Cue | Break) -> str:
    match item:
        case Cue(name):
            return f"[{name}]"
        case Break(seconds):
            return f'<break time="{round(seconds * 1000)}ms"/>'
        case Piece(text, ""):
            return text
        case Piece(text, level):
            return f'<emphasis level="{level}">{text}</emphasis>'


def joined(parsed: list[Piece | Cue | Break]) -> list[Piece | Cue | Break]:
    """Neighbouring plain pieces as one: between two of them there is nothing to part them."""
    whole: list[Piece | Cue | Break] = []
    for item in parsed:
        if (
            whole
            and isinstance(item, Piece)
            and isinstance(whole[-1], Piece)
            and item.emphasis == whole[-1].emphasis == ""
        ):
            whole[-1] = Piece(whole[-1].text + item.text)
        else:
            whole.append(item)
    return whole


@given(st.lists(items, max_size=12))
def test_what_is_written_is_parsed_back(sequence: list[Piece | Cue | Break]) -> None:
    assert parse_markup("".join(map(written, sequence))) == [
        Break(pytest.approx(item.seconds)) if isinstance(item, Break) else item for item in joined(sequence)
    ]


@given(st.text(st.characters(exclude_characters="<["), min_size=1))
def test_text_without_markup_is_left_alone(text: str) -> None:
    assert parse_markup(text) == [Piece(text)]
    assert without_markup(text) == text.strip()


@given(st.text('<>/[]=" abemphsirk', max_size=40))
def test_any_text_is_parsed_or_refused_and_nothing_is_invented(text: str) -> None:
    try:
        said = without_markup(text)
    except InputError:
        said = ""
    order = iter(text)
    assert all(letter in order for letter in said)


@pytest.mark.parametrize("text", ["3 < 5 and 7 > 5", "a <- b", "[See Fig. 3]", "[Laugh]", "I <3 you", "x[1]"])
def test_what_only_looks_like_markup_is_text(text: str) -> None:
    assert parse_markup(text) == [Piece(text)]


@pytest.mark.parametrize(
    ("text", "words"),
    [('<break time="soon"/>', "break time 'soon'"), ('<break time="11s"/>', "break time"),
     ('<break time="-1s"/>', "break time"), ('<break strength="weak"/>', "not understood"),
     ("<emphasis>never", "never closed"), ("never</emphasis>", "without its"),
     ("<emphasis>a <emphasis>b</emphasis></emphasis>", "inside another"), ("<emphasis/>", "empty"),
     ('<emphasis level="loud">a</emphasis>', "level 'loud'"), ("<prosody>a</prosody>", "<prosody> is not understood")],
)  # fmt: skip
def test_markup_that_is_not_understood_is_refused(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as error:
        parse_markup(text)
    assert error.value.fix


def test_speak_tags_and_default_breaks() -> None:
    assert parse_markup("<speak>Go <break/>on</speak>") == [Piece("Go "), Break(0.5), Piece("on")]
