"""The hands: MANO-format models with identity and 15 finger joints, posed in numpy, and how far their joints go.

The frame of a hand at rest, flat: lay your right hand on a table, palm down, and look from above. Your fingers point to
-X, your forearm comes from +X, the thumb side is +Z and the back of the hand is +Y; the origin is the knuckle of the
middle finger. The left hand is the mirror image in X: fingers +X, thumb side +Z, back +Y. (A person who stands with arms
stretched out sideways and looks along +Z: this is why MANO hands fit SMPL-X bodies without a turn.)

Rotations are axis-angle in that frame, radians, and turn a joint about where it rests, in MANO's order `JOINTS`. All
zero is the flat hand. A finger of the right hand bends with +Z (of the left with -Z) and turns towards the thumb side
with +Y (left -Y). Since the fingers fan out and the thumb lies askew, `angles` gives the same turns about each joint's
own axes, where signs and limits are the same for both hands. The thumb bends across the palm, about an axis that follows
its nail; its spread lifts it off the plane of the palm, on the palm's side (+), and a negative twist turns its pad to meet
the fingers'.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Literal

import numpy as np

from garrick.bodies import own_files
from garrick.bodies.correctives import Correctives
from garrick.bodies.lbs import skin_numpy
from garrick.bodies.mano import PARENTS, read_mano
from garrick.context import user_cache
from garrick.errors import InputError

RECIPE = 3  # raise it when `bodies.build_hands` makes something else
FINGERS = ("index", "middle", "pinky", "ring", "thumb")  # MANO's order
JOINTS = ("wrist", *(f"{finger}{number}" for finger in FINGERS for number in (1, 2, 3)))
Side = Literal["left", "right"]

_KNUCKLE, _MIDDLE, _END = (-20, 90), (-5, 110), (-10, 80)
_HINGE, _TWIST = (-5, 5), (-5, 5)  # play of a joint that hardly moves that way
JOINT_LIMITS = np.radians(
    [
        *((_KNUCKLE, (-15, 20), _TWIST), (_MIDDLE, _HINGE, _TWIST), (_END, _HINGE, _TWIST)),
        *((_KNUCKLE, (-12, 12), _TWIST), (_MIDDLE, _HINGE, _TWIST), (_END, _HINGE, _TWIST)),
        *((_KNUCKLE, (-25, 20), (-10, 10)), (_MIDDLE, _HINGE, _TWIST), (_END, _HINGE, _TWIST)),
        *((_KNUCKLE, (-15, 15), _TWIST), (_MIDDLE, _HINGE, _TWIST), (_END, _HINGE, _TWIST)),
        *(((-20, 50), (-25, 45), (-45, 20)), ((-10, 60), (-10, 10), (-10, 10)), ((-15, 80), _HINGE, _TWIST)),
    ]
)
"""(15, 3, 2) radians: least and most flexion, spread and twist of each joint from the flat hand, as `angles` gives them.

Fingers: active ranges as in Lin, Wu and Huang 2000 (knuckle 0..90 and 15 to each side, then 110, then 90 degrees), with
the overstretch that the AAOS handbook (1965) gives for knuckles, less than its 45 as few people reach that, and 80 at the
end joint, also AAOS. Thumb: AAOS gives 50 and 80 for its second and third joint. Its first is a saddle whose turns AAOS
measures from a neutral that ours is not: those ranges are ours, found by a search for poses in which the thumb's pad meets
that of each finger (within 1 mm, all four do).
"""


@dataclass(frozen=True)
class Hand:
    """A parametric hand in metres, in the frame that this module describes.

    template:        (V, 3) float32, flat.               identity_basis: (B, V, 3) float32, one standard deviation each.
    pose_basis:      (135, V, 3) float32 correctives of the nine entries of R - 1 of each finger joint.
    joint_regressor: (16, V) float32: joints at rest are its product with the vertices.
    weights:         (V, 16) float32 skin weights.       quads: (Q, 4) int32.
    components:      (45, 45) float32, principal axes of hand poses, rows.   mean_pose: (15, 3) float32, their mean.
    """

    side: Side
    template: np.ndarray
    identity_basis: np.ndarray
    pose_basis: np.ndarray
    joint_regressor: np.ndarray
    weights: np.ndarray
    quads: np.ndarray
    components: np.ndarray
    mean_pose: np.ndarray
    credits: str

    def vertices(self, identity: np.ndarray | None = None) -> np.ndarray:
        """(..., V, 3) flat hand of an identity (..., b), b <= B standard deviations; the template when None."""
        if identity is None:
            return self.template
        return self.template + np.tensordot(identity, self.identity_basis[: identity.shape[-1]], 1).astype(np.float32)

    def joints(self, identity: np.ndarray | None = None) -> np.ndarray:
        """(..., 16, 3) rest joints in `JOINTS` order, metres."""
        return self.joint_regressor @ self.vertices(identity)

    @cached_property
    def tips(self) -> np.ndarray:
        """(5,) int: the vertex at the end of each finger, in `FINGERS` order."""
        return finger_tips(self.template, self.joints(), self.weights)

    @cached_property
    def axes(self) -> np.ndarray:
        """(15, 3, 3) unit rows: the axes of flexion, spread and twist of each finger joint at rest; right-handed."""
        return joint_axes(self.joints(), self.side)

    @cached_property
    def triangles(self) -> np.ndarray:
        """(2Q, 3) int32; triangles 2q and 2q + 1 are quad q, split along its first diagonal."""
        return self.quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3)

    @cached_property
    def correctives(self) -> Correctives:
        """`pose_basis` as it is applied."""
        return Correctives.of(self.pose_basis)


def pose(
    hand: Hand, rotations: np.ndarray, wrist: np.ndarray | None = None, identity: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Pose a hand; leading axes (frames) broadcast.

    rotations: (..., 15, 3) axis-angle in the hand's frame.    wrist: (..., 3) axis-angle about the wrist, the whole hand.
    identity:  (..., b) standard deviations.
    Returns vertices (..., V, 3) and joints (..., 16, 3), float32 metres; the wrist joint stays where it rests.
    """
    rotations = np.asarray(rotations, np.float32)
    turn = np.zeros(3, np.float32) if wrist is None else np.asarray(wrist, np.float32)
    if rotations.shape[-2:] != (15, 3) or turn.shape[-1:] != (3,):
        raise ValueError(f"A hand has 15 x 3 rotations and 3 of the wrist, not {rotations.shape} and {turn.shape}.")
    rest = hand.vertices(identity)
    joints = hand.joint_regressor @ rest
    rest = hand.correctives.correct(rest, rotations)
    frames = np.broadcast_shapes(rotations.shape[:-2], turn.shape[:-1])
    turns = np.concatenate(
        [np.broadcast_to(turn, (*frames, 3))[..., None, :], np.broadcast_to(rotations, (*frames, 15, 3))], axis=-2
    )
    count, batch = rest.shape[-2], np.broadcast_shapes(rest.shape[:-2], joints.shape[:-2])
    # joints ride along as vertices that hang on themselves alone
    points = np.concatenate([rest, np.broadcast_to(joints, (*batch, 16, 3))], axis=-2)
    weights = np.concatenate([hand.weights, np.eye(16, dtype=np.float32)])
    posed = skin_numpy(points, joints, turns, weights, PARENTS)
    return posed[..., :count, :], posed[..., count:, :]


def angles(hand: Hand, rotations: np.ndarray) -> np.ndarray:
    """(..., 15, 3) axis-angle -> (..., 15, 3) radians of flexion (bending is +), spread and twist.

    Spread is + to the thumb side, and for the thumb itself off the palm.
    The components of the axis-angle vector along the joint's own axes: one turn, not three in a row.
    """
    return np.einsum("...jc,jac->...ja", rotations, hand.axes)


def rotations_of(hand: Hand, angles: np.ndarray) -> np.ndarray:
    """(..., 15, 3) flexion, spread and twist -> (..., 15, 3) axis-angle: `angles` backwards."""
    return np.einsum("...ja,jac->...jc", angles, hand.axes)


def within_limits(hand: Hand, rotations: np.ndarray, slack: float = 1e-4) -> np.ndarray:
    """(..., 15, 3) axis-angle -> (..., 15) bool: whether each joint keeps to `JOINT_LIMITS`, with `slack` radians."""
    turned = angles(hand, rotations)
    return ((turned >= JOINT_LIMITS[..., 0] - slack) & (turned <= JOINT_LIMITS[..., 1] + slack)).all(axis=-1)


def clamp(hand: Hand, rotations: np.ndarray) -> np.ndarray:
    """(..., 15, 3) axis-angle -> the same, cut to `JOINT_LIMITS` along each joint's own axes."""
    return rotations_of(hand, np.clip(angles(hand, rotations), JOINT_LIMITS[..., 0], JOINT_LIMITS[..., 1]))


def mirrored(rotations: np.ndarray) -> np.ndarray:
    """(..., 3) axis-angle of one hand -> that of the other hand in the mirror-image pose."""
    return np.asarray(rotations) * np.array([1, -1, -1], np.asarray(rotations).dtype)


_THUMB_ROLL = np.radians(27)  # from the thumb side up to where the nail looks; measured on our thumb's last bone


def joint_axes(joints: np.ndarray, side: Side) -> np.ndarray:
    """(15, 3, 3) axes of flexion, spread and twist from the rest joints (16, 3) of a flat hand."""
    sign = np.array([1, 1, 1]) if side == "right" else np.array([-1, 1, 1])
    joints = np.asarray(joints, np.float64) * sign  # a left hand as a right one
    axes = np.empty((15, 3, 3))
    for joint in range(1, 16):
        last = joint % 3 == 0  # its bone ends in the tip, which is no joint; a flat finger is straight
        bone = joints[joint] - joints[joint - 1] if last else joints[joint + 1] - joints[joint]
        bone /= np.linalg.norm(bone)
        bend = np.array([0.0, 0.0, 1.0])
        if joint > 12:
            nail = np.cross([0.0, 1.0, 0.0], bone)  # level, and away from the fingers
            nail = np.cos(_THUMB_ROLL) * nail / np.linalg.norm(nail) + np.sin(_THUMB_ROLL) * np.array([0.0, 1.0, 0.0])
            bend = np.cross(nail, bone)
        bend = bend - (bend @ bone) * bone
        bend /= np.linalg.norm(bend)
        axes[joint - 1] = bend, np.cross(bone, bend), bone
    return axes if side == "right" else mirrored(axes)


def finger_tips(template: np.ndarray, joints: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(5,) int: the vertices of a flat hand (V, 3) that lie farthest along the last bones of its joints (16, 3)."""
    reach = template @ (joints[3::3] - joints[2::3]).T
    return np.where(weights[:, 3::3] > 0.5, reach, -np.inf).argmax(axis=0)


def hand_path(side: Side) -> Path:
    """Where the built model lies, whether or not it is there; "RIGHT" or "LEFT" in the name is what smplx goes by."""
    return user_cache() / "models" / f"hands-{RECIPE}" / f"MANO_{side.upper()}.npz"


def posed_hand(side: Side) -> Hand:
    """The hand whose joints curves turn: the user's own (`own_files`), else ours. Raises as `load_hand`."""
    path = own_files.hand_file(side)
    return load_hand(side) if path is None else load_hand(side, path)


@lru_cache(maxsize=4)
def load_hand(side: Side, path: Path | None = None) -> Hand:
    """Load a hand: ours, built on the first call where set-up has not (a quarter of a minute), or the MANO file at `path`.

    Raises MissingError where the file or the body data are missing and InputError where a file is no MANO hand.
    """
    if path is None:
        from garrick.bodies.build_hands import ensure_built

        path = ensure_built()[side]
    arrays = read_mano(path)
    faces = arrays["f"].astype(np.int32)
    single = {
        name: arrays[name].astype(np.float32)
        for name in ("v_template", "shapedirs", "posedirs", "J_regressor", "weights", "hands_components", "hands_mean")
    }
    rest = single["J_regressor"] @ single["v_template"]
    points_left = rest[JOINTS.index("middle1"), 0] > rest[0, 0]
    if points_left != (side == "left"):
        raise InputError(f"{path.name} is not a {side} hand.", "Name the file of the other hand.")
    return Hand(
        side=side,
        template=single["v_template"],
        identity_basis=np.ascontiguousarray(np.moveaxis(single["shapedirs"], 2, 0)),
        pose_basis=np.ascontiguousarray(np.moveaxis(single["posedirs"], 2, 0)),
        joint_regressor=single["J_regressor"],
        weights=single["weights"],
        # a triangle is a quad whose last two corners coincide
        quads=arrays["quads"] if "quads" in arrays else faces[:, [0, 1, 2, 2]],
        components=single["hands_components"],
        mean_pose=single["hands_mean"].reshape(15, 3),
        credits=str(arrays["credits"]) if "credits" in arrays else "MANO: the user's own licensed file.",
    )
