"""Makes the head model out of the CC0 body data, once at set-up: `head-<recipe>.npz` in the user cache.

Sources: MakeHuman base mesh, targets and rig (CC0), "Face Units" by Mika Suominen (CC0), rig weights file (NAVER, CC0).
The result is CC0 as well; its `credits` array says so. The recipe is deterministic: fixed seed, fixed order, signs fixed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from garrick.bodies import identity, parts
from garrick.bodies.head import JOINTS, RECIPE, head_path
from garrick.bodies.makehuman import METRES, BaseMesh, bone_descendants, read_base_mesh, read_bone_weights, read_target
from garrick.bodies.store import write_model
from garrick.bodies.surface import nearest
from garrick.core.arkit import ARKIT_NAMES

COMPONENTS = 100
SAMPLES = 3000
JAW_OPEN_DEGREES = 24.4  # Procrustes of the lower teeth under jawOpen (measured on the adult average)
_CUBES = ("joint-head", "joint-neck", "joint-l-eye", "joint-r-eye")
_HINGE = np.array([0.0, 6.859, 0.669])  # fitted jaw hinge, decimetres; MakeHuman's own jaw joint is not where it turns
_LIPS = (474, 493)  # source vertices of the upper and lower lip that meet in the middle
_TONGUE_REST = (0.0, -0.0045, -0.003)  # metres; the source's tongue fills the mouth like a plug
_ATLAS = ((0, (0.0, 0.03), (0.641, 0.149)), (2, (0.55, 0.74), (0.237, 0.81)), (1, (0.55, 0.45), (0.758, 0.012)))
_CREDITS = "Head: CC0. MakeHuman team (base mesh, targets, rig); Mika Suominen (Face Units); NAVER (weights); Garrick."


def ensure_built(progress: Callable[[str], None] = lambda line: None) -> Path:
    """Build the head model unless it is there; about half a minute.

    Raises MissingError without the body data and OutputError where it can't be written.
    """
    from garrick.weights import registry

    path = head_path()
    if not path.exists():
        write_model(path, build(registry.path("body_data"), progress), compress=False)
    return path


def build(data: Path, progress: Callable[[str], None]) -> dict[str, np.ndarray]:
    """The arrays of the head model from the body data folder; see `bodies.head.Head` for what they mean."""
    base = read_base_mesh(data / "mpfb2" / "3dobjs" / "base.obj")
    source = Source.cut(base, data)
    progress("reading the identity targets")
    targets = identity.read_targets(data / "mpfb2" / "targets", len(base.vertices), source.keep)
    progress("sampling identities")
    weights, macros = identity.sample(targets, SAMPLES, np.random.default_rng(RECIPE))
    offsets = targets.offsets.reshape(len(targets.offsets), -1)
    heads = (weights @ offsets).reshape(SAMPLES, -1, 3) + base.vertices[source.keep].astype(np.float32)
    adult = np.array([[0.6, 0.5, 0.5, 0.5, 0.5, 0.5, 1 / 3, 1 / 3, 1 / 3]])
    local = np.zeros((1, weights.shape[1] - len(targets.macros)), np.float32)
    adult_weights = np.concatenate([identity.macro_weights(targets, adult), local], axis=1)
    average = (adult_weights @ offsets).reshape(-1, 3) + base.vertices[source.keep]
    model = _Assembly(source, source.anchored(average[None])[0])
    meshes, joints = model.vertices(source.anchored(heads)), model.joints(source.anchored(heads))
    progress("principal components")
    mean, basis, coefficients = identity.principal_components(meshes.reshape(SAMPLES, -1), COMPONENTS)
    regress = np.linalg.pinv(coefficients)
    joint_basis = (regress @ (joints - joints.mean(axis=0)).reshape(SAMPLES, -1)).reshape(COMPONENTS, -1, 3)
    design = np.column_stack([np.ones(SAMPLES), macros[:, :-1]])
    sliders = np.linalg.lstsq(design, coefficients, rcond=None)[0]
    progress("expressions")
    face = model.face_shapes(data / "faceunits01" / "targets" / "faceunits", len(base.vertices))
    template = mean.reshape(-1, 3)
    skinning = model.skinning(face[ARKIT_NAMES.index("jawOpen")])
    template_joints = joints.mean(axis=0)
    return {
        "credits": np.array(_CREDITS),
        "template": template.astype(np.float32),
        "identity_basis": basis.reshape(COMPONENTS, -1, 3).astype(np.float16),
        "face_basis": face.astype(np.float16),
        "joint_template": template_joints.astype(np.float32),
        "joint_basis": joint_basis.astype(np.float32),
        "weights": skinning.astype(np.float32),
        "quads": model.quads.astype(np.int32),
        "quad_uvs": model.quad_uvs.astype(np.int32),
        "uvs": model.uvs.astype(np.float32),
        "quad_parts": model.quad_parts.astype(np.uint8),
        "mirror": nearest(model.template * (-1, 1, 1), model.template),
        "slider_map": sliders.astype(np.float32),
        "lips": model.lips(face[ARKIT_NAMES.index("jawOpen")]),
        "average_adult": (np.append(1, adult[0, :-1]) @ sliders).astype(np.float32),
    }


@dataclass(frozen=True)
class Source:
    """The part of the base mesh that the head is made from; `keep` lists its vertices, `local` maps into it."""

    base: BaseMesh
    keep: np.ndarray
    local: np.ndarray
    skin_quads: np.ndarray
    skin_ids: np.ndarray
    neck_weight: np.ndarray

    @classmethod
    def cut(cls, base: BaseMesh, data: Path) -> Source:
        """Cut the head, with its teeth, tongue and eyes, out of the base mesh of the body data in `data`."""
        rig = data / "mpfb2" / "rigs" / "standard"
        bones = read_bone_weights(rig, len(base.vertices))
        above = [bones[name] for name in bone_descendants(rig, "neck01") if name in bones]
        head = np.sum(above, axis=0)
        # the neck joint takes over along the neck: a third of its lowest bone, two thirds of the next, all above
        neck = head - 0.66 * bones["neck01"] - 0.33 * bones["neck02"]
        body = base.groups["body"]
        skin_quads = body[(head[base.quads[body]] > 0.02).all(axis=1)]
        skin_ids = np.unique(base.quads[skin_quads])
        helpers = base.group_vertices(
            "helper-tongue", "helper-upper-teeth", "helper-lower-teeth", "helper-l-eye", "helper-r-eye", *_CUBES
        )
        keep = np.unique(np.concatenate([skin_ids, helpers]))
        local = np.full(len(base.vertices), -1)
        local[keep] = np.arange(len(keep))
        return cls(base, keep, local, skin_quads, skin_ids, np.clip(neck, 0, 1))

    def rows(self, *groups: str) -> np.ndarray:
        """Rows of `keep` that hold the vertices of groups."""
        return self.local[self.base.group_vertices(*groups)]

    def anchored(self, heads: np.ndarray) -> np.ndarray:
        """(N, keep, 3) decimetres -> metres with the head joint at the origin."""
        return (heads - heads[:, self.rows("joint-head")].mean(axis=1, keepdims=True)) * METRES

    @property
    def anchor(self) -> np.ndarray:
        """The head joint of the base mesh, decimetres."""
        return self.base.vertices[self.base.group_vertices("joint-head")].mean(axis=0)


class _Assembly:
    """Skin, tongue, eyeballs, teeth and gums as one mesh that is linear in the source vertices."""

    def __init__(self, source: Source, average: np.ndarray) -> None:
        self.source = source
        self.skin = source.local[source.skin_ids]
        self.tongue = source.rows("helper-tongue")
        self.strips = (source.rows("helper-upper-teeth"), source.rows("helper-lower-teeth"))
        self.eyes = (source.rows("helper-l-eye"), source.rows("helper-r-eye"))
        self.eye_cubes = (source.rows("joint-l-eye"), source.rows("joint-r-eye"))
        self.ball = parts.eyeball()
        directions = [
            average[rows] - average[cube].mean(axis=0) for rows, cube in zip(self.eyes, self.eye_cubes, strict=True)
        ]
        self.eye_directions = [value / np.linalg.norm(value, axis=1, keepdims=True) for value in directions]
        self.dental = self._dental(average)
        # a dental vertex is an affine combination of its strip: the map that carries the strip carries the teeth
        self.dental_maps = [
            np.column_stack([part.vertices, np.ones(len(part.vertices))])
            @ np.linalg.pinv(np.column_stack([average[strip], np.ones(len(strip))]))
            for part, strip in self.dental
        ]
        self._topology()
        self.template = self.vertices(average[None])[0]

    def _dental(self, average: np.ndarray) -> list[tuple[parts.Part, np.ndarray]]:
        upper, lower = self.strips
        arch = parts.dental_arch(average[upper])
        lips = self._lip_line(average)
        edge, below = lips - 0.0026, lips - 0.0026  # edge to edge; 2.6 mm of incisor under a parted lip
        return [
            (parts.teeth(arch, edge, 0.0045, upper=True), upper),
            (parts.teeth(arch, below, 0.0068, upper=False), lower),
            (parts.gums(arch, edge + 0.0088, 0.0045, upper=True), upper),
            (parts.gums(arch, below - 0.0074, 0.0068, upper=False), lower),
        ]

    def _lip_line(self, average: np.ndarray) -> float:
        """Height at which the lips meet in the middle, metres: between the two vertices that touch there."""
        return float(average[self.source.local[list(_LIPS)], 1].mean())

    def vertices(self, heads: np.ndarray) -> np.ndarray:
        """(N, keep, 3) metres -> (N, V, 3) metres."""
        blocks = [heads[:, self.skin], heads[:, self.tongue] + _TONGUE_REST]
        for rows, cube, directions in zip(self.eyes, self.eye_cubes, self.eye_directions, strict=True):
            centre = heads[:, cube].mean(axis=1)
            radius = ((heads[:, rows] - centre[:, None]) * directions).sum(axis=2).mean(axis=1)
            blocks.append(centre[:, None] + radius[:, None, None] * self.ball.vertices)
        blocks += [matrix @ heads[:, strip] for matrix, (_, strip) in zip(self.dental_maps, self.dental, strict=True)]
        return np.concatenate(blocks, axis=1).astype(np.float32)

    def joints(self, heads: np.ndarray) -> np.ndarray:
        """(N, keep, 3) -> (N, 5, 3) in `JOINTS` order; the jaw hinge follows the skin around it."""
        neck = heads[:, self.source.rows("joint-neck")].mean(axis=1)
        eyes = [heads[:, cube].mean(axis=1) for cube in self.eye_cubes]
        hinge = self._hinge_weights @ heads[:, self.skin]
        root = neck + np.array([0, -0.05, 0])
        return np.stack([root, neck, hinge.reshape(-1, 3), *eyes], axis=1)

    @property
    def _hinge_weights(self) -> np.ndarray:
        """Affine weights of the skin vertices near the two ears' fronts that give the hinge on the base mesh."""
        skin = (self.source.base.vertices[self.source.skin_ids] - self.source.anchor) * METRES
        hinge = (_HINGE - self.source.anchor) * METRES
        near = np.argsort(np.hypot(skin[:, 1] - hinge[1], skin[:, 2] - hinge[2]))[:80]
        matrix = np.vstack([skin[near].T, np.ones(80)])
        weights = np.zeros((1, len(skin)))
        weights[0, near] = np.linalg.pinv(matrix) @ np.append(hinge, 1)
        return weights

    def face_shapes(self, folder: Path, vertex_count: int) -> np.ndarray:
        """(52, V, 3) metres. Eyeballs stay (they turn by their joints); cheekPuff is toned down, the source's is huge."""
        zero = np.zeros((1, len(self.ball.vertices) * 2, 3), np.float32)
        shapes = []
        for name in ARKIT_NAMES:
            delta = read_target(folder / f"{name}.target", vertex_count)[self.source.keep][None] * METRES
            # the lower teeth ride with their strip, whose offsets are an affine field too (a turn, linearised)
            lower = [
                np.zeros((1, len(part.vertices), 3)) if strip is self.strips[0] else matrix @ delta[:, strip]
                for matrix, (part, strip) in zip(self.dental_maps, self.dental, strict=True)
            ]
            shape = np.concatenate([delta[:, self.skin], delta[:, self.tongue], zero, *lower], axis=1)[0]
            shapes.append(shape * (0.6 if name == "cheekPuff" else 1.0))
        return np.stack(shapes)

    def skinning(self, jaw_open: np.ndarray) -> np.ndarray:
        """(V, 5) weights in `JOINTS` order. Jaw: jawOpen projected on the turn about the hinge, w = d.r / |r|^2."""
        count, eye = len(self.template), len(self.ball.vertices)
        hinge = self.joints_of_template()[JOINTS.index("jaw")]
        angle = np.radians(JAW_OPEN_DEGREES)
        arm = self.template - hinge
        turn = np.stack(
            [
                np.zeros(count),
                arm[:, 1] * (np.cos(angle) - 1) - arm[:, 2] * np.sin(angle),
                arm[:, 1] * np.sin(angle) + arm[:, 2] * (np.cos(angle) - 1),
            ],
            axis=1,
        )
        jaw = np.clip((jaw_open * turn).sum(axis=1) / np.maximum((turn**2).sum(axis=1), 1e-9), 0, 1)
        neck = np.ones(count)
        neck[: len(self.skin)] = self.source.neck_weight[self.source.skin_ids]
        weights = np.zeros((count, len(JOINTS)))
        eyes = len(self.skin) + len(self.tongue)
        weights[:, 2] = jaw
        weights[: eyes + 2 * eye, 2][eyes:] = 0
        dental = eyes + 2 * eye
        for part, strip in self.dental:
            weights[dental : dental + len(part.vertices), 2] = float(strip is self.strips[1])
            dental += len(part.vertices)
        weights[:, 1] = neck * (1 - weights[:, 2])
        weights[:, 0] = 1 - weights[:, 1] - weights[:, 2]
        weights[eyes : eyes + eye] = (0, 0, 0, 1, 0)
        weights[eyes + eye : eyes + 2 * eye] = (0, 0, 0, 0, 1)
        return weights

    def lips(self, jaw_open: np.ndarray) -> np.ndarray:
        """(V,) uint8: 1 on the upper and 2 on the lower lip's vertices near the middle, 0 elsewhere."""
        middle = self.template[np.searchsorted(self.source.skin_ids, _LIPS)].mean(axis=0)
        off = self.template - middle
        near = (np.abs(off[:, 0]) < 0.003) & (np.abs(off[:, 1]) < 0.011) & (off[:, 2] > -0.006)
        near[len(self.skin) :] = False
        return np.where(near, np.where(jaw_open[:, 1] < -0.01, 2, 1), 0).astype(np.uint8)

    def joints_of_template(self) -> np.ndarray:
        """(5, 3) joints of the base mesh itself, metres."""
        return self.joints(self.source.anchored(self.source.base.vertices[self.source.keep][None]))[0]

    def _topology(self) -> None:
        """quads, uvs, parts of the assembled mesh."""
        base, skin_count = self.source.base, len(self.skin)
        order = np.full(len(base.vertices), -1)
        order[self.source.skin_ids] = np.arange(skin_count)
        order[base.group_vertices("helper-tongue")] = np.arange(skin_count, skin_count + len(self.tongue))
        tongue_quads = base.groups["helper-tongue"]
        source_quads = np.concatenate([self.source.skin_quads, tongue_quads])
        island = _uv_islands(base, self.source.skin_quads)
        kinds = np.concatenate([np.array([0, 1, 0, 2, 2])[island], np.full(len(tongue_quads), 3)])
        used, corner = np.unique(base.quad_uvs[source_quads], return_inverse=True)
        uvs = base.uvs[used].copy()
        corner = corner.reshape(-1, 4)
        for number, place, origin in _ATLAS:
            chosen = np.unique(corner[: len(island)][island == number])
            uvs[chosen] = (base.uvs[used[chosen]] - origin) * 1.4 + place
        quads, corners, all_uvs, part_ids = [order[base.quads[source_quads]]], [corner], [uvs], [kinds]
        vertices, texels = skin_count + len(self.tongue), len(uvs)
        pieces = [(self.ball, 4), (self.ball, 4), *zip([part for part, _ in self.dental], (5, 5, 6, 6), strict=True)]
        for part, kind in pieces:
            quads.append(part.quads + vertices)
            corners.append(part.quads + texels)
            all_uvs.append(part.uvs)
            part_ids.append(np.full(len(part.quads), kind))
            vertices, texels = vertices + len(part.vertices), texels + len(part.vertices)
        self.quads, self.quad_uvs = np.concatenate(quads), np.concatenate(corners)
        self.uvs, self.quad_parts = np.concatenate(all_uvs), np.concatenate(part_ids)


def _uv_islands(base: BaseMesh, quads: np.ndarray) -> np.ndarray:
    """(q,) island of each quad: 0 head, 1 mouth cavity, 2 neck and shoulders, 3 and 4 eye sockets (by first uv id)."""
    corners = base.quad_uvs[quads]
    here, there = corners.ravel(), np.roll(corners, 1, axis=1).ravel()
    graph = coo_matrix((np.ones(len(here)), (here, there)), (len(base.uvs), len(base.uvs)))
    labels = connected_components(graph, directed=False)[1][corners[:, 0]]
    sizes = {label: (labels == label).sum() for label in np.unique(labels)}
    by_size = sorted(sizes, key=lambda label: (-sizes[label], label))
    return np.array([by_size.index(label) for label in labels])
