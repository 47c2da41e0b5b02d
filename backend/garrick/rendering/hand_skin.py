"""The skin of arms and hands, painted from where joints, bones and nails are: nothing of it is a picture of a hand.

A hand is the tone that the photo shows with what hands have besides: paler palms with their lines and red mounds, knuckles
that are darker and wrinkled, creases where fingers bend, redder tips, nails, veins on the back, and mottling all over.
"""

from __future__ import annotations

from binascii import crc32
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from scipy.ndimage import map_coordinates

from garrick.bodies.body import Figure
from garrick.core.easing import smoothstep

_PALE = np.array([1.0, 0.78, 0.70])  # what palms of any skin tend to, of its own brightness or this:
_PALEST = 0.6
_BLOOD = np.array([1.03, 0.91, 0.90])  # times the skin, where more of it shows through: tips, mounds, mottling
_KNUCKLE = np.array([0.95, 0.86, 0.83])
_CREASE = np.array(
    [0.11, 0.18, 0.18]
)  # of each colour's light, that a crease takes; the light that is left in it is red
_VEIN = np.array([0.97, 0.99, 0.99])
_NAIL, _EDGE, _CUTICLE = np.array([1.07, 0.97, 0.98]), np.array([1.02, 1.06, 1.08]), np.array([0.88, 0.80, 0.78])
_REACHES = (0.011, 0.009, 0.007)  # metres about the three joints of a finger where the skin of a knuckle is
_STEPS = 4  # of an identity's standard deviation: what two fits of one face are alike in
_PALM_SPREAD = 0.0028  # metres, standard deviation of where the lines of palms run
_WRIST = (1.72, 2.1)  # over which an arm's tone goes over into a hand's


@dataclass(frozen=True)
class HandTraits:
    """How the hands of one person differ from another's.

    offset: (3,) metres: which part of the noise is theirs: mottling, veins, fine lines.
    creased, wrinkled, knuckled, veined, mottled: factors of how strong each is, 1 typically.
    nail:   how far a nail's free edge is grown, 0..1.    square: how broad and square nails are, 0..1.
    palm:   (3, 4, 2) metres by which the palm's three lines run elsewhere.
    """

    offset: np.ndarray
    creased: float
    wrinkled: float
    knuckled: float
    veined: float
    mottled: float
    nail: float
    square: float
    palm: np.ndarray


def hand_traits(identity: np.ndarray) -> HandTraits:
    """Drawn by chance, always the same for an identity (B,) in standard deviations: a face tells nothing of them."""
    steps = np.round(np.asarray(identity, np.float64) * _STEPS).astype(np.int8)
    rng = np.random.default_rng(crc32(steps.tobytes()))
    creased, wrinkled, knuckled, veined, mottled = np.exp(rng.uniform(-1, 1, 5) * (0.35, 0.45, 0.5, 0.6, 0.4))
    return HandTraits(
        offset=rng.uniform(0, 1, 3),
        creased=creased,
        wrinkled=wrinkled,
        knuckled=knuckled,
        veined=veined,
        mottled=mottled,
        nail=float(rng.uniform()),
        square=float(rng.uniform()),
        palm=np.clip(rng.normal(0, _PALM_SPREAD, (3, 4, 2)), -2 * _PALM_SPREAD, 2 * _PALM_SPREAD),
    )


def paint_skin(
    skin: np.ndarray,
    arm: np.ndarray,
    traits: HandTraits,
    figure: Figure,
    place: np.ndarray,
    normal: np.ndarray,
    reach: np.ndarray,
) -> np.ndarray:
    """(n, 3) sRGB of points of the right arm and hand at rest.

    skin, arm: (3,) sRGB, 0..1, of hands and of arms above them.    place, normal: (n, 3).
    reach: (n,) 1 at the elbow, 2 at the wrist, above on the hand.
    """
    hand, joints = figure.hands[1], figure.hand_joints[1].astype(np.float64)
    tips = figure.rest[figure.parts[3]][hand.tips]
    on_hand = np.clip((reach - 1.9) / 0.1, 0, 1)[:, None]
    light = float(skin.max())
    own = place + traits.offset  # for noise
    shaken = place + 0.0007 * np.column_stack([noise(own * 300 + 9 * axis, 21 + axis) for axis in range(3)])
    low, high = _WRIST
    tone = arm + (skin - arm) * smoothstep((reach - low) / (high - low)).astype(np.float64)[:, None]
    colour = tone.copy()
    back, nearest = normal[:, 1].astype(np.float64), np.full(len(place), 0.014)
    creased, knuckled, tipped = (np.zeros(len(place)) for _ in range(3))
    nail, lunula, edge, cuticle = (np.zeros(len(place)) for _ in range(4))
    for row in range(1, 16):
        number = (row - 1) % 3
        start, end = joints[row], (tips[(row - 1) // 3] if number == 2 else joints[row + 1])
        length = float(np.linalg.norm(end - start))
        bone, dorsal = (end - start) / length, hand.axes[row - 1, 1]
        close_by = np.flatnonzero(np.abs(shaken - (start + end) / 2).max(axis=1) < length / 2 + 0.022)
        away, up = shaken[close_by] - start, normal[close_by] @ dorsal
        along = away @ bone
        off = np.linalg.norm(away - np.clip(along, 0, length)[:, None] * bone, axis=1)
        mine = close_by[off < nearest[close_by]]
        back[mine], nearest[mine] = up[off < nearest[close_by]], off[off < nearest[close_by]]
        above, below = np.clip(up + 0.2, 0, 1), np.clip(-up + 0.15, 0, 1)
        close = np.clip((0.0135 - off) / 0.002, 0, 1)
        loose = np.exp(-((np.linalg.norm(away, axis=1) / _REACHES[number]) ** 2)) * above
        knuckled[close_by] = np.maximum(knuckled[close_by], loose)
        if number:
            folds = traits.wrinkled * _wrinkles(along, own[close_by])
            lines = np.maximum(folds * above, _bent(along, number, own[close_by]) * below)
        else:  # fingers also bend where they leave the palm, half a bone up
            lines = 0.8 * _line(along - 0.52 * length, 0.0007) * below * (row < 13)
        creased[close_by] = np.maximum(creased[close_by], lines * close)
        if number == 2:
            tip = np.clip((along / length - 0.3) / 0.6, 0, 1) * close
            tipped[close_by] = np.maximum(tipped[close_by], tip)
            side, high = away @ hand.axes[row - 1, 0], away @ dorsal
            parts = _nail(along / length, side / 0.0062, (high > 0.0012) & (off < 0.011) & (up > 0.1), traits)
            for found, part in zip((nail, lunula, edge, cuticle), parts, strict=True):
                found[close_by] = np.maximum(found[close_by], part)
    palm = smoothstep(0.5 - 1.2 * back)
    paler = 0.15 + 0.45 * (1 - light)  # palms hold little pigment, whatever the rest of the skin does
    colour = colour + (_PALE * max(light, _PALEST) - colour) * (paler * palm)[:, None]
    lines, mounds = np.zeros(len(place)), np.zeros(len(place))
    inside = np.flatnonzero((palm > 0) & (on_hand[:, 0] > 0))
    lines[inside], mounds[inside] = _palm(joints, shaken[inside], own[inside], traits.palm)
    creased = traits.creased * np.maximum(creased, lines * palm)
    mottled = traits.mottled * (0.30 * noise(own * 75, 3) + 0.22 * noise(own * 190, 5))
    blood = 0.45 * tipped + 0.45 * mounds * palm + mottled
    veins = traits.veined * _ridges(own * 42 + 0.35 * noise(own * 60, 8)[:, None], 17)
    veins *= np.clip(back, 0, 1) * np.clip((reach - 1.6) / 0.3, 0, 1) * (1 - knuckled) * np.clip(1 - tipped, 0, 1)
    colour = _times(colour, _KNUCKLE, np.minimum(traits.knuckled * knuckled, 1.6) * (1 - nail))
    colour = _times(colour, _VEIN, veins)
    colour = _times(colour, _BLOOD, np.clip(blood, -0.7, 1.2))
    grain = 0.018 * noise(own * 700, 11) + 0.014 * noise(own * 1500, 13)
    colour = colour * (1 - _CREASE * (creased * (1 - nail))[:, None]) * (1 + grain * (1 - 0.8 * nail))[:, None]
    bed = skin * _NAIL * 0.84 + 0.09 * _PALE * light
    colour = colour + (np.clip(bed, 0, 1) - colour) * nail[:, None]
    colour = _times(colour, np.array([1.04, 1.06, 1.06]), lunula)
    colour = _times(_times(colour, _EDGE, edge), _CUTICLE, cuticle)
    above = tone * (1 + 0.020 * noise(own * 60, 3) + 0.012 * noise(own * 700, 11))[:, None]
    above = _times(above, _BLOOD, 0.35 * noise(own * 45, 19) + 0.5 * np.exp(-(((reach - 1.0) / 0.09) ** 2)))
    above = _times(above, _VEIN, veins)
    return above * (1 - on_hand) + colour * on_hand


def _times(colour: np.ndarray, factor: np.ndarray, share: np.ndarray) -> np.ndarray:
    return colour * (1 + (factor - 1) * share[:, None])


def _line(off: np.ndarray, width: float) -> np.ndarray:
    """(n,) 0..1: a crease, deep in the middle and soft to both sides."""
    return 0.7 * np.exp(-((off / width) ** 2)) + 0.3 * np.exp(-((off / (3 * width)) ** 2))


def _wrinkles(along: np.ndarray, own: np.ndarray) -> np.ndarray:
    """(n,) 0..1: the loose skin over a knuckle, a few uneven folds across the finger."""
    at = along + 0.0009 * noise(own * 160, 23)
    folds = np.clip(np.cos(at * (2 * np.pi / 0.0027)), 0, 1) ** 3
    return 0.42 * folds * np.exp(-((along / 0.0050) ** 2)) * (0.6 + 0.4 * noise(own * 230, 29))


def _bent(along: np.ndarray, number: int, own: np.ndarray) -> np.ndarray:
    """(n,) 0..1: where a finger bends: two creases at its middle joint, one at its last."""
    if number == 2:
        return 0.75 * _line(along, 0.0006)
    apart = 0.0012 + 0.0005 * noise(own * 120, 31)
    return np.maximum(0.8 * _line(along - apart, 0.0006), 0.6 * _line(along + apart, 0.0005))


def _nail(
    along: np.ndarray, aside: np.ndarray, above: np.ndarray, traits: HandTraits
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(n,) 0..1 each: nail, its moon, its free edge and the fold of skin around it.

    along: 0..1 of the last bone.    aside: -1..1 across the nail.    above: (n,) bool.
    """
    centre = (along - 0.71 - 0.02 * traits.nail) / (0.25 + 0.035 * traits.nail)
    out = np.abs(centre) ** (2.6 + 1.2 * traits.square) + np.abs(aside / (0.92 + 0.12 * traits.square)) ** 4
    nail = np.clip((1 - out) * 4, 0, 1) * above
    lunula = nail * np.clip(1 - ((centre + 0.85) / 0.38) ** 2 - aside**2, 0, 1)
    edge = nail * np.clip((centre - 0.86 + 0.34 * traits.nail) / 0.12, 0, 1)
    around = np.exp(-(((out - 1.12) / 0.22) ** 2)) * above * np.clip(0.9 - centre, 0, 1)
    return nail, lunula, edge, around * (1 - nail)


def _palm(joints: np.ndarray, place: np.ndarray, own: np.ndarray, moved: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n,) 0..1 each: the lines of a palm, three large and finer ones, and how much a place is of its mounds."""
    wrist, index, middle, pinky, ring, thumb = (joints[row] for row in (0, 1, 4, 7, 10, 13))

    def toward(start: np.ndarray, end: np.ndarray, share: float) -> np.ndarray:
        return start + share * (end - start)

    radial = (index - pinky) / np.linalg.norm(index - pinky)
    heart = [toward(pinky, wrist, 0.20) - 0.008 * radial, toward(ring, wrist, 0.22), toward(middle, wrist, 0.16),
             toward(toward(index, middle, 0.5), wrist, 0.04)]  # fmt: skip
    head = [toward(index, wrist, 0.24) + 0.010 * radial, toward(middle, wrist, 0.33), toward(ring, wrist, 0.44),
            toward(pinky, wrist, 0.55)]  # fmt: skip
    life = [toward(index, wrist, 0.26) + 0.010 * radial, toward(middle, wrist, 0.42) + 0.008 * radial,
            toward(toward(middle, wrist, 0.66), thumb, 0.16), toward(toward(middle, wrist, 0.90), thumb, 0.22)]  # fmt: skip
    flat = place[:, [0, 2]] + 0.0011 * np.column_stack([noise(own * 110, 37), noise(own * 110, 41)])
    found = np.zeros(len(place))
    for line, away, depth in zip((heart, head, life), moved, (0.85, 0.75, 0.85), strict=True):
        points = _rounded(np.array(line)[:, [0, 2]] + away)
        for number, (start, end) in enumerate(pairwise(points)):
            step = end - start
            share = np.clip((flat - start) @ step / (step @ step), 0, 1)
            off = np.linalg.norm(flat - start - share[:, None] * step, axis=1)
            done = (number + share) / (len(points) - 1)
            strong = depth * np.clip(3.5 * done * (1 - done) + 0.15, 0, 1)
            found = np.maximum(found, strong * _line(off, 0.0008))
    fine = _ridges(own * 95, 43) * np.clip(0.5 + noise(own * 30, 47), 0, 1)
    mounds = [np.exp(-((np.linalg.norm(flat - centre[[0, 2]], axis=1) / size) ** 2)) for centre, size in (
        (toward(thumb, wrist, 0.2), 0.020), (toward(pinky, wrist, 0.62) - 0.004 * radial, 0.020),
        *((toward(knuckle, wrist, 0.02), 0.009) for knuckle in (index, middle, ring, pinky)),
    )]  # fmt: skip
    return np.maximum(found, 0.16 * fine), np.max(mounds, axis=0)


def _rounded(points: np.ndarray) -> np.ndarray:
    """A polyline with its corners cut twice (Chaikin 1974), its ends where they are."""
    for _ in range(2):
        first, second = 0.75 * points[:-1] + 0.25 * points[1:], 0.25 * points[:-1] + 0.75 * points[1:]
        points = np.concatenate([points[:1], np.stack([first, second], axis=1).reshape(-1, 2), points[-1:]])
    return points


def _ridges(at: np.ndarray, seed: int) -> np.ndarray:
    """(n,) 0..1: thin winding lines, where smooth noise passes zero."""
    return np.exp(-((noise(at, seed) / 0.10) ** 2))


def noise(at: np.ndarray, seed: int) -> np.ndarray:
    """(n,) about -1..1: smooth noise at (n, 3) points, one bump a unit."""
    cell = np.floor(at)
    part = at - cell
    smooth = cell + part * part * (3 - 2 * part)
    return 1.4 * map_coordinates(_grid(seed), smooth.T, order=1, mode="grid-wrap")


@lru_cache(maxsize=64)
def _grid(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (16, 16, 16)).astype(np.float32)
