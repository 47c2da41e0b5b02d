"""The schema that panels are drawn from: every field, with what it takes to draw and to check it."""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import Literal

import pytest
from garrick.job import FILE_FIELDS, Job
from garrick.server.schema import SchemaField, job_schema
from garrick.server.wire import AssetJob
from pydantic import BaseModel, Field, ValidationError

WIDGETS = {"image", "sound", "file", "text", "number", "face", "range", "size", "rate", "slider", "toggle", "choice"}
ASSET = "sha256:" + 64 * "a"
FIELDS = {field.name: field for field in job_schema().fields}


def test_every_field_of_the_job_is_told_once():
    schema = job_schema()
    assert [field.name for field in schema.fields] == list(Job.model_fields)
    assert schema.groups == ["Inputs", "Performance", "Frames", "Camera"]
    for field in schema.fields:
        assert field.title
        assert field.description.endswith(".")
        assert field.group in schema.groups
        assert field.widget in WIDGETS
        assert field.asset == (field.name in FILE_FIELDS)
        assert field.condition is None or field.condition.field in Job.model_fields


def test_the_service_sends_it(service):
    assert service.http.get("/v1/schema").json() == job_schema().model_dump(mode="json")


def test_a_job_of_defaults_is_valid():
    """What a panel sends that was never touched."""
    defaults = {field.name: field.default for field in job_schema().fields if not field.required}
    AssetJob.model_validate({**defaults, "portrait": ASSET, "text": "Hello."})


@pytest.mark.parametrize(
    "field", [field for field in FIELDS.values() if field.maximum is not None], ids=lambda f: f.name
)
def test_the_ranges_are_those_that_the_job_checks(field: SchemaField):
    assert field.minimum is not None
    assert field.maximum is not None
    step = field.step or (1 if field.type == "integer" else 0.5)
    for value, valid in (
        (field.minimum, True),
        (field.maximum, True),
        (field.minimum - step, False),
        (field.maximum + step, False),
    ):
        number = int(value) if value == int(value) else value
        given = [number] * field.items if field.items else number
        job = {"portrait": ASSET, "text": "Hello.", field.name: str(given) if field.type == "string" else given}
        if valid:
            AssetJob.model_validate(job)
        else:
            with pytest.raises(ValidationError):
                AssetJob.model_validate(job)


def test_a_field_that_its_condition_hides_is_not_needed():
    for field in FIELDS.values():
        if field.condition is not None:
            assert not field.required


class Mood(Enum):
    CALM = "calm"
    WARM_UP = "warm_up"


class Take(IntEnum):
    FIRST = 1
    SECOND = 2


def _asked(default, title: str):
    extra = {"group": "Performance", "widget": "text"}
    return Field(default, title=title, description=f"{title} of it.", json_schema_extra=extra)


class MadeUp(BaseModel):
    """What a job may grow: every way to write a field that takes some values only."""

    style: Literal["plain", "bold"] = _asked("bold", "Style")
    mood: Mood = _asked(Mood.CALM, "Mood")
    perhaps: Mood | None = _asked(None, "Perhaps")
    maybe: Literal["left", "right"] | None = _asked(None, "Maybe")
    take: Take = _asked(Take.SECOND, "Take")
    only: Literal["this"] = _asked("this", "Only")
    free: str = _asked("", "Free")


def test_a_field_of_some_values_is_a_choice():
    told = {field.name: field for field in job_schema(MadeUp).fields}
    assert {name: field.choices for name, field in told.items()} == {
        "style": ["plain", "bold"],
        "mood": ["calm", "warm_up"],
        "perhaps": ["calm", "warm_up"],
        "maybe": ["left", "right"],
        "take": [1, 2],
        "only": ["this"],
        "free": None,
    }
    assert {name for name, field in told.items() if field.widget == "choice"} == told.keys() - {"free"}
    assert {name for name, field in told.items() if field.nullable} == {"perhaps", "maybe"}
    assert [told[name].default for name in ("style", "mood", "perhaps", "take")] == ["bold", "calm", None, 2]
    assert [told[name].type for name in ("style", "mood", "take")] == ["string", "string", "integer"]
    assert told["mood"].title == "Mood"
    assert told["mood"].description == "Mood of it."
