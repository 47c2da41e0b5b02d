"""The inside of a mouth as frames and hosts show it: lower teeth that go with the jaw, a tongue that goes between the teeth.

The source's lower teeth fall half as far as lip and chin do, so that open lips show nothing else; its tongue hides them and
the throat, and goes out through them. What is moved here at rest rides on jawOpen, tongueOut and the jaw's joint.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from garrick.bodies.head import PARTS, Head
from garrick.core.arkit import ARKIT_INDEX

_TONGUE_SCALE = 0.93, 0.9  # across and along
_BLADE, _RISE = 0.016, 0.014  # metres: the tongue's front end, and how far its tip rises on its way out
_FALL = 1.3  # of the way that the source's lower teeth fall
_LOWER_TEETH = -0.003  # metres by which they, and their gums, are set lower: rounded and open lips hide them
_BEHIND_LIPS = 0.004  # metres from the back of the lips to the front teeth; the source's stand three times as far back


def mouth_offsets(head: Head, rest: np.ndarray) -> np.ndarray:
    """(V, 3) float32 metres by which the resting vertices (V, 3) of a head move; what is not in the mouth stays."""
    offsets = np.zeros(rest.shape, np.float32)
    inner = np.isin(head.vertex_parts, [PARTS.index(part) for part in ("teeth", "gums", "tongue")])
    front = rest[head.vertex_parts == PARTS.index("teeth"), 2].max()
    offsets[inner, 2] = max(0, rest[head.lips > 0, 2].min() - _BEHIND_LIPS - front)
    tongue = head.vertex_parts == PARTS.index("tongue")
    offsets[tongue] += _behind_teeth(rest[tongue])
    for part in ("teeth", "gums"):
        offsets[lower_half(head, part), 1] = _LOWER_TEETH
    return offsets


def with_mouth_that_speaks(head: Head) -> Head:
    """The head whose lower teeth fall as its chin does, and whose tongue goes out over them and under the upper ones."""
    basis = head.face_basis.copy()
    for part in ("teeth", "gums"):
        basis[ARKIT_INDEX["jawOpen"], lower_half(head, part), 1] *= np.float32(_FALL)
    tongue = np.flatnonzero(head.vertex_parts == PARTS.index("tongue"))
    along = head.template[tongue, 2]
    blade = np.clip((along - along.max() + _BLADE) / _BLADE, 0, 1)
    basis[ARKIT_INDEX["tongueOut"], tongue, 1] += (_RISE * blade).astype(np.float32)
    return replace(head, face_basis=basis)


def lower_half(head: Head, part: str) -> np.ndarray:
    """(n,) vertices of the lower jaw's "teeth" or "gums"."""
    both = np.flatnonzero(head.vertex_parts == PARTS.index(part))
    return both[len(both) // 2 :]  # the upper jaw's come first


def _behind_teeth(tongue: np.ndarray) -> np.ndarray:
    """(n, 3) offsets that make a tongue smaller."""
    root = tongue[:, 2].min()
    shorter, narrower = (_TONGUE_SCALE[1] - 1) * (tongue[:, 2] - root), (_TONGUE_SCALE[0] - 1) * tongue[:, 0]
    return np.column_stack([narrower, np.zeros(len(tongue)), shorter])
