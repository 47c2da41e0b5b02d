"""One re-render from the press of its button to the new version: read on the main thread, rendered in another, shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import bpy
from bpy.app.translations import pgettext_iface as _

from .. import tasks
from ..slices import Steps, through
from .changes import spoken
from .order import wanted_of
from .parts import by_uid
from .read_curves import Read, sample_shot
from .work import Order, Rendered

Work = Callable[[Order, Read, tasks.Handle], Rendered]
"""What a thread does with what was read."""

Done = Callable[[bpy.types.Collection, bpy.types.Scene, Rendered], Steps[None]]
"""What becomes of a new version in the scene, on the main thread, in steps."""


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
        """Begin and return at once: reading and showing in slices, the work beside the window. Raises ValueError."""
        self._note("")
        tasks.start(self._task())

    def run(self) -> Rendered:
        """Do all of it now, as one undo step. Raises what reading, work and showing raise."""
        return tasks.run(self._task())

    def _task(self) -> tasks.Task[Rendered]:
        sampled: list[Callable[[], Read]] = []
        notes: list[str] = []
        wanted = wanted_of(self._shot(), by_uid(bpy.data.scenes, self.scene), self.order.last)

        def first() -> Steps[None]:
            sampled.append((yield from sample_shot(wanted)))

        def work(handle: tasks.Handle) -> Rendered:
            read = sampled[0]()
            notes.extend(read.notes)
            return self.work(self.order, read, handle)

        def done(rendered: Rendered) -> Steps[None]:
            shot = self._shot()
            if rendered.version is not None:
                yield from through(self.done(shot, by_uid(bpy.data.scenes, self.scene), rendered))
            shot.garrick_rerender.note = " ".join([_told(rendered), *notes])

        title = f"{self.title}: {self.order.name}"
        return tasks.Task(title, work, done, self._failed, self.title, self.shot, first())

    def _shot(self) -> bpy.types.Collection:
        return by_uid(bpy.data.collections, self.shot)

    def _failed(self, error: Exception) -> None:
        self._note(str(error))

    def _note(self, text: str) -> None:
        """Tell the panel of the shot, where that is still there."""
        for shot in bpy.data.collections:
            if shot.session_uid == self.shot:
                shot.garrick_rerender.note = text


def _told(rendered: Rendered) -> str:
    if rendered.version is None:
        return _("Nothing has changed since this version.")
    count = sum(last - first + 1 for first, last in rendered.ranges)
    return _("Rendered {count} of {all} frames: {ranges}.").format(
        count=count, all=rendered.last - rendered.first + 1, ranges=spoken(rendered.ranges)
    )
