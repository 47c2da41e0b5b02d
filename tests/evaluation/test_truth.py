"""A shot beside videos of it that are known: its own frames, the same scaled and moved, late, short, or of nobody."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from garrick.context import RunContext
from garrick.errors import Cancelled, InputError
from garrick.evaluation.features import features_there
from garrick.evaluation.judge import Evaluation
from garrick.evaluation.metric import Score
from garrick.evaluation.record import facts
from garrick.evaluation.report import write_report
from garrick.evaluation.shot import Shot, read_shot
from garrick.evaluation.sight import Sight
from garrick.evaluation.truth import BOX, FACE, LIPS, SQUARE, WHOLE, Truth, compare, watch
from garrick.outputs.video import Segment
from optional_weights import needs_weights

FRAMES = range(25, 103)
FPS = Fraction(25)


def film(path: Path, pictures: list[np.ndarray], fps: Fraction = FPS) -> Path:
    segment = Segment((pictures[0].shape[1], pictures[0].shape[0]), fps)
    for picture in pictures:
        segment.add(np.ascontiguousarray(picture))
    path.write_bytes(segment.finish())
    return path


@pytest.fixture(scope="module")
def part(shot: Path) -> Shot:
    """Three seconds out of the middle of the shot."""
    return replace(read_shot(shot), frames=FRAMES)


@pytest.fixture(scope="module")
def pictures(shot: Path) -> list[np.ndarray]:
    """What a viewer sees of the shot, from its first frame to the last of the part."""
    whole = read_shot(shot)
    return [whole.picture(frame, whole.behind()) for frame in range(FRAMES.stop)]


@pytest.fixture(scope="module")
def points(part: Shot) -> np.ndarray:
    sight = Sight()
    return np.stack([sight.see(part.picture(frame)) for frame in FRAMES])


@pytest.fixture(scope="module")
def own(part: Shot, points: np.ndarray, pictures: list[np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> Truth:
    video = film(tmp_path_factory.mktemp("own") / "own.mp4", pictures)
    return compare(part, points, watch(part, video, RunContext()), RunContext())


def found(truth: Truth, subject: str, metric: str) -> Score:
    return next(score for of, score in truth.scores if of == subject and score.metric.name.startswith(metric))


def test_its_own_frames_lie_as_it_does_and_differ_by_what_the_encoder_loses(own: Truth) -> None:
    assert own.framing.kept
    assert own.verdicts == ()
    assert own.frames == FRAMES
    assert own.notes[:2] == (
        "The video lies as the shot does; its pixels were left as they are.",
        "78 of the shot's 78 frames were compared.",
    )
    for subject in (WHOLE, BOX):
        assert found(own, subject, "PSNR").value > 34
        assert found(own, subject, "SSIM").value > 0.97
        assert found(own, subject, "L1").value < 0.015
    assert found(own, FACE, "LMD").value < 0.01
    assert found(own, FACE, "AKD, head pose kept").value < 0.5
    assert found(own, LIPS, "lip aperture correlation").value > 0.95
    assert abs(found(own, LIPS, "lip lag").value) < 15
    assert found(own, BOX, "flicker ratio").value == pytest.approx(1, abs=0.2)
    for _, score in own.scores:
        assert score.each is None or len(score.each) == 78
    assert [score.samples for subject, score in own.scores if subject == SQUARE] == ([12] if features_there() else [])


@needs_weights("face_identity")
def test_its_own_frames_are_of_one_person(own: Truth) -> None:
    assert found(own, FACE, "CSIM").value > 0.99
    assert found(own, FACE, "identity distance").value < 0.2
    assert found(own, FACE, "CSIM").samples == 12


def test_scaled_and_moved_it_is_brought_back(
    own: Truth, part: Shot, points: np.ndarray, pictures: list[np.ndarray], tmp_path: Path
) -> None:
    matrix = np.array([[1.1, 0, 12.0], [0, 1.1, 6.0]])
    video = film(
        tmp_path / "larger.mp4", [cv2.warpAffine(picture, matrix, (320, 300), flags=2) for picture in pictures]
    )
    back = compare(part, points, watch(part, video, RunContext()), RunContext())
    assert back.framing.scale == pytest.approx(1 / 1.1, rel=0.005)
    np.testing.assert_allclose(back.framing.points(np.array([12.0, 6.0])), 0, atol=1)
    assert back.notes[0].startswith("The video was scaled by 0.9")
    assert found(back, BOX, "PSNR").value > found(own, BOX, "PSNR").value - 5
    assert found(back, BOX, "SSIM").value > 0.93
    assert found(back, FACE, "LMD").value < 0.015


def test_a_late_video_is_worse_in_all_and_said_to_be_late(
    own: Truth, part: Shot, points: np.ndarray, pictures: list[np.ndarray], tmp_path: Path
) -> None:
    video = film(tmp_path / "late.mp4", [pictures[0]] * 2 + pictures[:-2])
    late = compare(part, points, watch(part, video, RunContext()), RunContext())
    for subject, metric in ((BOX, "PSNR"), (BOX, "SSIM"), (LIPS, "lip aperture correlation")):
        assert found(late, subject, metric).value < found(own, subject, metric).value - 0.02
    for subject, metric in ((BOX, "L1"), (FACE, "LMD"), (FACE, "AKD"), (LIPS, "lip aperture difference")):
        assert found(late, subject, metric).value > found(own, subject, metric).value
    assert found(late, LIPS, "lip lag").value == pytest.approx(-80, abs=25)
    assert late.verdicts[0].endswith("early against the video's: check that both begin at one instant.")


def test_another_rate_shows_the_same_instants(
    own: Truth, part: Shot, points: np.ndarray, pictures: list[np.ndarray], tmp_path: Path
) -> None:
    few = replace(part, frames=range(25, 31))
    twice = [picture for picture in pictures[:31] for _ in range(2)]
    video = film(tmp_path / "fifty.mp4", twice, Fraction(50))
    fast = compare(few, points[:6], watch(few, video, RunContext()), RunContext())
    assert fast.frames == few.frames
    assert found(fast, BOX, "PSNR").value == pytest.approx(found(own, BOX, "PSNR").value, abs=3)


def test_the_worst_frames_are_those_that_were_spoilt_and_the_page_shows_both_pictures(
    part: Shot, points: np.ndarray, pictures: list[np.ndarray], tmp_path: Path
) -> None:
    few, spoilt = replace(part, frames=range(25, 55)), list(pictures[:53])
    spoilt[44] = np.clip(spoilt[44].astype(int) + 60, 0, 255).astype(np.uint8)
    video = film(tmp_path / "spoilt.mp4", spoilt)
    truth = compare(few, points[:30], watch(few, video, RunContext()), RunContext())
    frame, why = truth.worst[0]
    assert frame == 44
    assert why.startswith("face PSNR 1")
    assert "28 of the shot's 30 frames were compared; the video ends before the others." in truth.notes
    assert all(abs(one - other) >= 10 for one, _ in truth.worst for other, _ in truth.worst if one != other)
    aperture = np.zeros(30)
    whole = Evaluation(truth.scores, (), np.arange(30) / 25, aperture, truth.worst, aperture, truth)
    page = write_report(few, whole, tmp_path, RunContext())[1].read_text()
    assert "Worst frames: shot and video" in page
    assert page.count("data:image/svg+xml") == 3
    told = facts(few, whole)["truth"]
    assert told["frames"] == {"first": 25, "last": 52}
    assert told["moved"] == pytest.approx([0, 0], abs=1)
    values = {(row["subject"], row["metric"]): row["values"] for row in told["each"]}
    assert int(np.argmin(values[BOX, "PSNR"])) == 44 - 25


def test_videos_that_cannot_be_compared_are_refused(
    part: Shot, points: np.ndarray, pictures: list[np.ndarray], tmp_path: Path
) -> None:
    short = film(tmp_path / "short.mp4", pictures[:60])
    with pytest.raises(InputError, match=r"short\.mp4 has only 35 of the shot's 78 frames\."):
        watch(part, short, RunContext())
    few = replace(part, frames=range(25, 28))
    nobody = film(tmp_path / "nobody.mp4", [np.full((128, 128, 3), 90, np.uint8)] * 28)
    with pytest.raises(InputError, match=r"No face was found in nobody\.mp4"):
        watch(few, nobody, RunContext())
    (tmp_path / "text.mp4").write_text("no film")
    with pytest.raises(InputError, match="not a video"):
        watch(part, tmp_path / "text.mp4", RunContext())
    real = watch(few, film(tmp_path / "own.mp4", pictures[:28]), RunContext())
    with pytest.raises(InputError, match="No frame shows a face in the shot and in the video"):
        compare(few, np.full((3, 478, 2), np.nan), real, RunContext())


def test_a_comparison_can_be_cancelled(part: Shot, pictures: list[np.ndarray], tmp_path: Path) -> None:
    ctx = RunContext()
    ctx.cancel.set()
    with pytest.raises(Cancelled):
        watch(part, film(tmp_path / "own.mp4", pictures[:30]), ctx)
