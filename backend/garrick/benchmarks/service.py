"""The service under load: answers while a job renders, memory over a thousand jobs, a minute of live speech.

A real `garrick serve` with its worker, on this machine, which the measuring clients share with it.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import psutil

from garrick.benchmarks.figures import Figure
from garrick.client import Client, connect
from garrick.context import RunContext
from garrick.errors import OutputError
from garrick.speech.audio import load_sound
from garrick.speech.incoming import resampled
from garrick.speech.pcm import to_float
from garrick.streaming import Stream

_COMMAND = (sys.executable, "-c", "from garrick.cli import main; main()", "serve", "--no-scene")
_CLIENTS, _QUEUED, _TINY = 50, 200, 1000
_LOAD_S, _POLL_S = 20.0, 1.0  # seconds of load, and between two questions of one client
_STREAM_S, _CHUNK_S, _RATE = 60.0, 0.02, 16000
_FPS = 25
_START_S = 60.0


def measure(picture: Path, voice: Path) -> list[Figure]:
    """All figures; about three minutes."""
    with tempfile.TemporaryDirectory(prefix="garrick-benchmark-") as folder, _served(Path(folder)) as (client, process):
        portrait = client.upload(picture)
        figures = _first_frames(client, portrait)
        figures += _load(client, portrait, voice)
        figures += _many(client, portrait, Path(folder), process)
        figures += _stream(client, voice)
    return figures


@contextmanager
def _served(folder: Path) -> Iterator[tuple[Client, psutil.Process]]:
    """A service with its data in `folder`, until the block ends."""
    process = subprocess.Popen([*_COMMAND, "--data", str(folder / "service")], stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + _START_S
        while True:
            try:
                client = connect(folder / "service")
                break
            except OutputError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)
        yield client, psutil.Process(process.pid)
        client.close()
    finally:
        process.terminate()
        process.wait(30)


def _first_frames(client: Client, portrait: str) -> list[Figure]:
    """From a submitted job to its first frame: with a worker that has just been started, and with a warm one."""
    job = {"portrait": portrait, "size": [256, 256]}
    seconds = [_first_frame(client, {**job, "text": text}) for text in ("The first words.", "Some other words.")]
    return [
        Figure("submit to first frame, cold", seconds[0], "s"),
        Figure("submit to first frame, warm", seconds[1], "s"),
    ]


def _first_frame(client: Client, job: dict) -> float:
    before = time.perf_counter()
    id = client.submit(job, consent=True)["id"]
    first = None
    for event in client.events(id):
        if event.kind == "progress" and event.data["phase"] == "frames" and event.data["done"] and first is None:
            first = time.perf_counter() - before
    if first is None:
        raise OutputError(f"The job ended without a frame: {client.job(id)['error']}")
    return first


def _load(client: Client, portrait: str, voice: Path) -> list[Figure]:
    """50 clients ask for health and status and follow the events of a job that renders, while 200 wait."""
    job = {"portrait": portrait, "audio": client.upload(voice), "fps": "60"}
    rendering = client.submit(job, priority=100)["id"]
    waiting = [client.submit({**job, "seed": seed})["id"] for seed in range(_QUEUED)]
    events = client.events(rendering)
    next(event for event in events if event.kind == "progress" and event.data["phase"] == "frames")
    url, token = client.address
    times = asyncio.run(_ask_all(url, token, rendering))
    state = client.job(rendering)["state"]
    for id in [*waiting, rendering]:
        client.cancel(id)
    client.wait(rendering)
    if state != "running":
        raise OutputError("The job was over before the load was.")
    figures = []
    for name, seconds in times.items():
        for quantile, budget in ((50, None), (95, None), (99, 100.0)):
            milliseconds = float(np.percentile(seconds, quantile)) * 1e3
            figures.append(Figure(f"{name} under load, p{quantile}", milliseconds, "ms", at_most=budget))
    return [*figures, Figure("questions under load", len(times["health"]) * 2 / _LOAD_S, "a second")]


async def _ask_all(url: str, token: str, job: str) -> dict[str, list[float]]:
    """Seconds of every answer to the 50 clients."""
    times: dict[str, list[float]] = {"health": [], "job status": []}
    headers = {"Authorization": f"Bearer {token}"}
    limits = httpx.Limits(max_connections=None)
    async with (
        httpx.AsyncClient(base_url=url, headers=headers, timeout=30, limits=limits, trust_env=False) as followers,
        httpx.AsyncClient(base_url=url, headers=headers, timeout=30, trust_env=False) as askers,
    ):
        connected = asyncio.Semaphore(0)
        following = [asyncio.create_task(_follow(followers, job, connected)) for _ in range(_CLIENTS)]
        for _ in following:
            await connected.acquire()
        await asyncio.gather(*(_ask(askers, job, times, index) for index in range(_CLIENTS)))
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)
    return times


async def _follow(http: httpx.AsyncClient, job: str, connected: asyncio.Semaphore) -> None:
    async with http.stream("GET", f"/v1/jobs/{job}/events") as response:
        connected.release()
        async for _ in response.aiter_raw():
            pass


async def _ask(http: httpx.AsyncClient, job: str, times: dict[str, list[float]], index: int) -> None:
    await asyncio.sleep(_POLL_S * index / _CLIENTS)
    end = time.perf_counter() + _LOAD_S
    while time.perf_counter() < end:
        for name, path in (("health", "/v1/health"), ("job status", f"/v1/jobs/{job}")):
            before = time.perf_counter()
            (await http.get(path)).raise_for_status()
            times[name].append(time.perf_counter() - before)
        await asyncio.sleep(_POLL_S)


def _many(client: Client, portrait: str, folder: Path, process: psutil.Process) -> list[Figure]:
    """Memory of the service and of its worker over a thousand jobs that fail at once: their voice is no sound."""
    noise = folder / "noise.wav"
    noise.write_bytes(b"this is no sound")
    job = {"portrait": portrait, "audio": client.upload(noise), "size": [128, 128]}
    before = time.perf_counter()
    memory = []
    for share in range(10):
        ids = [client.submit({**job, "seed": share * _TINY + seed})["id"] for seed in range(_TINY // 10)]
        client.wait(ids[-1])
        worker = max(process.children(), key=lambda child: child.memory_info().rss)
        memory.append((process.memory_info().rss / 1e6, worker.memory_info().rss / 1e6))
    rate = _TINY / (time.perf_counter() - before)
    (service, worker), (service_end, worker_end) = memory[1], memory[-1]
    return [
        Figure("jobs that fail at once", rate, "a second"),
        Figure("memory of the service after 1000 jobs", service_end, "MB"),
        Figure("its growth over the last 800", service_end - service, "MB", at_most=5),
        Figure("memory of the worker after 1000 jobs", worker_end, "MB"),
        Figure("its growth over the last 800, worker", worker_end - worker, "MB", at_most=5),
    ]


def _stream(client: Client, voice: Path) -> list[Figure]:
    """A minute of speech in real time, the connection cut in the middle."""
    sound = load_sound(voice, RunContext())
    whole = np.resize(resampled(to_float(sound.playback[:, 0]), sound.rate, _RATE), round(_STREAM_S * _RATE))
    samples = (np.clip(whole, -1, 1) * 32767).astype("<i2")
    step = round(_CHUNK_S * _RATE)
    arrived: dict[int, float] = {}
    with client.stream(rate=_RATE, fps=str(_FPS)) as stream:
        begin = time.perf_counter()
        for start in range(0, len(samples), step):
            if start == len(samples) // 2 // step * step:
                stream.cut()
            due = begin + (start + step) / _RATE  # a microphone hands a chunk out when it is full
            _take(stream, begin, arrived, due)
            stream.feed(samples[start : start + step].tobytes())
        stream.end()
        for message in stream.messages():
            _note(message, begin, arrived)
        cuts = stream.reconnects
    frames = np.array(sorted(arrived))
    if not np.array_equal(frames, np.arange(round(_STREAM_S * _FPS))):
        raise OutputError("The stream lost frames.")
    late = np.array([arrived[frame] - frame / _FPS for frame in frames]) * 1e3
    third = len(late) // 3
    return [
        Figure("stream, motion behind the voice, p50", float(np.percentile(late, 50)), "ms"),
        Figure("stream, motion behind the voice, p95", float(np.percentile(late, 95)), "ms"),
        Figure(
            "stream, last third against the first, p50", float(np.median(late[-third:]) - np.median(late[:third])), "ms"
        ),
        Figure("stream, frames too many or too few", float(len(frames) - round(_STREAM_S * _FPS)), "", at_most=0),
        Figure("stream, cuts survived", float(cuts), "", at_least=1),
    ]


def _take(stream: Stream, begin: float, arrived: dict[int, float], until: float) -> None:
    """Note what comes until that time."""
    while (left := until - time.perf_counter()) > 0:
        for message in stream.messages(left):
            _note(message, begin, arrived)
            break


def _note(message: dict, begin: float, arrived: dict[int, float]) -> None:
    for frame in message.get("frames", ()) if message["type"] == "motion" else ():
        arrived.setdefault(frame["frame"], time.perf_counter() - begin)
