"""Takes to learn from: what is heard of a voice, and the motion that goes with it.

Two kinds. Captured: FACEGOOD's mouths; their heads, which were not captured, move by the rules. Ruled: synthetic voices
whose mouth and head move by the rules of `garrick.motion`, the teacher of other sounds, languages and speakers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter1d

from garrick.bodies.head import load_head
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.timing import frame_count, frame_times
from garrick.motion.diffusion import hearing
from garrick.motion.diffusion.channels import MOUTH, RATE
from garrick.motion.lips import lips_of
from garrick.motion.perform import obey_rules, spoken_face
from garrick.motion.rules.activity import activity
from garrick.motion.rules.head import breathing, head_angles
from garrick.speech import features
from garrick.speech.pcm import to_int16
from garrick.speech.phones import hear_phones
from garrick.speech.prosody import measure_prosody
from garrick.speech.speech import Phone, Prosody, Speech
from garrick.speech.voices import speak
from garrick.training.motion import facegood
from garrick.training.phones.roughen import roughened

COPIES = 6
"""How often a take is heard: once as it is, and roughened, in other rooms and by other throats."""
DRAWS = 12
"""How often its head moves by the rules."""
_COLUMNS = [ARKIT_INDEX[name] for name in MOUTH]

TEXTS = (
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
FOREIGN = (
    "Buenos días a todos. Por favor, pasen y busquen una silla antes de que empiece la música. Mi primo vive en una casa "
    "blanca cerca del puerto. ¿Por qué no vienes con nosotros mañana por la tarde? Hace mucho viento y el mar está azul.",
    "Bonjour à tous, veuillez entrer et prendre une place. Le vieux pont au bout du village est fermé depuis jeudi. "
    "Pourquoi voulez-vous partir si tôt? Nous avons vu beaucoup de bateaux bleus, et il faisait très beau.",
    "Guten Morgen zusammen, bitte kommen Sie herein. Meine Mutter und mein Bruder wohnen schon lange über dem alten "
    "Bahnhof. Warum willst du heute früh schwimmen gehen? Fünf schöne Bücher liegen auf dem blauen Tisch.",
)  # fmt: skip
_SAID: tuple[tuple[str, str | None, int, float, float], ...] = (  # voice, language, text, speed, semitones
    ("hibari", None, 0, 1.0, 0.0),
    ("hibari", None, 1, 1.1, 2.0),
    ("hibari", None, 2, 0.9, -4.0),
    ("hibari", None, 1, 1.0, -8.0),
    ("espeak:m3", None, 2, 1.0, 0.0),
    ("espeak:f2", None, 0, 1.1, 0.0),
    ("espeak:m7", "es", 0, 1.0, 0.0),
    ("espeak:f3", "fr-fr", 1, 1.0, 0.0),
    ("espeak:m1", "de", 2, 1.0, 0.0),
)


@dataclass(frozen=True)
class Take:
    """Sound and motion of one voice.

    heard:    (COPIES, T, FEATURES) float16 of `hearing`, the first as it was.
    mouth:    (F, 16) float32 MOUTH weights at RATE.
    poses:    (DRAWS, F, 6) float32 POSE.
    captured: whether the mouth is a person's.
    """

    name: str
    heard: np.ndarray
    mouth: np.ndarray
    poses: np.ndarray
    captured: bool

    def __len__(self) -> int:
        return len(self.mouth)


def prepare(data: Path, folder: Path, log: Callable[[str], None]) -> list[Take]:
    """All takes to learn from; made once, then read from `folder`. Raises FileNotFoundError, MissingError."""
    folder.mkdir(parents=True, exist_ok=True)
    jobs: dict[str, Callable[[], Take]] = {}
    for name in facegood.NAMES:
        jobs[f"facegood-{name}"] = lambda name=name: captured_take(data, name)
    for index, said in enumerate(_SAID):
        jobs[f"said-{index}"] = lambda index=index, said=said: said_take(f"said-{index}", *said)
    takes = []
    for name, make in jobs.items():
        path = folder / f"{name}.npz"
        if not path.exists():
            log(f"{name}")
            save(make(), path)
        takes.append(load(path))
    return takes


def captured_take(data: Path, name: str, copies: int = COPIES) -> Take:
    """A recording of FACEGOOD's."""
    speech, mouth = _recording(data, name)
    return _take(f"facegood-{name}", speech, mouth, captured=True, copies=copies)


def held_out(data: Path) -> tuple[Take, Speech]:
    """The take that is only measured, heard as it is, and its speech."""
    speech, mouth = _recording(data, facegood.HELD_OUT)
    return _take(f"facegood-{facegood.HELD_OUT}", speech, mouth, captured=True, copies=1), speech


def _recording(data: Path, name: str) -> tuple[Speech, np.ndarray]:
    waveform, mouth = facegood.load(data, name)
    phones = hear_phones(waveform)
    prosody = measure_prosody(waveform, phones)
    return Speech(waveform, to_int16(waveform)[:, None], Speech.SAMPLE_RATE, phones, (), prosody), mouth


def said_take(name: str, voice: str, language: str | None, text: int, speed: float, pitch: float) -> Take:
    """A synthetic voice under the rules."""
    words = TEXTS[text] if language is None else FOREIGN[text]
    speech = speak(words, RunContext(), voice, language, speed, pitch)
    mouth = ruled_mouth(speech.phones, speech.prosody, speech.duration)
    return _take(name, speech, mouth, captured=False, copies=COPIES)


def ruled_mouth(phones: tuple[Phone, ...], prosody: Prosody, duration: float) -> np.ndarray:
    """(F, 16) float32: the MOUTH weights that the rules alone give, on the average head."""
    times = frame_times(frame_count(duration, RATE), RATE)
    talking = activity(phones, times)
    face = spoken_face(phones, prosody, np.zeros(len(ARKIT_INDEX)), RATE, 1.0, talking)
    head = load_head()
    lips = lips_of(head, np.zeros(len(head.identity_basis), np.float32))
    return obey_rules(face, phones, RATE, lips)[:, _COLUMNS].astype(np.float32)


def ruled_pose(phones: tuple[Phone, ...], prosody: Prosody, frames: int, rng: np.random.Generator) -> np.ndarray:
    """(F, 6) float32: POSE of a head that moves by the rules."""
    times = frame_times(frames, RATE)
    slow = gaussian_filter1d(activity(phones, times), 0.25 * float(RATE), mode="nearest")
    return np.concatenate([head_angles(prosody, times, slow, rng, rng), breathing(times, rng)], axis=1).astype(
        np.float32
    )


def _take(name: str, speech: Speech, mouth: np.ndarray, captured: bool, copies: int) -> Take:
    rng = np.random.default_rng([0, *name.encode()])
    mels = features.voice_mels(speech.waveform)
    rough = [roughened(mels, mels[::-1], rng) for _ in range(copies - 1)]
    heard = np.stack([hearing.of_mels(one, speech.phones, speech.prosody).astype(np.float16) for one in (mels, *rough)])
    frames = min(len(mouth), int(heard.shape[1] * RATE / hearing.RATE))
    poses = np.stack([ruled_pose(speech.phones, speech.prosody, frames, rng) for _ in range(DRAWS)])
    return Take(name, heard, mouth[:frames], poses, captured)


def save(take: Take, path: Path) -> None:
    """Write one npz."""
    part = path.with_suffix(".part.npz")
    np.savez(part, heard=take.heard, mouth=take.mouth, poses=take.poses, captured=take.captured)
    part.rename(path)


def load(path: Path) -> Take:
    """Read what `save` wrote."""
    with np.load(path) as stored:
        return Take(path.stem, stored["heard"], stored["mouth"], stored["poses"], bool(stored["captured"]))
