"""The gestures that a plan can name. Pure data.

A gesture has McNeill's phases (Hand and Mind, 1992): the hands are prepared, the stroke carries the meaning and ends on
the word, they are held, and go back to rest.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Gesture:
    """before, stroke: stances of the arm (`arms.STANCES`) where the stroke starts and where it ends.

    shape:  of the hand at the stroke (`shapes.SHAPES`).    both: with both hands.
    lasts:  seconds of the stroke.    held: seconds for which its end is held at least.
    repeats: strokes back and forth after the first, as in a wave.
    placed: the stroke ends at a place of the body, or the hand forms a sign: amplitude does not change where.
    free:   the stroke means nothing but its beat, so it may go any way (`forms.Form.way`).
    """

    before: str
    stroke: str
    shape: str
    both: bool = False
    lasts: float = 0.2
    held: float = 0.15
    repeats: int = 0
    placed: bool = False
    free: bool = False


GESTURES: dict[str, Gesture] = {
    "beat": Gesture("lifted", "struck", "loose", lasts=0.16, held=0.08, free=True),
    "beat_both": Gesture("lifted", "struck", "loose", both=True, lasts=0.16, held=0.08, free=True),
    "precision_grip": Gesture("lifted", "struck", "pinch", lasts=0.16, held=0.1, free=True),
    "ok": Gesture("raise_low", "raise", "ok", lasts=0.24, held=0.5, placed=True),
    "open_palm": Gesture("offer_in", "offer", "loose", lasts=0.24, held=0.3),
    "open_palms": Gesture("offer_in", "offer", "loose", both=True, lasts=0.26, held=0.3),
    "open_arms": Gesture("gathered", "spread", "open", both=True, lasts=0.34, held=0.35),
    "point": Gesture("aim_low", "aim", "point", lasts=0.22, held=0.35, placed=True),
    "count_one": Gesture("raise_low", "raise", "one", lasts=0.22, held=0.45, placed=True),
    "count_two": Gesture("raise_low", "raise", "two", lasts=0.22, held=0.45, placed=True),
    "count_three": Gesture("raise_low", "raise", "three", lasts=0.22, held=0.45, placed=True),
    "count_four": Gesture("raise_low", "raise", "four", lasts=0.22, held=0.45, placed=True),
    "count_five": Gesture("raise_low", "raise", "open", lasts=0.22, held=0.45, placed=True),
    "fist": Gesture("raise_low", "struck", "fist", lasts=0.18, held=0.3),
    "thumb_up": Gesture("lifted", "shown", "thumb_up", lasts=0.24, held=0.6, placed=True),
    "stop": Gesture("halt_low", "halt", "flat", lasts=0.22, held=0.4, placed=True),
    "sweep": Gesture("across", "swept", "flat", lasts=0.3, held=0.15),
    "hand_on_chest": Gesture("to_chest", "on_chest", "loose", lasts=0.26, held=0.6, placed=True),
    "frame": Gesture("framed_in", "framed", "loose", both=True, lasts=0.24, held=0.4),
    "dismiss": Gesture("tossed_in", "tossed", "loose", lasts=0.26, held=0.2),
    "shrug": Gesture("shrug_low", "shrug", "open", both=True, lasts=0.3, held=0.35),
    "wave": Gesture("wave_in", "wave", "open", lasts=0.2, held=0.0, repeats=4, placed=True),
}
"""Name -> gesture. `[wave]` in a text asks for one by name."""

_WORDS: dict[str, str] = {
    "hand_on_chest": "i me my mine myself",
    "open_palm": "you your yours please offer give here",
    "point": "there look that this you'll",
    "open_arms": "all everything everyone everybody whole world big huge wide every always great",
    "shrug": "maybe perhaps whatever somehow unknown guess doubt dunno",
    "precision_grip": "exactly precisely small little tiny detail details exact point specific just",
    "sweep": "no not never none nothing nobody without don't can't won't",
    "stop": "stop wait halt enough",
    "frame": "problem thing things project part piece idea between size",
    "dismiss": "anyway nevermind forget past gone away",
    "fist": "must power strong fight win together",
    "wave": "hello hi goodbye bye hey welcome",
    "count_one": "one first firstly",
    "count_two": "two second secondly both",
    "count_three": "three third thirdly",
    "count_four": "four fourth",
    "count_five": "five fifth",
}
MEANT: dict[str, str] = {word: gesture for gesture, words in _WORDS.items() for word in words.split()}
"""English word in small letters -> the gesture that goes with it. A table of ours; no study stands behind its entries."""
