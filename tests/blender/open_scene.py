"""Import a shot into this interpreter's Blender and save it, open a given scene.blend too, print what both hold.

    python open_scene.py REPOSITORY SHOT_JSON SCENE_BLEND WORK_FOLDER

Runs in the environments of other Blender versions, which have bpy and numpy and nothing else.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import bpy


def main(root: str, manifest: str, blend: str, work: str) -> None:
    """Print one line: {"version", "imported": facts, "opened": facts}."""
    sys.path.insert(0, root)
    from blender_addon.headless import save_scene

    facts = {"version": list(bpy.app.version), "sound": bool(bpy.app.build_options.audaspace)}
    own = Path(work) / "own.blend"
    save_scene(Path(manifest), own)
    for name, path in (("imported", own), ("opened", Path(blend))):
        bpy.ops.wm.open_mainfile(filepath=str(path))
        facts[name] = facts_of(bpy.context.scene)
    print("FACTS " + json.dumps(facts))


def facts_of(scene: bpy.types.Scene) -> dict[str, object]:
    """What must be the same whichever Blender made the scene and whichever opens it."""
    from blender_addon import version_adapter

    head = next(item for item in scene.objects if item.type == "MESH" and item.data.shape_keys)
    keys = head.data.shape_keys
    values, places = [], []
    images = [image for image in bpy.data.images if image.users]
    for frame in (1, 6, 12):
        scene.frame_set(frame)
        graph = bpy.context.evaluated_depsgraph_get()
        values.append([round(key.value, 4) for key in keys.key_blocks[1:5]])
        vertex = head.evaluated_get(graph).data.vertices[17]
        places.append([round(axis, 5) for axis in head.matrix_world @ vertex.co])
    return {
        "range": [scene.frame_start, scene.frame_end],
        "rate": [scene.render.fps, round(scene.render.fps_base, 6)],
        "size": [scene.render.resolution_x, scene.render.resolution_y],
        "curves": len(version_adapter.curves_in_use(keys)),
        "bone_curves": len(version_adapter.curves_in_use(head.parent)),
        "values": values,
        "places": places,
        "images": sorted([image.filepath, image.source, bool(image.size[0])] for image in images),
        "sounds": [[strip.sound.filepath, strip.frame_final_duration]
                   for strip in version_adapter.sequencer_strips(scene)],
        "camera": [round(scene.camera.data.lens, 4), scene.camera.data.sensor_fit],
        "backdrops": len(scene.camera.data.background_images),
        "planes": sorted(len(item.data.vertices) for item in scene.objects if item.parent == scene.camera
                         and item.type == "MESH"),
    }  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
    sys.stdout.flush()
    os._exit(0)  # as the program leaves: Blender 4.2's own destructors crash on an add-on that is still switched on
