"""One re-render from the press of its button to the new version: read on the main thread, rendered in another, shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import bpy
from bpy.app.translations import pgettext_iface as _

from .. import tasks
from . import slices
from .changes import spoken
from .order import wanted_of
from .parts import by_uid
from .read_curves import Read, sample_shot
from .work import Order, Rendered

Work = Callable[[Order, Read, tasks.Handle], Rendered]
"""What a thread does with what was read."""

Done = Callable[[bpy.types.Collection, bpy.types.Scene, Rendered], None]
"""What becomes of a new version in the scene, on the main thread."""


@dataclass(frozen=True)
class Launch:
    """One re-render. title: for people, and of the undo step. shot, scene: session_uids, which outlive undo and renaming."""

    title: str
    shot: int
    scene: int
    order: Order
    work: Work
    done: Done

    def start(self) -> None:
        """Begin and return at once: the reading in slices, then the work beside the window. Raises ValueError."""
        self._note("")
        slices.start(slices.Slices(self.title, self.shot, sample_shot(self._wanted()), self._has_read, self._failed))

    def run(self) -> Rendered:
        """Do all of it now, as one undo step. Raises what reading, work and showing raise."""
        rendered = tasks.run(self._task(slices.run(sample_shot(self._wanted()))))
        bpy.ops.ed.undo_push(message=self.title)
        return rendered

    def _wanted(self) -> Any:
        return wanted_of(self._shot(), by_uid(bpy.data.scenes, self.scene), self.order.last)

    def _shot(self) -> bpy.types.Collection:
        return by_uid(bpy.data.collections, self.shot)

    def _has_read(self, assemble: Callable[[], Read]) -> None:
        tasks.start(self._task(assemble))

    def _task(self, assemble: Callable[[], Read]) -> tasks.Task[Rendered]:
        notes: list[str] = []

        def work(handle: tasks.Handle) -> Rendered:
            read = assemble()
            notes.extend(read.notes)
            return self.work(self.order, read, handle)

        def done(rendered: Rendered) -> None:
            shot = self._shot()
            if rendered.folder is not None:
                self.done(shot, by_uid(bpy.data.scenes, self.scene), rendered)
            shot.garrick_rerender.note = " ".join([_told(rendered), *notes])

        title = f"{self.title}: {self.order.name}"
        task = tasks.Task(title, work, done, self._failed, self.title)
        task.owner = self.shot  # type: ignore[attr-defined]  # whose panel shows it
        return task

    def _failed(self, error: Exception) -> None:
        self._note(str(error))

    def _note(self, text: str) -> None:
        """Tell the panel of the shot, where that is still there."""
        for shot in bpy.data.collections:
            if shot.session_uid == self.shot:
                shot.garrick_rerender.note = text


def _told(rendered: Rendered) -> str:
    if rendered.folder is None:
        return _("Nothing has changed since this version.")
    count = sum(last - first + 1 for first, last in rendered.ranges)
    return _("Rendered {count} of {all} frames: {ranges}.").format(
        count=count, all=rendered.last - rendered.first + 1, ranges=spoken(rendered.ranges)
    )
