"""Uploads: whole, in parts, cut off, at once, wrong, too large, and on a disk that fills up."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from live_service import eventually, run_service

CONTENT = bytes(range(256)) * 4000  # a megabyte


def address(content: bytes) -> str:
    return f"/v1/assets/{hashlib.sha256(content).hexdigest()}"


def part(service, content: bytes, first: int, behind: int, total: int | None = None):
    words = f"bytes {first}-{behind - 1}/{total or len(content)}"
    return service.http.put(address(content), content=content[first:behind], headers={"Content-Range": words})


def test_a_whole_upload_is_there_read_only_and_named_by_its_content(service):
    assert service.http.head(address(CONTENT)).headers["upload-offset"] == "0"
    first = service.http.put(address(CONTENT), content=CONTENT)
    assert (first.status_code, first.json()["whole"]) == (201, True)
    assert service.http.put(address(CONTENT), content=CONTENT).status_code == 200
    head = service.http.head(address(CONTENT))
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(CONTENT)))
    digest = hashlib.sha256(CONTENT).hexdigest()
    path = service.settings.assets / digest[:2] / digest[2:]
    assert path.read_bytes() == CONTENT
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o400
    assert list((service.settings.assets / "partial").iterdir()) == []


def test_an_empty_asset_and_one_of_unknown_length(service):
    assert service.http.put(address(b""), content=b"").status_code == 201
    pieces = (CONTENT[i : i + 50_000] for i in range(0, len(CONTENT), 50_000))
    assert service.http.put(address(CONTENT), content=pieces).status_code == 201


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(min_size=1, max_size=3000), st.lists(st.integers(1, 3000), max_size=5))
def test_parts_make_the_whole_wherever_they_are_cut(service, content, cuts):
    ends = sorted({cut for cut in cuts if cut < len(content)} | {len(content)})
    start = 0
    for end in ends:
        answer = part(service, content, start, end)
        if answer.status_code == 200:
            return  # hypothesis found the same content twice
        assert answer.status_code == (201 if end == len(content) else 202)
        assert answer.headers["upload-offset"] == str(end)
        start = end
    assert service.http.head(address(content)).status_code == 200


def test_an_upload_that_was_cut_off_goes_on_where_it_stopped(service):
    with service.raw() as raw:
        head = f"PUT {address(CONTENT)} HTTP/1.1\r\nHost: 127.0.0.1:{service.port}\r\n"
        head += f"Authorization: Bearer {service.token}\r\nContent-Length: {len(CONTENT)}\r\n\r\n"
        raw.sendall(head.encode() + CONTENT[:300_000])
        eventually(lambda: int(service.http.head(address(CONTENT)).headers.get("upload-offset", 0)) >= 200_000)
    offset = eventually(lambda: settled(service))
    assert service.http.head(address(CONTENT)).status_code == 404
    assert part(service, CONTENT, offset, len(CONTENT)).status_code == 201


def settled(service) -> int | None:
    """The offset, once the broken request has let go of the asset."""
    offset = int(service.http.head(address(CONTENT)).headers["upload-offset"])
    return offset if offset == 300_000 else None


def test_a_part_that_does_not_fit_is_refused_with_the_place_where_to_go_on(service):
    part(service, CONTENT, 0, 1000)
    gap = part(service, CONTENT, 2000, 3000)
    assert (gap.status_code, gap.headers["upload-offset"]) == (409, "1000")
    again = part(service, CONTENT, 0, 500)
    assert (again.status_code, again.headers["upload-offset"]) == (202, "500")


@pytest.mark.parametrize(
    "words", ["bytes 5-2/10", "bytes 0-9/5", "bytes a-b/c", "0-9/10", "bytes 0-9/*", "bytes -1-9/10", "bytes 0-98/1000"]
)
def test_a_range_that_is_none_is_refused(service, words):
    answer = service.http.put(address(CONTENT), content=b"x" * 10, headers={"Content-Range": words})
    assert answer.status_code == 400
    assert answer.json()["error"]["kind"] == "input"


def test_another_content_than_its_name_is_refused_and_forgotten(service):
    answer = service.http.put(address(CONTENT), content=CONTENT[:-1] + b"?")
    assert (answer.status_code, answer.json()["error"]["kind"]) == (422, "hash")
    assert service.http.head(address(CONTENT)).headers["upload-offset"] == "0"
    assert service.http.put(address(CONTENT), content=CONTENT).status_code == 201


@pytest.mark.parametrize(
    "name", ["../" * 20 + "etc/passwd", "A" * 64, "a" * 63, "a" * 65, "%2e%2e%2f" * 21, "a" * 64 + "%0a"]
)
def test_a_name_that_is_no_digest_reaches_no_file(service, name):
    before = sorted(service.settings.data.rglob("*"))
    assert service.http.put(f"/v1/assets/{name}", content=b"x").status_code in (404, 413, 422)
    assert sorted(service.settings.data.rglob("*")) == before


def test_many_clients_may_upload_the_same(service):
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: service.http.put(address(CONTENT), content=CONTENT), range(16)))
    assert {answer.status_code for answer in answers} <= {200, 201, 409}
    assert service.http.head(address(CONTENT)).status_code == 200


def test_limits_hold_for_said_and_unsaid_lengths(tmp_path):
    with run_service(tmp_path, asset_bytes=100_000, partial_assets=2) as service:
        for content in (CONTENT, (CONTENT[i : i + 1000] for i in range(0, len(CONTENT), 1000))):
            answer = service.http.put(address(CONTENT), content=content)
            assert (answer.status_code, answer.json()["error"]["kind"]) == (413, "too_large")
        assert part(service, CONTENT, 0, 1000).status_code == 413
        held = sum(file.stat().st_size for file in (service.settings.assets / "partial").iterdir())
        assert held <= 100_000
        small = [bytes([number]) * 10 for number in range(4)]
        answers = [part(service, content, 0, 5).status_code for content in small]
        assert answers.count(429) >= 2


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="mounting a tiny disk needs root on Linux")
def test_a_disk_that_fills_up_keeps_what_came(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], capture_output=True).returncode:
        pytest.skip("this machine does not allow mounting a tiny disk")
    try:
        with run_service(disk) as service:
            pieces = (CONTENT[i : i + 20_000] for i in range(0, len(CONTENT), 20_000))
            answer = service.http.put(address(CONTENT), content=pieces)
            assert (answer.status_code, answer.json()["error"]["kind"]) == (507, "disk")
            offset = int(service.http.head(address(CONTENT)).headers["upload-offset"])
            assert offset > 100_000
            subprocess.run(["mount", "-o", "remount,size=8m", str(disk)], check=True)
            assert part(service, CONTENT, offset, len(CONTENT)).status_code == 201
    finally:
        subprocess.run(["umount", str(disk)], check=True)
