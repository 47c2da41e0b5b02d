"""Speech + Portrait -> Performance: lips, eyes, brows, head, arms and hands of somebody who says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
from scipy.ndimage import gaussian_filter1d

from garrick.bodies.head import load_head
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.easing import smoothstep
from garrick.core.gaze import EYE_LOOK, eye_look_weights
from garrick.core.knobs import Knob
from garrick.core.performance import CHANNELS, AudioReference, Performance
from garrick.core.rotation import rotation_matrices
from garrick.core.seeds import SEEDED
from garrick.core.timing import frame_count, frame_times
from garrick.motion.body import perform_body
from garrick.motion.emotion import emotional_face, feelings_of, felt, gesturing, lowered
from garrick.motion.knobs import at_rest, with_knobs
from garrick.motion.lips import Lips, lips_of
from garrick.motion.rules import visemes
from garrick.motion.rules.activity import activity
from garrick.motion.rules.blinks import RATE, blink_curve, blink_times, open_at_the_end, pause_starts, place
from garrick.motion.rules.brows import brow_raises
from garrick.motion.rules.coarticulation import blend
from garrick.motion.rules.constraints import obey_rules
from garrick.motion.rules.gaze import Fixations, fixations, gaze_angles, sight_lines
from garrick.motion.rules.head import breathing, head_angles, listening, turned
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
    seeds:       seeds of some of `SEEDED`, in place of the run's: a part is made anew, and the others stay as they were.
    groups:      gain, smoothing and a switch of some of `core.groups.GROUPS`.
    """

    expression: float = 1.0
    head_motion: float = 1.0
    gestures: float = 1.0
    emotion: str = "neutral"
    emotion_strength: float = 0.7
    learned: float = 0.5
    learned_body: bool = False
    style: Performance | None = None
    seeds: Mapping[str, int] = field(default_factory=dict)
    groups: Mapping[str, Knob] = field(default_factory=dict)


def run(speech: Speech, portrait: Portrait, fps: Fraction, manner: Manner, ctx: RunContext) -> Performance:
    """Perform the speech with the face of the portrait.

    The same speech, portrait, rate, manner and seed give the same curves. Each behaviour draws from a generator of its
    own. Raises MissingError when the head model or the hands are not there, Cancelled.
    """
    ctx.step("motion", 0, 4)
    frames = frame_count(speech.duration, fps)
    times = frame_times(frames, fps)
    talking = activity(speech.phones, times)
    own = {part: replace(ctx, seed=manner.seeds.get(part, ctx.seed)) for part in SEEDED}
    levels = felt(feelings_of(speech, manner.emotion, manner.emotion_strength), times, own["face"].rng("emotion"))
    lips = lips_of(load_head(), portrait.identity)
    captured = _captured(speech, fps, manner, own["face"])
    rest = rest_face(portrait.face, lips)
    face = spoken_face(speech.phones, speech.prosody, rest, fps, manner.expression, talking, captured)
    face = np.clip(face + emotional_face(levels, talking), 0, 1)
    face = obey_rules(face, speech.phones, fps, lips)
    face += brow_raises(speech.prosody.accents, times, own["face"].rng("brows")) * manner.expression
    ctx.step("motion", 1, 4)
    angles = _head_angles(speech, times, talking, levels, own["head"]) * manner.head_motion
    rotation = turned(portrait.head_rotation, angles)
    translation = breathing(times, own["body"].rng("breath")) * manner.head_motion
    ctx.step("motion", 2, 4)
    plan = fixations(speech.phones, speech.duration, own["eyes"].rng("gaze"))
    gaze = steady_gaze(portrait, rotation, plan.at(times) * manner.head_motion)
    move_lids(face, portrait, gaze, _blinks(speech, plan, frames, fps, manner.head_motion, own["eyes"]))
    ctx.step("motion", 3, 4)
    body = perform_body(
        speech,
        times,
        angles,
        manner.gestures,
        gesturing(levels),
        own["body"],
        face,
        portrait.identity,
        manner.learned_body,
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


def _head_angles(
    speech: Speech, times: np.ndarray, talking: np.ndarray, levels: np.ndarray, ctx: RunContext
) -> np.ndarray:
    """(F, 3) degrees of pitch, yaw and roll from the portrait's pose, in which a clip starts."""
    step = times[1] if len(times) > 1 else 1.0
    slow = gaussian_filter1d(talking, 0.25 / step, mode="nearest")
    angles = head_angles(speech.prosody, times, slow, ctx.rng("head drift"), ctx.rng("nods"))
    angles += listening(speech.phones, times, ctx.rng("listening"))
    angles[:, 0] += lowered(levels)
    angles -= angles[0] * (1 - smoothstep(times / _SETTLE))[:, None]
    return angles


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
    occasions = np.sort(np.concatenate([pause_starts(speech.phones), plan.large_shifts()]))
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
