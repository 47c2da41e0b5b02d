"""Fits the head to 468 landmarks: pose, expression, identity, by damped Gauss-Newton with analytic derivatives.

Expression comes before identity and identity is held back by its prior; the other way round a smile is baked into the
bones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from garrick.bodies.blink import LIDS
from garrick.bodies.head import Head
from garrick.core.arkit import ARKIT_INDEX, ARKIT_NAMES
from garrick.core.camera import Camera
from garrick.core.gaze import EYE_LOOK, eye_look_weights
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.perception.eyeballs import Eyeballs
from garrick.perception.iris import IRISES
from garrick.perception.response import NetResponse, turn_features

OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
LIPS = (
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409,
    78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95,
)  # fmt: skip
INNER_LIPS = LIPS[20:]
"""From the right corner of the mouth along the upper lip, and back."""
EYES = tuple(point for lids in LIDS for point in lids)
BROWS = (70, 63, 105, 66, 107, 55, 65, 52, 53, 46, 300, 293, 334, 296, 336, 285, 295, 282, 283, 276)

IRIS_MILLIMETRES = 11.7  # visible iris of adults, nearly the same for all (MediaPipe Iris, 2020)
_WEIGHTS = ((OVAL, 0.3), (LIPS, 3.0), (EYES, 4.0), (BROWS, 2.0))
_UNITS = 200.0  # residuals are scaled as if the face were this many pixels wide
_HUBER = 2.5
_IDENTITY_PRIOR = 2.0  # a standard deviation costs as much as one landmark that is off by this many units
_FACE_PRIOR = 5.0
_TIE = 5.0  # between the two sides of an expression
_DEPTH_PRIOR = 60.0
_SETTLED = 1e-4  # a step that gains less of the cost is the last
_LOOK_PRIOR = 8.0  # on the lids' departure from where the gaze takes them
# cheap: what people do for a photo; dear: what they seldom do and what bones often look like
_FACE_PRIORS_BY_NAME = {
    "mouthSmile": 1.5, "jawOpen": 3.0, "mouthLowerDown": 3.0, "mouthStretch": 3.0,
    "eyeWide": 15.0, "eyeSquint": 10.0, "browDown": 10.0, "browOuterUp": 8.0, "browInnerUp": 8.0, "noseSneer": 12.0,
    "mouthUpperUp": 10.0, "mouthDimple": 12.0, "mouthFrown": 8.0, "mouthRoll": 12.0, "mouthShrug": 10.0,
    "mouthPress": 12.0, "cheekSquint": 10.0, "jawLeft": 10.0, "jawRight": 10.0, "mouthLeft": 8.0, "mouthRight": 8.0,
}  # fmt: skip
_STILL = tuple(ARKIT_INDEX[name] for name in ("tongueOut", "cheekPuff", "jawForward"))
_FACE_PRIORS = np.array(
    [
        next((prior for name, prior in _FACE_PRIORS_BY_NAME.items() if full.startswith(name)), _FACE_PRIOR)
        for full in ARKIT_NAMES
    ]
)
_FACE_PRIORS[list(EYE_LOOK)] = _LOOK_PRIOR
_PAIRS = np.array(
    [
        (ARKIT_INDEX[name], ARKIT_INDEX[name.replace("Left", "Right")])
        for name in ARKIT_NAMES
        if name.endswith("Left") and name not in ("jawLeft", "mouthLeft") and ARKIT_INDEX[name] not in EYE_LOOK
    ]
)


@dataclass(frozen=True)
class Fit:
    """A fitted head in front of a camera.

    identity: (B,).    face: (52,).    rotation: (3,) axis-angle.
    translation: (3,) metres, where the neck joint lies before the camera, OpenCV axes.
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
    problem = Problem.of(head, landmarks, intrinsics)
    state = problem.solve(problem.start(), free="pose", steps=12)
    nobody = Eyeballs.of(head, state.identity)
    state = problem.solve(problem.look(state, nobody, landmarks), free="face", steps=10)
    state = problem.solve(state, free="all", steps=14)
    state = problem.solve(problem.look(state, Eyeballs.of(head, state.identity), landmarks), free="all", steps=6)
    projected = problem.project(state)[0]
    return Fit(
        identity=state.identity.astype(np.float32),
        face=state.face.astype(np.float32),
        rotation=axis_angles(state.turn).astype(np.float32),
        translation=state.shift,
        errors=np.linalg.norm(projected - problem.target, axis=1),
        gaze=Eyeballs.of(head, state.identity)
        .gaze(state, problem.missed_lids(state), landmarks, intrinsics)
        .astype(np.float32),
    )


@dataclass(frozen=True)
class State:
    """identity (B,), face (52,), turn (3, 3), shift (3,); rest (52,): the face that the prior pulls to."""

    identity: np.ndarray
    face: np.ndarray
    turn: np.ndarray
    shift: np.ndarray
    rest: np.ndarray


@dataclass(frozen=True)
class Problem:
    """The landmark points as a linear model about the neck joint, their target, weights and camera."""

    mean: np.ndarray  # (468, 3)
    basis: np.ndarray  # (468, 3, B + 52): identity, then face
    target: np.ndarray  # (468, 2)
    weights: np.ndarray  # (468,)
    priors: np.ndarray  # (B + 52,)
    intrinsics: np.ndarray
    scale: float  # residual units a pixel
    distance: float  # metres to the camera by the iris
    depth_prior: float = _DEPTH_PRIOR  # on the relative change of that distance
    turns: np.ndarray | None = None  # (468, 3, 5) metres: see `NetResponse.turn`
    ahead: np.ndarray | None = None  # (5,) features of the turn in which the points are taken at their word

    @classmethod
    def of(cls, head: Head, landmarks: np.ndarray, intrinsics: np.ndarray) -> Problem:
        weights = np.ones(468)
        for points, weight in _WEIGHTS:
            weights[list(points)] = weight
        iris = np.mean([np.linalg.norm(landmarks[eye][1:] - landmarks[eye][0], axis=1).mean() * 2 for eye in IRISES])
        target = landmarks[:468].astype(np.float64)
        # the pivot's own identity offset moves all points alike: the translation takes it up
        identity = head.landmarks(head.identity_basis) - head.joint_basis[:, 1:2]
        basis = np.concatenate([identity, head.landmarks(head.face_basis)]).astype(np.float64)
        return cls(
            mean=head.landmarks(head.template).astype(np.float64) - head.joint_template[1],
            basis=np.ascontiguousarray(np.moveaxis(basis, 0, -1)),
            target=target,
            weights=np.sqrt(weights / weights.mean()),
            priors=np.concatenate([np.full(len(identity), _IDENTITY_PRIOR), _FACE_PRIORS]),
            intrinsics=intrinsics,
            scale=_UNITS / float(np.ptp(target[list(OVAL), 0])),
            distance=float(intrinsics[0, 0] * IRIS_MILLIMETRES * 1e-3 / iris),
        )

    def of_person(self, identity: np.ndarray, offsets: np.ndarray) -> Problem:
        """The same with an identity that no longer moves, whose iris is needed no more; offsets: (468, 3) metres."""
        count = len(identity)
        return replace(
            self,
            mean=self.mean + self.basis[:, :, :count] @ identity + offsets,
            basis=np.ascontiguousarray(self.basis[:, :, count:]),
            priors=self.priors[count:],
            depth_prior=0.0,
        )

    def as_net_sees(self, response: NetResponse, ahead: np.ndarray) -> Problem:
        """The same with points that move as the net's do, not as the head's, beginning at the turn `ahead` (3, 3)."""
        basis = self.basis.copy()
        basis[:, :, -52:] += response.face
        return replace(self, basis=basis, turns=response.turn, ahead=turn_features(ahead))

    def of_frame(self, landmarks: np.ndarray) -> Problem:
        """The same person in another picture; landmarks: (478, 2) pixels."""
        return replace(
            self, target=landmarks[:468].astype(np.float64), scale=_UNITS / float(np.ptp(landmarks[list(OVAL), 0]))
        )

    def start(self) -> State:
        """Straight ahead, at the iris's distance, the middle of the face on the middle of the landmarks."""
        centre = self.mean.mean(axis=0) * (1, -1, -1)
        ray = np.linalg.solve(self.intrinsics, np.append(self.target.mean(axis=0), 1))
        shift = ray * (self.distance + 0.02) - centre
        return State(np.zeros(self.basis.shape[2] - 52), np.zeros(52), np.eye(3), shift, np.zeros(52))

    def project(self, state: State) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(468, 2) pixels, (468, 3) turned points and (468, 3) camera points."""
        points = self.mean + self.basis @ np.concatenate([state.identity, state.face])
        if self.turns is not None:  # hardly changes within a step: the derivatives pass it over
            points = points + self.turns @ (turn_features(state.turn) - self.ahead)
        turned = points @ state.turn.T
        view = turned * (1, -1, -1) + state.shift
        return (view[:, :2] / view[:, 2:]) * np.diag(self.intrinsics)[:2] + self.intrinsics[:2, 2], turned, view

    def solve(self, state: State, free: str, steps: int) -> State:
        """Damped Gauss-Newton on the robust cost; free is "pose", "face" (pose and expression) or "all"."""
        damping, cost = 1e-3, self.cost(state)
        for _ in range(steps):
            hessian, gradient = self.normal_equations(state)
            chosen = self.free(state, gradient, free)
            for _ in range(6):
                step = np.zeros(len(gradient))
                damped = hessian + damping * np.diag(np.diag(hessian) + 1e-9)
                step[chosen] = np.linalg.solve(damped[np.ix_(chosen, chosen)], -gradient[chosen])
                trial = self.advance(state, step)
                trial_cost = self.cost(trial)
                if trial_cost < cost:
                    break
                damping *= 6
            else:
                return state
            gained, state, cost, damping = cost - trial_cost, trial, trial_cost, max(1e-6, damping / 4)
            if gained < _SETTLED * cost:
                return state
        return state

    def missed_lids(self, state: State) -> np.ndarray:
        """(2, 2) pixels by which the lids of the left and right eye lie elsewhere than where they are fitted."""
        missed = self.target - self.project(state)[0]
        return np.stack([missed[list(lids)].mean(axis=0) for lids in LIDS])

    def look(self, state: State, eyes: Eyeballs, landmarks: np.ndarray) -> State:
        """Expect the lids where the gaze takes them, before they blink or squint."""
        face, rest = state.face.copy(), np.zeros(52)
        gaze = eyes.gaze(state, self.missed_lids(state), landmarks, self.intrinsics)
        face[list(EYE_LOOK)] = rest[list(EYE_LOOK)] = eye_look_weights(gaze)
        return State(state.identity, face, state.turn, state.shift, rest)

    def cost(self, state: State) -> float:
        length = np.linalg.norm(self.project(state)[0] - self.target, axis=1) * self.scale
        huber = np.where(length < _HUBER, length**2, 2 * _HUBER * length - _HUBER**2)
        tie = state.face[_PAIRS[:, 0]] - state.face[_PAIRS[:, 1]]
        return float(
            (self.weights**2 * huber).sum()
            + ((self.priors * self._departure(state)) ** 2).sum()
            + _TIE**2 * (tie**2).sum()
            + (self.depth_prior**2 * self._stretch(state) ** 2 if self.depth_prior else 0.0)
        )

    def _departure(self, state: State) -> np.ndarray:
        """(B + 52,) what the priors hold back."""
        return np.concatenate([state.identity, state.face - state.rest])

    def _stretch(self, state: State) -> float:
        """How much farther the eyes are than the iris says, relative."""
        eyes = self.project(state)[2][list(EYES), 2].mean()
        return float(eyes / self.distance - 1)

    def normal_equations(self, state: State) -> tuple[np.ndarray, np.ndarray]:
        """Hessian and gradient (half of each); order: identity, face, turn, shift."""
        pixels, turned, view = self.project(state)
        residual = (pixels - self.target) * self.scale
        length = np.linalg.norm(residual, axis=1)
        robust = (self.weights * np.sqrt(_HUBER / np.maximum(length, _HUBER)))[:, None]
        focal = np.diag(self.intrinsics)[:2] * self.scale
        camera = np.zeros((468, 2, 3))  # d pixel / d view
        camera[:, 0, 0], camera[:, 1, 1] = focal[0] / view[:, 2], focal[1] / view[:, 2]
        camera[:, :, 2] = -focal * view[:, :2] / view[:, 2:] ** 2
        world = camera * np.array([1, -1, -1.0])  # d pixel / d turned point
        spin = np.zeros((468, 3, 3))  # d turned point / a small turn after the present one
        spin[:, 0, 1], spin[:, 1, 2], spin[:, 2, 0] = turned[:, 2], turned[:, 0], turned[:, 1]
        spin[:, 1, 0], spin[:, 2, 1], spin[:, 0, 2] = -turned[:, 2], -turned[:, 0], -turned[:, 1]
        jacobian = np.concatenate([(world @ state.turn) @ self.basis, world @ spin, camera], axis=2)
        jacobian = (jacobian * robust[..., None]).reshape(936, -1)
        hessian = jacobian.T @ jacobian
        gradient = jacobian.T @ (residual * robust).ravel()
        count = len(self.priors)
        hessian[np.arange(count), np.arange(count)] += self.priors**2
        gradient[:count] += self.priors**2 * self._departure(state)
        left, right = (_PAIRS + count - 52).T
        tie = _TIE**2 * (state.face[_PAIRS[:, 0]] - state.face[_PAIRS[:, 1]])
        hessian[left, left] += _TIE**2
        hessian[right, right] += _TIE**2
        hessian[left, right] -= _TIE**2
        hessian[right, left] -= _TIE**2
        gradient[left] += tie
        gradient[right] -= tie
        if self.depth_prior:
            slope = self.depth_prior / self.distance
            hessian[-1, -1] += slope**2
            gradient[-1] += slope * self.depth_prior * self._stretch(state)
        return hessian, gradient

    def free(self, state: State, gradient: np.ndarray, free: str) -> np.ndarray:
        """The indices that may move: not those that push against a bound."""
        count = len(state.identity)
        chosen = np.zeros(len(gradient), bool)
        chosen[-6:] = True
        if free != "pose":
            push = gradient[count : count + 52]
            stuck = ((state.face <= 0) & (push > 0)) | ((state.face >= 1) & (push < 0))
            chosen[count : count + 52] = ~stuck
            chosen[count + np.array(_STILL)] = False
        chosen[:count] = free == "all"
        return np.flatnonzero(chosen)

    def advance(self, state: State, step: np.ndarray) -> State:
        count = len(state.identity)
        return State(
            state.identity + step[:count],
            np.clip(state.face + step[count : count + 52], 0, 1),
            rotation_matrices(step[-6:-3]) @ state.turn,
            state.shift + step[-3:],
            state.rest,
        )


def camera_of(fit: Fit, head: Head, intrinsics: np.ndarray, size: tuple[int, int]) -> Camera:
    """The camera that sees the fitted head where the photo shows it, head model origin at the world's origin.

    The fit places the neck joint at `translation` and turns the head about it; Head.vertices turns it where it is.
    """
    world_to_camera = np.diag([1.0, -1.0, -1.0, 1.0])
    pivot = head.joints(fit.identity)[1].astype(np.float64)
    world_to_camera[:3, 3] = fit.translation - pivot * (1, -1, -1)
    return Camera(intrinsics, world_to_camera, size)
