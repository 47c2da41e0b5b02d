"""Reads the CC0 MakeHuman data: base mesh, morph targets, rig weights and the ARKit face units.

Everything here is in the source's own terms (decimetres, whole-body vertex ids); `bodies.build` makes metres of it.
Formats: Wavefront .obj with groups; `.target` text lines `vertex dx dy dz`; rig weights as JSON.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

METRES = 0.1  # the source is in decimetres


@dataclass(frozen=True)
class BaseMesh:
    """The source mesh with its helpers.

    vertices: (V, 3) float64, decimetres, Y up, +Z forward, +X the character's left.
    uvs:      (T, 2) float64, v up.
    quads:    (Q, 4) int, vertex ids.    quad_uvs: (Q, 4) int, uv ids.
    groups:   group name -> (n,) int, the quads of the group.
    """

    vertices: np.ndarray
    uvs: np.ndarray
    quads: np.ndarray
    quad_uvs: np.ndarray
    groups: dict[str, np.ndarray]

    def group_vertices(self, *names: str) -> np.ndarray:
        """The sorted vertex ids of one or more groups."""
        return np.unique(np.concatenate([self.quads[self.groups[name]].ravel() for name in names]))


def read_base_mesh(path: Path) -> BaseMesh:
    """Parse base.obj; a group named twice is one group."""
    vertices, uvs, quads, quad_uvs = [], [], [], []
    members: dict[str, list[int]] = {}
    group = ""
    for line in path.read_text().splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "v":
            vertices.append([float(value) for value in rest.split()])
        elif kind == "vt":
            uvs.append([float(value) for value in rest.split()[:2]])
        elif kind == "g":
            group = rest.strip()
        elif kind == "f":
            corners = [corner.split("/") for corner in rest.split()]
            members.setdefault(group, []).append(len(quads))
            quads.append([int(corner[0]) - 1 for corner in corners])
            quad_uvs.append([int(corner[1]) - 1 for corner in corners])
    return BaseMesh(
        np.array(vertices),
        np.array(uvs),
        np.array(quads),
        np.array(quad_uvs),
        {name: np.array(ids) for name, ids in members.items()},
    )


def read_target(path: Path, vertex_count: int) -> np.ndarray:
    """(vertex_count, 3) float32 offsets of one target, decimetres; plain or gzipped text."""
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()
    rows = [line for line in text.splitlines() if line and not line.startswith("#")]
    offsets = np.zeros((vertex_count, 3), np.float32)
    if rows:
        table = np.array(" ".join(rows).split(), np.float32).reshape(-1, 4)
        offsets[table[:, 0].astype(int)] = table[:, 1:]
    return offsets


def read_bone_weights(folder: Path, vertex_count: int) -> dict[str, np.ndarray]:
    """Bone name -> (vertex_count,) float32 skin weights of the standard rig."""
    weights = {}
    for bone, pairs in json.loads((folder / "weights.default.json").read_text())["weights"].items():
        weights[bone] = np.zeros(vertex_count, np.float32)
        if pairs:
            table = np.array(pairs)
            weights[bone][table[:, 0].astype(int)] = table[:, 1]
    return weights


def bone_descendants(folder: Path, root: str) -> set[str]:
    """`root` and every bone below it in the standard rig."""
    rig = json.loads((folder / "rig.default.json").read_text())
    parents = {name: bone["parent"] for name, bone in rig.get("bones", rig).items()}
    found = {root}
    while True:
        more = {name for name, parent in parents.items() if parent in found} - found
        if not more:
            return found
        found |= more


def macro_targets(targets: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Every macro target with its labels, e.g. ("universal", "female", "baby", "averagemuscle", "averageweight")."""
    for path in sorted((targets / "macrodetails").rglob("*.target.gz")):
        yield path, tuple(path.name.removesuffix(".target.gz").split("-"))
