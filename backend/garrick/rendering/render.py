"""Portrait + Performance + CameraPath -> Take: the geometry path.

The photo is split into background and person; the person's head is the fitted mesh with the photo projected on it, hair
and body are a sheet around it, which the trunk bends; arms and hands, once they leave their rest, are a mesh before it.
Every pixel that has not moved is the photo's own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from garrick.bodies.body import make_figure
from garrick.bodies.head import PARTS, Head, load_head
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.camera import Camera, CameraPath
from garrick.core.performance import BODY_JOINTS, Performance
from garrick.core.skeleton import TRUNK, head_carried
from garrick.perception.own_arms import OwnArms, find_own_arms
from garrick.perception.portrait import Portrait
from garrick.rendering import shade
from garrick.rendering.attributes import FACING, INSIDE, LID, LIP, SEEN, Attributes, make_attributes
from garrick.rendering.background import seen_behind
from garrick.rendering.bare_body import BareBody, make_bare_body
from garrick.rendering.canvas import make_canvas, margin_of
from garrick.rendering.clinging import Clinging, make_clinging, make_picture, taken_away
from garrick.rendering.cutout import cut_out, for_head, premultiplied
from garrick.rendering.eyes import eye_textures
from garrick.rendering.hair import dressed
from garrick.rendering.hair_matte import hair_and_skin, tell_apart
from garrick.rendering.layers import Layers, split, with_worn
from garrick.rendering.limb_mesh import Limbs, make_limbs
from garrick.rendering.limbs import ArmPose, Canvas, arm_poses, draw_limbs
from garrick.rendering.normals import Surface, surface_passes
from garrick.rendering.puppet import Pose, Puppet, make_puppet
from garrick.rendering.rasterise import NOTHING, front_triangles, rasterise
from garrick.rendering.refine.refiner import make_refiner
from garrick.rendering.room_fill import with_room
from garrick.rendering.sheet import Sheet, make_sheet
from garrick.rendering.shut_eyes import shut_eyes
from garrick.rendering.side_grain import with_sides
from garrick.rendering.take import ID_NAMES, Frame, Take
from garrick.rendering.texture import project_texture
from garrick.rendering.torch_engine.device import renderer
from garrick.rendering.torch_engine.instant import Instant
from garrick.rendering.trunk import Trunk, make_trunk

_FACE = 0.085  # metres around the middle of the landmarks: the face without ears and neck
_WHOLE, _OPAQUE = 0.6, 0.99  # weight of the head from which a vertex is drawn opaquely, and the matte that lets it
_TRUNK = [[*BODY_JOINTS, "head"].index(name) for name in TRUNK]


def run(
    portrait: Portrait,
    performance: Performance,
    camera: CameraPath,
    ctx: RunContext,
    passes: bool = False,
    refine: bool = False,
    background: np.ndarray | None = None,
) -> Take:
    """Prepare the portrait once (about a second) and return the frames of `performance`, rendered when asked for.

    The camera may differ from the portrait's own in pose, lens and size. passes: with normals. refine: with what the face
    net adds. background: (H, W, 3) uint8, sRGB, of the portrait's size, behind the person instead of the photo's own.
    Raises ValueError when the camera's length is not the performance's.
    """
    if len(camera) != len(performance):
        raise ValueError(f"The camera has {len(camera)} frames, the performance {len(performance)}.")
    places, limbs, figure = performance.head_translation, None, None
    arms: list[ArmPose | None] = [None] * len(performance)
    if performance.body_pose.any():
        figure = make_figure(load_head(), portrait.identity)
        places = places + head_carried(performance.body_pose, figure.joints[_TRUNK]).astype(np.float32)
        arms = arm_poses(figure, performance)
    own = find_own_arms(portrait.image, portrait.alpha) if any(arms) else None
    stage = prepare(portrait, ctx, own)
    if background is not None:
        stage = stage.before(background)
    if figure is not None:
        torso = None if own is None else own.torso
        stage = replace(stage, trunk=make_trunk(stage.sheet, figure, portrait.camera, torso))
    if figure is not None and any(arms):
        if own is not None and own.raised:
            arms = arm_poses(figure, performance, own.raised)
        limbs = make_limbs(portrait, figure, facial_skin(stage), own)
        if stage.bare is not None and stage.bare.tied:
            arms = [pose and pose.both() for pose in arms]

    refiner = make_refiner(stage) if refine else None

    def instant(frame: int) -> Instant:
        head = performance.face[frame], performance.head_rotation[frame], places[frame], performance.gaze[frame]
        pose = Pose(*head, performance.body_pose[frame])
        shown = arms[frame]
        return Instant(pose, camera.at(frame), (limbs, shown) if limbs and shown else None)

    draw = _drawing(stage, instant, len(camera), passes, ctx)

    def render(frame: int) -> Frame:
        drawn, (pose, seen, _) = draw(frame), instant(frame)
        return drawn if refiner is None else refiner.refine(pose, seen, drawn)

    clean = np.clip(stage.layers.background * 255 + 0.5, 0, 255).astype(np.uint8)
    if camera.size != portrait.camera.size:
        clean = cv2.resize(clean, camera.size, interpolation=cv2.INTER_AREA)
    return Take(camera, render, clean)


def _drawing(
    stage: Stage, instant: Callable[[int], Instant], frames: int, passes: bool, ctx: RunContext
) -> Callable[[int], Frame]:
    """What draws a frame: the kernels, or a GPU where the run asks for one."""
    if ctx.device == "cpu":
        return lambda frame: render_pose(stage, *instant(frame), passes)
    from garrick.rendering.torch_engine.batches import on_gpu  # torch is loaded where it is used

    ctx.log(f"Frames are rendered on the {renderer(ctx.device)}.")
    return on_gpu(stage, instant, frames, passes)


@dataclass(frozen=True)
class Stage:
    """Everything about a portrait that does not change from frame to frame."""

    portrait: Portrait
    head: Head
    puppet: Puppet
    source: np.ndarray
    layers: Layers
    canvas: np.ndarray
    clinging: Clinging | None
    bare: BareBody | None
    sheet: Sheet
    eyes: np.ndarray
    photo: np.ndarray
    told: np.ndarray
    shut: np.ndarray
    attributes: Attributes
    triangles: np.ndarray
    kinds: np.ndarray
    closed: np.ndarray
    head_ids: np.ndarray
    sheet_ids: np.ndarray
    trunk: Trunk | None = None

    def before(self, background: np.ndarray) -> Stage:
        """The stage with (H, W, 3) uint8, sRGB, of the portrait's size, in place of the photo's own room."""
        layers = replace(self.layers, background=background.astype(np.float32) / 255)
        return replace(self, layers=layers, clinging=None)

    def bend(self, pose: Pose, arms: tuple[Limbs, ArmPose] | None) -> np.ndarray | None:
        """(G, 3) metres by which the trunk moves the sheet's points; None where it rests. arms: as for `render_pose`."""
        if self.trunk is None or pose.body is None:
            return None
        return self.trunk.moved(pose.body, self.gone(arms))

    def gone(self, arms: tuple[Limbs, ArmPose] | None) -> np.ndarray | None:
        """(2,) 0..1: how much the photo's left and right arm are taken away; None where they stay."""
        return None if arms is None or self.bare is None else arms[1].shown


def prepare(portrait: Portrait, ctx: RunContext, own: OwnArms | None = None) -> Stage:
    """Split the photo, pose the head on it, project the texture, build sheet and eyes.

    own: the photo's own arms, where they may have to make way for others.
    """
    ctx.step("prepare", 0, 4)
    if not _compiled():
        ctx.log(
            "Preparing the renderer: on a machine's first run its parts are compiled, which may take half a minute."
        )
    head = load_head()
    puppet, wear = dressed(head, make_puppet(head, portrait), portrait)
    source = puppet.pose(puppet.source)
    ctx.step("prepare", 1, 4)
    alpha = with_worn(portrait.image, portrait.alpha)
    person = cut_out(portrait.image, alpha)
    alone = premultiplied(person)
    bare = None if own is None else make_bare_body(own, alone)
    arms = [] if own is None or bare is None else taken_away(own, bare, alpha)
    layers = split(portrait.image, alpha, np.any(arms, axis=0) if arms else None)
    if arms:
        layers = with_room(layers, portrait.image.astype(np.float32) / 255, alpha, np.any(arms, axis=0))
    ctx.step("prepare", 2, 4)
    texture = project_texture(head, source, portrait, wear)
    over = _drawn_over(head, source, portrait, wear.left)
    canvas = make_canvas(replace(layers, foreground=alone), over)
    beside = make_picture(layers, alone, over)
    sheet = make_sheet(puppet, source, np.maximum(canvas[..., 3], beside[..., 3]), portrait.camera)
    ctx.step("prepare", 3, 4)
    eyes = eye_textures(head, puppet, portrait)
    shut, shut_points = shut_eyes(puppet, portrait)
    attributes = make_attributes(head, source, portrait, texture, wear, shut_points)
    attributes, shut = with_sides(attributes, shut, puppet.head, texture, wear, portrait)
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
        canvas=canvas,
        clinging=make_clinging(beside, sheet, arms, alpha),
        bare=bare,
        sheet=sheet,
        eyes=eyes,
        photo=for_head(person),
        told=hair_and_skin(portrait),
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


def render_pose(
    stage: Stage, pose: Pose, camera: Camera, arms: tuple[Limbs, ArmPose] | None = None, passes: bool = False
) -> Frame:
    """Render one instant from one camera, with normals where `passes` are asked for.

    arms: those that are drawn, and how, where not only the photo's are seen.
    """
    posed = stage.puppet.pose(pose)
    screen = camera.project(posed).astype(np.float32)
    attributes = stage.attributes.at(posed, screen, stage.puppet.neck_motion(pose), camera)
    seen = front_triangles(screen, stage.triangles, stage.closed)
    spread, bend = stage.sheet.pose(stage.puppet, pose, stage.source, posed), stage.bend(pose, arms)
    if bend is not None:
        spread += bend
    grid = camera.project(spread).astype(np.float32)
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
        eye_still(stage, pose),
        layer,
        uv,
        depth,
        ids,
    )
    margin, canvas = np.float32(margin_of(stage.portrait.camera.size)), stage.canvas
    if stage.bare is not None and (gone := stage.gone(arms)) is not None:
        canvas = stage.bare.canvas(canvas, gone)
    shade.draw_sheet(grid, sheet.triangles, sheet.photo, stage.sheet_ids, canvas, margin, layer, uv, depth, ids)
    surfaces = [Surface(posed, faces, names), Surface(spread, sheet.triangles, stage.sheet_ids)]
    if arms is not None:
        surfaces += draw_limbs(*arms, camera, stage.eyes, Canvas(layer, uv, depth, ids))
    size = np.array(stage.portrait.camera.size, np.float32)
    behind = seen_behind(stage.layers.background, stage.portrait.camera, camera)
    if stage.clinging is not None:
        behind = stage.clinging.over(behind, grid, sheet, stage.gone(arms))
    shade.compose(layer, behind, size, plate, rgba, uv, depth, ids)
    if not passes:
        return Frame(rgba, depth, uv, ids, plate)
    normals, depth = surface_passes(surfaces, camera, depth, ids)
    tell_apart(ids, uv, stage.told)
    return Frame(rgba, depth, uv, ids, plate, normals)


def _compiled() -> bool:
    """Whether the drawing passes are compiled, or kept from an earlier run."""
    passes = shade.draw_head
    folder = passes.stats.cache_path
    return bool(passes.signatures) or (folder is not None and any(Path(folder).glob("shade.draw_head-*.nbi")))


def eye_still(stage: Stage, pose: Pose) -> np.float32:
    """How much the eyes may stay the photo's: 1 while neither lids nor gaze have moved."""
    lids = [ARKIT_INDEX["eyeBlinkLeft"], ARKIT_INDEX["eyeBlinkRight"]]
    blink = np.abs(pose.face - stage.puppet.source.face)[lids].max()
    turned = np.abs(pose.gaze - stage.puppet.source.gaze).max()
    return np.float32(np.exp(-((turned / 0.02) ** 2) - (blink / 0.08) ** 2))


def facial_skin(stage: Stage) -> np.ndarray:
    """(H, W) bool: where the photo shows bare skin of the face well."""
    traits, head = stage.attributes.traits, stage.head
    plain = (traits[:, [LID, INSIDE, LIP]] == 0).all(axis=1) & (head.vertex_parts == PARTS.index("skin"))
    near = np.linalg.norm(stage.source - head.landmarks(stage.source).mean(axis=0), axis=1) < _FACE
    trusted = plain & near & (traits[:, SEEN] > 0.6) & (traits[:, FACING] > 0.4)
    camera = stage.portrait.camera
    seen = rasterise(camera.project(stage.source).astype(np.float32), head.triangles, camera.size).triangle
    return (seen != NOTHING) & trusted[head.triangles].all(axis=1)[seen]


def _drawn_over(head: Head, source: np.ndarray, portrait: Portrait, left: np.ndarray) -> np.ndarray:
    """(H, W) bool: where the head in its pose of the photo hides the sheet; past the photo's matte it is see-through.

    left: (V,) 0..1: what is left to the sheet.
    """
    camera = portrait.camera
    whole = ((1 - head.weights[:, 0]) * (left == 0))[head.triangles].min(axis=1) > _WHOLE
    screen = camera.project(source).astype(np.float32)
    covered = rasterise(screen, np.ascontiguousarray(head.triangles[whole]), camera.size).triangle != NOTHING
    opaque = covered & (portrait.alpha > _OPAQUE)
    return cv2.erode(opaque.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0


def _ids(parts: np.ndarray, sheet: Sheet) -> tuple[np.ndarray, np.ndarray]:
    """(T,) uint8 into `ID_NAMES` for the drawn triangles of the head, whose parts are given, and of the sheet."""
    names = {"socket": "skin", "tongue": "mouth", "gums": "mouth", "eye": "eyes"}
    ids = np.array([ID_NAMES.index(names.get(part, part)) for part in PARTS], np.uint8)
    around = np.where(sheet.grip[sheet.triangles[:, 0]] > 0.5, ID_NAMES.index("hair"), ID_NAMES.index("body"))
    return ids[parts], around.astype(np.uint8)
