"""Makes `bodies/landmarks_468.npz`: where the 468 MediaPipe face points lie on the head.

    python -m garrick.training.landmark_embedding [OUT.npz] [PORTRAIT ...]

No labels are used: portraits are rendered through expressions, visemes and turns whose curves are known, the face mesh net
looks at the renders, and each point is put where the head's surface moves as that point does. A point of the lower lip thus
lies on the lower lip, although the closed mouth hides which lip it is. The portraits are fitted by the table that is there,
so the result depends on it a little: the shipped one was made in this way out of one that casts points on to the surface.
Data: the sample portrait, and six of the synthetic portraits of the EchoMimicV2 repository, which show no real person.
A minute for each portrait; needs the pulled weights and the built head.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from scipy.optimize import nnls

from garrick.bodies.head import PARTS, Head, load_head
from garrick.context import RunContext
from garrick.core.archive import save_arrays
from garrick.core.camera import CameraPath
from garrick.core.performance import Performance
from garrick.perception import analyse
from garrick.perception.faces import detect_faces
from garrick.perception.landmarks import face_landmarks, look_again
from garrick.perception.portrait import Portrait
from garrick.rendering import render
from garrick.training.known_motion import truth

_SAMPLE = Path(__file__).resolve().parents[3] / "assets" / "sample" / "portrait.png"
_SIZE = (512, 512)
_EVERY = 4  # of the rendered frames one is counted
_TURNED = 0.25  # radians of yaw beyond which the net guesses what it cannot see
_UNITS = 200.0  # distances are measured as if the face were this many pixels wide
_HUBER = 3.0
_FRONT = -0.02  # metres: vertices farther back carry no landmark
_NEAREST = 12  # vertices whose triangles are tried
_SUM = 1e4  # weight of the weights' sum being one


def main(out: Path, portraits: list[Path]) -> None:
    """Look at the renders and write the table: triangles (468,) int32 and weights (468, 3) float32."""
    head = load_head()
    seen, shown = [], []
    for seed, path in enumerate(portraits):
        portrait = analyse.run(path, _SIZE, None, RunContext())
        performance = truth(portrait, seed)
        for vertices, landmarks in _sightings(head, portrait, performance):
            scale = _UNITS / float(np.ptp(landmarks[:, 0]))
            shown.append(vertices * scale)
            seen.append(landmarks * scale)
        print(f"{path.name}: {len(seen)} renders looked at so far", flush=True)
    triangles, weights, cost = embed(head, np.array(shown, np.float32), np.array(seen, np.float32))
    save_arrays(out, {"triangles": triangles, "weights": weights})
    print(f"{out}: points are missed by {np.sqrt(cost).mean() / _UNITS:.2%} of the face's width")


def _sightings(head: Head, portrait: Portrait, performance: Performance) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pixels of the head's vertices (V, 2) and the landmarks (468, 2) that the net finds, of frames that face us."""
    camera = portrait.camera
    take = render.run(portrait, performance, CameraPath.still(camera, len(performance), performance.fps), RunContext())
    found, points = [], None
    for index in range(0, len(performance), _EVERY):
        plate = take.render(index).plate
        if points is None:
            points, _ = face_landmarks(plate, max(detect_faces(plate), key=lambda face: face.size))
        points, _ = look_again(plate, points, looks=2)
        if abs(performance.head_rotation[index, 1]) < _TURNED:
            turn, shift = performance.head_rotation[index], performance.head_translation[index]
            vertices = head.vertices(performance.identity, performance.face[index], neck=turn) + shift
            found.append((camera.project(vertices)[:, :2], points[:468]))
    return found


def embed(head: Head, shown: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Triangles (468,) int32, weights (468, 3) float32 and the remaining cost (468,) in squared units.

    shown: (R, V, 2) where renders have the vertices.    seen: (R, 468, 2) where the net has the landmarks.
    """
    skin = np.repeat(np.isin(head.quad_parts, [PARTS.index("skin"), PARTS.index("mouth")]), 2)
    numbers, corners = np.flatnonzero(skin), head.triangles[skin]
    around: dict[int, list[int]] = {}
    for row, triangle in enumerate(corners):
        for vertex in triangle:
            around.setdefault(int(vertex), []).append(row)
    front = np.array([vertex for vertex in sorted(around) if head.template[vertex, 2] > _FRONT])
    some = shown[::6, front]
    chosen, weights, costs = np.zeros(468, np.int32), np.zeros((468, 3), np.float32), np.zeros(468)
    for landmark in range(468):
        near = front[np.argsort(_cost(some - seen[::6, landmark, None]))[:_NEAREST]]
        tried = []
        for row in sorted({row for vertex in near for row in around[int(vertex)]}):
            ends = shown[:, corners[row]]  # (R, 3, 2)
            system = np.vstack([np.moveaxis(ends, 2, 1).reshape(-1, 3), np.full((1, 3), _SUM)])
            share, _ = nnls(system, np.append(seen[:, landmark].ravel(), _SUM))
            share /= share.sum()
            tried.append((float(_cost((ends * share[:, None]).sum(axis=1) - seen[:, landmark])), row, share))
        costs[landmark], best, weights[landmark] = min(tried, key=lambda one: one[0])
        chosen[landmark] = numbers[best]
    return chosen, weights, costs


def _cost(missed: np.ndarray) -> np.ndarray:
    """(R, ..., 2) units -> (...) mean of the robust square over the renders."""
    length = np.linalg.norm(missed, axis=-1)
    return np.where(length < _HUBER, length**2, 2 * _HUBER * length - _HUBER**2).mean(axis=0)


if __name__ == "__main__":
    main(
        Path(sys.argv[1] if len(sys.argv) > 1 else "landmarks_468.npz"),
        [_SAMPLE, *(Path(name) for name in sys.argv[2:])],
    )
