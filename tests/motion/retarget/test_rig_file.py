"""Shapes out of a .glb: where its nodes and joints put them, whatever meshes they are cut into; and `garrick match`."""

from __future__ import annotations

import json
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from garrick.bodies.head import load_head
from garrick.bodies.rig import identity_rig
from garrick.cli import app
from garrick.core.arkit import ARKIT_NAMES
from garrick.core.glb_write import write_glb
from garrick.core.gltf import GltfBuffer
from garrick.core.performance import Performance
from garrick.motion.retarget.rig_file import read_shapes
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

HALF = [0.0, 1.0, 0.0, 0.0]  # half a turn about y, x y z w


def rig(path: Path, skinned: bool) -> None:
    """Two triangles, each a mesh with shapes, one name in common; turned, scaled and shifted by nodes or a joint."""
    buffer = GltfBuffer()
    corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32)
    indices = buffer.accessor(np.array([0, 1, 2], np.uint32), "SCALAR")
    place = buffer.accessor(corners, "VEC3", bounds=True)
    moves = [buffer.sparse(3, np.array([row]), np.array([[0, 0, 1.0]], np.float32)) for row in (1, 2)]
    attributes = {"POSITION": place}
    if skinned:
        attributes["JOINTS_0"] = buffer.accessor(np.zeros((3, 4), np.uint8), "VEC4")
        attributes["WEIGHTS_0"] = buffer.accessor(np.tile(np.float32([1, 0, 0, 0]), (3, 1)), "VEC4")
    parts = [{"attributes": attributes, "indices": indices, "targets": [{"POSITION": move} for move in moves]}]
    parent = {"translation": [0, 10, 0], "rotation": HALF, "children": [1]}
    own = {"scale": [2, 2, 2]}
    meshes = [
        {"primitives": parts, "extras": {"targetNames": names}} for names in (["open", "wide"], ["open", "teeth"])
    ]
    if skinned:
        nodes = [parent, own, {"mesh": 0, "skin": 0, "translation": [5, 5, 5]}, {"mesh": 1, "skin": 0}]
        skins = [{"joints": [1]}]
    else:
        nodes, skins = [parent | {"children": [1, 2]}, own | {"mesh": 0}, own | {"mesh": 1}], []
    path.write_bytes(buffer.file({"asset": {"version": "2.0"}, "nodes": nodes, "meshes": meshes, "skins": skins}))


@pytest.mark.parametrize("skinned", [False, True])
def test_shapes_lie_where_the_file_shows_them(skinned, tmp_path):
    rig(tmp_path / "rig.glb", skinned)
    shapes = read_shapes(tmp_path / "rig.glb")
    assert shapes.names == ("open", "wide", "teeth")
    assert shapes.triangles.tolist() == [[0, 1, 2], [3, 4, 5]]
    np.testing.assert_allclose(shapes.vertices[:3], [[0, 10, 0], [-2, 10, 0], [0, 12, 0]], atol=1e-6)
    np.testing.assert_allclose(shapes.deltas[0][[1, 4]], [[0, 0, -2], [0, 0, -2]], atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(shapes.deltas, axis=2).sum(axis=1), [4, 2, 2], atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_torn_rigs_are_refused_in_a_sentence_or_read(data, tmp_path_factory):
    path = tmp_path_factory.mktemp("torn") / "a.glb"
    rig(path, skinned=True)
    whole = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(whole)
    with suppress(ValueError):  # and nothing else
        read_shapes(path)


def test_a_head_that_garrick_wrote_is_matched_shape_by_shape(tmp_path):
    """Of another person, in a file of its own, with eyes, teeth and tongue."""
    head = load_head()
    other = identity_rig(head, head.identity_from_sliders(age=0.9, gender=0.9))
    write_glb(Performance.rest(2, Fraction(25)), other, tmp_path / "rig.glb")
    done = CliRunner().invoke(app, ["match", str(tmp_path / "rig.glb"), "--to", str(tmp_path / "map.json")])
    assert done.exit_code == 0, done.output
    rows = json.loads((tmp_path / "map.json").read_text())["rows"]
    best: dict[str, tuple[float, str]] = {}
    for row in rows:
        best[row["target"]] = max(best.get(row["target"], (0.0, "")), (row["gain"], row["source"]))
    same = [target for target, (_, source) in best.items() if target == source]
    assert len(same) >= 48
    assert "jawOpen" in done.stdout
    told = dict(line.split(maxsplit=1) for line in done.stdout.splitlines() if " misses " in line)
    assert int(told["jawOpen"].split()[1].rstrip("%,")) < 30
    assert set(told) <= set(ARKIT_NAMES)
    assert len(told) >= 51


def test_mistakes_are_one_line(tmp_path):
    rig(tmp_path / "rig.glb", skinned=False)
    (tmp_path / "no.glb").write_bytes(b"no")
    for arguments, why in (
        ((tmp_path / "rig.glb", tmp_path / "map.txt"), "must end in .json"),
        ((tmp_path / "none.glb", tmp_path / "map.json"), "cannot be read"),
        ((tmp_path / "no.glb", tmp_path / "map.json"), "not a binary glTF"),
    ):
        done = CliRunner().invoke(app, ["match", str(arguments[0]), "--to", str(arguments[1])])
        assert done.exit_code == 2, done.output
        assert why in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
