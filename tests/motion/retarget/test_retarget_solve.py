"""The solver on rigs whose mix of our shapes is known, on another mesh, and on MakeHuman's expression units."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from garrick.bodies.head import PARTS, load_head
from garrick.core.arkit import ARKIT_INDEX, ARKIT_NAMES
from garrick.core.retarget_presets import MAKEHUMAN
from garrick.motion.retarget.solve import ShapeSet, laid_over, shapes_of, solve


@pytest.fixture(scope="module")
def ours() -> ShapeSet:
    """The average adult's skin with our 52 shapes."""
    head = load_head()
    return shapes_of(head, head.average_adult, head.vertex_parts == PARTS.index("skin"))


def rig(ours: ShapeSet, mixes: dict[str, dict[str, float]]) -> ShapeSet:
    """A rig whose shapes are sums of ours."""
    gains = np.zeros((len(mixes), 52))
    for row, mix in enumerate(mixes.values()):
        for name, gain in mix.items():
            gains[row, ARKIT_INDEX[name]] = gain
    return replace(ours, names=tuple(mixes), deltas=np.einsum("ks,svc->kvc", gains, ours.deltas))


def finer(shapes: ShapeSet) -> ShapeSet:
    """The same surface as another mesh: only the middles of the triangles' edges and faces, in new triangles."""
    corners = shapes.triangles
    parts = [corners[:, [0, 1, 1]], corners[:, [1, 2, 2]], corners[:, [2, 0, 0]], corners]

    def at(values: np.ndarray) -> np.ndarray:
        return np.concatenate([values[..., part, :].mean(axis=-2) for part in parts], axis=-2)

    count = len(corners)
    first, second, third, middle = (np.arange(count) + count * step for step in range(4))
    fans = [np.stack(fan, axis=1) for fan in ((first, second, middle), (second, third, middle), (third, first, middle))]
    return ShapeSet(at(shapes.vertices), np.concatenate(fans), shapes.names, at(shapes.deltas))


MIXES = {
    "open a lot": {"jawOpen": 2.0},
    "kiss": {"mouthPucker": 1.0},
    "kiss and open": {"mouthPucker": 0.5, "jawOpen": 0.5},
    "smile": {"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0},
    "blink": {"eyeBlinkLeft": 0.8},
}


@pytest.mark.parametrize("other_mesh", [False, True])
def test_shapes_that_are_mixes_of_ours_are_found_again(ours, other_mesh):
    target = rig(ours, MIXES)
    fit = solve(ours, finer(target) if other_mesh else target)
    gains = {name: dict(zip(MIXES, fit.gains[ARKIT_INDEX[name]], strict=True)) for name in ARKIT_NAMES}
    near = 0.02 if other_mesh else 1e-3
    assert gains["jawOpen"]["open a lot"] == pytest.approx(0.5, abs=near)
    assert gains["mouthPucker"]["kiss"] == pytest.approx(1, abs=near)
    assert gains["mouthPucker"]["kiss and open"] == pytest.approx(0, abs=near)
    assert gains["eyeBlinkLeft"]["blink"] == pytest.approx(1, abs=near)  # more than a whole one is not to be had
    assert gains["mouthSmileLeft"]["smile"] == pytest.approx(0.5, abs=0.03)  # half of both misses half of each
    exact = [ARKIT_INDEX[name] for name in ("jawOpen", "mouthPucker")]
    assert fit.error[exact].max() < (0.05 if other_mesh else 1e-6)
    assert fit.error[ARKIT_INDEX["eyeBlinkLeft"]] == pytest.approx(0.2, abs=0.05)
    assert fit.error[ARKIT_INDEX["mouthSmileLeft"]] == pytest.approx(np.sqrt(0.5), abs=0.03)
    assert fit.error[ARKIT_INDEX["browDownLeft"]] > 0.95
    assert np.isnan(fit.error[ARKIT_INDEX["tongueOut"]])
    lost = ARKIT_INDEX["browDownLeft"]
    assert fit.worst[lost] == pytest.approx(np.linalg.norm(ours.deltas[lost], axis=1).max(), rel=0.1)


def test_our_own_shapes_are_made_of_themselves(ours):
    fit = solve(ours, ours)
    moved = np.flatnonzero(~np.isnan(fit.error))
    assert len(moved) == 51
    assert fit.error[moved].max() < 1e-6
    face = np.random.default_rng(0).uniform(0, 1, (20, 52))
    np.testing.assert_allclose(fit.weights(face)[:, moved], face[:, moved], atol=1e-5)
    assert fit.recipes()["jawOpen"] == (("jawOpen", 1.0),)


def test_weights_make_the_face_that_they_stand_for(ours):
    """Frames of mixes, sent through the fit, come back as the same surface."""
    target = rig(ours, MIXES)
    fit = solve(ours, target)
    face = np.zeros((5, 52))
    face[:, ARKIT_INDEX["jawOpen"]] = np.linspace(0, 1, 5)
    face[:, ARKIT_INDEX["mouthPucker"]] = np.linspace(0.8, 0, 5)
    made = np.einsum("fk,kvc->fvc", fit.weights(face), target.deltas)
    np.testing.assert_allclose(made, np.einsum("fs,svc->fvc", face, ours.deltas), atol=1e-6)


def test_a_rig_that_cannot_close_its_lips_closes_its_jaw(ours):
    fit = solve(ours, rig(ours, MIXES))
    face = np.zeros((1, 52))
    face[0, [ARKIT_INDEX["jawOpen"], ARKIT_INDEX["mouthClose"]]] = 0.6
    assert fit.weights(face).max() < 1e-6
    closing = solve(ours, rig(ours, MIXES | {"close": {"mouthClose": 1.0}}))
    assert closing.gains[ARKIT_INDEX["mouthClose"]].tolist() == pytest.approx([0, 0, 0, 0, 0, 1], abs=1e-4)


def test_a_head_in_centimetres_on_a_body_is_laid_over_ours(ours):
    """With half of its shapes, 1.6 m up, slightly larger, and with a plank for a body."""
    target = finer(rig(ours, MIXES))
    plank = np.stack(np.meshgrid([-40, 40.0], np.linspace(0, 130, 40), [-10, 10.0]), axis=-1).reshape(-1, 3)
    foreign = ShapeSet(
        np.concatenate([112 * target.vertices + [0, 160, 5], plank]),
        target.triangles,
        target.names,
        np.concatenate([112 * target.deltas, np.zeros((5, len(plank), 3))], axis=1),
    )
    placed = laid_over(foreign, ours)
    assert np.abs(placed.vertices[: len(target.vertices)] - target.vertices).max() < 2e-3
    fit = solve(ours, placed)
    assert fit.error[ARKIT_INDEX["jawOpen"]] < 0.05


def test_faces_apart_are_refused(ours):
    with pytest.raises(ValueError, match="do not lie over one another"):
        solve(ours, replace(ours, vertices=ours.vertices + 1))
    with pytest.raises(ValueError, match="None of the shapes moves"):
        laid_over(replace(ours, deltas=0 * ours.deltas), ours)


def test_the_table_of_makehuman_s_units_is_as_good_as_a_solution(ours, body_data):
    """`retarget_presets.MAKEHUMAN` against the solver on the units of the mean of the three peoples."""
    from garrick.bodies.build import Source
    from garrick.bodies.makehuman import METRES, read_base_mesh, read_target

    base = read_base_mesh(body_data / "mpfb2" / "3dobjs" / "base.obj")
    ids = Source.cut(base, body_data).skin_ids
    parts = load_head().vertex_parts[: len(ids)]
    ids = ids[parts == PARTS.index("skin")]
    units = body_data / "mpfb2" / "targets" / "expression" / "units"
    names = sorted(path.name.removesuffix(".target.gz") for path in (units / "asian").iterdir())
    assert len(names) == 34
    assert set(MAKEHUMAN) <= set(names)
    deltas = [
        np.mean([read_target(units / people / f"{name}.target.gz", len(base.vertices))[ids] for people in
                 ("african", "asian", "caucasian")], axis=0) * METRES for name in names
    ]  # fmt: skip
    target = replace(ours, names=tuple(names), deltas=np.stack(deltas))
    fit = solve(ours, target)
    table = np.zeros_like(fit.gains)
    for name, recipe in MAKEHUMAN.items():
        for source, gain in recipe:
            table[ARKIT_INDEX[source], names.index(name)] = gain
    missed = [
        np.square(np.einsum("sk,kvc->svc", gains, target.deltas) - ours.deltas).sum() for gains in (fit.gains, table)
    ]
    solved, tabled = np.sqrt(missed / np.square(ours.deltas).sum())
    assert solved < 0.8
    assert tabled < solved + 0.02
    assert fit.gains[ARKIT_INDEX["eyeBlinkLeft"], names.index("eye-left-closure")] == pytest.approx(0.9, abs=0.05)
    assert fit.gains[ARKIT_INDEX["jawOpen"], names.index("mouth-open")] == pytest.approx(0.86, abs=0.05)
