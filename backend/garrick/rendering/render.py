"""Portrait + Performance + CameraPath -> Take: the geometry path.

The photo is split into background and person; the person's head is the fitted mesh with the photo projected on it, hair
and body are a sheet around it. Every pixel that has not moved is the photo's own.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from garrick.bodies.head import PARTS, Head, load_head
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.camera import Camera, CameraPath
from garrick.core.performance import Performance
from garrick.perception.portrait import Portrait
from garrick.rendering import shade
from garrick.rendering.attributes import Attributes, make_attributes
from garrick.rendering.eyes import eye_textures
from garrick.rendering.layers import Layers, split
from garrick.rendering.puppet import Pose, Puppet, make_puppet
from garrick.rendering.rasterise import front_triangles
from garrick.rendering.sheet import Sheet, make_sheet
from garrick.rendering.shut_eyes import shut_eyes
from garrick.rendering.take import ID_NAMES, Frame, Take
from garrick.rendering.texture import project_texture

_BACKDROP = 0.6  # metres behind the head at which a moving camera sees the background


def run(portrait: Portrait, performance: Performance, camera: CameraPath, ctx: RunContext) -> Take:
    """Prepare the portrait once (about a second) and return the frames of `performance`, rendered when asked for.

    The camera may differ from the portrait's own in pose, lens and size. Raises ValueError when its length is not the
    performance's.
    """
    if len(camera) != len(performance):
        raise ValueError(f"The camera has {len(camera)} frames, the performance {len(performance)}.")
    stage = prepare(portrait, ctx)

    def render(frame: int) -> Frame:
        pose = Pose(
            performance.face[frame],
            performance.head_rotation[frame],
            performance.head_translation[frame],
            performance.gaze[frame],
        )
        return render_pose(stage, pose, camera.at(frame))

    return Take(camera, render, np.clip(stage.layers.background * 255 + 0.5, 0, 255).astype(np.uint8))


@dataclass(frozen=True)
class Stage:
    """Everything about a portrait that does not change from frame to frame."""

    portrait: Portrait
    head: Head
    puppet: Puppet
    source: np.ndarray
    layers: Layers
    sheet: Sheet
    eyes: np.ndarray
    photo: np.ndarray
    shut: np.ndarray
    attributes: Attributes
    triangles: np.ndarray
    kinds: np.ndarray
    closed: np.ndarray
    head_ids: np.ndarray
    sheet_ids: np.ndarray


def prepare(portrait: Portrait, ctx: RunContext) -> Stage:
    """Split the photo, pose the head on it, project the texture, build sheet and eyes."""
    ctx.step("prepare", 0, 4)
    head = load_head()
    puppet = make_puppet(head, portrait)
    source = puppet.pose(puppet.source)
    ctx.step("prepare", 1, 4)
    layers = split(portrait.image, portrait.alpha)
    ctx.step("prepare", 2, 4)
    texture = project_texture(head, source, portrait)
    sheet = make_sheet(puppet, source, portrait.alpha, portrait.camera)
    ctx.step("prepare", 3, 4)
    eyes = eye_textures(head, puppet, portrait)
    shut, shut_points = shut_eyes(puppet, portrait)
    attributes = make_attributes(head, puppet, source, portrait, texture, shut_points)
    drawn = attributes.reached[head.triangles].any(axis=1)
    triangles, parts = head.triangles[drawn], np.repeat(head.quad_parts, 2)[drawn]
    eye = parts == PARTS.index("eye")
    head_ids, sheet_ids = _ids(parts, sheet)
    stage = Stage(
        portrait=portrait,
        head=head,
        puppet=puppet,
        source=source,
        layers=layers,
        sheet=sheet,
        eyes=eyes,
        photo=np.concatenate([portrait.image.astype(np.float32) / 255, portrait.alpha[..., None]], axis=2),
        shut=shut,
        attributes=attributes,
        triangles=triangles,
        kinds=np.where(eye, np.where(head.weights[triangles[:, 0], 3] > 0, 1, 2), 0).astype(np.int32),
        closed=eye | (parts == PARTS.index("skin")),
        head_ids=head_ids,
        sheet_ids=sheet_ids,
    )
    ctx.step("prepare", 4, 4)
    return stage


def render_pose(stage: Stage, pose: Pose, camera: Camera) -> Frame:
    """Render one instant from one camera."""
    posed = stage.puppet.pose(pose)
    screen = camera.project(posed).astype(np.float32)
    attributes = stage.attributes.at(posed, screen, stage.puppet.neck_motion(pose), camera)
    seen = front_triangles(screen, stage.triangles, stage.closed)
    grid = camera.project(stage.sheet.pose(stage.puppet, pose, stage.source, posed)).astype(np.float32)
    shape = camera.size[::-1]
    layer, uv = np.zeros((*shape, 4), np.float32), np.zeros((*shape, 2), np.float32)
    depth, ids = np.full(shape, np.inf, np.float32), np.zeros(shape, np.uint8)
    plate, rgba = np.empty((*shape, 3), np.uint8), np.empty((*shape, 4), np.uint8)
    sheet = stage.sheet
    faces, kinds, names = stage.triangles[seen], stage.kinds[seen], stage.head_ids[seen]
    shade.draw_head(
        screen,
        faces,
        kinds,
        names,
        attributes,
        stage.photo,
        stage.shut,
        stage.eyes,
        _eye_still(stage, pose),
        layer,
        uv,
        depth,
        ids,
    )
    shade.draw_sheet(
        grid, sheet.triangles, sheet.photo, stage.sheet_ids, stage.layers.foreground, layer, uv, depth, ids
    )
    size = np.array(stage.portrait.camera.size, np.float32)
    shade.compose(layer, _background(stage, camera), size, plate, rgba, uv, depth, ids)
    return Frame(rgba, depth, uv, ids, plate)


def _eye_still(stage: Stage, pose: Pose) -> np.float32:
    """How much the eyes may stay the photo's: 1 while neither lids nor gaze have moved."""
    lids = [ARKIT_INDEX["eyeBlinkLeft"], ARKIT_INDEX["eyeBlinkRight"]]
    blink = np.abs(pose.face - stage.puppet.source.face)[lids].max()
    turned = np.abs(pose.gaze - stage.puppet.source.gaze).max()
    return np.float32(np.exp(-((turned / 0.02) ** 2) - (blink / 0.08) ** 2))


def _background(stage: Stage, camera: Camera) -> np.ndarray:
    """The background as this camera sees it: a picture hung behind the head."""
    own, background = stage.portrait.camera, stage.layers.background
    same_lens = camera.size == own.size and np.array_equal(camera.intrinsics, own.intrinsics)
    if same_lens and np.array_equal(camera.world_to_camera, own.world_to_camera):
        return background
    width, height = own.size
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    far = own.world_to_camera[2, 3] + _BACKDROP
    rays = np.column_stack([(corners - own.intrinsics[:2, 2]) / np.diag(own.intrinsics)[:2], np.ones(4)])
    world = (rays * far - own.world_to_camera[:3, 3]) @ own.world_to_camera[:3, :3]
    there = camera.project(world)[:, :2]
    matrix = cv2.getPerspectiveTransform((corners - 0.5).astype(np.float32), (there - 0.5).astype(np.float32))
    return cv2.warpPerspective(background, matrix, camera.size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _ids(parts: np.ndarray, sheet: Sheet) -> tuple[np.ndarray, np.ndarray]:
    """(T,) uint8 into `ID_NAMES` for the drawn triangles of the head, whose parts are given, and of the sheet."""
    names = {"socket": "skin", "tongue": "mouth", "gums": "mouth", "eye": "eyes"}
    ids = np.array([ID_NAMES.index(names.get(part, part)) for part in PARTS], np.uint8)
    around = np.where(sheet.grip[sheet.triangles[:, 0]] > 0.5, ID_NAMES.index("hair"), ID_NAMES.index("body"))
    return ids[parts], around.astype(np.uint8)
