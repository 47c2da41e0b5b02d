"""The other programs are asked as they want to be, and their answers are read."""

import os
import shutil
import stat
from pathlib import Path

import numpy as np
import pytest
from garrick.benchmarks.notations import RHUBARB_SHAPES, MouthCue
from garrick.benchmarks.peers import Clip, Peer, PeerError, headaudio, openfacefx, peers, pocketsphinx, rhubarb
from garrick.benchmarks.speech_scores import score
from garrick.context import RunContext
from garrick.speech.speech import Speech
from garrick.speech.voices import speak

TEXT = "Bob put a big map on the boat, and Garrickson fed five puppies."

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")


@pytest.fixture(scope="module")
def said() -> Speech:
    return speak(TEXT, RunContext())


@pytest.fixture(scope="module")
def clip(said: Speech) -> Clip:
    return Clip(said.waveform, TEXT)


def by_name(found: list[Peer], name: str) -> Peer:
    return next(peer for peer in found if peer.name == name)


def test_every_peer_is_here_or_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = peers(tmp_path)
    assert {peer.name.split()[0] for peer in found} == {"pocketsphinx", "openfacefx", "Rhubarb", "headaudio"}
    for name in ("Rhubarb", "Rhubarb phonetic", "Rhubarb with text", "headaudio"):
        assert len(by_name(found, name).absent) > 10
    assert "npm install rhubarb-lip-sync-wasm@" in by_name(found, "Rhubarb").absent


def test_pocketsphinx_places_the_text_where_we_do(said: Speech, clip: Clip) -> None:
    """Its phone pass fails on nothing here, and a word that its dictionary lacks is read by our rules."""
    pytest.importorskip("pocketsphinx")
    found = pocketsphinx.align(clip)
    both = score(found, said.phones)
    assert both.visemes > 0.75
    assert both.bilabial == (1, 1)


def test_pocketsphinx_hears_without_text(said: Speech, clip: Clip) -> None:
    pytest.importorskip("pocketsphinx")
    found = pocketsphinx.hear(clip)
    assert score(found, said.phones).visemes > 0.4
    assert found[-1].end == pytest.approx(said.duration, abs=0.1)


def test_a_text_that_was_not_said_is_no_answer(clip: Clip) -> None:
    pytest.importorskip("pocketsphinx")
    with pytest.raises(PeerError):
        pocketsphinx.align(Clip(clip.waveform[:3200], "far more words than two tenths of a second can ever hold"))


def test_openfacefx_spreads_the_phones_over_the_recording(said: Speech, clip: Clip) -> None:
    pytest.importorskip("openfacefx")
    pytest.importorskip("pocketsphinx")
    found = openfacefx.spread(clip)
    assert [phone.symbol for phone in found[:5]] == ["SIL", "B", "AA", "B", "P"]
    assert found[-1].end == pytest.approx(said.duration, abs=0.01)


def test_rhubarbs_program_is_asked_for_all_its_shapes(
    clip: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in for the program keeps its arguments and the text, and answers as the real one does."""
    program = tmp_path / "rhubarb"
    program.write_text(
        '#!/bin/sh\necho "$@" >> "$(dirname "$0")/asked"\n'
        'while [ $# -gt 1 ]; do [ "$1" = --dialogFile ] && cp "$2" "$(dirname "$0")/dialog"; shift; done\n'
        'head -c 4 "$1" > "$(dirname "$0")/magic"\nprintf "0.00\\tX\\n0.30\\tA\\n0.50\\tD\\n"\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    found = rhubarb.peers(tmp_path)
    assert [peer.absent for peer in found] == ["", "", ""]
    cues = [peer.hear(clip) for peer in found]
    duration = len(clip.waveform) / 16000
    assert cues[0] == [MouthCue("X", 0.0, 0.3), MouthCue("A", 0.3, 0.5), MouthCue("D", 0.5, duration)]
    asked = (tmp_path / "asked").read_text().splitlines()
    assert all("--extendedShapes GHX" in line and "--exportFormat tsv" in line for line in asked)
    assert ["--recognizer phonetic" in line for line in asked] == [False, True, False]
    assert ["--dialogFile" in line for line in asked] == [False, False, True]
    assert (tmp_path / "dialog").read_text() == TEXT
    assert (tmp_path / "magic").read_bytes() == b"RIFF"


def test_a_program_that_fails_is_no_answer(clip: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "rhubarb"
    program.write_text("#!/bin/sh\necho 'no such recogniser' >&2\nexit 3\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(PeerError, match="no such recogniser"):
        rhubarb.peers(tmp_path)[0].hear(clip)


@needs_node
def test_rhubarbs_package_gets_the_sound_and_the_text(
    clip: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in for the package answers with the number of samples and the words that it was given."""
    package = tmp_path / "node_modules" / "rhubarb-lip-sync-wasm"
    (package / "dist").mkdir(parents=True)
    (package / "package.json").write_text('{"name": "rhubarb-lip-sync-wasm", "version": "0.1.8", "type": "module"}')
    (package / "dist" / "index.js").write_text(
        "export const Rhubarb = { getLipSync: async (pcm, { dialogText }) => ({ mouthCues: [\n"
        "  { value: 'X', start: 0, end: pcm.length / 32000 },\n"
        "  { value: 'B', start: 0.5, end: 0.5 + 0.01 * dialogText.length } ] }) };\n"
    )
    bare = tmp_path / "bin"
    bare.mkdir()
    (bare / "node").symlink_to(shutil.which("node") or "")
    monkeypatch.setenv("PATH", str(bare))
    found = rhubarb.peers(tmp_path)
    assert [bool(peer.absent) for peer in found] == [False, True, False]  # the package has no phonetic mode
    cues = found[2].hear(clip)
    assert cues[-1].end == pytest.approx(len(clip.waveform) / 16000)
    assert cues[1] == MouthCue("B", 0.5, pytest.approx(0.5 + 0.01 * len(TEXT)))
    assert {cue.symbol for cue in found[0].hear(clip)} == {"X"}


def test_a_later_shape_covers_what_is_under_it() -> None:
    cues = rhubarb.painted([("X", 0.0, 1.0), ("B", 0.2, 0.5), ("F", 0.5, 0.7), ("A", 0.4, 0.6)])
    assert [(cue.symbol, cue.start, cue.end) for cue in cues] == [
        ("X", 0.0, 0.2), ("B", 0.2, 0.4), ("A", 0.4, 0.6), ("F", 0.6, 0.7), ("X", 0.7, 1.0),
    ]  # fmt: skip
    assert all(cue.symbol in RHUBARB_SHAPES.classes for cue in cues)


@needs_node
def test_headaudio_is_absent_from_an_empty_folder(tmp_path: Path) -> None:
    assert "npm install @met4citizen/headaudio@0.1.0" in headaudio.peers(tmp_path)[0].absent


def test_headaudios_visemes_hold_until_the_next(clip: Clip) -> None:
    cues = headaudio.cues([(5, 0.108), (5, 0.124), (0, 0.14), (14, 0.208)], 0.5)
    assert [(cue.symbol, round(cue.start, 3), round(cue.end, 3)) for cue in cues] == [
        ("sil", 0.0, 0.1), ("PP", 0.1, 0.132), ("aa", 0.132, 0.2), ("sil", 0.2, 0.5),
    ]  # fmt: skip


def test_a_clip_keeps_full_scale_within_16_bits() -> None:
    pcm = np.frombuffer(Clip(np.array([-1.0, 0.0, 0.5, 1.0, 1.2], np.float32), "").pcm(), "<i2")
    assert pcm.tolist() == [-32767, 0, 16384, 32767, 32767]
