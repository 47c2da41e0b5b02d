"""A film of the sample portrait with known curves, rendered and tracked again; and films that cannot be tracked."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from garrick.bodies.body import trunk_places
from garrick.bodies.head import load_head
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.camera import CameraPath
from garrick.core.performance import BODY_JOINTS, Performance
from garrick.core.skeleton import head_carried
from garrick.errors import Cancelled, InputError
from garrick.outputs.video import Segment
from garrick.perception import analyse, track
from garrick.rendering import render

FRAMES, FPS, SIZE = 40, Fraction(25), (320, 320)
GAP = slice(18, 24)  # frames without a face, in the film with a gap


def wave(height: float, turns: float, phase: float = 0.0) -> np.ndarray:
    """Bumps with rest between them."""
    return height * np.clip(np.sin(2 * np.pi * turns * np.arange(FRAMES) / FRAMES + phase), 0, 1)


def bump(frame: int) -> np.ndarray:
    """A blink of seven frames."""
    return np.clip(1 - np.abs(np.arange(FRAMES) - frame) / 3, 0, 1)


BLINK = np.maximum(bump(10), bump(27))
TRUTH = {
    "jawOpen": wave(0.7, 3),
    "mouthSmileLeft": wave(0.8, 2, 1.5),
    "mouthSmileRight": wave(0.8, 2, 1.5),
    "browInnerUp": wave(0.9, 2.5, 3),
    "eyeBlinkLeft": BLINK,
    "eyeBlinkRight": BLINK,
}
YAW = 10 * np.sin(2 * np.pi * np.arange(FRAMES) / FRAMES)  # degrees


@pytest.fixture(scope="module")
def plates(sample_portrait) -> np.ndarray:
    """(FRAMES, 320, 320, 3): the sample portrait moves as TRUTH and YAW say."""
    portrait = analyse.run(sample_portrait, SIZE, None, RunContext())
    face = portrait.face[None].repeat(FRAMES, axis=0)
    for name, weights in TRUTH.items():
        face[:, ARKIT_INDEX[name]] = np.maximum(face[:, ARKIT_INDEX[name]], weights)
    still = np.zeros(FRAMES)
    performance = replace(
        Performance.rest(FRAMES, FPS, portrait.identity),
        face=face,
        head_rotation=np.stack([still, np.radians(YAW), still], axis=1).astype(np.float32),
        gaze=portrait.gaze[None].repeat(FRAMES, axis=0),
    )
    take = render.run(portrait, performance, CameraPath.still(portrait.camera, FRAMES, FPS), RunContext())
    return np.stack([take.render(index).plate for index in range(FRAMES)])


def film(path: Path, pictures, fps: Fraction = FPS) -> Path:
    segment = Segment((pictures[0].shape[1], pictures[0].shape[0]), fps)
    for picture in pictures:
        segment.add(np.ascontiguousarray(picture))
    path.write_bytes(segment.finish())
    return path


def tracked_of(path: Path, fps: Fraction | None = None) -> track.Tracked:
    return track.run(path, fps, None, False, RunContext())


@pytest.fixture(scope="module")
def tracked(plates, tmp_path_factory) -> track.Tracked:
    return tracked_of(film(tmp_path_factory.mktemp("films") / "whole.mp4", plates))


@pytest.fixture(scope="module")
def gapped(plates, tracked, tmp_path_factory) -> track.Tracked:
    """The same with a grey card before the face for a while."""
    usual = tracked.landmarks[:, :468].mean(axis=0)
    left, top = (usual.min(axis=0) - 25).astype(int)
    right, bottom = (usual.max(axis=0) + 25).astype(int)
    pictures = plates.copy()
    pictures[GAP, top:bottom, left:right] = plates.mean(axis=(0, 1, 2)).astype(np.uint8)
    return tracked_of(film(tmp_path_factory.mktemp("films") / "gap.mp4", pictures))


def curve(found: track.Tracked, name: str) -> np.ndarray:
    return found.performance.face[:, ARKIT_INDEX[name]]


def alike(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one, other)[0, 1])


@pytest.mark.parametrize("name", ["jawOpen", "mouthSmileLeft", "mouthSmileRight", "browInnerUp"])
def test_the_curves_are_found_again(tracked, name):
    assert alike(curve(tracked, name), TRUTH[name]) > 0.85
    assert curve(tracked, name).max() > 0.4 * TRUTH[name].max()
    rest = TRUTH[name] == 0
    assert np.median(curve(tracked, name)[rest]) < 0.1


def test_blinks_are_found_and_no_others(tracked):
    """By the eye that shuts further: rendered lids are smooth, and the net sees the far one badly."""
    shut = np.maximum(curve(tracked, "eyeBlinkLeft"), curve(tracked, "eyeBlinkRight"))
    assert alike(shut, BLINK) > 0.8
    assert shut[8:13].max() > 0.4
    assert shut[25:30].max() > 0.4
    assert shut[BLINK == 0].max() < 0.15


def test_the_head_turns_as_far_as_it_did(tracked):
    found = np.degrees(tracked.performance.head_rotation[:, 1])
    apart = found - YAW
    assert np.abs(apart - np.median(apart)).max() < 2.5  # so few turns hardly tell how deep the face is
    others = np.degrees(tracked.performance.head_rotation[:, [0, 2]])
    assert np.abs(others - np.median(others, axis=0)).max() < 3
    assert np.abs(tracked.performance.head_translation).max() < 0.03


def test_a_performance_that_says_what_it_is(tracked):
    performance = tracked.performance
    assert (len(performance), performance.fps) == (FRAMES, FPS)
    assert tracked.size == SIZE
    assert tracked.cuts == ()
    channels = {"face", "head_rotation", "head_translation", "gaze"}
    assert {name for name, source in performance.tracks.items() if source == "tracked"} == channels
    assert set(tracked.confidence) == channels
    assert 0 <= performance.face.min() <= performance.face.max() <= 1
    assert tracked.landmarks.shape == (FRAMES, 478, 2)
    assert np.isfinite(tracked.landmarks).all()
    assert np.nanmean(tracked.missed) < 0.015
    for trust in tracked.confidence.values():
        assert trust.shape == (FRAMES,)
        assert 0 <= trust.min() <= trust.max() <= 1
    assert tracked.confidence["face"].mean() > 0.8
    assert (tracked.confidence["gaze"] <= tracked.confidence["face"]).all()


def test_it_can_be_saved_and_loaded(tracked, tmp_path):
    tracked.performance.save(tmp_path / "a.npz")
    again = Performance.load(tmp_path / "a.npz")
    np.testing.assert_array_equal(again.face, tracked.performance.face)
    assert again.tracks == tracked.performance.tracks


def test_a_gap_is_bridged_and_trusted_for_nothing(gapped):
    unseen = np.zeros(FRAMES, bool)
    unseen[GAP] = True
    assert gapped.cuts == ()
    assert np.isnan(gapped.landmarks[unseen]).all()
    for trust in gapped.confidence.values():
        assert (trust[unseen] == 0).all()
    assert (gapped.confidence["face"][~unseen] > 0).all()
    channels = (gapped.performance.face, gapped.performance.head_rotation, gapped.performance.head_translation)
    for values in channels:
        assert np.isfinite(values).all()
        before, after = values[GAP.start - 1], values[GAP.stop]
        low, high = np.minimum(before, after), np.maximum(before, after)
        assert (low - values[unseen]).max() < 1e-6
        assert (values[unseen] - high).max() < 1e-6
    steps = np.diff(gapped.performance.head_rotation[GAP.start - 1 : GAP.stop + 1, 1])
    assert np.abs(steps - steps.mean()).max() < np.radians(1)  # in a straight line


def test_what_is_seen_is_the_same_beside_a_gap(gapped, tracked):
    seen = np.ones(FRAMES, bool)
    seen[GAP.start - 2 : GAP.stop + 2] = False
    for name in ("jawOpen", "browInnerUp"):
        np.testing.assert_allclose(curve(gapped, name)[seen], curve(tracked, name)[seen], atol=0.2)
    apart = np.degrees(gapped.performance.head_rotation - tracked.performance.head_rotation)[seen]
    assert np.abs(apart - np.median(apart, axis=0)).max() < 1


def test_frames_that_go_blank_are_bridged(plates, tmp_path):
    pictures = plates[10:34].copy()
    pictures[8:14] = 90
    found = tracked_of(film(tmp_path / "blank.mp4", pictures))
    assert (found.confidence["face"][8:14] == 0).all()
    turns = found.performance.head_rotation[:, 1]
    low, high = sorted((turns[7], turns[14]))
    assert ((turns[8:14] > low - 0.02) & (turns[8:14] < high + 0.02)).all()


def test_cuts_are_told_and_each_shot_has_its_own_rest(plates, tmp_path):
    near = plates[:14]
    far = np.full((14, *plates.shape[1:]), 30, np.uint8)
    far[:, 80:, 60:300] = plates[14:28, :240, 40:280]
    found = tracked_of(film(tmp_path / "cut.mp4", [*near, *far]))
    assert found.cuts == (14,)
    assert (found.confidence["face"] > 0).mean() > 0.9
    for shot in (slice(0, 14), slice(14, 28)):
        np.testing.assert_allclose(np.median(found.performance.head_translation[shot], axis=0), 0, atol=1e-4)


def test_another_rate_gives_other_frames_of_the_same_seconds(plates, tmp_path):
    path = film(tmp_path / "a.mp4", plates[:12])
    found = tracked_of(path, Fraction(12))
    assert found.performance.fps == 12
    assert len(found.performance) == 6


def test_a_few_frames_of_a_face_are_enough_before_and_after_nothing(plates, tmp_path):
    nothing = np.full_like(plates[0], plates.mean())
    found = tracked_of(film(tmp_path / "a.mp4", [nothing] * 3 + list(plates[:5]) + [nothing] * 3))
    assert len(found.performance) == 11
    assert np.isfinite(found.performance.face).all()
    assert (found.confidence["face"][[0, 1, 2, 8, 9, 10]] == 0).all()
    assert (found.confidence["face"][3:8] > 0).any()


def test_a_film_without_a_face_says_so(tmp_path):
    path = film(tmp_path / "grey.mp4", [np.full((128, 128, 3), 90 + index, np.uint8) for index in range(6)])
    with pytest.raises(InputError, match=r"No face was found in grey\.mp4"):
        tracked_of(path)


@pytest.mark.parametrize("faces", [1, 2])
def test_too_few_frames_of_a_face_say_so(plates, tmp_path, faces):
    nothing = np.full_like(plates[0], plates.mean())
    path = film(tmp_path / "short.mp4", [nothing] * 4 + list(plates[:faces]) + [nothing] * 4)
    with pytest.raises(InputError, match=r"short\.mp4"):
        tracked_of(path)


def test_progress_is_told_and_cancelling_stops(plates, tmp_path):
    path = film(tmp_path / "a.mp4", plates[:8])
    told: list[tuple[str, int, int]] = []
    ctx = RunContext(progress=lambda phase, done, total: told.append((phase, done, total)))
    track.run(path, None, None, False, ctx)
    steps = [(done, total) for phase, done, total in told if phase == "track"]
    assert [done for done, _ in steps] == list(range(1, 9))
    assert all(done <= total for done, total in steps)
    ctx.cancel.set()
    with pytest.raises(Cancelled):
        track.run(path, None, None, False, ctx)


def test_a_person_who_is_not_there_is_named(plates, tmp_path):
    path = film(tmp_path / "one.mp4", plates[:8])
    with pytest.raises(InputError, match=r"There is no face 2: one\.mp4 shows 1"):
        track.run(path, None, 2, False, RunContext())


def test_a_trunk_that_leans_takes_its_share_of_the_head_s_way(tracked):
    """The head is where it was measured, whatever part of that the spine explains."""
    head, own = load_head(), tracked.performance
    pose = np.zeros((FRAMES, len(BODY_JOINTS), 3))
    pose[:, BODY_JOINTS.index("spine1"), 0] = np.linspace(0, 0.3, FRAMES)
    both = track._with_body(tracked, {"body_pose": pose}, {"body_pose": np.ones(FRAMES)})
    carried = head_carried(both.performance.body_pose, trunk_places(head, own.identity))
    assert carried[-1, 2] > 0.08
    np.testing.assert_allclose(both.performance.head_translation + carried, own.head_translation, atol=1e-6)
    assert both.performance.tracks["body_pose"] == "tracked"
