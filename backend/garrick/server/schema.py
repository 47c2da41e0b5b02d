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

    widget: image, sound, file, text, number, range (two numbers), size (width and height), rate, slider or toggle.
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
    condition: Condition | None


class JobSchema(BaseModel):
    """What a panel needs to know. groups: in the order in which they are shown."""

    title: str
    groups: list[str]
    fields: list[SchemaField]


def job_schema() -> JobSchema:
    """The schema of `Job`."""
    properties = Job.model_json_schema(mode="serialization")["properties"]
    fields = [_field(name, info, properties[name]) for name, info in Job.model_fields.items()]
    return JobSchema(title="Performance", groups=list(dict.fromkeys(field.group for field in fields)), fields=fields)


def _field(name: str, info: FieldInfo, written: dict[str, Any]) -> SchemaField:
    """One field; `written` is its JSON schema, with what `json_schema_extra` adds to it."""
    kinds = written.get("anyOf", [written])
    kind = next(kind for kind in kinds if kind.get("type") != "null")
    limits = kind | {key: value for key, value in written.items() if key != "anyOf"}
    return SchemaField(
        name=name,
        title=written["title"],
        description=written["description"],
        group=written["group"],
        widget=written["widget"],
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
        condition=written.get("condition"),
    )


def _maximum(limits: dict[str, Any]) -> float | None:
    """The largest value allowed; whole numbers may be limited by the first that is not."""
    if "exclusiveMaximum" in limits and limits.get("type") == "integer":
        return limits["exclusiveMaximum"] - 1
    return limits.get("maximum")
