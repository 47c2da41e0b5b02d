"""Loops are found with their period, natural motion and stillness are none, and expressions are counted."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.performance import Performance, concatenate
from garrick.errors import InputError
from garrick.evaluation.repetition import expression_modes, face_repetition, head_repetition
from garrick.motion.perform import Manner, run
from garrick.perception.portrait import Portrait
from garrick.speech.speech import Speech

FPS = Fraction(25)


@pytest.fixture(scope="module")
def natural(spoken: Speech, portrait: Portrait) -> list[Performance]:
    """The same words performed with four seeds."""
    return [run(spoken, portrait, FPS, Manner(), RunContext(seed=seed)) for seed in range(4)]


@pytest.mark.parametrize("frames", [40, 77, 150])
@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_looped_motion_is_found_with_its_period(natural: list[Performance], frames: int, noise: float) -> None:
    loop = concatenate([natural[0].frames(100, 100 + frames)] * (600 // frames))
    trembling = np.random.default_rng(0).normal(0, np.radians(noise), loop.head_rotation.shape)
    head = head_repetition(loop.head_rotation + trembling, FPS)
    assert head.period == pytest.approx(frames / 25, abs=0.041)
    assert head.share.value > 0.85
    assert head.looping
    assert head.sentence().startswith(f"motion repeats every {head.period:.1f} s through")


def test_a_looped_face_is_found(natural: list[Performance]) -> None:
    loop = concatenate([natural[1].frames(50, 150)] * 6)
    face = face_repetition(loop.face, FPS)
    assert face.looping
    assert face.period == pytest.approx(4, abs=0.041)


def test_natural_motion_is_no_loop(natural: list[Performance]) -> None:
    for performance in natural:
        for found in (head_repetition(performance.head_rotation, FPS), face_repetition(performance.face, FPS)):
            assert found.share.value < 0.2
            assert not found.looping
            assert found.sentence() == "motion does not repeat"


def test_a_long_pause_is_no_loop(natural: list[Performance]) -> None:
    head = natural[0].head_rotation
    paused = np.concatenate([head[:150], np.repeat(head[150:151], 500, axis=0), head[150:300]])
    found = head_repetition(paused, FPS)
    assert found.share.value < 0.2
    assert found.moving < 0.6


def test_a_loop_with_rests_in_it_is_still_a_loop(natural: list[Performance]) -> None:
    nod = natural[0].head_rotation[100:175]
    nod = nod - np.linspace(0, 1, 75)[:, None] * (nod[-1] - nod[0])
    turn = np.concatenate([nod, np.repeat(nod[-1:], 75, axis=0)])
    found = head_repetition(np.tile(turn, (5, 1)), FPS)
    assert found.looping
    assert found.period == pytest.approx(6, abs=0.041)


def test_a_still_head_has_nothing_to_repeat() -> None:
    found = head_repetition(np.full((300, 3), 0.2), FPS)
    assert np.isnan(found.share.value)
    assert found.moving == 0
    assert found.share.warning
    assert not found.looping


def test_half_a_loop_is_told_by_its_share(natural: list[Performance]) -> None:
    loop = np.tile(natural[0].head_rotation[100:150], (6, 1))
    alive = natural[1].head_rotation[:300]
    found = head_repetition(np.concatenate([loop, alive - alive[0] + loop[-1]]), FPS)
    assert 0.35 < found.share.value < 0.75
    assert found.period == pytest.approx(2, abs=0.041)


def moods(faces: int) -> np.ndarray:
    """(F, 52) that many expressions, each held a second, with a quarter of a second between them, over and over."""
    rng = np.random.default_rng(3)
    names = [name for name in ARKIT_INDEX if name.startswith(("brow", "mouthSmile", "mouthFrown", "cheekSquint"))]
    keys = np.zeros((faces, 52))
    keys[:, [ARKIT_INDEX[name] for name in names]] = rng.uniform(0, 0.8, (faces, len(names)))
    times = np.arange(25 * 20) / 25
    held = np.floor(times / 1.25)
    on_the_way = np.clip((times / 1.25 - held - 0.8) / 0.2, 0, 1)[:, None]
    order = held.astype(int)
    return keys[order % faces] * (1 - on_the_way) + keys[(order + 1) % faces] * on_the_way


@pytest.mark.parametrize("faces", [1, 2, 3, 6])
def test_expressions_that_are_held_are_counted(faces: int) -> None:
    face = moods(faces)
    assert expression_modes(face, FPS).value == faces
    talking = face.copy()
    talking[:, ARKIT_INDEX["jawOpen"]] = np.random.default_rng(0).random(len(face))
    assert expression_modes(talking, FPS).value == faces


def test_bad_clips_get_a_sentence() -> None:
    with pytest.raises(InputError, match=r"4 s or more, not 2\.0 s"):
        head_repetition(np.zeros((50, 3)), FPS)
    with pytest.raises(InputError, match="by 3"):
        head_repetition(np.zeros((500, 52)), FPS)
    for measure in (face_repetition, expression_modes):
        with pytest.raises(InputError, match="by 52"):
            measure(np.zeros((0, 52)), FPS)
    gap = np.zeros((500, 3))
    gap[7] = np.nan
    with pytest.raises(InputError, match="not found"):
        head_repetition(gap, FPS)
