"""The API over real HTTP: jobs, their life, what they made, and errors in one form."""

from __future__ import annotations

import hashlib
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from garrick.server.assets import AssetStore
from garrick.server.records import JobState
from garrick.server.retention import tidy
from live_service import Running, eventually, run_service

UNKNOWN = "2" * 20


def error(answer: httpx.Response, status: int) -> dict[str, str]:
    """The error of an answer, which has the one form and nothing else."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert list(answer.json()) == ["error"]
    assert list(answer.json()["error"]) == ["kind", "message", "fix"]
    assert "Traceback" not in answer.text
    return answer.json()["error"]


def body(service: Running, **more) -> dict:
    return {"job": {"portrait": service.upload(b"portrait"), "text": "Hello."}, "consent": True, **more}


def test_a_job_is_kept_as_it_was_sent(service):
    job = service.submit(size=256, fps="30000/1001", seed=7)
    assert job["state"] == "queued"
    assert job["job"]["size"] == [256, 256]
    assert job["job"]["fps"] == "30000/1001"
    assert service.http.get(f"/v1/jobs/{job['id']}").json() == job


def test_jobs_are_listed_newest_first_in_pages_and_by_state(service):
    ids = [service.submit(seed=seed)["id"] for seed in range(5)]
    first = service.http.get("/v1/jobs", params={"limit": 3}).json()
    rest = service.http.get("/v1/jobs", params={"limit": 3, "before": first["before"]}).json()
    assert [job["id"] for job in first["jobs"] + rest["jobs"]] == ids[::-1]
    assert rest["before"] is None
    service.http.post(f"/v1/jobs/{ids[2]}/cancel")
    cancelled = service.http.get("/v1/jobs", params={"state": "cancelled"}).json()["jobs"]
    assert [job["id"] for job in cancelled] == [ids[2]]


def test_an_idempotency_key_makes_one_job_also_from_many_threads(service):
    request = body(service)

    def send(_: int) -> httpx.Response:
        return service.http.post("/v1/jobs", json=request, headers={"Idempotency-Key": "once"})

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(send, range(16)))
    assert sorted(answer.status_code for answer in answers) == [200] * 15 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    other = service.http.post("/v1/jobs", json={**request, "priority": 3}, headers={"Idempotency-Key": "once"})
    assert error(other, 409)["kind"] == "conflict"


def test_the_life_of_a_job_and_what_does_not_fit_it(service):
    id = service.submit()["id"]
    service.claim()
    assert error(service.http.delete(f"/v1/jobs/{id}"), 409)
    assert error(service.http.post(f"/v1/jobs/{id}/resume"), 409)
    assert service.http.post(f"/v1/jobs/{id}/cancel").json()["state"] == "cancelling"
    service.store.finish(id, JobState.CANCELLED)
    assert service.http.post(f"/v1/jobs/{id}/resume").json()["state"] == "queued"
    service.claim()
    service.store.finish(id, JobState.DONE, result={"frames": {"first": 0, "last": 9}})
    assert service.http.get(f"/v1/jobs/{id}").json()["result"]["frames"]["last"] == 9
    assert service.http.delete(f"/v1/jobs/{id}").status_code == 204
    assert error(service.http.get(f"/v1/jobs/{id}"), 404)["kind"] == "not_found"


def test_a_portrait_needs_consent_once(service):
    request = body(service)
    asked = error(service.http.post("/v1/jobs", json={**request, "consent": False}), 403)
    assert asked["kind"] == "consent"
    assert "consent" in asked["fix"]
    assert service.http.post("/v1/jobs", json=request).status_code == 201
    assert service.http.post("/v1/jobs", json={**request, "consent": False}).status_code == 201
    request["job"]["portrait"] = service.upload(b"another face")
    assert error(service.http.post("/v1/jobs", json={**request, "consent": False}), 403)


def test_a_job_names_only_assets_that_are_there(service):
    request = body(service)
    request["job"]["camera"] = "sha256:" + 64 * "a"
    refused = error(service.http.post("/v1/jobs", json=request), 422)
    assert refused["kind"] == "asset"
    assert "camera" in refused["message"]


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../x", "sha256:../../etc/passwd", "sha256:" + 63 * "a", "", None, 7, []]
)
@pytest.mark.parametrize("field", ["portrait", "audio", "camera", "performance"])
def test_a_file_field_holds_an_asset_and_nothing_else(service, field, name):
    request = body(service)
    request["job"] |= {field: name}
    answer = service.http.post("/v1/jobs", json=request)
    if name is None and field != "portrait":
        assert answer.status_code == 201
    else:
        assert error(answer, 422)["kind"] == "input"


def test_the_queue_has_an_end(tmp_path):
    with run_service(tmp_path, queued_jobs=2) as service:
        service.submit(seed=1)
        service.submit(seed=2)
        assert error(service.http.post("/v1/jobs", json=body(service)), 429)["kind"] == "queue"


def test_a_disk_that_is_nearly_full_takes_no_jobs_and_no_uploads(tmp_path):
    with run_service(tmp_path) as service:
        request = body(service)
    with run_service(tmp_path, disk_reserve=2**60) as service:
        for refused in (
            service.http.post("/v1/jobs", json=request),
            service.http.put(f"/v1/assets/{hashlib.sha256(b'new').hexdigest()}", content=b"new"),
        ):
            assert error(refused, 507)["kind"] == "disk"
            assert "free" in refused.json()["error"]["fix"]
        assert service.http.get("/v1/health").json()["status"] == "full"


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("GET", "/v1/nothing", None, 404),
        ("GET", "/", None, 404),
        ("PATCH", "/v1/jobs", None, 405),
        ("POST", "/v1/jobs", b"{", 422),
        ("POST", "/v1/jobs", b"[" * 100_000, 400),
        ("POST", "/v1/jobs", b"[" + b"9" * 10_000 + b"]", 400),
        ("POST", "/v1/jobs", b"\xff\xfe\xff", 400),
        ("POST", "/v1/jobs", b"null", 422),
        ("POST", "/v1/jobs", b'{"job": {}, "\\ud800": 1}', 422),
        ("POST", "/v1/jobs", b"", 422),
        ("GET", f"/v1/jobs/{UNKNOWN}", None, 404),
        ("GET", f"/v1/jobs/{UNKNOWN}/events", None, 404),
        ("GET", f"/v1/jobs/{UNKNOWN}/artifacts", None, 404),
        ("POST", f"/v1/jobs/{UNKNOWN}/cancel", None, 404),
        ("POST", f"/v1/jobs/{UNKNOWN}/resume", None, 404),
        ("DELETE", f"/v1/jobs/{UNKNOWN}", None, 404),
        ("GET", "/v1/jobs/..%2f..%2fetc", None, 404),
        ("GET", "/v1/jobs/BAD", None, 422),
        ("GET", "/v1/jobs?limit=0", None, 422),
        ("GET", "/v1/jobs?limit=99999999999999999999999", None, 422),
        ("GET", f"/v1/jobs/{UNKNOWN}/events?after=99999999999999999999", None, 422),
    ],
)
def test_every_error_has_one_form(service, method, path, content, status):
    headers = {"Content-Type": "application/json"}
    error(service.http.request(method, path, content=content, headers=headers), status)


def test_what_is_wrong_with_a_job_is_said_in_sentences(service):
    request = body(service, nmae="x")
    request["job"] |= {"siz": 3}
    del request["job"]["portrait"]
    refused = error(service.http.post("/v1/jobs", json=request), 422)
    assert sorted(refused["message"].split(". ")) == [
        "job.portrait: it is missing", "job.siz: there is no such field", "nmae: there is no such field."
    ]  # fmt: skip


@pytest.mark.parametrize("fps", ["1e999999999", "1/0", "nan", [25], {}, 10**300, "9" * 1000, "1_0"])
def test_a_frame_rate_that_is_none_is_refused_at_once(service, fps):
    request = body(service)
    request["job"]["fps"] = fps
    assert error(service.http.post("/v1/jobs", json=request), 422)


def test_a_bug_is_logged_and_says_nothing(service, caplog, monkeypatch):
    monkeypatch.setattr(service.store, "list", lambda *_: 1 / 0)
    said = error(service.http.get("/v1/jobs"), 500)
    assert said["kind"] == "bug"
    eventually(lambda: "ZeroDivisionError" in caplog.text)  # the answer leaves before the log is written


def test_artifacts_come_whole_and_in_ranges(service):
    id = service.submit()["id"]
    folder = service.settings.jobs / id
    (folder / "frames").mkdir(parents=True)
    film = bytes(range(256)) * 40
    (folder / "preview.mp4").write_bytes(film)
    (folder / ".preview.mp4.part").write_bytes(b"half")
    (folder / "secret.txt").write_text("no artifact")
    (folder / "frames" / "frame_000003.png").write_bytes(b"png")
    (folder / "frames" / ".frame_000004.png.part").write_bytes(b"half")
    base = f"/v1/jobs/{id}/artifacts"
    assert service.http.get(base).json()["artifacts"] == [
        {"name": "preview.mp4", "size": len(film)},
        {"name": "frames/frame_000003.png", "size": 3},
    ]
    assert service.http.get(f"{base}/frames/frame_000003.png").content == b"png"
    assert service.http.get(f"{base}/preview.mp4").content == film
    part = service.http.get(f"{base}/preview.mp4", headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, film[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(film)}"
    tail = service.http.get(f"{base}/preview.mp4", headers={"Range": f"bytes={len(film) - 5}-"})
    assert tail.content == film[-5:]
    assert service.http.get(f"{base}/preview.mp4", headers={"Range": "bytes=99999999-"}).status_code == 416
    assert error(service.http.get(f"{base}/report.json"), 404)


@pytest.mark.parametrize(
    "name",
    [
        "..%2f..%2fjobs.sqlite",
        "../../../runtime.json",
        "%2e%2e/%2e%2e/jobs.sqlite",
        "frames/..%2f..%2f..%2fjobs.sqlite",
        "frames%2fframe_000001.png%00.txt",
        "..%5c..%5cjobs.sqlite",
        "%2fetc%2fpasswd",
        "job.json",
        ".garrick",
        "secret.txt",
        "frames/frame_000003.png%0a",
        "preview.mp4/",
    ],
)
def test_no_name_leads_out_of_the_artifacts(service, name):
    id = service.submit()["id"]
    folder = service.settings.jobs / id
    folder.mkdir(parents=True)
    for held in ("secret.txt", "job.json"):
        (folder / held).write_text("no artifact")
    with service.raw() as raw:  # a client library would tidy the path
        head = f"GET /v1/jobs/{id}/artifacts/{name} HTTP/1.1\r\nHost: 127.0.0.1:{service.port}\r\n"
        raw.sendall(f"{head}Authorization: Bearer {service.token}\r\nConnection: close\r\n\r\n".encode())
        said = b"".join(iter(lambda: raw.recv(65536), b""))
    assert said.split()[1] in (b"404", b"422"), said
    assert b"SQLite" not in said


def test_health_says_little_without_the_token(service):
    bare = httpx.get(f"http://127.0.0.1:{service.port}/v1/health").json()
    assert set(bare) == {"status", "version"}
    full = service.http.get("/v1/health").json()
    assert full["queue"]["queued"] == 0
    assert set(full) >= {"pid", "device", "workers", "models", "versions", "disk_free"}
    assert service.token not in str(full)


def test_old_jobs_and_unused_assets_go(tmp_path):
    with run_service(tmp_path, keep_days=1e-6) as service:
        old, kept = service.submit(seed=1)["id"], service.submit(seed=2)["id"]
        for id in (old, kept, UNKNOWN):
            (service.settings.jobs / id).mkdir(parents=True)
        assert service.claim() == old
        service.store.finish(old, JobState.DONE)
        unused = service.upload(b"nobody wants this").removeprefix("sha256:")
        time.sleep(0.2)
        assets = AssetStore(service.settings)
        tidy(service.store, service.settings, assets)
        assert [job.id for job in service.store.list()] == [kept]
        assert [folder.name for folder in service.settings.jobs.iterdir()] == [kept]
        assert assets.path(unused).exists()  # younger than a day: its job may be on the way
        named = {service.store.list()[0].job["portrait"].removeprefix("sha256:")}
        assert assets.collect(named, time.time() + 1) == 1
        assert not assets.path(unused).exists()
        shutil.rmtree(service.settings.jobs)
        tidy(service.store, service.settings, assets)
