"""A stand-in for a service of any version and any manners, for what a real one cannot be made to do."""

from __future__ import annotations

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

TOKEN = "secret-token"

NO_PROCESS = 2**30  # more than any system gives out: a test that stops it must end nobody

HEALTH: dict[str, Any] = {
    "status": "ok",
    "version": "0.1.0",
    "pid": NO_PROCESS,
    "device": "cpu",
    "queue": {"queued": 0, "running": 0, "done": 3},
    "workers": [{"pid": 2, "state": "idle", "job": None, "rss": 500_000_000, "since": 0.0, "error": None}],
    "models": {"voice": True},
    "versions": {"python": "3.11.7"},
    "disk_free": 50_000_000_000,
}


class FakeService:
    """health: what it answers, to be changed at will. silent: cleared, it stops answering. asked: paths, in order."""

    def __init__(self) -> None:
        self.health = dict(HEALTH)
        self.schema: dict[str, Any] = {"title": "Performance", "groups": [], "fields": []}
        self.asked: list[str] = []
        self.speaks = threading.Event()
        self.speaks.set()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                fake.asked.append(self.path)
                fake.speaks.wait(20)
                known = self.headers["Authorization"] == f"Bearer {TOKEN}"
                public = {name: fake.health[name] for name in ("status", "version")}
                health = fake.health if known else public
                body = json.dumps(health if self.path == "/v1/health" else fake.schema).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nothing on the test's output."""

            def handle(self) -> None:
                with contextlib.suppress(OSError):  # the client has stopped waiting
                    super().handle()

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def write_runtime(self, data: Path) -> None:
        """Let clients find it in that data folder."""
        data.mkdir(parents=True, exist_ok=True)
        (data / "runtime.json").write_text(json.dumps({"url": self.url, "token": TOKEN, "pid": self.health["pid"]}))

    def die(self) -> None:
        """Be gone without a word."""
        self.speaks.set()
        self._server.shutdown()
        self._server.server_close()
