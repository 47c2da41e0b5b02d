"""A first shot from beginning to end, as docs/first_shot.md tells it, by a script in any supported Blender.

    blender -b -P docs/first_shot/first_shot.py -- --out out/first_shot
    python docs/first_shot/first_shot.py --out out/first_shot           # a Python that has bpy

Installs the extension into a Blender profile of its own, has a service make the sample shot, imports it, keys a smile,
renders again what that changed, sets the person into a small scene, writes motion files and takes the extension away.
Each step is checked, and a promise that is not kept ends the script with a sentence and status 1. Needs a checkout that
has been set up (`python3 bootstrap.py setup`); your own Blender settings are neither read nor written.

`--out` gets facts.json, the pictures of the tutorial, the scene and the motion files.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import importlib
import json
import os
import subprocess
import sys
import time
import wave
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SAMPLE = ROOT / "assets" / "sample"
MODULE = "bl_ext.user_default.garrick"
SMILE = ("mouthSmileLeft", "mouthSmileRight")
TOLERANCE = 1e-5  # of face weights, entries of rotations, metres


def main() -> int:
    """Run the story, in a process whose Blender profile is new and empty."""
    options = read_options()
    profile = options.out / "profile"
    if os.environ.get("BLENDER_USER_RESOURCES") != str(profile):
        return again_with(profile)
    sys.path[:0] = [str(HERE), str(ROOT)]
    facts = tell(options, profile)
    (options.out / "facts.json").write_text(json.dumps(facts, indent=1))
    print(json.dumps(facts))
    return 0


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=lambda path: Path(path).resolve(), required=True, help="new folder for all of it")
    parser.add_argument("--seconds", type=float, default=4.0, help="of the sample voice")
    parser.add_argument("--size", type=int, default=512, help="pixels, width and height")
    parser.add_argument("--fps", default="25", help="frames a second")
    parser.add_argument("--samples", type=int, default=48, help="Cycles' samples per pixel")
    parser.add_argument("--service", type=Path, help="data folder of a service that runs; else one is started")
    arguments = sys.argv[1:] if "bpy" not in sys.modules else [*sys.argv, "--"][[*sys.argv, "--"].index("--") + 1 : -1]
    return parser.parse_args(arguments)


def again_with(profile: Path) -> int:
    """The same script in the same Blender with that profile; its exit status."""
    if profile.parent.is_dir() and any(profile.parent.iterdir()):
        print(f"{profile.parent} is not empty.", file=sys.stderr)
        return 2
    profile.mkdir(parents=True)
    environment = os.environ | {"BLENDER_USER_RESOURCES": str(profile)}
    if "bpy" in sys.modules:
        import bpy

        script = ["--factory-startup", "-b", "--python-exit-code", "1", "-P", __file__]
        return subprocess.run(
            [bpy.app.binary_path, *script, *sys.argv[sys.argv.index("--") :]], env=environment
        ).returncode
    return subprocess.run([sys.executable, *sys.argv], env=environment).returncode


def tell(options: argparse.Namespace, profile: Path) -> dict[str, Any]:
    """The story; what was seen on the way, for facts.json."""
    import bpy
    from footprint import files_under, footprint, functions_of, on_timers

    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    importlib.import_module("bl_pkg")  # Blender's own side of extensions, which would else come with the first one
    facts: dict[str, Any] = {"blender": bpy.app.version_string, "sound": bool(bpy.app.build_options.audaspace)}
    clock = Clock()
    before, files_before = footprint(), files_under(profile)

    install(options.out)
    facts["added"] = {kind: len(names - before[kind]) for kind, names in footprint().items()}
    functions = functions_of(MODULE)
    clock.lap("install")
    connect(options)
    clock.lap("connect")
    shot = perform(options)
    clock.lap("perform")
    facts |= compare_curves(shot)
    clock.lap("compare")
    facts |= smile_and_rerender(shot, options.out)
    clock.lap("re-render")
    facts |= into_a_scene(shot, options)
    clock.lap("pictures")
    facts |= export(shot, options.out)
    bpy.ops.wm.save_mainfile()
    if options.service is None:
        expect(bpy.ops.garrick.stop_backend() == {"FINISHED"}, "The service did not stop.")
    clock.lap("export")

    uninstall()
    after = footprint()
    left = {kind: sorted(names - before[kind]) for kind, names in after.items()}
    left["timers"] = sorted(on_timers(functions))
    left["files"] = sorted(files_under(profile) - files_before)
    facts["left"] = {kind: names for kind, names in left.items() if names}
    expect(not facts["left"], f"The extension left something behind: {facts['left']}")
    facts["plays without"] = still_plays()
    clock.lap("uninstall")
    return facts | {"seconds": clock.laps}


def install(out: Path) -> None:
    """Edit > Preferences > Get Extensions > Install from Disk."""
    import bpy

    from blender_addon.build import build

    archive = build(out / "garrick.zip")
    bpy.ops.extensions.package_install_files(
        repo="user_default", filepath=str(archive), enable_on_install=True, overwrite=True
    )
    # The operator says FINISHED even when it has failed.
    expect(MODULE in bpy.context.preferences.addons, "The extension was not installed.")


def connect(options: argparse.Namespace) -> None:
    """Say in the extension's preferences where Garrick lies, and start its service unless one is given."""
    import bpy

    preferences = bpy.context.preferences.addons[MODULE].preferences
    preferences.checkout = str(ROOT)
    preferences.data = str((options.service or options.out / "service").resolve())
    if options.service is None:
        expect(bpy.ops.garrick.start_backend() == {"FINISHED"}, "The service did not start.")
    bpy.ops.garrick.refresh_jobs()


def perform(options: argparse.Namespace) -> Any:
    """Portrait and voice in, a shot in the scene out."""
    import bpy

    scene, voice = bpy.context.scene, options.out / "voice.wav"
    cut(SAMPLE / "voice.wav", voice, options.seconds)
    bpy.ops.wm.save_as_mainfile(filepath=str(options.out / "first_shot.blend"))  # shots lie beside the file
    inputs, settings = scene.garrick_inputs, scene.garrick_settings
    inputs.portrait, inputs.audio = str(SAMPLE / "portrait.png"), str(voice)
    inputs.consent = True  # the person of the sample was made up for it
    inputs.shot_name = "hello"
    settings.size, settings.fps, settings.passes = (options.size, options.size), options.fps, True
    expect(bpy.ops.garrick.perform() == {"FINISHED"}, "The job failed.")
    shots = [item for item in bpy.data.collections if item.garrick.is_shot]
    expect(len(shots) == 1, f"The scene holds {len(shots)} shots, not one.")
    return shots[0]


def compare_curves(shot: Any) -> dict[str, Any]:
    """What Blender plays against the performance that the service wrote: face, head and eyes in every frame."""
    import bpy
    import numpy as np

    folder = Path(bpy.path.abspath(shot.garrick.folder))
    performance, rig = np.load(folder / "performance.npz"), np.load(folder / "rig.npz")
    names = importlib.import_module(f"{MODULE}.core.arkit").ARKIT_NAMES
    frames = len(performance["face"])
    error = {"face": 0.0, "turn": 0.0, "place": 0.0}
    for frame in range(frames):
        face, turns, place = played(shot, rig, names, frame)
        error["face"] = max(error["face"], np.abs(face - performance["face"][frame]).max())
        error["place"] = max(error["place"], np.abs(place - performance["head_translation"][frame]).max())
        for channel, turn in turns.items():
            error["turn"] = max(error["turn"], np.abs(turn - wanted_turn(performance, channel, frame)).max())
    largest = {name: float(value) for name, value in error.items()}
    expect(max(largest.values()) <= TOLERANCE, f"Blender plays something else than the performance: {largest}")
    expect(np.ptp(performance["face"], axis=0).max() > 0.1, "The performance does not move.")
    return {"frames": frames, "curve error": largest}


def played(shot: Any, rig: Any, names: tuple[str, ...], frame: int) -> tuple[Any, dict[str, Any], Any]:
    """(52,) face, channel -> (3, 3) turn, (3,) place of the head in a frame; Garrick's space: Y up, Z out of the face."""
    import bpy
    import numpy as np

    to_blender = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])
    scene = bpy.context.scene
    scene.frame_set(scene.frame_start + frame)
    graph = bpy.context.evaluated_depsgraph_get()
    keys = shot.garrick.head.data.shape_keys.evaluated_get(graph).key_blocks
    bones = shot.garrick.armature.evaluated_get(graph).pose.bones
    turns, place = {}, None
    for joint, channel, parent in zip(rig["joint_names"], rig["joint_channels"], rig["joint_parents"], strict=True):
        bone = bones[str(joint)]
        rest, own = np.array(bone.bone.matrix_local.to_3x3()), np.array(bone.matrix_basis.to_3x3())
        if channel:
            turns[str(channel)] = to_blender.T @ rest @ own @ rest.T @ to_blender
        if parent < 0:
            place = to_blender.T @ rest @ np.array(bone.location)
    return np.array([keys[name].value for name in names]), turns, place


def wanted_turn(performance: Any, channel: str, frame: int) -> Any:
    """(3, 3) the turn of a channel, straight from its definition."""
    from mathutils import Matrix, Vector

    array, _, part = channel.partition(".")
    if array != "gaze":
        turns = performance[array][frame]
        if array == "body_pose":
            turns = turns[importlib.import_module(f"{MODULE}.core.performance").BODY_JOINTS.index(part)]
        axis_angle = Vector(turns[int(part)] if part.isdigit() else turns)
        return Matrix.Rotation(axis_angle.length, 3, axis_angle) if axis_angle.length else Matrix.Identity(3)
    yaw, pitch = performance["gaze"][frame, 0 if channel == "gaze.left" else 1].tolist()
    return Matrix.Rotation(yaw, 3, "Y") @ Matrix.Rotation(-pitch, 3, "X")


def smile_and_rerender(shot: Any, out: Path) -> dict[str, Any]:
    """Key a smile over a part of the shot; only that part may be rendered again."""
    import bpy
    from little_scene import read_picture, write_picture

    folder, scene = Path(bpy.path.abspath(shot.garrick.folder)), bpy.context.scene
    frames = shot.garrick.versions[0].last + 1
    first, middle, last = frames // 4, frames // 2, 3 * frames // 4
    keys = shot.garrick.head.data.shape_keys
    values = {}
    for frame in (first, last):  # there the smile stays as it is
        scene.frame_set(scene.frame_start + frame)
        values |= {(frame, name): keys.key_blocks[name].value for name in SMILE}
    values |= {(middle, name): 0.9 for name in SMILE}
    for (frame, name), value in values.items():
        keys.key_blocks[name].value = value
        keys.key_blocks[name].keyframe_insert("value", frame=scene.frame_start + frame)
    keys.animation_data.action_extrapolation = "NOTHING"  # outside of its keys the smile leaves the shot alone
    expect(bpy.ops.garrick.rerender() == {"FINISHED"}, "Re-render failed.")

    version = shot.garrick.versions[shot.garrick.active_version]
    after = Path(bpy.path.abspath(version.folder)).parent
    changed: dict[str, list[int]] = {}
    for kind in ("frames", "exr"):
        old, new = digests(folder / kind), digests(after / kind)
        expect(old.keys() == new.keys() and len(new) == frames, f"The new version lacks some of its {kind}.")
        changed[kind] = [number for number, name in enumerate(sorted(new)) if old[name] != new[name]]
        wanted = list(range(first + 1, last))
        expect(changed[kind] == wanted, f"Of {kind} {changed[kind]} were rendered again, not {wanted}.")
    one, two = (read_picture(place / "frames" / f"frame_{middle:06d}.png") for place in (folder, after))
    import numpy as np

    write_picture(out / "smile.png", np.hstack([one, two]))
    lower = slice(len(one) // 2, None)  # the mouth is there, whoever the person is
    expect(np.abs(one - two)[lower].max() > 0.1, "The smile cannot be seen.")
    return {"keyed": [first, last], "rendered again": [changed["frames"][0], changed["frames"][-1]], "of": frames}


def into_a_scene(shot: Any, options: argparse.Namespace) -> dict[str, Any]:
    """The 3D head alone, then the person over a small scene, hidden by what is nearer and hiding what is farther."""
    import bpy
    import little_scene
    import numpy as np

    scene = bpy.context.scene
    frame = scene.frame_start + shot.garrick.versions[0].last // 2
    hidden = shot.children[0]
    hidden.hide_render = True
    head = little_scene.render(scene, frame, options.out / "head.png", options.samples)
    hidden.hide_render = False

    things = little_scene.build(scene, shot.garrick.armature)
    bpy.context.view_layer.objects.active = shot.garrick.head
    expect(bpy.ops.garrick.show_frames_everywhere() == {"FINISHED"}, "The frames could not be shown.")
    picture = little_scene.render(scene, frame, options.out / "composited.png", options.samples)
    person = little_scene.read_picture(
        Path(bpy.path.abspath(shot.garrick.versions[shot.garrick.active_version].folder))
        / f"frame_{frame - scene.frame_start:06d}.png"
    )
    front, back = little_scene.front_and_back(things["ring"])
    at = {
        name: [little_scene.color_at(image, scene, point) for image in (picture, person)]
        for name, point in (("front", front), ("back", back))
    }
    apart = {name: float(np.abs(one - other).max()) for name, (one, other) in at.items()}
    expect(apart["front"] > 0.1, "The ring does not lie before the face.")
    expect(apart["back"] < 0.04, "The person does not hide the ring behind them.")
    return {"covered": apart["front"], "covering": apart["back"], "head": float(head.std())}


def export(shot: Any, out: Path) -> dict[str, Any]:
    """The performance as it plays now, the smile in it, for other programs."""
    import bpy
    import numpy as np

    frames = shot.garrick.versions[0].last + 1
    names = {"live-link": "hello.csv", "smplx": "hello.npz", "bvh": "hello.bvh"}
    for form, name in names.items():
        done = bpy.ops.garrick.export_motion(filepath=str(out / name), format=form)
        expect(done == {"FINISHED"}, f"{name} was not written.")
    with (out / "hello.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    smile = max(float(row["MouthSmileLeft"]) for row in table)
    expect(len(table) == frames, f"The CSV has {len(table)} frames, not {frames}.")
    expect(abs(smile - 0.9) < 1e-3, f"The smile in the CSV is {smile}, not 0.9.")
    poses = np.load(out / "hello.npz")["poses"]
    expect(len(poses) == frames, f"The NPZ has {len(poses)} frames, not {frames}.")
    bvh = (out / "hello.bvh").read_text()
    expect(f"Frames: {frames}" in bvh, "The BVH has another number of frames.")
    return {"exported": {name: (out / name).stat().st_size for name in names.values()}}


def uninstall() -> None:
    """Edit > Preferences > Add-ons: switch it off, then uninstall it."""
    import addon_utils
    import bpy

    addon_utils.disable(MODULE, default_set=True)
    repositories = bpy.context.preferences.extensions.repos
    index = next(index for index, item in enumerate(repositories) if item.module == "user_default")
    bpy.ops.extensions.package_uninstall(repo_index=index, pkg_id="garrick")


def still_plays() -> bool:
    """The saved shot is the artist's: it opens and moves in a Blender without the extension."""
    import bpy

    bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)
    keys = next(item for item in bpy.data.objects if item.name.endswith(" head")).data.shape_keys.key_blocks
    shown = []
    for frame in range(bpy.context.scene.frame_start, bpy.context.scene.frame_end + 1):
        bpy.context.scene.frame_set(frame)
        shown.append(keys["jawOpen"].value)
    expect(max(shown) - min(shown) > 0.05, "Without the extension the shot does not move.")
    return True


class Clock:
    """How long each part of the story took, in seconds."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.monotonic()

    def lap(self, name: str) -> None:
        now = time.monotonic()
        self.laps[name], self._last = round(now - self._last, 2), now
        print(f"{name}: {self.laps[name]} s", flush=True)


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def cut(source: Path, target: Path, seconds: float) -> None:
    """The first seconds of a sound."""
    with wave.open(str(source)) as whole, wave.open(str(target), "wb") as part:
        part.setparams(whole.getparams())
        part.writeframes(whole.readframes(round(seconds * whole.getframerate())))


def expect(kept: bool, sentence: str) -> None:
    """Raise AssertionError with a sentence when a promise is not kept."""
    if not kept:
        raise AssertionError(sentence)


if __name__ == "__main__":
    status = main()
    if "bpy" in sys.modules and not sys.modules["bpy"].app.binary_path:
        sys.stdout.flush()
        os._exit(status)  # Blender 4.2 as a Python module crashes in its own way out once an extension was taken away
    sys.exit(status)
