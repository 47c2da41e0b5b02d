"""The API under generated requests: whatever is sent, no 5xx. $GARRICK_FUZZ_CASES sets how many (the promise: 5,000)."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from garrick.job import FILE_FIELDS
from garrick.server.records import JobState
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from live_service import Running, run_service
from schemathesis import GenerationMode

CASES = int(os.environ.get("GARRICK_FUZZ_CASES", "300"))


def test_no_generated_request_makes_the_service_fail(tmp_path: Path):
    seen: Counter[int] = Counter()
    with run_service(tmp_path, queued_jobs=10**6) as service:
        schema = schemathesis.openapi.from_dict(service.http.get("/v1/openapi.json").json())
        operations = [found.ok() for found in schema.get_all_operations()]
        each = -(-CASES // (2 * len(operations)))
        for operation in operations:
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                bombard(service, operation, mode, each, seen)
        assert service.http.get("/v1/health").json()["status"] == "ok"
    print(f"{seen.total()} cases: {dict(sorted(seen.items()))}")
    assert seen.total() >= CASES
    assert {status for status in seen if status >= 500} == set()
    assert {200, 201, 204, 404, 422} <= set(seen)  # the cases came further than the door


def bombard(service: Running, operation: Any, mode: GenerationMode, cases: int, seen: Counter[int]) -> None:
    """Call one operation with generated requests; in half of them the job and the assets named are really there."""
    asset, jobs = service.upload(b"portrait"), iter(range(10**9))

    @settings(
        max_examples=cases,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), real=st.booleans())
    def check(case: Any, real: bool) -> None:
        if real:
            make_real(service, operation, case, asset, next(jobs))
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {service.token}"}
        try:
            answer = case.call(base_url=f"http://127.0.0.1:{service.port}", timeout=20)
        except (ValueError, UnicodeError):  # what the HTTP library itself refuses to send
            return
        seen[answer.status_code] += 1
        if answer.status_code >= 400 and case.method != "HEAD":
            assert set(answer.json()["error"]) == {"kind", "message", "fix"}
        assert answer.status_code < 500, (case.method, case.path, answer.text)

    try:
        check()
    except schemathesis.errors.Unsatisfiable:  # a request without parameters cannot be made wrong
        if mode is not GenerationMode.NEGATIVE:
            raise


def make_real(service: Running, operation: Any, case: Any, asset: str, number: int) -> None:
    """Let the case name what exists."""
    parameters = case.path_parameters or {}
    if "id" in parameters:
        parameters["id"] = finished_job(service, number)
    if "digest" in parameters:
        parameters["digest"] = asset.removeprefix("sha256:")
    if operation.path == "/v1/inspect" and isinstance(case.body, dict):
        case.body["portrait"] = asset
    job = case.body.get("job") if isinstance(case.body, dict) else None
    if isinstance(job, dict):
        job.update({name: asset for name in FILE_FIELDS if job.get(name) is not None})
        case.body["consent"] = True
        if number % 2 == 0:  # what the JSON schema cannot say
            job.update(
                {
                    "portrait": asset,
                    "text": "Hello.",
                    "size": [256, 256],
                    "voice": "hibari",
                    "transcribe": False,
                    "groups": "",
                }
            )
            job.update(dict.fromkeys(("audio", "camera", "performance", "frames", "language")))


def finished_job(service: Running, number: int) -> str:
    """A job that has ended: its event stream ends too, and it may be deleted and resumed."""
    id = service.submit(seed=number)["id"]
    if number % 2:
        service.store.cancel(id)
        return id
    while (claimed := service.claim()) != id:
        service.store.finish(claimed, JobState.FAILED)
    service.store.finish(id, JobState.DONE)
    return id


@pytest.mark.parametrize("seed", range(3))
def test_no_garbage_on_the_wire_makes_the_service_fail(service, seed):
    """Requests mutated byte by byte, as no HTTP library would send them."""
    import random
    import socket

    chance = random.Random(seed)
    whole = (
        f"PUT /v1/assets/{'a' * 64} HTTP/1.1\r\nHost: 127.0.0.1:{service.port}\r\nAuthorization: Bearer {service.token}\r\n"
        "Content-Length: 5\r\nContent-Range: bytes 0-4/9\r\nTransfer-Encoding: identity\r\n\r\nhello"
    ).encode()
    for _ in range(100):
        request = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            place = chance.randrange(len(request))
            request[place : place + chance.randint(0, 2)] = chance.randbytes(chance.randint(0, 3))
        with service.raw() as raw:
            raw.sendall(request)
            raw.shutdown(socket.SHUT_WR)
            said = raw.recv(65536)
        assert not said or int(said.split()[1]) < 500, (request, said)
    assert httpx.get(f"http://127.0.0.1:{service.port}/v1/health").status_code == 200
