"""Runs inside a Blender with a window: walks through everything that the panel can look like, and presses its buttons.

Started by take.py; not to be run by hand. A generator does the steps and a timer drives it, so that the window lives on.
"""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).parent))
from stage import Clock, Stage, Steps, until

SETTINGS = json.loads(sys.argv[sys.argv.index("--") + 1])
OUT = Path(SETTINGS["out"])
ADDON = "bl_ext.user_default.garrick"

clock, stage = Clock(), Stage(OUT)
seen: dict[str, object] = {}
"""What the real clicks have done, for the report."""


def module(name: str):
    return sys.modules[f"{ADDON}.{name}"]


def light() -> str:
    return module("backend_link.link").status().light


def tasks() -> list:
    return module("tasks").running()


def newest():
    """The newest line of the list of jobs; None when it is empty."""
    return next(iter(module("jobs.history").rows()), None)


def preferences() -> bpy.types.AddonPreferences:
    return bpy.context.preferences.addons[ADDON].preferences


def tour() -> Steps:
    yield 2.0
    yield from stage.ask("key", key="Escape")  # the splash
    bpy.ops.extensions.package_install_files(
        repo="user_default", filepath=SETTINGS["zip"], enable_on_install=True, overwrite=True
    )
    preferences().data = SETTINGS["data"]
    for item in list(bpy.data.objects):
        bpy.data.objects.remove(item)
    bpy.ops.wm.save_as_mainfile(filepath=str(OUT / "first_shot.blend"))
    yield from stage.open_sidebar()
    sys.setprofile(clock.profile)
    if SETTINGS["parts"] and "starting" not in SETTINGS["parts"]:
        yield from begin()
    for part in (setting_up, starting, performing, losing_the_service, rerendering, tools, other_places):
        if not SETTINGS["parts"] or part.__name__ in SETTINGS["parts"]:
            clock.phase = part.__name__
            yield from part()


def setting_up() -> Steps:
    """Nothing is installed; a folder whose bootstrap.py plays a set-up."""
    yield from until(lambda: "looked" not in module("backend_link.link").status().sentence, 20, "a first look")
    yield from stage.picture("off-nothing-installed")
    preferences().checkout = SETTINGS["checkout"]
    bpy.context.preferences.system.use_online_access = True
    yield from stage.click("garrick.set_up_backend")
    yield from stage.picture("set-up-asks", only="window")
    yield from stage.ask("key", key="Return")
    task = module("backend_link.ops").last_task
    yield from until(lambda: task() is not None and task().done > 0, 30, "the set-up")
    yield from stage.picture("setting-up")
    yield from stage.click("garrick.cancel_backend_task", 0.93)
    yield from until(lambda: task().state == "cancelled", 20, "the set-up's cancel")
    seen["Cancel of Set Up"] = task().state
    (Path(SETTINGS["checkout"]) / "fail").touch()
    stage.call(bpy.ops.garrick.set_up_backend, "EXEC_DEFAULT", beside=True)
    yield from until(lambda: task().state == "failed", 20, "the set-up's failure")
    yield from stage.picture("set-up-failed")
    preferences().checkout = ""


def starting() -> Steps:
    """A Python without Garrick; then the service is started with a click, stopped, and started again."""
    link, task = module("backend_link.link"), module("backend_link.ops").last_task
    preferences().python = "/bin/false"
    yield from until(lambda: link.environment() is not None, 20, "the environment")
    yield from stage.click("garrick.start_backend")
    yield from until(lambda: task().title.startswith("Starting") and task().state == "failed", 20, "the failure")
    yield from stage.picture("start-failed")
    preferences().python = SETTINGS["python"]
    yield 2.0
    yield from stage.picture("off")
    yield from stage.click("garrick.start_backend")
    yield from stage.aside()
    yield from stage.picture("starting", settle=0.1)
    yield from until(lambda: light() in ("ready", "busy"), 120, "the service")
    seen["Start"] = light()
    yield from stage.click("garrick.stop_backend")
    yield from until(lambda: light() == "off", 60, "the service's end")
    seen["Stop"] = light()
    yield from stage.click("garrick.start_backend")
    yield from until(lambda: light() in ("ready", "busy"), 120, "the service")
    yield from until(lambda: not tasks(), 20, "the list of jobs")
    yield from stage.hover("garrick.perform")
    yield from stage.picture("inputs-missing", settle=2.5)
    inputs = bpy.context.scene.garrick_inputs
    inputs.portrait, inputs.audio, inputs.consent = SETTINGS["portrait"], SETTINGS["voice"], True
    yield from stage.aside()
    yield 3.0
    yield from stage.picture("ready")
    yield from stage.picture("window-ready", only="window")
    yield from stage.show_only("Settings")
    for offset in (81, 54, 27):  # the heads of Camera, Frames and Performance
        yield from stage.click_below("garrick.save_preset", 0.93, offset)
    yield from stage.aside()
    yield from stage.picture("settings")
    yield from stage.show_only()


def begin() -> Steps:
    """Get to where `starting` ends, without its pictures."""
    preferences().python = SETTINGS["python"]
    yield from until(lambda: module("backend_link.link").environment() is not None, 20, "the environment")
    stage.call(bpy.ops.garrick.start_backend, "INVOKE_DEFAULT")
    yield from until(lambda: light() in ("ready", "busy") and not tasks(), 120, "the service")
    inputs = bpy.context.scene.garrick_inputs
    inputs.portrait, inputs.audio, inputs.consent = SETTINGS["portrait"], SETTINGS["voice"], True
    yield 3.0
    if {"rerendering", "tools"} & set(SETTINGS["parts"]) and "performing" not in SETTINGS["parts"]:
        inputs.shot_name, inputs.audio = "first shot", SETTINGS["short_voice"]
        stage.call(bpy.ops.garrick.perform, "INVOKE_DEFAULT")
        yield from until(lambda: newest() and newest().rests, 400, "the job")
        yield from show_shot(30)


def performing() -> Steps:
    """Jobs that end well, are stopped and go on, and fail."""
    scene = bpy.context.scene
    yield from stage.show_only("Backend", "Inputs", "Jobs")
    scene.garrick_inputs.portrait = SETTINGS["no_face"]
    scene.garrick_inputs.consent = True
    yield from stage.picture("no-face", settle=12.0)
    scene.garrick_inputs.portrait = SETTINGS["portrait"]
    scene.garrick_inputs.audio = SETTINGS["no_voice"]
    yield 3.0
    yield from stage.click("garrick.perform")
    yield from stage.aside()
    yield from until(lambda: newest() and newest().state == "failed", 120, "a file without a voice to fail")
    yield from stage.picture("failed")
    scene.garrick_inputs.audio = SETTINGS["voice"]
    scene.garrick_inputs.shot_name = "first shot"
    clock.phase = "job"
    yield from stage.click("garrick.perform")
    yield from stage.aside()
    yield from until(
        lambda: newest().name == "first shot" and newest().state == "running" and newest().phase not in ("", "service"),
        60,
        "the job",
    )
    yield from stage.picture("working", settle=0.2)
    yield from until(lambda: newest().phase == "frames" and newest().done > 8, 200, "frames")
    yield from stage.picture("rendering", settle=0.3)
    yield from stage.picture("window-rendering", only="window", settle=0.1)
    yield from stage.show_only("Jobs")
    yield from stage.click("garrick.cancel_job")
    yield from until(lambda: newest().rests, 60, "the job's cancel")
    seen["Cancel"] = newest().state
    yield from stage.aside()
    yield from stage.picture("cancelled")
    yield from stage.click("garrick.take_up_job", 0.4)
    yield from until(lambda: newest().state == "running" or newest().run.imported, 60, "the job to go on")
    yield from stage.aside()
    yield from until(lambda: newest().rests, 400, "the job")
    clock.phase = "imported"
    seen["Resume"] = newest().state
    yield 3.0
    yield from stage.picture("imported")
    yield from show_shot(30)
    yield from stage.show_only()
    yield from stage.picture("window-imported", only="window", settle=3.0)


def losing_the_service() -> Steps:
    """The service dies under another job, is started again, and the job comes to its end."""
    clock.phase = "dead"
    scene = bpy.context.scene
    scene.garrick_inputs.shot_name, scene.garrick_inputs.audio = "second take", SETTINGS["short_voice"]
    scene.garrick_settings.seed = 2
    yield from stage.show_only("Backend", "Inputs", "Jobs")
    yield from stage.click("garrick.perform")
    yield from stage.aside()
    yield from until(lambda: newest().name == "second take" and newest().phase == "frames", 200, "frames")
    yield from stage.ask("kill")
    yield from until(lambda: light() == "off", 30, "the light to go out")
    yield from stage.picture("service-died")
    yield from stage.click("garrick.start_backend")
    yield from stage.aside()
    yield from until(lambda: newest().rests, 400, "the job")
    seen["Job after the service died"] = newest().state
    bpy.context.window_manager.garrick_job = 1
    yield from stage.show_only("Jobs")
    yield from stage.picture("history")
    for item in (item for item in bpy.data.collections if item.garrick.is_shot and item != shot()):
        for thing in list(item.all_objects):
            bpy.data.objects.remove(thing)
        bpy.data.collections.remove(item)


def show_shot(frame: int) -> Steps:
    """Look through the shot's camera."""
    space = stage.view3d().spaces.active
    space.region_3d.view_perspective = "CAMERA"
    bpy.context.scene.frame_set(frame)
    yield 3.0


def rerendering() -> Steps:
    """An artist's smile in an Action of their own, rendered again; then versions."""
    scene = bpy.context.scene
    shapes = shot().garrick.head.data.shape_keys
    for name in ("mouthSmileLeft", "mouthSmileRight"):
        for frame, value in ((24, 0.0), (30, 0.8), (36, 0.0)):
            shapes.key_blocks[name].value = value
            shapes.key_blocks[name].keyframe_insert("value", frame=frame)
    shapes.animation_data.action_extrapolation = "NOTHING"
    scene.frame_set(30)
    yield from stage.show_only("Re-render")
    yield from stage.picture("edited")
    clock.phase = "rerender"
    order = module("rerender.order")
    yield from stage.click("garrick.rerender")
    yield from stage.aside()
    yield from until(lambda: order.under_way(shot()) is not None, 60, "the re-render")
    yield from stage.picture("reading", settle=0.1)
    yield from until(tasks, 60, "the re-render's job")
    yield 1.0
    yield from stage.picture("rerendering", settle=0.1)
    yield from until(lambda: order.under_way(shot()) is None, 300, "the re-render's end")
    clock.phase = "rerendered"
    seen["Re-render"] = [version.name for version in shot().garrick.versions]
    yield 3.0
    yield from stage.picture("rerendered")
    yield from stage.show_only("Jobs", "Re-render")
    yield from stage.picture("window-rerendered", only="window", settle=2.0)
    yield from stage.click("garrick.compare_versions")
    yield 2.0
    seen["A/B"] = shot().garrick.versions[shot().garrick.active_version].name
    yield from stage.picture("first-version", only="window")


def shot() -> bpy.types.Collection:
    """The first that was imported."""
    return next(item for item in bpy.data.collections if item.garrick.is_shot and item.name.startswith("first"))


def tools() -> Steps:
    """Curves, frames in the scene, an own character, live."""
    yield from stage.show_only("Curves")
    yield from stage.picture("curves")
    yield from stage.show_only("Frames in the Scene")
    yield from stage.picture("frames")
    yield from stage.click("garrick.show_frames_everywhere")
    yield from stage.aside()
    yield 3.0
    yield from stage.picture("frames-everywhere")
    yield from stage.show_only("Live")
    yield from stage.picture("live")
    voice = bpy.path.abspath(SETTINGS["voice"])
    stage.call(bpy.ops.garrick.live_start, "INVOKE_DEFAULT", filepath=voice, source="FILE")
    clock.phase = "live"
    yield 5.0
    yield from stage.picture("live-running")
    yield from stage.picture("window-live", only="window", settle=0.1)
    yield from stage.click("garrick.live_stop")
    yield from until(lambda: not tasks(), 60, "the end of live")
    clock.phase = "character"
    yield from stage.show_only("Own Character")
    yield from stage.picture("character-nothing-chosen")
    character()
    yield from stage.picture("character")
    yield from stage.click("garrick.map_character", 0.3)
    yield 1.0
    yield from stage.picture("character-mapped")
    yield from stage.click("garrick.animate_character", 0.3)
    yield from show_shot(30)
    yield from stage.picture("character-animated", settle=3.0)
    yield from stage.picture("window-character", only="window")


def character() -> None:
    """A copy of the shot's head under names of its own, beside it, as somebody's character."""
    own = shot().garrick
    armature, head = own.armature.copy(), own.head.copy()
    armature.data, head.data = armature.data.copy(), head.data.copy()
    armature.name, head.name = "Ada Rig", "Ada"
    for item in (armature, head):
        item.animation_data_clear()
        bpy.context.scene.collection.objects.link(item)
    shapes = head.data.shape_keys
    shapes.animation_data_clear()
    for block in shapes.key_blocks[1:]:
        block.name = block.name.replace("Left", "_L").replace("Right", "_R")
        block.value = 0.0
    head.parent = armature
    for modifier in head.modifiers:  # one for the head, one for the body
        modifier.object = armature
    armature.location.x = 0.3
    for item in bpy.context.selected_objects:
        item.select_set(False)
    head.select_set(True)
    bpy.context.view_layer.objects.active = head


def other_places() -> Steps:
    """The service of another version; the preferences; the scene's tab of the properties."""
    clock.phase = "elsewhere"
    area = stage.view3d()
    area.ui_type = "PROPERTIES"
    yield 1.0
    area.spaces.active.context = "SCENE"
    yield from stage.show_only("Garrick", space="PROPERTIES")
    yield 1.0
    yield from stage.picture("window-properties", only="window")
    yield from stage.show_only(space="PROPERTIES")
    area.ui_type = "VIEW_3D"
    yield 1.0
    yield from stage.open_sidebar()
    yield from stage.ask("serve_other_version")
    preferences().data = SETTINGS["other_data"]
    yield from until(lambda: light() == "outdated", 30, "the other version")
    yield from stage.show_only("Backend", "Inputs")
    yield from stage.picture("outdated")
    preferences().data = SETTINGS["data"]
    preferences().connection = "ADDRESS"
    yield 3.0
    yield from stage.picture("address")
    preferences().connection = "LOCAL"
    preferences().checkout = SETTINGS["checkout"]
    stage.call(bpy.ops.garrick.open_preferences)
    yield 3.0
    yield from stage.picture("window-preferences", only="window", settle=3.0)


def drive() -> float | None:
    """The timer: one step of the tour."""
    try:
        return next(_steps)
    except StopIteration:
        status = "done"
    except Exception as error:  # the driver reports it
        traceback.print_exc()
        status = f"{type(error).__name__}: {error}"
    sys.setprofile(None)
    report = {"status": status, "blender": bpy.app.version_string, "clicks": seen, **clock.report()}
    (OUT / "tour.draft").write_text(json.dumps(report))
    (OUT / "tour.draft").rename(OUT / "tour.json")
    bpy.ops.wm.quit_blender()
    return None


_steps = tour()
bpy.app.timers.register(clock.pulse, first_interval=1.0, persistent=True)
bpy.app.timers.register(drive, first_interval=1.0, persistent=True)
