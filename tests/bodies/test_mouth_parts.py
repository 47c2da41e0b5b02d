"""The inside of the mouth does what speech asks of it: teeth all but meet, the tongue goes between them."""

from __future__ import annotations

import numpy as np
import pytest
from garrick.bodies.head import PARTS, Head, load_head
from garrick.bodies.mouth import lower_half, mouth_offsets
from garrick.core.arkit import ARKIT_INDEX


@pytest.fixture(scope="module", params=[0, 1, 2])
def head(request) -> Head:
    """The average head and two others, their mouths as frames show them."""
    everybody = load_head()
    rng = np.random.default_rng(request.param)
    identity = rng.normal(0, 0.7 * (request.param > 0), len(everybody.identity_basis)).astype(np.float32)
    return everybody.personal(identity, mouth_offsets(everybody, everybody.vertices(identity)))


def mouth(head: Head, **weights: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(n, 2) heights over the edge of the upper front teeth, and metres before their front: lower teeth, tongue, lower lip.

    Of the teeth and the tongue only what is near the middle.
    """
    face = np.zeros(52, np.float32)
    for name, value in weights.items():
        face[[ARKIT_INDEX[name]]] = value
    posed = head.vertices(face=face)
    teeth = np.flatnonzero(head.vertex_parts == PARTS.index("teeth"))
    upper = posed[teeth[: len(teeth) // 2]]
    from_teeth = posed[:, 1:] - (upper[:, 1].min(), upper[:, 2].max())
    near = np.abs(posed[:, 0]) < 0.006
    lower = np.intersect1d(lower_half(head, "teeth"), np.flatnonzero(near))
    tongue = near & (head.vertex_parts == PARTS.index("tongue"))
    return from_teeth[lower], from_teeth[tongue], from_teeth[head.lips == 2]


def test_teeth_all_but_meet_when_the_jaw_is_shut_and_part_as_it_opens(head: Head) -> None:
    """As at rest, where the freeway space is two to four millimetres."""
    shut = mouth(head)[0][:, 0].max()
    assert -0.0045 < shut < -0.0015
    assert shut - 0.003 < mouth(head, jawOpen=0.06)[0][:, 0].max() < shut - 0.0005


@pytest.mark.parametrize("rounded", [{"jawOpen": 0.12, "mouthFunnel": 0.45, "mouthPucker": 0.5}, {"jawOpen": 0.4}])
def test_open_and_rounded_lips_show_no_lower_teeth(head: Head, rounded: dict[str, float]) -> None:
    teeth, _, lip = mouth(head, **rounded)
    assert teeth[:, 0].max() < lip[:, 0].max()


@pytest.mark.parametrize("opened", [0.2, 0.4, 0.7])
def test_the_lower_lip_hides_most_of_the_lower_teeth_of_an_open_mouth(head: Head, opened: float) -> None:
    teeth, _, lip = mouth(head, jawOpen=opened)
    assert teeth[:, 0].max() - lip[:, 0].max() < 0.0035


def test_the_tongue_stays_behind_the_teeth_until_it_is_put_out_between_them(head: Head) -> None:
    assert mouth(head)[1][:, 1].max() < -0.005
    teeth, tongue, _ = mouth(head, jawOpen=0.14, tongueOut=0.45)
    tip = tongue[tongue[:, 1] > tongue[:, 1].max() - 0.004]
    assert 0.001 < tip[:, 1].max() < 0.006
    assert teeth[:, 0].max() - 0.002 < tip[:, 0].mean() < -0.001


def test_a_tongue_that_is_put_out_far_lies_on_the_lower_teeth(head: Head) -> None:
    teeth, tongue, _ = mouth(head, jawOpen=0.4, tongueOut=1.0)
    out = tongue[tongue[:, 1] > 0]
    assert out[:, 1].max() > 0.012
    assert out[:, 0].max() < 0.002
    assert out[:, 0].min() > teeth[:, 0].max() - 0.003
