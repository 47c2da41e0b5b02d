"""A shot of the product is judged well, and shots that were broken on purpose have their fault named."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_NAMES
from garrick.core.performance import CHANNELS, Performance
from garrick.errors import InputError
from garrick.evaluation.features import FEATURE_DISTANCE
from garrick.evaluation.identity import ACD, CSIM, IDENTITY_DISTANCE
from garrick.evaluation.judge import Evaluation, judge_curves
from garrick.evaluation.likeness import portrait_scores
from garrick.evaluation.metric import Metric
from garrick.evaluation.pictures import evaluate
from garrick.evaluation.record import facts, write_first_record
from garrick.evaluation.report import write_report
from garrick.evaluation.shot import Shot, read_shot
from garrick.evaluation.sight import Sight
from optional_weights import needs_weights
from PIL import Image
from skimage import data


@pytest.fixture
def broken(damaged: Callable[[Callable[[Path], None]], Path]) -> Callable[..., Evaluation]:
    """Judge a copy of the shot that something was done to; without pictures, of which few are kept."""
    return lambda damage: evaluate(read_shot(damaged(damage)), RunContext())


def value(found: Evaluation, subject: str, metric: str) -> float:
    return next(score.value for of, score in found.scores if of == subject and score.metric.name == metric)


def change(folder: Path, **channels: np.ndarray) -> None:
    path = folder / "performance.npz"
    replace(Performance.load(path), **channels).save(path)


def test_a_shot_of_ours_has_nothing_to_complain_of(good: Evaluation) -> None:
    assert good.verdicts == ()
    for subject in ("lips of the curves", "lips in the pictures"):
        assert abs(value(good, subject, "lip lag")) < 40
        assert value(good, subject, "bilabial closures") == 1
    assert good.seen is not None
    assert np.isfinite(good.seen).all()
    assert len(good.seen) == len(good.curves) == len(good.times)


def test_pictures_and_curves_tell_the_same_of_the_lips(good: Evaluation) -> None:
    assert good.seen is not None
    assert np.corrcoef(good.curves, good.seen)[0, 1] > 0.8


def test_lips_that_stay_open_are_named_with_their_times(broken: Callable[..., Evaluation]) -> None:
    def open_lips(folder: Path) -> None:
        face = Performance.load(folder / "performance.npz").face.copy()
        face[:, ARKIT_NAMES.index("jawOpen")] += 0.25
        face[:, ARKIT_NAMES.index("mouthClose")] = 0
        change(folder, face=face.clip(0, 1))

    found = broken(open_lips)
    assert any(verdict.startswith("Lips of the curves: lips open on ") for verdict in found.verdicts)


def test_a_voice_that_is_late_is_found(broken: Callable[..., Evaluation]) -> None:
    def delay(folder: Path) -> None:
        speech = json.loads((folder / "speech.json").read_text())
        speech["phones"] = [[symbol, start + 0.16, end + 0.16, sure] for symbol, start, end, sure in speech["phones"]]
        (folder / "speech.json").write_text(json.dumps(speech))

    found = broken(delay)
    assert value(found, "lips of the curves", "lip lag") == pytest.approx(-160, abs=30)
    assert any("ms early." in verdict for verdict in found.verdicts)


def test_a_head_that_loops_is_found(broken: Callable[..., Evaluation]) -> None:
    def loop(folder: Path) -> None:
        whole = Performance.load(folder / "performance.npz")
        times = np.arange(len(whole.face)) / 25
        turn = 0.15 * np.stack([np.sin(times * 5.1), np.cos(times * 5.1 * 2), 0.3 * np.sin(times * 5.1)], axis=1)
        change(folder, head_rotation=turn.astype(np.float32))

    found = broken(loop)
    assert any(verdict.startswith("Head: motion repeats every 1.2 s") for verdict in found.verdicts)


def test_frames_without_a_face_come_first(broken: Callable[..., Evaluation]) -> None:
    def blacken(folder: Path) -> None:
        Image.new("RGB", (256, 256)).save(folder / "frames" / "frame_000001.png")

    found = broken(blacken)
    assert found.verdicts[0] == "No face is seen in 1 of 3 frames."
    assert (1, "no face is seen") in found.worst
    assert found.seen is not None
    assert np.isnan(found.seen).tolist() == [False, True, False]


def test_a_silent_shot_says_that_lips_were_not_judged(broken: Callable[..., Evaluation]) -> None:
    def silence(folder: Path) -> None:
        (folder / "speech.json").write_text(json.dumps({"phones": []}))

    found = broken(silence)
    assert "Nobody speaks, so lips were not judged." in found.verdicts
    assert {subject for subject, _ in found.scores} <= {"head", "face", "pictures", "face beside the portrait"}


def test_the_first_record_is_of_the_curves_and_loads_no_nets_and_no_plots(shot: Path, good: Evaluation) -> None:
    told = json.loads((shot / "evaluation.json").read_text())
    assert told["pictures"] is False
    assert told["verdicts"] == []
    whole = {(of, score.metric.name): score.value for of, score in good.scores}
    assert (
        {of for of, _ in whole} > {"lips of the curves", "head", "face"} == {row["subject"] for row in told["scores"]}
    )
    for row in told["scores"]:
        assert row["value"] == pytest.approx(whole[row["subject"], row["metric"]], abs=1e-5)
    program = "import sys, garrick.evaluation.record; print(*{name.split('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"matplotlib", "torch", "ai_edge_litert", "cv2"} & set(loaded.stdout.split())


def test_a_shot_that_was_made_again_has_no_page_about_the_old_one(
    damaged: Callable[[Callable[[Path], None]], Path],
) -> None:
    folder = damaged(lambda copy: (copy / "evaluation.html").touch())
    assert write_first_record(folder, np.zeros(0)) == ()
    assert not (folder / "evaluation.html").exists()
    first = (folder / "evaluation.json").read_bytes()
    write_first_record(folder, np.zeros(0))
    assert (folder / "evaluation.json").read_bytes() == first


@pytest.mark.parametrize("frames", [1, 2, 5, 31, 60])
@pytest.mark.parametrize("fps", [1, 25, 240])
def test_shots_of_any_length_and_rate_can_be_judged_by_their_curves(shot: Path, frames: int, fps: int) -> None:
    whole = read_shot(shot)
    short = replace(whole.performance.frames(0, frames), fps=Fraction(fps))
    found = judge_curves(replace(whole, performance=short, frames=range(frames)), np.array([0.1, 0.4]))
    assert len(found.curves) == len(found.times) == frames
    assert found.seen is None


@pytest.fixture
def few(shot: Path) -> tuple[Shot, np.ndarray]:
    """Two frames of the shot and their landmarks."""
    own = read_shot(shot)
    return replace(own, frames=range(0, 41, 40)), np.stack([Sight().see(own.picture(frame)) for frame in (0, 40)])


@pytest.fixture
def stranger(tmp_path: Path) -> Path:
    Image.fromarray(data.astronaut()[:256, 96:352]).save(tmp_path / "other.png")
    return tmp_path / "other.png"


def beside(shot: Shot, points: np.ndarray) -> dict[Metric, float]:
    return {found.metric: found.value for found in portrait_scores(shot, points, RunContext())[0]}


@needs_weights("efficientnet_lite0")
def test_the_portraits_own_person_is_nearer_than_another(few: tuple[Shot, np.ndarray], stranger: Path) -> None:
    shot, points = few
    near, far = beside(shot, points), beside(replace(shot, portrait=stranger), points)
    assert far[FEATURE_DISTANCE] > 2 * near[FEATURE_DISTANCE]


@needs_weights("face_identity")
def test_who_is_seen_is_told_from_another_and_said(few: tuple[Shot, np.ndarray], stranger: Path) -> None:
    shot, points = few
    own, swapped = beside(shot, points), beside(replace(shot, portrait=stranger), points)
    assert own[IDENTITY_DISTANCE] < 0.4 < 0.6 < swapped[IDENTITY_DISTANCE]
    assert own[CSIM] > 0.95 > swapped[CSIM]
    assert own[ACD] == swapped[ACD] < 0.3  # of the clip alone
    assert portrait_scores(shot, points, RunContext())[1] == []
    said = portrait_scores(replace(shot, portrait=stranger), points, RunContext())[1]
    assert said[0].startswith("The face is not the portrait's in 2 of 2 frames looked at: identity distance up to 0.")


def test_what_a_net_is_missing_for_is_left_out(few: tuple[Shot, np.ndarray], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("garrick.evaluation.likeness.identity_there", lambda: False)
    assert not {CSIM, IDENTITY_DISTANCE, ACD} & set(beside(*few))
    monkeypatch.setattr("garrick.evaluation.likeness.features_there", lambda: False)
    assert portrait_scores(*few, RunContext()) == ([], [])


def test_the_page_needs_nothing_but_itself_and_the_json_is_plain(shot: Path, good: Evaluation, tmp_path: Path) -> None:
    files = write_report(read_shot(shot), replace(good, worst=((2, "lips <open>"),)), tmp_path, RunContext())
    page = files[1].read_text()
    assert "src='http" not in page
    assert page.count("data:image/svg+xml") == 2
    assert page.count("data:image/jpeg") == 11
    assert "lips &lt;open&gt;" in page
    told = json.loads(files[0].read_text())
    assert told["frames"] == {"first": 0, "last": len(good.times) - 1}
    assert told["pictures"] is True
    assert told["truth"] is None
    assert {"subject", "metric", "value", "unit", "better", "source", "samples", "warning"} == set(told["scores"][0])
    assert told == json.loads(json.dumps(facts(read_shot(shot), replace(good, worst=((2, "lips <open>"),)))))


def garrick(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from garrick.cli import main; main()", "evaluate", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True)


def test_the_command_judges_compares_and_sets_side_by_side(
    shot: Path, damaged: Callable[[Callable[[Path], None]], Path], tmp_path: Path
) -> None:
    one = damaged(lambda copy: (copy / "evaluation.json").unlink())
    shutil.copytree(one, tmp_path / "other")
    page = tmp_path / "takes.html"
    done = garrick(one, tmp_path / "other", "--truth", shot / "preview.mp4", "--compare", page)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("nothing to complain of") == 2
    assert done.stdout.count("3 of the shot's 3 frames were compared.") == 2
    assert (tmp_path / "other" / "evaluation.html").is_file()
    assert json.loads((one / "evaluation.json").read_text())["truth"]["video"] == "preview.mp4"
    assert [take["name"] for take in json.loads(page.with_suffix(".json").read_text())["takes"]] == ["broken", "other"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["{none}"], "is no finished shot"),
        (["{shot}", "--truth", "{none}/film.mp4"], "There is no file"),
        (["{shot}", "{shot}", "--compare", "takes.pdf"], "takes.pdf must end in .html"),
        (["{shot}", "--compare", "takes.html"], "Name two shots or more"),
    ],
)
def test_the_command_refuses_in_one_line(words: list[str], told: str, shot: Path, tmp_path: Path) -> None:
    refused = garrick(*(word.format(none=tmp_path, shot=shot) for word in words))
    assert refused.returncode == 2
    assert told in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("text", ["", "{}", '{"speech": "speech.json"}'])
def test_a_damaged_shot_is_refused(text: str, shot: Path, tmp_path: Path) -> None:
    shutil.copytree(shot, tmp_path / "shot")
    (tmp_path / "shot" / "shot.json").write_text(text)
    with pytest.raises(InputError):
        read_shot(tmp_path / "shot")


def test_frames_that_the_performance_lacks_are_refused(shot: Path, tmp_path: Path) -> None:
    shutil.copytree(shot, tmp_path / "shot")
    whole = Performance.load(shot / "performance.npz")
    short = {name: getattr(whole, name)[:20] for name in CHANNELS}
    replace(whole, **short).save(tmp_path / "shot" / "performance.npz")
    with pytest.raises(InputError, match="frames that its performance does not have"):
        read_shot(tmp_path / "shot")


def test_a_broken_frame_is_named(shot: Path, tmp_path: Path) -> None:
    shutil.copytree(shot, tmp_path / "shot")
    (tmp_path / "shot" / "frames" / "frame_000003.png").write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"frame_000003\.png cannot be read"):
        read_shot(tmp_path / "shot").picture(3)
