"""Makes `bodies/landmarks_468.npz`: where the 468 MediaPipe face points lie on the head.

    python -m garrick.training.landmark_embedding [OUT.npz]

No labels are used: the head is rendered in several identities, turns and jaw openings, the face mesh net tracks the
renders, and each tracked point is cast back on the mesh. A landmark's place is the geometric median of where it fell.
Data: our own renders only. About half a minute; needs the pulled weights and body data.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from garrick.bodies import build
from garrick.bodies.head import PARTS, Head, load_head
from garrick.bodies.makehuman import read_base_mesh, read_target
from garrick.bodies.surface import closest_points
from garrick.core.archive import save_arrays
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.camera import Camera
from garrick.perception.faces import Face
from garrick.perception.landmarks import face_landmarks
from garrick.rendering.rasterise import NOTHING, rasterise
from garrick.rendering.texture import view_cosines
from garrick.weights import registry

_SIZE = 800
_FOCAL = 1400.0
_DISTANCE = 0.62  # metres from the camera to the head joint
_TURNS = (-0.3, 0.0, 0.3)  # radians of yaw
_JAWS = (0.0, 0.25)
_PEOPLE = (
    {"gender": 0.0, "age": 0.6},
    {"gender": 1.0, "age": 0.6},
    {"gender": 0.0, "age": 0.7, "african": 1.0, "asian": 0.0},
    {"gender": 1.0, "age": 0.55, "african": 0.0, "asian": 1.0},
    {"gender": 1.0, "age": 0.8},
    {"gender": 0.0, "age": 0.5, "african": 0.0, "asian": 1.0},
)
_FACING = 0.25  # cosine below which a tracked point slides along the silhouette
_ENOUGH = 6
_MIDDLE = 0.02  # metres from the middle of the face within which both sides see a landmark


@dataclass(frozen=True)
class _Sighting:
    """One tracked render: (468, 3) places on the template, cosine to the view, and how far the head was turned (radians)."""

    places: np.ndarray
    facing: np.ndarray
    hit: np.ndarray
    yaw: float


def main(out: Path) -> None:
    """Track the renders and write the table: triangles (468,) int32 and weights (468, 3) float32."""
    head = load_head()
    paint = _paint(head)
    sightings = []
    for person in [head.average_adult, *(head.identity_from_sliders(**sliders) for sliders in _PEOPLE)]:
        for yaw in _TURNS:
            for jaw in _JAWS:
                sightings.append(_track(head, paint, person.astype(np.float32), yaw, jaw))
    points = np.stack([_median(sightings, landmark) for landmark in range(468)])
    skin = np.isin(head.quad_parts, [PARTS.index("skin"), PARTS.index("mouth")])
    triangles = head.triangles[np.repeat(skin, 2)]
    found = closest_points(points, head.template, triangles)
    row = {tuple(corners): index for index, corners in reversed(list(enumerate(head.triangles.tolist())))}
    ids = np.array([row[tuple(corners)] for corners in found.corners.tolist()], np.int32)
    save_arrays(out, {"triangles": ids, "weights": found.weights.astype(np.float32)})
    print(
        f"{out}: {len(sightings)} renders tracked, points lie {found.distance.mean() * 1e3:.2f} mm off the mesh on average"
    )


def _track(head: Head, paint: np.ndarray, identity: np.ndarray, yaw: float, jaw: float) -> _Sighting:
    face = np.zeros(52, np.float32)
    face[ARKIT_INDEX["jawOpen"]] = jaw
    vertices = head.vertices(identity, face, neck=np.array([0, yaw, 0], np.float32))
    world_to_camera = np.diag([1.0, -1.0, -1.0, 1.0])
    world_to_camera[2, 3] = _DISTANCE
    middle = _SIZE / 2
    camera = Camera(np.array([[_FOCAL, 0, middle], [0, _FOCAL, middle], [0, 0, 1]]), world_to_camera, (_SIZE, _SIZE))
    screen = camera.project(vertices).astype(np.float32)
    seen = rasterise(screen, head.triangles, camera.size, scale=2)
    corners = head.triangles[np.maximum(seen.triangle, 0)]
    weights = np.concatenate([seen.weights, 1 - seen.weights.sum(axis=2, keepdims=True)], axis=2)
    picture = _picture(head, vertices, paint, seen.triangle, corners, weights)
    points, presence = face_landmarks(picture, _known_face(head, screen))
    if presence < 0.9:
        raise RuntimeError(f"the tracker lost a render (yaw {yaw}, jaw {jaw}): presence {presence:.2f}")
    x, y = np.clip(np.round(points[:468] * 2 - 0.5), 0, 2 * _SIZE - 1).astype(int).T
    places = (head.template[corners[y, x]] * weights[y, x][..., None]).sum(axis=1)
    facing = view_cosines(head, vertices, camera)[corners[y, x]].mean(axis=1)
    return _Sighting(places, facing, seen.triangle[y, x] != NOTHING, yaw)


def _known_face(head: Head, screen: np.ndarray) -> Face:
    """The detection that a detector would make: the render's own face box and eyes."""
    eyes = [screen[head.weights[:, joint] > 0, :2].mean(axis=0) for joint in (4, 3)]
    lips = screen[head.lips > 0, :2].mean(axis=0)
    middle = (eyes[0] + eyes[1] + lips) / 3
    half = np.linalg.norm(eyes[1] - eyes[0]) * 1.1
    return Face(np.concatenate([middle - half, middle + half]), np.stack([*eyes, middle, lips, eyes[0], eyes[1]]), 1.0)


def _median(sightings: list[_Sighting], landmark: int) -> np.ndarray:
    """(3,) geometric median (Weiszfeld) of the landmark's places, from views that do not graze it where there are enough.

    On the far side of a turned head the tracker lets a point slide along the silhouette on to the front of the cheek, so
    a landmark beside the middle counts only where its own side is towards the camera.
    """
    hits = [s for s in sightings if s.hit[landmark]]
    across = float(
        np.median([s.places[landmark, 0] for s in hits if s.yaw == 0] or [s.places[landmark, 0] for s in hits])
    )
    near = [s for s in hits if abs(across) < _MIDDLE or s.yaw * across <= 0]
    good = [s.places[landmark] for s in near if s.facing[landmark] > _FACING]
    if len(good) < _ENOUGH:
        good = [s.places[landmark] for s in near]
    places = np.array(good)
    median = np.median(places, axis=0)
    for _ in range(20):
        weights = 1 / np.maximum(np.linalg.norm(places - median, axis=1), 1e-4)
        median = (places * weights[:, None]).sum(axis=0) / weights.sum()
    return median


def _picture(
    head: Head, vertices: np.ndarray, paint: np.ndarray, triangle: np.ndarray, corners: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """(_SIZE, _SIZE, 3) uint8: the painted head under a key and a fill light."""
    normals = head.normals(vertices)
    key, fill = np.array([0.36, 0.52, 0.78]), np.array([-0.6, 0, 0.8])
    light = 0.25 + 0.65 * np.clip(normals @ key, 0, 1) + 0.15 * np.clip(normals @ fill, 0, 1)
    shaded = ((paint * light[:, None])[corners] * weights[..., None]).sum(axis=2)
    shaded = np.where(triangle[..., None] != NOTHING, shaded, (0.45, 0.50, 0.55)).astype(np.float32)
    smooth = cv2.resize(cv2.GaussianBlur(shaded, (0, 0), 1.2), (_SIZE, _SIZE), interpolation=cv2.INTER_AREA)
    return np.clip(smooth * 255, 0, 255).astype(np.uint8)


def _paint(head: Head) -> np.ndarray:
    """(V, 3) colours that a face net knows: skin, lips, brows, irises."""
    colours = np.tile((0.80, 0.62, 0.53), (len(head.template), 1))
    for name, colour in {"mouth": (0.3, 0.1, 0.1), "tongue": (0.6, 0.3, 0.3), "eye": (0.9, 0.9, 0.9),
                         "teeth": (0.9, 0.88, 0.8), "gums": (0.6, 0.3, 0.3)}.items():  # fmt: skip
        colours[head.vertex_parts == PARTS.index(name)] = colour
    lips = _lip_mask(head)[:, None]
    colours = colours * (1 - lips) + np.array((0.66, 0.30, 0.29)) * lips
    for joint in (3, 4):
        eye = head.joint_template[joint]
        off = head.template - eye
        brow = np.clip(1 - np.abs(off[:, 1] - 0.021) / 0.006, 0, 1) * (np.abs(off[:, 0]) < 0.022) * (off[:, 2] > -0.01)
        colours = colours * (1 - 0.75 * brow[:, None]) + np.array((0.2, 0.13, 0.1)) * 0.75 * brow[:, None]
        ball = head.weights[:, joint] > 0
        angle = np.arccos(np.clip(off[:, 2] / np.linalg.norm(off, axis=1), -1, 1))
        colours[ball & (angle < 0.46)] = (0.25, 0.17, 0.10)
        colours[ball & (angle < 0.2)] = (0.03, 0.03, 0.03)
    return colours


def _lip_mask(head: Head) -> np.ndarray:
    """(V,) 0..1: the skin that the source's lip-volume targets move."""
    data = registry.path("body_data")
    base = read_base_mesh(data / "mpfb2" / "3dobjs" / "base.obj")
    folder = data / "mpfb2" / "targets" / "mouth"
    lips = [
        read_target(folder / f"mouth-{lip}-volume-incr.target.gz", len(base.vertices))
        for lip in ("upperlip", "lowerlip")
    ]
    moved = np.linalg.norm(lips[0] + lips[1], axis=1)
    skin = build.Source.cut(base, data).skin_ids
    mask = np.zeros(len(head.template))
    mask[: len(skin)] = np.clip(moved[skin] / np.quantile(moved[moved > 0], 0.7), 0, 1)
    return mask


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "bodies" / "landmarks_468.npz")
