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
from garrick.rendering.eyes import eye_textures
from garrick.rendering.layers import Layers, split
from garrick.rendering.puppet import Pose, Puppet, make_puppet
from garrick.rendering.sheet import Sheet, make_sheet
from garrick.rendering.take import ID_NAMES, Frame, Take
from garrick.rendering.texture import ProjectedTexture, project_texture, view_cosines

_MOUTH_PARTS = ("mouth", "teeth", "gums", "tongue")
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
    texture: ProjectedTexture
    sheet: Sheet
    eyes: np.ndarray
    photo: np.ndarray
    attributes: np.ndarray
    kinds: np.ndarray
    closed: np.ndarray
    head_ids: np.ndarray
    sheet_ids: np.ndarray
    interior: np.ndarray
    teeth: np.ndarray
    scalp: np.ndarray
    reach: np.ndarray
    normals: np.ndarray


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
    parts = head.vertex_parts
    attributes = np.zeros((len(source), shade.ATTRIBUTES), np.float32)
    attributes[:, shade.PHOTO_X : shade.PHOTO_Y + 1] = texture.photo
    attributes[:, shade.FILL_R : shade.FILL_B + 1] = texture.fill
    attributes[:, shade.U : shade.V + 1] = _vertex_uvs(head)
    kinds = np.zeros(len(head.triangles), np.int32)
    eye = np.repeat(head.quad_parts, 2) == PARTS.index("eye")
    kinds[eye] = np.where(head.weights[head.triangles[eye, 0], 3] > 0, 1, 2)
    head_ids, sheet_ids = _ids(head, sheet)
    stage = Stage(
        portrait=portrait,
        head=head,
        puppet=puppet,
        source=source,
        layers=layers,
        texture=texture,
        sheet=sheet,
        eyes=eyes,
        photo=np.concatenate([portrait.image.astype(np.float32) / 255, portrait.alpha[..., None]], axis=2),
        attributes=attributes,
        kinds=kinds,
        closed=np.isin(np.repeat(head.quad_parts, 2), [PARTS.index("skin"), PARTS.index("eye")]),
        head_ids=head_ids,
        sheet_ids=sheet_ids,
        interior=np.isin(parts, [PARTS.index(part) for part in _MOUTH_PARTS]),
        teeth=parts == PARTS.index("teeth"),
        scalp=_scalp(head, puppet),
        reach=np.clip((1 - head.weights[:, 0] - 0.3) / 0.3, 0, 1),  # shoulders are left to the sheet
        normals=head.normals(source),
    )
    ctx.step("prepare", 4, 4)
    return stage


def render_pose(stage: Stage, pose: Pose, camera: Camera) -> Frame:
    """Render one instant from one camera."""
    posed = stage.puppet.pose(pose)
    screen = camera.project(posed).astype(np.float32)
    attributes, eye_still = _attributes(stage, pose, posed, screen, camera)
    seen = _front(stage, screen)
    grid = camera.project(stage.sheet.pose(stage.puppet, pose, stage.source, posed)).astype(np.float32)
    shape = camera.size[::-1]
    layer, uv = np.zeros((*shape, 4), np.float32), np.zeros((*shape, 2), np.float32)
    depth, ids = np.full(shape, np.inf, np.float32), np.zeros(shape, np.uint8)
    plate, rgba = np.empty((*shape, 3), np.uint8), np.empty((*shape, 4), np.uint8)
    sheet, head = stage.sheet, stage.head
    shade.draw_sheet(
        grid, sheet.triangles, sheet.photo, stage.sheet_ids, stage.layers.foreground, layer, uv, depth, ids
    )
    faces, kinds, names = head.triangles[seen], stage.kinds[seen], stage.head_ids[seen]
    shade.draw_head(screen, faces, kinds, names, attributes, stage.photo, stage.eyes, eye_still, layer, uv, depth, ids)
    size = np.array(stage.portrait.camera.size, np.float32)
    shade.compose(layer, _background(stage, camera), size, plate, rgba, uv, depth, ids)
    return Frame(rgba, depth, uv, ids, plate)


def _attributes(
    stage: Stage, pose: Pose, posed: np.ndarray, screen: np.ndarray, camera: Camera
) -> tuple[np.ndarray, np.float32]:
    """The attribute table of this frame, and how still the eyes are (1 = as in the photo).

    A vertex keeps the photo while it looks as it did there: what was hidden or grazing changes to its fill colour only
    as it comes into view, so a head that has not moved shows the photo and nothing else.
    """
    table = stage.attributes.copy()
    texture = stage.texture
    moved = np.linalg.norm(screen[:, :2] - texture.photo, axis=1)
    rigid_turn, rigid_shift = stage.puppet.neck_motion(pose)
    rigid = stage.source @ rigid_turn.T.astype(np.float32) + rigid_shift.astype(np.float32)
    gain = view_cosines(stage.head, posed, camera) - texture.facing
    revealed = np.clip((gain - 0.02) / 0.15, 0, 1)
    veiled = np.maximum(texture.veiled, stage.scalp)
    stir = 1 - np.exp(-(((np.median(moved) + moved) / 3) ** 2))
    keep = np.where(texture.hidden, 1 - stir * (1 - veiled), 1 - (1 - texture.seen) * revealed * (1 - veiled))
    own = np.linalg.norm(posed - rigid, axis=1)
    unfold = np.clip((own[texture.lids] - 0.0006) / 0.004, 0, 1)
    keep[texture.lids] = 1 - unfold * unfold * (3 - 2 * unfold)
    # the mouth's inside is the photo's while the lips rest, and where the head turns, only its visible teeth are
    talk = own[stage.head.lips > 0].max()
    still = float(np.exp(-((talk / 0.0012) ** 2)))
    keep[stage.interior] = (still * np.maximum(texture.seen, 1 - stir))[stage.interior]
    table[:, shade.FROM_PHOTO] = keep
    table[:, shade.COVER] = stage.reach * np.where(texture.hidden, 1 - veiled, 1)
    table[:, shade.LIGHT] = _light(stage, posed, rigid_turn, keep)
    blink = np.abs(pose.face - stage.puppet.source.face)[
        [ARKIT_INDEX["eyeBlinkLeft"], ARKIT_INDEX["eyeBlinkRight"]]
    ].max()
    turned = np.abs(pose.gaze - stage.puppet.source.gaze).max()
    return table, np.float32(np.exp(-((turned / 0.02) ** 2) - (blink / 0.08) ** 2))


def _front(stage: Stage, screen: np.ndarray) -> np.ndarray:
    """(n,) int: the triangles that can be seen; the outer skin and the eyeballs are closed, so their backs cannot."""
    a, b, c = (screen[stage.head.triangles[:, corner], :2] for corner in range(3))
    turn = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1])
    return np.flatnonzero((turn < 0) | ~stage.closed)


def _light(stage: Stage, posed: np.ndarray, turn: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """(V,) shading against the photo's: the fitted light on the turned normals over that on the photo's normals.

    The mouth's inside, where it is not the photo, is lit from the front and dimmed as the lips close over it.
    """
    light = stage.portrait.light.mean(axis=1)
    turned = stage.normals @ turn.T.astype(np.float32)
    before, after = light[0] + stage.normals @ light[1:], light[0] + turned @ light[1:]
    ratio = np.clip(np.maximum(after, 1e-3) / np.maximum(before, 1e-3), 0.8, 1.25)
    ratio = 1 + (np.sqrt(ratio) - 1) * stage.texture.seen  # the picture is gamma-encoded: half the stops
    open_share = np.clip(float(stage.head.lip_gap(posed @ turn)) / 0.018, 0, 1)
    dim = np.where(stage.teeth, 0.88 + 0.12 * open_share, 0.55 + 0.45 * open_share)
    shaded = dim * np.where(stage.teeth, 0.82, 0.65) + dim * np.where(stage.teeth, 0.18, 0.35) * np.clip(
        turned[:, 2], 0, 1
    )
    inside = stage.interior
    ratio[inside] = keep[inside] + (1 - keep[inside]) * shaded[inside]
    return ratio.astype(np.float32)


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


def _ids(head: Head, sheet: Sheet) -> tuple[np.ndarray, np.ndarray]:
    """(T,) uint8 into `ID_NAMES` for the triangles of the head and of the sheet."""
    names = {"socket": "skin", "tongue": "mouth", "gums": "mouth", "eye": "eyes"}
    parts = np.array([ID_NAMES.index(names.get(part, part)) for part in PARTS], np.uint8)
    around = np.where(sheet.grip[sheet.triangles[:, 0]] > 0.5, ID_NAMES.index("hair"), ID_NAMES.index("body"))
    return np.repeat(parts[head.quad_parts], 2), around.astype(np.uint8)


def _scalp(head: Head, puppet: Puppet) -> np.ndarray:
    """(V,) bool: where hair would grow; what the photo did not show of it is left to the sheet."""
    rest = puppet.head.template
    eyes = puppet.head.joint_template[3:, :]
    brow, back = eyes[:, 1].mean() + 0.045, eyes[:, 2].mean() - 0.085
    return (head.vertex_parts == 0) & (
        (rest[:, 1] > brow) | ((rest[:, 2] < back) & (rest[:, 1] > eyes[:, 1].mean() - 0.09))
    )


def _vertex_uvs(head: Head) -> np.ndarray:
    """(V, 2) one uv a vertex (exact on the eyeballs, which have no seams inside a texture)."""
    uvs = np.zeros((len(head.template), 2), np.float32)
    uvs[head.quads.ravel()] = head.uvs[head.quad_uvs.ravel()]
    return uvs
