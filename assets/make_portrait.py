"""Render the sample portrait, `assets/sample/portrait.png`, from our own head model; needs bpy 4.5.

    python assets/make_portrait.py [--size 1024] [--samples 64] [--out FILE]

Everything in it is made here: the identity, the skin, brows, lashes and hair (seeded), the clothes and the studio.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

ASSETS = Path(__file__).resolve().parent
sys.path[:0] = [str(ASSETS), str(ASSETS.parent)]
_profile = tempfile.TemporaryDirectory(prefix="garrick-portrait-", ignore_cleanup_errors=True)
os.environ["BLENDER_USER_RESOURCES"] = _profile.name

import bpy  # noqa: E402

from blender_addon.build import copy_core  # noqa: E402

copy_core()

from garrick.weights import registry  # noqa: E402
from portrait.clothes import above_collar, make_shirt  # noqa: E402
from portrait.eyes import make_eyes  # noqa: E402
from portrait.hair import make_hair  # noqa: E402
from portrait.person import make_person  # noqa: E402
from portrait.skin import make_head  # noqa: E402
from portrait.studio import make_studio  # noqa: E402


def main() -> None:
    """Build the scene and render it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--samples", type=int, default=64)
    parser.add_argument("--out", type=Path, default=ASSETS / "sample" / "portrait.png")
    options = parser.parse_args()
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    person = make_person(registry.path("body_data"))
    make_head(person, above_collar(person.vertices) < -0.03)
    make_eyes(person)
    make_shirt(person)
    make_hair(person)
    make_studio()
    render(options.size, options.samples, options.out)


def render(size: int, samples: int, out: Path) -> None:
    """Cycles on the CPU with a fixed seed, denoised."""
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.seed, scene.cycles.use_denoising = samples, 7, True
    scene.cycles.adaptive_threshold, scene.cycles.max_bounces = 0.02, 6
    scene.cycles_curves.shape = "RIBBONS"
    scene.render.resolution_x = scene.render.resolution_y = size
    scene.view_settings.view_transform, scene.view_settings.look = "AgX", "AgX - Medium High Contrast"
    scene.view_settings.exposure = 0.6
    scene.render.image_settings.file_format, scene.render.image_settings.color_mode = "PNG", "RGB"
    scene.render.image_settings.compression = 90
    scene.render.filepath = str(out)
    bpy.ops.render.render(write_still=True)


if __name__ == "__main__":
    main()
