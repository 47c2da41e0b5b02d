"""The shapes of a foreign rig out of a .glb, as every program exports one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from garrick.core.glb_read import quaternion_matrices
from garrick.core.gltf import GltfError, GltfFile
from garrick.motion.retarget.solve import ShapeSet

_TRIANGLES = 4  # the primitive mode that faces come in
_DEEPEST = 500  # nodes below each other


def read_shapes(path: Path) -> ShapeSet:
    """All meshes of a .glb that have shapes, posed as they rest, in the file's own space and unit.

    A shape that several meshes have (head, teeth, tongue) is one. Raises GltfError, OSError.
    """
    file = GltfFile(path)
    try:
        pieces = _pieces(file)
    except GltfError:
        raise
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, ArithmeticError) as error:
        raise file.damaged() from error
    names = tuple(dict.fromkeys(name for _, _, shapes in pieces for name in shapes))
    if not names:
        raise GltfError(f"{file.name} has no mesh with shapes that have names.")
    count = sum(len(vertices) for vertices, _, _ in pieces)
    deltas = np.zeros((len(names), count, 3))
    triangles, start = [], 0
    for vertices, corners, shapes in pieces:
        triangles.append(corners + start)
        for name, moved in shapes.items():
            deltas[names.index(name), start : start + len(vertices)] = moved
        start += len(vertices)
    return ShapeSet(np.concatenate([piece[0] for piece in pieces]), np.concatenate(triangles), names, deltas)


Piece = tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]
"""Vertices (V, 3), triangles (T, 3) into them, and by name what each shape does to them (V, 3)."""


def _pieces(file: GltfFile) -> list[Piece]:
    document = file.document
    places = _places(file)
    found = []
    for index, node in enumerate(document.get("nodes", ())):
        mesh = document["meshes"][node["mesh"]] if "mesh" in node else {}
        names = [str(name) for name in mesh.get("extras", {}).get("targetNames", ())]
        for part in mesh.get("primitives", ()):
            if names and part.get("targets") and part.get("mode", _TRIANGLES) == _TRIANGLES:
                found.append(_piece(file, part, names, _matrices(file, node, part, places, places[index])))
    return found


def _piece(file: GltfFile, part: dict[str, Any], names: list[str], matrices: np.ndarray) -> Piece:
    """One primitive; matrices: (V or 1, 4, 4) where its vertices rest."""
    rest = file.array(part["attributes"]["POSITION"])
    corners = file.array(part["indices"])[:, 0].astype(int) if "indices" in part else np.arange(len(rest))
    if len(corners) % 3 or not 0 <= corners.min(initial=0) <= corners.max(initial=0) < len(rest):
        raise file.damaged()
    turn = matrices[:, :3, :3]
    vertices = np.einsum("vij,vj->vi", np.broadcast_to(turn, (len(rest), 3, 3)), rest) + matrices[:, :3, 3]
    shapes = {}
    for name, target in zip(names, part["targets"], strict=True):
        if "POSITION" in target:
            moved = file.array(target["POSITION"])
            shapes[name] = np.einsum("vij,vj->vi", np.broadcast_to(turn, (len(rest), 3, 3)), moved)
    used, corner = np.unique(corners, return_inverse=True)  # parts of one mesh may share their vertices
    kept = {name: moved[used] for name, moved in shapes.items()}
    return vertices[used], corner.reshape(-1, 3), kept


def _matrices(
    file: GltfFile, node: dict[str, Any], part: dict[str, Any], places: list[np.ndarray], own: np.ndarray
) -> np.ndarray:
    """(V or 1, 4, 4): by the joints where the mesh hangs on some, else where its node is."""
    if "skin" not in node or "JOINTS_0" not in part["attributes"]:
        return own[None]
    skin = file.document["skins"][node["skin"]]
    joints = np.stack([places[joint] for joint in skin["joints"]])
    if "inverseBindMatrices" in skin:
        joints = joints @ file.array(skin["inverseBindMatrices"]).reshape(-1, 4, 4).swapaxes(1, 2)
    shares = file.array(part["attributes"]["WEIGHTS_0"])
    return np.einsum("vj,vjab->vab", shares, joints[file.array(part["attributes"]["JOINTS_0"]).astype(int)])


def _places(file: GltfFile) -> list[np.ndarray]:
    """(4, 4) of each node in the scene, as it rests."""
    nodes = file.document.get("nodes", [])
    above = {child: node for node, item in enumerate(nodes) for child in item.get("children", ())}
    found = []
    for node in range(len(nodes)):
        place, link, depth = np.eye(4), node, 0
        while link is not None:
            place = _local(nodes[link]) @ place
            link, depth = above.get(link), depth + 1
            if depth > _DEEPEST:
                raise file.damaged()
        found.append(place)
    return found


def _local(node: dict[str, Any]) -> np.ndarray:
    if "matrix" in node:
        return np.array(node["matrix"], np.float64).reshape(4, 4).T
    local = np.eye(4)
    turn = quaternion_matrices(np.array(node.get("rotation", (0, 0, 0, 1)), np.float64))
    local[:3, :3] = turn * np.array(node.get("scale", (1, 1, 1)), np.float64)
    local[:3, 3] = node.get("translation", (0, 0, 0))
    return local
