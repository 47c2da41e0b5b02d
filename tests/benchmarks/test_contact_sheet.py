"""The contact sheet: what it shows, and that every tile shows something else."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from garrick.benchmarks import contact_sheet
from garrick.benchmarks.contact_sheet import _FPS, _SIZE, write_tiles
from garrick.core.camera import CameraPath
from garrick.errors import OutputError
from garrick.rendering.take import Frame, Take


def test_tiles_lie_in_rows_and_the_last_row_is_filled(tmp_path):
    write_tiles(tmp_path / "a.jpg", {name: np.full((40, 60, 3), 200, np.uint8) for name in "abc"}, across=2)
    sheet = cv2.imread(str(tmp_path / "a.jpg"))
    assert sheet.shape == (80, 120, 3)
    assert sheet[60, 30].min() > 190
    assert sheet[60, 90].max() < 10


def test_a_sheet_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(OutputError, match="could not be written"):
        write_tiles(tmp_path / "nowhere" / "a.jpg", {"a": np.zeros((40, 60, 3), np.uint8)}, across=1)


def test_each_view_is_asked_for_once_with_its_own_pose_or_camera(portrait, tmp_path, monkeypatch):
    asked = []

    def run(portrait, performance, camera, ctx):
        asked.append((performance, camera))
        blank = np.zeros((8, 8, 3), np.uint8)
        still = CameraPath.still(camera.at(0), len(camera), _FPS)
        return Take(still, lambda index: Frame(*[blank] * 5), blank)

    monkeypatch.setattr(contact_sheet.analyse, "run", lambda *_: portrait)
    monkeypatch.setattr(contact_sheet.render, "run", run)
    contact_sheet.write(tmp_path / "me.png", tmp_path / "me.jpg")
    ((performance, camera),) = asked
    assert camera.size == _SIZE
    told = [performance.face, performance.head_rotation, performance.body_pose, camera.world_to_camera]
    rows = np.concatenate([part.reshape(len(camera), -1) for part in told], axis=1)
    assert len(np.unique(rows.round(4), axis=0)) == len(rows) == 20
