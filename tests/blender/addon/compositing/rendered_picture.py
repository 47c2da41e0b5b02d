"""What Blender rendered, as numbers."""

from __future__ import annotations

import bpy
import numpy as np


def rendered_picture() -> np.ndarray:
    """Render the scene to its output path -> (H, W, 4) float32 as the file says, row 0 at the bottom."""
    bpy.ops.render.render(write_still=True)
    picture = bpy.data.images.load(bpy.context.scene.render.filepath, check_existing=False)
    pixels = np.empty(picture.size[0] * picture.size[1] * 4, np.float32)
    picture.pixels.foreach_get(pixels)
    result = pixels.reshape(picture.size[1], picture.size[0], 4)
    bpy.data.images.remove(picture)
    return result
