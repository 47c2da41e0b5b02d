"""What a performance needs of a rig besides the turns of its controls: switches between FK and IK and what controls follow,
and other controls at rest that would add to its own. `presets.rigify` says which.

All of it is keyed with the performance. What nothing moved before is keyed as it was, too, in a track below the
performance's: a muted track gives no value back by itself, and arms would stay in FK, and fingers in a fist.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import bpy
import numpy as np

from .. import version_adapter
from ..shot_import.animation import Keying
from .presets import rigify

_RESTS = {
    "location": (0.0, 0.0, 0.0), "scale": (1.0, 1.0, 1.0), "rotation_quaternion": (1.0, 0.0, 0.0, 0.0),
    "rotation_axis_angle": (0.0, 0.0, 1.0, 0.0), "rotation_euler": (0.0, 0.0, 0.0),
}  # fmt: skip
_MODES = {"QUATERNION": "rotation_quaternion", "AXIS_ANGLE": "rotation_axis_angle"}
_SAME = 1e-6


@dataclass(frozen=True)
class Setting:
    """A property of a control that has one value through a whole performance.

    target: the control for whose sake. bone: whose property. name: of the property. custom: whether it is a custom one.
    wanted, before: (C,) the value that the performance needs, and the one that it has.
    """

    target: str
    bone: str
    name: str
    custom: bool
    wanted: tuple[float, ...]
    before: tuple[float, ...]

    def path(self, armature: bpy.types.Object) -> str:
        """The data path from the armature."""
        own = armature.pose.bones[self.bone].path_from_id()
        return f'{own}["{self.name}"]' if self.custom else f"{own}.{self.name}"


def settings_for(armature: bpy.types.Object, targets: Collection[str]) -> list[Setting]:
    """What controls that a performance turns need, each once; nothing of a control at rest that nothing moves."""
    moved = _moved_paths(armature)
    rests = [item for item in _rests(armature, targets) if item.path(armature) in moved or not _is_at_rest(item)]
    found: dict[tuple[str, str], Setting] = {}
    for setting in (*_switches(armature, targets), *rests):
        found.setdefault((setting.bone, setting.name), setting)
    return list(found.values())


def key_settings(
    keys: Keying, armature: bpy.types.Object, settings: Collection[Setting], groups: Mapping[str, str]
) -> None:
    """Key settings at a performance's first frame. groups: target -> the name of its curves' group."""
    for setting in settings:
        _key(keys.clip, armature, setting, setting.wanted, keys.frames[0], groups)


def keep_before(
    armature: bpy.types.Object, settings: Collection[Setting], groups: Mapping[str, str], frame: float, name: str
) -> bool:
    """Lay a track of that name that holds, at every frame, what settings were that nothing moves; False without any.

    To be called before the performance's own track is laid above it.
    """
    moved, clip = _moved_paths(armature), version_adapter.Clip(name)
    loose = [setting for setting in settings if setting.path(armature) not in moved]
    for setting in loose:
        _key(clip, armature, setting, setting.before, frame, groups)
    for strip in clip.lay_down().values():
        strip.extrapolation = "HOLD"
    return bool(loose)


def poses(armature: bpy.types.Object, properties: Collection[tuple[str, str]]) -> list[Setting]:
    """What bones that a performance moves have now. properties: bones with the names of what of theirs it moves."""
    return [
        Setting(bone, bone, name, False, (), tuple(getattr(armature.pose.bones[bone], name)))
        for bone, name in properties
    ]


def set_values(armature: bpy.types.Object, settings: Collection[Setting]) -> None:
    """Give settings the values that a performance needs, without keys."""
    for setting in settings:
        bone = armature.pose.bones[setting.bone]
        if setting.custom:
            bone[setting.name] = type(bone[setting.name])(setting.wanted[0])
        else:
            setattr(bone, setting.name, setting.wanted)
    armature.update_tag()  # a custom property does not ask for it by itself


def switch_values(armature: bpy.types.Object) -> dict[str, dict[str, float]]:
    """Bone -> its switches' values, for `restore_switches`."""
    found: dict[str, dict[str, float]] = {}
    for setting in _switches(armature, rigify.SWITCHES):
        found.setdefault(setting.bone, {})[setting.name] = setting.before[0]
    return found


def restore_switches(armature: bpy.types.Object, values: dict[str, dict[str, float]]) -> None:
    """Put back what `switch_values` found."""
    for name, switches in values.items():
        bone = armature.pose.bones.get(name)
        for switch, value in switches.items():
            if bone is not None and switch in bone:
                bone[switch] = type(bone[switch])(value)
    armature.update_tag()


def _switches(armature: bpy.types.Object, targets: Collection[str]) -> Iterator[Setting]:
    for target in targets:
        for name, switch, value in rigify.SWITCHES.get(target, ()):
            bone = armature.pose.bones.get(name)
            if bone is not None and switch in bone:
                yield Setting(target, name, switch, True, (value,), (float(bone[switch]),))


def _rests(armature: bpy.types.Object, targets: Collection[str]) -> Iterator[Setting]:
    for target in targets:
        for name in rigify.FINGER_MASTERS.get(target, ()):
            bone = armature.pose.bones.get(name)
            if bone is None:
                continue
            for part in ("location", _MODES.get(bone.rotation_mode, "rotation_euler"), "scale"):
                yield Setting(target, name, part, False, _RESTS[part], tuple(getattr(bone, part)))


def _is_at_rest(setting: Setting) -> bool:
    return bool(np.allclose(setting.before, setting.wanted, atol=_SAME))


def _moved_paths(armature: bpy.types.Object) -> set[str]:
    """Data paths that an Action or an NLA strip moves, those of muted tracks too."""
    data = armature.animation_data
    strips = [] if data is None else [strip for track in data.nla_tracks for strip in track.strips]
    paths = set()
    for source in ([data] if data is not None else []) + [strip for strip in strips if strip.type == "CLIP"]:
        curves = version_adapter.curves_of_action(source.action, getattr(source, "action_slot", None))
        paths |= {curve.data_path for curve in curves}
    return paths


def _key(
    clip: version_adapter.Clip, armature: bpy.types.Object, setting: Setting, values: tuple[float, ...], frame: float,
    groups: Mapping[str, str],
) -> None:  # fmt: skip
    for index, value in enumerate(values):
        version_adapter.write_curve(
            clip.curves_of(armature), setting.path(armature), index, np.array([frame]), np.array([value]),
            groups[setting.target], version_adapter.CONSTANT,
        )  # fmt: skip
