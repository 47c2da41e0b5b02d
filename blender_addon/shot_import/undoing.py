"""An import that fails or is stopped half-way leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, TypeVar

import bpy

from .. import version_adapter
from ..slices import Steps

T = TypeVar("T")

_KINDS = (
    "objects", "collections", "meshes", "armatures", "cameras", "lights", "materials", "images", "actions", "sounds",
    "worlds",
)  # fmt: skip
"""Collections of bpy.data that an import may add to, users before what they use."""


def all_or_nothing(steps: Steps[T]) -> Steps[T]:
    """The same steps; when they raise, or are stopped, the data-blocks that they have made so far are removed.

    What an artist makes between two steps stays: only what came into being during a step counts. Settings of the scene
    are not put back: they have to be changed in the last step.
    """
    made: list[bpy.types.ID] = []
    known: dict[str, set[int]] = {}
    active = bpy.context.view_layer.objects.active
    try:
        while True:
            _bring_up_to_date(known)
            try:
                told = next(steps)
            except StopIteration as end:
                return end.value
            finally:
                made += _bring_up_to_date(known)
            yield told
    except BaseException:
        steps.close()
        _remove(made)
        with suppress(ReferenceError, RuntimeError):  # deleted meanwhile, or in no view layer any more
            bpy.context.view_layer.objects.active = active
        raise


def _bring_up_to_date(known: dict[str, set[int]]) -> list[bpy.types.ID]:
    """Let `known` hold the session_uids of all data-blocks; those that are new. Cheap where their number is as before."""
    new = []
    for kind, blocks in _blocks():
        before = known.get(kind, set())
        if kind not in known or len(blocks) != len(before):
            known[kind] = {block.session_uid for block in blocks}
            new += [block for block in blocks if block.session_uid not in before]
    return new


def _blocks() -> Iterator[tuple[str, Any]]:
    return ((kind, getattr(bpy.data, kind)) for kind in _KINDS)


def _remove(made: list[bpy.types.ID]) -> None:
    there = []
    for block in made:
        with suppress(ReferenceError):  # deleted by the artist, or by an undo
            there.append((block.session_uid, block))
    uids = {uid for uid, _ in there}
    for scene in bpy.data.scenes:
        strips = version_adapter.sequencer_strips(scene)
        for strip in [item for item in strips if item.type == "SOUND" and item.sound is not None]:
            if strip.sound.session_uid in uids:
                strips.remove(strip)
    bpy.data.batch_remove([block for _, block in there])
