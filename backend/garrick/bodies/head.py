"""The head: an open 3DMM with identity, the 52 ARKit shapes, and neck, jaw and eye joints."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from garrick.bodies.identity import MACROS
from garrick.bodies.lbs import skin_numpy, skin_torch
from garrick.bodies.surface import quad_normals
from garrick.context import user_cache
from garrick.core.archive import load_arrays
from garrick.errors import MissingError

if TYPE_CHECKING:
    import torch  # loaded by those who hand in tensors

RECIPE = 1  # raise it when `bodies.build` makes something else
JOINTS = ("root", "neck", "jaw", "left_eye", "right_eye")
PARENTS = (-1, 0, 1, 1, 1)
PARTS = ("skin", "mouth", "socket", "tongue", "eye", "teeth", "gums")
Array = TypeVar("Array", np.ndarray, "torch.Tensor")


@dataclass(frozen=True)
class Head:
    """A parametric head in metres: +X the subject's left, +Y up, +Z out of the face, origin at the head joint.

    template:       (V, 3) float32.           identity_basis: (B, V, 3) float32, one standard deviation each.
    face_basis:     (52, V, 3) float32, full linear ARKit offsets: jawOpen also moves lower teeth and tongue.
    joint_template: (5, 3), joint_basis: (B, 5, 3): rest joints in `JOINTS` order (root, neck, jaw, left_eye, right_eye).
    weights:        (V, 5) float32 skin weights.
    quads:          (Q, 4) int32; quad_uvs: (Q, 4) int32 into uvs (U, 2), v up; quad_parts: (Q,) uint8 into `PARTS`.
    mirror:         (V,) int32, the vertex at the other side of the face.
    lips:           (V,) uint8, 1 upper and 2 lower lip near the middle of the mouth.
    slider_map:     (9, B) float32: 1 and eight macro sliders -> identity (the ninth follows: races sum to one).
    average_adult:  (B,) float32, identity of the average adult.
    landmark_corners, landmark_weights: (468, 3) int32 vertices and float32 weights of the MediaPipe face points.
    """

    template: np.ndarray
    identity_basis: np.ndarray
    face_basis: np.ndarray
    joint_template: np.ndarray
    joint_basis: np.ndarray
    weights: np.ndarray
    quads: np.ndarray
    quad_uvs: np.ndarray
    uvs: np.ndarray
    quad_parts: np.ndarray
    mirror: np.ndarray
    lips: np.ndarray
    slider_map: np.ndarray
    average_adult: np.ndarray
    landmark_corners: np.ndarray
    landmark_weights: np.ndarray
    credits: str

    def vertices(
        self,
        identity: Array | None = None,
        face: Array | None = None,
        jaw: Array | None = None,
        neck: Array | None = None,
        eyes: Array | None = None,
    ) -> Array:
        """Pose the head; numpy in, numpy out; torch in, torch out (differentiable). Leading axes broadcast.

        identity: (..., B) standard deviations.     face: (..., 52) ARKit weights, 0..1.
        jaw, neck: (..., 3) axis-angle radians.      eyes: (..., 2, 3) axis-angle (left, right).
        Returns (..., V, 3) metres.
        """
        given = [value for value in (identity, face, jaw, neck, eyes) if value is not None]
        tensor: Any = next((value for value in given if not isinstance(value, np.ndarray)), None)
        own: Any = self if tensor is None else self._torch(tensor.dtype, tensor.device)
        shape = own.template
        if identity is not None:
            shape = shape + _combine(identity, own.identity_basis)
        if face is not None:
            shape = shape + _combine(face, own.face_basis)
        if jaw is None and neck is None and eyes is None:
            return shape
        joints = own.joint_template if identity is None else own.joint_template + _combine(identity, own.joint_basis)
        rotations = _stack_rotations(shape, jaw, neck, eyes)
        skin: Any = skin_numpy if tensor is None else skin_torch
        return skin(shape, joints, rotations, own.weights, PARENTS)

    def joints(self, identity: np.ndarray | None = None) -> np.ndarray:
        """(..., 5, 3) rest joints in `JOINTS` order, metres."""
        return self.joint_template if identity is None else self.joint_template + _combine(identity, self.joint_basis)

    def landmarks(self, vertices: Array) -> Array:
        """(..., V, 3) -> (..., 468, 3): the MediaPipe face points on the mesh."""
        corners, weights = self.landmark_corners, self.landmark_weights
        points = vertices[..., corners.ravel(), :].reshape(*vertices.shape[:-2], *corners.shape, 3)
        if not isinstance(vertices, np.ndarray):
            import torch

            return (points * torch.as_tensor(weights, dtype=vertices.dtype, device=vertices.device)[..., None]).sum(-2)
        return (points * weights[..., None]).sum(axis=-2)

    def lip_gap(self, vertices: np.ndarray) -> np.ndarray:
        """(..., V, 3) unposed -> (...,) metres between the lips in the middle of the mouth; 0 when they touch."""
        heights = vertices[..., 1]
        return np.maximum(heights[..., self.lips == 1].min(axis=-1) - heights[..., self.lips == 2].max(axis=-1), 0)

    def normals(self, vertices: np.ndarray) -> np.ndarray:
        """(V, 3) unit normals of posed vertices (V, 3): area-weighted means of the quads around."""
        return quad_normals(np.ascontiguousarray(vertices), self.quads)

    def personal(self, identity: np.ndarray, nudge: np.ndarray | None = None) -> Head:
        """The head of one person, its identity (B,) and an optional (V, 3) displacement baked into the template."""
        template, joints = self.vertices(identity), self.joints(identity).copy()
        if nudge is not None:
            template = template + nudge
            for joint in (3, 4):
                joints[joint] += nudge[self.weights[:, joint] > 0].mean(axis=0)
        nobody = np.zeros((0, *self.template.shape), np.float32)
        no_joints = np.zeros((0, *self.joint_template.shape), np.float32)
        return replace(self, template=template, identity_basis=nobody, joint_template=joints, joint_basis=no_joints)

    def identity_from_sliders(self, **sliders: float) -> np.ndarray:
        """(B,) identity of the macro sliders age, gender, weight, muscle, height, proportions, african, asian (0..1)."""
        defaults = dict(zip(MACROS, (0.6, 0.5, 0.5, 0.5, 0.5, 0.5, 1 / 3, 1 / 3), strict=False))
        if not self.slider_map.any():
            raise ValueError("This head has no sliders.")
        unknown = set(sliders) - set(defaults)
        if unknown:
            raise ValueError(f"There is no slider {sorted(unknown)[0]!r}; there are {', '.join(defaults)}.")
        return np.array([1.0, *(defaults | sliders).values()], np.float32) @ self.slider_map

    @cached_property
    def triangles(self) -> np.ndarray:
        """(2Q, 3) int32; triangles 2q and 2q + 1 are quad q, split along its first diagonal."""
        return self.quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3)

    @cached_property
    def vertex_parts(self) -> np.ndarray:
        """(V,) uint8 into `PARTS`: the part of each vertex; at a seam the later part wins."""
        parts = np.zeros(len(self.template), np.uint8)
        for part in range(len(PARTS)):
            parts[np.unique(self.quads[self.quad_parts == part])] = part
        return parts

    def _torch(self, dtype: torch.dtype, device: torch.device) -> _TorchHead:
        import torch

        key = (dtype, str(device))
        if key not in self._torch_copies:
            names = ("template", "identity_basis", "face_basis", "joint_template", "joint_basis", "weights")
            tensors = [torch.as_tensor(getattr(self, name), dtype=dtype, device=device) for name in names]
            self._torch_copies[key] = _TorchHead(*tensors)
        return self._torch_copies[key]

    @cached_property
    def _torch_copies(self) -> dict[tuple[torch.dtype, str], _TorchHead]:
        return {}


@dataclass(frozen=True)
class _TorchHead:
    """The arrays of Head that posing needs, on one device."""

    template: torch.Tensor
    identity_basis: torch.Tensor
    face_basis: torch.Tensor
    joint_template: torch.Tensor
    joint_basis: torch.Tensor
    weights: torch.Tensor


def head_path() -> Path:
    """Where the built model lies, whether or not it is there."""
    return user_cache() / "models" / f"head-{RECIPE}.npz"


@lru_cache(maxsize=2)
def load_head(path: Path | None = None) -> Head:
    """Load the built head model (0.1 s). Raises MissingError when set-up has not built it."""
    from garrick.bodies.blink import with_lids_that_meet  # which know what a Head is
    from garrick.bodies.mouth import with_mouth_that_speaks

    path = path or head_path()
    if not path.exists():
        raise MissingError("The head model has not been built.", "Run: garrick weights pull")
    arrays = load_arrays(path)
    credits = str(arrays.pop("credits"))
    half = {name: array.astype(np.float32) if array.dtype == np.float16 else array for name, array in arrays.items()}
    with resources.as_file(resources.files("garrick.bodies") / "landmarks_468.npz") as table:
        landmarks = load_arrays(table)
    corners = half["quads"][:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3)[landmarks["triangles"]]
    head = Head(**half, landmark_corners=corners, landmark_weights=landmarks["weights"], credits=credits)
    return with_lids_that_meet(with_mouth_that_speaks(head), np.zeros(52, np.float32))


def _combine(coefficients: Any, basis: Any) -> Any:
    """(..., K) x (K, n, 3) -> (..., n, 3)."""
    flat = basis.reshape(len(basis), -1)
    if isinstance(flat, np.ndarray) and coefficients.ndim == 1:
        # few shapes are active at a time, and the threads of BLAS would spin on while others work
        total = np.zeros_like(flat[0])
        for active in np.flatnonzero(coefficients):
            total += coefficients[active] * flat[active]
        return total.reshape(basis.shape[1:])
    return (coefficients.reshape(-1, len(basis)) @ flat).reshape(*coefficients.shape[:-1], *basis.shape[1:])


def _stack_rotations(like: Array, jaw: Array | None, neck: Array | None, eyes: Array | None) -> Array:
    """(..., 5, 3) axis-angle of every joint; what was not given is zero."""
    left, right = (None, None) if eyes is None else (eyes[..., 0, :], eyes[..., 1, :])
    given = [None, neck, jaw, left, right]
    shapes = [value.shape for value in given if value is not None]
    shape = np.broadcast_shapes(*(tuple(value) for value in shapes))
    if not isinstance(like, np.ndarray):
        import torch

        filled = [like.new_zeros(shape) if value is None else value.broadcast_to(shape) for value in given]
        return torch.stack(filled, dim=-2)
    filled = [np.zeros(shape, like.dtype) if value is None else np.broadcast_to(value, shape) for value in given]
    return np.stack(filled, axis=-2)
