"""What the tour needs of Blender's window: pictures of it, real clicks in it, and how long its thread was ever away.

The tour runs in Blender and asks the driver (take.py) for what only the outside can do: it writes `request.json` and waits
until that is gone.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bpy

PULSE = 0.01  # seconds between two looks at the clock
_SCAN = 17  # pixels; the lowest button is 20 high
_TABS = 27  # pixels of the tabs' column at the sidebar's right
Steps = Iterator[float]
"""A piece of the tour: yields the seconds to wait before it goes on."""


class Clock:
    """How long the main thread was away, and in the add-on's own Python, by phase of the tour.

    By the wall and by the processor's time of the thread: on a busy machine only the second says something of the add-on.
    """

    def __init__(self) -> None:
        self.phase = "start"
        self._gaps: dict[str, list[float]] = {}
        self._own: dict[str, list[tuple[float, float, str]]] = {}
        self._entered: dict[int, tuple[float, float]] = {}
        self._last = time.perf_counter()

    def pulse(self) -> float:
        """The timer: the time since it was last called, less the time it asked for."""
        now = time.perf_counter()
        self._gaps.setdefault(self.phase, []).append(now - self._last - PULSE)
        self._last = now
        return PULSE

    def profile(self, frame: Any, event: str, argument: object) -> None:
        """Time every entry of Blender into the add-on's Python on the main thread; for sys.setprofile."""
        if event not in ("call", "return") or not _ours(frame) or _ours(frame.f_back):
            return
        now = time.thread_time(), time.perf_counter()
        if event == "call":
            self._entered[id(frame)] = now
        elif id(frame) in self._entered:
            cpu, wall = self._entered.pop(id(frame))
            name = f"{Path(frame.f_code.co_filename).parent.name}.{frame.f_code.co_qualname}"
            self._own.setdefault(self.phase, []).append((now[0] - cpu, now[1] - wall, name))

    def report(self) -> dict[str, Any]:
        """Milliseconds by phase. gaps: how many, the longest, how many over 50.

        own: the longest six of the add-on's entries by the processor's time, then the wall's, and which they were.
        """
        gaps = {name: [len(all), _ms(max(all)), sum(gap > 0.05 for gap in all)] for name, all in self._gaps.items()}
        longest = {name: sorted(all, reverse=True)[:6] for name, all in self._own.items()}
        own = {name: [[_ms(cpu), _ms(wall), which] for cpu, wall, which in all] for name, all in longest.items()}
        return {"gaps": gaps, "own": own}


class Stage:
    """The window with its 3D view and sidebar. out: the folder that the driver watches."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self._variants: dict[str, list[type]] = {}
        self._sets = 0

    def ask(self, what: str, **more: Any) -> Steps:
        """Have the driver do something, and wait until it has."""
        request = self.out / "request.json"
        draft = request.with_suffix(".draft")
        draft.write_text(json.dumps({"what": what, **more}))
        draft.rename(request)
        while request.exists():
            yield 0.01

    def picture(self, name: str, only: str = "sidebar", settle: float = 0.8) -> Steps:
        """A picture of the sidebar, or of the whole "window"."""
        self.redraw()
        yield settle
        crop = None
        if only == "sidebar":
            region = self.sidebar()
            crop = [region.x, self.height() - region.y - region.height, region.width, region.height]
        yield from self.ask("picture", name=name, crop=crop)

    def redraw(self) -> None:
        for window in bpy.context.window_manager.windows:
            for area in window.screen.areas:
                area.tag_redraw()

    def height(self) -> int:
        return bpy.context.window_manager.windows[0].height

    def view3d(self) -> bpy.types.Area:
        screen = bpy.context.window_manager.windows[0].screen
        return next(area for area in screen.areas if area.type == "VIEW_3D")

    def sidebar(self) -> bpy.types.Region:
        return next(region for region in self.view3d().regions if region.type == "UI")

    def open_sidebar(self) -> Steps:
        """Show the Garrick tab."""
        self.view3d().spaces.active.show_region_ui = True
        yield 1.0
        self.sidebar().active_panel_category = "Garrick"
        yield 0.5

    def show_only(self, *labels: str, space: str = "VIEW_3D") -> Steps:
        """Let an editor show these panels of ours alone, and open; none: all, as they are for everybody.

        Blender has no other way to open a panel from outside: each becomes a panel of another name, which was never closed.
        """
        for cls in reversed(self._variants.pop(space, None) or _panels(space)):
            bpy.utils.unregister_class(cls)
        if not labels:
            for cls in _panels(space):
                bpy.utils.register_class(cls)
        else:
            self._sets += 1
            names = {cls: f"{cls.__name__}_{self._sets}" for cls in _panels(space)}
            by_id = {getattr(cls, "bl_idname", cls.__name__): cls for cls in _panels(space)}
            shown = self._variants.setdefault(space, [])
            for cls in _panels(space):
                parent = by_id.get(getattr(cls, "bl_parent_id", ""))
                if (parent or cls).bl_label in labels:
                    told: dict[str, Any] = {"bl_idname": names[cls], "bl_options": set()}
                    told |= {"bl_order": -1} if parent is None else {"bl_parent_id": names[parent]}
                    shown.append(type(names[cls], (cls,), told))
                    bpy.utils.register_class(shown[-1])
        if space == "VIEW_3D":
            yield from self.open_sidebar()

    def hover(self, idname: str, part: float = 0.5) -> Steps:
        """Put the mouse on the first button of an operator. part: of the sidebar's width, where to look for it."""
        for _ in range(3):  # a busy machine may not have drawn it yet
            self.redraw()
            yield 0.5
            region = self.sidebar()
            x = int(region.x + part * (region.width - _TABS))
            for y in range(region.y + region.height - 4, region.y, -_SCAN):
                yield from self.ask("move", x=x, y=self.height() - y)
                yield 0.03
                if self._under_mouse() == idname:
                    yield from self.ask("move", x=x, y=self.height() - y + 4)
                    yield 0.1
                    return
        raise LookupError(f"no button of {idname} was found in the sidebar")

    def _under_mouse(self) -> str:
        """The operator of the button that the mouse is on, by what Blender would copy of it; "" for anything else."""
        window, ui = bpy.context.window_manager.windows[0], bpy.ops.ui
        with bpy.context.temp_override(window=window, area=self.view3d(), region=self.sidebar()):
            if not ui.copy_python_command_button.poll():
                return ""
            ui.copy_python_command_button()
        return bpy.context.window_manager.clipboard.removeprefix("bpy.ops.").partition("(")[0]

    def click(self, idname: str, part: float = 0.5) -> Steps:
        """Press the first button of an operator, with the mouse."""
        yield from self.hover(idname, part)
        yield from self.ask("click")
        yield 0.2

    def click_below(self, idname: str, part: float, offset: int) -> Steps:
        """Press what has no operator, so many pixels below a button that has one and at the sidebar's left."""
        yield from self.hover(idname, part)
        yield from self.ask("nudge", x=self.sidebar().x + 40, offset=offset)
        yield from self.ask("click")
        yield 0.5

    def aside(self) -> Steps:
        """Put the mouse where it covers nothing; twice, for Blender takes the first move for the end of a tooltip."""
        for y in (600, 604):
            yield from self.ask("move", x=400, y=y)
            yield 0.1

    def call(self, operator: Any, *arguments: Any, **options: Any) -> set[str]:
        """As a click into the 3D view does it."""
        area, window = self.view3d(), bpy.context.window_manager.windows[0]
        region = next(region for region in area.regions if region.type == "WINDOW")
        with bpy.context.temp_override(window=window, area=area, region=region):
            return operator(*arguments, **options)


def until(condition: Callable[[], Any], seconds: float, what: str) -> Steps:
    """Wait for something. Raises TimeoutError."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"the tour waited in vain for {what}")
        yield 0.1


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 1)


def _ours(frame: Any) -> bool:
    return frame is not None and "/user_default/garrick/" in frame.f_code.co_filename


def _panels(space: str) -> list[type]:
    """The add-on's panels of an editor, in the order in which it registers them."""
    found = []
    for name, module in list(sys.modules.items()):
        if name.startswith("bl_ext.user_default.garrick.") and name.endswith("panel"):
            own = [
                item for item in vars(module).values() if isinstance(item, type) and issubclass(item, bpy.types.Panel)
            ]
            found += [cls for cls in own if cls.__module__ == name and cls.bl_space_type == space]
    return found
