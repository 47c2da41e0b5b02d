"""Gain, smoothing and switches of groups of curves, while a performance is made."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from garrick.bodies import body_limits
from garrick.bodies.hand import load_hand, within_limits
from garrick.bodies.head import load_head
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.groups import GROUPS, WHOLE
from garrick.core.knobs import read_knobs
from garrick.core.performance import CHANNELS, Performance
from garrick.core.rotation import rotation_matrices
from garrick.core.timing import frame_times
from garrick.motion.body import resting
from garrick.motion.perform import Manner, run
from garrick.motion.rules.gaze import sight_lines
from motion_samples import closed_portrait, spoken_with

SPEECH = spoken_with([0.5, 1.2, 2.0])
PARTS = [name for name in GROUPS if name not in ("face", "hands")]


def performed(groups: str = "") -> Performance:
    return run(SPEECH, closed_portrait(), Fraction(25), Manner(groups=read_knobs(groups)), RunContext())


@pytest.fixture(scope="module")
def as_it_was() -> Performance:
    return performed()


def curves(performance: Performance, group: str) -> np.ndarray:
    """(F, N)."""
    chosen = GROUPS[group]
    channels = [getattr(performance, name).reshape(len(performance), -1) for name in chosen.channels]
    return np.concatenate([performance.face[:, list(chosen.face)], *channels], axis=1)


@pytest.mark.parametrize("group", PARTS)
def test_a_group_that_is_off_stays_at_rest(as_it_was: Performance, group: str) -> None:
    made = performed(f"{group}=off")
    still = curves(made, group)
    assert np.ptp(still, axis=0).max() < 1e-6
    assert set(made.tracks.values()) == {"generated"}
    assert set(made.tracks) == set(CHANNELS)
    for channel in set(CHANNELS) - {"face", "gaze"} - set(GROUPS[group].channels):
        np.testing.assert_array_equal(getattr(made, channel), getattr(as_it_was, channel))


def test_everything_off_is_the_person_of_the_photo_with_hanging_arms() -> None:
    made, portrait, body = performed(", ".join(f"{group}=off" for group in WHOLE)), closed_portrait(), resting(1)
    np.testing.assert_allclose(made.face, np.broadcast_to(np.clip(portrait.face, 0, 1), made.face.shape), atol=1e-6)
    np.testing.assert_allclose(
        rotation_matrices(made.head_rotation[-1]), rotation_matrices(portrait.head_rotation), atol=1e-5
    )
    np.testing.assert_allclose(rotation_matrices(made.body_pose[-1]), rotation_matrices(body.pose[0]), atol=1e-5)
    assert not made.head_translation.any()


def test_a_gain_widens_the_jaw_s_range_and_leaves_the_brows(as_it_was: Performance) -> None:
    jaw = ARKIT_INDEX["jawOpen"]
    ranges = [np.ptp(performed(f"jaw={gain}").face[:, jaw]) for gain in (0.5, 1, 1.5)]
    assert ranges[0] < 0.7 * ranges[1] < 0.9 * ranges[2]
    upper = list(GROUPS["upper_face"].face)
    np.testing.assert_array_equal(performed("jaw=1.5").face[:, upper], as_it_was.face[:, upper])


@pytest.mark.parametrize("groups", ["jaw=2, lower-face=2", "face=1 smooth 0.3", "jaw=0.3, lower-face=2 smooth 0.2"])
def test_lips_still_close(groups: str) -> None:
    made, head, portrait = performed(groups), load_head(), closed_portrait()
    times = frame_times(len(made), made.fps)
    bilabials = [phone for phone in SPEECH.phones if phone.symbol in ("P", "B", "M")]
    assert bilabials
    for phone in bilabials:
        near = made.face[(times >= phone.start - 0.041) & (times <= phone.end + 0.041)]
        gaps = [head.lip_gap(head.vertices(portrait.identity[None], face[None])) for face in near]
        assert min(float(gap[0]) for gap in gaps) < 0.0009


def test_smoothing_slows_the_head(as_it_was: Performance) -> None:
    made = performed("head=1 smooth 0.3")
    speed = [np.abs(np.diff(one.head_rotation, 2, axis=0)).max() for one in (made, as_it_was)]
    assert speed[0] < 0.5 * speed[1]


def test_eyes_stay_on_their_target_when_the_head_moves_more(as_it_was: Performance) -> None:
    def seen(performance: Performance) -> np.ndarray:
        turns = rotation_matrices(performance.head_rotation.astype(np.float64))
        return np.einsum("fij,fej->fei", turns, sight_lines(performance.gaze.astype(np.float64)))

    np.testing.assert_allclose(seen(performed("head=2")), seen(as_it_was), atol=1e-5)


def test_joints_keep_to_their_limits_at_full_gain() -> None:
    made = performed("body=2, hands=2")
    assert body_limits.within_limits(made.body_pose, 1e-3).all()
    for side in ("left", "right"):
        assert within_limits(load_hand(side), getattr(made, f"{side}_hand"), 1e-3).all()
