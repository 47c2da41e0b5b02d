"""What must hold on the finished face curves, whatever the blend, the expression or the gains made of them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from garrick.core.arkit import ARKIT_INDEX
from garrick.core.easing import smoothstep
from garrick.core.edits import SEAL_RAMP, pressed
from garrick.core.timing import frame_times, nearest_frame
from garrick.motion.lips import Lips
from garrick.motion.rules.visemes import BILABIALS, DENTALS, LABIODENTALS, SIBILANTS
from garrick.speech.speech import Phone

_HELD = (0.25, 0.45, 0.65)  # start, centre and end of the closure in a p, b or m, whose rest is its release
_TOOTHED_JAW, _HISSING_JAW, _TONGUE_JAW = 0.12, 0.06, 0.14  # jawOpen: at most on f and v, on s and the like; on th

_BITTEN = 0.0025, (0.0, 0.0008)  # metres that the upper lip, and the lower, are over the edge of the upper teeth: f, v
_LICKED = 0.001, (-0.007, -0.004)  # the same for th, whose tongue lies between the teeth
_TOOTHED_ROLL, _TONGUE_OUT = 0.7, 0.45  # mouthRollLower and tongueOut at least
_LENIS = 0.6  # of a th is left of its voiced one, the quick one of "the"

_JAW, _CLOSE = ARKIT_INDEX["jawOpen"], ARKIT_INDEX["mouthClose"]
_ROLL_LOWER, _TONGUE = ARKIT_INDEX["mouthRollLower"], ARKIT_INDEX["tongueOut"]
_FUNNEL = ARKIT_INDEX["mouthFunnel"]
_LOWER_DOWN = [ARKIT_INDEX["mouthLowerDownLeft"], ARKIT_INDEX["mouthLowerDownRight"]]


def obey_rules(face: np.ndarray, phones: Sequence[Phone], fps: Fraction, lips: Lips) -> np.ndarray:
    """(F, 52) -> (F, 52): what must hold on the finished curves, enforced."""
    face = show_tongue(face, phones, fps, lips)
    face = narrow_jaw(face, phones, fps)
    face = touch_teeth(face, phones, fps, lips)
    return close_lips(face, phones, fps, lips)


def close_lips(face: np.ndarray, phones: Sequence[Phone], fps: Fraction, lips: Lips) -> np.ndarray:
    """Force a full lip seal on every bilabial for at least one shown frame; neighbouring bilabials share one closure.

    face:   (F, 52) weights 0..1, ARKit order; returned anew.
    Source: JALI (Edwards et al. 2016), "bilabials must close the lips", "duplicated visemes merge".
    """
    seal = hold(closures(phones), len(face), fps)
    frames = np.flatnonzero(seal)
    if len(frames) == 0:
        return face.copy()
    shut = lips.closed(pressed(face[frames]))
    sealed = face.copy()
    amount = seal[frames, None]
    sealed[frames] = face[frames] * (1 - amount) + shut * amount
    return sealed


def touch_teeth(face: np.ndarray, phones: Sequence[Phone], fps: Fraction, lips: Lips) -> np.ndarray:
    """On f and v the lower lip rolls in and rises to the edge of the upper teeth, which show above it.

    face: (F, 52) weights 0..1; returned anew. Source: JALI, "labiodentals must touch the teeth".
    """
    amount = hold(_spans(phones, LABIODENTALS), len(face), fps)
    toothed = _narrowed(face[amount > 0], _TOOTHED_JAW)
    toothed[:, [*_LOWER_DOWN, _FUNNEL, _TONGUE]] = 0.0
    toothed[:, _ROLL_LOWER] = np.maximum(toothed[:, _ROLL_LOWER], _TOOTHED_ROLL)
    return _mixed(face, lips.around_teeth(toothed, *_BITTEN), amount)


def narrow_jaw(face: np.ndarray, phones: Sequence[Phone], fps: Fraction) -> np.ndarray:
    """The teeth come together on s z sh zh ch jh.

    face: (F, 52) weights 0..1; returned anew. Source: JALI, "sibilants narrow the jaw greatly".
    """
    amount = hold(_spans(phones, SIBILANTS), len(face), fps)
    return _mixed(face, _narrowed(face[amount > 0], _HISSING_JAW), amount)


def show_tongue(face: np.ndarray, phones: Sequence[Phone], fps: Fraction, lips: Lips) -> np.ndarray:
    """On th the tip of the tongue lies between the teeth, and lips leave it to be seen.

    face: (F, 52) weights 0..1; returned anew.
    """
    fortis, lenis = (hold(_spans(phones, frozenset({symbol})), len(face), fps) for symbol in DENTALS)
    amount = np.maximum(fortis, lenis * _LENIS)
    shown = _narrowed(face[amount > 0], _TONGUE_JAW)
    shown[:, [_FUNNEL, _ROLL_LOWER]] = 0.0
    shown[:, _JAW] = np.maximum(shown[:, _JAW], _TONGUE_JAW)
    shown[:, _TONGUE] = np.maximum(shown[:, _TONGUE], _TONGUE_OUT)
    return _mixed(face, lips.around_teeth(shown, *_LICKED), amount)


def _narrowed(face: np.ndarray, widest: float) -> np.ndarray:
    """(N, 52) -> (N, 52): jawOpen at most `widest`; mouthClose, which took back what is gone of it, falls with it."""
    narrowed = face.copy()
    narrowed[:, _JAW] = np.minimum(face[:, _JAW], widest)
    narrowed[:, _CLOSE] = np.maximum(face[:, _CLOSE] - (face[:, _JAW] - narrowed[:, _JAW]), 0.0)
    return narrowed


def _mixed(face: np.ndarray, held: np.ndarray, amount: np.ndarray) -> np.ndarray:
    """(F, 52) where (F,) amounts are above 0 on their way to (n, 52)."""
    mixed, frames = face.copy(), amount > 0
    mixed[frames] += (held - face[frames]) * amount[frames, None]
    return mixed


def closures(phones: Sequence[Phone]) -> np.ndarray:
    """(N, 3) seconds: start, centre and end of each lip closure; bilabials that follow each other make one."""
    found: list[list[float]] = []
    before: Phone | None = None
    for phone in phones:
        if phone.symbol in BILABIALS:
            start, centre, end = _closure(phone)
            if before is not None and before.symbol in BILABIALS:
                found[-1][2] = end
            else:
                found.append([start, centre, end])
        before = phone
    return np.array(found).reshape(-1, 3)


def _closure(phone: Phone) -> tuple[float, float, float]:
    start, centre, end = (phone.start + share * (phone.end - phone.start) for share in _HELD)
    return start, centre, end


def _spans(phones: Sequence[Phone], symbols: frozenset[str]) -> np.ndarray:
    """(N, 3) seconds: start, apex and end of the steady part of the phones named."""
    return np.array([_closure(phone) for phone in phones if phone.symbol in symbols]).reshape(-1, 3)


def hold(spans: np.ndarray, frames: int, fps: Fraction) -> np.ndarray:
    """(N, 3) start, centre, end -> (F,) 0..1: exactly 1 from start to end and on the frame nearest to each centre."""
    amount = np.zeros(frames)
    times = frame_times(frames, fps)
    ramp = max(SEAL_RAMP, 1.5 / float(fps))  # at least one and a half frames
    for start, centre, end in spans:
        nearest = min(max(nearest_frame(centre, fps), 0), frames - 1)
        start, end = min(start, times[nearest]), max(end, times[nearest])
        first, last = np.searchsorted(times, [start - ramp, end + ramp])
        away = np.maximum(np.maximum(start - times[first:last], times[first:last] - end), 0)
        amount[first:last] = np.maximum(amount[first:last], smoothstep(1 - away / ramp))
    return amount
