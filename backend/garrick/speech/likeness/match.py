"""Which voice comes nearest to a target, and how it is converted: searched once per target, then kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import scipy.optimize

from garrick.context import RunContext
from garrick.errors import InputError, MissingError
from garrick.files import make_folder, write_json
from garrick.speech.catalogue import VOICES, Voice, find_voice
from garrick.speech.likeness.known import known_voiceprint, say_passage
from garrick.speech.likeness.target import Target
from garrick.speech.likeness.timbre import Conversion, conversion, convert, measure_timbre
from garrick.speech.likeness.voiceprint import cosine, embed, spoken_part, voiceprint
from garrick.speech.reading.languages import language_code
from garrick.speech.speech import Speech

FORMANTS = (0.94, 1.0, 1.06)  # farther than that words are lost, and clips that were not given come no nearer
_VERSION = 3  # of what is kept: higher when the search or the conversion changes
_LIKENESSES = "likenesses"
_NEAR = 2  # voices that are converted and compared, besides a mix
_STYLES = 5  # of Kokoro that a mix is made of
_LOW, _HIGH = np.log2(150.0), np.log2(175.0)  # log2 Hz: below speak men, above women (and between, either)
_SMALLEST = 0.1  # share of a mix


@dataclass(frozen=True)
class Likeness:
    """How a target's voice is approached.

    voice:         of the catalogue, or a mix of Kokoro's.
    conversion:    of what it says.
    before, after: cosine with the target's clip of PASSAGE as the voice says it, and converted.
    """

    voice: str
    conversion: Conversion
    before: float
    after: float

    def apply(self, sound: np.ndarray, rate: int) -> np.ndarray:
        """(N,) float32 of that voice at `rate` Hz -> as many samples in the likeness; for `speak(timbre=...)`."""
        return convert(sound, rate, self.conversion)


def find_likeness(target: Target, ctx: RunContext, language: str | None = None, voice: str | None = None) -> Likeness:
    """The nearest voice and its conversion; kept, so that the same question is answered at once the next time.

    language: the voice must speak it; American English when None.
    voice:    use this one; the nearest of all that are here when None.
    Raises InputError, MissingError, OutputError, Cancelled.
    """
    code = "en-us" if language is None else language_code(language)
    names = [voice] if voice else _candidates(code, target.timbre.pitch)
    question = json.dumps([_VERSION, target.digest, names])
    kept = ctx.cache / _LIKENESSES / f"{hashlib.sha256(question.encode()).hexdigest()}.json"
    found = _read(kept)
    if found is None:
        quiet = RunContext(cache=ctx.cache, cancel=ctx.cancel)
        near = names if voice else nearest(target, names, quiet)
        best = []
        for index, name in enumerate(near):
            ctx.step("voices", index, len(near))
            best.append(_converted(target, name, quiet))
        ctx.step("voices", len(near), len(near))
        found = max(best, key=lambda likeness: likeness.after)
        _keep(kept, found)
    return found


def _candidates(code: str, pitch: float) -> list[str]:
    """The voices that are here, speak the language and are not of the other sex; espeak's when there are no others."""
    other = "female" if pitch < _LOW else "male" if pitch > _HIGH else None
    fit = [voice for voice in VOICES.values() if voice.sex != other and _here(voice)]
    nets = [voice.name for voice in fit if code in (voice.speaks() or ())]
    robots = [voice.name for voice in fit if voice.speaks() is None and voice.detail not in ("croak", "whisper")]
    return nets or robots or ["espeak"]


def _here(voice: Voice) -> bool:
    try:
        voice.check()
    except MissingError:
        return False
    return True


def nearest(target: Target, names: Sequence[str], quiet: RunContext) -> list[str]:
    """A few that are worth converting: the voices with the nearest voiceprints, and a mix of Kokoro's."""
    prints = {name: _print_of(find_voice(name), quiet) for name in names}
    near = sorted(names, key=lambda name: -cosine(prints[name], target.voiceprint))
    return [*_mix(target, near, prints), *near[:_NEAR]]


def _mix(target: Target, near: Sequence[str], prints: Mapping[str, np.ndarray]) -> list[str]:
    """The mix of Kokoro's nearest styles whose voiceprint should lie nearest: shares by non-negative least squares."""
    styles = [name for name in near if name.startswith("kokoro:")][:_STYLES]
    if len(styles) < 2:
        return []
    shares = scipy.optimize.nnls(np.stack([prints[style] for style in styles], axis=1), target.voiceprint)[0]
    parts = [(style, share / shares.sum()) for style, share in zip(styles, shares, strict=True)]
    kept = [f"{style.removeprefix('kokoro:')}*{share:.2f}" for style, share in parts if share >= _SMALLEST]
    return [f"kokoro:{'+'.join(kept)}"] if len(kept) > 1 else []


def _print_of(voice: Voice, quiet: RunContext) -> np.ndarray:
    """(256,) voiceprint of a voice saying PASSAGE: measured beforehand, or here when its weights are other ones."""
    found = known_voiceprint(voice)
    return voiceprint(say_passage(voice, quiet).waveform) if found is None else found


def _converted(target: Target, name: str, quiet: RunContext) -> Likeness:
    """The voice, converted in the way that brings it nearest to the target's clip; its melody is always the target's."""
    speech = spoken_part(say_passage(find_voice(name), quiet).waveform)
    source = measure_timbre(speech)
    if source is None:
        raise InputError(f"The voice {name} has no melody that could be changed.", "Choose another with --voice.")
    before = cosine(embed(speech), target.voiceprint)
    ways = [conversion(source, target.timbre, factor) for factor in FORMANTS]
    ways.append(replace(conversion(source, target.timbre, 1.0), gain=np.zeros_like(target.timbre.colour)))  # own colour
    tries = []
    for how in ways:
        quiet.step("voices", 0, 1)
        heard = embed(convert(speech, Speech.SAMPLE_RATE, how))
        tries.append(Likeness(name, how, before, cosine(heard, target.voiceprint)))
    return max(tries, key=lambda likeness: likeness.after)


def _keep(path: Path, found: Likeness) -> None:
    make_folder(path.parent)
    write_json(path, asdict(replace(found, conversion=replace(found.conversion, gain=found.conversion.gain.tolist()))))


def _read(path: Path) -> Likeness | None:
    """What `_keep` wrote; None when there is nothing, or nothing of use."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        how = stored.pop("conversion")
        return Likeness(conversion=Conversion(**{**how, "gain": np.array(how["gain"], np.float32)}), **stored)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
