"""The inside of a mouth as frames and hosts show it: where the lower teeth stand and the tongue lies while it rests.

The source's lower teeth stand so high that open lips show nothing else, and its tongue hides them and the throat. What is
moved here rides on jawOpen, tongueOut and the jaw's joint as before: shapes and weights stay.
"""

from __future__ import annotations

import numpy as np

from garrick.bodies.head import PARTS, Head

_TONGUE_SCALE, _TONGUE_LENGTH, _TONGUE_DROP = (0.93, 0.9), 0.04, 0.002  # across and along; metres
_BEHIND_LIPS = 0.004  # metres from the back of the lips to the front teeth; the source's stand three times as far back
_LOWER_TEETH = -0.0045  # metres by which they, and their gums, are set lower: lips hide most of them


def mouth_offsets(head: Head, rest: np.ndarray) -> np.ndarray:
    """(V, 3) float32 metres by which the resting vertices (V, 3) of a head move; all but lower jaw and tongue stay."""
    offsets = np.zeros(rest.shape, np.float32)
    inner = np.isin(head.vertex_parts, [PARTS.index(part) for part in ("teeth", "gums", "tongue")])
    front = rest[head.vertex_parts == PARTS.index("teeth"), 2].max()
    offsets[inner, 2] = max(0, rest[head.lips > 0, 2].min() - _BEHIND_LIPS - front)
    tongue = head.vertex_parts == PARTS.index("tongue")
    offsets[tongue] += _behind_teeth(rest[tongue])
    for part in ("teeth", "gums"):
        both = np.flatnonzero(head.vertex_parts == PARTS.index(part))
        offsets[both[len(both) // 2 :], 1] = _LOWER_TEETH  # the upper jaw's come first
    return offsets


def _behind_teeth(tongue: np.ndarray) -> np.ndarray:
    """(n, 3) offsets that make a tongue smaller and lay it down."""
    root = tongue[:, 2].min()
    forward = np.clip((tongue[:, 2] - root) / _TONGUE_LENGTH, 0, 1)
    shorter, narrower = (_TONGUE_SCALE[1] - 1) * (tongue[:, 2] - root), (_TONGUE_SCALE[0] - 1) * tongue[:, 0]
    return np.column_stack([narrower, -_TONGUE_DROP * forward, shorter])
