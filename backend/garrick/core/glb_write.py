"""GLB out: the head with its 52 shapes, its joints, and a performance as their animation (glTF 2.0).

glTF's space is Garrick's: metres, +Y up, +Z out of the face. Kept: face, head, gaze and what else the rig's joints follow;
rate, identity, audio and tracks beside them. Not kept: body and hands that the rig does not have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .euler import smooth_axis_angles
from .gltf import INDICES, VERTICES, GltfBuffer
from .performance import Performance
from .rotation import rotation_matrices
from .timing import frame_times
from .turns import rotation_of

RIG_ARRAYS: tuple[str, ...] = (
    "vertices", "loops", "polygon_sizes", "uv", "material", "material_names", "material_colors", "shape_names",
    "shape_starts", "shape_vertices", "shape_deltas", "joint_names", "joint_parents", "joint_positions", "weights",
    "joint_channels",
)  # fmt: skip
"""What of a shot's rig.npz goes into a GLB."""

_SCHEMA = 1
_UNPAINTED = ("clothes", "hands")  # materials whose uv is no place in the head's texture
_PNG = b"\x89PNG\r\n\x1a\n"


def write_glb(
    performance: Performance, rig: Mapping[str, np.ndarray], path: str | Path, texture: bytes | None = None
) -> None:
    """Write the head and its animation; the same input gives the same bytes. Raises OSError.

    rig: the arrays of a shot's rig.npz. texture: a PNG for the rig's `uv`, shown without light as Blender's import shows it;
    None: the materials' plain colours, lit.
    """
    Path(path).write_bytes(glb_bytes(performance, rig, texture))


def glb_bytes(performance: Performance, rig: Mapping[str, np.ndarray], texture: bytes | None = None) -> bytes:
    """What `write_glb` writes."""
    buffer = GltfBuffer()
    joints = [str(name) for name in rig["joint_names"]]
    channels = [str(channel) for channel in rig["joint_channels"]]
    parents, places = np.asarray(rig["joint_parents"]), np.asarray(rig["joint_positions"], np.float32)
    offsets = places - np.where(parents[:, None] < 0, 0, places[parents])
    mesh = _mesh(buffer, rig)
    nodes: list[dict[str, Any]] = [{"name": "Garrick", "mesh": 0, "skin": 0}]
    for joint, name in enumerate(joints):
        children = [1 + child for child in np.flatnonzero(parents == joint).tolist()]
        node: dict[str, Any] = {"name": name, "translation": offsets[joint].tolist()}
        node |= {"children": children} if children else {}
        nodes.append(node | ({"extras": {"garrick": channels[joint]}} if channels[joint] else {}))
    inverse = np.tile(np.eye(4, dtype=np.float32), (len(joints), 1, 1))
    inverse[:, 3, :3] = -places  # matrices lie by columns
    roots = np.flatnonzero(parents < 0)
    skin = {
        "joints": list(range(1, len(nodes))),
        "skeleton": 1 + int(roots[0]),
        "inverseBindMatrices": buffer.accessor(inverse.reshape(-1, 16), "MAT4"),
    }
    document: dict[str, Any] = {
        "asset": {"version": "2.0", "generator": "Garrick", "extras": {"synthetic": True}},
        "scene": 0,
        "scenes": [{"nodes": [0, *(1 + roots).tolist()]}],
        "nodes": nodes,
        "meshes": [mesh],
        "skins": [skin],
        "animations": [_animation(buffer, performance, channels, parents, offsets)],
        "materials": _materials(rig, texture is not None),
    }
    if texture is not None:
        if not texture.startswith(_PNG):
            raise ValueError("The texture of a GLB must be a PNG.")
        document |= {
            "images": [{"bufferView": buffer.view(texture), "mimeType": "image/png"}],
            "samplers": [{"magFilter": 9729, "minFilter": 9987, "wrapS": 33071, "wrapT": 33071}],
            "textures": [{"source": 0, "sampler": 0}],
            "extensionsUsed": ["KHR_materials_unlit"],
        }
    return buffer.file(document)


def _mesh(buffer: GltfBuffer, rig: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """The mesh's JSON: a vertex for each corner with a place of its own in the texture, triangles by material."""
    loops, uvs = np.asarray(rig["loops"], np.int64), np.asarray(rig["uv"], np.float32)
    corners = np.column_stack([loops, uvs.view(np.int32)])
    _, first, vertex = np.unique(corners, axis=0, return_index=True, return_inverse=True)
    vertex, source = vertex.reshape(-1), loops[first]
    fan, polygon = _triangles(np.asarray(rig["polygon_sizes"]))
    rest = np.asarray(rig["vertices"], np.float32)
    joints, weights = _influences(np.asarray(rig["weights"], np.float64)[source])
    flipped = uvs[first] * np.array([1, -1], np.float32) + np.array([0, 1], np.float32)  # glTF counts v downwards
    attributes = {
        "POSITION": buffer.accessor(rest[source], "VEC3", VERTICES, bounds=True),
        "NORMAL": buffer.accessor(_normals(rest, loops[fan])[source], "VEC3", VERTICES),
        "TEXCOORD_0": buffer.accessor(flipped, "VEC2", VERTICES),
        "JOINTS_0": buffer.accessor(joints, "VEC4", VERTICES),
        "WEIGHTS_0": buffer.accessor(weights, "VEC4", VERTICES),
    }
    targets = []
    for shape in range(len(rig["shape_names"])):
        entries = slice(rig["shape_starts"][shape], rig["shape_starts"][shape + 1])
        row = np.full(len(rest), -1)
        row[rig["shape_vertices"][entries]] = np.arange(entries.stop - entries.start)
        moved = np.flatnonzero(row[source] >= 0)
        deltas = np.asarray(rig["shape_deltas"], np.float32)[entries][row[source][moved]]
        targets.append({"POSITION": buffer.sparse(len(source), moved, deltas)})
    material = np.asarray(rig["material"])[polygon]
    primitives = [
        {
            "attributes": attributes,
            "indices": buffer.accessor(vertex[fan[material == number]].astype(np.uint32).ravel(), "SCALAR", INDICES),
            "material": number,
            "targets": targets,
        }
        for number in np.unique(material).tolist()
    ]
    names = [str(name) for name in rig["shape_names"]]
    return {
        "name": "head",
        "primitives": primitives,
        "weights": [0.0] * len(names),
        "extras": {"targetNames": names},
    }


def _triangles(sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(T, 3) corners and (T,) polygon of the triangles of polygons with so many corners each, fans from the first."""
    starts = np.cumsum(sizes) - sizes
    fans, owners = [], []
    for step in range(1, int(sizes.max(initial=0)) - 1):
        polygons = np.flatnonzero(sizes > step + 1)
        fans.append(starts[polygons, None] + np.array([0, step, step + 1]))
        owners.append(polygons)
    order = np.argsort(np.concatenate(owners), kind="stable")
    return np.concatenate(fans)[order], np.concatenate(owners)[order]


def _normals(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """(V, 3) float32 unit normals, means of the triangles around by their area; up where there are none."""
    a, b, c = (vertices[triangles[:, corner]].astype(np.float64) for corner in range(3))
    normals = np.zeros(vertices.shape)
    for corner in range(3):
        np.add.at(normals, triangles[:, corner], np.cross(b - a, c - a))
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.where(length > 1e-15, normals / np.maximum(length, 1e-15), [0.0, 1.0, 0.0]).astype(np.float32)


def _influences(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(V, J) -> the four strongest joints of each vertex (V, 4) uint8, and their shares (V, 4) float32."""
    padded = np.pad(weights, ((0, 0), (0, max(0, 4 - weights.shape[1]))))
    strongest = np.argsort(-padded, axis=1, kind="stable")[:, :4]
    shares = np.take_along_axis(padded, strongest, axis=1)
    shares = (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)
    return np.where(shares > 0, strongest, 0).astype(np.uint8), shares


def _materials(rig: Mapping[str, np.ndarray], textured: bool) -> list[dict[str, Any]]:
    found = []
    for name, color in zip(rig["material_names"], rig["material_colors"], strict=True):
        look: dict[str, Any] = {"baseColorFactor": [*np.asarray(color, float).round(6).tolist(), 1.0]}
        painted = textured and str(name) not in _UNPAINTED
        if painted:
            look = {"baseColorTexture": {"index": 0}}
        look |= {"metallicFactor": 0.0, "roughnessFactor": 0.6}
        material = {"name": str(name), "pbrMetallicRoughness": look}
        found.append(material | ({"extensions": {"KHR_materials_unlit": {}}} if painted else {}))
    return found


def _animation(
    buffer: GltfBuffer, performance: Performance, channels: Sequence[str], parents: np.ndarray, offsets: np.ndarray
) -> dict[str, Any]:
    times = frame_times(len(performance), performance.fps).astype(np.float32)
    clock = buffer.accessor(times, "SCALAR", bounds=True)
    samplers: list[dict[str, Any]] = []
    moved: list[dict[str, Any]] = []

    def move(node: int, path: str, values: np.ndarray, kind: str) -> None:
        output = buffer.accessor(values.astype(np.float32), kind)
        moved.append({"sampler": len(samplers), "target": {"node": node, "path": path}})
        samplers.append({"input": clock, "output": output, "interpolation": "LINEAR"})

    move(0, "weights", performance.face.reshape(-1), "SCALAR")
    for joint, channel in enumerate(channels):
        if channel:
            above = [channels[other] for other in _above(joint, parents) if channels[other]]
            move(1 + joint, "rotation", _quaternions(_local(performance, channel, above)), "VEC4")
        if channel == "head_rotation":
            root = [joint, *_above(joint, parents)][-1]
            move(1 + root, "translation", offsets[root] + performance.head_translation, "VEC3")
    audio = performance.audio
    own = {
        "schema": _SCHEMA,
        "fps": [performance.fps.numerator, performance.fps.denominator],
        "identity": performance.identity.astype(float).tolist(),
        "audio": None if audio is None else [audio.name, audio.offset],
        "tracks": dict(sorted(performance.tracks.items())),
    }
    return {"name": "performance", "samplers": samplers, "channels": moved, "extras": {"garrick": own}}


def _above(joint: int, parents: np.ndarray) -> list[int]:
    """The joints that carry one, the nearest first."""
    found = []
    while parents[joint] >= 0:
        joint = int(parents[joint])
        found.append(joint)
    return found


def _local(performance: Performance, channel: str, above: Sequence[str]) -> np.ndarray:
    """(F, 3) axis-angle of a joint against its parent; above: what the joints follow that carry it, the nearest first.

    A Performance turns the head in the body's fixed space: where the head hangs on joints that turn, theirs is taken off.
    """
    turn = rotation_of(performance, channel)
    if channel != "head_rotation" or not above:
        return turn
    local = rotation_matrices(turn.astype(np.float64))
    for other in reversed(above):
        local = np.swapaxes(rotation_matrices(rotation_of(performance, other).astype(np.float64)), -1, -2) @ local
    return smooth_axis_angles(local)


def _quaternions(turns: np.ndarray) -> np.ndarray:
    """(F, 3) axis-angle -> (F, 4) x y z w, of the two signs the one nearer to the frame before."""
    turns = np.asarray(turns, np.float64)
    angle = np.linalg.norm(turns, axis=1, keepdims=True)
    axis = np.sinc(angle / (2 * np.pi)) / 2 * turns  # sin(angle / 2) / angle
    quaternions = np.concatenate([axis, np.cos(angle / 2)], axis=1)
    flips = np.sign(np.sum(quaternions[1:] * quaternions[:-1], axis=1))
    signs = np.cumprod(np.concatenate([[1.0], np.where(flips == 0, 1.0, flips)]))
    return quaternions * signs[:, None]
