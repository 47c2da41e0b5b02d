"""Phase 1: a recorded voice, or a text that gets one, -> Speech."""

from __future__ import annotations

from pathlib import Path

from garrick.context import RunContext
from garrick.errors import InputError
from garrick.speech import vad
from garrick.speech.audio import load_sound
from garrick.speech.phones import hear_phones
from garrick.speech.prosody import measure_prosody
from garrick.speech.speech import Speech
from garrick.speech.voices import speak


def run(audio: Path | None, text: str | None, ctx: RunContext) -> Speech:
    """Listen to a recording, or speak a text. Give one of them; the same input gives the same Speech.

    Raises InputError for a sound that cannot be used, has nobody speaking in it, or a text that cannot be spoken;
    MissingError for missing weights; Cancelled.
    """
    if (audio is None) == (text is None):
        raise InputError("Give either a voice or a text, not both and not neither.")
    if text is not None:
        return speak(text, ctx)
    assert audio is not None
    sound = load_sound(audio, ctx)
    ctx.step("listen", 0, 3)
    voice = vad.speech_probability(sound.waveform)
    spans = vad.segments(voice, sound.duration)
    if not spans:
        raise InputError(f"Nobody speaks in {audio.name}.", "Give a recording with a clear voice in it.")
    ctx.step("listen", 1, 3)
    phones = hear_phones(sound.waveform, voice, spans)
    ctx.step("listen", 2, 3)
    prosody = measure_prosody(sound.waveform, phones)
    ctx.step("listen", 3, 3)
    return Speech(
        waveform=sound.waveform,
        playback=sound.playback,
        playback_rate=sound.rate,
        phones=phones,
        words=(),
        prosody=prosody,
    )
