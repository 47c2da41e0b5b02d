import json
from pathlib import Path

import pytest
from garrick.benchmarks import aligned_speech
from garrick.speech.speech import Phone

SHORT = """File type = "ooTextFile"
Object class = "TextGrid"

0
1.5
<exists>
2
"IntervalTier"
"words"
0
1.5
1
0
1.5
"Bob = 2 (loud)"
"IntervalTier"
"phones"
0
1.5
4
0
0.25
""
0.25
0.5
"B"
0.5
1
"AA1"
1
1.5
"spn"
"""
LONG = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 1.5
tiers? <exists>
size = 2
item []:
    item [1]:
        class = "IntervalTier"
        name = "words"
        xmin = 0
        xmax = 1.5
        intervals: size = 1
        intervals [1]:
            xmin = 0
            xmax = 1.5
            text = "Bob = 2 (loud)"
    item [2]:
        class = "IntervalTier"
        name = "phones"
        xmin = 0
        xmax = 1.5
        intervals: size = 4
        intervals [1]:
            xmin = 0
            xmax = 0.25
            text = ""
        intervals [2]:
            xmin = 0.25
            xmax = 0.5
            text = "b"
        intervals [3]:
            xmin = 0.5
            xmax = 1
            text = "ɑ"
        intervals [4]:
            xmin = 1
            xmax = 1.5
            text = "spn"
"""
PHONES = (Phone("SIL", 0, 0.25), Phone("B", 0.25, 0.5), Phone("AA", 0.5, 1), Phone("SIL", 1, 1.5))


@pytest.mark.parametrize("text", [SHORT, LONG], ids=["short", "long"])
def test_both_forms_of_a_textgrid_are_read(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.TextGrid").write_text(text, encoding="utf-8")
    assert aligned_speech.read_textgrid(tmp_path / "a.TextGrid") == PHONES


def test_a_textgrid_without_the_tier_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.TextGrid").write_text(SHORT.replace('"phones"', '"other"'), encoding="utf-8")
    with pytest.raises(ValueError, match="phones"):
        aligned_speech.read_textgrid(tmp_path / "a.TextGrid")


def test_pocketsphinx_results_are_read(tmp_path: Path) -> None:
    words = [
        {"b": 0.0, "d": 0.2, "t": "<sil>", "w": [{"b": 0.0, "d": 0.2, "t": "SIL"}]},
        {"b": 0.2, "d": 0.3, "t": "a", "w": [{"b": 0.2, "d": 0.1, "t": "EY"}, {"b": 0.3, "d": 0.2, "t": "+SPN+"}]},
    ]
    (tmp_path / "a.json").write_text(json.dumps({"t": "a", "w": words}))
    found = aligned_speech.read_pocketsphinx(tmp_path / "a.json")
    assert [phone.symbol for phone in found] == ["SIL", "EY", "SIL"]
    assert [phone.end for phone in found] == pytest.approx([0.2, 0.3, 0.5])


def test_the_shared_recordings_are_found_with_dev_and_test_parts(shared_data: Path) -> None:
    found = aligned_speech.recordings(shared_data / "eval")
    assert {recording.group for recording in found} == {"talk", "reading"}
    assert [sum(recording.is_dev == dev for recording in found) for dev in (True, False)] == [2, 6]
    for recording in found:
        assert len(recording.phones) > 20
        assert not set(recording.text) & set("<[(")
        assert all(
            before.end <= after.start + 1e-6
            for before, after in zip(recording.phones, recording.phones[1:], strict=False)
        )


def test_a_folder_without_recordings_gives_none(tmp_path: Path) -> None:
    assert aligned_speech.recordings(tmp_path) == []
