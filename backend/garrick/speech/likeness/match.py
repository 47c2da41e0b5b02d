"""Which voice comes nearest to a target, and how it is converted: searched once per target, then kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import scipy.optimize

from garrick.context import RunContext
from garrick.core.archive import load_arrays, save_arrays
from garrick.errors import InputError, MissingError
from garrick.outputs.files import make_folder, whole_file, write_json
from garrick.speech.catalogue import VOICES, Voice, find_voice
from garrick.speech.likeness.target import Target
from garrick.speech.likeness.timbre import Conversion, conversion, convert, measure_timbre
from garrick.speech.likeness.voiceprint import cosine, embed, spoken_part, voiceprint
from garrick.speech.reading.languages import language_code
from garrick.speech.speech import Speech
from garrick.speech.voices import speak
from garrick.weights import registry

FORMANTS = (0.84, 0.89, 0.94, 1.0, 1.06, 1.12, 1.18)  # vocal tracts of adults differ by about a fifth
PASSAGE = "The old boat drifted past the lighthouse, while my father thought of six young geese."
_VERSION = 1  # of what is kept: higher when the search or the conversion changes
_VOICES, _LIKENESSES = "voiceprints", "likenesses"
_NEAR = 3  # sources that are converted and compared
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

    def apply(self, playback: np.ndarray, rate: int) -> np.ndarray:
        """(N,) float32 of that voice at `rate` Hz -> as many samples in the likeness; for `speak(timbre=...)`."""
        return convert(playback, rate, self.conversion)


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
        near = _nearest(target, names, ctx, quiet)
        if not voice:
            near = [*_mixes(target, near, quiet), *near]
        near.sort(key=lambda name: -cosine(_print_of(name, quiet), target.voiceprint))
        best = [_converted(target, name, quiet) for name in near[:_NEAR]]
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


def _nearest(target: Target, names: Sequence[str], ctx: RunContext, quiet: RunContext) -> list[str]:
    """The names, nearest first. Progress counts the voices that were heard."""
    likeness = {}
    for index, name in enumerate(names):
        ctx.step("voices", index, len(names))
        likeness[name] = cosine(_print_of(name, quiet), target.voiceprint)
    ctx.step("voices", len(names), len(names))
    return sorted(names, key=lambda name: -likeness[name])


def _mixes(target: Target, near: Sequence[str], quiet: RunContext) -> list[str]:
    """A few mixes of Kokoro's nearest styles: the voiceprint of a mix is about the mix of the voiceprints.

    The first has the shares that non-negative least squares gives; the others join the nearest two by two.
    """
    styles = [name.removeprefix("kokoro:") for name in near if name.startswith("kokoro:")][:_STYLES]
    if len(styles) < 2:
        return []
    prints = np.stack([_print_of(f"kokoro:{style}", quiet) for style in styles], axis=1)
    shares = [scipy.optimize.nnls(prints, target.voiceprint)[0]]
    shares += [
        np.eye(len(styles))[0] * 0.55 + np.eye(len(styles))[other] * 0.45 for other in (1, 2) if other < len(styles)
    ]
    mixes = []
    for attempt in shares:
        parts = [(style, share / attempt.sum()) for style, share in zip(styles, attempt, strict=True)]
        mixes.append("kokoro:" + "+".join(f"{style}*{share:.2f}" for style, share in parts if share >= _SMALLEST))
    return list(dict.fromkeys(mix for mix in mixes if "+" in mix))


def _converted(target: Target, name: str, quiet: RunContext) -> Likeness:
    """The voice with the formant factor that brings it nearest to the target's clip."""
    sample = _say(name, quiet)
    speech = spoken_part(sample.waveform)
    source = measure_timbre(speech)
    if source is None:
        raise InputError(f"The voice {name} has no melody that could be changed.", "Choose another with --voice.")
    before = cosine(_print_of(name, quiet), target.voiceprint)
    tries = []
    for factor in FORMANTS:
        quiet.step("voices", 0, 1)
        how = conversion(source, target.timbre, factor)
        heard = embed(convert(speech, Speech.SAMPLE_RATE, how))
        tries.append(Likeness(name, how, before, cosine(heard, target.voiceprint)))
    return max(tries, key=lambda likeness: likeness.after)


def _print_of(name: str, quiet: RunContext) -> np.ndarray:
    """(256,) voiceprint of a voice saying PASSAGE; measured once per version of its weights."""
    voice = find_voice(name)
    voice.check()
    state = json.dumps([_VERSION, PASSAGE, name, [registry.REGISTRY[weights].sha256 for weights in voice.weights]])
    kept = quiet.cache / _VOICES / f"voice-{hashlib.sha256(state.encode()).hexdigest()[:32]}.npz"
    if kept.is_file():
        try:
            return load_arrays(kept, 1e5)["voiceprint"]
        except (OSError, ValueError, KeyError):
            pass  # torn or foreign: measured again below
    found = voiceprint(_say(name, quiet).waveform)
    make_folder(kept.parent)
    with whole_file(kept) as aside:
        save_arrays(aside, {"voiceprint": found})
    return found


def _say(name: str, quiet: RunContext) -> Speech:
    voice = find_voice(name)
    spoken = voice.speaks()
    return speak(PASSAGE, quiet, name, None if spoken is None else "en-us" if "en-us" in spoken else voice.languages[0])


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
