"""Runs inside a Blender with a window: walks through a first shot, stops for pictures, measures how long it ever waits.

Started by take.py; not to be run by hand. A generator does the steps and a timer drives it, so that the window lives on.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import bpy

SETTINGS = json.loads(sys.argv[sys.argv.index("--") + 1])
OUT = Path(SETTINGS["out"])
PULSE = 0.01
_gaps: dict[str, list[float]] = {}
_own: dict[str, list[tuple[float, str]]] = {}
_entered: dict[int, float] = {}
_phase = "start"
_last = time.perf_counter()


def pulse() -> float:
    """How long the main thread was away, by phase of the tour."""
    global _last
    now = time.perf_counter()
    _gaps.setdefault(_phase, []).append(now - _last - PULSE)
    _last = now
    return PULSE


def watch(frame, event: str, argument: object) -> None:
    """Time every entry of Blender into the add-on's Python on the main thread, by phase of the tour."""
    if event not in ("call", "return") or not _ours(frame) or _ours(frame.f_back):
        return
    if event == "call":
        _entered[id(frame)] = time.perf_counter()
    elif id(frame) in _entered:
        name = f"{Path(frame.f_code.co_filename).parent.name}.{frame.f_code.co_qualname}"
        _own.setdefault(_phase, []).append((time.perf_counter() - _entered.pop(id(frame)), name))


def _ours(frame) -> bool:
    return frame is not None and "/user_default/garrick/" in frame.f_code.co_filename


def picture(name: str) -> Iterator[float]:
    """Let the driver take a picture of the screen."""
    for area in bpy.context.window_manager.windows[0].screen.areas:
        area.tag_redraw()
    yield 1.0
    (OUT / f"{name}.want").touch()
    while not (OUT / f"{name}.png").is_file():
        yield 0.1


def view3d() -> tuple[bpy.types.Area, bpy.types.Space]:
    screen = bpy.context.window_manager.windows[0].screen
    area = next(area for area in screen.areas if area.type == "VIEW_3D")
    return area, area.spaces.active


def sidebar() -> Iterator[float]:
    """Open the Garrick tab."""
    area, space = view3d()
    space.show_region_ui = True
    yield 1.0
    region = next(region for region in area.regions if region.type == "UI")
    region.active_panel_category = "Garrick"
    yield 0.5


def until(condition, seconds: float) -> Iterator[float]:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"the tour waited in vain in phase {_phase}")
        yield 0.1


def call(operator, *arguments, **options) -> set[str]:
    """As a click does it."""
    area, _ = view3d()
    window = bpy.context.window_manager.windows[0]
    region = next(region for region in area.regions if region.type == "WINDOW")
    with bpy.context.temp_override(window=window, area=area, region=region):
        return operator(*arguments, **options)


def phase(name: str) -> None:
    global _phase
    _phase = name


def tour() -> Iterator[float]:
    yield 2.0
    bpy.ops.extensions.package_install_files(
        repo="user_default", filepath=SETTINGS["zip"], enable_on_install=True, overwrite=True
    )
    module = sys.modules["bl_ext.user_default.garrick"]
    preferences = bpy.context.preferences.addons[module.__name__].preferences
    preferences.data = SETTINGS["data"]
    link = sys.modules[f"{module.__name__}.backend_link.link"]
    tasks = sys.modules[f"{module.__name__}.tasks"]
    for item in list(bpy.data.objects):
        bpy.data.objects.remove(item)
    yield from sidebar()
    sys.setprofile(watch)
    phase("idle")
    yield 2.0
    yield from picture("off")
    phase("starting")
    (OUT / "serve.want").touch()
    yield from until(lambda: link.status().light == "ready", 120)
    scene = bpy.context.scene
    bpy.ops.wm.save_as_mainfile(filepath=str(OUT / "first_shot.blend"))
    inputs = scene.garrick_inputs
    inputs.portrait, inputs.audio, inputs.consent = SETTINGS["portrait"], SETTINGS["voice"], True
    yield from sidebar()
    yield from picture("ready")
    phase("job")
    call(bpy.ops.garrick.perform, "INVOKE_DEFAULT")
    yield from until(lambda: any(task.phase == "frames" for task in tasks.running()), 120)
    yield from picture("working")
    yield from until(lambda: not tasks.running(), 300)
    phase("imported")
    _, space = view3d()
    space.region_3d.view_perspective = "CAMERA"
    space.shading.color_type = "TEXTURE"
    scene.frame_set(30)
    yield 6.0
    yield from picture("imported")
    phase("edit")
    yield from edit(scene)
    phase("rerender")
    call(bpy.ops.garrick.rerender, "INVOKE_DEFAULT")
    yield 0.5
    yield from until(lambda: tasks.running(), 60)
    yield from picture("rerendering")
    yield from until(lambda: not tasks.running(), 300)
    phase("after")
    yield 3.0
    yield from picture("rerendered")


def edit(scene: bpy.types.Scene) -> Iterator[float]:
    """An artist's smile, in an Action of their own."""
    shot = next(item for item in bpy.data.collections if item.garrick.is_shot)
    shapes = shot.garrick.head.data.shape_keys
    for name in ("mouthSmileLeft", "mouthSmileRight"):
        for frame, value in ((24, 0.0), (30, 0.8), (36, 0.0)):
            shapes.key_blocks[name].value = value
            shapes.key_blocks[name].keyframe_insert("value", frame=frame)
    shapes.animation_data.action_extrapolation = "NOTHING"
    scene.frame_set(30)
    yield 2.0


def drive() -> float | None:
    try:
        return next(_steps)
    except StopIteration:
        status = "done"
    except Exception as error:  # the driver reports it
        import traceback

        traceback.print_exc()
        status = f"{type(error).__name__}: {error}"
    seconds = {name: [len(gaps), max(gaps), sum(gap > 0.05 for gap in gaps)] for name, gaps in _gaps.items()}
    sys.setprofile(None)
    own = {name: sorted(times, reverse=True)[:6] for name, times in _own.items()}
    report = {"status": status, "gaps": seconds, "own": own, "blender": bpy.app.version_string}
    (OUT / "tour.json").write_text(json.dumps(report))
    bpy.ops.wm.quit_blender()
    return None


_steps = tour()
bpy.app.timers.register(pulse, first_interval=1.0, persistent=True)
bpy.app.timers.register(drive, first_interval=1.0, persistent=True)
