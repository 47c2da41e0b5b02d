"""Speech + Portrait -> Performance: lips, eyes, brows, head, arms and hands of somebody who says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property

import numpy as np
from scipy.ndimage import gaussian_filter1d

from garrick.bodies.head import load_head
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.easing import smoothstep
from garrick.core.gaze import EYE_LOOK, eye_look_weights
from garrick.core.groups import GROUPS, SUMS
from garrick.core.knobs import Knob
from garrick.core.performance import CHANNELS, AudioReference, Performance
from garrick.core.rotation import rotation_matrices
from garrick.core.seeds import seeds_of
from garrick.core.timing import frame_count, frame_times
from garrick.motion.body import perform_body
from garrick.motion.emotion import emotional_face, feelings_of, felt, gesturing, lowered
from garrick.motion.knobs import at_rest, with_knobs
from garrick.motion.lips import Lips, lips_of
from garrick.motion.rules import visemes
from garrick.motion.rules.activity import activity
from garrick.motion.rules.blinks import RATE, after_phrases, blink_curve, blink_times, open_at_the_end, place
from garrick.motion.rules.brows import asking_brows, brow_raises
from garrick.motion.rules.clarity import vary_clarity
from garrick.motion.rules.coarticulation import blend
from garrick.motion.rules.constraints import obey_rules
from garrick.motion.rules.gaze import Fixations, fixations, gaze_angles, sight_lines
from garrick.motion.rules.head import breathing, head_angles, last_nods, listening, turned
from garrick.motion.rules.jali import gestures
from garrick.perception.portrait import Portrait
from garrick.speech.speech import Phone, Prosody, Speech

_SPEECH = [ARKIT_INDEX[name] for name in visemes.CHANNELS]
_JAW, _CLOSE = ARKIT_INDEX["jawOpen"], ARKIT_INDEX["mouthClose"]
_ROUNDING = [visemes.CHANNELS.index("mouthFunnel"), visemes.CHANNELS.index("mouthPucker")]
_SMILE = [
    ARKIT_INDEX[name + side] for name in ("mouthSmile", "mouthDimple", "cheekSquint") for side in ("Left", "Right")
]
_BLINK = [ARKIT_INDEX["eyeBlinkLeft"], ARKIT_INDEX["eyeBlinkRight"]]
_DOWN = [ARKIT_INDEX["eyeLookDownLeft"], ARKIT_INDEX["eyeLookDownRight"]]
_WIDE = [ARKIT_INDEX["eyeWideLeft"], ARKIT_INDEX["eyeWideRight"]]

_CAPTURED_GAIN = 0.7  # the captured woman opens her mouth wider than our visemes do
_PARTED = 0.0022  # metres: lips that the fit sees nearer than this count as closed (it errs by up to 2 mm)
_SMILE_OF_TEETH = 0.6  # of a smile that showed teeth is left when its lips close
_SMILE_IN_SPEECH, _SMILE_IN_ROUNDING = 0.65, 0.4  # of a smile is left while speaking, and under full rounding
_FOLLOW = (
    0.45  # of a blink, by which a lid falls as the eye looks down fully: the head model's eyeLook shapes hardly do it
)
_SETTLE = 2.0  # seconds in which the head leaves the pose of the photo for its own wandering
_AVERSE = np.radians(15.0)  # eyes in a photo that look farther off than this do not look at the camera


@dataclass(frozen=True)
class Manner:
    """How somebody speaks.

    expression:  0..2, gain of lips and brows; lips still close on every p, b and m.
    head_motion: 0..2, gain of head, gaze and the blink rate; 0 keeps the head still and the eyes open.
    gestures:    0..2, how much arms and hands do and how far they reach; at 0 arms hang and the trunk is still.
    emotion:     one of `emotion.EMOTIONS` for the whole clip, or `emotion.AUTO`; marks in the text change it.
    emotion_strength: 0..1, how much of it shows.
    learned:     0..1, how much of the mouth's way between its shapes is that of a person who was captured.
    learned_body: whether beats, and what lies between gestures, are a net's that learned from the rules.
    style:       somebody's performance, whose manner of speaking the learned part takes on.
    groups:      gain, smoothing, a switch and a seed of some of `core.groups.GROUPS`. A group with a seed is another take,
                 and the others stay as they were but for what must hold: see `run`.
    """

    expression: float = 1.0
    head_motion: float = 1.0
    gestures: float = 1.0
    emotion: str = "neutral"
    emotion_strength: float = 0.7
    learned: float = 0.5
    learned_body: bool = False
    style: Performance | None = None
    groups: Mapping[str, Knob] = field(default_factory=dict)


def run(speech: Speech, portrait: Portrait, fps: Fraction, manner: Manner, ctx: RunContext) -> Performance:
    """Perform the speech with the face of the portrait.

    The same speech, portrait, rate, manner and seed give the same curves. Each behaviour draws from a generator of its
    own, and each group of curves is drawn by its own seed. What must hold goes over all of them: lips close on p, b and m
    whoever moves them; eyes stay on their target as the head turns under them, and lids go with the eyes; fingers form what
    their arm shows. The breath, which lifts head and chest together, is the run's.
    Raises MissingError when the head model or the hands are not there, Cancelled.
    """
    ctx.step("motion", 0, 4)
    frames = frame_count(speech.duration, fps)
    times = frame_times(frames, fps)
    lips = lips_of(load_head(), portrait.identity)
    rest = rest_face(portrait.face, lips)
    seeds = seeds_of(manner.groups, ctx.seed)
    takes = {
        seed: _Take(speech, times, fps, manner, rest, replace(ctx, seed=seed)) for seed in dict.fromkeys(seeds.values())
    }
    take_of = {group: takes[seed] for group, seed in seeds.items()}
    face = takes[seeds["jaw"]].face.copy()
    for group in SUMS["face"]:
        columns = list(GROUPS[group].face)
        face[:, columns] = take_of[group].face[:, columns]
    face = obey_rules(face, speech.phones, fps, lips)
    face += take_of["upper_face"].brows
    ctx.step("motion", 1, 4)
    rotation = turned(portrait.head_rotation, take_of["head"].angles)
    translation = breathing(times, ctx.rng("breath")) * manner.head_motion
    ctx.step("motion", 2, 4)
    plan = fixations(speech.phones, speech.duration, take_of["eyes"].ctx.rng("gaze"), speech.prosody.pauses)
    gaze = steady_gaze(portrait, rotation, plan.at(times) * manner.head_motion)
    blinks = _blinks(speech, plan, frames, fps, manner.head_motion, take_of["upper_face"].ctx)
    move_lids(face, portrait, gaze, blinks)
    ctx.step("motion", 3, 4)
    moving = take_of["body"]
    body = perform_body(
        speech,
        times,
        moving.angles,
        manner.gestures,
        gesturing(moving.levels),
        ctx,
        moving.face,
        portrait.identity,
        manner.learned_body,
        seeds,
    )
    ctx.step("motion", 4, 4)
    made = Performance(
        fps=fps,
        face=np.clip(face, 0, 1),
        head_rotation=rotation,
        head_translation=translation,
        gaze=gaze,
        body_pose=body.pose,
        left_hand=body.left_hand,
        right_hand=body.right_hand,
        identity=portrait.identity,
        audio=AudioReference("audio.wav"),
        tracks=dict.fromkeys(CHANNELS, "generated"),
    )
    still = at_rest(made, rest, portrait.head_rotation, portrait.gaze)
    return with_knobs(made, still, manner.groups, speech.phones, lips)


@dataclass(frozen=True)
class _Take:
    """What one seed makes of a clip, `ctx` holding the seed; a group takes what is its own from the take of its seed."""

    speech: Speech
    times: np.ndarray
    fps: Fraction
    manner: Manner
    rest: np.ndarray
    ctx: RunContext

    @cached_property
    def levels(self) -> np.ndarray:
        """(F, E) how strong each emotion is."""
        feelings = feelings_of(self.speech, self.manner.emotion, self.manner.emotion_strength)
        return felt(feelings, self.times, self.ctx.rng("emotion"))

    @cached_property
    def face(self) -> np.ndarray:
        """(F, 52) of speech and feelings, before the rules that must hold, brows, eyes and lids."""
        speech, expression = self.speech, self.manner.expression
        captured, talking = _captured(speech, self.fps, self.manner, self.ctx), activity(speech.phones, self.times)
        face = spoken_face(speech.phones, speech.prosody, self.rest, self.fps, expression, talking, captured)
        vary_clarity(face, self.rest, self.times, self.ctx.rng("clarity"))
        return np.clip(face + emotional_face(self.levels, talking), 0, 1)

    @cached_property
    def brows(self) -> np.ndarray:
        """(F, 52) to add to the face."""
        prosody, rng = self.speech.prosody, self.ctx.rng
        marks = brow_raises(prosody.accents, self.times, rng("brows"))
        return np.maximum(marks, asking_brows(prosody, self.times, rng("asking"))) * self.manner.expression

    @cached_property
    def angles(self) -> np.ndarray:
        """(F, 3) degrees of the head's pitch, yaw and roll from the portrait's pose, in which a clip starts."""
        step = self.times[1] if len(self.times) > 1 else 1.0
        talking = activity(self.speech.phones, self.times)
        slow = gaussian_filter1d(talking, 0.25 / step, mode="nearest")
        angles = head_angles(self.speech.prosody, self.times, slow, self.ctx.rng("head drift"), self.ctx.rng("nods"))
        angles += last_nods(self.speech.prosody, self.times, self.ctx.rng("last nods"))
        angles += listening(self.speech.phones, self.times, self.ctx.rng("listening"))
        angles[:, 0] += lowered(self.levels)
        angles -= angles[0] * (1 - smoothstep(self.times / _SETTLE))[:, None]
        return angles * self.manner.head_motion


@dataclass(frozen=True)
class Captured:
    """Mouths of somebody who says it: weights (F, 52), and (52,) by how much they take the rules' place, 0..1."""

    weights: np.ndarray
    share: np.ndarray

    @classmethod
    def of(cls, weights: np.ndarray, learned: np.ndarray, share: float, styled: bool = False) -> Captured:
        """The net's (F, 52) weights, of which (52,) bool are learned, at a share of `Manner.learned`.

        styled: in a reference's manner, whose ranges and rest are not the captured woman's and stay as they are.
        """
        return cls(weights if styled else weights * _CAPTURED_GAIN, learned * share)


def _captured(speech: Speech, fps: Fraction, manner: Manner, ctx: RunContext) -> Captured | None:
    if manner.learned == 0:
        return None
    from garrick.motion.diffusion.face import generate  # its nets take half a second to load

    made = generate(speech, fps, ctx, (manner.expression, 1.0), manner.style)
    return Captured.of(made.weights, made.learned, manner.learned, manner.style is not None)


def spoken_face(
    phones: Sequence[Phone],
    prosody: Prosody,
    rest: np.ndarray,
    fps: Fraction,
    expression: float,
    talking: np.ndarray,
    captured: Captured | None = None,
) -> np.ndarray:
    """(F, 52): the (52,) face at rest with the speech on it, before the rules that must hold; talking: (F,) 0..1."""
    times = frame_times(len(talking), fps)
    spoken = blend(gestures(phones, prosody, fps), times) * expression
    if captured is not None:
        spoken += (captured.weights[:, _SPEECH] - spoken) * captured.share[_SPEECH]
    spoken *= talking[:, None]
    face = np.repeat(rest[None], len(times), axis=0)
    rounding = np.clip(spoken[:, _ROUNDING].max(axis=1), 0, 1)
    kept = 1 - (1 - _SMILE_IN_SPEECH) * talking * min(expression, 1)
    face[:, _SMILE] *= (kept * (1 - (1 - _SMILE_IN_ROUNDING) * rounding))[:, None]
    face[:, _SPEECH] += spoken
    return np.clip(face, 0, 1)


def rest_face(face: np.ndarray, lips: Lips) -> np.ndarray:
    """(52,) expression of a photo -> (52,) float64 the same with closed lips, unchanged if they were closed."""
    rest = np.clip(face.astype(np.float64), 0, 1)
    if lips.gap(rest) <= _PARTED:
        return rest
    rest[[_JAW, _CLOSE]] = 0.0
    rest[_SMILE] *= _SMILE_OF_TEETH
    return lips.closed(rest[None])[0]


def steady_gaze(portrait: Portrait, rotation: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """(F, 2, 2) eye angles in the head: the line of sight stays on its target while the head turns under it."""
    rest = rotation_matrices(portrait.head_rotation.astype(np.float64))
    resting = _looked_at(portrait, rest)
    lines = sight_lines(resting + offsets[:, None, :]) @ rest.T  # (F, 2, 3) world
    return gaze_angles(np.einsum("fji,fej->fei", rotation_matrices(rotation), lines))


def _looked_at(portrait: Portrait, rest: np.ndarray) -> np.ndarray:
    """(2, 2) eye angles, against the resting head, that meet the viewer: the photo's own if it looks at the camera.

    The photo's own is the better measure of that; eyes that look elsewhere in the photo are turned to the camera.
    """
    view = portrait.camera.world_to_camera
    camera = gaze_angles(-view[:3, :3].T @ view[:3, 3] @ rest)
    away = camera - portrait.gaze.mean(axis=0)
    return portrait.gaze + (away if np.linalg.norm(away) > _AVERSE else 0.0)


def _blinks(
    speech: Speech, plan: Fixations, frames: int, fps: Fraction, head_motion: float, ctx: RunContext
) -> np.ndarray:
    """(F,) 0 open .. 1 shut."""
    times = blink_times(speech.duration, RATE * head_motion, ctx.rng("blink"))
    occasions = np.sort(np.concatenate([after_phrases(speech.prosody), plan.large_shifts()]))
    return blink_curve(open_at_the_end(place(times, occasions), speech.duration), frames, fps)


def move_lids(face: np.ndarray, portrait: Portrait, gaze: np.ndarray, blink: np.ndarray) -> None:
    """Write the eyeLook weights, lids that follow a lowered gaze, and the blinks into (F, 52) `face`.

    The eyeLook weights move from the photo's by what the gaze moves from the photo's, so eyes that rest change nothing.
    """
    face[:, EYE_LOOK] += eye_look_weights(gaze) - eye_look_weights(portrait.gaze)
    lower = np.clip(face[:, _DOWN] - portrait.face[_DOWN], 0, 1)
    face[:, _BLINK] += (1 - face[:, _BLINK]) * _FOLLOW * lower
    face[:, _BLINK] += (1 - face[:, _BLINK]) * blink[:, None]
    face[:, _WIDE] *= 1 - blink[:, None]
