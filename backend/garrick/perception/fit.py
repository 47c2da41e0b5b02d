"""Fits the head to 468 landmarks: pose, expression, identity, by damped Gauss-Newton with analytic derivatives.

Expression comes before identity and identity is held back by its prior; the other way round a smile is baked into the
bones (measured: facts of the body models).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from garrick.bodies.head import Head
from garrick.core.arkit import ARKIT_INDEX, ARKIT_NAMES
from garrick.core.camera import Camera
from garrick.core.gaze import EYE_LOOK, eye_look_weights
from garrick.core.rotation import axis_angles, rotation_matrices

OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136,
    172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
LIPS = (
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409,
    78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95,
)  # fmt: skip
EYES = (
    33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246,
    362, 382, 381, 380, 374, 373, 390, 249, 263, 466, 388, 387, 386, 385, 384, 398,
)  # fmt: skip
BROWS = (70, 63, 105, 66, 107, 55, 65, 52, 53, 46, 300, 293, 334, 296, 336, 285, 295, 282, 283, 276)

IRIS_MILLIMETRES = 11.7  # visible iris of adults, nearly the same for all (MediaPipe Iris, 2020)
_UNITS = 200.0  # residuals are scaled as if the face were this many pixels wide
_HUBER = 2.5
_IDENTITY_PRIOR = 1.3
_FACE_PRIOR = 5.0
_TIE = 5.0  # between the two sides of an expression
_DEPTH_PRIOR = 60.0  # on the relative change of the camera's distance
_STILL = tuple(ARKIT_INDEX[name] for name in ("tongueOut", "cheekPuff", "jawForward")) + EYE_LOOK
_PAIRS = tuple(
    (ARKIT_INDEX[name], ARKIT_INDEX[name.replace("Left", "Right")])
    for name in ARKIT_NAMES
    if name.endswith("Left") and name not in ("jawLeft", "mouthLeft")
)


@dataclass(frozen=True)
class Fit:
    """A fitted head in front of a camera.

    identity: (B,).    face: (52,).    rotation: (3,) axis-angle.    translation: (3,) metres, origin to camera, OpenCV axes.
    errors:   (468,) float64, distance of each landmark from the fitted one, pixels.
    gaze:     (2, 2) radians.
    """

    identity: np.ndarray
    face: np.ndarray
    rotation: np.ndarray
    translation: np.ndarray
    errors: np.ndarray
    gaze: np.ndarray


def fit_head(head: Head, landmarks: np.ndarray, intrinsics: np.ndarray) -> Fit:
    """Explain the landmarks of one picture.

    landmarks: (478, 2) pixels.    intrinsics: (3, 3) float64 of the picture.
    Metric scale: the iris gives the distance to the camera, the prior on identity keeps the head's size near it.
    """
    problem = _Problem.of(head, landmarks, intrinsics)
    state = problem.start(landmarks)
    state = problem.solve(state, free="pose", steps=12)
    state = problem.look(state, head, landmarks)
    state = problem.solve(state, free="face", steps=10)
    state = problem.solve(state, free="all", steps=14)
    state = problem.look(state, head, landmarks)
    state = problem.solve(state, free="all", steps=6)
    projected = problem.project(state)[0]
    return Fit(
        identity=state.identity.astype(np.float32),
        face=state.face.astype(np.float32),
        rotation=axis_angles(state.turn).astype(np.float32),
        translation=state.shift,
        errors=np.linalg.norm(projected - problem.target, axis=1),
        gaze=_gaze(head, state, landmarks, intrinsics).astype(np.float32),
    )


@dataclass(frozen=True)
class _State:
    identity: np.ndarray
    face: np.ndarray
    turn: np.ndarray
    shift: np.ndarray


@dataclass(frozen=True)
class _Problem:
    """The landmark points as a linear model about the neck joint, their target, weights and camera."""

    mean: np.ndarray  # (468, 3)
    identity_basis: np.ndarray  # (B, 468, 3)
    face_basis: np.ndarray  # (52, 468, 3)
    target: np.ndarray  # (468, 2)
    weights: np.ndarray  # (468,)
    intrinsics: np.ndarray
    scale: float  # residual units a pixel
    distance: float  # metres to the camera by the iris

    @classmethod
    def of(cls, head: Head, landmarks: np.ndarray, intrinsics: np.ndarray) -> _Problem:
        weights = np.ones(468)
        for points, weight in ((OVAL, 0.3), (LIPS, 3.0), (EYES, 4.0), (BROWS, 2.0)):
            weights[list(points)] = weight
        iris = np.mean(
            [np.linalg.norm(eye[1:] - eye[0], axis=1).mean() * 2 for eye in (landmarks[468:473], landmarks[473:478])]
        )
        target = landmarks[:468].astype(np.float64)
        # the pivot's own identity offset moves all points alike: the translation takes it up
        return cls(
            mean=head.landmarks(head.template).astype(np.float64) - head.joint_template[1],
            identity_basis=head.landmarks(head.identity_basis).astype(np.float64) - head.joint_basis[:, 1:2],
            face_basis=head.landmarks(head.face_basis).astype(np.float64),
            target=target,
            weights=np.sqrt(weights / weights.mean()),
            intrinsics=intrinsics,
            scale=_UNITS / float(np.ptp(target[list(OVAL), 0])),
            distance=float(intrinsics[0, 0] * IRIS_MILLIMETRES * 1e-3 / iris),
        )

    def start(self, landmarks: np.ndarray) -> _State:
        """Straight ahead, at the iris's distance, the middle of the face on the middle of the landmarks."""
        centre = self.mean.mean(axis=0) * (1, -1, -1)
        ray = np.linalg.solve(self.intrinsics, np.append(self.target.mean(axis=0), 1))
        shift = ray * (self.distance + 0.02) - centre
        return _State(np.zeros(len(self.identity_basis)), np.zeros(52), np.eye(3), shift)

    def project(self, state: _State) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(468, 2) pixels, (468, 3) turned points and (468, 3) camera points."""
        points = (
            self.mean
            + np.tensordot(state.identity, self.identity_basis, 1)
            + np.tensordot(state.face, self.face_basis, 1)
        )
        turned = points @ state.turn.T
        view = turned * (1, -1, -1) + state.shift
        return (view[:, :2] / view[:, 2:]) * np.diag(self.intrinsics)[:2] + self.intrinsics[:2, 2], turned, view

    def solve(self, state: _State, free: str, steps: int) -> _State:
        """Damped Gauss-Newton on the robust cost; free is "pose", "face" (pose and expression) or "all"."""
        damping, cost = 1e-3, self._cost(state)
        for _ in range(steps):
            hessian, gradient, chosen = self._normal_equations(state, free)
            for _ in range(6):
                step = np.zeros(len(gradient))
                damped = hessian + damping * np.diag(np.diag(hessian) + 1e-9)
                step[chosen] = np.linalg.solve(damped[np.ix_(chosen, chosen)], -gradient[chosen])
                trial = self._advance(state, step)
                trial_cost = self._cost(trial)
                if trial_cost < cost:
                    state, cost, damping = trial, trial_cost, max(1e-6, damping / 4)
                    break
                damping *= 6
            else:
                break
        return state

    def look(self, state: _State, head: Head, landmarks: np.ndarray) -> _State:
        """Set the eyeLook weights from the gaze: the lids follow the eyes before they blink or squint."""
        face = state.face.copy()
        face[list(EYE_LOOK)] = eye_look_weights(_gaze(head, state, landmarks, self.intrinsics))
        return _State(state.identity, face, state.turn, state.shift)

    def _residuals(self, state: _State) -> tuple[np.ndarray, np.ndarray]:
        """(468, 2) weighted, scaled residuals and (468,) robust weights (Huber)."""
        residual = (self.project(state)[0] - self.target) * self.scale
        length = np.linalg.norm(residual, axis=1)
        return residual, self.weights * np.sqrt(_HUBER / np.maximum(length, _HUBER))

    def _cost(self, state: _State) -> float:
        residual = self.project(state)[0] - self.target
        length = np.linalg.norm(residual, axis=1) * self.scale
        huber = np.where(length < _HUBER, length**2, 2 * _HUBER * length - _HUBER**2)
        tie = sum((state.face[a] - state.face[b]) ** 2 for a, b in _PAIRS)
        return float(
            (self.weights**2 * huber).sum()
            + _IDENTITY_PRIOR**2 * (state.identity**2).sum()
            + _FACE_PRIOR**2 * (state.face**2).sum()
            + _TIE**2 * tie
            + _DEPTH_PRIOR**2 * (self._stretch(state)) ** 2
        )

    def _stretch(self, state: _State) -> float:
        """How much farther the eyes are than the iris says, relative."""
        eyes = self.project(state)[2][list(EYES), 2].mean()
        return float(eyes / self.distance - 1)

    def _normal_equations(self, state: _State, free: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Hessian, gradient and the indices that may move; order: identity, face, turn, shift."""
        count = len(self.identity_basis)
        residual, robust = self._residuals(state)
        _, turned, view = self.project(state)
        focal = np.diag(self.intrinsics)[:2] * self.scale
        # d pixel / d view, (468, 2, 3)
        camera = np.zeros((468, 2, 3))
        camera[:, 0, 0], camera[:, 1, 1] = focal[0] / view[:, 2], focal[1] / view[:, 2]
        camera[:, :, 2] = -focal * view[:, :2] / view[:, 2:] ** 2
        world = camera * np.array([1, -1, -1.0])  # d pixel / d turned point
        shape = np.concatenate([self.identity_basis, self.face_basis])
        columns = np.einsum("pij,kpj->pik", world @ state.turn, shape)
        spin = np.stack([np.cross(axis, turned) for axis in np.eye(3)], axis=2)  # a small turn after the present one
        jacobian = np.concatenate([columns, world @ spin, camera], axis=2) * robust[:, None, None]
        jacobian = jacobian.reshape(936, -1)
        hessian = jacobian.T @ jacobian
        gradient = jacobian.T @ (residual * robust[:, None]).ravel()
        place = np.arange(count)
        hessian[place, place] += _IDENTITY_PRIOR**2
        gradient[:count] += _IDENTITY_PRIOR**2 * state.identity
        place = count + np.arange(52)
        hessian[place, place] += _FACE_PRIOR**2
        gradient[place] += _FACE_PRIOR**2 * state.face
        for a, b in _PAIRS:
            difference = _TIE**2 * (state.face[a] - state.face[b])
            for i, j, sign in ((a, a, 1), (b, b, 1), (a, b, -1), (b, a, -1)):
                hessian[count + i, count + j] += sign * _TIE**2
            gradient[count + a] += difference
            gradient[count + b] -= difference
        slope = _DEPTH_PRIOR / self.distance
        hessian[-1, -1] += slope**2
        gradient[-1] += slope * _DEPTH_PRIOR * self._stretch(state)
        return hessian, gradient, self._free(state, gradient, free)

    def _free(self, state: _State, gradient: np.ndarray, free: str) -> np.ndarray:
        count = len(self.identity_basis)
        chosen = np.zeros(len(gradient), bool)
        chosen[-6:] = True
        if free != "pose":
            push = gradient[count : count + 52]
            stuck = ((state.face <= 0) & (push > 0)) | ((state.face >= 1) & (push < 0))
            chosen[count : count + 52] = ~stuck
            chosen[count + np.array(_STILL)] = False
        chosen[:count] = free == "all"
        return np.flatnonzero(chosen)

    def _advance(self, state: _State, step: np.ndarray) -> _State:
        count = len(self.identity_basis)
        return _State(
            state.identity + step[:count],
            np.clip(state.face + step[count : count + 52], 0, 1),
            rotation_matrices(step[-6:-3]) @ state.turn,
            state.shift + step[-3:],
        )


def _gaze(head: Head, state: _State, landmarks: np.ndarray, intrinsics: np.ndarray) -> np.ndarray:
    """(2, 2) yaw and pitch of the left and right eye against the head: the ray through the iris meets the eyeball."""
    identity = state.identity.astype(np.float32)
    joints = head.joints(identity).astype(np.float64)
    vertices = head.vertices(identity)
    gaze = np.zeros((2, 2))
    for side, (joint, iris) in enumerate(((3, 473), (4, 468))):
        ball = vertices[head.weights[:, joint] > 0]
        radius = float(np.linalg.norm(ball - joints[joint], axis=1).mean())
        centre = (state.turn @ (joints[joint] - joints[1])) * (1, -1, -1) + state.shift
        ray = np.linalg.solve(intrinsics, np.append(landmarks[iris], 1))
        ray /= np.linalg.norm(ray)
        along = ray @ centre
        inside = radius**2 - (centre @ centre - along**2)
        hit = ray * (along - np.sqrt(max(inside, 0.0)))
        axis = state.turn.T @ ((hit - centre) * (1, -1, -1))
        axis /= np.linalg.norm(axis)
        gaze[side] = np.arctan2(axis[0], axis[2]), np.arcsin(np.clip(axis[1], -1, 1))
    return np.clip(gaze, -0.6, 0.6)


def camera_of(fit: Fit, head: Head, intrinsics: np.ndarray, size: tuple[int, int]) -> Camera:
    """The camera that sees the fitted head where the photo shows it, head model origin at the world's origin.

    The fit turns the head about its neck joint placed at `translation`; Head.vertices turns it about the joint's own place.
    """
    world_to_camera = np.diag([1.0, -1.0, -1.0, 1.0])
    pivot = head.joints(fit.identity)[1].astype(np.float64)
    world_to_camera[:3, 3] = fit.translation - pivot * (1, -1, -1)
    return Camera(intrinsics, world_to_camera, size)
