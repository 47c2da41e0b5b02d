"""The engines that say training sentences; skipped where they are not installed."""

import ctypes.util
import shutil
from pathlib import Path

import numpy as np
import pytest
from garrick.speech.acoustic import CLASSES
from garrick.speech.alphabet import BILABIALS
from garrick.training.phones import classic, espeak
from garrick.training.phones.clip import RATE, Clip

TEXT = "Bob made my puppy a map."
ENGINES = {
    "espeak": ctypes.util.find_library("espeak-ng") is not None,
    "flite": shutil.which("flite") is not None,
    "festival": shutil.which("festival") is not None,
}


def spoken(engine: str, folder: Path) -> Clip:
    rng = np.random.default_rng(0)
    if engine == "espeak":
        return espeak.speak(TEXT, rng, "m3")
    if engine == "flite":
        return classic.flite(TEXT, "slt", folder, rng)
    return classic.festival([TEXT], "kal_diphone", folder, rng)[0]


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_says_when_its_phones_are(engine: str, tmp_path: Path) -> None:
    if not ENGINES[engine]:
        pytest.skip(f"{engine} is not installed")
    clip = spoken(engine, tmp_path)
    ends = [end for _, end in clip.phones]
    assert ends == sorted(ends)
    assert ends[-1] == pytest.approx(clip.duration, abs=0.05)
    assert {symbol for symbol, _ in clip.phones} <= set(CLASSES)
    assert [symbol for symbol, _ in clip.phones if symbol in BILABIALS] == list("BBMMPPMP")
    loudness = np.sqrt([np.mean(np.square(part)) for part in np.array_split(clip.waveform, len(clip.waveform) // 160)])
    quiet, loud = [], []
    start = 0.0
    for symbol, end in clip.phones:
        frames = loudness[round(start * RATE / 160) : round(end * RATE / 160)]
        (quiet if symbol in ("P", "SIL") else loud if symbol in ("AA", "EY", "AE", "AY") else []).extend(frames)
        start = end
    assert np.mean(loud) > 2 * np.mean(quiet)


def test_the_l_that_espeak_counts_with_its_vowel_gets_time(tmp_path: Path) -> None:
    if not ENGINES["espeak"]:
        pytest.skip("espeak-ng is not installed")
    clip = espeak.speak("Themselves and well.", np.random.default_rng(0), "m3")
    lengths = np.diff([0, *(end for _, end in clip.phones)])
    assert all(length > 0.015 for (symbol, _), length in zip(clip.phones, lengths, strict=True) if symbol == "L")
