"""Blinks end where the lids meet, for anybody."""

from __future__ import annotations

import numpy as np
import pytest
from garrick.bodies.blink import BLINKS, LIDS, upper_lid, with_lids_that_meet
from garrick.bodies.head import Head, load_head


def apart(head: Head, weight: float) -> list[float]:
    """Metres between an upper lid's edge and the lower lid, in the middle half of each eye; negative where they overlap."""
    face = np.zeros(52, np.float32)
    face[list(BLINKS)] = weight
    posed = head.vertices(face=face)
    contours = head.landmarks(posed)
    gaps = []
    for row, loop in zip(BLINKS, LIDS, strict=True):
        lower = contours[list(loop[:9])]
        lower = lower[np.argsort(lower[:, 0])]
        lid = posed[upper_lid(head, row)]
        for left, right in ((2, 4), (4, 6)):
            column = lid[(lid[:, 0] >= lower[left, 0]) & (lid[:, 0] < lower[right, 0])]
            edge = column[np.argmin(column[:, 1])]
            gaps.append(float(edge[1] - np.interp(edge[0], lower[:, 0], lower[:, 1])))
    return gaps


def test_the_model_s_lids_meet_at_a_weight_of_one():
    assert max(map(abs, apart(load_head(), 1))) < 0.001
    assert min(apart(load_head(), 0)) > 0.003


@pytest.mark.parametrize("seed", range(4))
def test_anybody_s_lids_can_be_made_to_meet(seed):
    head = load_head()
    identity = np.random.default_rng(seed).normal(size=len(head.identity_basis)).astype(np.float32)
    person = head.personal(identity)
    mended = with_lids_that_meet(person, np.zeros(52))
    assert max(map(abs, apart(mended, 1))) < 0.0016
    assert max(map(abs, apart(mended, 1))) <= max(map(abs, apart(person, 1))) + 1e-4


def test_nothing_but_blinks_is_changed():
    head = load_head()
    mended = with_lids_that_meet(head, np.zeros(52))
    changed = np.flatnonzero((mended.face_basis != head.face_basis).any(axis=(1, 2)))
    assert set(changed) <= set(BLINKS)
    np.testing.assert_array_equal(mended.template, head.template)
