"""A text said in the likeness of a target's voice (CUMT eq. 3: plain speech, or the target's timbre where a clip is given).

It is likeness, not cloning: the nearest voice that is here, or mix of them, with the target's pitch, range and mean colour.
How near it comes is measured (`Likeness.before`, `Likeness.after`) and told.
"""

from __future__ import annotations

from pathlib import Path

from garrick.context import RunContext
from garrick.speech.likeness.consent import VoiceConsents
from garrick.speech.likeness.match import Likeness, find_likeness
from garrick.speech.likeness.target import Target, load_target, save_target
from garrick.speech.speech import Speech
from garrick.speech.voices import speak

__all__ = ["Likeness", "Target", "VoiceConsents", "find_likeness", "load_target", "save_target", "speak_like"]


def speak_like(
    text: str,
    clip: Path,
    ctx: RunContext,
    consents: VoiceConsents,
    consent: bool = False,
    voice: str | None = None,
    language: str | None = None,
    speed: float = 1.0,
    pitch: float = 0.0,
) -> tuple[Speech, Likeness]:
    """Say a text in the likeness of the voice in a clip (or of a file that `save_target` wrote).

    consent: the person agrees; asked once per target voice.
    voice:   start from this one; from the nearest of those that are here when None.
    language, speed, pitch: as for `garrick.speech.voices.speak`.
    The conversion moves nothing in time, and phones and words are found in the converted sound.
    Raises InputError, MissingError, OutputError, Cancelled.
    """
    target = load_target(clip, ctx)
    consents.require(target.digest, consent)
    likeness = find_likeness(target, ctx, language, voice)
    speech = speak(text, ctx, likeness.voice, language, speed, pitch, likeness.apply)
    return speech, likeness
