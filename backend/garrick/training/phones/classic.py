"""flite and festival (Debian packages, run as programs): older voices that say exactly when each phone ends."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import scipy.io.wavfile

from garrick.speech.alphabet import ARPABET, SILENCE
from garrick.training.phones.clip import Clip, resampled

FLITE_VOICES = ("slt", "rms", "kal16")
FLITE_HELD_OUT = "awb"
FESTIVAL_VOICES = ("cmu_us_slt_arctic_hts", "kal_diphone")
_OWN_NAMES = {"ax": "AH", "axr": "ER", "ix": "IH", "dx": "T", "nx": "N", "el": "L", "em": "M", "en": "N", "hv": "HH"}
_PSDUR = re.compile(r"([a-z_#]+):([0-9.]+)")


def flite(text: str, voice: str, folder: Path, rng: np.random.Generator) -> Clip:
    """Say a text with a voice of FLITE_VOICES."""
    wave = folder / "flite.wav"
    stretch, pitch = rng.uniform(0.75, 1.3), rng.uniform(90, 190)
    said = subprocess.run(
        ["flite", "-voice", voice, "-t", text, "-o", str(wave), "-psdur",
         "--setf", f"duration_stretch={stretch:.2f}", "--setf", f"int_f0_target_mean={pitch:.0f}"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return _clip(wave, [(name, float(end)) for name, end in _PSDUR.findall(said.stdout)], f"flite/{voice}")


def festival(texts: list[str], voice: str, folder: Path, rng: np.random.Generator) -> list[Clip]:
    """Say texts with a voice of FESTIVAL_VOICES, in one run of the program."""
    lines = [f"(voice_{voice})"]
    for index, text in enumerate(texts):
        plain = text.replace('"', "").replace("\\", "")
        lines.append(f"(Parameter.set 'Duration_Stretch {rng.uniform(0.75, 1.3):.2f})")
        lines.append(f'(set! u (utt.synth (Utterance Text "{plain}")))')
        lines.append(f'(utt.save.wave u "{folder}/{index}.wav" \'riff)')
        lines.append(f'(utt.save.segs u "{folder}/{index}.seg")')
    script = folder / "say.scm"
    script.write_text("\n".join(lines))
    subprocess.run(["festival", "-b", str(script)], check=True, capture_output=True)
    clips = []
    for index in range(len(texts)):
        rows = (folder / f"{index}.seg").read_text().split("#\n", 1)[1].splitlines()
        segments = [(row.split()[2], float(row.split()[0])) for row in rows if row.strip()]
        clips.append(_clip(folder / f"{index}.wav", segments, f"festival/{voice}"))
    return clips


def _clip(wave: Path, segments: list[tuple[str, float]], voice: str) -> Clip:
    rate, samples = scipy.io.wavfile.read(wave)
    phones = tuple((_symbol(name), end) for name, end in segments)
    return Clip(resampled(samples.astype(np.float32) / 32768, rate), phones, voice)


def _symbol(name: str) -> str:
    """The engine's phone name -> ARPAbet; pauses are "SIL"."""
    if name in ("pau", "h#", "brth", "ssil"):
        return SILENCE
    symbol = _OWN_NAMES.get(name, name.upper())
    if symbol not in ARPABET:
        raise ValueError(f"phone {name!r} is not known")
    return symbol
