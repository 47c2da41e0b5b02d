"""Our own eyeballs, teeth and gums: the source's eyeballs are 70 quads and its teeth look like fangs.

Each part is a mesh that hangs linearly on source vertices, so it follows every identity: an eyeball keeps its centre and
radius from the helper, a jaw follows the affine map that carries the helper strip. Metres; sizes of teeth are the
means of adult crowns (Wheeler, Dental Anatomy), scaled to the arch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# crown width and height in millimetres, from the middle outwards
_UPPER = ((8.5, 10.5), (6.6, 9.2), (7.5, 10.0), (7.0, 8.4), (6.8, 8.2), (10.0, 7.4))
_LOWER = ((5.4, 8.8), (5.9, 9.2), (6.9, 10.2), (7.0, 8.5), (7.0, 8.0), (10.5, 7.4))
_DEPTH = (6.0, 6.0, 7.0, 8.0, 8.0, 10.0)


@dataclass(frozen=True)
class Part:
    """A small quad mesh: vertices (n, 3) metres, quads (q, 4), uvs (n, 2)."""

    vertices: np.ndarray
    quads: np.ndarray
    uvs: np.ndarray


def eyeball() -> Part:
    """A unit sphere about the origin with its pole at +Z (the pupil), rings denser at the front; uv is azimuthal."""
    rings, segments = 12, 24
    angles = np.pi * np.linspace(0, 1, rings + 1) ** 1.4
    turns = 2 * np.pi * np.arange(segments) / segments
    vertices = np.stack(
        [
            np.sin(angles)[:, None] * np.cos(turns),
            np.sin(angles)[:, None] * np.sin(turns),
            np.broadcast_to(np.cos(angles)[:, None], (rings + 1, segments)),
        ],
        axis=-1,
    )
    radius = (angles / np.pi * 0.5)[:, None]
    uvs = np.stack([0.5 + radius * np.cos(turns), 0.5 + radius * np.sin(turns)], axis=-1)
    return Part(vertices.reshape(-1, 3), _grid_quads(rings + 1, segments, closed=True), uvs.reshape(-1, 2))


def dental_arch(strip: np.ndarray) -> np.ndarray:
    """(m, 2) x and z in metres along the outer line of a helper strip, from the middle to one side, even steps.

    strip: (n, 3) metres. A quartic z(x), symmetric, through the strip's outermost points.
    """
    outer = strip[strip[:, 2] > np.quantile(strip[:, 2], 0.1)]
    x, z = np.abs(outer[:, 0]), outer[:, 2]
    terms = np.stack([np.ones_like(x), x**2, x**4], axis=1)
    coefficients = np.linalg.lstsq(terms, z, rcond=None)[0]
    along = np.linspace(0, np.abs(strip[:, 0]).max() * 0.98, 200)
    return np.stack([along, np.stack([along**0, along**2, along**4], 1) @ coefficients], axis=1)


def teeth(arch: np.ndarray, edge: float, setback: float, upper: bool) -> Part:
    """Twelve crowns along an arch.

    arch:    (m, 2) x and z in metres (`dental_arch`).    edge: y of the front biting edge, metres.
    setback: how far the outer faces lie behind the arch, metres.    upper: crowns hang down, else stand up.
    """
    sizes = np.array(_UPPER if upper else _LOWER) * 1e-3
    steps = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(arch, axis=0).T))])
    fit = min(1.0, steps[-1] * 0.97 / sizes[:, 0].sum())
    parts, position = [], 0.0
    for index, (width, height) in enumerate(sizes):
        width *= fit
        middle = position + width / 2
        position += width
        x, z = (np.interp(middle, steps, column) for column in arch.T)
        ahead = np.array([np.interp(middle + 1e-3, steps, column) for column in arch.T])
        tangent = (ahead - (x, z)) / np.linalg.norm(ahead - (x, z))
        outward = np.array([-tangent[1], tangent[0]])
        outward = outward if outward @ (x, z - arch[-1, 1]) > 0 else -outward
        crown = _crown(width * 0.98, height * 0.9, _DEPTH[index] * 1e-3, incisor=index < 3)
        if not upper:
            crown = crown * (1, -1, 1)
        base = np.array([x, z]) - outward * (setback + _DEPTH[index] * 0.5e-3)
        rise = 0.0006 * (index == 1) + 0.0012 * max(0, index - 2)  # laterals and back teeth end a little higher
        flat = base + crown[:, :1] * tangent + crown[:, 2:] * outward
        placed = np.stack([flat[:, 0], edge + (1 if upper else 0.35) * rise + crown[:, 1], flat[:, 1]], axis=1)
        parts += [placed, placed * (-1, 1, 1)]
    quads = _box_quads()
    flipped = quads[:, ::-1]
    # a mirrored crown and a crown turned upside down each reverse the winding
    order = [quads if (side == 0) == upper else flipped for _ in sizes for side in (0, 1)]
    count = len(parts[0])
    return Part(
        np.concatenate(parts),
        np.concatenate([winding + index * count for index, winding in enumerate(order)]),
        np.full((count * len(parts), 2), 0.5),
    )


def crown_places() -> np.ndarray:
    """(1344, 3) where each vertex of both jaws' teeth lies in its crown and jaw, in the order in which the head has them.

    Columns: distance from the crown's middle to its neighbour, 0..1; height over the biting edge, 0..1 at the root; place
    in the arch from the middle incisor, 0, to the molar, 5.
    """
    corners = _box_points()
    one = np.stack([np.abs(corners[:, 0]), (corners[:, 1] + 1) / 2, np.zeros(len(corners))], axis=1)
    crowns = [one + np.array([0, 0, index]) for _ in (_UPPER, _LOWER) for index in range(len(_UPPER)) for _ in (0, 1)]
    return np.concatenate(crowns)


def gums(arch: np.ndarray, neck: float, setback: float, upper: bool) -> Part:
    """A band of gum over the necks of the teeth; neck: y where the crowns leave the gum at the front, metres."""
    steps = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(arch, axis=0).T))])
    half = np.linspace(0, steps[-1], 17)
    x, z = (np.interp(half, steps, column) for column in arch.T)
    x, z = np.concatenate([-x[:0:-1], x]), np.concatenate([z[:0:-1], z])
    inward = np.stack([-np.gradient(z), np.gradient(x)], axis=1)
    inward /= np.linalg.norm(inward, axis=1, keepdims=True)
    inward *= np.sign(-(inward[:, 1:]))
    sign = 1 if upper else -1
    scallop = 0.0006 * np.cos(np.linspace(-1, 1, len(x)) * 12 * np.pi)
    # the section: a lip of gum in front of the crowns, over the root, and down behind
    section = ((-0.6, 0.0), (-0.9, 1.2), (-0.6, 4.0), (2.0, 7.0), (6.5, 7.0), (9.5, 4.0), (9.5, 0.5))
    rows = []
    for index, (depth, height) in enumerate(section):
        y = neck + sign * (height * 1e-3 + (scallop if index == 0 else 0))
        y = y + sign * 0.0004 * np.linspace(-1, 1, len(x)) ** 2
        flat = np.stack([x, z], axis=1) + inward * (setback + depth * 1e-3)
        rows.append(np.stack([flat[:, 0], np.broadcast_to(y, x.shape), flat[:, 1]], axis=1))
    quads = _grid_quads(len(section), len(x), closed=False)
    return Part(np.concatenate(rows), quads[:, ::-1] if upper else quads, np.full((len(section) * len(x), 2), 0.5))


def _crown(width: float, height: float, depth: float, incisor: bool) -> np.ndarray:
    """(56, 3) a rounded box, biting edge at y 0, root at y `height`, outer face at +z; narrower at the neck."""
    corners = _box_points()
    x, y, z = corners.T
    bulge = 1.0 / np.maximum(1.0, np.linalg.norm(corners * (0.78, 0.55, 0.78), axis=1))
    y = (y * bulge + 1) / 2
    taper = 1 - 0.22 * y**2 - 0.10 * (y < 0.1)
    thin = 0.45 + 0.55 * np.clip(y * 1.6, 0, 1) if incisor else 1.0 - 0.15 * (y < 0.1)
    return np.stack(
        [x * bulge * taper * width / 2, y * height, (z * bulge * thin + (1 - thin) * 0.7) * depth / 2], axis=1
    )


def _box_points() -> np.ndarray:
    steps = np.linspace(-1, 1, 4)
    grid = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    return grid[(np.abs(grid) == 1).any(axis=1)]


def _box_quads() -> np.ndarray:
    """The 54 quads of a 3 x 3 x 3 box surface, counter-clockwise from outside."""
    index = {tuple(np.round((point + 1) * 1.5).astype(int)): number for number, point in enumerate(_box_points())}
    quads = []
    for axis in range(3):
        u, v = [other for other in range(3) if other != axis]
        for side in (0, 3):
            for i in range(3):
                for j in range(3):
                    corners = []
                    for a, b in ((i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)):
                        key = [0, 0, 0]
                        key[axis], key[u], key[v] = side, a, b
                        corners.append(index[tuple(key)])
                    outward = (side == 3) == (axis != 1)
                    quads.append(corners if outward else corners[::-1])
    return np.array(quads)


def _grid_quads(rows: int, columns: int, closed: bool) -> np.ndarray:
    row, column = np.meshgrid(np.arange(rows - 1), np.arange(columns if closed else columns - 1), indexing="ij")
    after = (column + 1) % columns
    corners = (row * columns + column, (row + 1) * columns + column, (row + 1) * columns + after, row * columns + after)
    return np.stack(corners, axis=-1).reshape(-1, 4)
