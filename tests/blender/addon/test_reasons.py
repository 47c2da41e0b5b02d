"""Every button of the add-on that is grey says why, and every tooltip says what is done, with units."""

from __future__ import annotations

import re

import bpy
import pytest

UNITS = re.compile(
    r"0\.\.|\b(frames?|seconds?|s|ms|minutes?|pixels?|px|degrees?|metres?|m|keys?|times|percent|Hz|dB|fps|number|lines|events|"
    r"index|port|strength|gain|weight|rows?)\b|1 (is|as|leaves|keeps|changes)|from the left",
    re.IGNORECASE,
)


@pytest.fixture
def operators(addon):
    """Class name -> idname of every operator."""
    names = [name for name in dir(bpy.types) if name.startswith("GARRICK_OT_")]
    assert len(names) > 40
    return {name: getattr(bpy.types, name).bl_idname for name in names}


def call(idname: str):
    module, _, name = idname.partition(".")
    return getattr(getattr(bpy.ops, module), name)


def check(operators) -> int:
    """Each operator that cannot be used here says why; how many those are."""
    grey = 0
    for name, idname in operators.items():
        if call(idname).poll():
            continue
        grey += 1
        with pytest.raises(RuntimeError) as raised:
            call(idname)()
        said = str(raised.value)
        assert "context is incorrect" not in said, f"{name} is grey and does not say why"
        reason = said.partition("poll()")[2].strip()
        assert reason, f"{name}: {said}"
    return grey


def test_in_an_empty_scene(operators):
    assert check(operators) > 10


def test_with_a_shot_in_edit_mode(operators, tiny_shot):
    bpy.ops.garrick.import_shot(filepath=str(tiny_shot()))
    armature = next(one for one in bpy.context.scene.objects if one.type == "ARMATURE")
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="POSE")
    try:
        assert check(operators) > 5
    finally:
        bpy.ops.object.mode_set(mode="OBJECT")


def test_in_a_linked_scene(operators, tiny_shot, tmp_path):
    bpy.ops.garrick.import_shot(filepath=str(tiny_shot()))
    bpy.context.scene.name = "Shared"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "library.blend"))
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    with bpy.data.libraries.load(str(tmp_path / "library.blend"), link=True) as (_, wanted):
        wanted.scenes = ["Shared"]
    shared = bpy.data.scenes["Shared"]
    with bpy.context.temp_override(scene=shared, view_layer=shared.view_layers[0]):
        assert check(operators) > 5


def test_every_operator_says_what_it_does(operators):
    for name, idname in operators.items():
        rna = call(idname).get_rna_type()
        assert len(rna.description) > 15, f"{name} has no tooltip"
        assert not rna.description.endswith("."), f"{name}: Blender adds the full stop"


def _numbers(rna):
    for one in rna.properties:
        if one.type in ("INT", "FLOAT") and not one.is_hidden and one.identifier not in ("rna_type",):
            yield one


def test_every_number_has_its_unit(operators):
    """In Blender's own way (a unit or a factor), or in the words of its tooltip."""
    groups = [getattr(bpy.types, name) for name in dir(bpy.types) if name.startswith("GARRICK_PG_")]
    without = []
    for rna in [call(idname).get_rna_type() for idname in operators.values()] + [group.bl_rna for group in groups]:
        for one in _numbers(rna):
            if one.name == one.identifier or not one.description:
                continue  # of the code's own use: it is never shown, see the recording layout
            told = one.unit != "NONE" or one.subtype in ("FACTOR", "PERCENTAGE", "TIME", "PIXEL")
            if not told and not UNITS.search(f"{one.name} {one.description}"):
                without.append(f"{rna.identifier}.{one.identifier}: {one.description}")
    assert without == []
