"""Settings: where the service keeps its things, whom it lets in, and every limit with its default."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, model_validator

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def default_data() -> Path:
    """The service's data folder; $GARRICK_DATA moves it."""
    return Path(os.environ.get("GARRICK_DATA") or platformdirs.user_data_path("garrick", appauthor=False) / "service")


class Settings(BaseModel):
    """One service. Sizes are bytes, `_s` is seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # where and for whom
    data: Path = Field(default_factory=default_data)
    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65535)  # 0: any free one
    tls_cert: Path | None = None
    tls_key: Path | None = None
    insecure_network: bool = False  # serve a network without TLS
    device: str = "cpu"
    workers: int = Field(default=1, ge=1, le=64)
    scene: bool = True  # write scene.blend
    idle_minutes: float = Field(default=0, ge=0)  # 0: never stop by itself
    keep_days: float = Field(default=30, ge=0)  # finished jobs and their files; 0: for ever

    # what one client may do
    json_bytes: int = 256_000
    header_bytes: int = 16_384
    asset_bytes: int = 1_000_000_000
    partial_assets: int = 64
    queued_jobs: int = 1000
    connections: int = 256
    header_s: float = 10.0  # a request's head must be whole by then
    body_s: float = 20.0  # a body may stand still this long
    write_s: float = 30.0  # a client may refuse to read this long
    keep_alive_s: float = 15.0
    event_comment_s: float = 15.0  # an event stream says at least this often that it lives
    disk_reserve: int = 500_000_000  # below this much free disk, no uploads and no jobs

    # what one job may do
    heartbeat_s: float = 30.0  # a worker silent for longer is taken for dead
    cancel_s: float = 2.5  # a worker that has not obeyed by then is killed
    job_memory: int = 8_000_000_000  # resident, with its children
    job_seconds: float = 6 * 3600.0
    job_file_bytes: int = 50_000_000_000  # one file
    job_open_files: int = 1024
    stages_bytes: int = 4_000_000_000
    inspect_s: float = 60.0  # for a look at a portrait

    # what one stream may do
    streams: int = 2
    stream_message_bytes: int = 4_000_000
    stream_seconds: float = 600.0
    stream_idle_s: float = 60.0  # without a word from the client
    stream_resume_s: float = 60.0  # how long a stream that was cut off can be taken up again

    # the log
    log_bytes: int = 5_000_000
    log_files: int = 5

    @model_validator(mode="after")
    def _guarded(self) -> Settings:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("TLS needs both a certificate (--tls-cert) and a key (--tls-key).")
        if not self.loopback and self.tls_cert is None and not self.insecure_network:
            raise ValueError(
                f"{self.host} can be reached from the network: give --tls-cert and --tls-key, or --insecure-network."
            )
        return self

    @property
    def loopback(self) -> bool:
        """Only this machine can reach the service."""
        return self.host in LOOPBACK

    @property
    def store(self) -> Path:
        """The job store."""
        return self.data / "jobs.sqlite"

    @property
    def assets(self) -> Path:
        """Uploaded files, by content."""
        return self.data / "assets"

    @property
    def jobs(self) -> Path:
        """One shot folder a job."""
        return self.data / "jobs"

    @property
    def stages(self) -> Path:
        """The stage cache."""
        return self.data / "stages"

    @property
    def log(self) -> Path:
        """The log; older ones beside it have .1, .2, ... behind the name."""
        return self.data / "logs" / "service.log"

    @property
    def runtime(self) -> Path:
        """What clients read to find the service."""
        return self.data / "runtime.json"

    @property
    def lock(self) -> Path:
        """Held by the service that owns the data folder."""
        return self.data / "service.lock"
