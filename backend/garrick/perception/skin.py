"""Pixels for the fit of a clip: the skin's own pattern, carried along by the head, is laid over every frame.

Landmark nets see a face at 192 pixels and smooth what they see; brows, cheeks and lip corners tell more by their texture.
As in Lucas and Kanade (1981) and active appearance models (Cootes et al. 1998): points of the skin have a shade, learnt
from many frames, and each frame's pose and expression are moved until its pixels show those shades. What lies behind the
skin - teeth and the dark between the lips, whatever is beside the face - neither counts nor shades what does: a mouth that
opens would darken its own surroundings, and lips would be pulled away from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from garrick.bodies.head import PARTS, Head
from garrick.perception.crop import Square
from garrick.perception.fit import EYES, INNER_LIPS, OVAL, State

SIZE = 224  # pixels of a face's square
_MARGIN = 1.25  # its side over the landmarks' extent
_FRONT = 0.02  # metres in front of the head joint: where skin counts
_LIDS = 0.006  # metres from a lid within which it does not: lids cover and uncover what they carry
_CORNERS = 0.006  # and from a corner of the mouth, which folds
_SPREAD = 0.006  # metres over which a landmark's offset moves the skin around it
_FACING = 0.35  # cosine between skin and view below which it does not count
_LOCAL = 8.0  # pixels: shades are seen against what lies so near
_FLAT = 4.0  # grey levels of contrast that count as noise
_LEAST = 1e-3  # share of skin among a pixel's surroundings below which they tell nothing
_HUBER = 0.6  # of shades, whose spread is about 0.8
_MOUTH_CORNERS = (61, 78, 291, 308)


@dataclass(frozen=True)
class FaceCrop:
    """A face cut out of a frame.

    pixels: (SIZE, SIZE) uint8, grey.    skin: (SIZE, SIZE) bool, inside the face's oval and not between the lips.
    """

    square: Square
    pixels: np.ndarray
    skin: np.ndarray

    @classmethod
    def of(cls, picture: np.ndarray, landmarks: np.ndarray) -> FaceCrop:
        """picture: (H, W, 3) uint8.    landmarks: (478, 2) pixels."""
        low, high = landmarks[:468].min(axis=0), landmarks[:468].max(axis=0)
        square = Square((low + high) / 2, float((high - low).max()) * _MARGIN)
        at = square.onto(landmarks[:468], SIZE)
        return cls(square, cv2.cvtColor(square.cut(picture, SIZE), cv2.COLOR_RGB2GRAY), _skin(at))

    def shades(self, blur: float) -> np.ndarray:
        """(SIZE, SIZE) float32: brightness against its surroundings, in units of their contrast; nan where no skin is.

        blur: pixels.
        """
        skin = self.skin.astype(np.float32)
        near = np.maximum(cv2.GaussianBlur(skin, (0, 0), blur), _LEAST)
        around = np.maximum(cv2.GaussianBlur(skin, (0, 0), _LOCAL), _LEAST)
        grey = cv2.GaussianBlur(self.pixels * skin, (0, 0), blur) / near
        high = grey - cv2.GaussianBlur(grey * skin, (0, 0), _LOCAL) / around
        contrast = np.sqrt(cv2.GaussianBlur(high * high * skin, (0, 0), _LOCAL) / around)
        return np.where(self.skin, high / (contrast + _FLAT), np.float32(np.nan))


@dataclass(frozen=True)
class Skin:
    """Points of one person's skin.

    mean: (S, 3) metres from the neck joint.    basis: (3, S, 52).    normals: (S, 3).    shades: (S,), nan where unknown.
    All float32.
    """

    mean: np.ndarray
    basis: np.ndarray
    normals: np.ndarray
    shades: np.ndarray

    @classmethod
    def of(cls, head: Head, identity: np.ndarray, offsets: np.ndarray) -> Skin:
        """The front of a person's face, its shades unknown.

        identity: (B,).    offsets: (468, 3) metres by which the landmarks lie elsewhere than identity says.
        """
        vertices = head.vertices(identity.astype(np.float32))
        marks = head.landmarks(vertices)
        skin = np.unique(head.quads[head.quad_parts == PARTS.index("skin")])
        inside = ((vertices[skin] > marks.min(axis=0)) & (vertices[skin] < marks.max(axis=0))).all(axis=1)
        to_lids, to_corners = (
            np.linalg.norm(vertices[skin][:, None] - marks[list(points)], axis=2).min(axis=1)
            for points in (EYES, _MOUTH_CORNERS)
        )
        keeps = inside & (vertices[skin, 2] > _FRONT) & (to_lids > _LIDS) & (to_corners > _CORNERS)
        return cls.at(head, identity, offsets, skin[keeps])

    @classmethod
    def at(cls, head: Head, identity: np.ndarray, offsets: np.ndarray, chosen: np.ndarray) -> Skin:
        """The same of chosen vertices (S,)."""
        identity = identity.astype(np.float32)
        vertices = head.vertices(identity)
        marks = head.landmarks(vertices)
        near = np.exp(-((np.linalg.norm(vertices[chosen][:, None] - marks, axis=2) / _SPREAD) ** 2)) + 1e-12
        moved = vertices[chosen] + (near / near.sum(axis=1, keepdims=True)) @ offsets
        return cls(
            (moved - head.joints(identity)[1]).astype(np.float32),
            np.ascontiguousarray(np.moveaxis(head.face_basis[:, chosen], 0, -1).transpose(1, 0, 2)),
            head.normals(vertices)[chosen],
            np.full(len(chosen), np.nan, np.float32),
        )

    def learnt(self, frames: Sequence[tuple[State, Square, np.ndarray]], intrinsics: np.ndarray) -> Skin:
        """The skin with the shade that each point has in most of the frames in which it faces the camera.

        frames: state, and the square that `FaceCrop.shades` were seen in.
        """
        seen = np.full((len(frames), len(self.mean)), np.nan, np.float32)
        for row, (state, square, picture) in zip(seen, frames, strict=True):
            pixels, _, _, facing = self._place(state, intrinsics)
            row[facing > _FACING] = _sample(picture, square.onto(pixels, SIZE))[facing > _FACING]
        ever = np.isfinite(seen).any(axis=0)
        shades = np.full(len(self.mean), np.nan, np.float32)
        shades[ever] = np.nanmedian(seen[:, ever], axis=0)
        return replace(self, shades=shades)

    def normal_equations(
        self, state: State, square: Square, picture: np.ndarray, intrinsics: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Hessian (58, 58) and gradient (58,), half of each, of the robust difference of shades; face, turn, shift.

        picture: `FaceCrop.shades` of the frame, cut out of it by `square`.
        """
        pixels, turned, view, facing = self._place(state, intrinsics)
        at = square.onto(pixels, SIZE)
        residual = _sample(picture, at) - self.shades
        slopes = [_sample(picture, at + step) - _sample(picture, at - step) for step in ((0.5, 0), (0, 0.5))]
        slope = np.stack(slopes, axis=1) * (SIZE / square.side)  # by a pixel of the frame
        use = (facing > _FACING) & np.isfinite(residual) & np.isfinite(slope).all(axis=1)
        slope, view, residual = slope[use], view[use], residual[use]
        weight = np.sqrt(facing[use] * _HUBER / np.maximum(np.abs(residual), _HUBER))
        by_view = np.empty((len(view), 3))
        by_view[:, :2] = slope * np.diag(intrinsics)[:2] / view[:, 2:]
        by_view[:, 2] = -(by_view[:, :2] * view[:, :2]).sum(axis=1) / view[:, 2]
        by_point = by_view * (1, -1, -1)
        local = (by_point @ state.turn).astype(np.float32)
        jacobian = np.empty((len(view), 58), np.float32)
        jacobian[:, :52] = sum(local[:, axis, None] * self.basis[axis, use] for axis in range(3))
        jacobian[:, 52:55] = np.cross(turned[use], by_point)
        jacobian[:, 55:] = by_view
        jacobian *= weight[:, None].astype(np.float32)
        return jacobian.T @ jacobian, jacobian.T @ (residual * weight).astype(np.float32)

    def apart(
        self,
        state: State,
        square: Square,
        picture: np.ndarray,
        intrinsics: np.ndarray,
        moves: np.ndarray,
        worst: float,
    ) -> np.ndarray:
        """(T,) mean difference of shades, none above `worst`, if the points lay by (T, S, 3) metres elsewhere.

        Of those points that lie on skin wherever they are tried; 0 if none does.
        """
        _, turned, _, facing = self._place(state, intrinsics)
        use = (facing > _FACING) & np.isfinite(self.shades)
        if not use.any():
            return np.zeros(len(moves))
        view = (turned[use] + moves[:, use] @ state.turn.T) * (1, -1, -1) + state.shift
        pixels = view[..., :2] / view[..., 2:] * np.diag(intrinsics)[:2] + intrinsics[:2, 2]
        seen = _sample(picture, square.onto(pixels.reshape(-1, 2), SIZE)).reshape(len(moves), -1)
        seen, shades = seen[:, known := np.isfinite(seen).all(axis=0)], self.shades[use][known]
        return np.minimum(np.abs(seen - shades), worst).mean(axis=1) if known.any() else np.zeros(len(moves))

    def _place(self, state: State, intrinsics: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """(S, 2) pixels, (S, 3) turned points, (S, 3) points before the camera and (S,) cosines to the view."""
        moved = self.mean + (self.basis @ state.face.astype(np.float32)).T
        turned = moved @ state.turn.T
        view = turned * (1, -1, -1) + state.shift
        pixels = view[:, :2] / view[:, 2:] * np.diag(intrinsics)[:2] + intrinsics[:2, 2]
        outward = (self.normals @ state.turn.T) * (1, -1, -1)
        return pixels, turned, view, -(outward * view).sum(axis=1) / np.linalg.norm(view, axis=1)


def _skin(at: np.ndarray) -> np.ndarray:
    """(SIZE, SIZE) bool of `FaceCrop.skin`; at: (468, 2) landmarks in pixels of the crop."""
    # an opening is a pixel smaller than its outline: shut lips have none
    opening = cv2.erode(_filled(at[list(INNER_LIPS)]), np.ones((3, 3), np.uint8))
    return (_filled(at[list(OVAL)]) > 0) & (opening == 0)


def _filled(outline: np.ndarray) -> np.ndarray:
    """(SIZE, SIZE) uint8, 1 within (P, 2) pixels of the crop."""
    return cv2.fillPoly(np.zeros((SIZE, SIZE), np.uint8), [np.round(outline - 0.5).astype(np.int32)], (1,))


def _sample(picture: np.ndarray, at: np.ndarray) -> np.ndarray:
    """(S,) bilinear values at (S, 2) pixels."""
    x, y = (at.T - 0.5).astype(np.float32)
    return cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[:, 0]
