"""`garrick serve` as a process: found, joined, killed, started again, idle, stopped; its files private, its log clean."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import stat
import subprocess
import time
from pathlib import Path

import httpx
import pytest
from garrick.cli import app
from garrick.errors import InputError, OutputError
from garrick.server.runtime import Runtime, running, write_runtime
from garrick.server.serve import listen
from garrick.server.settings import Settings
from live_service import eventually
from typer.testing import CliRunner

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals and rights of POSIX")


def test_it_is_found_and_stops_cleanly(start):
    service = start()
    said = service.ready()
    runtime = service.runtime
    assert (said["url"], said["pid"], said["joined"]) == (runtime.url, runtime.pid, False)
    assert runtime.pid == service.process.pid
    assert "token" not in said
    with service.http() as http:
        health = eventually(lambda: http.get("/v1/health").json())
        assert health["pid"] == runtime.pid
        workers = [worker["pid"] for worker in health["workers"] if worker["pid"]]
    if os.name == "posix":
        for file in (
            service.data / "runtime.json",
            service.data / "service.lock",
            service.data / "logs" / "service.log",
        ):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert service.end() == 0
    assert not (service.data / "runtime.json").exists()
    for pid in workers:
        eventually(lambda pid=pid: not Path(f"/proc/{pid}/exe").exists())


@POSIX
def test_ctrl_c_stops_it_cleanly_too(start):
    service = start()
    service.ready()
    assert service.end(signal.SIGINT) == 0
    assert not (service.data / "runtime.json").exists()


def test_a_second_start_joins_the_first_and_replaces_what_it_left_when_it_was_killed(start):
    first = start()
    said = first.ready()
    second = start("--port", "1")  # its own wishes do not matter
    assert second.ready()["joined"] is True
    assert second.process.wait(20) == 0
    assert first.runtime.url == said["url"]
    with first.http() as http:
        assert http.get("/v1/health").status_code == 200
    old = first.runtime
    first.process.kill()
    first.process.wait(20)
    assert (first.data / "runtime.json").exists()
    third = start()
    assert third.ready()["joined"] is False
    assert third.runtime.token != old.token
    with third.http() as http:
        assert http.get("/v1/jobs").status_code == 200
        assert http.get("/v1/jobs", headers={"Authorization": f"Bearer {old.token}"}).status_code == 401


def test_a_job_that_was_running_goes_on_after_a_stop(start):
    """It fails, its portrait being no picture; but it is tried by the second service."""
    service = start()
    service.ready()
    with service.http() as http:
        digest = hashlib.sha256(b"face").hexdigest()
        http.put(f"/v1/assets/{digest}", content=b"face").raise_for_status()
        body = {"job": {"portrait": f"sha256:{digest}", "text": "Hi."}, "consent": True}
        id = http.post("/v1/jobs", json=body).json()["id"]
    assert service.end() == 0
    again = start()
    again.ready()
    with again.http() as http:
        ended = eventually(lambda: (job := http.get(f"/v1/jobs/{id}").json())["state"] == "failed" and job, 60)
        assert "image" in ended["error"]["message"]


def test_an_owner_that_does_not_answer_is_named(tmp_path):
    settings = Settings(data=tmp_path)
    with pytest.raises(OutputError, match="does not answer"):
        running(settings, patience_s=0.3)
    write_runtime(settings.runtime, Runtime("http://127.0.0.1:9", "secret", 4711, "0", 0.0))
    with pytest.raises(OutputError, match="4711") as error:
        running(settings, patience_s=0.3)
    assert "secret" not in str(error.value)


def test_a_lock_file_that_nobody_holds_stops_nobody(start, tmp_path):
    data = tmp_path / "service"
    data.mkdir()
    (data / "service.lock").write_text("")
    write_runtime(data / "runtime.json", Runtime("http://127.0.0.1:9", "old", os.getpid(), "0", 0.0))
    service = start()
    assert service.ready()["joined"] is False
    assert service.runtime.token != "old"


def test_a_taken_port_is_said(start):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=str(port)):
            listen(Settings(port=port))
        service = start("--port", str(port))
        said = service.process.communicate(timeout=30)
    assert service.process.returncode == 2
    assert str(port) in said[0] + said[1]
    assert "--port 0" in said[0] + said[1]
    assert "Traceback" not in said[1]
    assert not (service.data / "runtime.json").exists()


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--host", "0.0.0.0"), "--tls-cert"),
        (("--host", "192.168.1.1"), "--insecure-network"),
        (("--tls-cert", "x.pem"), "--tls-key"),
        (("--tls-cert", "x.pem", "--tls-key", "x.pem"), "certificate"),
        (("--host", "no.such.host.example", "--insecure-network"), "no.such.host.example"),
    ],
)
def test_what_cannot_be_served_is_refused_in_a_line(tmp_path, options, word):
    done = CliRunner().invoke(app, ["serve", "--json", "--data", str(tmp_path / "service"), *options])
    assert isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code == 2, done.output
    assert word in done.output


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_said(start, tmp_path):
    tmp_path.chmod(0o500)
    said = "".join(start().process.communicate(timeout=30))
    tmp_path.chmod(0o700)
    assert "may not be written" in said


def test_it_stops_when_it_has_been_idle(start):
    service = start("--idle-minutes", "0.03")
    service.ready()
    for _ in range(3):  # whoever asks keeps it alive
        time.sleep(1)
        with service.http() as http:
            assert http.get("/v1/health").status_code == 200
    assert service.process.wait(30) == 0
    assert not (service.data / "runtime.json").exists()


def test_the_log_is_json_lines_without_secrets(start):
    service = start()
    service.ready()
    token = service.runtime.token
    with service.http() as http:
        http.get("/v1/nothing", params={"token": token})
        http.get(f"/v1/{token}")
        http.post("/v1/jobs", json={"token": token})
        http.post("/v1/jobs", content=token, headers={"Content-Type": "application/json"})
        http.get("/v1/jobs", headers={"X-Token": token, "Host": "evil.example"})
        http.get("/v1/jobs", headers={"Authorization": f"Basic {token}"})
        http.get("/v1/jobs", headers={"Last-Event-ID": token})
    with socket.create_connection(("127.0.0.1", int(service.runtime.url.rpartition(":")[2]))) as raw:
        raw.sendall(f"GET /{token} HTTP/1.1\x00\r\n\r\n".encode())
        raw.recv(1000)
    service.end()
    text = (service.data / "logs" / "service.log").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert {"started", "request", "stopped"} <= {line["message"] for line in lines}
    assert all({"time", "level", "from", "message"} <= set(line) for line in lines)
    assert token not in text
    assert token not in "".join(part or "" for part in service.process.communicate(timeout=10))


def test_tls(start, tmp_path):
    cert, key = certificate(tmp_path)
    service = start("--host", "0.0.0.0", "--tls-cert", str(cert), "--tls-key", str(key))
    assert service.ready()["url"].startswith("https://127.0.0.1:")
    with httpx.Client(verify=False, headers={"Authorization": f"Bearer {service.runtime.token}"}) as http:
        assert http.get(f"{service.runtime.url}/v1/jobs").status_code == 200
    with pytest.raises(httpx.HTTPError):
        httpx.get(service.runtime.url.replace("https", "http") + "/v1/health")
    assert start().ready()["joined"] is True


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of this machine's own making."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2"]
    try:
        subprocess.run([*command, "-out", str(cert), "-keyout", str(key)], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    return cert, key
