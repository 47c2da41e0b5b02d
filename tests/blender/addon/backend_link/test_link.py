"""Which service the add-on speaks with, and how it knows how that does."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import time

import pytest
from fake_service import HEALTH, TOKEN

from blender_addon import tasks
from blender_addon.answers import ServiceError
from blender_addon.backend_link import link, status


def wait_until(condition, seconds: float) -> float:
    """How long it took."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, "too long"
        time.sleep(0.02)
    return time.monotonic() - begun


def test_without_a_backend_the_way_to_one_is_told(chosen):
    assert link.look().light == "off"
    assert link.status().sentence == "Not set up yet"
    with pytest.raises(ServiceError) as raised:
        link.client()
    assert raised.value.kind == "unreachable"
    assert raised.value.fix == link.SET_UP


def test_a_backend_that_does_not_run_is_to_be_started(chosen, service, monkeypatch):
    monkeypatch.setenv("GARRICK_PYTHON", str(service.process.args[0]))
    assert link.look().sentence == "Not running"
    with pytest.raises(ServiceError) as raised:
        link.client()
    assert raised.value.fix == link.START


def test_a_running_service_is_found_by_its_data_folder(chosen, service):
    chosen.data = str(service.data)
    now = link.look()
    assert now.light in ("ready", "busy")
    assert now.health["versions"]["python"]
    assert {field["name"] for field in link.schema()["fields"]} >= {"portrait", "audio", "text"}
    assert link.client().health()["pid"] == service.process.pid


def test_its_work_shows(chosen, fake, data):
    fake.write_runtime(data)
    assert link.look() == status.Status("ready", "Ready", HEALTH)
    fake.health["queue"] = {"queued": 1, "running": 1, "done": 3}
    assert link.look().light == "busy"
    assert link.status().sentence == "2 jobs at work or waiting"
    fake.health["queue"] = {"done": 5}
    fake.health["status"] = "full"
    assert link.look().light == "ready"
    assert "disk" in link.status().sentence


def test_workers_that_do_not_come_up_show_with_their_reason(chosen, fake, data):
    fake.write_runtime(data)
    fake.health["workers"] = [{"state": "broken", "error": "A worker could not be started: no memory."}]
    assert link.look().light == "off"
    assert "no memory" in link.status().sentence
    with pytest.raises(ServiceError, match=r"no memory.*Look at its log"):
        link.client()


@pytest.mark.parametrize(
    ("theirs", "advice"), [("0.0.9", "set the backend up again"), ("0.2.0", "update the add-on"), ("1.0.0", "update")]
)
def test_a_backend_of_another_version_is_told_and_refused(chosen, fake, data, theirs, advice):
    fake.write_runtime(data)
    fake.health["version"] = theirs
    now = link.look()
    assert now.light == "outdated"
    assert theirs in now.sentence
    assert advice in now.sentence
    with pytest.raises(ServiceError) as raised:
        link.client()
    assert raised.value.kind == "outdated"
    assert link.schema() is None


def test_what_a_later_backend_adds_does_no_harm(chosen, fake, data):
    fake.write_runtime(data)
    fake.health |= {"version": "0.1.7", "weather": {"sun": True}}
    fake.health["queue"] = {"dreaming": 4}
    fake.schema["fields"] = [{"name": "mood", "widget": "wheel", "unheard": 1}]
    assert link.look().light == "ready"
    assert link.schema()["fields"][0]["name"] == "mood"


@pytest.mark.parametrize(
    ("theirs", "ours", "expected"),
    [
        ("0.1.0", "0.1.9", 0), ("0.1.0", "0.2.0", -1), ("0.3.0", "0.2.0", 1), ("1.2.0", "1.9.3", 0), ("2.0", "1.9", 1),
        ("0.9.9", "1.0.0", -1), ("0.1.0rc1", "0.1.0", 0), ("", "0.1.0", -1),
    ],
)  # fmt: skip
def test_versions_fit_while_their_first_number_that_counts_does(theirs, ours, expected):
    assert status.compare(theirs, ours) == expected


def test_the_schema_is_asked_for_once_a_service(chosen, fake, data):
    fake.write_runtime(data)
    for _ in range(3):
        link.look()
    assert fake.asked.count("/v1/schema") == 1
    fake.health["pid"] = 77  # started again
    link.look()
    assert fake.asked.count("/v1/schema") == 2


def test_one_that_dies_shows_within_three_seconds_and_is_found_again_when_it_is_started_again(
    chosen, start_service, monkeypatch
):
    mine = start_service()
    chosen.data = str(mine.data)
    client = link.client()
    redrawn = []
    monkeypatch.setattr(tasks, "redraw", lambda: redrawn.append(link.status().light))
    link.watch()
    wait_until(lambda: link.status().health is not None, 10)
    link.pulse()
    mine.process.kill()
    took = wait_until(lambda: link.status().light == "off", 10)
    link.pulse()
    assert took < 3
    assert link.status().sentence == "It has ended without a word"
    assert redrawn[-1] == "off"
    link.pulse()
    assert len(redrawn) == 2  # the panels are drawn again only when something has changed
    mine.process.wait()
    assert link.look().light == "off"
    again = start_service(mine.data)
    assert link.look().health["pid"] == again.process.pid
    assert client.health()["pid"] == again.process.pid  # a client made before goes on with the new one


def test_one_that_is_silent_for_a_moment_is_not_taken_for_dead(chosen, fake, data, monkeypatch):
    fake.write_runtime(data)
    link.look()
    fake.speaks.clear()
    begun = time.monotonic()
    assert link.look().light == "ready"
    assert time.monotonic() - begun < 3
    assert link.status().sentence == "It is too busy to answer"
    monkeypatch.setattr(link, "_SILENCE_S", 0.0)
    assert link.look().light == "off"


def test_asking_how_it_does_never_waits(chosen, fake, data):
    fake.write_runtime(data)
    link.watch()
    wait_until(lambda: link.status().light == "ready", 10)
    fake.speaks.clear()
    slowest = 0.0
    for _ in range(100):
        begun = time.monotonic()
        link.status(), link.schema(), link.environment(), link.client(), link.pulse()
        slowest = max(slowest, time.monotonic() - begun)
        time.sleep(0.01)
    assert slowest < link._ANSWER_S / 2  # who asks the silent service waits for longer


def test_an_address_of_this_computer_needs_no_online_access(chosen, fake):
    chosen.connection, chosen.address, chosen.token = "ADDRESS", fake.url.removeprefix("http://"), TOKEN
    assert link.look().light == "ready"
    assert link.client().health()["device"] == "cpu"


def test_another_computer_is_not_asked_while_blender_is_offline(chosen, monkeypatch):
    def connect(*_: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr("socket.create_connection", connect)
    chosen.connection, chosen.address = "ADDRESS", "http://203.0.113.7:8723"
    assert link.look().light == "off"
    assert "Allow Online Access" in link.status().sentence
    with pytest.raises(ServiceError, match="Online Access"):
        link.client()


def test_a_wrong_token_is_named(chosen, service):
    url = json.loads((service.data / "runtime.json").read_text())["url"]
    chosen.connection, chosen.address, chosen.token = "ADDRESS", url, "wrong"
    assert link.look().sentence == "The token is missing or wrong"
    assert link.status().light == "off"


@pytest.mark.parametrize("text", ["", "somewhere", "ftp://10.0.0.7:21", "http://10.0.0.7", "http://[::1", "http://a:b"])
def test_an_address_that_is_none_is_refused_with_an_example(chosen, text):
    chosen.connection, chosen.address = "ADDRESS", text
    assert link.look().light == "off"
    assert "https://10.0.0.7:8723" in link.status().sentence


def test_a_certificate_that_is_not_there_is_named(chosen, tmp_path):
    chosen.connection, chosen.address = "ADDRESS", "https://127.0.0.1:8723"
    chosen.cafile = str(tmp_path / "missing.pem")
    assert "certificate" in link.look().sentence


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate of this computer's own, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2"]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*command, *names, "-keyout", key, "-out", cert], check=True, capture_output=True)
    return cert, key


def test_a_service_with_its_own_certificate_is_trusted_once_that_is_chosen(chosen, certificate, start_service):
    cert, key = certificate
    mine = start_service(None, "--tls-cert", str(cert), "--tls-key", str(key))
    runtime = json.loads((mine.data / "runtime.json").read_text())
    chosen.connection, chosen.address, chosen.token = "ADDRESS", runtime["url"], runtime["token"]
    assert link.look().light == "off"
    assert "certificate" in link.status().sentence
    chosen.cafile = str(cert)
    assert link.look().light in ("ready", "busy")
    mine.process.kill()


def test_any_thread_gets_a_client_once_the_main_one_has_read_the_preferences(chosen, fake, data):
    fake.write_runtime(data)
    chosen.data = str(data)
    link.settings()
    chosen.data = "/elsewhere"  # not read by the main thread: worker threads must not touch Blender
    found = []
    thread = threading.Thread(target=lambda: found.append(link.client().health()["device"]))
    thread.start()
    thread.join(10)
    assert found == ["cpu"]


def test_switched_off_and_on_again_it_looks_again(chosen, fake, data):
    fake.write_runtime(data)
    link.watch()
    link.rest()
    link.watch()
    wait_until(lambda: link.status().light == "ready", 10)
