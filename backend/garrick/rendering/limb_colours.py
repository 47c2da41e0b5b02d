"""What arms and hands look like on one portrait: skin of the face and cloth of the shoulders, baked into one picture.

A hand is the face's skin with what hands have besides: paler palms, pinker tips and nails, darker knuckles and creases. A
sleeve is the cloth that the photo shows at the shoulder; where it shows skin there, the arm is bare.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from garrick.bodies.body import Figure
from garrick.core.performance import BODY_JOINTS
from garrick.perception.own_arms import SIDES, OwnArms
from garrick.perception.portrait import Portrait
from garrick.rendering.hand_skin import HandTraits, hand_traits, paint_skin
from garrick.rendering.layers import fill_holes
from garrick.rendering.limb_tones import points_ahead, redder, skin_tones
from garrick.rendering.rasterise import NOTHING, rasterise
from garrick.rendering.sleeve_cloth import find_patch, fold, quilt

LONG_SLEEVE = 1.93  # where one ends that the photo does not show: see `Look.cuff`
_CHEEK = 50  # landmark
_SKIN_LIKE = 8.5  # CIELAB distance, lightness counting a quarter, up to which a patch is taken for the face's skin
_LIT, _OPEN = 74, 0.65  # percentile and quantile: half a face and half a shoulder lie in their own shade
_SHOULDER = (0.0, 0.55, 0.65)  # the way that what is seen of shoulders looks, less than one as they are round
_ELBOW = 0.25  # widths of the shoulders around an elbow, and
_ROLLED, _PLAIN = (
    0.24,
    0.5,
)  # share of cloth there that tells, on both sides or on one: a hand may hide it; by fourteen photos
_CHEST_PATCH, _BELOW_SHOULDER = 0.05, 0.14  # widths of the shoulders
_PATCH, _CHEEK_PATCH, _CLOTH_PATCH = 0.010, 0.028, 0.090  # metres: side of what is looked at
_SLEEVE_ROW, _CLOSE_SLEEVE = 0.2, 0.17  # widths of the shoulders below and beside a joint: where a close sleeve ends
_HANGS, _LOOSEST, _LONG_LOOSE = 0.5, 0.016, 0.4  # share of it on either side of an arm; metres; share of a long sleeve
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)  # Rec. 709
_SKIN_DETAIL = 0.03  # how far a detail may differ from its surroundings


@dataclass(frozen=True)
class Look:
    """What was read off the photo.

    skin, arm, cloth: (3,) float32 sRGB, 0..1, of hands, of arms above them and of sleeves.
    traits: what else is the person's own of their hands.
    skin_detail: (n, n), weave: (m, m, 3) float32 factors about 1.
    pixel: metres on the person that one pixel of the photo, and so of a detail, shows.
    cuff:  where the sleeve ends: 0 at the shoulder (the arm is bare), 1 at the elbow, 2 at the wrist.
    loose: metres that its cloth hangs farther off the arm than a close one.
    """

    skin: np.ndarray
    arm: np.ndarray
    cloth: np.ndarray
    traits: HandTraits
    skin_detail: np.ndarray
    weave: np.ndarray
    pixel: float
    cuff: float
    loose: float


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
            cloth = (cloth + chest) / 2
        sleeve = [colour for share, colour, _, _ in covered if 0 <= share < 0.5]
        if sleeve:  # its dye may be another than the chest's
            own_hue = np.median(sleeve, axis=0)
            cloth = (cloth + own_hue * float(cloth.mean() / max(own_hue.mean(), 1e-3))) / 2
        cloth = cloth / shoulder ** (1 / 4.4)  # half the stops, as the shading of the head
    hand, arm = redder(skin), skin
    if own is not None:
        hand, arm = skin_tones(photo, portrait.alpha, own, skin, cloth if covered else None)
    weave = None
    if there is not None:
        for side in (_CLOTH_PATCH, _CLOTH_PATCH / 2):
            where = _cloth_around(photo, portrait.alpha, own, there, cloth, hand, side / pixel)
            weave = find_patch(photo, np.asarray(cloth), where, round(side / pixel)) if weave is None else weave
    return Look(
        skin=hand.astype(np.float32),
        arm=arm.astype(np.float32),
        cloth=np.asarray(cloth, np.float32),
        traits=hand_traits(portrait.identity),
        skin_detail=_detail(photo, portrait.landmarks[_CHEEK], round(_CHEEK_PATCH / pixel), _SKIN_DETAIL),
        weave=np.ones((8, 8, 3), np.float32) if weave is None else weave,
        pixel=pixel,
        cuff=cuff,
        loose=0.0 if own is None else _looseness(portrait.alpha, own, pixel) * (1 if cuff < 1 else _LONG_LOOSE),
    )


def _looseness(alpha: np.ndarray, own: OwnArms, pixel: float) -> float:
    """Metres, as `Look.loose`: by how far out of the shoulders' joints, a little below them, the photo's sleeves reach."""
    joints = {side: own.joints[side][0] for side in SIDES}
    width = max(float(np.linalg.norm(joints["left"] - joints["right"])), 1.0)
    found = []
    for side in own.masks:
        out = int(np.sign(joints[side][0] - joints["left" if side == "right" else "right"][0]) or 1)
        x, y = np.round(joints[side] + (0, _SLEEVE_ROW * width)).astype(int)
        if 0 <= x < alpha.shape[1] and 0 <= y < alpha.shape[0]:
            way = alpha[y, x:] if out > 0 else alpha[y, x::-1]
            gaps = np.flatnonzero(way < 0.5)
            found.append((gaps[0] if len(gaps) else len(way)) / width)
    wider = float(np.median(found)) - _CLOSE_SLEEVE if found else 0.0
    return float(np.clip(_HANGS * wider * width * pixel, 0, _LOOSEST))


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
    if bone and points_ahead(joints):
        return np.full(2, -1.0)  # a forearm that points at the camera shows nothing of itself: outside the picture
    return joints[bone] + (share - bone) * (joints[bone + 1] - joints[bone])


def _covers_elbows(photo: np.ndarray, alpha: np.ndarray, own: OwnArms, skin: np.ndarray, chest: np.ndarray) -> bool:
    """Whether there is cloth about elbows that are seen behind their hands, as a sleeve has that is not a short one."""
    y, x = np.indices(photo.shape[:2])
    width = float(np.linalg.norm(own.joints["left"][0] - own.joints["right"][0]))
    found = []
    for side, mask in own.masks.items():
        joints = own.joints[side]
        if points_ahead(joints):
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
    return bool(found) and (min(found) > _ROLLED or max(found) > _PLAIN)


def _cloth_around(
    photo: np.ndarray, alpha: np.ndarray, own: OwnArms | None, there: np.ndarray, cloth: np.ndarray, skin: np.ndarray,
    side: float,
) -> np.ndarray:  # fmt: skip
    """(H, W) bool: where the photo shows the sleeves' cloth: the torso without arms, or what is around a place of it."""
    y, x = np.indices(alpha.shape)
    if own is not None:
        covered = np.max([np.zeros_like(alpha), *own.masks.values()], axis=0)
        shoulders = min(own.joints["left"][0][1], own.joints["right"][0][1])
        where = own.torso & (covered < 0.02) & (y > shoulders)
    else:
        where = np.hypot(x - there[0], y - there[1]) < 1.5 * side
    scale = np.array([0.25, 1, 1], np.float32)
    lab = cv2.cvtColor(photo, cv2.COLOR_RGB2LAB) * scale
    tones = cv2.cvtColor(np.array([[cloth, skin]], np.float32), cv2.COLOR_RGB2LAB)[0] * scale
    away = np.linalg.norm(lab[..., None, :] - tones, axis=3)
    cloth_like = (away[..., 0] < away[..., 1]).astype(np.uint8)
    return where & (alpha > 0.95) & (cv2.morphologyEx(cloth_like, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)) > 0)


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


def bake(look: Look, chart: Chart, figure: Figure) -> tuple[np.ndarray, np.ndarray]:
    """(H, W, 4) float32 sRGB, 0..1, opaque: the picture that the chart is laid out in, and that of bent arms."""
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
    colour[~sleeve] = paint_skin(
        look.skin, look.arm, look.traits, figure, place[~sleeve], normal[~sleeve], reach[~sleeve]
    )
    colour[~sleeve] /= _tint(colour[~sleeve] / look.skin, np.clip((reach[~sleeve] - 1.9) / 0.1, 0, 1))
    colour[~sleeve] *= _tiled(look.skin_detail, chart.size, step)[hit][~sleeve, None]
    bent = colour
    if sleeve.any():
        axis = figure.joints[BODY_JOINTS.index("right_elbow")]
        around = np.arctan2(place[sleeve, 2] - axis[2], place[sleeve, 1] - axis[1])
        colour[sleeve] = look.cloth * _woven(look.weave, chart, step)[hit][sleeve]
        bent = colour.copy()
        straight, creased = fold(reach[sleeve], around, look.cuff)
        colour[sleeve] *= straight[:, None]
        bent[sleeve] *= creased[:, None]
    return _filled(colour, hit), _filled(bent, hit)


def _tint(painted: np.ndarray, hand: np.ndarray) -> np.ndarray:
    """(n, 3) the tint, no brighter nor darker, of a hand's (n, 3) factors on average: its tone holds its own blood already.

    hand: (n,) 0..1 how much a place is of it; one beside it is not tinted.
    """
    mean = (painted * hand[:, None]).sum(axis=0) / hand.sum()
    return 1 + (mean / (mean @ _LUMA) - 1) * hand[:, None]


def _filled(colour: np.ndarray, hit: np.ndarray) -> np.ndarray:
    """(H, W, 4) of the colours (n, 3) of the pixels that are hit, (H, W) bool, continued where none is."""
    picture = np.zeros((*hit.shape, 3), np.float32)
    picture[hit] = np.clip(colour, 0, 1)
    filled = fill_holes(picture, hit.astype(np.float32))
    return np.concatenate([filled, np.ones_like(filled[..., :1])], axis=2)


def _woven(weave: np.ndarray, chart: Chart, step: float) -> np.ndarray:
    """(H, W, 3) the cloth's pattern in the picture; what hangs down in the photo runs to the cuff, on the left.

    step: pixels of the photo that one texel of the picture takes.
    """
    texels = chart.texels[chart.sleeve]
    low, high = np.floor(texels.min(axis=0)).astype(int), np.ceil(texels.max(axis=0)).astype(int) + 1
    width, height = np.ceil((high - low) * step).astype(int) + 1
    cloth = quilt(np.ascontiguousarray(np.rot90(weave, -1)), height, width)
    x, y = np.meshgrid(np.arange(chart.size[0]) - low[0], np.arange(chart.size[1]) - low[1])
    return cv2.remap(
        cloth, (x * step).astype(np.float32), (y * step).astype(np.float32), cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    )  # fmt: skip


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
