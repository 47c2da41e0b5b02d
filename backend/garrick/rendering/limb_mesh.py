"""What of a figure's arms is drawn on one portrait: hands, bare arms and sleeves, laid out in the picture they wear."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from garrick.bodies.body import Figure
from garrick.bodies.body_bones import BONES
from garrick.bodies.hand import Side
from garrick.bodies.surface import quad_normals
from garrick.core.performance import BODY_JOINTS
from garrick.perception.own_arms import SIDES, OwnArms
from garrick.perception.portrait import Portrait
from garrick.rendering import shade
from garrick.rendering.limb_colours import Chart, Look, bake, look_of
from garrick.rendering.limb_light import owners_of
from garrick.rendering.take import ID_NAMES

UPPER_START = (0.05, 0.45)  # where along the upper arm it begins to be drawn, raised and hanging

_CLOTH, _CLOTH_AT_CUFF = 0.009, 0.013  # metres of a sleeve off the skin
_LOOSE_FROM = 0.3  # of the upper arm from the shoulder, where a loose sleeve is as loose as it gets
_UNDER_SLEEVE = 0.15  # how far skin is drawn into a sleeve, in shares of the forearm
# left, top and side of the squares that a hand, an arm and a sleeve are laid out in, and the size of it all
_HAND_FRAME, _ARM_FRAME, _SLEEVE_FRAME, _PICTURE = (0, 0, 448), (448, 0, 320), (768, 0, 560), (1328, 560)
_BORDER = 4  # texels
_DEEP = 0.11  # metres from the breastbone back to where a torso is widest
_FARTHEST = 0.07  # metres that a shoulder is moved: a larger difference is a mistake of either
_TRUNK = ("pelvis", "spine1", "spine2", "spine3", "neck", "head", "left_collar", "right_collar")


@dataclass(frozen=True)
class Limb:
    """The drawn surface of one arm with its hand.

    chosen:    (M,) int64 vertices of the figure; quads: (Q, 4) int32 into them, for the normals.
    source:    (N, 2) int64, rows of `chosen` between which each drawn vertex lies; share: (N,) float32 how near the second.
    off:       (N,) float32 metres along its normal.
    reach:     (N,) float32: 0 at the shoulder, 1 at the elbow, 2 at the wrist, above on the hand.
    owners:    (N, 2) int32 of `limb_light.owners_of`; soft: (N,) float32 1 where it is skin, 0 where it is cloth.
    table:     (N, shade.ATTRIBUTES) float32 with the columns that never change filled in.
    triangles: (T, 3) int32.    names: (T,) uint8 into `ID_NAMES`.
    shift:     (3,) metres from the figure's shoulder to the photo's.    whole: whether it replaces an arm of the photo's.
    """

    side: Side
    chosen: np.ndarray
    quads: np.ndarray
    source: np.ndarray
    share: np.ndarray
    off: np.ndarray
    reach: np.ndarray
    owners: np.ndarray
    soft: np.ndarray
    table: np.ndarray
    triangles: np.ndarray
    names: np.ndarray
    shift: np.ndarray
    whole: bool

    @cached_property
    def kinds(self) -> np.ndarray:
        """(T,) int32: none is an eye."""
        return np.zeros(len(self.triangles), np.int32)

    @cached_property
    def closed(self) -> np.ndarray:
        """(T,) bool: backs are never seen, but the inside of a cuff is."""
        return (self.off[self.triangles] == 0).any(axis=1)

    def between(self, values: np.ndarray) -> np.ndarray:
        """(M, 3) of the chosen vertices -> (N, 3) of the drawn ones."""
        first = values[self.source[:, 0]]
        return first + self.share[:, None] * (values[self.source[:, 1]] - first)


@dataclass(frozen=True)
class Limbs:
    """Both arms of one person, dressed for one portrait.

    picture: (H, W, 4) float32, what they are painted with, and bent: (H, W, 4) where they are bent.
    light:   (4,) float32, constant and three directions.    skin: (3,) float32 sRGB, 0..1.
    chest:   vertices of the figure: the breastbone.
    torso:   (H, W) float32 metres that the photo's torso lies behind the breastbone, nan beside it; None where it was not
             looked for.
    """

    figure: Figure
    arms: tuple[Limb, Limb]
    picture: np.ndarray
    bent: np.ndarray
    light: np.ndarray
    skin: np.ndarray
    chest: np.ndarray
    torso: np.ndarray | None


def make_limbs(portrait: Portrait, figure: Figure, face: np.ndarray, own: OwnArms | None = None) -> Limbs:
    """Dress the figure's arms.

    face: (H, W) bool where the photo shows bare skin of it well.    own: the arms that the photo shows.
    """
    look = look_of(portrait, figure, face, own)
    reach = _reach(figure)
    left, right = (
        replace(
            _limb(figure, side, reach, look),
            shift=_shift(portrait, figure, side, own),
            whole=own is not None and side in own.masks,
        )
        for side in SIDES
    )
    normals = quad_normals(np.ascontiguousarray(figure.rest[right.chosen]), right.quads)
    chart = Chart(
        texels=right.table[:, shade.PHOTO_X : shade.PHOTO_Y + 1],
        size=_PICTURE,
        rest=figure.rest[right.chosen][right.source[:, 0]],
        normals=normals[right.source[:, 0]],
        reach=right.reach,
        triangles=right.triangles,
        sleeve=right.off > 0,
    )
    light = portrait.light.mean(axis=1).astype(np.float32)
    torso = None if own is None else _flanks(own.torso)
    return Limbs(figure, (left, right), *bake(look, chart, figure), light, look.skin, _chest(figure), torso)


def _flanks(torso: np.ndarray) -> np.ndarray:
    """`Limbs.torso` of (H, W) bool: each row of it is half an ellipse, so that an arm at its side lies in front."""
    columns = np.arange(torso.shape[1])
    first, last = torso.argmax(axis=1)[:, None], torso.shape[1] - 1 - torso[:, ::-1].argmax(axis=1)[:, None]
    aside = (columns - (first + last) / 2) / ((last - first + 1) / 2)
    deep = _DEEP * (1 - np.sqrt(np.clip(1 - aside**2, 0, 1)))
    return np.where(torso, deep, np.nan).astype(np.float32)


def _limb(figure: Figure, side: Side, reach: np.ndarray, look: Look) -> Limb:
    quads, texels, sleeve, hand = _pieces(figure, side, reach, look)
    chosen, local = np.unique(quads, return_inverse=True)
    local = local.reshape(-1, 4)
    # one drawn vertex for each place in the picture: where the unwrapping is cut, and under the sleeve, there are two
    keys = np.column_stack([local.ravel(), np.round(texels.reshape(-1, 2) * 8)])
    _, first, rows = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    source, covered = local.ravel()[first], np.repeat(sleeve, 4)[first]
    towards, cut = _cut(local[sleeve], reach[chosen], look.cuff)
    own = reach[chosen][source]
    own = np.where(covered, np.minimum(own, look.cuff), own)
    thick = _CLOTH + (_CLOTH_AT_CUFF - _CLOTH) * np.clip(own - look.cuff + 1, 0, 1)
    thick += look.loose * np.clip(own / _LOOSE_FROM, 0, 1)
    table = np.zeros((len(source), shade.ATTRIBUTES), np.float32)
    table[:, shade.PHOTO_X : shade.PHOTO_Y + 1] = table[:, shade.SHUT_X : shade.SHUT_Y + 1] = texels.reshape(-1, 2)[
        first
    ]
    return Limb(
        side=side,
        chosen=chosen,
        quads=local.astype(np.int32),
        source=np.column_stack([source, np.where(covered, towards[source], source)]),
        share=np.where(covered, cut[source], 0).astype(np.float32),
        off=np.where(covered, thick, 0).astype(np.float32),
        reach=own.astype(np.float32),
        owners=owners_of(figure, side, chosen)[source],
        soft=np.where(covered, 0, 1).astype(np.float32),
        table=table,
        triangles=rows.reshape(-1, 4)[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3).astype(np.int32),
        names=np.where(np.repeat(hand, 2), ID_NAMES.index("hands"), ID_NAMES.index("body")).astype(np.uint8),
        shift=np.zeros(3, np.float32),
        whole=False,
    )


def _shift(portrait: Portrait, figure: Figure, side: Side, own: OwnArms | None) -> np.ndarray:
    """(3,) float32 metres, across the view, by which an arm has to move for its shoulder to be where the photo's is."""
    camera = portrait.camera
    if own is None or not ((own.joints[side][0] > 0) & (own.joints[side][0] < camera.size)).all():
        return np.zeros(3, np.float32)
    x, y, depth = camera.project(figure.joints[BODY_JOINTS.index(f"{side}_shoulder")])
    away = (own.joints[side][0] - (x, y)) / np.diag(camera.intrinsics)[:2] * depth
    away *= min(1.0, _FARTHEST / max(float(np.linalg.norm(away)), 1e-6))
    return (np.array([*away, 0]) @ camera.world_to_camera[:3, :3]).astype(np.float32)


def _reach(figure: Figure) -> np.ndarray:
    """(V,) how far down an arm each vertex of the figure at rest lies: see `Limb.reach`."""
    shoulder, elbow, wrist = (
        abs(float(figure.joints[BODY_JOINTS.index(f"right_{name}")][0])) for name in ("shoulder", "elbow", "wrist")
    )
    away = np.abs(figure.rest[:, 0])
    return np.where(away < elbow, (away - shoulder) / (elbow - shoulder), 1 + (away - elbow) / (wrist - elbow))


def _pieces(
    figure: Figure, side: str, reach: np.ndarray, look: Look
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The drawn quads: (Q, 4) vertices of the figure, (Q, 4, 2) texels, (Q,) whether of a sleeve, (Q,) whether of a hand."""
    body = figure.body
    held = body.weights[:, [bone for bone, name in enumerate(BONES) if name not in _TRUNK]].sum(axis=1) > 0.3
    corners = reach[body.quads]
    own = (figure.rest[body.quads[:, 0], 0] > 0) == (side == "left")
    arm = own & (body.quad_parts == 0) & (corners.min(axis=1) > UPPER_START[0]) & held[body.quads].all(axis=1)
    hand = own & (body.quad_parts > 0)
    bare = arm & (corners.max(axis=1) > look.cuff - _UNDER_SLEEVE)
    sleeve = arm & (corners.min(axis=1) < look.cuff)
    uvs = body.uvs[body.quad_uvs]
    texels = [
        _laid_out(uvs[chosen], uvs[island], frame, side == "left")
        for chosen, island, frame in ((hand, hand, _HAND_FRAME), (bare, arm, _ARM_FRAME), (sleeve, arm, _SLEEVE_FRAME))
    ]
    counts = [int(chosen.sum()) for chosen in (hand, bare, sleeve)]
    return (
        np.concatenate([body.quads[chosen] for chosen in (hand, bare, sleeve)]),
        np.concatenate(texels),
        np.repeat([False, False, True], counts),
        np.repeat([True, False, False], counts),
    )


def _laid_out(uvs: np.ndarray, island: np.ndarray, frame: tuple[int, int, int], mirrored: bool) -> np.ndarray:
    """(n, 4, 2) texels of (n, 4, 2) uvs, of whose island all are given; it is fitted to the frame: left, top and side.

    A left arm, mirrored, comes to lie where the right one does.
    """
    low, high = island.min(axis=(0, 1)), island.max(axis=(0, 1))
    left, top, side = frame
    scale = (side - 2 * _BORDER) / float((high - low).max())
    u = high[0] - uvs[..., 0] if mirrored else uvs[..., 0] - low[0]
    v = high[1] - uvs[..., 1]
    return np.stack([left + _BORDER + u * scale, top + _BORDER + v * scale], axis=-1).astype(np.float32)


def _cut(local: np.ndarray, reach: np.ndarray, cuff: float) -> tuple[np.ndarray, np.ndarray]:
    """(M,) and (M,): vertices of a sleeve's quads `local` (Q, 4) that lie beyond the cuff are brought back to it.

    Returns the vertex towards which each goes, along an edge, and how far; reach: (M,) as `Limb.reach`.
    """
    towards = np.arange(len(reach))
    for step in (1, 3, 2):  # across a quad only where no edge leads back
        here, there = local.ravel(), np.roll(local, step, axis=1).ravel()
        order = np.argsort(-reach[there], kind="stable")  # of several, the one nearest to the shoulder is set last
        here, there = here[order], there[order]
        lost = (reach[here] > cuff) & (reach[there] < cuff)
        lost &= (towards[here] == here) if step == 2 else (reach[there] < reach[towards[here]])
        towards[here[lost]] = there[lost]
    moved = towards != np.arange(len(reach))
    share = np.zeros(len(reach))
    share[moved] = (reach[moved] - cuff) / (reach[moved] - reach[towards[moved]])
    return towards, share


def _chest(figure: Figure) -> np.ndarray:
    """Vertices of the figure: the middle of the breastbone, in front."""
    body = np.arange(len(figure.rest))[figure.parts[1]]
    place = figure.rest[body]
    shoulder = figure.joints[BODY_JOINTS.index("right_shoulder")]
    near = (
        (np.abs(place[:, 0]) < 0.03) & (np.abs(place[:, 1] - shoulder[1] + 0.06) < 0.03) & (place[:, 2] > shoulder[2])
    )
    return body[near]
