"""A layout that draws nothing, keeps what was drawn, and fails at whatever Blender would only complain of on a console.

    drawn = draw_panels(bpy.context)        # every panel of the add-on whose poll agrees -> {idname: Layout}
    drawn["GARRICK_PT_jobs"].texts()        # the words on it
    drawn["GARRICK_PT_jobs"].buttons()      # idnames of its operators

Every property is looked up in its owner's RNA, every operator, menu and icon in Blender, every argument in UILayout's RNA.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import bpy

FUNCTIONS = bpy.types.UILayout.bl_rna.functions
ICONS = frozenset(FUNCTIONS["label"].parameters["icon"].enum_items.keys())
_OWN = {"introspect"}
_NEST = ("row", "column", "column_flow", "grid_flow", "box", "split", "menu_pie")


@dataclass
class Drawn:
    """One thing on a layout: the layout's function, its arguments, and for operators what was set on them."""

    what: str
    arguments: dict[str, Any]
    properties: dict[str, Any] = field(default_factory=dict)


class Layout:
    """Stands in for bpy.types.UILayout. drawn: what is on it and on all layouts within it, in order."""

    def __init__(self, drawn: list[Drawn] | None = None) -> None:
        self.__dict__["drawn"] = [] if drawn is None else drawn

    def __setattr__(self, name: str, value: Any) -> None:
        declared = bpy.types.UILayout.bl_rna.properties
        assert name in declared, f"UILayout has no {name}"
        if declared[name].type == "ENUM":
            assert value in declared[name].enum_items, f"{name} cannot be {value}"
        self.__dict__[name] = value

    def __getattr__(self, name: str) -> Any:
        if name in bpy.types.UILayout.bl_rna.properties:
            return bpy.types.UILayout.bl_rna.properties[name].default
        assert name in FUNCTIONS, f"UILayout has no function {name}"
        return lambda *values, **named: self._called(name, values, named)

    def texts(self) -> list[str]:
        """Every text that was given."""
        return [entry.arguments["text"] for entry in self.drawn if entry.arguments.get("text")]

    def buttons(self) -> list[str]:
        """The idname of every operator."""
        return [entry.arguments["operator"] for entry in self.drawn if entry.what == "operator"]

    def properties(self) -> list[str]:
        """The name of every property."""
        return [entry.arguments["property"] for entry in self.drawn if entry.what == "prop"]

    def _called(self, name: str, values: tuple[Any, ...], named: dict[str, Any]) -> Any:
        arguments = _bound(name, values, named)
        entry = Drawn(name, arguments)
        self.drawn.append(entry)
        check = getattr(type(self), f"_check_{name}", None)
        answer = check(self, entry) if check is not None else None
        if name in _NEST:
            return Layout(self.drawn)
        if name == "panel":
            return Layout(self.drawn), Layout(self.drawn)
        if name == "panel_prop":
            return Layout(self.drawn), Layout(self.drawn)
        return answer

    def _check_prop(self, entry: Drawn) -> None:
        declared = _property(entry.arguments["data"], entry.arguments["property"])
        index = entry.arguments.get("index", -1)
        assert index < max(1, getattr(declared, "array_length", 0)), f"{declared.identifier} has no part {index}"

    def _check_prop_search(self, entry: Drawn) -> None:
        _property(entry.arguments["data"], entry.arguments["property"])
        _property(entry.arguments["search_data"], entry.arguments["search_property"])

    def _check_prop_enum(self, entry: Drawn) -> None:
        declared = _property(entry.arguments["data"], entry.arguments["property"])
        assert entry.arguments["value"] in declared.enum_items

    def _check_template_ID(self, entry: Drawn) -> None:
        _property(entry.arguments["data"], entry.arguments["property"])
        for made_by in ("new", "open", "unlink"):
            if entry.arguments.get(made_by):
                _operator(entry.arguments[made_by])

    def _check_operator(self, entry: Drawn) -> Any:
        return _Set(_operator(entry.arguments["operator"]), entry)

    def _check_menu(self, entry: Drawn) -> None:
        menu = _type(entry.arguments["menu"], bpy.types.Menu)
        if menu.__module__.startswith("blender_addon"):
            draw_class(menu, bpy.context, self)

    def _check_popover(self, entry: Drawn) -> None:
        _type(entry.arguments["panel"], bpy.types.Panel)

    def _check_template_list(self, entry: Drawn) -> None:
        arguments = entry.arguments
        cls = _type(arguments["listtype_name"], bpy.types.UIList)
        _property(arguments["dataptr"], arguments["propname"])
        _property(arguments["active_dataptr"], arguments["active_propname"])
        lines = getattr(arguments["dataptr"], arguments["propname"])
        for index, line in enumerate(lines):
            given = (arguments["dataptr"], line, 0, arguments["active_dataptr"], arguments["active_propname"], index)
            draw_class(cls, bpy.context, self, "draw_item", *given)


class _Set:
    """What `layout.operator` returns: takes the operator's own properties and nothing else."""

    def __init__(self, rna: Any, entry: Drawn) -> None:
        self.__dict__.update(rna=rna, entry=entry)

    def __setattr__(self, name: str, value: Any) -> None:
        assert name in self.rna.properties, f"{self.entry.arguments['operator']} has no property {name}"
        self.entry.properties[name] = value


class _Instance:
    """A panel, menu or list that Blender has not made: the layout, and the methods of its class."""

    def __init__(self, cls: type, layout: Layout) -> None:
        self.layout, self._cls, self.layout_type, self.use_filter_show = layout, cls, "DEFAULT", False

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._cls, name)
        return found.__get__(self) if callable(found) and hasattr(found, "__get__") else found


def draw_class(cls: type, context: Any, layout: Layout, method: str = "draw", *given: Any) -> None:
    """Draw one panel, menu or line of a list onto a layout."""
    function = cls.__dict__.get(method) or getattr(cls, method)
    instance = _Instance(cls, layout)
    if method == "draw_item":
        data, item, icon, active_data, active_property, index = given
        function(instance, context, layout, data, item, icon, active_data, active_property, index)
    else:
        function(instance, context)


def panels() -> list[type]:
    """Every panel that the add-on has registered."""
    names = [name for name in dir(bpy.types) if name.startswith("GARRICK_PT_")]
    return [getattr(bpy.types, name) for name in names]


def draw_panels(context: Any) -> dict[str, Layout]:
    """Draw every panel of the add-on that shows itself in this context."""
    drawn = {}
    for cls in panels():
        if "poll" in dir(cls) and not cls.poll(context):
            continue
        layout = Layout()
        if hasattr(cls, "draw_header"):
            draw_class(cls, context, layout, "draw_header")
        draw_class(cls, context, layout)
        drawn[cls.__name__] = layout
    return drawn


def _bound(name: str, values: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
    """Arguments by their names, each known to RNA, icons and texts checked."""
    parameters = [parameter for parameter in FUNCTIONS[name].parameters if not parameter.is_output]
    names = [parameter.identifier for parameter in parameters]
    assert len(values) <= len(names), f"{name} takes {len(names)} arguments"
    arguments = dict(zip(names, values, strict=False)) | named
    for given, value in arguments.items():
        assert given in names or given in _OWN, f"{name} has no argument {given}"
        if given == "icon":
            assert value in ICONS, f"there is no icon {value}"
        if given in ("text", "heading"):
            assert isinstance(value, str), f"{name} got {value!r} as {given}"
    missing = [p.identifier for p in parameters if p.is_required and p.identifier not in arguments]
    assert not missing, f"{name} lacks {missing}"
    return arguments


def _property(data: Any, name: str) -> Any:
    declared = data.bl_rna.properties
    assert name in declared, f"{data.bl_rna.identifier} has no property {name}"
    getattr(data, name)  # its `get` runs as it would when it is shown
    return declared[name]


def _operator(idname: str) -> Any:
    module, _, name = idname.partition(".")
    return getattr(getattr(bpy.ops, module), name).get_rna_type()  # raises KeyError when there is none


def _type(name: str, base: type) -> type:
    cls = getattr(bpy.types, name, None)
    assert issubclass(cls or object, base), f"there is no {base.__name__} {name}"
    return cls
