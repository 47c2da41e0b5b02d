"""What the warping generator learns from: whole frames as the geometry path draws them, and as they should be.

Made-up portraits driven away, farther than the face net's and half of them with raised arms drawn before them, then driven
back with the arms taken off; people who do not exist, with exact pictures; and drawn hands on the portraits that show them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import cv2
import numpy as np

from garrick.bodies.body import make_figure
from garrick.bodies.hand import Side
from garrick.core.performance import BODY_JOINTS, Performance
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.motion.gestures.arms import STANCES, arm_turns
from garrick.motion.gestures.shapes import SHAPES, hand_shape
from garrick.perception.own_arms import SIDES, OwnArms
from garrick.rendering.limb_mesh import Limbs, make_limbs
from garrick.rendering.limbs import ArmPose, arm_poses
from garrick.rendering.puppet import Pose
from garrick.rendering.refine.refiner import Refiner
from garrick.rendering.refine.view import traits_of
from garrick.rendering.render import Stage, facial_skin, render_pose
from garrick.rendering.take import ID_NAMES, Frame
from garrick.training.render.hand_pairs import ShownHand, another_pose, frame_of, wanted_of
from garrick.training.render.motions import draw_motion
from garrick.training.render.pairs import SIZE, Shot, driven_back, half_camera, halved, shots_of_person
from garrick.training.render.people import Skin
from garrick.training.render.warp_view import WarpView, body_view, face_view

_FARTHEST = np.radians((12.0, 25.0, 8.0))  # pitch, yaw, roll
_SHADOW, _SOFT = 9, 1.5  # pixels around arms that are taken off with them, and of the edge of that
_LOOKS = (0.0, 1.0)  # how much of a drawn hand's detail is kept
_FACE = [ID_NAMES.index(name) for name in ("skin", "eyes", "teeth", "mouth")]


@dataclass(frozen=True)
class WarpPair:
    """One frame and what is wanted of it.

    body, face: the squares; face is None of hands.    plate, wanted: (SIZE, SIZE, 3) uint8.
    known:   (SIZE, SIZE) float32, 0..1: where what is wanted is known.    there: (SIZE, SIZE) bool: the face or the hand.
    mended:  (SIZE, SIZE, 3) uint8: the plate with what the face net adds.
    of:      whom and what it shows.
    """

    body: WarpView
    face: WarpView | None
    plate: np.ndarray
    wanted: np.ndarray
    known: np.ndarray
    there: np.ndarray
    mended: np.ndarray
    of: str


def of_people(skin: Skin, count: int, seed: int) -> Iterator[WarpPair]:
    """`count` poses of one person in that skin."""
    for shot in shots_of_person(skin, count, seed):
        yield pair_of(shot)


def of_portraits(stage: Stage, count: int, seed: int) -> Iterator[WarpPair]:
    """`count` ways away and back, every other one with arms. stage: of the portrait at twice the size of the frames."""
    rng, portrait = np.random.default_rng([29, seed]), stage.portrait
    figure = make_figure(stage.head, portrait.identity)
    limbs = make_limbs(portrait, figure, facial_skin(stage))
    for index in range(count):
        away = far_motion(stage.puppet.source, rng)
        bare, own, name = render_pose(stage, away, portrait.camera), None, f"portrait {seed} {index}"
        frame = bare
        if index % 2:
            arms = raised_arms(limbs, away, rng)
            if arms is not None:
                frame = render_pose(stage, away, portrait.camera, (limbs, arms))
                own, name = _arms_in(frame, bare, stage, arms), f"arms {seed} {index}"
        yield pair_of(driven_back(stage, away, frame, own, name, rng))


def of_hand(hand: ShownHand, count: int, seed: int, rng: np.random.Generator) -> Iterator[WarpPair]:
    """A hand in its portrait's own pose, and `count` others. The photo is the portrait without it."""
    for index in range(count + 1):
        pose = hand.pose if index == 0 else another_pose(hand, rng)
        frame = frame_of(hand, pose, 1.0 if index == 0 else rng.uniform(*_LOOKS))
        wanted, known = wanted_of(hand, pose, frame.plate)
        view = body_view(with_way(frame), hand.plate, hand.portrait.camera, (hand.limbs, pose))
        kind = "own" if index == 0 else "hand"
        there = known > 0.5
        if there.any():
            yield WarpPair(
                view, None, frame.plate, wanted, known, there, frame.plate, f"{kind} {seed} {hand.side}-{index}"
            )


def far_motion(source: Pose, rng: np.random.Generator) -> Pose:
    """A pose like `draw_motion`'s, whose turn may be as large as a single photo bears."""
    turn = rotation_matrices(rng.uniform(-1, 1, 3) * _FARTHEST) @ rotation_matrices(source.rotation.astype(np.float64))
    return replace(draw_motion(source, rng, shut=0.0), rotation=axis_angles(turn).astype(np.float32))


def raised_arms(limbs: Limbs, head: Pose, rng: np.random.Generator) -> ArmPose | None:
    """One arm or both in stances of gestures; None where they hang all the same."""
    rest = Performance.rest(1, Fraction(25))
    body, hands = rest.body_pose.copy(), {}
    lifted = rng.permutation(SIDES)[: rng.integers(1, 3)]
    names = [name for name in STANCES if name != "hang"]
    for side in SIDES:
        rows = [BODY_JOINTS.index(f"{side}_{name}") for name in ("collar", "shoulder", "elbow", "wrist")]
        body[0, rows] = arm_turns(names[rng.integers(len(names))] if side in lifted else "hang", side)
        hands[f"{side}_hand"] = hand_shape(SHAPES[rng.integers(len(SHAPES))], side)[None]
    moved = replace(
        rest,
        body_pose=body,
        head_rotation=head.rotation[None].astype(np.float32),
        head_translation=head.translation[None].astype(np.float32),
        **hands,
    )
    return arm_poses(limbs.figure, moved)[0]


def pair_of(shot: Shot) -> WarpPair:
    """Draw a shot, and gather what the generator is given and what is wanted."""
    stage, camera = shot.stage, shot.stage.portrait.camera
    frame, traits = render_pose(stage, shot.pose, camera, passes=True), traits_of(shot.stage)
    return WarpPair(
        body=body_view(frame, stage.portrait.image, camera, None),
        face=face_view(stage, traits, shot.pose, frame),
        plate=frame.plate,
        wanted=shot.wanted,
        known=np.ones((SIZE, SIZE), np.float32),
        there=np.isin(frame.ids, _FACE),
        mended=Refiner(stage, traits).refine(shot.pose, camera, frame).plate,
        of=shot.of,
    )


def with_way(frame: Frame) -> Frame:
    """The frame of a hand before a picture: all else is taken from where it is."""
    rows, columns = frame.ids.shape
    own = np.stack(np.meshgrid((np.arange(columns) + 0.5) / columns, (np.arange(rows) + 0.5) / rows), axis=2)
    hands = (frame.ids == ID_NAMES.index("hands"))[..., None] | np.isnan(frame.uv)
    return replace(frame, uv=np.where(hands, -1, own).astype(np.float32))


def _arms_in(frame: Frame, bare: Frame, stage: Stage, pose: ArmPose) -> OwnArms:
    """The arms that a frame shows and the bare one does not, at the shot's size, as well as they can be found."""
    camera = half_camera(stage.portrait.camera)
    drawn = halved((np.abs(frame.plate.astype(np.int16) - bare.plate).max(axis=2) > 3).astype(np.float32))
    grown = cv2.GaussianBlur(cv2.dilate(drawn, np.ones((_SHADOW, _SHADOW), np.uint8)), (0, 0), _SOFT)
    joints: dict[Side, np.ndarray] = {
        side: camera.project(np.stack([pose.place(f"{side}_{name}") for name in ("shoulder", "elbow", "wrist")]))[:, :2]
        for side in SIDES
    }
    middle = (joints["left"][0, 0] + joints["right"][0, 0]) / 2
    left = (np.arange(SIZE) > middle) == (joints["left"][0, 0] > middle)
    masks = {"left": grown * left, "right": grown * ~left}
    torso = halved(bare.rgba[..., 3]) > 127
    return OwnArms({side: masks[side].astype(np.float32) for side in SIDES if masks[side].max() > 0}, torso, joints)
