"""Rhubarb Lip Sync (MIT): mouth shapes for cartoons, what the Blender add-ons for lip-sync call.

Its own program when it is on PATH, else its WebAssembly build for Node, which has no phonetic mode.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import wave
from collections.abc import Iterable
from pathlib import Path

from garrick.benchmarks.notations import RHUBARB_SHAPES, MouthCue
from garrick.benchmarks.peers.node import find_package, run_script
from garrick.benchmarks.peers.peer import Clip, Peer, PeerError
from garrick.speech.speech import Speech

_PACKAGE = "rhubarb-lip-sync-wasm"
_SCRIPT = Path(__file__).with_suffix(".mjs")
_GET = "its release with `rhubarb` on PATH"
_GET_ANY = f"{_GET}; or Node, and: npm install {_PACKAGE}@0.1.8, in the folder that --node-packages names"


def peers(folder: Path) -> list[Peer]:
    """Without text, with it, and in its mode for other languages. folder: from where Node looks for the package."""
    program = shutil.which("rhubarb")
    package = None if program else find_package(_PACKAGE, folder)

    def without_text(clip: Clip) -> list[MouthCue]:
        return _run_program(clip, "pocketSphinx", "") if program else _run_package(package or folder, clip, "")

    def with_text(clip: Clip) -> list[MouthCue]:
        return (
            _run_program(clip, "pocketSphinx", clip.text)
            if program
            else _run_package(package or folder, clip, clip.text)
        )

    def phonetic(clip: Clip) -> list[MouthCue]:
        return _run_program(clip, "phonetic", "")

    absent = "" if program or package else _GET_ANY
    return [
        Peer("Rhubarb", False, RHUBARB_SHAPES, absent, without_text),
        Peer("Rhubarb phonetic", False, RHUBARB_SHAPES, "" if program else _GET, phonetic),
        Peer("Rhubarb with text", True, RHUBARB_SHAPES, absent, with_text),
    ]


def read_tsv(text: str, duration: float) -> list[MouthCue]:
    """Lines of "seconds TAB shape", each shape until the next line; X before the first."""
    rows = [line.split("\t") for line in text.splitlines() if "\t" in line]
    starts = [float(start) for start, _ in rows] + [duration]
    return [
        MouthCue(shape.strip(), start, end)
        for (_, shape), start, end in zip(rows, starts, starts[1:], strict=False)
        if end > start
    ]


def painted(rows: Iterable[tuple[str, float, float]]) -> list[MouthCue]:
    """Overlapping (shape, start, end) -> cues in order: a later one covers what is under it."""
    cues: list[MouthCue] = []
    for shape, start, end in rows:
        under = cues
        cues = [MouthCue(one.symbol, one.start, min(one.end, start)) for one in under if one.start < start]
        cues += [MouthCue(shape, start, end)] if end > start else []
        cues += [MouthCue(one.symbol, max(one.start, end), one.end) for one in under if one.end > end]
    return cues


def _run_package(package: Path, clip: Clip, text: str) -> list[MouthCue]:
    return painted(run_script(_SCRIPT, package, clip.pcm(), text))


def _run_program(clip: Clip, recogniser: str, text: str) -> list[MouthCue]:
    command = ["rhubarb", "--quiet", "--exportFormat", "tsv", "--recognizer", recogniser, "--extendedShapes", "GHX"]
    with tempfile.TemporaryDirectory() as folder:
        sound, dialog = Path(folder, "voice.wav"), Path(folder, "dialog.txt")
        with wave.open(str(sound), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(Speech.SAMPLE_RATE)
            file.writeframes(clip.pcm())
        if text:
            dialog.write_text(text, encoding="utf-8")
            command += ["--dialogFile", str(dialog)]
        done = subprocess.run([*command, str(sound)], capture_output=True, text=True)
    if done.returncode != 0:
        raise PeerError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "it failed")
    return read_tsv(done.stdout, len(clip.waveform) / Speech.SAMPLE_RATE)
