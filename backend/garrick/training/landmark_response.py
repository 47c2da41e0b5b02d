"""Makes `perception/landmark_response.npz`: how the landmark net's points move with each weight, unlike the head's.

    python -m garrick.training.landmark_response OUT.npz PORTRAIT ...

The net rounds off what it sees: of a widened eye it shows a third, a jaw that slides it hardly follows. Portraits are
rendered with one weight at a time, and a few that go together, in three turns of the head; where the net's points move
otherwise than the head's own, the difference is learnt, in the head's axes, the same for all people (ridge regression).
The model card is in docs/tracking.md. Half a minute for each portrait; needs the pulled weights and the built head.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from garrick.bodies.head import Head, load_head
from garrick.context import RunContext
from garrick.core.archive import save_arrays
from garrick.core.arkit import ARKIT_INDEX, ARKIT_NAMES
from garrick.core.camera import CameraPath
from garrick.core.gaze import EYE_LOOK, eye_look_weights
from garrick.core.performance import Performance
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.errors import GarrickError
from garrick.perception import analyse
from garrick.perception.landmarks import look_again
from garrick.perception.portrait import Portrait
from garrick.perception.response import turn_features
from garrick.rendering import render

_SIZE = (512, 512)
_TURNS = np.radians(
    [(4.0, 14.0), (-3.0, -14.0)]
)  # pitch and yaw from the photo's, in which weights move as in the photo's
_RESTING = np.radians(
    [(0.0, yaw) for yaw in (-32, -26, -20, -8, 8, 20, 26, 32)]
    + [(pitch, yaw) for pitch in (-10, -5, 5, 10) for yaw in (-14, 0, 14)]
)  # and in which none does
_WEIGHT = 0.6
_UNSEEN = ("tongueOut", "cheekPuff", "jawForward")  # what no landmark shows: see `fit`
_TOGETHER: tuple[dict[str, float], ...] = (
    {"jawOpen": 0.3, "mouthClose": 0.25},
    {"jawOpen": 0.15, "mouthLowerDownLeft": 0.5, "mouthLowerDownRight": 0.5},
    {"jawOpen": 0.15, "mouthUpperUpLeft": 0.4, "mouthUpperUpRight": 0.4},
    {"jawOpen": 0.2, "mouthSmileLeft": 0.5, "mouthSmileRight": 0.5},
    {"jawOpen": 0.15, "mouthFunnel": 0.6},
    {"mouthLowerDownLeft": 0.5, "mouthLowerDownRight": 0.5},
    {"eyeWideLeft": 0.6, "eyeWideRight": 0.6},
    {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0},
    {"eyeBlinkLeft": 0.4, "eyeBlinkRight": 0.4},
)
_LOOKS = np.radians([(9.0, 0.0), (-9.0, 0.0), (0.0, 8.0), (0.0, -8.0)])  # yaw and pitch of the eyes
_RIDGE = 2.0  # squared features: what they hardly vary by, in all renders together, is not learnt


@dataclass(frozen=True)
class Response:
    """One rendered frame against the photo's pose at rest.

    moved:    (468, 2) metres, x and y of the turned head, that the net's points move by beyond the head's own.
    features: (52 + 5,) how the weights and `turn_features` changed.    turn: (3, 3) of the head.
    """

    moved: np.ndarray
    features: np.ndarray
    turn: np.ndarray


@dataclass(frozen=True)
class _Frame:
    """What to render. at_rest: the number of the frame that shows the same pose at rest."""

    face: np.ndarray
    gaze: np.ndarray
    turn: np.ndarray
    at_rest: int


def main(out: Path, portraits: list[Path]) -> None:
    """Look at the renders and write the table: face (52, 468, 3) and turn (5, 468, 3), float16 metres."""
    head, responses = load_head(), []
    for number, path in enumerate(portraits):
        try:
            portrait = analyse.run(path, _SIZE, None, RunContext())
        except GarrickError as error:
            print(f"{path.name}: passed over: {error}", flush=True)
            continue
        responses += list(_responses(head, portrait, _TURNS[number % len(_TURNS)]))
        print(f"{path.name}: {len(responses)} renders looked at so far", flush=True)
    found = solve_response(responses)
    save_arrays(out, {"face": found[:52].astype(np.float16), "turn": found[52:].astype(np.float16)})
    before = np.mean([np.linalg.norm(one.moved, axis=1).mean() for one in responses])
    print(
        f"{out}: points move by {1e3 * before:.2f} mm unlike the head's, {1e3 * left_over(responses, found):.2f} after"
    )


def solve_response(responses: list[Response]) -> np.ndarray:
    """(57, 468, 3) metres in the head's axes by which each feature of 1 moves the net's points beyond the head's own."""
    size = 3 * len(responses[0].features)
    left, right = _RIDGE * np.eye(size), np.zeros((size, 468))
    for one in responses:
        rows = np.kron(one.features, one.turn[:2])  # (2, 57 * 3)
        left += rows.T @ rows
        right += rows.T @ one.moved.T
    return np.linalg.solve(left, right).reshape(-1, 3, 468).transpose(0, 2, 1)


def left_over(responses: list[Response], found: np.ndarray) -> float:
    """Metres that the points still move unlike the head's; found: (57, 468, 3)."""
    missed = [one.moved - np.tensordot(one.features, found, 1) @ one.turn[:2].T for one in responses]
    return float(np.mean([np.linalg.norm(points, axis=1).mean() for points in missed]))


def _responses(head: Head, portrait: Portrait, turn: np.ndarray) -> Iterator[Response]:
    """What weights and turns of the head do to the net's points."""
    frames, camera = _frames(portrait, turn), portrait.camera
    performance = replace(
        Performance.rest(len(frames), Fraction(25), portrait.identity),
        face=np.array([frame.face for frame in frames], np.float32),
        gaze=np.array([frame.gaze for frame in frames], np.float32),
        head_rotation=np.array([axis_angles(frame.turn) for frame in frames], np.float32),
    )
    take = render.run(portrait, performance, CameraPath.still(camera, len(frames), performance.fps), RunContext())
    off, seen = [], []
    for index, frame in enumerate(frames):
        posed = head.vertices(portrait.identity, frame.face, neck=performance.head_rotation[index])
        drawn = camera.project(head.landmarks(posed))
        start = seen[frame.at_rest] if frame.at_rest < index else np.vstack([drawn[:, :2], portrait.landmarks[468:]])
        seen.append(look_again(take.render(index).plate, start, looks=2)[0])
        # y of a picture points down
        off.append((seen[index][:468] - drawn[:, :2]) * (1, -1) * drawn[:, 2:] / np.diag(camera.intrinsics)[:2])
        if index == 0:
            continue
        if frame.at_rest < index:
            moved = off[index] - off[frame.at_rest]
        else:  # what is off in the photo's pose turns with the head
            moved = off[index] - np.column_stack([off[0], np.zeros(468)]) @ frames[0].turn @ frame.turn[:2].T
        rest = frames[frame.at_rest if frame.at_rest < index else 0]
        features = [frame.face - rest.face, turn_features(frame.turn) - turn_features(rest.turn)]
        yield Response(moved, np.concatenate(features), frame.turn)


def _frames(portrait: Portrait, turn: np.ndarray) -> list[_Frame]:
    """All that is looked at; turn: (2,) pitch and yaw of the second pose in which weights move."""
    frames: list[_Frame] = []
    source = rotation_matrices(portrait.head_rotation.astype(np.float64))
    singles = [{name: _WEIGHT} for name in ARKIT_NAMES if name not in _UNSEEN and ARKIT_INDEX[name] not in EYE_LOOK]
    for pitch, yaw in (np.zeros(2), turn):
        posed, first = rotation_matrices(np.array([pitch, yaw, 0.0])) @ source, len(frames)
        for weights in ({}, *singles, *_TOGETHER):
            face = portrait.face.copy()
            for name, weight in weights.items():
                face[ARKIT_INDEX[name]] += weight
            frames.append(_Frame(np.clip(face, 0, 1), portrait.gaze, posed, first))
        for look in _LOOKS:
            gaze, face = portrait.gaze + look, portrait.face.copy()
            face[list(EYE_LOOK)] += eye_look_weights(gaze) - eye_look_weights(portrait.gaze)
            frames.append(_Frame(np.clip(face, 0, 1), gaze, posed, first))
    for pitch, yaw in _RESTING:
        posed = rotation_matrices(np.array([pitch, yaw, 0.0])) @ source
        frames.append(_Frame(portrait.face, portrait.gaze, posed, len(frames)))
    return frames


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m garrick.training.landmark_response", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("portraits", type=Path, nargs="+")
    options = parser.parse_args()
    main(options.out, options.portraits)
