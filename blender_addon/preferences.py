"""Edit > Preferences > Add-ons > Garrick: which backend, and how it is started."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import bpy
from bpy.props import EnumProperty, FloatProperty, StringProperty

from .backend_link.finding import default_data


@dataclass(frozen=True)
class Settings:
    """The preferences as plain data, which any thread may read. Paths are absolute; "" and None: not chosen.

    local:        a service on this computer, found by its data folder; else the one at `address`.
    python:       that has the backend. checkout: Garrick's folder, with bootstrap.py.
    cafile:       the certificate of a service with its own.
    online:       Blender lets add-ons use the network.
    idle_minutes: after which a service that we have started ends by itself; 0: never.
    """

    local: bool = True
    data: Path = field(default_factory=default_data)
    python: str = ""
    checkout: str = ""
    device: str = "cpu"
    idle_minutes: float = 30.0
    address: str = ""
    token: str = ""
    cafile: Path | None = None
    online: bool = False


class GARRICK_AP_preferences(bpy.types.AddonPreferences):
    """Which backend, and how it is started"""

    bl_idname = __package__

    connection: EnumProperty(  # type: ignore[valid-type]
        name="Backend",
        description="Where the work is done",
        items=[
            ("LOCAL", "This Computer", "Find the service that runs on this computer, or start one"),
            ("ADDRESS", "At an Address", "A service on another computer; needs Blender's Allow Online Access"),
        ],
    )
    checkout: StringProperty(  # type: ignore[valid-type]
        name="Garrick's Folder",
        description="The folder that holds bootstrap.py; Set Up Backend installs the backend in it",
        subtype="DIR_PATH",
    )
    python: StringProperty(  # type: ignore[valid-type]
        name="Python",
        description="A Python that has Garrick installed. Empty: $GARRICK_PYTHON, Garrick's folder, the PATH",
        subtype="FILE_PATH",
    )
    data: StringProperty(  # type: ignore[valid-type]
        name="Data Folder",
        description="Where the service keeps jobs and their files. Empty: $GARRICK_DATA or your own data folder",
        subtype="DIR_PATH",
    )
    device: EnumProperty(  # type: ignore[valid-type]
        name="Device",
        description="What a service that Blender starts computes on",
        items=[("cpu", "Processor", "Works everywhere"), ("cuda", "NVIDIA Card", "Needs a card with CUDA")],
    )
    idle_minutes: FloatProperty(  # type: ignore[valid-type]
        name="Stop When Idle (min)",
        description="A service that Blender has started ends by itself after so many minutes without work; 0: never",
        default=30.0,
        min=0.0,
        soft_max=240.0,
        precision=0,
    )
    address: StringProperty(  # type: ignore[valid-type]
        name="Address", description="Of the service, for example https://10.0.0.7:8723"
    )
    token: StringProperty(  # type: ignore[valid-type]
        name="Token",
        description="The token in the service's runtime.json; it is kept in Blender's preferences",
        subtype="PASSWORD",
    )
    cafile: StringProperty(  # type: ignore[valid-type]
        name="Certificate",
        description="The certificate (PEM) of a service that has its own. Empty: one that this computer trusts",
        subtype="FILE_PATH",
    )

    def draw(self, context: bpy.types.Context) -> None:
        from .backend_link.panel import draw_light, draw_setup

        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "connection", expand=True)
        if self.connection == "ADDRESS":
            for name in ("address", "token", "cafile"):
                layout.prop(self, name)
            if not bpy.app.online_access:
                layout.label(text="Allow Online Access in System preferences, for other computers", icon="INFO")
            return
        for name in ("checkout", "python", "data", "device", "idle_minutes"):
            layout.prop(self, name)
        column = layout.column()
        draw_light(column)
        draw_setup(column)


def preferences() -> GARRICK_AP_preferences | None:
    """Blender's copy of them; None when the add-on was switched on by a script and has none. Main thread only."""
    addon = bpy.context.preferences.addons.get(__package__)
    return None if addon is None else addon.preferences


def read() -> Settings:
    """The preferences now. Main thread only."""
    chosen = preferences()
    if chosen is None:
        return Settings(online=bpy.app.online_access)
    return Settings(
        local=chosen.connection == "LOCAL",
        data=Path(_absolute(chosen.data)) if chosen.data else default_data(),
        python=_absolute(chosen.python),
        checkout=_absolute(chosen.checkout),
        device=chosen.device,
        idle_minutes=chosen.idle_minutes,
        address=chosen.address.strip(),
        token=chosen.token.strip(),
        cafile=Path(_absolute(chosen.cafile)) if chosen.cafile else None,
        online=bpy.app.online_access,
    )


register, unregister = bpy.utils.register_classes_factory((GARRICK_AP_preferences,))


def _absolute(path: str) -> str:
    return str(Path(bpy.path.abspath(path)).expanduser().absolute()) if path else ""
