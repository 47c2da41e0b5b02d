"""The words of a scene's next job: those to be spoken, or those that a recording says."""

from __future__ import annotations

import bpy


def spoken_text(scene: bpy.types.Scene) -> str:
    """The text to be spoken: what is typed, or what is selected in the text block, or all of it."""
    inputs = scene.garrick_inputs
    if inputs.voice == "TEXT":
        return inputs.text.strip()
    if inputs.text_block is None:
        return ""
    return (inputs.text_block.region_as_string() or inputs.text_block.as_string()).strip()


def words_said(scene: bpy.types.Scene) -> str:
    """What the chosen recording says, as far as the user has told; "" without a recording."""
    given = scene.garrick_inputs
    if given.voice not in ("FILE", "STRIP"):
        return ""
    return (given.said if given.said_block is None else given.said_block.as_string()).strip()
