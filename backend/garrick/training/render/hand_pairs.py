"""What the hand net learns from: hands as the geometry path draws them on made-up portraits, and as the portraits show them.

A portrait's hand is found and the figure's own hand posed on it. The portrait is then laid on that mesh, its points brought
to where the hand net sees them; so the same skin is known in the portrait's pose and in others that the mesh is brought to,
as far as the portrait shows it. Colours of the drawn hand are varied, so that no one look is learned by heart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from scipy.interpolate import RBFInterpolator

from garrick.bodies.body import Figure, joints, make_figure
from garrick.bodies.body_bones import BONES
from garrick.bodies.hand import Hand, clamp
from garrick.bodies.head import load_head
from garrick.bodies.surface import quad_normals
from garrick.context import RunContext
from garrick.core.camera import Camera
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.motion.gestures.shapes import SHAPES, hand_shape
from garrick.perception import analyse
from garrick.perception.hand_ik import HandTrack, solve_hand
from garrick.perception.hand_points import Pose as FittedPose
from garrick.perception.hand_points import rest_bones, seen_at
from garrick.perception.hands import SeenHand, find_hands
from garrick.perception.portrait import Portrait
from garrick.rendering import shade
from garrick.rendering.limb_mesh import SIDES, Limbs, make_limbs
from garrick.rendering.limbs import ArmPose, Canvas, draw_limbs
from garrick.rendering.rasterise import rasterise
from garrick.rendering.render import facial_skin, prepare
from garrick.rendering.take import ID_NAMES, Frame
from garrick.training.render.hand_view import HandView, hand_vertices, hand_view, skin_tones

SIZE = 512  # pixels of a frame

_BODY, _HANDS = ID_NAMES.index("body"), ID_NAMES.index("hands")
_SURE = 0.9  # presence of a hand that is learned from
_MISFIT = 0.12  # of a palm: a fit that errs more is not learned from
_SMOOTH = 4.0  # of the spline that brings the mesh's points to those seen
_ROOM = 0.04  # of the frame: how near to its edge a hand may be
_SKIN = 16.0  # CIELAB distance from the hand's own colour, lightness counting a quarter, up to which a pixel is skin
_FACING = (0.15, 0.45)  # cosine to the camera from which the portrait shows a point of the mesh, and shows it well
_HIDDEN = 0.008  # metres behind the nearest surface
_BEHIND = 0.12  # metres that the body lies behind the hand
_TURN = np.radians(22.0)  # deviation of another pose's turn
_LIGHTS = (0.25, 1.35)
_LOOKS = (0.0, 1.0)  # how much of the drawn hand's detail is kept


@dataclass(frozen=True)
class ShownHand:
    """A hand that a portrait shows.

    portrait, limbs, tones: whose, dressed as the geometry path does, and the tones of the face.    side: 0 left, 1 right.
    pose:    the figure with that hand where the portrait has it; its arm is stretched behind it.
    texels:  (V, 2) pixels of the portrait of the hand's vertices.    cover: (V,) 0..1 how well it shows them.
    picture: (H, W, 4) float32 the portrait, with 1 where it shows skin of the hand.
    plate:   (H, W, 3) uint8 the portrait with the hand painted out.    seen: as the hand net sees it.
    """

    portrait: Portrait
    limbs: Limbs
    tones: np.ndarray
    side: int
    pose: ArmPose
    texels: np.ndarray
    cover: np.ndarray
    picture: np.ndarray
    plate: np.ndarray
    seen: SeenHand


@dataclass(frozen=True)
class HandPair:
    """view: what the net is given.    wanted: (HAND_SIDE, HAND_SIDE, 3) uint8.    known: 0..1 of that, where it counts.

    tones: (9,) as `skin_tones`.    own: whether the pose is the portrait's.
    """

    view: HandView
    wanted: np.ndarray
    known: np.ndarray
    tones: np.ndarray
    own: bool


def shown_hands(path: Path) -> list[ShownHand]:
    """The hands of a made-up portrait that are whole, seen surely and fitted well."""
    portrait = analyse.run(path, (SIZE, SIZE), 0, RunContext(), "upper-body")
    figure = make_figure(load_head(), portrait.identity)
    face = facial_skin(prepare(portrait, RunContext()))
    limbs, tones = make_limbs(portrait, figure, face), skin_tones(portrait.image, face)
    edge, found = _ROOM * SIZE, []
    for seen in find_hands(portrait.image):
        inside = (seen.points > edge).all() and (seen.points < SIZE - edge).all()
        if seen.presence < _SURE or not inside:
            continue
        side = SIDES.index(seen.side)
        hand = _personal(figure, side)
        track = solve_hand(
            hand, seen.points[None], np.array([seen.presence]), seen.world[None], portrait.camera.intrinsics
        )
        if track.errors[0] < _MISFIT:
            found.append(_shown(portrait, figure, limbs, tones, seen, side, hand, track))
    return found


def pairs_of(hand: ShownHand, count: int, rng: np.random.Generator) -> Iterator[HandPair]:
    """The portrait's own pose, and `count` others."""
    for index in range(count + 1):
        pose = hand.pose if index == 0 else another_pose(hand, rng)
        pair = _pair(hand, pose, rng.uniform(*_LOOKS) if index else 1.0, index == 0)
        if pair is not None:
            yield pair


def frame_of(hand: ShownHand, pose: ArmPose, look: float = 1.0) -> Frame:
    """The frame that the geometry path draws of a pose before the portrait without its hand.

    look: 0..1, how much detail the drawn hand keeps.
    """
    points = hand_vertices(hand.limbs.figure, pose, hand.side)
    canvas = _canvas(hand.plate, float(hand.portrait.camera.project(points)[:, 2].mean()) + _BEHIND)
    limbs = replace(hand.limbs, picture=_plainer(hand.limbs.picture, look))
    draw_limbs(limbs, pose, hand.portrait.camera, np.zeros((2, 4, 4, 4), np.float32), canvas)
    rgba = np.clip(canvas.layer * 255 + 0.5, 0, 255).astype(np.uint8)
    return Frame(rgba, canvas.depth, canvas.uv, canvas.ids, np.ascontiguousarray(rgba[..., :3]))


def another_pose(hand: ShownHand, rng: np.random.Generator, share: float = 1.0) -> ArmPose:
    """The same hand in another shape, turned and moved a little; share: of the way there from the portrait's pose."""
    figure, side = hand.limbs.figure, hand.side
    shape = hand_shape(SHAPES[rng.integers(len(SHAPES))], SIDES[side])
    bent = rng.uniform(0, 0.8) * (shape - hand.pose.hands[side]) + rng.normal(0, 0.06, (15, 3))
    rotations = clamp(figure.hands[side], hand.pose.hands[side] + share * bent).astype(np.float32)
    own = _matrix(hand.pose.quaternions[0].astype(np.float64))
    turn = rotation_matrices(share * rng.normal(0, _TURN, 3)) @ own
    wrist = own @ figure.hand_joints[side, 0] + hand.pose.shifts[0] + share * rng.normal(0, (0.01, 0.01, 0.03))
    return _placed(figure, side, rotations, turn, wrist)


def _personal(figure: Figure, side: int) -> Hand:
    """The hand model with the figure's own hand for its template."""
    hand, place = figure.hands[side], figure.rest[figure.parts[2 + side]]
    shift = figure.hand_joints[side, 0] - hand.joints()[0]
    return replace(hand, template=place - shift)


def _shown(
    portrait: Portrait, figure: Figure, limbs: Limbs, tones: np.ndarray, seen: SeenHand, side: int, hand: Hand,
    track: HandTrack,
) -> ShownHand:  # fmt: skip
    camera = portrait.camera
    lens = camera.intrinsics
    depth = lens[0, 0] / track.scale[0]
    at = np.array([*((track.wrist[0] - lens[:2, 2]) / lens[0, 0] * depth), depth])
    wrist = (at - camera.world_to_camera[:3, 3]) @ camera.world_to_camera[:3, :3]
    pose = _placed(figure, side, track.rotations[0], rotation_matrices(track.orientation[0].astype(np.float64)), wrist)
    points = hand_vertices(figure, pose, side)
    screen = camera.project(points).astype(np.float32)
    bones, axes = rest_bones(hand), np.ascontiguousarray(hand.axes, np.float64)
    turn = rotation_matrices(track.orientation[0].astype(np.float64))
    angles = np.einsum("jc,jac->ja", track.rotations[0], hand.axes).ravel().astype(np.float64)
    place = np.array([*track.wrist[0], np.log(track.scale[0])])
    own = seen_at(FittedPose(turn, place, angles), bones, axes, np.array([*lens[:2, 2], 1 / lens[0, 0]]))
    spline = RBFInterpolator(own, seen.points - own, smoothing=_SMOOTH, kernel="thin_plate_spline", degree=1)
    texels = screen[:, :2] + spline(screen[:, :2].astype(np.float64)).astype(np.float32)
    normals = quad_normals(points, figure.hands[side].quads)
    facing = (normals * _towards(points, camera)).sum(axis=1)
    nearest = rasterise(screen, figure.hands[side].triangles, camera.size).depth
    x, y = np.clip(screen[:, :2], 0, SIZE - 1).astype(int).T
    visible = screen[:, 2] - cv2.erode(nearest, np.ones((3, 3), np.uint8))[y, x] < _HIDDEN
    cover = np.clip((facing - _FACING[0]) / (_FACING[1] - _FACING[0]), 0, 1) * visible
    skin, away = _skin_near(portrait.image, seen)
    picture = np.concatenate([portrait.image.astype(np.float32) / 255, skin[..., None]], axis=2)
    plate = cv2.inpaint(portrait.image, away, 3, cv2.INPAINT_TELEA)
    return ShownHand(
        portrait, limbs, tones, side, pose, texels.astype(np.float32), cover.astype(np.float32), picture, plate, seen
    )


def _placed(figure: Figure, side: int, rotations: np.ndarray, turn: np.ndarray, wrist: np.ndarray) -> ArmPose:
    """The whole figure moved as one, so that a hand's wrist is there, and turned so."""
    shift = wrist - turn @ figure.hand_joints[side, 0]
    hands = np.zeros((2, 15, 3), np.float32)
    hands[side] = rotations
    places = joints(figure, left_hand=hands[0], right_hand=hands[1]) @ turn.T + shift
    shown = np.zeros(2)
    shown[side] = 1
    return ArmPose(
        np.repeat(_quaternion(turn)[None], len(BONES), axis=0).astype(np.float32),
        np.repeat(shift[None], len(BONES), axis=0).astype(np.float32),
        hands,
        places,
        shown,
    )


def _quaternion(turn: np.ndarray) -> np.ndarray:
    vector = axis_angles(turn)
    angle = float(np.linalg.norm(vector))
    axis = vector / angle if angle > 1e-9 else np.zeros(3)
    return np.array([np.cos(angle / 2), *(np.sin(angle / 2) * axis)])


def _towards(points: np.ndarray, camera: Camera) -> np.ndarray:
    eye = -camera.world_to_camera[:3, :3].T @ camera.world_to_camera[:3, 3]
    away = eye - points
    return away / np.linalg.norm(away, axis=1, keepdims=True)


def _skin_near(image: np.ndarray, seen: SeenHand) -> tuple[np.ndarray, np.ndarray]:
    """(H, W) float32 how surely a pixel is the hand's skin, and (H, W) uint8 what hides hand and shadow."""
    near = np.zeros(image.shape[:2], np.uint8)
    for finger in range(5):
        chain = seen.points[[0, *range(1 + 4 * finger, 5 + 4 * finger)]].astype(np.int32)
        cv2.polylines(near, [chain.reshape(-1, 1, 2)], False, (255,), max(1, round(0.11 * seen.size)))
    palm = seen.points[[0, 1, 5, 9, 13, 17]].astype(np.int32)
    cv2.fillConvexPoly(near, cv2.convexHull(palm), (255,))
    inner = cv2.erode(near, np.ones((5, 5), np.uint8)) > 0
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB) * np.array([0.25, 1, 1], np.float32)
    typical = np.median(lab[inner], axis=0)
    grown = cv2.dilate(near, np.ones((5, 5), np.uint8)) > 0
    like = (np.linalg.norm(lab - typical, axis=2) < _SKIN) & grown
    # well inside: the net would learn the background that shines through an edge as an outline
    skin = cv2.erode(like.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(np.float32)
    hidden = cv2.dilate(np.maximum(near, like.astype(np.uint8) * 255), np.ones((9, 9), np.uint8))
    return skin, hidden


def _matrix(quaternion: np.ndarray) -> np.ndarray:
    """(3, 3) of a unit quaternion, scalar first."""
    half = np.linalg.norm(quaternion[1:])
    angle = 2 * np.arctan2(half, quaternion[0])
    return rotation_matrices(quaternion[1:] / max(float(half), 1e-12) * angle)


def _pair(hand: ShownHand, pose: ArmPose, look: float, own: bool) -> HandPair | None:
    camera, figure, side = hand.portrait.camera, hand.limbs.figure, hand.side
    frame, points = frame_of(hand, pose, look), hand_vertices(figure, pose, side)
    view = hand_view(figure.hands[side], points, camera, frame.plate, frame.ids == _HANDS, frame.depth)
    if view is None:
        return None
    picture, known = (view.crop.cut(array) for array in wanted_of(hand, pose, frame.plate))
    if view.mirrored:
        picture, known = picture[:, ::-1].copy(), known[:, ::-1].copy()
    return HandPair(view, picture, known, hand.tones, own)


def _canvas(plate: np.ndarray, depth: float) -> Canvas:
    """A frame that shows a picture at that depth, metres."""
    shape = plate.shape[:2]
    layer = np.ones((*shape, 4), np.float32)
    layer[..., :3] = plate.astype(np.float32) / 255
    return Canvas(
        layer, np.zeros((*shape, 2), np.float32), np.full(shape, depth, np.float32), np.full(shape, _BODY, np.uint8)
    )


def _plainer(picture: np.ndarray, look: float) -> np.ndarray:
    """The picture that a hand wears with some of its detail."""
    soft = cv2.GaussianBlur(picture, (0, 0), 12)
    return (soft + look * (picture - soft)).astype(np.float32)


def wanted_of(hand: ShownHand, pose: ArmPose, plate: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(H, W, 3) uint8 the frame with the portrait's skin on the hand, and (H, W) float32 0..1 where that is known."""
    camera, side, figure = hand.portrait.camera, hand.side, hand.limbs.figure
    model, points = figure.hands[side], hand_vertices(figure, pose, side)
    table = np.zeros((len(points), shade.ATTRIBUTES), np.float32)
    table[:, shade.PHOTO_X : shade.PHOTO_Y + 1], table[:, shade.FROM_PHOTO] = hand.texels, 1
    table[:, shade.COVER] = hand.cover
    light = hand.portrait.light.mean(axis=1)
    now, then = (
        np.clip(light[0] + quad_normals(np.ascontiguousarray(place, np.float32), model.quads) @ light[1:], *_LIGHTS)
        for place in (points, hand_vertices(figure, hand.pose, side))
    )
    table[:, shade.LIGHT] = (now / then) ** (1 / 2.2)
    canvas = _canvas(plate, np.inf)
    canvas.layer[:] = 0
    triangles = model.triangles.astype(np.int32)
    shade.draw_head(
        camera.project(points).astype(np.float32), triangles, np.zeros(len(triangles), np.int32),
        np.full(len(triangles), _HANDS, np.uint8), table, hand.picture, hand.picture,
        np.zeros((2, 4, 4, 4), np.float32), np.float32(0), *canvas,
    )  # fmt: skip
    layer = canvas.layer
    laid = plate * (1 - layer[..., 3:]) + layer[..., :3] * 255
    return np.clip(laid + 0.5, 0, 255).astype(np.uint8), layer[..., 3].copy()
