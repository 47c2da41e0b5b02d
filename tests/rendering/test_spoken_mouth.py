"""What a still shows of a phone: teeth over the lower lip on f, the tongue between the teeth on th, nothing on p."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from garrick.bodies.head import PARTS, load_head
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX
from garrick.motion.lips import lips_of
from garrick.motion.perform import rest_face
from garrick.motion.rules.constraints import obey_rules
from garrick.rendering import shade
from garrick.rendering.attributes import TONGUE
from garrick.rendering.rasterise import NOTHING, rasterise
from garrick.rendering.render import prepare
from garrick.speech.speech import Phone

FPS = Fraction(25)


@pytest.fixture(scope="module")
def stage(portrait):
    return prepare(portrait, RunContext())


@pytest.fixture(scope="module")
def shown(stage, portrait):
    """(phone) -> the pose of its middle, and how many samples (four times as fine as pixels) show each part of the head."""
    lips = lips_of(load_head(), portrait.identity)
    rest = rest_face(portrait.face, lips)

    def see(symbol: str):
        face = obey_rules(np.repeat(rest[None], 13, axis=0), [Phone(symbol, 0.2, 0.3)], FPS, lips)[6]
        pose = replace(stage.puppet.source, face=face)
        points = portrait.camera.project(stage.puppet.pose(pose)).astype(np.float32) * (4, 4, 1)
        size = (portrait.camera.size[0] * 4, portrait.camera.size[1] * 4)
        seen = rasterise(points.astype(np.float32), stage.head.triangles, size).triangle
        parts = stage.head.quad_parts[seen[seen != NOTHING] // 2]
        return pose, {name: int((parts == number).sum()) for number, name in enumerate(PARTS)}

    return see


def test_f_and_v_show_teeth_and_no_tongue_to_speak_of(shown):
    closed = shown("P")[1]["teeth"]
    for symbol in ("F", "V"):
        seen = shown(symbol)[1]
        assert seen["teeth"] > 400 + closed, symbol
        assert seen["tongue"] < 0.3 * seen["teeth"], symbol


def test_th_shows_the_tongue_below_the_teeth(shown):
    seen = shown("TH")[1]
    assert seen["teeth"] > 400
    assert seen["tongue"] > 400


def test_a_tongue_is_lit_between_the_teeth_and_dim_behind_them(stage, portrait, shown):
    spoken = shown("TH")[0]

    def light(out: float) -> np.ndarray:
        face = spoken.face.copy()
        face[ARKIT_INDEX["tongueOut"]] = out
        pose = replace(spoken, face=face)
        posed = stage.puppet.pose(pose)
        screen = portrait.camera.project(posed).astype(np.float32)
        table = stage.attributes.at(posed, screen, stage.puppet.neck_motion(pose), portrait.camera)
        tongue = stage.attributes.traits[:, TONGUE] > 0
        return table[tongue, shade.LIGHT][np.argsort(posed[tongue, 2])]

    out, in_ = light(0.45), light(0.0)
    assert out[-10:].min() > 1
    assert in_[-10:].max() < 0.95
    assert out[:40].max() < 0.9
