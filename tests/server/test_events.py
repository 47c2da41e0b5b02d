"""Event streams: replay from any point, live to the end, nothing lost and nothing twice."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator

from garrick.server.records import JobState, Progress
from live_service import Running, eventually, run_service


def events(
    service: Running, id: str, after: int | None = None, header: bool = False
) -> Iterator[tuple[int, str, dict]]:
    """Id, kind and data of each event until the service ends the stream."""
    headers = {"Last-Event-ID": str(after)} if header else {}
    params = {} if after is None or header else {"after": after}
    with service.http.stream("GET", f"/v1/jobs/{id}/events", params=params, headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        held: dict[str, str] = {}
        for line in answer.iter_lines():
            if line.startswith(":"):
                continue
            if line:
                name, _, value = line.partition(": ")
                held[name] = value
            elif held:
                yield int(held["id"]), held["event"], json.loads(held["data"])
                held = {}


def work(service: Running, id: str, steps: int) -> None:
    """Do what a worker's reports would."""
    service.claim()
    for step in range(1, steps + 1):
        service.store.log(id, f"line {step}")
        if step % 50 == 0:
            time.sleep(0.01)
    service.store.report(id, Progress("frames", steps, steps))
    service.store.finish(id, JobState.DONE, result={"warnings": []})


def test_a_finished_job_is_told_from_the_beginning_and_from_any_event_on(service):
    id = service.submit()["id"]
    work(service, id, 1200)  # more than one reading's worth
    told = list(events(service, id))
    assert [kind for _, kind, _ in told[:2]] == ["state", "state"]
    assert [data["line"] for _, kind, data in told if kind == "log"] == [f"line {step}" for step in range(1, 1201)]
    assert told[-1][1] == "state"
    assert told[-1][2]["state"] == "done"
    middle = told[600][0]
    assert list(events(service, id, middle)) == told[601:]
    assert list(events(service, id, middle, header=True)) == told[601:]
    assert list(events(service, id, told[-1][0])) == []


def test_many_clients_that_join_at_any_time_hear_everything_once(service):
    id = service.submit()["id"]
    heard: list[list[tuple[int, str, dict]]] = []

    def listen(delay: float) -> None:
        time.sleep(delay)
        heard.append(list(events(service, id)))

    clients = [threading.Thread(target=listen, args=(0.02 * number,)) for number in range(12)]
    for client in clients:
        client.start()
    work(service, id, 800)
    for client in clients:
        client.join(30)
    assert len(heard) == 12
    assert all(told == heard[0] for told in heard)
    assert len({number for number, _, _ in heard[0]}) == len(heard[0]) == 804


def test_a_client_that_was_cut_off_goes_on_where_it_was(service):
    id = service.submit()["id"]
    worker = threading.Thread(target=work, args=(service, id, 600))
    worker.start()
    told: list[tuple[int, str, dict]] = []
    while not told or told[-1][2].get("state") != "done":
        for event in events(service, id, told[-1][0] if told else 0, header=True):
            told.append(event)
            if len(told) % 97 == 0:
                break  # closes the connection
    worker.join()
    assert [data["line"] for _, kind, data in told if kind == "log"] == [f"line {step}" for step in range(1, 601)]
    assert len({number for number, _, _ in told}) == len(told)


def test_a_job_that_was_resumed_goes_on_being_told(service):
    id = service.submit()["id"]
    service.http.post(f"/v1/jobs/{id}/cancel")
    assert [data["state"] for _, _, data in events(service, id)] == ["queued", "cancelled"]
    service.http.post(f"/v1/jobs/{id}/resume")
    stream = events(service, id)
    assert [next(stream)[2]["state"] for _ in range(3)] == ["queued", "cancelled", "queued"]
    service.http.post(f"/v1/jobs/{id}/cancel")
    assert [data["state"] for _, _, data in stream] == ["cancelled"]


def test_a_quiet_stream_shows_that_it_lives(tmp_path):
    with run_service(tmp_path, event_comment_s=0.2) as service:
        id = service.submit()["id"]
        with service.http.stream("GET", f"/v1/jobs/{id}/events") as answer:
            comments = 0
            for line in answer.iter_lines():
                comments += line.startswith(": waiting")
                if comments == 3:
                    break


def test_a_stream_ends_when_its_job_is_deleted_or_the_service_stops(service):
    ended = []
    id, other = service.submit(seed=1)["id"], service.submit(seed=2)["id"]

    def follow(job: str) -> None:
        ended.append((job, list(events(service, job))))

    clients = [threading.Thread(target=follow, args=(job,)) for job in (id, other)]
    for client in clients:
        client.start()
    time.sleep(0.3)
    service.http.post(f"/v1/jobs/{id}/cancel")
    service.http.delete(f"/v1/jobs/{id}")
    eventually(lambda: len(ended) == 1)
    service.server.should_exit = True
    for client in clients:
        client.join(10)
    assert [job for job, _ in ended] == [id, other]
