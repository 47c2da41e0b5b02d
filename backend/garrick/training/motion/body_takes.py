"""Takes for the body's net: synthetic voices, each with many bodies that the rules of `garrick.motion.gestures` move.

There is no captured body that may be used, so the rules are the only teacher. Every draw is another speaker: another seed,
another build, another amount; the hands keep clear of that very build.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from garrick.bodies.hand import Side
from garrick.bodies.head import load_head
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.timing import frame_count, frame_times
from garrick.motion.diffusion import hearing
from garrick.motion.diffusion.channels import MOUTH, RATE
from garrick.motion.diffusion.upper_body import build_of, encode, face_points, struck
from garrick.motion.gestures.arms import ARMS
from garrick.motion.gestures.clearance import keep_clear
from garrick.motion.gestures.curves import ARM, arm_curves
from garrick.motion.gestures.plan import Stroke, plan_strokes
from garrick.motion.posture import trunk
from garrick.speech import features
from garrick.speech.speech import Speech
from garrick.speech.voices import speak
from garrick.training.motion.takes import ruled_mouth, ruled_pose
from garrick.training.phones.roughen import roughened

COPIES = 3
"""How often a take is heard: once as it is, and in other rooms."""
DRAWS = 20
"""How many bodies each has."""
_MOUTH = [ARKIT_INDEX[name] for name in MOUTH]
_LEAST, _MOST, _USUAL = 0.4, 1.8, 0.4  # amounts, and the share of bodies that gesture as usual

_TEXTS = (
    "Good morning, everybody. Please come in and find a chair before the music begins. Both of them moved above the "
    "old wooden bridge, and a big brown fox jumped over five lazy dogs. Why would you wash your shoes in the river? We "
    "saw four ships on the far shore, and the weather was very warm. Put the blue book beside the telephone.",
    "The people who came to the meeting were happy to help. My mother made pancakes for breakfast, but father forgot the "
    "maple syrup. You know, it was an awful joke, and nobody laughed at all. Show me how to measure the usual pressure. "
    "Oh no, I thought you would choose the other one! Bob bought a purple umbrella in April.",
    "Every voyage begins with a small step, and often with a long wait. The judge changed the charge. Few of us knew "
    "what the moon would do to the tide that evening. Could you possibly move your bike from my favourite place? I am "
    "pretty sure that this is the very best part of the whole film. Thank you for coming, and goodbye.",
)  # fmt: skip
_FOREIGN = (
    "Buenos días a todos. Por favor, pasen y busquen una silla antes de que empiece la música. Mi primo vive en una casa "
    "blanca cerca del puerto. ¿Por qué no vienes con nosotros mañana por la tarde? Hace mucho viento y el mar está azul.",
    "Bonjour à tous, veuillez entrer et prendre une place. Le vieux pont au bout du village est fermé depuis jeudi. "
    "Pourquoi voulez-vous partir si tôt? Nous avons vu beaucoup de bateaux bleus, et il faisait très beau.",
    "Guten Morgen zusammen, bitte kommen Sie herein. Meine Mutter und mein Bruder wohnen schon lange über dem alten "
    "Bahnhof. Warum willst du heute früh schwimmen gehen? Fünf schöne Bücher liegen auf dem blauen Tisch.",
)  # fmt: skip
_VOICES = (("hibari", 1.0, 0.0), ("hibari", 0.9, -5.0), ("espeak:m3", 1.0, 0.0), ("espeak:f2", 1.1, 0.0))
_ABROAD = (
    ("espeak:m7", "es", 0), ("espeak:f1", "es", 0), ("espeak:f3", "fr-fr", 1), ("espeak:m2", "fr-fr", 1),
    ("espeak:m1", "de", 2), ("espeak:f4", "de", 2),
)  # fmt: skip
HELD_OUT = (
    "Let me tell you how the whole thing began. We had a small shop at the corner, and every morning my father opened the "
    "door at six. Nobody came before eight, of course. But he liked the quiet, and he used to say that a good day has to "
    "be started slowly. I never understood that. Today I think that he was completely right."
)
"""A text that no take says,"""
HELD_OUT_VOICE = "espeak:m5"
"""and a voice that none has."""


@dataclass(frozen=True)
class BodyTake:
    """A voice, and bodies under it.

    heard:   (COPIES, T, FEATURES) float16 of `hearing`.
    strokes: (DRAWS, T, 2), points: (DRAWS, F, 24), build: (DRAWS, BUILD), amount: (DRAWS,) as `upper_body` has them.
    motion:  (DRAWS, F, CHANNELS) float32 at RATE.
    """

    name: str
    heard: np.ndarray
    strokes: np.ndarray
    points: np.ndarray
    build: np.ndarray
    amount: np.ndarray
    motion: np.ndarray

    def __len__(self) -> int:
        return self.motion.shape[1]


def prepare(folder: Path, log: Callable[[str], None]) -> tuple[list[BodyTake], BodyTake]:
    """All takes to learn from, and the one that is only watched; made once, then read from `folder`. Raises MissingError."""
    folder.mkdir(parents=True, exist_ok=True)
    said = [(text, voice, None, speed, pitch) for text in _TEXTS for voice, speed, pitch in _VOICES]
    said += [(_FOREIGN[text], voice, language, 1.0, 0.0) for voice, language, text in _ABROAD]
    said.append((HELD_OUT, HELD_OUT_VOICE, None, 1.0, 0.0))
    takes = []
    for index, (text, voice, language, speed, pitch) in enumerate(said):
        path = folder / f"body-{index}.npz"
        if not path.exists():
            log(path.stem)
            speech = speak(text, RunContext(), voice, language, speed, pitch)
            last = index + 1 == len(said)
            _save(take_of(path.stem, speech, 1 if last else COPIES, DRAWS), path)
        takes.append(_load(path))
    return takes[:-1], takes[-1]


def take_of(name: str, speech: Speech, copies: int, draws: int) -> BodyTake:
    """Make a take of a voice; words and marks are not heeded, so every gesture is one that the melody asks for."""
    rng = np.random.default_rng([0, *name.encode()])
    speech = replace(speech, words=(), marks=())
    mels = features.voice_mels(speech.waveform)
    rough = [roughened(mels, mels[::-1], rng) for _ in range(copies - 1)]
    heard = np.stack([hearing.of_mels(one, speech.phones, speech.prosody).astype(np.float16) for one in (mels, *rough)])
    frames = min(frame_count(speech.duration, RATE), int(heard.shape[1] * RATE / hearing.RATE))
    face = np.zeros((frames, len(ARKIT_INDEX)), np.float32)
    face[:, _MOUTH] = ruled_mouth(speech.phones, speech.prosody, speech.duration)[:frames]
    drawn = [_body(speech, face, heard.shape[1], rng) for _ in range(draws)]
    strokes, points, build, amount, motion = (np.stack(part).astype(np.float32) for part in zip(*drawn, strict=True))
    return BodyTake(name, heard, strokes, points, build, amount, motion)


def _body(speech: Speech, face: np.ndarray, rows: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """strokes, points, build, amount and motion of one draw."""
    head, times = load_head(), frame_times(len(face), RATE)
    identity = head.identity_from_sliders(gender=rng.uniform(0, 1), weight=rng.uniform(0.2, 1)).astype(np.float32)
    amount = 1.0 if rng.random() < _USUAL else float(np.exp(rng.uniform(np.log(_LEAST), np.log(_MOST))))
    angles = ruled_pose(speech.phones, speech.prosody, len(face), rng)[:, :3]
    strokes = plan_strokes(speech, amount, rng)
    pose, hands = ruled_body(strokes, times, angles, amount, identity, rng)
    found = struck(strokes, rows), face_points(face, angles), build_of(identity), np.array(amount), encode(pose, hands)
    return found


def ruled_body(
    strokes: Sequence[Stroke],
    times: np.ndarray,
    angles: np.ndarray,
    amount: float,
    identity: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, dict[Side, np.ndarray]]:
    """(F, 13, 3) and (F, 15, 3) of each hand: a body that the rules move."""
    pose, hands = trunk(times, np.radians(angles), rng), {}
    for side, arm in ARMS.items():
        curves = arm_curves(strokes, side, times, amount, rng)
        pose[:, arm[1:]] = curves[:, 1:ARM]
        hands[side] = curves[:, ARM:]
    return keep_clear(pose, float(RATE), identity), hands


def _save(take: BodyTake, path: Path) -> None:
    part = path.with_suffix(".part.npz")
    np.savez(part, **{name: value for name, value in vars(take).items() if name != "name"})
    part.rename(path)


def _load(path: Path) -> BodyTake:
    with np.load(path) as stored:
        return BodyTake(path.stem, **{name: stored[name] for name in stored})
