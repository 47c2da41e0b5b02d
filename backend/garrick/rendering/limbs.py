"""Arms and hands in front of the photo: when they show, how they fade, and their place in the frame.

The photo's own arms are what is seen while arms hang. An arm fades in as its wrist is lifted, and out again towards the
shoulder, which is the photo's; what is drawn lies in front of head and torso where it is nearer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numba
import numpy as np

from garrick.bodies.body import Figure, joint_frames, joints
from garrick.bodies.body_bones import bone_transforms
from garrick.bodies.dual_quaternions import skin_dual_numpy
from garrick.bodies.hand import Side
from garrick.bodies.lbs import skin_numpy
from garrick.bodies.mano import PARENTS as HAND_PARENTS
from garrick.bodies.surface import quad_normals
from garrick.core.camera import Camera
from garrick.core.easing import smoothstep
from garrick.core.performance import BODY_JOINTS, Performance
from garrick.core.skeleton import PARENTS
from garrick.rendering import shade
from garrick.rendering.limb_light import hand_bones, light_up
from garrick.rendering.limb_mesh import SIDES, UPPER_START, Limb, Limbs
from garrick.rendering.normals import Surface
from garrick.rendering.rasterise import front_triangles
from garrick.rendering.take import ID_NAMES

_LIFT = (0.06, 0.15)  # metres by which a wrist is above where it hangs lowest: an arm begins to show there, and shows
_STIRRED = (0.05, 0.25)  # radians that shoulder or elbow is turned from the T-pose, which is what nobody has moved
_LEFT = 0.5  # seen so much, it has left its rest
_UPPER_FADE = 0.35  # of the upper arm, over which it comes in
_SHOULDER = (0.07, 0.15)  # where it begins and comes in for an arm of the photo's that has gone
_TUCKED, _THINNER = (0.12, 0.42), 0.35  # of the upper arm, along which such a one is thinner, and by how much
_NEAREST = 0.05  # metres from the camera nearer than which nothing is drawn
_BEHIND = np.float32(0.001)  # metres
_FLESH = 0.06  # metres from the bones within which all of an arm lies
_CREASED, _CREASES = np.float32(1.1), np.float32(0.4)  # one over 1 - cosine of an elbow that is bent; share of an arm
_CREVICE, _CREVICE_DARK = 0.009, 0.24  # metres: how far light is lost beside what is nearer, and how much of it
_CREVICE_FAR = 0.03  # metres of the gap at which that is half as much
_SHADOW_REACH, _SHADOW_GAP, _SHADOW_DARK = 0.014, 0.07, 0.5  # metres of its fall, of the gap at which it is faint
_BODY = ID_NAMES.index("body")
_NAMES = tuple(PARENTS)


@dataclass(frozen=True)
class ArmPose:
    """One instant of the upper body.

    quaternions: (24, 4), shifts: (24, 3): how `body_bones.BONES` move points of the T-pose into the world.
    hands:  (2, 15, 3) axis-angle of the left and the right hand's joints.
    places: (46, 3) metres where the joints are (`bodies.body.joints`).
    shown:  (2,) 0..1 how much of the left and the right arm is seen.
    """

    quaternions: np.ndarray
    shifts: np.ndarray
    hands: np.ndarray
    places: np.ndarray
    shown: np.ndarray

    def place(self, joint: str) -> np.ndarray:
        """(3,) metres."""
        return self.places[_NAMES.index(joint)]

    def both(self) -> ArmPose:
        """Both arms seen as much as the one that is seen more."""
        return replace(self, shown=np.full(2, self.shown.max()))

    def start(self, side: str) -> float:
        """Where along the upper arm it begins to be drawn: nearer to the shoulder, the higher it is raised."""
        bone = self.place(f"{side}_shoulder") - self.place(f"{side}_elbow")
        hanging = np.clip(bone[1] / np.linalg.norm(bone), 0, 1)
        return float(UPPER_START[0] + (UPPER_START[1] - UPPER_START[0]) * hanging**2)


class Canvas(NamedTuple):
    """What is drawn of a frame so far, or a part of it: the arrays that `shade.draw_sheet` draws on."""

    layer: np.ndarray
    uv: np.ndarray
    depth: np.ndarray
    ids: np.ndarray

    def part(self, rows: slice, columns: slice) -> Canvas:
        """A window on it."""
        return Canvas(*(array[rows, columns] for array in self))


def arm_poses(figure: Figure, performance: Performance, raised: Sequence[Side] = ()) -> list[ArmPose | None]:
    """Of each frame; None where both arms hang, or where nobody has moved them.

    raised: arms that the photo does not show hanging: once such a one has left its rest anywhere, it is always drawn, as
    hands that turn into others would be seen.
    """
    lifted, stirred = _shown(figure, performance.body_pose)
    shown = lifted * stirred
    for side in raised:
        column = SIDES.index(side)
        if shown[:, column].max(initial=0) > _LEFT:
            shown[:, column] = stirred[:, column]
    places = joints(
        figure,
        performance.head_rotation,
        performance.head_translation,
        performance.body_pose,
        performance.left_hand,
        performance.right_hand,
    )
    quaternions, shifts = bone_transforms(np, performance.body_pose, performance.head_rotation, figure.joints)
    shifts = shifts + performance.head_translation[:, None]
    hands = np.stack([performance.left_hand, performance.right_hand], axis=1)
    return [
        ArmPose(quaternions[frame], shifts[frame], hands[frame], places[frame], shown[frame])
        if shown[frame].any()
        else None
        for frame in range(len(performance))
    ]


def _shown(figure: Figure, body_pose: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(F, 2) and (F, 2) 0..1 how far the left and the right arm are lifted, and moved at all."""
    turns, places = joint_frames(figure, None, body_pose)
    up = turns[:, BODY_JOINTS.index("spine3")][:, :, 1]
    found = []
    for side in SIDES:
        shoulder, elbow, wrist = (BODY_JOINTS.index(f"{side}_{name}") for name in ("shoulder", "elbow", "wrist"))
        longest = np.linalg.norm(figure.joints[[elbow, wrist]] - figure.joints[[shoulder, elbow]], axis=1).sum()
        lifted = ((places[:, wrist] - places[:, shoulder]) * up).sum(axis=1) + longest
        stirred = np.linalg.norm(body_pose[:, [shoulder, elbow]].astype(np.float64), axis=2).max(axis=1)
        found.append((_smoothly(lifted, *_LIFT), _smoothly(stirred, *_STIRRED)))
    lifts, stirs = zip(*found, strict=True)
    return np.stack(lifts, axis=1), np.stack(stirs, axis=1)


def _smoothly(value: np.ndarray, low: float, high: float) -> np.ndarray:
    return smoothstep((value - low) / (high - low))


def draw_limbs(limbs: Limbs, pose: ArmPose, camera: Camera, eyes: np.ndarray, canvas: Canvas) -> list[Surface]:
    """Lay the arms over what is drawn, and tell what was laid; nothing changes where they are outside of the picture.

    eyes: those of `shade.draw_head`, which no arm has.
    """
    drawn = [
        arm
        for arm, shown in zip(limbs.arms, pose.shown, strict=True)
        if shown > 0 and _in_picture(pose, arm.side, camera)
    ]
    if not drawn:
        return []
    breastbone, *posed = _posed(limbs, pose, [limbs.chest, *(arm.chosen for arm in drawn)])
    chest = float(camera.project(breastbone)[:, 2].mean())
    laid = [
        _draw_arm(limbs, arm, own, pose, chest, camera, eyes, canvas) for arm, own in zip(drawn, posed, strict=True)
    ]
    return [surface for surface in laid if surface is not None]


def _in_picture(pose: ArmPose, side: str, camera: Camera) -> bool:
    """Whether a bone of the arm lies so near to the picture that its flesh may be in it."""
    bones = [name for name in _NAMES if name.startswith(side) and not name.endswith(("eye", "collar", "shoulder"))]
    ends = pose.places[[[_NAMES.index(name), _NAMES.index(PARENTS[name])] for name in bones]]  # (n, 2, 3)
    upper = bones.index(f"{side}_elbow")
    ends[upper, 1] += pose.start(side) * (ends[upper, 0] - ends[upper, 1])
    screen = camera.project(ends)
    if (screen[..., 2] <= _NEAREST).any():
        return True
    radius = _FLESH * np.abs(np.diag(camera.intrinsics)[:2]) / screen[..., 2:]
    low, high = (screen[..., :2] - radius).min(axis=1), (screen[..., :2] + radius).max(axis=1)
    return bool(((high > 0) & (low < camera.size)).all(axis=1).any())


def _posed(limbs: Limbs, pose: ArmPose, chosen: list[np.ndarray]) -> list[np.ndarray]:
    """What `bodies.body.pose` gives for the chosen vertices of the figure, none of them of the head: (n, 3) float32 each."""
    figure = limbs.figure
    rest, wanted = figure.rest.copy(), np.concatenate(chosen)
    for side, fingers in enumerate(pose.hands):
        if pose.shown[side] > 0:
            part, weights = figure.parts[2 + side], figure.hands[side].weights
            turns = np.concatenate([np.zeros((1, 3), np.float32), fingers])  # the wrist turns with the body's bones
            flat = figure.hands[side].correctives.correct(rest[part], fingers)
            rest[part] = skin_numpy(flat, figure.hand_joints[side], turns, weights, HAND_PARENTS)
    moved = skin_dual_numpy(rest[wanted], pose.quaternions, pose.shifts, figure.body.weights[wanted])
    return np.split(moved, np.cumsum([len(rows) for rows in chosen])[:-1])


def _draw_arm(
    limbs: Limbs,
    arm: Limb,
    own: np.ndarray,
    pose: ArmPose,
    chest: float,
    camera: Camera,
    eyes: np.ndarray,
    canvas: Canvas,
) -> Surface | None:
    """One arm, if it is in the picture; own: (M, 3) its vertices in the world.    chest: depth of the breastbone, metres."""
    normals = arm.between(quad_normals(np.ascontiguousarray(own), arm.quads))
    points = arm.between(own) + normals * arm.off[:, None]
    points += np.clip(1 - arm.reach / 2, 0, 1)[:, None] * arm.shift
    if arm.whole:
        _tuck_in(points, arm, pose)
    screen = camera.project(points).astype(np.float32)
    table = arm.table.copy()
    table[:, shade.COVER] = cover = _cover(arm, pose)
    bones, radii = hand_bones(pose.places, arm.side)
    light_up(
        normals,
        points,
        _eye(camera),
        limbs.light,
        arm.owners,
        bones,
        radii,
        arm.soft,
        _bent(arm, pose),
        limbs.skin,
        table,
    )
    drawn = (cover > 0) & (screen[:, 2] > _NEAREST)
    box = _box(screen[drawn], camera)
    if box is None:
        return None
    top, bottom, left, right = box
    screen[:, :2] -= left, top
    kept = np.flatnonzero(drawn[arm.triangles].all(axis=1))
    faces = kept[front_triangles(screen, arm.triangles[kept], arm.closed[kept])]
    under = canvas.part(slice(top, bottom), slice(left, right))
    over = Canvas(*(np.zeros_like(array) for array in under))
    over.depth[:] = np.inf
    still = np.float32(0)
    names = arm.names[faces]
    shade.draw_head(
        screen, arm.triangles[faces], arm.kinds, names, table, limbs.picture, limbs.bent, eyes, still,
        over.layer, over.uv, over.depth, over.ids,
    )  # fmt: skip
    metre = float(camera.intrinsics[1, 1] / screen[drawn, 2].mean())
    light, behind = _shadows(over, under, chest, screen[drawn, 2].max(), metre)
    if arm.whole and limbs.torso is not None:
        _give_way(over.depth, limbs.torso, np.float32(chest), under.depth, under.uv, under.ids)
    shade.lay_over(over.layer, over.depth, over.ids, light, behind, *under)
    return Surface(points, arm.triangles[faces], names, normals)


def _tuck_in(points: np.ndarray, arm: Limb, pose: ArmPose) -> None:
    """Make the arm thinner towards the shoulder, so that the photo's shoulder covers where it begins; in place."""
    start, end = (pose.place(f"{arm.side}_{name}") for name in ("shoulder", "elbow"))
    near = np.flatnonzero(arm.reach < _TUCKED[1])
    start, bone = start + arm.shift, (end - start) / np.linalg.norm(end - start)
    away = points[near] - start
    thick = away - (away @ bone)[:, None] * bone
    share = _THINNER * (1 - _smoothly(arm.reach[near], *_TUCKED))
    points[near] -= share[:, None] * thick


@numba.njit(cache=True, nogil=True, boundscheck=False, error_model="numpy")
def _give_way(over_depth, torso, chest, depth, uv, ids):
    """Put the body where an arm is seen that replaces the photo's: beside the torso behind it, else where the torso is.

    The sheet has the head's depth, which no shoulder has.    torso: as `Limbs.torso`.    In and out: depth (h, w).
    """
    height, width = torso.shape
    for y in range(depth.shape[0]):
        for x in range(depth.shape[1]):
            if ids[y, x] == _BODY and over_depth[y, x] < np.inf:
                across, down = uv[y, x, 0], uv[y, x, 1]
                if np.isnan(across):  # an arm lies there already
                    across = down = np.float32(0)
                column, row = min(max(int(across), 0), width - 1), min(max(int(down), 0), height - 1)
                behind = torso[row, column]
                farther = over_depth[y, x] + _BEHIND if np.isnan(behind) else chest + behind
                depth[y, x] = max(depth[y, x], farther)


def _cover(arm: Limb, pose: ArmPose) -> np.ndarray:
    """(N,) float32 0..1."""
    # from the shoulder where the photo's own arm has gone
    start, fade = _SHOULDER if arm.whole else (pose.start(arm.side), _UPPER_FADE)
    cover = _smoothly(arm.reach, start, start + fade) * pose.shown[SIDES.index(arm.side)]
    return cover.astype(np.float32)


def _bent(arm: Limb, pose: ArmPose) -> np.ndarray:
    """(N,) float32 0..1: how much the creases of a bent elbow are seen."""
    shoulder, elbow, wrist = (pose.place(f"{arm.side}_{name}") for name in ("shoulder", "elbow", "wrist"))
    upper, fore = elbow - shoulder, wrist - elbow
    straight = float(upper @ fore / (np.linalg.norm(upper) * np.linalg.norm(fore)))
    return np.clip((1 - straight) * _CREASED, 0, 1) * np.exp(-(((arm.reach - 1) / _CREASES) ** 2), dtype=np.float32)


def _eye(camera: Camera) -> np.ndarray:
    """(3,) float32 metres: where the camera is."""
    return (-camera.world_to_camera[:3, :3].T @ camera.world_to_camera[:3, 3]).astype(np.float32)


def _box(screen: np.ndarray, camera: Camera) -> tuple[int, int, int, int] | None:
    """Rows top .. bottom - 1 and columns left .. right - 1 that the points, and shadows beside them, lie in."""
    if len(screen) == 0:
        return None
    low, high = screen[:, :2].min(axis=0), screen[:, :2].max(axis=0)
    if (high <= 0).any() or (low >= camera.size).any():
        return None
    room = _SHADOW_REACH * 3 * camera.intrinsics[1, 1] / screen[:, 2].mean()
    left, top = np.clip(np.floor(low - room), 0, camera.size).astype(int)
    right, bottom = np.clip(np.ceil(high + room), 0, camera.size).astype(int)
    return int(top), int(bottom), int(left), int(right)


def _shadows(
    over: Canvas, under: Canvas, chest: float, farthest: np.float32, metre: float
) -> tuple[np.ndarray, np.ndarray]:
    """(H, W) float32 factors of the arm's own light, dimmer beside what is nearer, and of the light on what is behind it.

    chest: depth of the breastbone: the sheet's own lies farther back.    farthest: that of the arm's farthest place.
    metre: pixels of a metre at the arm.
    """
    filled = np.minimum(over.depth, farthest)
    step = max(1, int(_CREVICE * metre / 2))  # what is soft is made of every so many pixels
    sparse = np.s_[::step, ::step]
    small = filled[sparse]
    nearer = filled - _enlarged(cv2.GaussianBlur(small, (0, 0), _CREVICE * metre / step), step, filled.shape)
    nearer = np.maximum(nearer, 0)
    light = 1 - np.minimum(nearer * (_CREVICE_DARK / _CREVICE), _CREVICE_DARK) / (1 + nearer * (1 / _CREVICE_FAR))
    surface = under.depth[sparse]
    surface = np.where(under.ids[sparse] == _BODY, np.minimum(surface, chest), surface)
    close = over.layer[sparse][..., 3] * np.exp(-np.abs(surface - small) / _SHADOW_GAP)
    drop = _SHADOW_REACH * metre / step
    fallen = cv2.warpAffine(close, np.array([[1, 0, 0], [0, 1, drop]], np.float32), close.shape[::-1])
    return light, 1 - _SHADOW_DARK * _enlarged(cv2.GaussianBlur(fallen, (0, 0), drop), step, filled.shape)


def _enlarged(picture: np.ndarray, step: int, shape: tuple[int, ...]) -> np.ndarray:
    """(H, W) of a picture that holds every so many pixels of it."""
    whole = cv2.resize(picture, None, fx=step, fy=step, interpolation=cv2.INTER_LINEAR)
    return whole[: shape[0], : shape[1]]
