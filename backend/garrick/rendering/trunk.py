"""The torso of the photo follows the upper body: spine and collars bend the sheet that it is drawn on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt

from garrick.bodies.body import Figure
from garrick.core.camera import Camera
from garrick.core.easing import smoothstep
from garrick.core.performance import BODY_JOINTS
from garrick.core.rotation import rotation_matrices
from garrick.core.skeleton import PARENTS
from garrick.rendering.layers import fill_holes
from garrick.rendering.rasterise import NOTHING, rasterise
from garrick.rendering.sheet import Sheet

_SPINE = ("pelvis", "spine1", "spine2", "spine3", "neck")
_COLLARS = ("left_collar", "right_collar")
_BONES = [BODY_JOINTS.index(name) for name in (*_SPINE, *_COLLARS)]
_SHOULDERS = [BODY_JOINTS.index(f"{side}_shoulder") for side in ("left", "right")]
_STILL = 0.12  # of the picture's height: above its lower edge, where nothing moves, until all does
_BELOW = 0.16  # metres under a shoulder's joint over which its chest is left to the spine
_BESIDE = 0.05  # metres beyond it over which the arm begins
_CLOSE = 0.02  # of the picture's height beside the torso: so far all moves along, and as much again ever less
_SHARE = 0.85  # of a collar's motion that the shoulder takes along: skin slides over it


@dataclass(frozen=True)
class Trunk:
    """The sheet's points on the bones: pelvis, spine1..3, neck and both collars.

    basis:   (G, 28) float32: for each bone, what its motion (3, 4) is multiplied with to give a point's share of it.
    joints:  (7, 3) world metres of the bones at rest.    shoulders: (2, 3) of what hangs on the collars.
    beside:  (G, 2) float32, 0..1: how far each is beside the torso, on the left and on the right.
    """

    basis: np.ndarray
    joints: np.ndarray
    shoulders: np.ndarray
    beside: np.ndarray

    def moved(self, body_pose: np.ndarray, gone: np.ndarray | None = None) -> np.ndarray | None:
        """(G, 3) float32 metres by which the sheet's points move; None where spine and collars rest.

        body_pose: (13, 3).    gone: (2,) 0..1: how much the photo's left and right arm are taken away: what is then left
        beside the torso is the background's, and stays.
        """
        turns = body_pose[_BONES]
        if not turns.any():
            return None
        bones = _bones(rotation_matrices(np.asarray(turns, np.float64)), self.joints, self.shoulders)
        moved = self.basis @ bones.transpose(0, 2, 1).reshape(-1, 3).astype(np.float32)
        return moved if gone is None else moved * (1 - self.beside @ gone.astype(np.float32))[:, None]


def make_trunk(sheet: Sheet, figure: Figure, camera: Camera, torso: np.ndarray | None = None) -> Trunk:
    """Bind the sheet to the figure: each point to the body's surface that lies under it in the photo.

    camera: the photo's.    torso: (H, W) bool, where its arms can be taken away. The head and what is still, above the
    picture's lower edge, take the rest of the weights to one.
    """
    depth = _surface(figure, camera)
    x, y = np.clip(sheet.photo, 0, np.array(camera.size) - 1).astype(int).T
    ray = (sheet.photo - camera.intrinsics[:2, 2]) / np.diag(camera.intrinsics)[:2]
    view = np.concatenate([ray, np.ones_like(ray[:, :1])], axis=1) * depth[y, x, None]
    turn, shift = camera.world_to_camera[:3, :3], camera.world_to_camera[:3, 3]
    points = (view - shift) @ turn
    free = (1 - sheet.grip) * (1 - sheet.pull) * smoothstep((1 - sheet.photo[:, 1] / camera.size[1]) / _STILL)
    # what lies farther from the camera than that surface moves by more, to be seen to move as much
    free *= (sheet.rest @ turn.T + shift)[:, 2] / view[:, 2]
    weights = _weights(points, figure.joints) * free[:, None]
    places = np.concatenate([points, np.ones_like(points[:, :1])], axis=1)
    basis = (weights[:, :, None] * places[:, None]).reshape(len(points), -1)
    joints, shoulders = (figure.joints[rows].astype(np.float64) for rows in (_BONES, _SHOULDERS))
    away = np.zeros(camera.size[::-1]) if torso is None else np.asarray(distance_transform_edt(~torso))
    beside = smoothstep(away[y, x] / (_CLOSE * camera.size[1]) - 1)[:, None] * (points[:, :1] * (1, -1) > 0)
    return Trunk(basis.astype(np.float32), joints, shoulders, beside.astype(np.float32))


def _surface(figure: Figure, camera: Camera) -> np.ndarray:
    """(H, W) metres along the view to the body, and to the nearest of it beside it."""
    body = figure.body.quads[figure.body.quad_parts == 0]
    triangles = np.ascontiguousarray(body[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3))
    seen = rasterise(camera.project(figure.rest).astype(np.float32), triangles, camera.size)
    there = seen.triangle != NOTHING
    if not there.any():  # a picture of the face alone
        return np.full(there.shape, camera.world_to_camera[2, 3], np.float32)
    depth = np.where(there, seen.depth, 0).astype(np.float32)[..., None]
    return fill_holes(depth, there.astype(np.float32))[..., 0]


def _weights(points: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """(G, 7) that sum to one: along the spine by height, on the collars beside it."""
    place = {name: joints[BODY_JOINTS.index(name)] for name in BODY_JOINTS}
    heights = np.array([place[name][1] for name in _SPINE])
    at = np.interp(points[:, 1], heights, np.arange(len(_SPINE)))
    spine = np.maximum(0, 1 - np.abs(at[:, None] - np.arange(len(_SPINE))))
    collars = []
    for side, way in (("left", 1), ("right", -1)):
        start, end = place[f"{side}_collar"], place[f"{side}_shoulder"]
        out = way * points[:, 0]
        across = smoothstep((out - way * start[0]) / (way * (end - start)[0]))
        high = smoothstep((points[:, 1] - end[1]) / _BELOW + 1)
        arm = smoothstep((out - way * end[0]) / _BESIDE)
        collars.append(_SHARE * across * np.maximum(high, arm))
    beside = np.stack(collars, axis=1)
    return np.concatenate([spine * (1 - beside.sum(axis=1, keepdims=True)), beside], axis=1)


def _bones(turns: np.ndarray, joints: np.ndarray, shoulders: np.ndarray) -> np.ndarray:
    """(7, 3, 4) what each bone adds to a point that it carries, of turns (7, 3, 3) within what carries them.

    A collar carries its shoulder along and does not turn it: arms go on hanging.
    """
    found: dict[str, np.ndarray] = {}
    for name, turn, joint in zip(_SPINE, turns, joints, strict=False):
        carrier = found[PARENTS[name]] if PARENTS[name] else np.eye(4)[:3]
        whole = carrier[:, :3] @ turn
        found[name] = _bone(whole, joint, carrier[:, :3] @ joint + carrier[:, 3])
    for name, turn, joint, shoulder in zip(
        _COLLARS, turns[len(_SPINE) :], joints[len(_SPINE) :], shoulders, strict=True
    ):
        carrier = found[PARENTS[name]]
        lifted = joint + turn @ (shoulder - joint)
        found[name] = _bone(carrier[:, :3], shoulder, carrier[:, :3] @ lifted + carrier[:, 3])
    return np.stack(list(found.values())) - np.eye(4)[:3]


def _bone(turn: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """(3, 4): turns (3, 3) about a place that it takes elsewhere."""
    return np.concatenate([turn, (end - turn @ start)[:, None]], axis=1)
