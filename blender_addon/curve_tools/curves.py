"""Which curves a tool acts on: of a shot's head and rig or of a character that plays one, in the Action or in the NLA."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import bpy
import numpy as np

from ..core.arkit import ARKIT_INDEX
from ..core.edits import mirrored_name
from ..rerender.parts import parts_of
from ..rerender.place import start_of
from ..shot_import.timeline import FIRST_FRAME, place_in
from ..version_adapter import curves_of_action

_SHAPE = re.compile(r'key_blocks\["(.+)"\]\.value')
_BONE = re.compile(r'pose\.bones\["(.+)"\]\.(location|rotation_quaternion|rotation_euler|scale)')

REGIONS = (
    ("SELECTED", "Selected Curves", "The curves that are selected in the Graph Editor"),
    ("ALL", "Everything", "All curves of the face, the head and the eyes"),
    ("FACE", "Face", "All shape keys of the face"),
    ("MOUTH", "Mouth and Jaw", "Jaw, lips, tongue and cheeks that puff"),
    ("EYES", "Eyelids", "Blinks, squints and the lids that follow the gaze"),
    ("BROWS", "Brows", "The brows"),
    ("NOSE", "Cheeks and Nose", "Cheeks that lift and the nose"),
    ("HEAD", "Head", "The bones that carry the head: turn and place"),
    ("GAZE", "Gaze", "The bones of the eyes"),
)
"""Items of an EnumProperty."""

_PREFIXES = {
    "MOUTH": ("jaw", "mouth", "tongue", "cheekPuff", "viseme"),
    "EYES": ("eye",),
    "BROWS": ("brow",),
    "NOSE": ("cheekSquint", "nose"),
}

_BODY = ("head_rotation", "gaze", "body_pose", "left_hand", "right_hand")


@dataclass(frozen=True)
class Clock:
    """Between the frames of an Action and the scene's: an NLA strip shifts and stretches them.

    scene = offset + scale * action. start: the scene's frame of the performance's frame 0.
    """

    scale: float = 1.0
    offset: float = 0.0
    start: float = FIRST_FRAME

    def scene_frame(self, frames: np.ndarray | float) -> np.ndarray:
        return self.offset + self.scale * np.asarray(frames, np.float64)

    def action_frame(self, frames: np.ndarray | float) -> np.ndarray:
        return (np.asarray(frames, np.float64) - self.offset) / self.scale

    def seconds(self, scene: bpy.types.Scene, frames: np.ndarray | float) -> np.ndarray:
        """Seconds of the performance at the Action's frames."""
        return place_in(scene, self.start).seconds_at(self.scene_frame(frames))

    def frames(self, scene: bpy.types.Scene, seconds: np.ndarray | float) -> np.ndarray:
        """The Action's frames at seconds of the performance."""
        return self.action_frame(place_in(scene, self.start).frame_at(seconds))


@dataclass(frozen=True)
class Follows:
    """What a face key or a bone follows of a performance.

    source: by Garrick's name: a face weight, a viseme, "jaw", "head_rotation", "gaze.left", ... gain: its value where that
    weight is 1. twin: the key or bone that does the same on the other side; itself where there is none.
    """

    source: str
    gain: float
    twin: str


@dataclass(frozen=True)
class Subject:
    """Whose curves the tools change.

    name: for sentences. blocks: the data-blocks with the curves. follows: what each face key and bone does; other curves of
    the blocks are none of the performance's. left: (3,) the subject's left in the rig's space. start: the scene's frame of
    the performance's frame 0. keeper: what remembers that the performance was retimed. shot: whose words it says, None
    where nobody knows.
    """

    name: str
    blocks: tuple[bpy.types.ID, ...]
    follows: Mapping[str, Follows]
    left: tuple[float, float, float]
    start: float
    keeper: bpy.types.ID
    shot: bpy.types.Collection | None


@dataclass(frozen=True)
class Channel:
    """The curves that move one thing: one for a shape key, the components of a bone's property.

    name: of the shape key or bone. kind: "shape", "location", "rotation_quaternion", "rotation_euler" or "scale".
    curves: by component, those that there are. strip: the NLA strip that plays them, None for the Action on top.
    follows: what the thing does. left: see Subject.
    """

    name: str
    kind: str
    block: bpy.types.ID
    curves: tuple[bpy.types.FCurve, ...]
    clock: Clock
    strip: bpy.types.NlaStrip | None
    follows: Follows
    left: tuple[float, float, float]


def subject_of_shot(shot: bpy.types.Collection) -> Subject:
    """A shot's own head and rig. Raises ValueError."""
    parts = parts_of(shot)
    shapes, bones = parts.head.data.shape_keys, parts.armature.data.bones
    follows = {}
    for bone in bones.keys():  # noqa: SIM118, a collection of Blender's
        eye = "eye" in bone.lower()
        source = f"gaze.{'left' if 'left' in bone.lower() else 'right'}" if eye else "head_rotation"
        follows[bone] = Follows(source, 1.0, _there(mirrored_name(bone), bones, bone))
    for key in shapes.key_blocks.keys():  # noqa: SIM118
        follows[key] = Follows(key, 1.0, _there(mirrored_name(key), shapes.key_blocks, key))
    return Subject(shot.name, (shapes, parts.armature), follows, (1.0, 0.0, 0.0), start_of(shot), shot, shot)


def channels_of(subject: Subject, region: str) -> list[Channel]:
    """What can be edited in a region of `REGIONS`; of several layers of the NLA, the topmost that has the curve.

    Locked curves and ones without keys are left out. Raises ValueError with a sentence for the user when nothing is
    left.
    """
    every = [channel for block in subject.blocks for channel in _channels(subject, block)]
    found = [channel for channel in every if _inside(channel, region)]
    if not found:
        what = next(label for key, label, _ in REGIONS if key == region).lower()
        raise ValueError(f"{subject.name} has no editable curves here ({what}).")
    return found


def shape_values(channels: list[Channel], frames: Callable[[Clock], np.ndarray], count: int) -> np.ndarray:
    """(count, 52) face weights at instants of the scene; shapes without curves keep what their slider says.

    frames: the instants on a channel's own clock.
    """
    face = np.zeros((count, len(ARKIT_INDEX)))
    blocks = next((channel.block.key_blocks for channel in channels if channel.kind == "shape"), None)
    for name, column in ARKIT_INDEX.items():
        if blocks is not None and name in blocks:
            face[:, column] = blocks[name].value
    for channel in channels:
        source, gain = channel.follows.source, channel.follows.gain
        if channel.kind == "shape" and source in ARKIT_INDEX:
            at = frames(channel.clock)
            face[:, ARKIT_INDEX[source]] = [channel.curves[0].evaluate(float(frame)) / gain for frame in at]
    return face


def sources(block: bpy.types.ID) -> Iterator[tuple[list[bpy.types.FCurve], Clock, bpy.types.NlaStrip | None]]:
    """The curves that play on a data-block, the topmost layer first. What a library owns or plays backwards is left out."""
    data = block.animation_data
    if data is None:
        return
    if data.action is not None and data.action.library is None:
        curves = curves_of_action(data.action, getattr(data, "action_slot", None))
        yield curves, _tweak_clock(data), _tweaked(data)
    for track in reversed(data.nla_tracks):
        for strip in track.strips:
            usable = strip.type == "CLIP" and strip.action is not None and strip.action.library is None
            if track.mute or strip.mute or strip.use_reverse or not usable or strip.action == data.action:
                continue
            clock = Clock(strip.scale, strip.frame_start - strip.scale * strip.action_frame_start)
            yield curves_of_action(strip.action, getattr(strip, "action_slot", None)), clock, strip


def fit_strips(channels: Iterable[Channel]) -> None:
    """Let NLA strips play all keys of the channels, after they have moved."""
    ends: dict[bpy.types.NlaStrip, list[float]] = {}
    clocks: dict[bpy.types.NlaStrip, Clock] = {}
    for channel in channels:
        if channel.strip is not None:
            clocks[channel.strip] = channel.clock
            for curve in channel.curves:
                ends.setdefault(channel.strip, []).extend(curve.range())
    for strip, frames in ends.items():
        start, end = min(frames), max(max(frames), min(frames) + 1)
        strip.action_frame_start, strip.action_frame_end = start, end
        strip.scale = clocks[strip].scale
        strip.frame_start_raw, strip.frame_end_raw = (float(clocks[strip].scene_frame(at)) for at in (start, end))


def _tweak_clock(data: bpy.types.AnimData) -> Clock:
    """An Action that is edited within its NLA strip plays on the strip's time."""
    if not data.use_tweak_mode:
        return Clock()
    start = data.nla_tweak_strip_time_to_scene(0.0)
    return Clock(data.nla_tweak_strip_time_to_scene(1.0) - start, start)


def _tweaked(data: bpy.types.AnimData) -> bpy.types.NlaStrip | None:
    """The strip whose Action is being edited."""
    if not data.use_tweak_mode:
        return None
    strips = (strip for track in data.nla_tracks for strip in track.strips)
    return next((strip for strip in strips if strip.active and strip.action == data.action), None)


def _there(name: str, among: Iterable[str], otherwise: str) -> str:
    return name if name in among else otherwise


def _channels(subject: Subject, block: bpy.types.ID) -> list[Channel]:
    held: dict[tuple[str, str], Channel] = {}
    for curves, played, strip in sources(block):
        clock = replace(played, start=subject.start)
        layer: dict[tuple[str, str], dict[int, bpy.types.FCurve]] = {}
        for curve in curves:
            thing = _thing(curve)
            if thing is not None and thing[0] in subject.follows and len(curve.keyframe_points) and not curve.lock:
                layer.setdefault(thing, {})[curve.array_index] = curve
        for thing, components in layer.items():
            ordered = tuple(components[index] for index in sorted(components))
            follows = subject.follows[thing[0]]
            held.setdefault(thing, Channel(*thing, block, ordered, clock, strip, follows, subject.left))
    return list(held.values())


def _thing(curve: bpy.types.FCurve) -> tuple[str, str] | None:
    """Name and kind of what a curve moves; None for what no tool edits."""
    shape = _SHAPE.fullmatch(curve.data_path)
    if shape:
        return shape[1], "shape"
    bone = _BONE.fullmatch(curve.data_path)
    return (bone[1], bone[2]) if bone else None


def _inside(channel: Channel, region: str) -> bool:
    if region == "SELECTED":
        return any(curve.select and not curve.hide for curve in channel.curves)
    if region == "ALL":
        return True
    source = channel.follows.source
    array = source.partition(".")[0]
    if region in ("HEAD", "GAZE"):
        return array == {"HEAD": "head_rotation", "GAZE": "gaze"}[region]
    face = array not in _BODY
    return face and (region == "FACE" or source.startswith(_PREFIXES[region]))
