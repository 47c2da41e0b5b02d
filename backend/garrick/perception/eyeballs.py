"""Where a pair of eyes looks: the irises in the picture, laid on the fitted head's eyeballs, give one line of sight.

Two eyes look at one thing, so they share what they say. Each alone is off by a few degrees: a line of sight leaves the
eye beside the iris's axis (angle kappa), and sockets are fitted to a millimetre, which is five degrees. Who squints is
read as looking where both eyes look on average.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from garrick.bodies.blink import LIDS
from garrick.bodies.head import Head
from garrick.perception.iris import IRISES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from garrick.perception.fit import State

_OUTWARD = np.radians(8.0)  # yaw of an iris's axis from the line of sight: kappa (5) and our sockets; of 33 portraits
_SOCKET = 1.2e-3  # metres by which an eyeball lies elsewhere than fitted
_EDGE = 0.6e-3  # metres by which a wholly seen iris is misplaced
_NEAREST = 0.3  # metres to what eyes look at
_MOST = 0.6  # radians that an eye turns


@dataclass(frozen=True)
class Eyeballs:
    """The eyes of one person.

    centres: (2, 3) metres from the neck joint, left and right, in the head's axes.    radii: (2,) metres.
    aside:   (2, 2) yaw and pitch, radians, of each iris's axis from the line of sight.
    """

    centres: np.ndarray
    radii: np.ndarray
    aside: np.ndarray

    @classmethod
    def of(cls, head: Head, identity: np.ndarray) -> Eyeballs:
        """Of a fitted head, aside as most people's; identity: (B,)."""
        identity = identity.astype(np.float32)
        joints = head.joints(identity).astype(np.float64)
        vertices = head.vertices(identity)
        reach = [np.linalg.norm(vertices[head.weights[:, eye] > 0] - joints[eye], axis=1).mean() for eye in (3, 4)]
        return cls(joints[3:5] - joints[1], np.array(reach), np.array([[_OUTWARD, 0.0], [-_OUTWARD, 0.0]]))

    def learnt(
        self, offsets: np.ndarray, frames: Sequence[tuple[State, np.ndarray]], intrinsics: np.ndarray
    ) -> Eyeballs:
        """In the sockets of one person, and with the aside that this person's eyes show.

        offsets: (468, 3) metres by which the landmarks lie elsewhere than identity says; eyeballs lie behind their lids.
        frames:  states and landmarks (478, 2).
        """
        moved = replace(self, centres=self.centres + [offsets[list(lids)].mean(axis=0) for lids in LIDS])
        still = np.zeros((2, 2))
        axes = [moved._axes(state, still, points, intrinsics)[0] - moved._inward(state) for state, points in frames]
        apart = np.median([left - right for left, right in axes], axis=0) / 2
        return replace(moved, aside=np.stack([apart, -apart]))

    def gaze(self, state: State, missed: np.ndarray, landmarks: np.ndarray, intrinsics: np.ndarray) -> np.ndarray:
        """(2, 2) yaw and pitch of the left and right eye against the head, radians, towards one point.

        How far it lies cannot be seen: it is taken to be as far as the camera. An eye counts as it is seen.
        missed: (2, 2) pixels by which each eyeball lies elsewhere in the picture than the fitted head says.
        """
        axes, spread = self._axes(state, missed, landmarks, intrinsics)
        inward = self._inward(state)
        sight = np.average(axes - self.aside - inward, axis=0, weights=1 / spread**2)
        return np.clip(sight + inward, -_MOST, _MOST)

    def _axes(
        self, state: State, missed: np.ndarray, landmarks: np.ndarray, intrinsics: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """(2, 2) yaw and pitch of each iris's axis, the ray through it meeting the eyeball, and (2,) radians of doubt."""
        axes, spread = np.zeros((2, 2)), np.zeros(2)
        for side, iris in enumerate(IRISES):
            centre = (state.turn @ self.centres[side]) * (1, -1, -1) + state.shift
            ray = np.linalg.solve(intrinsics, np.append(landmarks[iris][0] - missed[side], 1))
            ray /= np.linalg.norm(ray)
            along = ray @ centre
            inside = self.radii[side] ** 2 - (centre @ centre - along**2)
            hit = ray * (along - np.sqrt(max(inside, 0.0)))
            outward = (hit - centre) / np.linalg.norm(hit - centre)
            axis = state.turn.T @ (outward * (1, -1, -1))
            axes[side] = np.arctan2(axis[0], axis[2]), np.arcsin(np.clip(axis[1], -1, 1))
            slant = max(float(-outward @ ray), 0.2)  # of the iris against the view
            edge = _EDGE / _share(landmarks[list(LIDS[side])], landmarks[iris])
            spread[side] = np.hypot(_SOCKET, edge) / (self.radii[side] * slant)
        return axes, spread

    def _inward(self, state: State) -> np.ndarray:
        """(2, 2) by which eyes turn towards each other to meet as far away as the camera is."""
        between = (state.turn @ self.centres.mean(axis=0)) * (1, -1, -1) + state.shift
        half = np.linalg.norm(self.centres[0] - self.centres[1]) / 2
        turn = np.arctan2(half, max(float(np.linalg.norm(between)), _NEAREST))
        return np.array([[-turn, 0.0], [turn, 0.0]])


def _share(loop: np.ndarray, iris: np.ndarray) -> float:
    """How much of an iris (5, 2) lids (16, 2) leave open, 0.1 to 1."""
    along = loop[8] - loop[0]
    across = np.array([-along[1], along[0]]) / max(float(np.linalg.norm(along)), 1e-9)
    opening = abs(float(((loop[3:6] - loop[13:10:-1]) @ across).mean()))
    wide = 2 * float(np.linalg.norm(iris[1:] - iris[0], axis=1).mean())
    return float(np.clip(opening / max(wide, 1e-9), 0.1, 1))
