"""Motion for another person: parts, a common start, rest and range, on performances of any kind."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from garrick.core.arkit import ARKIT_INDEX, ARKIT_NAMES
from garrick.core.gaze import EYE_LOOK, eye_look_weights
from garrick.core.groups import WHOLE
from garrick.core.performance import CHANNELS, Performance
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.core.transfer import from_rest, held, in_range_of, layered, starting_as, to_and_fro
from hypothesis import given
from hypothesis import strategies as st

FPS = Fraction(25)
LOOKS = list(EYE_LOOK)
OWNERS = {
    "gaze": "eyes", "head_rotation": "head", "head_translation": "head", "body_pose": "body", "left_hand": "hands",
    "right_hand": "hands",
}  # fmt: skip
OTHERS = [column for column in range(52) if column not in EYE_LOOK]


def some(seed: int, frames: int = 30, fps: Fraction = FPS) -> Performance:
    """Everything moves, and is named by where it came from."""
    rng = np.random.default_rng(seed)
    gaze = rng.normal(0, 0.1, (frames, 2, 2))
    rest = Performance.rest(frames, fps)
    arrays = {name: rng.normal(0, 0.3, getattr(rest, name).shape) for name in CHANNELS}
    face = rng.uniform(0, 1, (frames, 52))
    face[:, LOOKS] = eye_look_weights(gaze)
    return replace(rest, **arrays | {"face": face, "gaze": gaze}, tracks=dict.fromkeys(CHANNELS, "tracked"))


@given(st.sets(st.sampled_from(WHOLE)), st.integers(0, 9))
def test_a_part_is_taken_and_the_others_stay(parts, seed):
    base, over = some(seed), some(seed + 100)
    made = layered(base, over, parts)
    np.testing.assert_array_equal(made.face[:, OTHERS], (over if "face" in parts else base).face[:, OTHERS])
    np.testing.assert_array_equal(made.face[:, LOOKS], (over if "eyes" in parts else base).face[:, LOOKS])
    for channel, part in OWNERS.items():
        np.testing.assert_array_equal(getattr(made, channel), getattr(over if part in parts else base, channel))


def test_provenance_goes_with_the_part():
    base = replace(some(0), tracks={"face": "edited", "gaze": "edited", "face.jawOpen": "edited"})
    made = layered(base, some(1), ["face", "head"])
    lids_stay = {f"face.{ARKIT_NAMES[column]}": "edited" for column in LOOKS}
    taken = {"face": "tracked", "head_rotation": "tracked", "head_translation": "tracked"}
    assert made.tracks == taken | lids_stay | {"gaze": "edited"}


def test_one_group_of_the_face_brings_its_own_provenance():
    made = layered(replace(some(0), tracks={}), some(1), ["tongue", "mouthLeft"])
    assert made.tracks == {"face.tongueOut": "tracked", "face.mouthLeft": "tracked"}


def test_shorter_motion_goes_to_and_fro_at_the_base_s_rate():
    base, over = some(0, 50, Fraction(50)), some(1, 10)
    made = layered(base, over, ["head"])
    assert (len(made), made.fps) == (50, 50)
    resampled = over.resampled(Fraction(50))
    np.testing.assert_array_equal(made.head_rotation, resampled.head_rotation[to_and_fro(len(resampled), 50)])


@given(st.integers(1, 12), st.integers(0, 40))
def test_to_and_fro_never_jumps(frames, wanted):
    order = to_and_fro(frames, wanted)
    assert len(order) == wanted
    assert (np.abs(np.diff(order)) <= 1).all()
    assert wanted == 0 or (order.min() == 0 and order.max() == min(frames, wanted) - 1)


@given(st.integers(0, 20), st.integers(0, 29))
def test_in_its_frame_it_looks_as_the_photo(seed, frame):
    motion, photo = some(seed), some(seed + 1)
    made = starting_as(motion, frame, photo.face[0], photo.head_rotation[0], photo.gaze[0])
    np.testing.assert_allclose(made.face[frame][OTHERS], photo.face[0][OTHERS], atol=1e-6)
    np.testing.assert_allclose(made.head_rotation[frame], photo.head_rotation[0], atol=1e-5)
    np.testing.assert_allclose(made.gaze[frame], photo.gaze[0], atol=1e-6)
    np.testing.assert_array_equal(made.head_translation[frame], 0)
    np.testing.assert_array_equal(made.face[:, LOOKS], eye_look_weights(made.gaze))


def test_it_turns_as_the_driver_does():
    motion = some(3)
    made = starting_as(motion, 4, np.zeros(52), np.array([0, 0.2, 0]), np.zeros((2, 2)))
    own, new = (
        rotation_matrices(motion.head_rotation.astype(float)),
        rotation_matrices(made.head_rotation.astype(float)),
    )
    np.testing.assert_allclose(new @ new[4].T, own @ own[4].T, atol=1e-5)


def test_rest_is_the_calm_face_and_the_usual_pose():
    rng = np.random.default_rng(0)
    jaw, smile = ARKIT_INDEX["jawOpen"], ARKIT_INDEX["mouthSmileLeft"]
    face = np.zeros((200, 52), np.float32)
    face[:, smile] = 0.3  # somebody who smiles all through,
    face[:60, jaw] = rng.uniform(0, 0.8, 60)  # and speaks for a while
    turn = axis_angles(rotation_matrices(np.array([0, 0.25, 0])) @ rotation_matrices(rng.normal(0, 0.03, (200, 3))))
    motion = replace(Performance.rest(200, FPS), face=face, head_rotation=turn, head_translation=turn + 1)
    made = from_rest(motion)
    assert made.face[:, smile].max() < 1e-6
    np.testing.assert_allclose(made.face[:, jaw], face[:, jaw])
    assert np.abs(np.median(made.head_rotation, axis=0)).max() < 0.01
    assert np.abs(np.median(made.head_translation, axis=0)).max() < 1e-6


@pytest.mark.parametrize(("theirs", "gain"), [(0.6, 1.5), (0.2, 0.5), (1.0, 2.0), (0.4, 1.0)])
def test_a_range_becomes_the_other_s_within_bounds(theirs, gain):
    rng = np.random.default_rng(1)
    shape = rng.uniform(0, 1, 500)
    jaw, left, right = (ARKIT_INDEX[name] for name in ("jawOpen", "mouthSmileLeft", "mouthSmileRight"))
    quiet, loud = (np.zeros((500, 52), np.float32) for _ in range(2))
    for column in (jaw, left):
        quiet[:, column], loud[:, column] = 0.4 * shape, theirs * shape
    quiet[:, right] = 0.2 * shape  # a smile that is askew stays so
    quiet[:, 50], loud[:, 50] = 0.01 * shape, shape  # noise stays noise
    own, other = (replace(Performance.rest(500, FPS), face=face) for face in (quiet, loud))
    made = in_range_of(own, other)
    np.testing.assert_allclose(made.face[:, [jaw, left, right]], quiet[:, [jaw, left, right]] * gain, rtol=1e-4)
    np.testing.assert_array_equal(made.face[:, 50], quiet[:, 50])


def test_a_lively_head_gets_a_calm_one_s_range():
    rng = np.random.default_rng(2)
    lively = held(rng.normal(0, 0.2, (400, 3)), rng.normal(0, 0.02, (400, 3)), FPS)
    calm = held(rng.normal(0, 0.15, (400, 3)), np.zeros((400, 3)), FPS)
    made = in_range_of(lively, calm)
    assert made.head_rotation.std() == pytest.approx(0.15, rel=0.05)
    np.testing.assert_array_equal(made.head_translation, lively.head_translation)  # the other's never moved
