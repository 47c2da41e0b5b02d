"""Where a portrait shows the person's own arms and hands, so that they can make way for others."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from garrick.bodies.hand import Side
from garrick.perception.body import POINTS, SeenBody, find_body
from garrick.perception.hands import SeenHand, find_hands

SIDES: tuple[Side, ...] = ("left", "right")
_SEEN = 0.5  # visibility of a joint
_HANGING = 0.6  # of the upper arm's length, that a wrist is below its elbow
# all in widths of the shoulders
_HIP_EDGE = 0.2  # how far out of the hip's joint the body's outline lies
_NARROWER, _LOOSER = 0.15, 0.1  # how far the outline may lie inside and outside of the line from shoulder to hip
_UPPER, _FREE = 0.11, 0.4  # half an upper arm, and where along it the armpit ends
_SLEEVE, _FOREARM, _HAND = 0.32, 0.13, 0.62  # radii: of all that belongs to a sleeve, of a forearm, of a hand's reach
_FINGER = 0.045  # around a hand's points
_START = (0.2, 0.34)  # down the upper arm, where it begins to be the arm's and not the shoulder's
_EDGE, _SOFT = 0.035, 0.012  # grown by, for its shadow, and blurred
_STEEP = 12  # times as steep is the edge beside the person, where only its shadow is
_FINGERS = 0.15  # side of a square as large as what a matte leaves out of a hand at most
_CHEST = 0.3  # below the shoulders' middle: cloth
_SKIN = 14.0  # CIELAB distance, lightness counting a quarter, up to which a pixel beside a hand is of it


@dataclass(frozen=True)
class OwnArms:
    """The arms that a picture shows.

    masks:     side -> (H, W) float32, 0..1: how much of a pixel is the arm, sleeve or hand; only of sides that are shown.
    torso:     (H, W) bool: inside the outline that the body has without arms.
    joints:    side -> (3, 2) pixels of shoulder, elbow and wrist; of both sides.
    """

    masks: dict[Side, np.ndarray]
    torso: np.ndarray
    joints: dict[Side, np.ndarray]

    @property
    def raised(self) -> tuple[Side, ...]:
        """The sides on which the forearm does not hang."""
        return tuple(side for side in self.masks if not _hangs(*self.joints[side]))


def find_own_arms(image: np.ndarray, alpha: np.ndarray) -> OwnArms | None:
    """The arms of the largest person; None where there is nobody.

    image: (H, W, 3) uint8.    alpha: (H, W) float32, the person's matte.
    """
    body = find_body(image)
    if body is None:
        return None
    shoulders: dict[Side, np.ndarray] = {side: _point(body, side, "shoulder") for side in SIDES}
    width = float(np.linalg.norm(shoulders["left"] - shoulders["right"]))
    if width < 8:
        return None
    outlines = {side: _outline(body, side, alpha, width) for side in SIDES}
    hands = find_hands(image)
    columns = np.arange(alpha.shape[1])
    sign = _outwards(shoulders)
    torso = alpha > 0.5
    for side in SIDES:
        torso &= (columns - outlines[side][:, None]) * sign[side] <= 0
    masks: dict[Side, np.ndarray] = {}
    for side in SIDES:
        if _shown(body, side, alpha):
            outside = (columns - outlines[side][:, None]) * sign[side] > 0
            masks[side] = _mask(image, alpha, body, side, hands, outside, width)
    return OwnArms(masks, torso, {side: np.array(_path(body, side)[:3]) for side in SIDES})


def _hangs(shoulder: np.ndarray, elbow: np.ndarray, wrist: np.ndarray) -> bool:
    return bool(wrist[1] - elbow[1] > _HANGING * np.linalg.norm(elbow - shoulder))


def _point(body: SeenBody, side: Side, joint: str) -> np.ndarray:
    return body.points[POINTS.index(f"{side}_{joint}")]


def _outwards(shoulders: dict[Side, np.ndarray]) -> dict[Side, float]:
    """Which way along x leads out of the body, on either side."""
    out = float(np.sign(shoulders["left"][0] - shoulders["right"][0]) or 1)
    return {"left": out, "right": -out}


def _shown(body: SeenBody, side: Side, alpha: np.ndarray) -> bool:
    """Whether an elbow or a wrist is in the picture."""
    height, width = alpha.shape
    for joint in ("elbow", "wrist"):
        x, y = _point(body, side, joint)
        if 0 <= x < width and 0 <= y < height and body.visibility[POINTS.index(f"{side}_{joint}")] > _SEEN:
            return True
    return False


def _outline(body: SeenBody, side: Side, alpha: np.ndarray, width: float) -> np.ndarray:
    """(H,) the column at which the torso ends in each row: what is seen of it, and carried on where an arm hides it."""
    shoulder, hip = _point(body, side, "shoulder"), _point(body, side, "hip")
    out = float(np.sign(shoulder[0] - _point(body, _other(side), "shoulder")[0]) or 1)
    rows = np.arange(len(alpha))
    edge = hip[0] + out * _HIP_EDGE * width
    line = np.interp(rows, [shoulder[1], max(hip[1], shoulder[1] + 1)], [shoulder[0], edge])
    middle = (shoulder[0] + _point(body, _other(side), "shoulder")[0]) / 2
    paths = [_path(body, either) for either in SIDES]
    arms = [_line(alpha.shape, path, 1) | _line(alpha.shape, path[1:], _UPPER * width) for path in paths]
    found = np.full(len(alpha), np.nan)
    for row in range(max(0, round(shoulder[1] + 0.3 * width)), len(alpha)):
        end = _end_of_run(alpha[row] > 0.5, middle, out)
        if not np.isnan(end):
            first, last = sorted((round(middle), round(end)))
            # where an arm lies on it, its end is the arm's
            found[row] = np.nan if any(arm[row, max(first, 0) : last + 1].any() for arm in arms) else end
    off = (found - line) * out
    elbow = _point(body, side, "elbow")
    upper = (rows > shoulder[1] + _FREE * (elbow[1] - shoulder[1])) & (rows <= elbow[1] + 2 * _UPPER * width)
    at_arm = np.interp(rows, [shoulder[1], max(elbow[1], shoulder[1] + 1)], [shoulder[0], elbow[0]])
    within = np.where(upper, (at_arm - line) * out - _UPPER * width, np.inf)  # the arm lies beside the torso
    seen = np.flatnonzero(
        (off > -_NARROWER * width) & (off < _LOOSER * width) & (found > 1) & (found < alpha.shape[1] - 2)
    )
    places = seen if len(seen) else np.flatnonzero(within < 0)
    if len(places) == 0:
        return line
    carried = np.minimum(np.interp(rows, places, np.fmin(off, within)[places]), np.maximum(within, -_NARROWER * width))
    # what is seen of it begins gently below the shoulder
    carried *= np.clip((rows - shoulder[1]) / max(float(places[0] - shoulder[1]), 1.0), 0, 1)
    soft = cv2.GaussianBlur(carried[:, None].astype(np.float32), (0, 0), max(1.0, 0.02 * width))
    return line + out * soft[:, 0]


def _path(body: SeenBody, side: Side) -> list[np.ndarray]:
    """Pixels from the shoulder over elbow and wrist to the knuckles."""
    knuckles = np.mean([_point(body, side, finger) for finger in ("pinky", "index")], axis=0)
    return [*(_point(body, side, joint) for joint in ("shoulder", "elbow", "wrist")), knuckles]


def _other(side: Side) -> Side:
    return "right" if side == "left" else "left"


def _end_of_run(person: np.ndarray, middle: float, out: float) -> float:
    """The column at which the person ends, going out from the middle; nan where they are not."""
    start = int(np.clip(middle, 0, len(person) - 1))
    way = person[start:] if out > 0 else person[start::-1]
    if not way[0]:
        return np.nan
    gaps = np.flatnonzero(~way)
    return start + out * float(gaps[0] if len(gaps) else len(way))


def _mask(
    image: np.ndarray,
    alpha: np.ndarray,
    body: SeenBody,
    side: Side,
    hands: list[SeenHand],
    outside: np.ndarray,
    width: float,
) -> np.ndarray:
    shoulder, elbow, wrist = (_point(body, side, joint) for joint in ("shoulder", "elbow", "wrist"))
    knuckles = np.array([_point(body, side, finger) for finger in ("pinky", "index", "thumb")])
    palm = (wrist + knuckles.mean(axis=0)) / 2
    shape = alpha.shape
    around = _line(shape, [shoulder, elbow, wrist, palm], _SLEEVE * width) | _disc(shape, palm, _HAND * width)
    arm = around & outside
    arm |= _line(shape, [elbow, wrist], _FOREARM * width)
    own = [hand for hand in hands if np.linalg.norm(hand.points.mean(axis=0) - palm) < _HAND * width]
    for hand in own:
        points = np.round(hand.points).astype(np.int32)
        filled = np.zeros(shape, np.uint8)
        cv2.fillConvexPoly(filled, cv2.convexHull(points), (1,))
        arm |= cv2.dilate(filled, _round(_FINGER * width)) > 0
    chest = (shoulder + _point(body, _other(side), "shoulder")) / 2 + (0, _CHEST * width)
    like = _disc(shape, palm, _HAND * width) & _like(image, [wrist, palm, *knuckles], [chest], width)
    if not own:
        arm |= like
    arm = (arm & (alpha > 0.02)) | _missed(like & outside, alpha, width)
    down = elbow - shoulder
    along = np.indices(shape)[::-1].transpose(1, 2, 0) @ down / max(float(down @ down), 1.0)
    along -= float(shoulder @ down) / max(float(down @ down), 1.0)
    begun = np.clip((along - _START[0]) / (_START[1] - _START[0]), 0, 1).astype(np.float32)
    grown = cv2.dilate(arm.astype(np.float32), _round(_EDGE * width))
    soft = cv2.GaussianBlur(grown, (0, 0), max(0.6, _SOFT * width))
    return np.where(alpha < 0.02, np.clip(_STEEP * soft, 0, 1), soft) * begun


def _missed(like: np.ndarray, alpha: np.ndarray, width: float) -> np.ndarray:
    """(H, W) bool: small parts like a hand that the matte leaves out, right beside what it holds: fingers."""
    count, parts, stats, _ = cv2.connectedComponentsWithStats((like & (alpha < 0.5)).astype(np.uint8), connectivity=8)
    beside = np.zeros(count, bool)
    beside[np.unique(parts[cv2.dilate((alpha > 0.5).astype(np.uint8), _round(2)) > 0])] = True
    beside &= stats[:, cv2.CC_STAT_AREA] < (_FINGERS * width) ** 2
    beside[0] = False
    return beside[parts]


def _like(image: np.ndarray, places: list[np.ndarray], others: list[np.ndarray], width: float) -> np.ndarray:
    """(H, W) bool: of the colours that the picture has at the places, and not rather of those at the others."""
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB) * np.array([0.25, 1, 1], np.float32)
    reach = max(1, round(0.02 * width))

    def nearest(points: list[np.ndarray]) -> np.ndarray:
        found = np.full(lab.shape[:2], np.inf, np.float32)
        for x, y in np.round(points).astype(int):
            if reach <= x < lab.shape[1] - reach and reach <= y < lab.shape[0] - reach:
                colour = np.median(lab[y - reach : y + reach + 1, x - reach : x + reach + 1].reshape(-1, 3), axis=0)
                found = np.minimum(found, np.linalg.norm(lab - colour, axis=2))
        return found

    away = nearest(places)
    return (away < _SKIN) & (away < nearest(others))


def _line(shape: tuple[int, ...], points: list[np.ndarray], radius: float) -> np.ndarray:
    drawn = np.zeros(shape, np.uint8)
    path = np.round(np.array(points)).astype(np.int32)
    cv2.polylines(drawn, [path], False, (1,), max(1, round(2 * radius)))
    return drawn > 0


def _disc(shape: tuple[int, ...], middle: np.ndarray, radius: float) -> np.ndarray:
    y, x = np.ogrid[: shape[0], : shape[1]]
    return (x - middle[0]) ** 2 + (y - middle[1]) ** 2 < radius**2


def _round(radius: float) -> np.ndarray:
    side = 2 * max(1, round(radius)) + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
