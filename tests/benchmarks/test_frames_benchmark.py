"""The benchmark of frames: holes are counted where they are, and a few random frames of the sample have none."""

from __future__ import annotations

import numpy as np
import pytest
from garrick.benchmarks import frames, frames_nets
from garrick.context import RunContext
from garrick.rendering.refine.net import FACE
from garrick.rendering.render import prepare


def test_only_what_has_no_way_out_is_enclosed():
    empty = np.ones((12, 12), bool)
    empty[3:9, 3:9] = False  # somebody,
    empty[5:7, 5:7] = True  # with a hole,
    empty[4, 3] = True  # and a dent
    assert frames._enclosed(empty) == 4
    empty[5:7, 0:5] = True  # the hole is opened to the side
    assert frames._enclosed(empty) == 0
    assert frames._enclosed(np.ones((5, 5), bool)) == 0


def test_no_pixel_of_the_person_is_without_an_id_in_random_poses(portrait, monkeypatch):
    monkeypatch.setattr(frames, "_RANDOM", 25)
    unnamed, pierced = frames._random_frames(portrait)
    assert unnamed == 0
    assert pierced < 10  # of 65,536: between strands of hair, beside an ear


def test_a_row_is_measured_with_and_without_passes(portrait, monkeypatch):
    monkeypatch.setattr(frames, "_CLIP", 2)
    rows = frames._rows(portrait)
    assert [(row.quality, row.passes) for row in rows] == [
        ("draft", False), ("draft", True), ("final", False), ("final", True),
    ]  # fmt: skip
    assert all(min(row.drawn, row.drawn_cpu, *row.written, *row.written_cpu) > 0 for row in rows)
    assert {len(row.written) for row in rows} == {len(frames.THREADS)}
    assert frames.table(rows).row_count == 4


def test_rows_of_nets_say_what_each_adds(portrait, monkeypatch):
    monkeypatch.setattr(frames_nets, "_POSES", 2)
    stage = prepare(portrait, RunContext())
    same, again = frames_nets.rows_of(stage, {"float32": FACE, "again": FACE})
    assert min(same.refined, same.refined_cpu, same.megabytes) > 0
    assert same.unlike == again.unlike == 0
    assert frames_nets.table([same, again]).row_count == 2


def test_the_net_in_8_bits_is_smaller_and_nearly_the_same(portrait, monkeypatch, tmp_path):
    pytest.importorskip("onnx", reason="making the net takes onnx, of the training extra")
    monkeypatch.setattr(frames_nets, "_POSES", 3)
    stage = prepare(portrait, RunContext())
    small = frames_nets.in_8_bits(stage, FACE, tmp_path / "small.onnx")
    _, row = frames_nets.rows_of(stage, {"float32": FACE, "int8": small})
    assert row.megabytes < 0.5 * FACE.stat().st_size / 1e6
    assert 0 < row.unlike < 4
