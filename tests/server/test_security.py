"""The door stays shut: token, Host, Origin, sizes, slow clients, too many clients, and nothing secret in the log."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import socket
import stat
import time

import httpx
import pytest
from garrick.server.security import host_allowed
from live_service import Running, eventually, run_service
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect


def talk(service: Running, head: str, body: bytes = b"", token: bool = True) -> tuple[int, str, dict]:
    """Send a request by hand; status, head and JSON of the answer."""
    head = f"{head}\r\n" + (f"Authorization: Bearer {service.token}\r\n" if token else "")
    with service.raw() as raw:
        raw.sendall(f"{head}Connection: close\r\n\r\n".encode("latin-1") + body)
        return answered(raw)


def answered(raw: socket.socket) -> tuple[int, str, dict]:
    """Read until the service closes."""
    said = b""
    while piece := raw.recv(65536):
        said += piece
    head, _, content = said.partition(b"\r\n\r\n")
    return int(head.split()[1]), head.decode(), json.loads(content) if content else {}


@pytest.mark.parametrize(
    "given",
    [None, "", "Bearer", "Bearer wrong", "Basic {}", "{}", "Bearer {}x", "Bearer \u00e9", "Token {}"],
)
@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/schema", "/v1/openapi.json", "/v1/nothing", "/"])
def test_nothing_without_the_token(service, given, path):
    header = {} if given is None else {"Authorization": given.format(service.token).encode()}
    answer = httpx.get(f"http://127.0.0.1:{service.port}{path}", headers=header)
    assert answer.status_code == 401
    assert answer.json()["error"]["kind"] == "token"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert service.token not in answer.text


def test_a_wrong_token_is_refused_even_for_health(service):
    answer = httpx.get(f"http://127.0.0.1:{service.port}/v1/health", headers={"Authorization": "Bearer no"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1:1",
        "127.0.0.1",
        "127.0.0.1.evil.example:{port}",
        "",
        "user@127.0.0.1:{port}",
        "[::1",
        "169.254.1.1:{port}",
    ],
)
def test_a_rebound_name_is_refused(service, host):
    status, _, said = talk(service, f"GET /v1/health HTTP/1.1\r\nHost: {host.format(port=service.port)}")
    assert (status, said["error"]["kind"]) == (421, "host")


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "LOCALHOST:{port}", "[::1]:{port}"])
def test_the_names_of_this_machine_are_welcome(service, host):
    assert talk(service, f"GET /v1/health HTTP/1.1\r\nHost: {host.format(port=service.port)}")[0] == 200


def test_no_host_and_two_hosts_are_refused(service):
    name = f"127.0.0.1:{service.port}"
    assert talk(service, f"GET /v1/health HTTP/1.1\r\nHost: {name}\r\nHost: evil.example")[0] == 400
    assert talk(service, "GET /v1/health HTTP/1.1")[0] == 400
    assert talk(service, "GET /v1/health HTTP/1.0")[0] == 421


def test_a_service_on_all_addresses_answers_to_numbers_and_its_own_name():
    assert host_allowed("192.168.1.7:80", "0.0.0.0", 80)
    assert host_allowed(f"{socket.gethostname()}:8000", "0.0.0.0", 8000)
    assert not host_allowed("evil.example:8000", "0.0.0.0", 8000)
    assert host_allowed("farm.example:8000", "farm.example", 8000)
    assert not host_allowed("192.168.1.7:8000", "127.0.0.1", 8000)


def test_pages_of_other_sites_get_nothing(service):
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}):
        assert service.http.get("/v1/jobs", headers=headers).status_code == 403
    preflight = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answer = httpx.options(f"http://127.0.0.1:{service.port}/v1/jobs", headers=preflight)
    assert answer.status_code in (401, 403)
    for seen in (answer, service.http.get("/v1/health")):
        assert not [name for name in seen.headers if name.startswith("access-control")]


def test_a_websocket_needs_the_token_too(service):
    url = f"ws://127.0.0.1:{service.port}/v1/stream"
    with pytest.raises(InvalidStatus), connect(url, additional_headers={"Authorization": "Bearer wrong"}):
        pass
    with pytest.raises(InvalidStatus), connect(url, origin="https://evil.example"):  # type: ignore[arg-type]
        pass
    for first in ('{"token": "wrong"}', "[" * 5000, "7", "{}", '{"token": 7}', b"\x00"):
        with connect(url) as stream:
            stream.send(first)
            with pytest.raises(ConnectionClosed) as closed:
                stream.recv(timeout=10)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1008


def test_a_websocket_that_says_nothing_is_closed(tmp_path):
    with run_service(tmp_path, header_s=0.5) as service:
        url = f"ws://127.0.0.1:{service.port}/v1/stream"
        with connect(url) as stream, pytest.raises(ConnectionClosed):
            stream.recv(timeout=15)


def test_a_head_that_is_too_long_is_refused(service):
    for line in (f"X: {'x' * 100_000}", "\r\n".join(f"X-{i}: {'y' * 50}" for i in range(2000))):
        status, _, said = talk(service, f"GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1:{service.port}\r\n{line}")
        assert (status, said["error"]["kind"]) == (431, "too_large")


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"hello\r\n\r\n",
        b"\x00" * 1000 + b"\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused(service, garbage):
    with service.raw() as raw:
        raw.sendall(garbage)
        assert answered(raw)[0] == 400


@pytest.mark.parametrize(
    "lines",
    [
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: -1",
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: gzip",
    ],
)
def test_lengths_that_contradict_each_other_are_refused(service, lines):
    head = f"POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1:{service.port}\r\n{lines}"
    assert 400 <= talk(service, head, b"5\r\nhello\r\n0\r\n\r\n")[0] < 502


def test_a_body_is_refused_by_what_it_says_before_it_is_read(service):
    head = f"POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1:{service.port}\r\nContent-Length: {10**12}"
    status, _, said = talk(service, head)
    assert (status, said["error"]["kind"]) == (413, "too_large")


def test_a_body_that_grows_without_saying_so_is_refused(service):
    pieces = (b" " * 10_000 for _ in range(100))
    answer = service.http.post("/v1/jobs", content=pieces, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["kind"]) == (413, "too_large")


def test_a_slow_head_is_dropped_although_bytes_keep_coming(tmp_path):
    with run_service(tmp_path, header_s=1.0) as service, service.raw() as raw:
        raw.sendall(b"GET /v1/health HTTP/1.1\r\n")
        assert drip(raw, b"X-A: b\r\n") < 15
        assert answered(raw)[0] == 408


def test_the_second_slow_head_of_a_connection_is_dropped_too(tmp_path):
    with run_service(tmp_path, header_s=1.0, keep_alive_s=60) as service, service.raw() as raw:
        raw.sendall(f"GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1:{service.port}\r\n\r\n".encode())
        assert b"200" in raw.recv(65536)
        raw.sendall(b"GET /v1/health HTTP/1.1\r\n")
        assert drip(raw, b"X-A: b\r\n") < 15


def test_a_slow_body_is_dropped_although_bytes_keep_coming(tmp_path):
    with run_service(tmp_path, body_s=1.0) as service, service.raw() as raw:
        head = f"PUT /v1/assets/{'a' * 64} HTTP/1.1\r\nHost: 127.0.0.1:{service.port}\r\nContent-Length: 100000\r\n"
        raw.sendall(f"{head}Authorization: Bearer {service.token}\r\n\r\n".encode())
        assert drip(raw, b"x") < 15
        assert answered(raw)[0] == 408


def test_a_steady_body_is_let_through(tmp_path):
    with run_service(tmp_path, body_s=0.4) as service:
        content = os.urandom(20_000)

        def slowly():
            for start in range(0, len(content), 1000):
                time.sleep(0.06)
                yield content[start : start + 1000]

        assert (
            service.http.put(f"/v1/assets/{hashlib.sha256(content).hexdigest()}", content=slowly()).status_code == 201
        )


def test_a_client_that_does_not_read_is_dropped(tmp_path):
    with run_service(tmp_path, write_s=0.5) as service:
        id = service.submit()["id"]
        service.settings.jobs.joinpath(id).mkdir(parents=True)
        (service.settings.jobs / id / "preview.mp4").write_bytes(bytes(30_000_000))
        with service.raw() as raw:
            head = f"GET /v1/jobs/{id}/artifacts/preview.mp4 HTTP/1.1\r\nHost: 127.0.0.1:{service.port}\r\n"
            raw.sendall(f"{head}Authorization: Bearer {service.token}\r\n\r\n".encode())
            time.sleep(3)
            taken = 0
            with contextlib.suppress(ConnectionResetError):
                while piece := raw.recv(2**20):
                    taken += len(piece)
            assert taken < 30_000_000
        assert service.http.get("/v1/health").status_code == 200


def test_idle_connections_are_closed_and_too_many_are_refused(tmp_path):
    with run_service(tmp_path, connections=5, header_s=2.0) as service:
        idle = [service.raw() for _ in range(8)]
        try:
            refused = eventually(lambda: peek(idle[-1]))
            assert b"503" in refused
            assert b'"busy"' in refused
            eventually(lambda: httpx.get(f"http://127.0.0.1:{service.port}/v1/health").status_code == 200, 20)
            for raw in idle:
                raw.settimeout(15)
                assert b"408" in raw.recv(65536) or raw is not idle[0]
        finally:
            for raw in idle:
                raw.close()


def peek(raw: socket.socket) -> bytes:
    return raw.recv(65536)


def drip(raw: socket.socket, piece: bytes) -> float:
    """Send `piece` again and again until the service has had enough; the seconds until then."""
    begin = time.monotonic()
    raw.settimeout(0.05)
    try:
        while time.monotonic() - begin < 30:
            raw.sendall(piece)
            time.sleep(0.1)
            try:
                if raw.recv(1, socket.MSG_PEEK):
                    break
            except TimeoutError:
                continue
    except (BrokenPipeError, ConnectionResetError):
        pass
    raw.settimeout(20)
    return time.monotonic() - begin


@pytest.mark.skipif(os.name != "posix", reason="rights of files")
def test_only_the_user_may_read_the_data_folder(service):
    assert stat.S_IMODE(service.settings.data.stat().st_mode) == 0o700
