"""Building the head: parsers, sampler and the promise that the same data give the same model."""

from __future__ import annotations

import gzip
import itertools
from dataclasses import replace

import numpy as np
import pytest
from garrick.bodies import build, identity
from garrick.bodies.blink import BLINKS
from garrick.bodies.head import load_head
from garrick.bodies.makehuman import read_base_mesh, read_target
from garrick.bodies.mouth import with_mouth_that_speaks
from garrick.bodies.parts import dental_arch, eyeball, gums, teeth
from garrick.errors import MissingError
from garrick.weights import registry


def test_base_mesh_parser_reads_groups_and_uvs(tmp_path):
    path = tmp_path / "base.obj"
    path.write_text(
        "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\n"
        "g body\nf 1/1 2/2 3/3 4/4\ng body\nf 4/4 3/3 2/2 1/1\n"
    )
    mesh = read_base_mesh(path)
    assert mesh.quads.tolist() == [[0, 1, 2, 3], [3, 2, 1, 0]]
    assert mesh.groups["body"].tolist() == [0, 1]
    assert mesh.group_vertices("body").tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("packed", [True, False])
def test_targets_are_read_plain_and_packed(tmp_path, packed):
    text = b"# comment\n2 .5 0 -1\n\n0 1 2 3\n"
    path = tmp_path / ("a.target.gz" if packed else "a.target")
    path.write_bytes(gzip.compress(text) if packed else text)
    offsets = read_target(path, 3)
    np.testing.assert_allclose(offsets, [[1, 2, 3], [0, 0, 0], [0.5, 0, -1]])


def test_principal_components_rebuild_their_samples():
    rng = np.random.default_rng(1)
    samples = (rng.normal(size=(40, 5)) @ rng.normal(size=(5, 60))).astype(np.float32)
    mean, basis, coefficients = identity.principal_components(samples, 5)
    np.testing.assert_allclose(mean + coefficients @ basis, samples, atol=1e-3)
    np.testing.assert_allclose(coefficients.std(axis=0, ddof=1), 1, rtol=1e-2)


LEVELS = [tuple(level + noun for level in ("min", "average", "max")) for noun in ("muscle", "weight")]


def test_macro_weights_of_each_family_sum_to_one():
    families = (("female", "male"), ("baby", "child", "young", "old"), *LEVELS)
    labels = [("universal", *names) for names in itertools.product(*families)]
    targets = identity.Targets(np.zeros((len(labels), 1, 3), np.float32), tuple(labels), {})
    sliders = np.random.default_rng(2).random((20, 9))
    np.testing.assert_allclose(identity.macro_weights(targets, sliders).sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("upper", [True, False])
def test_teeth_and_gums_face_outwards(upper):
    strip = np.stack(
        [np.linspace(-0.03, 0.03, 40), np.zeros(40), 0.15 - 40 * np.linspace(-0.03, 0.03, 40) ** 2], axis=1
    )
    for part in (teeth(dental_arch(strip), 0.0, 0.003, upper), eyeball(), gums(dental_arch(strip), 0.0, 0.003, upper)):
        a, b, c, d = (part.vertices[part.quads[:, corner]] for corner in range(4))
        volume = (np.cross(c - a, d - b) * (a + b + c + d) / 4).sum(axis=1)
        centre = part.vertices.mean(axis=0)
        outward = (np.cross(c - a, d - b) * ((a + b + c + d) / 4 - centre)).sum(axis=1)
        assert np.isfinite(volume).all()
        assert outward.sum() > 0


def test_built_model_is_the_cached_one_again():
    """The recipe is deterministic: building anew gives the arrays that lie in the cache."""
    try:
        data = registry.path("body_data")
    except MissingError as missing:
        pytest.skip(str(missing))
    arrays = build.build(data, progress=lambda line: None)
    cached = load_head()
    np.testing.assert_array_equal(arrays["quads"], cached.quads)
    np.testing.assert_allclose(arrays["template"], cached.template, atol=1e-5)
    mended = with_mouth_that_speaks(replace(cached, face_basis=arrays["face_basis"])).face_basis
    others = np.delete(np.arange(52), BLINKS)  # like the mouth's inside, blinks are mended when the model is loaded
    np.testing.assert_allclose(mended[others], cached.face_basis[others], atol=2e-5)  # scaled, the cache is float16
    np.testing.assert_allclose(arrays["identity_basis"][:20].astype(np.float32), cached.identity_basis[:20], atol=2e-4)
    assert "CC0" in str(arrays["credits"])
