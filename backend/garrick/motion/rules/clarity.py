"""How clearly somebody articulates from one moment to the next: more here, less there, each part of the mouth by itself.

Speakers go to and fro between clear and slack (Lindblom 1990, the H&H theory), jaw and lips each for themselves, which is
what JALI's two axes are (Edwards et al. 2016). In speech three in four open the right side of the mouth more (Graves,
Goodglass and Landis 1982). How far the tongue comes out on th is a habit too: nearly all Californians show its tip, one in
ten of the British does (Ladefoged and Maddieson 1996, chapter 5). The amounts are ours.
"""

from __future__ import annotations

import numpy as np

from garrick.core.arkit import ARKIT_INDEX
from garrick.core.groups import GROUPS
from garrick.motion.rules.wander import wander


def _named(*starts: str) -> list[int]:
    return [column for name, column in ARKIT_INDEX.items() if name.startswith(starts)]


_ROUND, _SPREAD = _named("mouthFunnel", "mouthPucker"), _named("mouthSmile", "mouthStretch", "mouthDimple")
_PARTS: tuple[tuple[list[int], float], ...] = (
    (list(GROUPS["jaw"].face), 0.25),
    (_ROUND, 0.4),
    (_SPREAD, 0.5),
    ([column for column in GROUPS["lower_face"].face if column not in (*_ROUND, *_SPREAD)], 0.4),
    (list(GROUPS["tongue"].face), 0.4),
)
"""Parts of the mouth, and by how much at most each varies, of what it does on average."""
_TONGUE_HABIT = (0.9, 1.45)  # of a speaker
_LEAN, _LEANS, _LEANS_MOST = 0.06, 0.09, 0.2  # to the right: mean and deviation over speakers, and at most
_LEFT, _RIGHT = (
    [
        row
        for name, row in ARKIT_INDEX.items()
        if name.startswith("mouth") and name.endswith(side) and name != f"mouth{side}"
    ]
    for side in ("Left", "Right")
)


def vary_clarity(face: np.ndarray, rest: np.ndarray, times: np.ndarray, rng: np.random.Generator) -> None:
    """Change how far jaw, lips and tongue of (F, 52) `face` are from where they are in the (52,) face at rest.

    times: (F,) seconds; the same at a second whichever part of a clip is made. A mouth at rest stays so.
    """
    lean = np.clip(rng.normal(_LEAN, _LEANS), -_LEANS_MOST, _LEANS_MOST)
    gains = np.ones((len(times), face.shape[1]))
    gains[:, GROUPS["tongue"].face] = rng.uniform(*_TONGUE_HABIT)
    gains[:, _LEFT] -= lean
    gains[:, _RIGHT] += lean
    moods = np.tanh(wander(times, len(_PARTS), rng) / 2)
    for (columns, most), mood in zip(_PARTS, moods.T, strict=True):
        gains[:, columns] *= 1 + most * mood[:, None]
    face += (face - rest) * (gains - 1)
