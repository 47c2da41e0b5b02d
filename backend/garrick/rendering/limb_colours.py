"""What arms and hands look like on one portrait: skin of the face and cloth of the shoulders, baked into one picture.

A hand is the face's skin with what hands have besides: paler palms, pinker tips and nails, darker knuckles and creases. A
sleeve is the cloth that the photo shows at the shoulder; where it shows skin there, the arm is bare.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from scipy.ndimage import map_coordinates

from garrick.bodies.body import Figure
from garrick.core.performance import BODY_JOINTS
from garrick.perception.own_arms import SIDES, OwnArms
from garrick.perception.portrait import Portrait
from garrick.rendering.layers import fill_holes
from garrick.rendering.rasterise import NOTHING, rasterise

LONG_SLEEVE = 1.93  # where one ends that the photo does not show: see `Look.cuff`
_CHEEK = 50  # landmark
_SKIN_LIKE = 8.5  # CIELAB distance, lightness counting a quarter, up to which a patch is taken for the face's skin
_LIT, _OPEN = 74, 0.65  # percentile and quantile: half a face and half a shoulder lie in their own shade
_SHOULDER = (0.0, 0.55, 0.65)  # the way that what is seen of shoulders looks, less than one as they are round
_FORESHORTENED = 0.55  # of the upper arm's length
_ELBOW, _ROLLED = 0.25, 0.24  # widths of the shoulders around an elbow; share of cloth there, by fourteen photos
_CHEST_PATCH, _BELOW_SHOULDER = 0.05, 0.14  # widths of the shoulders
_PATCH, _CHEEK_PATCH, _CLOTH_PATCH = 0.010, 0.028, 0.050  # metres: side of what is looked at
_SKIN_DETAIL, _CLOTH_DETAIL = 0.03, 0.10  # how far a detail may differ from its surroundings
_PALE = np.array([0.86, 0.67, 0.60])  # what palms of any skin tend to
_TIP, _NAIL, _KNUCKLE = np.array([1.0, 0.94, 0.94]), np.array([1.06, 0.99, 1.0]), np.array([0.95, 0.87, 0.85])
_CREASE, _LINE, _FOLD = 0.12, 0.08, 0.06  # of the light


@dataclass(frozen=True)
class Look:
    """What was read off the photo.

    skin, cloth: (3,) float32 sRGB, 0..1.    skin_detail, cloth_detail: (n, n) float32 factors about 1.
    pixel: metres on the person that one pixel of the photo, and so of a detail, shows.
    cuff:  where the sleeve ends: 0 at the shoulder (the arm is bare), 1 at the elbow, 2 at the wrist.
    """

    skin: np.ndarray
    cloth: np.ndarray
    skin_detail: np.ndarray
    cloth_detail: np.ndarray
    pixel: float
    cuff: float


def look_of(portrait: Portrait, figure: Figure, face: np.ndarray, own: OwnArms | None = None) -> Look:
    """Read it off the photo.

    face: (H, W) bool where it shows bare skin of the face well.    own: its arms; they are taken to hang where unknown.
    """
    photo = portrait.image.astype(np.float32) / 255
    skin = np.percentile(photo[face], _LIT, axis=0)
    pixel = float(portrait.camera.world_to_camera[2, 3] / portrait.camera.intrinsics[1, 1])
    cloth, cuff, there, covered = skin, 0.0, None, []
    arms = _seen_arms(portrait, figure, own, photo, pixel)
    chest = None if own is None else _chest(photo, own)
    plain = chest is None or _distance(chest, skin) < _SKIN_LIKE / 2

    def clothed(colour: np.ndarray) -> bool:
        away = _distance(colour, skin)
        return away > (_SKIN_LIKE if plain or chest is None else _distance(colour, chest))

    seen = [(share, colour, point, clothed(colour)) for arm in arms for share, colour, point in arm]
    if np.mean([covers for share, _, _, covers in seen if share < 0.3] or [True]) > 0.5:
        cuff = min(_sleeve_end([(share, clothed(colour)) for share, colour, _ in arm]) for arm in arms)
        if (
            own is not None
            and chest is not None
            and not plain
            and _covers_elbows(photo, portrait.alpha, own, skin, chest)
        ):
            cuff = LONG_SLEEVE
        covered = [entry for entry in seen if entry[3]]
    if covered:
        upper = [colour for share, colour, _, _ in covered if share < 0.5] or [colour for _, colour, _, _ in covered]
        upper.sort(key=lambda colour: float(colour.sum()))
        shoulder = np.clip(np.array([1, *_SHOULDER]) @ portrait.light.mean(axis=1), 0.7, 1.6)
        cloth = upper[int(_OPEN * len(upper))]
        there = min(covered, key=lambda entry: float(np.abs(entry[1] - cloth).sum()))[2]
        if chest is not None and not plain:  # a sleeve stands in shade, and the light on another is another
            cloth = chest
        cloth = cloth / shoulder ** (1 / 4.4)  # half the stops, as the shading of the head
    even = np.ones((2, 2), np.float32)
    return Look(
        skin=skin.astype(np.float32),
        cloth=np.asarray(cloth, np.float32),
        skin_detail=_detail(photo, portrait.landmarks[_CHEEK], round(_CHEEK_PATCH / pixel), _SKIN_DETAIL),
        cloth_detail=even if there is None else _detail(photo, there, round(_CLOTH_PATCH / pixel), _CLOTH_DETAIL),
        pixel=pixel,
        cuff=cuff,
    )


def _seen_arms(
    portrait: Portrait, figure: Figure, own: OwnArms | None, photo: np.ndarray, pixel: float
) -> list[list[tuple[float, np.ndarray, np.ndarray]]]:
    """Of each arm the places that the photo shows: how far down (as `Look.cuff`), colour and pixel."""
    arms = []
    radius = max(1, round(_PATCH / pixel / 2))
    height, width = portrait.alpha.shape
    for side in SIDES:
        found = []
        collar, shoulder, elbow, wrist = (
            figure.joints[BODY_JOINTS.index(f"{side}_{joint}")] for joint in ("collar", "shoulder", "elbow", "wrist")
        )
        upper, fore = (np.linalg.norm(end - start) for start, end in ((shoulder, elbow), (elbow, wrist)))
        shares = np.arange(-0.5, 1.9, 0.1)
        down = np.array([0.1 if side == "left" else -0.1, -0.99, 0])
        for share in shares:
            point = None if own is None or side not in own.masks else _along(own.joints[side], share)
            if share < 0:  # along the shoulder, a little below its joint
                place = shoulder + share * (shoulder - collar) + (0, -0.02, 0.03)
            else:
                place = shoulder + down * (min(share, 1) * upper + max(share - 1, 0) * fore)
            point = portrait.camera.project(place)[:2] if point is None else point
            x, y = point.astype(int)
            if not (radius <= x < width - radius and radius <= y < height - radius):
                continue
            window = np.s_[y - radius : y + radius + 1, x - radius : x + radius + 1]
            if portrait.alpha[window].min() > 0.9:
                found.append((float(share), np.median(photo[window].reshape(-1, 3), axis=0), point))
        arms.append(found)
    return arms


def _along(joints: np.ndarray, share: float) -> np.ndarray | None:
    """(2,) pixels so far down an arm (as `Look.cuff`) of which shoulder, elbow and wrist are given; None above it."""
    if share < 0:
        return None
    bone = min(int(share), 1)
    if bone and _points_ahead(joints):
        return np.full(2, -1.0)  # a forearm that points at the camera shows nothing of itself: outside the picture
    return joints[bone] + (share - bone) * (joints[bone + 1] - joints[bone])


def _points_ahead(joints: np.ndarray) -> bool:
    """Whether a forearm, of which shoulder, elbow and wrist are given, points at the camera."""
    return bool(np.linalg.norm(joints[2] - joints[1]) < _FORESHORTENED * np.linalg.norm(joints[1] - joints[0]))


def _covers_elbows(photo: np.ndarray, alpha: np.ndarray, own: OwnArms, skin: np.ndarray, chest: np.ndarray) -> bool:
    """Whether there is cloth about elbows that are seen behind their hands, as a sleeve has that is not a short one."""
    y, x = np.indices(photo.shape[:2])
    width = float(np.linalg.norm(own.joints["left"][0] - own.joints["right"][0]))
    found = []
    for side, mask in own.masks.items():
        joints = own.joints[side]
        if _points_ahead(joints):
            near = (
                (np.hypot(x - joints[1][0], y - joints[1][1]) < _ELBOW * width)
                & (mask > 0.9)
                & (alpha > 0.9)
                & ~own.torso
            )
            lab = cv2.cvtColor(photo[near][None], cv2.COLOR_RGB2LAB)[0] * np.array([0.25, 1, 1], np.float32)
            tones = cv2.cvtColor(np.array([[skin, chest]], np.float32), cv2.COLOR_RGB2LAB)[0] * (0.25, 1, 1)
            away = np.linalg.norm(lab[:, None] - tones, axis=2)
            found.append(float((away[:, 1] < away[:, 0]).mean()) if len(lab) else 0.0)
    return bool(found) and min(found) > _ROLLED


def _chest(photo: np.ndarray, own: OwnArms) -> np.ndarray:
    """(3,) what the photo shows beside and below the shoulders, on both sides."""
    left, right = own.joints["left"][0], own.joints["right"][0]
    width = float(np.linalg.norm(left - right))
    reach = max(1, round(_CHEST_PATCH * width))
    found = []
    for share in (0.12, 0.88):
        x, y = np.round(left + share * (right - left) + (0, _BELOW_SHOULDER * width)).astype(int)
        found.append(photo[max(y - reach, 0) : y + reach + 1, max(x - reach, 0) : x + reach + 1].reshape(-1, 3))
    colours = np.concatenate(found)
    return np.median(colours, axis=0) if len(colours) else np.zeros(3)


def _sleeve_end(seen: list[tuple[float, bool]]) -> float:
    """`Look.cuff` of an arm from the places that are seen of it, downwards, and whether each is clothed.

    A hand that happens to be there is not taken for an arm: an arm is bare all the way down.
    """
    clothed = [share for share, covered in seen if covered]
    last = max(clothed, default=LONG_SLEEVE)
    below = [share for share, _ in seen if share > last]
    if len(below) >= 3 and below[0] - last < 0.15:
        return below[0]
    return last + 0.08 if below and last < 0.85 else LONG_SLEEVE


def _distance(colour: np.ndarray, skin: np.ndarray) -> float:
    lab = cv2.cvtColor(np.array([[colour, skin]], np.float32), cv2.COLOR_RGB2LAB)[0]
    return float(np.linalg.norm((lab[0] - lab[1]) * (0.25, 1, 1)))


def _detail(photo: np.ndarray, middle: np.ndarray, side: int, most: float) -> np.ndarray:
    """(n, n) float32 factors: what is fine in a square of the photo, which is moved to lie within it."""
    height, width = photo.shape[:2]
    side = int(np.clip(side, 4, min(height, width)))
    left, top = np.clip(np.round(middle - side / 2).astype(int), 0, (width - side, height - side))
    grey = photo[top : top + side, left : left + side].mean(axis=2)
    smooth = cv2.GaussianBlur(grey, (0, 0), 1.5)
    return np.clip(grey / np.maximum(smooth, 0.02), 1 - most, 1 + most).astype(np.float32)


@dataclass(frozen=True)
class Chart:
    """The drawn surface of arms and hands at rest, laid out in a picture; both sides as the right one.

    texels: (N, 2) float32.    size: width, height.
    rest, normals: (N, 3).    reach: (N,) as `Look.cuff`, above 2 on the hand.    triangles: (T, 3) int32.
    sleeve: (N,) bool.
    """

    texels: np.ndarray
    size: tuple[int, int]
    rest: np.ndarray
    normals: np.ndarray
    reach: np.ndarray
    triangles: np.ndarray
    sleeve: np.ndarray


def bake(look: Look, chart: Chart, figure: Figure) -> np.ndarray:
    """(H, W, 4) float32 sRGB, 0..1, opaque: the picture that the chart is laid out in."""
    screen = np.column_stack([chart.texels, np.ones(len(chart.texels))]).astype(np.float32)
    seen = rasterise(screen, chart.triangles, chart.size)
    hit = seen.triangle != NOTHING
    corners = chart.triangles[seen.triangle[hit]]
    weights = np.column_stack([seen.weights[hit], 1 - seen.weights[hit].sum(axis=1)]).astype(np.float32)

    def at(values: np.ndarray) -> np.ndarray:
        return np.einsum("nc,nc...->n...", weights, values[corners].astype(np.float32))

    place, normal, reach = at(chart.rest), at(chart.normals), at(chart.reach)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    step = _texel_metres(chart) / look.pixel
    sleeve = chart.sleeve[corners[:, 0]]
    colour = np.empty((len(place), 3), np.float32)
    colour[~sleeve] = _skin(look, figure, place[~sleeve], normal[~sleeve], reach[~sleeve])
    colour[~sleeve] *= _tiled(look.skin_detail, chart.size, step)[hit][~sleeve, None]
    colour[sleeve] = _sleeve(look, figure, place[sleeve], reach[sleeve])
    colour[sleeve] *= _tiled(look.cloth_detail, chart.size, step)[hit][sleeve, None]
    picture = np.zeros((*hit.shape, 3), np.float32)
    picture[hit] = np.clip(colour, 0, 1)
    filled = fill_holes(picture, hit.astype(np.float32))
    return np.concatenate([filled, np.ones_like(filled[..., :1])], axis=2)


def _texel_metres(chart: Chart) -> float:
    """What one texel shows, typically."""
    start, end = chart.triangles[:, 0], chart.triangles[:, 1]
    metres = np.linalg.norm(chart.rest[start] - chart.rest[end], axis=1)
    return float(np.median(metres / np.maximum(np.linalg.norm(chart.texels[start] - chart.texels[end], axis=1), 1e-3)))


def _tiled(detail: np.ndarray, size: tuple[int, int], step: float) -> np.ndarray:
    """(H, W) of the detail, repeated as in mirrors; step: texels of it that one texel of the picture takes."""
    row, column = (
        _mirrored(np.arange(count) * step, last) for count, last in zip(size[::-1], detail.shape, strict=True)
    )
    x, y = np.meshgrid(column, row)
    return cv2.remap(detail, x, y, cv2.INTER_LINEAR)


def _mirrored(at: np.ndarray, count: int) -> np.ndarray:
    last = count - 1
    return np.abs((at + last) % (2 * last) - last).astype(np.float32)


def _skin(look: Look, figure: Figure, place: np.ndarray, normal: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """(n, 3) sRGB of points of the right arm and hand at rest."""
    hand, joints = figure.hands[1], figure.hand_joints[1]
    tips = figure.rest[figure.parts[3]][hand.tips]
    ends = np.concatenate([joints[1:], tips])
    on_hand = np.clip((reach - 1.9) / 0.1, 0, 1)
    shade, tint = np.ones(len(place)), np.ones((len(place), 3))
    back = normal[:, 1].copy()
    nearest = np.full(len(place), 0.014)
    nail = np.zeros(len(place))
    for finger in range(5):
        for number in (1, 2, 3):
            row = 3 * finger + number
            start, end = joints[row], (ends[15 + finger] if number == 3 else joints[row + 1])
            bone = end - start
            length = float(np.linalg.norm(bone))
            bone = bone / length
            dorsal = hand.axes[row - 1, 1]
            away = place - start
            along = away @ bone
            beside = away - np.clip(along, 0, length)[:, None] * bone
            off = np.linalg.norm(beside, axis=1)
            mine = off < nearest
            nearest[mine] = off[mine]
            back[mine] = (normal @ dorsal)[mine]
            near = np.exp(-((np.linalg.norm(away, axis=1) / (0.011, 0.009, 0.007)[number - 1]) ** 2))
            above = np.clip(normal @ dorsal + 0.2, 0, 1)
            tint *= 1 + (_KNUCKLE - 1) * (near * above)[:, None]
            if number > 1:
                close = off < 0.013
                ripple = np.cos(along * (2 * np.pi / 0.0021)) * np.exp(-((along / 0.0045) ** 2))
                shade *= 1 + 0.05 * ripple * above * close
                below = np.clip(-(normal @ dorsal), 0, 1) * close
                shade *= 1 - _CREASE * np.exp(-((along / 0.0008) ** 2)) * below
            if number == 3:
                tip = np.clip((along / length - 0.35) / 0.5, 0, 1) * (off < 0.012)
                tint *= 1 + (_TIP - 1) * tip[:, None]
                nail = np.maximum(nail, _nail(along / length, away @ hand.axes[row - 1, 0], away @ dorsal, off))
    palm = np.clip(0.5 - 1.2 * back, 0, 1)
    palm = palm * palm * (3 - 2 * palm) * on_hand
    shade *= 1 - _LINE * _palm_lines(joints, place) * palm
    light = float(look.skin.max())
    paler = 0.2 + 0.45 * (1 - light)  # palms hold little pigment, whatever the rest of the skin does
    base = look.skin + (_PALE * max(light, 0.6) - look.skin) * (paler * palm)[:, None]
    base = base + (np.clip(look.skin * _NAIL, 0, 1) * 0.7 + 0.3 * _PALE * light - base) * nail[:, None]
    mottled = 1 + 0.025 * _noise(place * 60, 3) - 0.01 * palm
    warm = np.column_stack([np.ones(len(place)), 1 - 0.02 * _noise(place * 90, 5), 1 - 0.02 * _noise(place * 90, 7)])
    hands = base * tint * (shade * mottled)[:, None] * warm
    return look.skin * (1 - on_hand[:, None]) * mottled[:, None] + hands * on_hand[:, None]


def _nail(along: np.ndarray, aside: np.ndarray, high: np.ndarray, off: np.ndarray) -> np.ndarray:
    """(n,) 0..1 how much a point is on a finger's nail; along: 0..1 of its last bone, the rest metres."""
    half = 0.0062
    inside = 1 - np.maximum(np.abs((along - 0.72) / 0.27) ** 4 + np.abs(aside / half) ** 4 - 1, 0) * 6
    return np.clip(inside, 0, 1) * (high > 0.0015) * (off < 0.011)


def _palm_lines(joints: np.ndarray, place: np.ndarray) -> np.ndarray:
    """(n,) 0..1: the three large creases of a palm, seen from below."""
    wrist, index, middle, pinky, ring = joints[0], joints[1], joints[4], joints[7], joints[10]
    thumb = joints[13]

    def toward(start: np.ndarray, end: np.ndarray, share: float) -> np.ndarray:
        return start + share * (end - start)

    radial = (index - pinky) / np.linalg.norm(index - pinky)
    heart = [toward(pinky, wrist, 0.22) - 0.008 * radial, toward(ring, wrist, 0.22), toward(middle, wrist, 0.14),
             toward(toward(index, middle, 0.5), wrist, 0.02)]  # fmt: skip
    head = [toward(index, wrist, 0.26) + 0.010 * radial, toward(middle, wrist, 0.36), toward(ring, wrist, 0.46),
            toward(pinky, wrist, 0.56)]  # fmt: skip
    life = [toward(index, wrist, 0.28) + 0.010 * radial, toward(middle, wrist, 0.44) + 0.006 * radial,
            toward(toward(middle, wrist, 0.72), thumb, 0.12), toward(toward(middle, wrist, 0.92), thumb, 0.2)]  # fmt: skip
    flat = place[:, [0, 2]]
    found = np.zeros(len(place))
    for line in (heart, head, life):
        points = np.array(line)[:, [0, 2]]
        for start, end in pairwise(points):
            step = end - start
            share = np.clip((flat - start) @ step / (step @ step), 0, 1)
            away = np.linalg.norm(flat - start - share[:, None] * step, axis=1)
            found = np.maximum(found, np.exp(-((away / 0.0011) ** 2)))
    return found


def _sleeve(look: Look, figure: Figure, place: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """(n, 3) sRGB of points of the right sleeve at rest."""
    axis = figure.joints[BODY_JOINTS.index("right_elbow")]
    around = np.arctan2(place[:, 2] - axis[2], place[:, 1] - axis[1])
    ring = np.column_stack([np.cos(around), np.sin(around)])
    # folds run around the arm, most where it bends and above the cuff
    folded = 0.35 + np.exp(-(((reach - 1) / 0.25) ** 2)) + 0.8 * np.exp(-(((reach - look.cuff + 0.12) / 0.12) ** 2))
    folds = _noise(np.column_stack([reach * 11 + 0.8 * ring[:, 0], ring * 1.1]), 11)
    hem = np.exp(-(((reach - look.cuff + 0.07) / 0.008) ** 2))
    shade = 1 + _FOLD * folded * folds + 0.04 * _noise(place * 14, 13) - 0.10 * hem
    return look.cloth * shade[:, None]


def _noise(at: np.ndarray, seed: int) -> np.ndarray:
    """(n,) about -1..1: smooth noise at (n, 3) points, one bump a unit."""
    grid = np.random.default_rng(seed).uniform(-1, 1, (16, 16, 16)).astype(np.float32)
    cell = np.floor(at)
    part = at - cell
    smooth = cell + part * part * (3 - 2 * part)
    return 1.4 * map_coordinates(grid, smooth.T, order=1, mode="grid-wrap")
