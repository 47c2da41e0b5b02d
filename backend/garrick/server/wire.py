"""What travels over HTTP: the `Job` with assets for files, and what the service says about jobs."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, create_model

from garrick.job import FILE_FIELDS, Job

from .assets import PREFIX
from .records import JobRecord

HASH = r"[0-9a-f]{64}"
"""An asset's digest, as a regular expression."""

Asset = Annotated[str, StringConstraints(pattern=f"^{PREFIX}{HASH}$", max_length=len(PREFIX) + 64)]
MaybeAsset = Asset | None


def _asset_job() -> type[Job]:
    """`Job` whose file fields hold "sha256:..." and nothing else; all the rest is the job's own."""
    fields: dict[str, Any] = {}
    for name in FILE_FIELDS:
        field = Job.model_fields[name]
        kind = Asset if field.is_required() else MaybeAsset
        fields[name] = (kind, Field(field.default, title=field.title, description=field.description))
    return create_model("Job", __base__=Job, __doc__=Job.__doc__, __module__=__name__, **fields)


AssetJob = _asset_job()


class JobRequest(BaseModel):
    """A job to be queued."""

    model_config = ConfigDict(extra="forbid")

    job: AssetJob  # type: ignore[valid-type]
    name: str = Field("", max_length=200, description="For people.")
    priority: int = Field(0, ge=-100, le=100, description="Higher first.")
    consent: bool = Field(False, description="The person in the portrait agrees; needed once a portrait.")


class JobList(BaseModel):
    """One page of jobs, newest first."""

    jobs: list[JobRecord]
    before: str | None = Field(description="Ask with this for the next page; null at the end.")


class Artifact(BaseModel):
    """One finished file of a job."""

    name: str
    size: int = Field(description="Bytes.")


class ArtifactList(BaseModel):
    """What a job has made so far; every file named is whole."""

    artifacts: list[Artifact]


def assets_of(job: dict[str, Any]) -> dict[str, str]:
    """Field -> digest of the files that a job (as JSON) names."""
    named = {field: job.get(field) for field in FILE_FIELDS}
    return {field: value.removeprefix(PREFIX) for field, value in named.items() if value is not None}
