"""The ruler of the renderer: which portraits it takes, what it correlates, and its figures; nothing is rendered here."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from garrick.benchmarks import render_apertures, render_clips, render_views
from rich.console import Console

VIEW = render_views.ViewRow("a b", 55, 50, np.full(11, 0.2), np.full(11, 0.98), turn=1.0, worst=2.0, wide=3.0, seen=1.0)
CLIP = render_clips.ClipRow("c", render_clips.GEOMETRY, 25, 0.8, 26, 0.8, 1.5, 2, 0.03, 0.98, 0.25, 1.1)


def test_a_frame_without_a_face_counts_for_no_correlation() -> None:
    one, other = np.array([0.0, 1, 2, 3]), np.array([1.0, 2, np.nan, 4])
    assert render_apertures.correlation(one, other) == pytest.approx(1)
    assert np.isnan(render_apertures.correlation(one, np.full(4, np.nan)))


def test_ten_portraits_are_taken_evenly_and_the_sample_alone_without_data(tmp_path: Path) -> None:
    sample = Path("portrait.png")
    for folder in ("man", "woman"):
        (tmp_path / "train" / folder).mkdir(parents=True)
        for number in range(16):
            (tmp_path / "train" / folder / f"{number:04d}.png").touch()
    found = render_views.portraits(sample, tmp_path)
    assert len(found) == len(set(found)) == 10
    assert found[0] == sample
    assert {path.parent.name for path in found[1:]} == {"man", "woman"}
    assert render_views.portraits(sample, None) == [sample]


def test_the_worst_portrait_counts_and_the_identity_within_fifteen_degrees() -> None:
    far = np.where(np.abs(render_views.YAWS) > 15, 0.9, 0.3)
    rows = [VIEW, replace(VIEW, frame=39.0, distance=far)]
    held = {figure.name: figure for figure in render_views.figures(rows)}
    assert held["neutral PSNR in the frame, worst portrait"].held is False
    assert held["identity distance to 15 degrees, most"].value == 0.3
    assert held["identity distance at yaw +25"].value == pytest.approx(0.55)
    assert held["identity distance to 15 degrees, most"].held is True


def test_without_the_net_nothing_is_said_of_identity() -> None:
    rows = [replace(VIEW, distance=None, cosine=None)]
    assert not [figure for figure in render_views.figures(rows) if "identity" in figure.name]
    assert "nan" in printed(render_views.table(rows))


def test_clips_are_averaged_by_way_and_only_ours_have_goals() -> None:
    rows = [CLIP, replace(CLIP, clip="d", face_psnr=20.0), replace(CLIP, way=render_clips.COPY)]
    held = {figure.name: figure for figure in render_clips.figures(rows)}
    assert held["clips, geometry: face psnr"].value == 23
    assert held["clips, geometry: face psnr"].held is False
    assert held["clips, copy of the photo: face psnr"].held is None
    assert "geometry" in printed(render_clips.table(rows))


def printed(table) -> str:
    console = Console(file=io.StringIO(), width=200)
    console.print(table)
    return console.file.getvalue()  # type: ignore[attr-defined]
