"""Where the vertices of many frames are: twins of `Puppet.pose`, `Camera.project`, `quad_normals`, `Sheet.pose` and
`front_triangles`, computed in double precision and kept in single."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from garrick.core.camera import Camera
from garrick.core.rotation import eye_rotations
from garrick.rendering.puppet import Pose, Puppet
from garrick.rendering.sheet import Sheet


def tensor(array: np.ndarray, device: torch.device) -> torch.Tensor:
    """A copy on the device; whole numbers become int64, as indices must be."""
    moved = torch.from_numpy(np.array(array)).to(device)  # numpy's own may be read-only
    return moved.long() if moved.dtype in (torch.int32, torch.int16) else moved


def stacked(arrays: Sequence[np.ndarray], device: torch.device) -> torch.Tensor:
    """(B, ...) float64 on the device."""
    return torch.from_numpy(np.stack(arrays).astype(np.float64)).to(device)


@dataclass(frozen=True)
class Views:
    """The cameras of B frames, all of one size (width, height).

    lens: (B, 3, 3) and world_to_camera: (B, 4, 4) float64.
    """

    lens: torch.Tensor
    world_to_camera: torch.Tensor
    size: tuple[int, int]

    @classmethod
    def of(cls, cameras: Sequence[Camera], device: torch.device) -> Views:
        """Bring cameras to the device. Raises ValueError when their sizes differ."""
        if len({camera.size for camera in cameras}) != 1:
            raise ValueError("The cameras of frames that are drawn together must have one size.")
        lens, there = ([getattr(camera, name) for camera in cameras] for name in ("intrinsics", "world_to_camera"))
        return cls(stacked(lens, device), stacked(there, device), cameras[0].size)

    def part(self, rows: torch.Tensor) -> Views:
        """Those of some of the frames."""
        return Views(self.lens[rows], self.world_to_camera[rows], self.size)

    def project(self, points: torch.Tensor) -> torch.Tensor:
        """(B, V, 3) world metres -> (B, V, 3) float32 pixels and depth."""
        view = points.double() @ self.world_to_camera[:, :3, :3].mT + self.world_to_camera[:, None, :3, 3]
        image = view @ self.lens.mT
        return torch.cat([image[..., :2] / view[..., 2:], view[..., 2:]], dim=-1).float()


def pose_heads(puppet: Puppet, poses: Sequence[Pose], device: torch.device) -> torch.Tensor:
    """(B, V, 3) float32 world metres."""
    posed = puppet.head.vertices(
        face=stacked([pose.face for pose in poses], device),
        neck=stacked([pose.rotation for pose in poses], device),
        eyes=stacked([eye_rotations(pose.gaze) for pose in poses], device),
    )
    return (posed + stacked([pose.translation for pose in poses], device)[:, None]).float()


def neck_motions(puppet: Puppet, poses: Sequence[Pose], device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """(B, 3, 3) and (B, 3) float64: see `Puppet.neck_motion`."""
    turns, shifts = zip(*(puppet.neck_motion(pose) for pose in poses), strict=True)
    return stacked(turns, device), stacked(shifts, device)


class Fans:
    """Which faces lie around each vertex, for normals that do not depend on the order in which they are summed up.

    faces: (Q, 3 or 4) indices of V vertices; a triangle counts as a quad whose last two corners are one.
    """

    def __init__(self, faces: np.ndarray, vertices: int, device: torch.device) -> None:
        quads = faces[:, [0, 1, 2, 2]] if faces.shape[1] == 3 else faces
        corners = quads.ravel().astype(np.int64)
        order = np.argsort(corners, kind="stable")
        counts = np.bincount(corners, minlength=vertices)
        around = np.full((vertices, counts.max(initial=1)), len(quads))  # a face that is not there
        place = np.arange(len(corners)) - (counts.cumsum() - counts)[corners[order]]
        around[corners[order], place] = order // 4
        self._quads, self._around = tensor(quads, device).long(), tensor(around, device)

    def normals(self, points: torch.Tensor, kept: torch.Tensor | None = None) -> torch.Tensor:
        """(B, V, 3) float32 unit normals of points (B, V, 3), zero where no face is; kept: (B, Q) the faces that count."""
        a, b, c, d = points.double()[:, self._quads].unbind(2)
        face = torch.linalg.cross(c - a, d - b)
        if kept is not None:
            face = face * kept[..., None]
        face = torch.cat([face, torch.zeros_like(face[:, :1])], dim=1)
        total = torch.zeros_like(points, dtype=torch.float64)
        for turn in range(self._around.shape[1]):
            total += face[:, self._around[:, turn]]
        return (total / torch.linalg.vector_norm(total, dim=-1, keepdim=True).clamp(min=1e-12)).float()


def front(screen: torch.Tensor, triangles: torch.Tensor, closed: torch.Tensor) -> torch.Tensor:
    """(B, T) bool: the triangles that can be seen; see `rasterise.front_triangles`."""
    a, b, c = screen[:, triangles, :2].unbind(2)
    turned = (b[..., 0] - a[..., 0]) * (c[..., 1] - a[..., 1]) < (c[..., 0] - a[..., 0]) * (b[..., 1] - a[..., 1])
    return turned | ~closed


class TorchSheet:
    """The sheet's grid on a device."""

    def __init__(self, sheet: Sheet, source: np.ndarray, loose: np.ndarray, device: torch.device) -> None:
        """source: (V, 3) the head in the photo.    loose: (V,) weight of what the head does not turn."""
        self.triangles, self.photo = tensor(sheet.triangles, device), tensor(sheet.photo, device)
        self._rest, self._grip, self._pull = (
            tensor(value, device).double() for value in (sheet.rest, sheet.grip[:, None], sheet.pull[:, None])
        )
        self._anchors, self._weights = tensor(sheet.anchors, device), tensor(sheet.anchor_weights, device).double()
        self._source, self._held = tensor(source, device).double(), 1 - tensor(loose[:, None], device).double()

    def pose(self, posed: torch.Tensor, motion: tuple[torch.Tensor, torch.Tensor], lean: torch.Tensor) -> torch.Tensor:
        """(B, G, 3) float32 world metres. posed: (B, V, 3) the head.    lean: (B, 3) the head's translation."""
        turn, shift, lean = motion[0], (motion[1] - lean)[:, None], lean[:, None]
        moved = posed.double() - lean - self._source - self._held * (self._source @ turn.mT + shift - self._source)
        own = (moved[:, self._anchors] * self._weights[..., None]).sum(dim=2)
        swing = self._rest @ turn.mT + shift - self._rest
        along = self._grip + self._pull * (1 - self._grip)
        return (self._rest + self._grip * swing + self._pull * own + along * lean).float()
