"""A shot of the product is judged well, and shots that were broken on purpose have their fault named."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_NAMES
from garrick.core.performance import CHANNELS, Performance
from garrick.errors import InputError
from garrick.evaluation.judge import Evaluation, evaluate
from garrick.evaluation.report import facts, write_report
from garrick.evaluation.shot import read_shot
from garrick.job import Job
from garrick.pipeline import perform
from PIL import Image

TEXT = "Bob made my puppy poppies. Every big problem becomes a beautiful memory!"


@pytest.fixture(scope="module")
def shot(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("judged") / "shot"
    job = Job(portrait=root / "assets" / "sample" / "portrait.png", text=TEXT, size=(256, 256))
    perform(job, out, RunContext(), scene=False)
    return out


@pytest.fixture(scope="module")
def good(shot: Path) -> Evaluation:
    return evaluate(read_shot(shot), RunContext())


@pytest.fixture
def broken(shot: Path, tmp_path: Path) -> Callable[..., Evaluation]:
    """Judge a copy of the shot that something was done to; without pictures, of which few are kept."""

    def judge(damage: Callable[[Path], None], frames: int = 3) -> Evaluation:
        copy = tmp_path / "broken"
        shutil.copytree(shot, copy)
        about = json.loads((copy / "shot.json").read_text())
        about["frames"]["last"] = frames - 1
        (copy / "shot.json").write_text(json.dumps(about))
        damage(copy)
        return evaluate(read_shot(copy), RunContext())

    return judge


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
    assert np.isfinite(good.seen).all()
    assert len(good.seen) == len(good.curves) == len(good.times)


def test_pictures_and_curves_tell_the_same_of_the_lips(good: Evaluation) -> None:
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
    assert np.isnan(found.seen).tolist() == [False, True, False]


def test_a_silent_shot_says_that_lips_were_not_judged(broken: Callable[..., Evaluation]) -> None:
    def silence(folder: Path) -> None:
        (folder / "speech.json").write_text(json.dumps({"phones": []}))

    found = broken(silence)
    assert "Nobody speaks, so lips were not judged." in found.verdicts
    assert {subject for subject, _ in found.scores} == {"head", "face", "pictures"}


def test_the_page_needs_nothing_but_itself_and_the_json_is_plain(shot: Path, good: Evaluation, tmp_path: Path) -> None:
    files = write_report(read_shot(shot), replace(good, worst=((2, "lips <open>"),)), tmp_path)
    page = files[1].read_text()
    assert "src='http" not in page
    assert page.count("data:image/svg+xml") == 2
    assert page.count("data:image/jpeg") == 11
    assert "lips &lt;open&gt;" in page
    told = json.loads(files[0].read_text())
    assert told["frames"] == {"first": 0, "last": len(good.seen) - 1}
    assert {"subject", "metric", "value", "unit", "better", "source", "samples", "warning"} == set(told["scores"][0])
    assert told == json.loads(json.dumps(facts(read_shot(shot), replace(good, worst=((2, "lips <open>"),)))))


def test_the_command_judges_and_refuses_in_one_line(shot: Path, tmp_path: Path) -> None:
    def run(folder: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from garrick.cli import main; main()", "evaluate", str(folder)]
        return subprocess.run(command, capture_output=True, text=True)

    done = run(shot)
    assert done.returncode == 0, done.stderr
    assert "nothing to complain of" in done.stdout
    assert (shot / "evaluation.html").is_file()
    refused = run(tmp_path)
    assert refused.returncode == 2
    assert "is no finished shot" in refused.stderr
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
