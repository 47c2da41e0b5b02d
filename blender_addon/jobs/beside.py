"""What operators have in common whose work runs beside the window."""

from __future__ import annotations

from typing import Any

import bpy

from .. import tasks
from ..answers import ServiceError
from ..backend_link import link

_FAILURES = (ServiceError, tasks.Cancelled, ValueError, OSError)


class Beside:
    """An operator whose work runs beside the window: `invoke` starts it, `execute` waits for it.

    begin: starts its tasks by `start`, which is `tasks.start` or `tasks.run`; what it raises is reported.
    """

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return self._go(context, tasks.start)

    def execute(self, context: bpy.types.Context) -> set[str]:
        return self._go(context, tasks.run)

    def begin(self, context: bpy.types.Context, start: Any) -> None:
        raise NotImplementedError

    def _go(self, context: bpy.types.Context, start: Any) -> set[str]:
        try:
            link.settings()  # read here, where Blender's data may be read
            self.begin(context, start)
        except _FAILURES as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}
