"""The schema that panels are drawn from: every field, with what it takes to draw and to check it."""

from __future__ import annotations

import pytest
from garrick.job import FILE_FIELDS, Job
from garrick.server.schema import SchemaField, job_schema
from garrick.server.wire import AssetJob
from pydantic import ValidationError

WIDGETS = {"image", "sound", "file", "text", "number", "range", "size", "rate", "slider", "toggle"}
ASSET = "sha256:" + 64 * "a"
FIELDS = {field.name: field for field in job_schema().fields}


def test_every_field_of_the_job_is_told_once():
    schema = job_schema()
    assert [field.name for field in schema.fields] == list(Job.model_fields)
    assert schema.groups == ["Inputs", "Performance", "Frames"]
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
