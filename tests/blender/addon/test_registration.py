"""The add-on switched on and off."""

from __future__ import annotations

import bpy
import pytest

import blender_addon
from blender_addon import registration


def _classes() -> set[str]:
    return {name for name in dir(bpy.types) if name.startswith("GARRICK")}


def test_it_leaves_nothing_behind():
    blender_addon.register()
    assert _classes()
    assert hasattr(bpy.types.Collection, "garrick")
    blender_addon.unregister()
    assert _classes() == set()
    assert not [owner for owner in (bpy.types.Scene, bpy.types.Collection, bpy.types.WindowManager)
                for name in dir(owner) if "garrick" in name]  # fmt: skip


def test_it_can_be_switched_on_again():
    for _ in range(2):
        blender_addon.register()
        assert hasattr(bpy.ops.garrick, "import_shot")
        blender_addon.unregister()


def test_one_that_fails_takes_the_others_back(monkeypatch):
    def fail():
        raise RuntimeError("no")

    import blender_addon.shot_import.ops as last

    monkeypatch.setattr(last, "register", fail)
    with pytest.raises(RuntimeError, match="no"):
        registration.register()
    assert _classes() == set()
