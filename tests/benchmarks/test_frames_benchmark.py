"""The benchmark of frames: holes are counted where they are, and a few random frames of the sample have none."""

from __future__ import annotations

import numpy as np
from garrick.benchmarks import frames


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
    assert all(min(row.drawn, row.drawn_cpu, row.written, row.written_cpu) > 0 for row in rows)
    assert frames.table(rows).row_count == 4
