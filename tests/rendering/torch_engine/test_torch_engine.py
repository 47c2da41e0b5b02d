"""Frames of the torch engine against those of the kernels, on the sample portrait: heads, sheets, arms, passes."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from garrick.bodies.body import make_figure
from garrick.bodies.head import load_head
from garrick.context import RunContext
from garrick.core.camera import Camera
from garrick.core.performance import BODY_JOINTS, Performance
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.motion.gestures.arms import arm_turns
from garrick.perception.own_arms import OwnArms
from garrick.rendering.limb_mesh import make_limbs
from garrick.rendering.limbs import arm_poses
from garrick.rendering.puppet import Pose
from garrick.rendering.render import prepare, render_pose
from garrick.rendering.take import ID_NAMES, Frame
from garrick.rendering.torch_engine.engine import Engine
from garrick.rendering.torch_engine.geometry import Fans, TorchSheet, Views, neck_motions, pose_heads, stacked
from garrick.rendering.torch_engine.instant import Instant
from garrick.rendering.trunk import make_trunk

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def stage(portrait):
    return prepare(portrait, RunContext())


@pytest.fixture(scope="module")
def engine(stage):
    return Engine(stage, CPU)


def random_instants(portrait, count: int, seed: int = 0, size: tuple[int, int] | None = None) -> list[Instant]:
    """Faces, turns, places and gazes, half of them seen by a camera that has moved."""
    rng, instants = np.random.default_rng(seed), []
    for index in range(count):
        turn = rotation_matrices(np.radians(rng.uniform((-12, -25, -12), (12, 25, 12))))
        pose = Pose(
            np.clip(rng.normal(0, 0.35, 52), 0, 1).astype(np.float32),
            axis_angles(turn @ rotation_matrices(portrait.head_rotation)),
            rng.uniform(-0.04, 0.04, 3),
            rng.uniform(-0.3, 0.3, (2, 2)),
        )
        orbit = np.eye(4)
        orbit[:3, :3] = rotation_matrices(np.radians(rng.uniform((-8, -12, 0), (8, 12, 0))))
        there = portrait.camera.world_to_camera @ orbit if index % 2 else portrait.camera.world_to_camera
        camera = replace(portrait.camera, world_to_camera=there)
        instants.append(Instant(pose, camera if size is None else smaller(camera, size)))
    return instants


def smaller(camera: Camera, size: tuple[int, int]) -> Camera:
    scale = np.diag([size[0] / camera.size[0], size[1] / camera.size[1], 1])
    return replace(camera, intrinsics=scale @ camera.intrinsics, size=size)


def alike(twin: Frame, kernel: Frame) -> None:
    """Ids but for a few at edges, colours within a 255th, depth within a tenth of a millimetre."""
    few = 1e-4 * kernel.ids.size
    assert (twin.ids != kernel.ids).sum() <= few
    for name in ("rgba", "plate"):
        away = np.abs(getattr(twin, name).astype(int) - getattr(kernel, name)).max(axis=2)
        assert (away > 1).sum() <= few, name
    same = twin.ids == kernel.ids
    seen = same & (kernel.ids > 0)
    assert (np.isfinite(twin.depth) == np.isfinite(kernel.depth))[same].all()
    finite = same & np.isfinite(kernel.depth)
    assert (np.abs(twin.depth[finite] - kernel.depth[finite]) > 1e-4).sum() <= few
    assert (np.abs(twin.uv - kernel.uv).max(axis=2)[same] > 1e-4).sum() <= few
    if kernel.normals is None:
        assert twin.normals is None
    else:
        assert (np.abs(twin.normals - kernel.normals).max(axis=2)[seen] > 1e-3).sum() <= few


@pytest.mark.parametrize("passes", [False, True])
def test_random_heads_and_cameras_give_the_kernels_frames(stage, engine, portrait, passes):
    instants = [Instant(stage.puppet.source, portrait.camera), *random_instants(portrait, 3, seed=int(passes))]
    for instant, finish in zip(instants, engine.draw(instants, passes), strict=True):
        alike(finish(), render_pose(stage, instant.pose, instant.camera, None, passes))


def test_a_frame_does_not_depend_on_what_is_drawn_with_it(stage, engine, portrait):
    instants = random_instants(portrait, 3, seed=5, size=(96, 128))
    together = [finish() for finish in engine.draw(instants, True)]
    for frame, instant in zip(together, instants, strict=True):
        (alone,) = engine.draw([instant], True)
        for name in ("rgba", "depth", "uv", "ids", "plate", "normals"):
            np.testing.assert_allclose(getattr(alone(), name), getattr(frame, name), atol=1e-4, err_msg=name)


def test_everything_is_made_on_the_engines_device(stage, portrait):
    """What forgot to say where it is made would be on no device at all, and could not be reckoned with."""
    instants = random_instants(portrait, 2, seed=3, size=(64, 64))
    with torch.device("meta"):
        frames = [finish() for finish in Engine(stage, CPU).draw(instants, True)]
    assert all((frame.ids > 0).any() for frame in frames)


def test_cameras_of_two_sizes_are_refused(engine, portrait):
    one, other = random_instants(portrait, 2)
    with pytest.raises(ValueError, match="size"):
        engine.draw([one, other._replace(camera=smaller(other.camera, (96, 96)))])


def test_posed_points_normals_and_sheet_are_the_kernels(stage, portrait):
    from garrick.bodies.surface import quad_normals

    instants = random_instants(portrait, 3, seed=2)
    poses, cameras = [instant.pose for instant in instants], [instant.camera for instant in instants]
    posed = pose_heads(stage.puppet, poses, CPU)
    screen = Views.of(cameras, CPU).project(posed)
    normals = Fans(stage.head.quads, len(stage.source), CPU).normals(posed)
    sheet = TorchSheet(stage.sheet, stage.source, stage.puppet.head.weights[:, 0], CPU)
    lean = stacked([pose.translation for pose in poses], CPU)
    spread = sheet.pose(posed, neck_motions(stage.puppet, poses, CPU), lean)
    for index, (pose, camera) in enumerate(zip(poses, cameras, strict=True)):
        points = stage.puppet.pose(pose)
        np.testing.assert_allclose(posed[index], points, atol=1e-6)
        np.testing.assert_allclose(screen[index], camera.project(points), atol=1e-2, rtol=1e-5)
        np.testing.assert_allclose(normals[index], quad_normals(points, stage.head.quads), atol=1e-3)
        carried = stage.sheet.pose(stage.puppet, pose, stage.source, points)
        np.testing.assert_allclose(spread[index], carried, atol=2e-6)


def test_a_trunk_bends_the_engines_sheet_as_the_kernels(stage, portrait, body_data):
    figure = make_figure(load_head(), portrait.identity)
    bent = replace(stage, trunk=make_trunk(stage.sheet, figure, portrait.camera))
    body = np.zeros((len(BODY_JOINTS), 3), np.float32)
    body[[BODY_JOINTS.index(name) for name in ("spine2", "left_collar")]] = (0.05, 0.1, 0.1), (0, 0, 0.2)
    still, moved = random_instants(portrait, 2, seed=7)
    moved = moved._replace(pose=replace(moved.pose, body=body))
    frames = [finish() for finish in Engine(bent, CPU).draw([still, moved], True)]
    wanted = [render_pose(bent, instant.pose, instant.camera, None, True) for instant in (still, moved)]
    for frame, kernel in zip(frames, wanted, strict=True):
        alike(frame, kernel)
    unmoved = render_pose(stage, moved.pose, moved.camera, None, True)
    assert (np.abs(wanted[1].plate.astype(int) - unmoved.plate).max(axis=2) > 20).mean() > 0.005


def gesturing(portrait, *stances: str) -> Performance:
    """One frame for each stance of the right arm, the left one waves; the head as in the photo."""
    count = len(stances)
    rest = Performance.rest(count, Fraction(25), portrait.identity)
    body = rest.body_pose.copy()
    for frame, stance in enumerate(stances):
        for side, held in (("left", "wave_in"), ("right", stance)):
            rows = [BODY_JOINTS.index(f"{side}_{name}") for name in ("collar", "shoulder", "elbow", "wrist")]
            body[frame, rows] = arm_turns(held, side)
    return replace(rest, body_pose=body)


def right_arm_of_the_photo(portrait) -> OwnArms:
    """As if the photo showed a right arm: a strip of the torso."""
    height, width = portrait.alpha.shape
    mask = np.zeros((height, width), np.float32)
    mask[int(0.8 * height) :, int(0.25 * width) : int(0.35 * width)] = 1
    mask *= portrait.alpha
    joints = np.array([[0.3 * width, 0.82 * height], [0.3 * width, 0.95 * height], [0.3 * width, 1.2 * height]])
    return OwnArms(masks={"right": mask}, torso=portrait.alpha > 0.5, joints={"left": joints, "right": joints})


@pytest.mark.parametrize("own", [False, True])
def test_arms_are_laid_over_the_engines_head_as_over_the_kernels(stage, portrait, body_data, own):
    shown = right_arm_of_the_photo(portrait) if own else None
    dressed = prepare(portrait, RunContext(), shown) if own else stage
    figure, performance = make_figure(load_head(), portrait.identity), gesturing(portrait, "wave_in", "offer")
    limbs = make_limbs(portrait, figure, portrait.alpha > 0.99, shown)
    back = portrait.camera.world_to_camera.copy()
    back[1:3, 3] += -0.25, 1.2 * back[2, 3]  # both hands are in the picture
    camera = smaller(replace(portrait.camera, world_to_camera=back), (176, 160))
    arms = [pose and (limbs, pose) for pose in arm_poses(figure, performance)]
    instants = [Instant(stage.puppet.source, camera, pose) for pose in (*arms, None)]
    frames = [finish() for finish in Engine(dressed, CPU).draw(instants, True)]
    for instant, frame in zip(instants, frames, strict=True):
        alike(frame, render_pose(dressed, instant.pose, camera, instant.arms, True))
    hands = [(frame.ids == ID_NAMES.index("hands")).sum() for frame in frames]
    assert min(hands[:2]) > 40
    assert hands[2] == 0
