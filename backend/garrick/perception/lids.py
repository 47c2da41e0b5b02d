"""Reads blinks and widened eyes: where the skin around an eye looks most as it does at rest, carried along by its lids.

Landmark nets round lids off: of a widened eye they show a third, of a blink two. Shades (see `skin`) show lids where they
lie, but one step towards them is not enough, as lids move by more than their lashes are thick: all openings are tried.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from garrick.bodies.blink import LIDS
from garrick.bodies.head import PARTS, Head
from garrick.core.arkit import ARKIT_INDEX
from garrick.perception.course import course_at, facing, learn_course
from garrick.perception.crop import Square
from garrick.perception.fit import State
from garrick.perception.skin import Skin

BLINKS = (ARKIT_INDEX["eyeBlinkLeft"], ARKIT_INDEX["eyeBlinkRight"])
WIDES = (ARKIT_INDEX["eyeWideLeft"], ARKIT_INDEX["eyeWideRight"])
_REACH = 0.008  # metres from a lid within which skin counts
_TRIED = np.linspace(-1, 1, 21)  # weights: of eyeWide below 0, else of eyeBlink
_SHUT, _WIDE = 0.12, 1.15  # opening of a shut and a wide eye over one at rest, as the net sees it
_NET = 0.07  # cost of leaving the net's word by a weight of 1, of leaving the shades so far as usual ones lie: 0.1
_FAR = 0.6  # of a weight: no landmark's word counts further
_LEAST = 0.7  # cost of a lid that is less shut than the net says, which sees half of what there is
_WORST = 1.5  # of a shade
_AWAKE, _SHUTTING = 0.3, 0.5  # of a blink: below lids go with the eyes, above they blink
_USUAL = 0.08  # of a weight: how near lids keep to their course
_COURSE = 0.15  # of a weight: no course goes further, as who squints all the time would be awake
_TREMBLE = 0.08  # of a weight: what is wide by less is not


@dataclass(frozen=True)
class Lids:
    """The skin around one person's left and right eye.

    skins:  with the shades that it has at rest.    usual: (2,) how far shades at rest lie from them.
    course: (2, 6) of what is read, with `look_features`.
    """

    skins: tuple[Skin, Skin]
    usual: np.ndarray
    course: np.ndarray

    @classmethod
    def of(
        cls,
        head: Head,
        identity: np.ndarray,
        offsets: np.ndarray,
        frames: Sequence[tuple[State, Square, np.ndarray]],
        intrinsics: np.ndarray,
    ) -> Lids:
        """Of a person in calm frames.    identity, offsets: as for `Skin.of`.    frames: as for `Skin.learnt`."""
        vertices = head.vertices(identity.astype(np.float32))
        marks = head.landmarks(vertices)
        skin = np.unique(head.quads[head.quad_parts == PARTS.index("skin")])
        at_rest = [(_bare(state), square, picture) for state, square, picture in frames]
        skins, usual = [], []
        for eye, lids in enumerate(LIDS):
            near = np.linalg.norm(vertices[skin][:, None] - marks[list(lids)], axis=2).min(axis=1) < _REACH
            learnt = Skin.at(head, identity, offsets, skin[near]).learnt(at_rest, intrinsics)
            skins.append(learnt)
            usual.append(np.median([_apart(learnt, eye, *frame, intrinsics, np.zeros(1))[0] for frame in at_rest]))
        return cls((skins[0], skins[1]), np.maximum(usual, 1e-3), np.zeros((2, 6)))

    def read(
        self, state: State, open_by: np.ndarray, square: Square, picture: np.ndarray, intrinsics: np.ndarray
    ) -> np.ndarray:
        """(2,) -1 for a wide eye to 1 for a shut one, left and right.

        open_by: (2,) opening over the fitted one of a head that neither blinks nor widens its eyes, by landmarks.
        """
        state = _bare(state)
        by_net = np.where(open_by < 1, (1 - open_by) / (1 - _SHUT), (1 - open_by) / (_WIDE - 1))
        found = np.empty(2)
        for eye, (skin, usual) in enumerate(zip(self.skins, self.usual, strict=True)):
            cost = 0.1 / usual * _apart(skin, eye, state, square, picture, intrinsics, _TRIED)
            cost += _NET * np.minimum(np.abs(_TRIED - by_net[eye]), _FAR) ** 2
            cost += _LEAST * np.clip(min(by_net[eye], 1) - np.maximum(_TRIED, 0), 0, None) ** 2
            found[eye] = _lowest(cost)
        return found

    def with_usual(self, shut: np.ndarray, looks: np.ndarray) -> Lids:
        """With the course that this person's lids take as eyes and head turn, wide open and shut ones left out.

        shut: (F, 2) as read.    looks: (F, 5) `look_features`.
        """
        return replace(self, course=learn_course(shut, looks, shut < _AWAKE, _USUAL))

    def beyond_usual(self, shut: np.ndarray, looks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(F, 2) weights of blinks and of widened eyes, by which lids leave their course; arguments as above."""
        shut = shut - course_at(self.course, looks, _COURSE) * np.clip((_SHUTTING - shut) / (_SHUTTING - _AWAKE), 0, 1)
        return np.clip(shut, 0, 1), np.clip((-shut - _TREMBLE) / (1 - _TREMBLE), 0, 1)


def look_features(gaze: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """(5,) of the eyes' yaw and pitch (2,), radians, and where the face points, turn (3, 3): what lids go with."""
    return np.array([*gaze, *facing(turn)])


def _bare(state: State) -> State:
    """The same without blinks and widened eyes."""
    face = state.face.copy()
    face[[*BLINKS, *WIDES]] = 0
    return replace(state, face=face)


def _apart(
    skin: Skin, eye: int, state: State, square: Square, picture: np.ndarray, intrinsics: np.ndarray, tried: np.ndarray
) -> np.ndarray:
    """(T,) mean difference of shades for each opening that is tried (T,)."""
    moves = np.maximum(tried, 0)[:, None, None] * skin.basis[:, :, BLINKS[eye]].T
    moves = moves + np.maximum(-tried, 0)[:, None, None] * skin.basis[:, :, WIDES[eye]].T
    return skin.apart(state, square, picture, intrinsics, moves, _WORST)


def _lowest(cost: np.ndarray) -> float:
    """Where a parabola through the lowest of `_TRIED` and its neighbours is lowest."""
    best = int(np.argmin(cost))
    if best in (0, len(cost) - 1):
        return float(_TRIED[best])
    x, y = _TRIED[best - 1 : best + 2], cost[best - 1 : best + 2]
    bend, slope, _ = np.polyfit(x, y, 2)
    return float(np.clip(-slope / (2 * bend), x[0], x[2])) if bend > 0 else float(x[1])
