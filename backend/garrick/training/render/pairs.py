"""What the net learns from: crops as the geometry path draws them, and as they should be.

Two kinds. People who do not exist are photographed in one pose and drawn by the renderer in another, from a fit that errs as
fits do; the picture that is wanted is their own in that pose. And made-up portraits are driven away, what comes out is taken
for a photo and driven back; wanted is the portrait. Nobody real is in either.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from garrick.bodies.head import Head, load_head
from garrick.context import RunContext
from garrick.core.camera import Camera
from garrick.core.rotation import axis_angles, eye_rotations, rotation_matrices
from garrick.perception.light import estimate_light
from garrick.perception.own_arms import OwnArms
from garrick.perception.portrait import FitReport, Portrait
from garrick.rendering.puppet import Pose, Puppet
from garrick.rendering.refine.view import View, traits_of, view_of
from garrick.rendering.render import Stage, prepare, render_pose
from garrick.rendering.take import Frame
from garrick.training.render.motions import draw_motion
from garrick.training.render.people import Person, Skin, draw_person, photograph

SIZE = 512  # pixels of a frame
CUE_STEP, CUE_ZERO = 63.5, 127.5  # of a cue kept as a byte

_IRIS = 0.00585  # metres, radius
_UNKNOWN = FitReport(0, 0, 0, 0, 0, 0, 200, 1)


@dataclass(frozen=True)
class Pair:
    """view: what the net is given of a frame.    wanted: (SIDE, SIDE, 3) uint8.    of: whom and what it shows."""

    view: View
    wanted: np.ndarray
    of: str


@dataclass(frozen=True)
class Shot:
    """Something to draw. pose: what a stage is driven to.    wanted: (SIZE, SIZE, 3) uint8.    of: whom and what."""

    stage: Stage
    pose: Pose
    wanted: np.ndarray
    of: str


def of_person(skin: Skin, count: int, seed: int) -> Iterator[Pair]:
    """`count` poses of one person in that skin; the seed decides who else it is."""
    for shot in shots_of_person(skin, count, seed):
        yield _pair(shot)


def of_portrait(stage: Stage, count: int, seed: int) -> Iterator[Pair]:
    """`count` ways away from a portrait and back. stage: of the portrait at twice the size of the frames."""
    rng = np.random.default_rng([13, seed])
    for index in range(count):
        away = draw_motion(stage.puppet.source, rng, shut=0.0)
        frame = render_pose(stage, away, stage.portrait.camera)
        yield _pair(driven_back(stage, away, frame, None, f"portrait {seed} {index}", rng))


def shots_of_person(skin: Skin, count: int, seed: int) -> Iterator[Shot]:
    """One person in that skin in `count` poses; the seed decides who else it is."""
    rng = np.random.default_rng([11, seed])
    person = draw_person(skin, SIZE, rng)
    image, matte, posed = photograph(person, person.puppet.source)
    stage = prepare(_fitted(person, image, matte, posed, rng), RunContext())
    for index in range(count):
        truth = draw_motion(person.puppet.source, rng)
        driven = _followed(person.puppet.source, truth, stage.puppet.source)
        yield Shot(stage, driven, photograph(person, truth)[0], f"person {seed} {index}")


def driven_back(stage: Stage, away: Pose, frame: Frame, own: OwnArms | None, of: str, rng: np.random.Generator) -> Shot:
    """What is seen of a portrait driven away, taken for a photo; wanted is the portrait again.

    stage: of the portrait at twice the size of the shot.    frame: what it shows in the pose.
    own:   arms in that frame, at the shot's size, which are to be taken off.
    """
    portrait, posed = stage.portrait, stage.puppet.pose(away)
    image, matte = halved(frame.plate), halved(frame.rgba[..., 3]).astype(np.float32) / 255
    camera = half_camera(portrait.camera)
    points = _landmarks(stage.head, stage.puppet, away, posed, camera)
    there = _as_portrait(image, matte, points, portrait.identity, away, camera, posed, rng)
    again = prepare(there, RunContext(), own)
    if again.bare is not None:
        gone = np.ones(2)
        clinging = again.clinging and replace(again.clinging, picture=again.clinging.worn(gone))
        again = replace(again, canvas=again.bare.canvas(again.canvas, gone), clinging=clinging)
    back = _followed(away, stage.puppet.source, again.puppet.source)
    return Shot(again, back, halved(portrait.image), of)


def save(path: Path, pairs: list[Pair]) -> None:
    """Write pairs as bytes: a cue of -2..2 in 255 steps."""
    arrays = {
        "colour": np.stack([pair.view.colour for pair in pairs]),
        "cues": np.stack(
            [np.clip(pair.view.cues * CUE_STEP + CUE_ZERO + 0.5, 0, 255).astype(np.uint8) for pair in pairs]
        ),
        "weight": np.stack([np.clip(pair.view.weight * 255 + 0.5, 0, 255).astype(np.uint8) for pair in pairs]),
        "wanted": np.stack([pair.wanted for pair in pairs]),
    }
    part = path.with_suffix(".part.npz")
    np.savez(part, of=np.array([pair.of for pair in pairs]), **arrays)
    part.rename(path)


def _pair(shot: Shot) -> Pair:
    stage, camera = shot.stage, shot.stage.portrait.camera
    frame = render_pose(stage, shot.pose, camera)
    view = view_of(stage, traits_of(stage), shot.pose, camera, frame.plate)
    return Pair(view, view.crop.cut(shot.wanted), shot.of)


def _fitted(
    person: Person, image: np.ndarray, matte: np.ndarray, posed: np.ndarray, rng: np.random.Generator
) -> Portrait:
    """The portrait that perception might make of a photograph."""
    source = person.puppet.source
    points = _landmarks(load_head(), person.puppet, source, posed, person.camera)
    identity = person.identity + 0.15 * rng.standard_normal(len(person.identity)).astype(np.float32)
    return _as_portrait(image, matte, points, identity, source, person.camera, posed, rng)


def _as_portrait(
    image: np.ndarray, matte: np.ndarray, points: np.ndarray, identity: np.ndarray, pose: Pose, camera: Camera,
    posed: np.ndarray, rng: np.random.Generator,
) -> Portrait:  # fmt: skip
    """A portrait of known facts, each a little wrong."""
    head = load_head()
    wrong = cv2.resize(rng.normal(0, 0.5, (4, 4, 2)).astype(np.float32), (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
    x, y = np.clip(points, 0, SIZE - 1).astype(int).T
    face = pose.face + np.where(pose.face > 0.02, rng.normal(0, 0.03, 52), 0)
    return Portrait(
        image=image,
        alpha=cv2.GaussianBlur(matte, (0, 0), rng.uniform(0.4, 1.2)),
        landmarks=(points + wrong[y, x] + rng.normal(0, 0.2, points.shape)).astype(np.float32),
        identity=identity,
        face=np.clip(face, 0, 1).astype(np.float32),
        head_rotation=(pose.rotation + np.radians(rng.normal(0, 0.4, 3))).astype(np.float32),
        gaze=(pose.gaze + rng.normal(0, 0.01, (1, 2))).astype(np.float32),
        camera=camera,
        light=estimate_light(head, posed, head.normals(posed), image, camera),
        report=_UNKNOWN,
    )


def _followed(start: Pose, end: Pose, fitted: Pose) -> Pose:
    """The end as a tracker would tell it that takes the start for the fitted pose."""
    turn = rotation_matrices(end.rotation.astype(np.float64)) @ rotation_matrices(start.rotation.astype(np.float64)).T
    return replace(
        fitted,
        face=np.clip(fitted.face + end.face - start.face, 0, 1).astype(np.float32),
        rotation=axis_angles(turn @ rotation_matrices(fitted.rotation.astype(np.float64))).astype(np.float32),
        gaze=(fitted.gaze + end.gaze - start.gaze).astype(np.float32),
    )


def _landmarks(head: Head, puppet: Puppet, pose: Pose, posed: np.ndarray, camera: Camera) -> np.ndarray:
    """(478, 2) pixels: the face's points, then the right and the left iris."""
    turn = rotation_matrices(pose.rotation.astype(np.float64))
    pivot = puppet.head.joint_template[1]
    rings = []
    for side in (1, 0):
        joint = puppet.head.joint_template[3 + side]
        radius = float(np.linalg.norm(puppet.head.template[head.weights[:, 3 + side] > 0] - joint, axis=1).mean())
        across = _IRIS * np.array([[0, 0], [-1, 0], [0, 1], [1, 0], [0, -1]])
        ring = np.column_stack([across, np.sqrt(radius**2 - (across**2).sum(axis=1))])
        looking = rotation_matrices(eye_rotations(pose.gaze[side].astype(np.float64)))
        rings.append(pivot + (joint - pivot + ring @ looking.T) @ turn.T + pose.translation)
    return camera.project(np.concatenate([head.landmarks(posed), *rings]))[:, :2]


def halved(picture: np.ndarray) -> np.ndarray:
    """(SIZE, SIZE, ...) of a picture."""
    return cv2.resize(picture, (SIZE, SIZE), interpolation=cv2.INTER_AREA)


def half_camera(camera: Camera) -> Camera:
    """The same view in SIZE pixels a side."""
    lens = camera.intrinsics.copy()
    lens[:2] *= SIZE / np.array(camera.size)[:, None]
    return Camera(lens, camera.world_to_camera, (SIZE, SIZE))
