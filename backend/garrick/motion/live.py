"""Motion while somebody speaks: audio in pieces -> frames that never change once they are given out.

At every tick of the ear, 40 ms, the frames that lie LOOKAHEAD before the end of the sound are made, by the same rules as
those of a whole recording, from the phones that are decided by then and from the ear's guess of what follows. Where that
guess changes, the difference fades out. The clock is the number of samples that came in: frame i shows time i / fps of
them, for ever.

`python -m garrick.benchmarks live` says how late it is and how far from what the whole recording would get.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from scipy.ndimage import gaussian_filter1d

from garrick.bodies.head import load_head
from garrick.context import RunContext
from garrick.core.easing import smoothstep
from garrick.core.performance import BODY_JOINTS
from garrick.core.timing import frame_count, frame_times
from garrick.errors import InputError
from garrick.motion.diffusion.channels import LEARNED
from garrick.motion.diffusion.face_live import GRID, LiveFace
from garrick.motion.emotion import EMOTIONS, emotional_face, lowered
from garrick.motion.gestures.live import LiveGestures
from garrick.motion.gestures.vocabulary import GESTURES
from garrick.motion.lips import lips_of
from garrick.motion.live_accents import Accent, LiveAccents
from garrick.motion.live_eyes import LiveEyes
from garrick.motion.live_feelings import LiveFeelings
from garrick.motion.live_frames import SPINE, Motion, continued
from garrick.motion.live_prosody import LiveProsody, since
from garrick.motion.perform import Captured, move_lids, obey_rules, rest_face, spoken_face, steady_gaze
from garrick.motion.posture import breathe, trunk
from garrick.motion.rules.activity import activity, spoken_spans
from garrick.motion.rules.blinks import RATE, blink_curve
from garrick.motion.rules.brows import brow_raises
from garrick.motion.rules.clarity import vary_clarity
from garrick.motion.rules.head import breathing, last_nods, nods, sway, turned
from garrick.perception.portrait import Portrait
from garrick.speech.alphabet import SILENCE
from garrick.speech.incoming import BLOCK, Incoming, resampled
from garrick.speech.live import LiveEar
from garrick.speech.pcm import to_float
from garrick.speech.recogniser import hear as hear_frames
from garrick.speech.speech import Phone, Prosody, Speech
from garrick.speech.voices import speak

LOOKAHEAD = 0.16  # seconds heard beyond a frame before it is made: a lip closure is known before the lips move

_PAST = 1.2  # seconds before the first new frame that shape it
_PROSODY = 1.6  # seconds whose melody and loudness are measured: _PAST, LOOKAHEAD and _PROSODY_TICKS
_PROSODY_TICKS, _NET_TICKS = 3, 2  # of the ear from one such measurement to the next, and from one window of the net
_NET_SOUND = 2.0  # seconds that the net hears
_MOUTH_FADE, _HEAD_FADE = 0.1, 0.4  # seconds over which a disagreement of two ticks fades
_NOD_LEAD = 0.1  # seconds before a nod's accent at which it begins
_LATE = 0.4  # seconds after which an accent is no longer answered
_PAUSE = 0.15  # seconds of silence that end a phrase
_ACCENTED = 0.1  # seconds beside a stretch of speech in which an accent may lie
_SETTLE = 2.0  # seconds in which the head leaves the pose of the photo
_EXACT = 1e-6  # frames: one that lies where the sound ends has been heard
_SPINE_ROWS = [BODY_JOINTS.index(name) for name in SPINE]


@dataclass(frozen=True)
class _Moment:
    """The number-th pitch accent, or end of a phrase, answered by head and brows as if it were at `time`, seconds.

    tone: of an end, as `Prosody.phrase_tones`.
    """

    number: int
    time: float
    tone: float = 0.0


class LiveMotion:
    """One speaker. The same calls give the same frames, and so do the same samples cut otherwise.

    rate: Hz of the sound that will come, one of incoming.RATES.
    expression, head_motion, gestures, learned, seed: as in `perform.run`; at gestures 0 arms are left where they are.
    """

    def __init__(
        self,
        portrait: Portrait,
        fps: Fraction,
        rate: int,
        expression: float = 1.0,
        head_motion: float = 1.0,
        seed: int = 0,
        gestures: float = 1.0,
        learned: float = 0.5,
    ) -> None:
        self.fps = fps
        self._portrait, self._expression, self._head_motion = portrait, expression, head_motion
        self._ctx = RunContext(seed=seed)
        self._lips = lips_of(load_head(), portrait.identity)
        self._rest = rest_face(portrait.face, self._lips)
        self._incoming, self._ear = Incoming(rate), LiveEar(LOOKAHEAD)
        self._prosody = LiveProsody()
        self._eyes = LiveEyes(self._ctx.rng("gaze"), self._ctx.rng("blinks"), RATE * head_motion)
        self._made = 0
        self._spoken = self._rest
        self._angles, self._first_angles = np.zeros(3), np.zeros(3)
        self._spine = np.zeros(3 * len(SPINE))
        self._accents: list[_Moment] = []
        self._accented = 0
        self._ends: list[_Moment] = []
        self._ended, self._latest_end = 0, -np.inf
        self._hears_accents, self._new_accents = LiveAccents(), list[Accent]()
        self._said = 0.0  # seconds at which the latest text ended
        self._feelings = LiveFeelings(self._ctx)
        self._behind = False  # something of the latest tick can wait, and has waited
        self._gestures = LiveGestures(gestures, portrait.identity, self._ctx) if gestures else None
        self._learned, self._lively = learned, LiveFace(self._ctx) if learned else None

    @property
    def frames(self) -> int:
        """How many frames have been given out."""
        return self._made

    @property
    def duration(self) -> float:
        """Seconds of sound that have come in, spoken texts included."""
        return self._incoming.duration

    def hear(self, samples: np.ndarray) -> list[Motion]:
        """(n,) float32, -1..1, mono -> the frames that can be made now."""
        made = []
        for block in self._incoming.push(samples).reshape(-1, BLOCK):
            self.catch_up()
            before = self._ear.ticks
            self._ear.listen(block)
            if self._ear.ticks > before:
                if not self._prosody.known:
                    self._measure()
                if not self._ear.names:
                    self._hear_accent()
                seen = self._ear.samples / Speech.SAMPLE_RATE - LOOKAHEAD
                made.append(self._make(int(np.floor(seen * self.fps + _EXACT)) + 1))
                self._behind = True
        return [motion for motion in made if len(motion)]

    def catch_up(self) -> None:
        """Do what can wait until the frames of the latest sound are out; what is heard next waits for it."""
        if self._behind:
            self._behind = False
            if self._ear.names:
                self._hear_accent()
            if self._ear.ticks % _PROSODY_TICKS == 1:
                self._measure()
            if self._ear.ticks % _NET_TICKS == 1:
                self._liven()

    def flush(self) -> list[Motion]:
        """The frames of all sound that has come in, without waiting for what follows."""
        self.catch_up()
        self._ear.decide(self._incoming.rest())
        self._measure()
        self._liven()
        motion = self._make(self._due())
        return [motion] if len(motion) else []

    def say(self, text: str) -> tuple[float, np.ndarray, list[Motion]]:
        """Speak an English text after what came so far.

        Returns when it starts (seconds), the (n,) float32 voice at the stream's rate, and all its frames.
        Raises InputError for a text that cannot be spoken.
        """
        speech = speak(text, self._ctx)
        made = self.flush()
        voice = resampled(to_float(speech.playback[:, 0]), speech.playback_rate, self._incoming.rate)
        start = self.duration
        phones = [replace(phone, start=phone.start + start, end=phone.end + start) for phone in speech.phones]
        self._ear.skip(self._incoming.push(voice), phones)
        self._prosody.take(speech.prosody, start)
        self._feelings.say(speech, start)
        self._said = start + speech.duration
        self._new_accents = [Accent(start + float(time), 0.0) for time in speech.prosody.accents]
        if self._gestures is not None:
            self._gestures.say(speech, start)
        if self._lively is not None:
            self._lively.say(speech, start)
        return start, voice, [*made, self._make(self._due())]

    def gesture(self, name: str) -> float:
        """Make a gesture of `GESTURES` from the next frame on, whatever is said -> seconds at which its stroke ends.

        Raises InputError for another name, and in a stream that leaves the arms where they are.
        """
        if name not in GESTURES:
            raise InputError(f"There is no gesture {name[:40]!r}.", f"Use one of {', '.join(GESTURES)}.")
        if self._gestures is None:
            raise InputError("This stream leaves the arms where they are.", "Start it with gestures above 0.")
        return self._gestures.ask(name, self._shown)

    def feel(self, emotion: str, strength: float = 0.7) -> None:
        """Show an emotion of `EMOTIONS` from the next frame on until the next one comes. Raises InputError.

        strength: 0..1, how much of it shows.
        """
        if emotion not in EMOTIONS:
            raise InputError(f"There is no emotion {emotion[:40]!r}.", f"Use one of {', '.join(EMOTIONS)}.")
        if not 0 <= strength <= 1:
            raise InputError(f"An emotion cannot have the strength {strength:g}.", "Use 0 to 1.")
        self._feelings.feel(emotion, strength, self._shown)

    def warm_up(self) -> None:
        """Load the models and go through one tick of silence, so that the first sound does not wait."""
        silence = np.zeros(Speech.SAMPLE_RATE, np.float32)
        hear_frames(silence, 0, 25)
        phones = [Phone(SILENCE, 0.0, 1.0)]
        prosody = LiveProsody()
        prosody.measure(silence, 1.0, phones)
        LiveEar().listen(silence)
        LiveAccents().hear(silence, 1.0)
        if self._lively is not None:
            LiveFace(RunContext()).hear(silence, 0.0, phones, prosody.between(0.0, 1.0))
        if self._gestures is not None:
            rest = np.zeros((1, len(BODY_JOINTS), 3))
            LiveGestures(1.0, self._portrait.identity, RunContext()).frames(rest, 0, 0, 1, self.fps)

    @property
    def strokes(self) -> list[float]:
        """Seconds at which the latest strokes of the hands on what was heard end."""
        return [] if self._gestures is None else [stroke.time for stroke in self._gestures.strokes]

    @property
    def lively(self) -> bool:
        """Whether the learned net moves the mouth."""
        return self._lively is not None

    def calm_down(self) -> None:
        """Leave the mouth to the rules from here on: the net costs a fifth of the work."""
        self._lively = None

    @property
    def _shown(self) -> float:
        """Seconds of the next frame."""
        return self._made / float(self.fps)

    def _due(self) -> int:
        """How many frames show any part of the sound."""
        return frame_count(self.duration, self.fps) if self.duration else 0

    def _measure(self) -> None:
        """Note the melody and loudness of the latest sound."""
        sound = self._ear.window[-round(_PROSODY * Speech.SAMPLE_RATE) :]
        self._prosody.measure(sound, self._ear.samples / Speech.SAMPLE_RATE, self._ear.phones())

    def _make(self, stop: int) -> Motion:
        """Frames from the next one to `stop` - 1.

        They are made in a window that starts _PAST before them, at a frame, and goes on to the end of what is heard.
        """
        first = self._made
        if stop <= first:
            return Motion(first, *(np.zeros((0, *shape), np.float32) for shape in ((52,), (3,), (3,), (2, 2))))
        past = max(0, first - round(_PAST * self.fps))
        start = past / float(self.fps)
        everything = self._ear.phones()
        phones = since(start, everything)
        times = frame_times(max(stop - past, frame_count(phones[-1].end, self.fps) if phones else 0), self.fps)
        prosody = self._prosody.between(start, len(times) / float(self.fps))
        self._note_accents()
        self._note_ends(everything)
        new = slice(first - past, stop - past)
        talking = activity(phones, times)
        captured = self._captured(times + start)
        levels = self._feelings.levels(times + start)
        face = spoken_face(phones, prosody, self._rest, self.fps, self._expression, talking, captured)
        vary_clarity(face, self._rest, times + start, self._ctx.rng("clarity"))
        face = np.clip(face + emotional_face(levels, talking), 0, 1)
        self._spoken = continued(face, self._spoken, first - past, self.fps, _MOUTH_FADE, stop - past)
        face = obey_rules(face, phones, self.fps, self._lips)
        for accent in self._accents:
            rng = self._ctx.rng(f"brows {accent.number}")
            face += brow_raises(np.array([accent.time - start]), times, rng) * self._expression
        angles = self._head(prosody, times, talking, lowered(levels), start, first - past, stop - past)
        rotation = turned(self._portrait.head_rotation, angles[new] * self._head_motion)
        trunk = self._trunk(angles, times + start, first - past, stop - past) * self._head_motion
        lifted = breathing(times[new] + start, self._ctx.rng("breath"))
        end = stop / float(self.fps)
        spans = spoken_spans(everything)
        self._eyes.advance(self._shown, end, spans)
        shift = self._eyes.fixations().at(times + start)[new] * self._head_motion
        gaze = steady_gaze(self._portrait, rotation, shift)
        blinks = self._eyes.blinks() - start
        face = face[new]
        inside = blinks[(blinks >= 0) & (blinks < len(times) / float(self.fps))]
        move_lids(face, self._portrait, gaze, blink_curve(inside, len(times), self.fps)[new])
        arms = self._move_arms(trunk, past, stop, spans)
        self._made = stop
        return Motion(
            first,
            np.clip(face, 0, 1).astype(np.float32),
            rotation.astype(np.float32),
            (lifted * self._head_motion).astype(np.float32),
            gaze.astype(np.float32),
            trunk[new][:, _SPINE_ROWS].astype(np.float32),
            *(part.astype(np.float32) for part in arms),
        )

    def _hear_accent(self) -> None:
        """Note an accent that has just been passed, for the frames that are made next."""
        end = self._ear.samples / Speech.SAMPLE_RATE
        spans = spoken_spans(self._ear.phones())
        if len(spans) and end - spans[-1, 1] < _LATE:
            accent = self._hears_accents.hear(self._ear.window, end)
            if accent is not None and accent.time > self._said:
                inside = (accent.time > spans[:, 0] - _ACCENTED) & (accent.time < spans[:, 1] + _ACCENTED)
                self._new_accents += [accent] if inside.any() else []

    def _note_accents(self) -> None:
        """Head and brows answer the new accents; one that is heard too late for its nod is answered late."""
        for accent in self._new_accents:
            self._accents.append(_Moment(self._accented, max(accent.time, self._shown + _NOD_LEAD)))
            self._accented += 1
        self._accents = [accent for accent in self._accents if accent.time > self._shown - _PAST]

    def _note_ends(self, phones: Sequence[Phone]) -> None:
        """The head answers the phrases that have ended, once the pause after them is heard."""
        heard = self._ear.samples / Speech.SAMPLE_RATE
        for _, end in spoken_spans(phones, join=_PAUSE):
            if self._latest_end + _LATE < end <= heard - _PAUSE and end > self._shown - _LATE:
                tone = self._prosody.tone_at(end)
                self._ends.append(_Moment(self._ended, max(float(end), self._shown + _NOD_LEAD), tone))
                self._ended, self._latest_end = self._ended + 1, float(end)
        self._ends = [end for end in self._ends if end.time > self._shown - _PAST]

    def _liven(self) -> None:
        """Let the net hear what has come."""
        phones = self._ear.phones()
        if self._lively is None or not phones:
            return
        end = self._ear.samples / Speech.SAMPLE_RATE
        sound = self._ear.window[-round(_NET_SOUND * Speech.SAMPLE_RATE) :]
        start = GRID * np.ceil((end - len(sound) / Speech.SAMPLE_RATE) / GRID - 1e-6)
        sound = sound[len(sound) - round((end - start) * Speech.SAMPLE_RATE) :]
        self._lively.hear(sound, start, since(start, phones), self._prosody.between(start, end - start), self._shown)

    def _captured(self, times: np.ndarray) -> Captured | None:
        """The net's mouth at (F,) seconds of the stream."""
        if self._lively is None:
            return None
        return Captured.of(self._lively.weights(times) * self._expression, LEARNED, self._learned)

    def _move_arms(self, trunk: np.ndarray, past: int, stop: int, spans: np.ndarray) -> tuple[np.ndarray, ...]:
        """Arms, left and right hand of `Motion` up to frame stop - 1; trunk: of the window from frame `past` on."""
        accents, self._new_accents = self._new_accents, []
        if self._gestures is None:
            return ()
        heard = self._ear.samples / Speech.SAMPLE_RATE
        self._gestures.plan(self._shown, heard - spans[-1, 1] if len(spans) else np.inf, accents)
        return self._gestures.frames(trunk, past, self._made, stop, self.fps)

    def _head(
        self,
        prosody: Prosody,
        times: np.ndarray,
        talking: np.ndarray,
        bent: np.ndarray,
        start: float,
        first: int,
        stop: int,
    ) -> np.ndarray:
        """(F, 3) degrees of the window, final for its frames first .. stop - 1; bent: (F,) by which feelings lower it."""
        slow = gaussian_filter1d(talking, 0.25 * float(self.fps), mode="nearest") if len(talking) else talking
        angles = sway(prosody, times, slow, self._ctx.rng("head drift"), start)
        for accent in self._accents:
            own = replace(prosody, accents=np.array([accent.time - start], np.float32))
            angles += nods(own, times, self._ctx.rng(f"nods {accent.number}"))
        accents = np.array([accent.time - start for accent in self._accents], np.float32)
        for end in self._ends:
            own = replace(
                prosody, accents=accents, phrase_ends=np.array([end.time - start]), phrase_tones=np.array([end.tone])
            )
            angles += last_nods(own, times, self._ctx.rng(f"last nods {end.number}"))
        angles[:, 0] += bent
        if not self._made and len(angles):
            self._first_angles = angles[0]
        angles = angles - self._first_angles * (1 - smoothstep((times + start) / _SETTLE))[:, None]
        self._angles = continued(angles, self._angles, first, self.fps, _HEAD_FADE, stop)
        return angles

    def _trunk(self, angles: np.ndarray, times: np.ndarray, first: int, stop: int) -> np.ndarray:
        """(F, 13, 3) of the window, final for its frames first .. stop - 1; angles: of the head, times: seconds."""
        pose = trunk(times, np.radians(angles), self._ctx.rng("trunk"))
        breathe(pose, times, self._ctx.rng("breath"))
        spine = pose[:, _SPINE_ROWS].reshape(len(pose), -1)
        self._spine = continued(spine, self._spine, first, self.fps, _HEAD_FADE, stop)
        pose[:, _SPINE_ROWS] = spine.reshape(-1, len(SPINE), 3)
        return pose
