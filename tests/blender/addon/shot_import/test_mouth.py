"""The mouth of the published figure in every Blender: lower teeth and tongue lie where the frames have them."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from blender_addon.axes import from_blender
from blender_addon.shot_import.props import shots_of

_WITH_A_REAL_HEAD = """
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
import numpy as np
from garrick.bodies.head import PARTS, head_path, load_head
from garrick.bodies.rig import identity_rig
from garrick.core.archive import save_arrays
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.camera import Camera
from garrick.core.performance import Performance
from garrick.rendering.puppet import make_puppet

folder = Path(sys.argv[1])
if head_path().is_file():
    head = load_head()
    identity = np.random.default_rng(1).normal(0, 0.5, 100).astype(np.float32)
    rig = identity_rig(head, identity)
    save_arrays(folder / "rig.npz", rig | {"photo_uv": rig["uv"]})
    still = Performance.load(folder / "performance.npz")
    face = np.zeros_like(still.face)
    face[1:, ARKIT_INDEX["jawOpen"]] = 0.6
    face[2:, ARKIT_INDEX["tongueOut"]] = 0.8
    still = replace(still, face=face, gaze=still.gaze * 0, head_rotation=still.head_rotation * 0,
                    head_translation=still.head_translation * 0)
    still.save(folder / "performance.npz")
    # a photo that shows the head exactly where the fit has it, so that nothing of it is nudged
    rest = head.vertices(identity)
    lens = np.array([[600.0, 0, 256], [0, 600.0, 256], [0, 0, 1]])
    view = np.diag([1.0, -1, -1, 1])
    view[2, 3] = 0.6
    camera = Camera(lens, view, (512, 512))
    points = np.zeros((478, 2))
    points[:468] = camera.project(head.landmarks(rest))[:, :2]
    photo = SimpleNamespace(identity=identity, face=np.zeros(52, np.float32), head_rotation=np.zeros(3),
                                  gaze=np.zeros((2, 2)), landmarks=points, camera=camera)
    drawn = make_puppet(head, photo).head
    inside = np.isin(head.vertex_parts, [PARTS.index(part) for part in ("teeth", "gums", "tongue")])
    frames = np.stack([drawn.vertices(face=weights) for weights in face[:3]])
    np.savez(folder / "expected.npz", inside=inside, frames=frames)
"""


def _vertices(head: bpy.types.Object) -> np.ndarray:
    """(V, 3) metres in Garrick's space, as Blender draws them."""
    mesh = head.evaluated_get(bpy.context.evaluated_depsgraph_get()).to_mesh()
    found = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", found)
    world = np.array(head.matrix_world)
    return from_blender(found.reshape(-1, 3) @ world[:3, :3].T + world[:3, 3])


def test_the_figures_mouth_is_that_of_the_frames(addon, tiny_shot, in_backend):
    """Shut, open, and with the tongue out."""
    manifest = tiny_shot()
    in_backend(_WITH_A_REAL_HEAD, manifest.parent)
    if not (manifest.parent / "expected.npz").is_file():
        pytest.skip("the head model has not been built: garrick weights pull")
    with np.load(manifest.parent / "expected.npz") as arrays:
        inside, frames = arrays["inside"], arrays["frames"]
    bpy.ops.garrick.import_shot(filepath=str(manifest))
    head = shots_of(bpy.context.scene)[0].garrick.head
    for frame, expected in enumerate(frames):
        bpy.context.scene.frame_set(1 + frame)
        np.testing.assert_allclose(_vertices(head)[inside], expected[inside], atol=5e-5)
