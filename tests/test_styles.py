"""A style that a user names: a performance or a recording of Live Link Face, told apart by content."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from garrick.core.knobs import Knob
from garrick.core.live_link import write_live_link
from garrick.core.performance import Performance
from garrick.errors import InputError
from garrick.inputs import read_style
from garrick.job import Job
from garrick.stages import motion_key
from pydantic import ValidationError


def smiling() -> Performance:
    face = np.zeros((60, 52), np.float32)
    face[:, 23] = np.linspace(0.2, 0.6, 60)
    return replace(Performance.rest(60, Fraction(30)), face=face)


@pytest.mark.parametrize("name", ["take.csv", "sha256-of-an-upload"])
def test_a_recording_of_live_link_face_is_a_style(tmp_path: Path, name: str) -> None:
    write_live_link(smiling(), tmp_path / name)
    style = read_style(tmp_path / name)
    assert style.fps == 30
    np.testing.assert_array_equal(style.face, smiling().face)


def test_a_performance_is_a_style_whatever_its_name(tmp_path: Path) -> None:
    smiling().save(tmp_path / "upload")
    np.testing.assert_array_equal(read_style(tmp_path / "upload").face, smiling().face)


@pytest.mark.parametrize("content", [None, b"", b"hello", b"PK\x03\x04 torn", b"\xff\xfe\x00", bytes(200_000)])
def test_what_is_neither_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "take.csv").write_bytes(content)
    with pytest.raises(InputError, match="take"):
        read_style(tmp_path / "take.csv")


@pytest.fixture
def asked(tmp_path: Path) -> Callable[..., Job]:
    """A job with some fields of its own."""
    portrait = tmp_path / "portrait.png"
    portrait.write_bytes(b"a picture")
    return lambda **more: Job.model_validate({"portrait": portrait, "text": "Hello.", **more})


def test_seeds_of_a_job_are_knobs_of_its_groups(asked: Callable[..., Job]) -> None:
    job = asked(seeds="head=5, jaw=7", groups="jaw=1.2")
    assert job.groups == {"jaw": Knob(1.2, seed=7), "head": Knob(seed=5)}
    assert job == asked(seeds={"head": 5, "jaw": 7}, groups={"jaw": 1.2}) == asked(groups="jaw=1.2 seed 7, head=seed 5")
    assert asked(seeds="") == asked()
    assert Job.model_validate_json(job.model_dump_json()) == job
    assert motion_key(job) != motion_key(asked(groups="jaw=1.2"))
    for nonsense in ("head=x", "ears=2", 3, {"head": -1}):
        with pytest.raises(ValidationError, match=r"seed of head|no group|seeds of groups"):
            asked(seeds=nonsense)


def test_knobs_of_groups_are_part_of_a_job_and_of_its_motion(asked: Callable[..., Job]) -> None:
    plain = asked()
    job = asked(groups="jaw=1.2, eyes=off")
    assert job.groups == {"jaw": Knob(1.2), "eyes": Knob(on=False)}
    assert job.model_dump(mode="json")["groups"] == "jaw=1.2, eyes=off"
    assert Job.model_validate_json(job.model_dump_json()) == job
    assert motion_key(plain) != motion_key(job) == motion_key(asked(groups={"eyes": False, "jaw": {"gain": 1.2}}))
    with pytest.raises(ValidationError, match="no group 'ears'"):
        asked(groups="ears=2")
