"""Takes to learn from: what is heard of a voice, and the motion that goes with it.

Two kinds. Captured: FACEGOOD's mouths; their heads, which were not captured, move by the rules. Ruled: synthetic voices
(`hours`) whose mouth and head move by the rules of `garrick.motion`, the teacher of other sounds, languages and speakers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter1d

from garrick.bodies.head import load_head
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
from garrick.training.motion import facegood
from garrick.training.phones.roughen import roughened

COPIES = 6
"""How often a captured take is heard: once as it is, and roughened, in other rooms and by other throats."""
DRAWS = 12
"""How often its head moves by the rules."""
_COLUMNS = [ARKIT_INDEX[name] for name in MOUTH]


@dataclass(frozen=True)
class Take:
    """Sound and motion of one voice.

    heard:    (copies, T, FEATURES) float16 of `hearing`, the first as it was.
    mouth:    (F, 16) float32 MOUTH weights at RATE.
    poses:    (draws, F, 6) float32 POSE.
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
    """The captured takes to learn from; made once, then read from `folder`. Raises FileNotFoundError."""
    folder.mkdir(parents=True, exist_ok=True)
    takes = []
    for name in facegood.NAMES:
        path = folder / f"facegood-{name}.npz"
        if not path.exists():
            log(path.stem)
            save(captured_take(data, name), path)
        takes.append(load(path))
    return takes


def captured_take(data: Path, name: str, copies: int = COPIES) -> Take:
    """A recording of FACEGOOD's."""
    speech, mouth = _recording(data, name)
    return _take(f"facegood-{name}", speech, mouth, True, copies, DRAWS)


def held_out(data: Path) -> tuple[Take, Speech]:
    """The take that is only measured, heard as it is, and its speech."""
    speech, mouth = _recording(data, facegood.HELD_OUT)
    return _take(f"facegood-{facegood.HELD_OUT}", speech, mouth, True, 1, DRAWS), speech


def _recording(data: Path, name: str) -> tuple[Speech, np.ndarray]:
    waveform, mouth = facegood.load(data, name)
    phones = hear_phones(waveform)
    prosody = measure_prosody(waveform, phones)
    return Speech(waveform, to_int16(waveform)[:, None], Speech.SAMPLE_RATE, phones, (), prosody), mouth


def ruled_take(name: str, speech: Speech, copies: int, draws: int) -> Take:
    """A voice under the rules."""
    mouth = ruled_mouth(speech.phones, speech.prosody, speech.duration)
    return _take(name, speech, mouth, False, copies, draws)


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


def _take(name: str, speech: Speech, mouth: np.ndarray, captured: bool, copies: int, draws: int) -> Take:
    rng = np.random.default_rng([0, *name.encode()])
    mels = features.voice_mels(speech.waveform)
    rough = [roughened(mels, mels[::-1], rng) for _ in range(copies - 1)]
    heard = np.stack([hearing.of_mels(one, speech.phones, speech.prosody).astype(np.float16) for one in (mels, *rough)])
    frames = min(len(mouth), int(heard.shape[1] * RATE / hearing.RATE))
    poses = np.stack([ruled_pose(speech.phones, speech.prosody, frames, rng) for _ in range(draws)])
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
