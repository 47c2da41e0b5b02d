"""/v1/jobs: queue, list, watch, cancel, resume and delete jobs."""

from __future__ import annotations

from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from ..answers import Refused, failures
from ..assets import check_disk
from ..job_id import JOB_ID
from ..retention import remove_job
from ..service import Service, service_of
from ..store import JobRecord, JobState, UnknownJob
from ..wire import JobList, JobRequest, assets_of

router = APIRouter(prefix="/jobs", tags=["jobs"])

JobId = Annotated[str, Path(pattern=f"^{JOB_ID}$")]

_LAST = 2**63 - 1  # SQLite's largest number


@router.post("", status_code=201, responses={200: {"model": JobRecord}, **failures(409, 429)}, response_model=JobRecord)
def submit(
    body: JobRequest,
    request: Request,
    response: Response,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
) -> JobRecord:
    """Queue a job. With an Idempotency-Key that was used before: 200 and the job of then."""
    service = service_of(request)
    record, new = _create(service, body, idempotency_key)
    response.status_code = 201 if new else 200
    if new:
        service.supervisor.notify()
    return record


def _create(service: Service, body: JobRequest, key: str | None) -> tuple[JobRecord, bool]:
    job = body.job.model_dump(mode="json")
    named = assets_of(job)
    missing = [field for field, digest in named.items() if service.assets.find(digest) is None]
    if missing:
        raise Refused(422, "asset", f"Not uploaded yet: {', '.join(missing)}.", "Put it to /v1/assets first.")
    check_room(service)
    service.consents.require(named["portrait"], body.consent)
    return service.store.create(job, body.name, body.priority, key)


@router.get("", responses=failures())
def jobs(
    request: Request,
    state: JobState | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    before: Annotated[str | None, Query(pattern=f"^{JOB_ID}$")] = None,
) -> JobList:
    """Jobs, newest first."""
    found = service_of(request).store.list(state, limit, before)
    return JobList(jobs=found, before=found[-1].id if len(found) == limit else None)


@router.get("/{id}", responses=failures(404), response_model=JobRecord)
def job(id: JobId, request: Request) -> JobRecord:
    """One job: state, progress, result or error."""
    return known(service_of(request), id)


@router.delete("/{id}", status_code=204, responses=failures(404, 409), response_class=Response)
def delete(id: JobId, request: Request) -> Response:
    """Forget a job that has ended, and its files."""
    service = service_of(request)
    if not remove_job(service.store, service.settings, id):
        raise UnknownJob(id)
    return Response(status_code=204)


@router.post("/{id}/cancel", responses=failures(404), response_model=JobRecord)
def cancel(id: JobId, request: Request) -> JobRecord:
    """Stop a job. A queued one is cancelled at once, a running one within seconds; what is finished stays."""
    return service_of(request).supervisor.cancel(id)


@router.post("/{id}/resume", responses=failures(404, 409, 429), response_model=JobRecord)
def resume(id: JobId, request: Request) -> JobRecord:
    """Queue a failed or cancelled job again; it goes on where it stopped."""
    service = service_of(request)
    check_room(service)
    record = service.store.resubmit(id)
    service.supervisor.notify()
    return record


@router.get(
    "/{id}/events",
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}, **failures(404)},
    response_class=StreamingResponse,
)
async def events(
    id: JobId,
    request: Request,
    after: Annotated[int, Query(ge=0, le=_LAST, description="Only events behind this one.")] = 0,
    last_event_id: Annotated[int | None, Header(ge=0, le=_LAST)] = None,
) -> StreamingResponse:
    """What happens to the job, as server-sent events; ends when the job has ended and all is told."""
    service = service_of(request)
    await anyio.to_thread.run_sync(known, service, id)
    begin = after if last_event_id is None else last_event_id
    stream = service.hub.stream(service.store, id, begin, service.settings.event_comment_s)
    return StreamingResponse(stream, media_type="text/event-stream")


def check_room(service: Service) -> None:
    """Raises Refused when there is no room for one more job, on the disk or in the queue."""
    check_disk(service.settings)
    if service.store.count(JobState.QUEUED) >= service.settings.queued_jobs:
        raise Refused(429, "queue", f"{service.settings.queued_jobs} jobs are waiting already.", "Wait for some.")


def known(service: Service, id: str) -> JobRecord:
    """The job of that id. Raises UnknownJob."""
    record = service.store.get(id)
    if record is None:
        raise UnknownJob(id)
    return record
