"""The upper body, and the whole figure: head, body and both hands as one mesh that the channels of a Performance pose.

Space as the head's: metres, +X the subject's left, +Y up, +Z front, origin at the head joint. At rest the figure stands in
SMPL-X's T-pose, palms down; turns are those of `core.skeleton`. Vertices are ordered head, body, left hand, right hand, and
where parts meet there is one vertex: the head's or the hand's.

The head and the fingers are blended linearly, as their models are, fingers with pose correctives; arms and trunk by dual
quaternions over `body_bones`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from garrick.bodies.body_bones import BONES, bone_transforms, with_head_still
from garrick.bodies.dual_quaternions import skin_dual_numpy, skin_dual_torch
from garrick.bodies.hand import Hand, load_hand
from garrick.bodies.head import Head
from garrick.bodies.lbs import skin_numpy, skin_torch
from garrick.bodies.mano import PARENTS as HAND_PARENTS
from garrick.bodies.mouth import mouth_offsets
from garrick.context import user_cache
from garrick.core.archive import load_arrays
from garrick.core.performance import BODY_JOINTS
from garrick.core.rotation import eye_rotations, rotation_matrices
from garrick.core.skeleton import HAND_JOINTS, PARENTS, TRUNK

if TYPE_CHECKING:
    import torch  # loaded by those who hand in tensors

RECIPE = (
    1  # raise it when `bodies.build_body` makes something else, or the head or the hands that it fits are other ones
)

_FAR = 2.5  # standard deviations beyond which a head says nothing about its body
_HEAD = BONES.index("head")
_SIDES = ("left", "right")
_SHAPES = {
    "face": (52,), "head_rotation": (3,), "head_translation": (3,), "gaze": (2, 2), "body_pose": (13, 3),
    "left_hand": (15, 3), "right_hand": (15, 3),
}  # fmt: skip


@dataclass(frozen=True)
class Body:
    """The body from the neck to the hips, without hands, and how it holds together with a head and two hands.

    template:       (N + R, 3) float32: N vertices of its own, then its idea of the rim, where the head's and the hands'
                    take over.    identity_basis: (K, N + R, 3) float32, one standard deviation each.
    joint_template: (13, 3), joint_basis: (K, 13, 3): joints at rest in `BODY_JOINTS` order.
    identity_map:   (1 + B, K), hand_map: (1 + B, H): 1 and a head's identity -> that of body and hands.
    rim:            (R,) int32 vertices of the figure.
    stitch_rims:    (N, 4) int32 into the rim, stitch_weights: (N, 4): how far a vertex goes along where a rim is elsewhere.
    weights:        (V, 24) float32 of the figure in `BONES` order, rows sum to one.
    quads:          (Q, 4) int32, into the figure's vertices, of body, left and right hand (0, 1, 2 in quad_parts (Q,));
                    quad_uvs: (Q, 4) int32 into uvs (U, 2), v up: the source's own unwrapping.
    part_sizes:     (4,) int32 vertices of the figure's head, body, left and right hand.
    """

    template: np.ndarray
    identity_basis: np.ndarray
    joint_template: np.ndarray
    joint_basis: np.ndarray
    identity_map: np.ndarray
    hand_map: np.ndarray
    rim: np.ndarray
    stitch_rims: np.ndarray
    stitch_weights: np.ndarray
    weights: np.ndarray
    quads: np.ndarray
    quad_parts: np.ndarray
    quad_uvs: np.ndarray
    uvs: np.ndarray
    part_sizes: np.ndarray
    credits: str

    def shape(self, identity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(B,) identity of a head -> (N + R, 3) vertices and (13, 3) joints of the body that goes with it, metres."""
        found = self._found(identity, self.identity_map)
        vertices = self.template + np.tensordot(found, self.identity_basis, 1)
        return vertices, self.joint_template + np.tensordot(found, self.joint_basis, 1)

    def hand_identity(self, identity: np.ndarray) -> np.ndarray:
        """(B,) identity of a head -> (H,) identity of the hands that go with it."""
        return self._found(identity, self.hand_map)

    def _found(self, identity: np.ndarray, table: np.ndarray) -> np.ndarray:
        return np.clip(np.append(1, identity) @ table, -_FAR, _FAR).astype(np.float32)


@dataclass(frozen=True)
class Figure:
    """One person at rest: head with the identity in its template, body, left and right hand.

    rest: (V, 3) float32 vertices.    joints: (14, 3) in `BODY_JOINTS` order, then where the head turns.
    hand_joints: (2, 16, 3) in MANO's order.    eyes: (2, 3).
    """

    body: Body
    head: Head
    hands: tuple[Hand, Hand]
    rest: np.ndarray
    joints: np.ndarray
    hand_joints: np.ndarray
    eyes: np.ndarray

    @cached_property
    def quads(self) -> np.ndarray:
        """(Q, 4) int32 of the head, then of the body and the hands."""
        return np.concatenate([self.head.quads, self.body.quads])

    @cached_property
    def triangles(self) -> np.ndarray:
        """(2Q, 3) int32; triangles 2q and 2q + 1 are quad q, split along its first diagonal."""
        return self.quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3)

    @cached_property
    def parts(self) -> tuple[slice, slice, slice, slice]:
        """The vertices of head, body, left hand and right hand."""
        ends = np.cumsum([0, *self.body.part_sizes]).tolist()
        return slice(*ends[0:2]), slice(*ends[1:3]), slice(*ends[2:4]), slice(*ends[3:5])

    @cached_property
    def arrays(self) -> dict[str, np.ndarray]:
        """What posing needs besides the head, float32; `held` are the head's vertices that the body holds, int64."""
        size, weights = int(self.body.part_sizes[0]), self.body.weights
        held = np.flatnonzero(weights[:size, BONES.index("head")] < 1)
        arrays = {"body": self.rest[self.parts[1]], "joints": self.joints, "weights": weights[size:]}
        arrays |= {"held_weights": weights[held]}
        for side, hand in enumerate(self.hands):
            arrays |= {f"hand{side}": self.rest[self.parts[2 + side]], f"hand_joints{side}": self.hand_joints[side]}
            arrays |= {f"hand_weights{side}": hand.weights}
        return {name: np.asarray(array, np.float32) for name, array in arrays.items()} | {"held": held}

    def tensors(self, like: torch.Tensor) -> dict[str, torch.Tensor]:
        """`arrays` where a tensor is."""
        import torch

        key = (like.dtype, str(like.device))
        if key not in self._tensors:
            self._tensors[key] = {
                name: torch.as_tensor(
                    array, dtype=like.dtype if array.dtype == np.float32 else None, device=like.device
                )
                for name, array in self.arrays.items()
            }
        return self._tensors[key]

    @cached_property
    def _tensors(self) -> dict[tuple[torch.dtype, str], dict[str, torch.Tensor]]:
        return {}


def make_figure(head: Head, identity: np.ndarray, body: Body | None = None) -> Figure:
    """The figure of a person, with Garrick's own hands.

    head:     our head model, or one that `Head.personal` made of it.    identity: (B,) of that person.
    Raises MissingError without a built model and ValueError for a head of another kind, which has no body.
    """
    body = body or load_body()
    if len(head.template) != body.part_sizes[0] or len(identity) + 1 != len(body.identity_map):
        raise ValueError("This head has no body: a figure needs Garrick's own head model.")
    if len(head.identity_basis):
        head = head.personal(identity, mouth_offsets(head, head.vertices(identity)))
    shape, joints = body.shape(identity)
    hands, flat, hand_joints = (load_hand("left"), load_hand("right")), [], []
    for hand in hands:
        coefficients = body.hand_identity(identity)
        bones = hand.joints(coefficients)
        place = joints[BODY_JOINTS.index(f"{hand.side}_wrist")] - bones[0]
        flat.append(hand.vertices(coefficients) + place)
        hand_joints.append(bones + place)
    count = len(body.stitch_rims)
    rest = np.concatenate([head.template, shape[:count], *flat])
    off = rest[body.rim] - shape[count:]
    rest[len(head.template) :][:count] += (body.stitch_weights[..., None] * off[body.stitch_rims]).sum(axis=1)
    joints = np.concatenate([joints, head.joint_template[1:2]]).astype(np.float32)
    eyes = head.joint_template[3:].astype(np.float32)
    return Figure(body, head, hands, rest.astype(np.float32), joints, np.stack(hand_joints).astype(np.float32), eyes)


def trunk_places(head: Head, identity: np.ndarray) -> np.ndarray:
    """(6, 3) metres where the joints of `skeleton.TRUNK` of a person rest: what `skeleton.head_carried` asks for.

    head: our head model.    identity: (B,).    Raises MissingError without a built model.
    """
    _, joints = load_body().shape(identity)
    rows = [BODY_JOINTS.index(name) for name in TRUNK[:-1]]
    return np.concatenate([joints[rows], head.joints(np.asarray(identity, np.float32))[1:2]])


def pose(
    figure: Figure,
    face: Any = None,
    head_rotation: Any = None,
    head_translation: Any = None,
    gaze: Any = None,
    body_pose: Any = None,
    left_hand: Any = None,
    right_hand: Any = None,
) -> Any:
    """Pose the figure by the channels of a Performance, which see for shapes and units; leading axes (frames) broadcast.

    Numpy in, numpy out; torch in, torch out (differentiable, but for gaze). What is not given rests.
    The head turns in the body's space, whatever the spine does, and spine and neck carry it; `head_translation` moves the
    whole figure.
    Returns (..., V, 3) metres. With a body_pose of zero the head's vertices are exactly what the head model gives.
    """
    given = dict(
        zip(_SHAPES, (face, head_rotation, head_translation, gaze, body_pose, left_hand, right_hand), strict=True)
    )
    frames = np.broadcast_shapes(
        *(tuple(value.shape)[: -len(_SHAPES[name])] for name, value in given.items() if value is not None)
    )
    like = next((value for value in given.values() if value is not None and not isinstance(value, np.ndarray)), None)
    if like is None:
        full = {
            name: np.broadcast_to(np.asarray(0 if value is None else value, np.float32), (*frames, *_SHAPES[name]))
            for name, value in given.items()
        }
        eyes = eye_rotations(full["gaze"]).astype(np.float32)
        return _posed(np, skin_numpy, skin_dual_numpy, figure, figure.arrays, eyes, **full)
    import torch

    full = {
        name: like.new_zeros((*frames, *_SHAPES[name])) if value is None else value.expand(*frames, *_SHAPES[name])
        for name, value in given.items()
    }
    eyes = torch.as_tensor(eye_rotations(full["gaze"].detach().cpu().numpy()), dtype=like.dtype, device=like.device)
    return _posed(torch, skin_torch, skin_dual_torch, figure, figure.tensors(like), eyes, **full)


def _posed(xp: Any, skin: Any, dual: Any, figure: Figure, own: dict[str, Any], eyes: Any, **channels: Any) -> Any:
    """`pose` with whole channels, by numpy (xp) and its two kinds of skinning or by torch and its."""
    face, turned, body_pose = channels["face"], channels["head_rotation"], channels["body_pose"]
    frames, held = tuple(face.shape[:-1]), own["held"]
    head = figure.head.vertices(face=face, neck=turned, eyes=eyes)
    hands = [
        skin(figure.hands[side].correctives.correct(own[f"hand{side}"], channels[f"{name}_hand"]),
             own[f"hand_joints{side}"], _with_wrist(xp, channels[f"{name}_hand"]), own[f"hand_weights{side}"], HAND_PARENTS)
        for side, name in enumerate(_SIDES)
    ]  # fmt: skip
    body = xp.broadcast_to(own["body"], (*frames, *own["body"].shape))
    quaternions, shifts = bone_transforms(xp, body_pose, turned, own["joints"])
    rest = dual(xp.concatenate([body, *hands], axis=-2), quaternions, shifts, own["weights"])
    # the head model turns the head: here it is only carried, and its shoulders and neck are moved with the body
    quaternions, shifts = with_head_still(xp, quaternions, shifts, own["joints"])
    shaped = figure.head.vertices(face=face)[..., held, :]
    head = head + shifts[..., _HEAD, None, :]
    head[..., held, :] += dual(shaped, quaternions, shifts, own["held_weights"]) - shaped - shifts[..., _HEAD, None, :]
    return xp.concatenate([head, rest], axis=-2) + channels["head_translation"][..., None, :]


def _with_wrist(xp: Any, fingers: Any) -> Any:
    """(..., 15, 3) -> (..., 16, 3): the wrist turns with the body's bones."""
    return xp.concatenate([fingers[..., :1, :] * 0, fingers], axis=-2)


def joints(
    figure: Figure,
    head_rotation: np.ndarray | None = None,
    head_translation: np.ndarray | None = None,
    body_pose: np.ndarray | None = None,
    left_hand: np.ndarray | None = None,
    right_hand: np.ndarray | None = None,
) -> np.ndarray:
    """(..., 46, 3) metres: every joint of `core.skeleton.PARENTS`, in its order; channels as for `pose`."""
    turns, places = joint_frames(figure, head_rotation, body_pose)
    rest = dict(zip((*BODY_JOINTS, "head"), figure.joints, strict=True))
    turn = dict(zip(rest, np.moveaxis(turns, -3, 0), strict=True))
    found = dict(zip(rest, np.moveaxis(places, -2, 0), strict=True))
    for side, name in enumerate(_SIDES):
        rest |= {f"{name}_eye": figure.eyes[side]}
        rest |= {f"{name}_{joint}": figure.hand_joints[side, 1 + row] for row, joint in enumerate(HAND_JOINTS)}
        fingers = (left_hand, right_hand)[side]
        if fingers is not None:
            local = np.moveaxis(rotation_matrices(np.asarray(fingers, np.float64)), -3, 0)
            turn |= {f"{name}_{joint}": local[row] for row, joint in enumerate(HAND_JOINTS)}
    for name, parent in PARENTS.items():
        if name not in found:
            found[name] = found[parent] + turn[parent] @ (rest[name] - rest[parent])
            turn[name] = turn[parent] @ turn[name] if name in turn else turn[parent]
    shift = 0 if head_translation is None else np.asarray(head_translation, np.float64)[..., None, :]
    return np.stack(np.broadcast_arrays(*(found[name] for name in PARENTS)), axis=-2) + shift


def joint_frames(
    figure: Figure, head_rotation: np.ndarray | None = None, body_pose: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """(..., 14, 3, 3) turns against rest of the body's joints, the head's last, and (..., 14, 3) where they are, metres."""
    pose = np.zeros((13, 3)) if body_pose is None else np.asarray(body_pose, np.float64)
    head = np.zeros(3) if head_rotation is None else np.asarray(head_rotation, np.float64)
    frames = np.broadcast_shapes(pose.shape[:-2], head.shape[:-1])
    local = np.broadcast_to(rotation_matrices(pose), (*frames, 13, 3, 3))
    turns, places = np.empty((*frames, 14, 3, 3)), np.empty((*frames, 14, 3))
    for row, name in enumerate((*BODY_JOINTS, "head")):
        if not PARENTS[name]:
            turns[..., row, :, :], places[..., row, :] = local[..., row, :, :], figure.joints[row]
            continue
        parent = BODY_JOINTS.index(PARENTS[name])
        arm = figure.joints[row] - figure.joints[parent]
        places[..., row, :] = places[..., parent, :] + turns[..., parent, :, :] @ arm
        turned = rotation_matrices(head) if name == "head" else turns[..., parent, :, :] @ local[..., row, :, :]
        turns[..., row, :, :] = turned
    return turns, places


def body_path() -> Path:
    """Where the built model lies, whether or not it is there."""
    return user_cache() / "models" / f"body-{RECIPE}.npz"


@lru_cache(maxsize=2)
def load_body(path: Path | None = None) -> Body:
    """Load the body, built on the first call where set-up has not (half a minute).

    Raises MissingError where the body data are missing, and OutputError where there is no room for the model.
    """
    if path is None:
        from garrick.bodies.build_body import ensure_built

        path = ensure_built()
    arrays = load_arrays(path)
    credits = str(arrays.pop("credits"))
    single = {name: array.astype(np.float32) if array.dtype == np.float16 else array for name, array in arrays.items()}
    return Body(**single, credits=credits)
