"""/v1/schema: the fields of a job, so told that a panel can be drawn from it. All of it is derived from `Job`."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field
from pydantic.fields import FieldInfo

from garrick.job import FILE_FIELDS, Job


class Condition(BaseModel):
    """When a field is shown: another field is set (`is_set` true), or is empty (false)."""

    field: str
    is_set: bool


class SchemaField(BaseModel):
    """One field of a job.

    widget: image, sound, file, text, number, face (which one of the picture's), range (two numbers), size (width and
            height), rate, slider, toggle or choice (one of `choices`).
    """

    name: str
    title: str
    description: str
    group: str
    widget: str
    type: str = Field(description="string, integer, number, boolean or array; of JSON.")
    asset: bool = Field(description='Holds "sha256:..." of an upload.')
    required: bool
    nullable: bool
    default: Any
    minimum: float | None
    maximum: float | None
    step: float | None = Field(description="The value is a multiple of it.")
    unit: str | None
    items: int | None = Field(description="Length of an array.")
    choices: list[str | int] | None = Field(description="The values allowed, when only these are.")
    condition: Condition | None


class JobSchema(BaseModel):
    """What a panel needs to know. groups: in the order in which they are shown."""

    title: str
    groups: list[str]
    fields: list[SchemaField]


def job_schema(model: type[BaseModel] = Job) -> JobSchema:
    """The schema of `Job`, or of a model that is made like it."""
    written = model.model_json_schema(mode="serialization")
    shared = written.get("$defs", {})
    fields = [_field(name, info, written["properties"][name], shared) for name, info in model.model_fields.items()]
    return JobSchema(title="Performance", groups=list(dict.fromkeys(field.group for field in fields)), fields=fields)


def _field(name: str, info: FieldInfo, written: dict[str, Any], shared: dict[str, Any]) -> SchemaField:
    """One field; `written` is its JSON schema, with what `json_schema_extra` adds to it; `shared`: what it refers to."""
    kinds = [_resolved(kind, shared) for kind in written.get("anyOf", [written])]
    kind = next(kind for kind in kinds if kind.get("type") != "null")
    limits = kind | {key: value for key, value in written.items() if key != "anyOf"}
    choices = _choices(kind)
    return SchemaField(
        name=name,
        title=info.title or name,  # a reference to an Enum has lost it
        description=info.description or "",
        group=written["group"],
        widget=written["widget"] if choices is None else "choice",
        type=kind["type"],
        asset=name in FILE_FIELDS,
        required=info.is_required(),
        nullable=len(kinds) > 1,
        default=written.get("default"),
        minimum=limits.get("minimum"),
        maximum=_maximum(limits),
        step=limits.get("step"),
        unit=written.get("unit"),
        items=limits.get("maxItems"),
        choices=choices,
        condition=written.get("condition"),
    )


def _resolved(kind: dict[str, Any], shared: dict[str, Any]) -> dict[str, Any]:
    """A kind as it is written out elsewhere, which is where an Enum's values are."""
    reference = kind.get("$ref")
    return kind if reference is None else shared[reference.rpartition("/")[2]]


def _choices(kind: dict[str, Any]) -> list[str | int] | None:
    """The values of a Literal or an Enum; None for any other kind."""
    return [kind["const"]] if "const" in kind else kind.get("enum")


def _maximum(limits: dict[str, Any]) -> float | None:
    """The largest value allowed; whole numbers may be limited by the first that is not."""
    if "exclusiveMaximum" in limits and limits.get("type") == "integer":
        return limits["exclusiveMaximum"] - 1
    return limits.get("maximum")
