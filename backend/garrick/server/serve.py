"""`garrick serve`: one service a data folder, from its start to its clean stop."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator

import uvicorn

import garrick
from garrick.errors import InputError, OutputError

from .api import create_app
from .connections import guarded
from .logs import begin_log
from .records import JobState
from .runtime import Runtime, own, remove_runtime, running, write_runtime
from .security import new_token
from .service import Service
from .settings import LOOPBACK, Settings
from .store import JobStore
from .supervisor import Supervisor

_log = logging.getLogger(__name__)

_GRACE_S = 3  # seconds that open requests get at the end
_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)]


def serve(settings: Settings, ready: Callable[[Runtime, bool], None]) -> None:
    """Serve until told to stop; `ready` hears where, and whether it is a service that was running already.

    A second start on the same folder finds the first and returns at once.
    Raises InputError for a port or certificate that cannot be used, OutputError for a folder that cannot be written.
    """
    lock = own(settings)
    if lock is None:
        ready(running(settings), True)
        return
    try:
        with contextlib.closing(listen(settings)) as listener:
            token = new_token()
            begin_log(settings, token)
            with contextlib.closing(JobStore(settings.store)) as store:
                _run(settings, store, token, listener, ready)
    finally:
        remove_runtime(settings.runtime, os.getpid())
        lock.release()


def listen(settings: Settings) -> socket.socket:
    """The socket of the service. Raises InputError for an address that is taken or not this machine's."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=settings.connections)
    except (OSError, OverflowError) as error:
        raise InputError(
            f"Port {settings.port} of {settings.host} cannot be used: {error}.",
            "Choose another, or --port 0 for a free one.",
        ) from error


def _run(
    settings: Settings,
    store: JobStore,
    token: str,
    listener: socket.socket,
    ready: Callable[[Runtime, bool], None],
) -> None:
    app = create_app(settings, store, Supervisor(store, settings), token)
    runtime = Runtime(_url(settings, listener), token, os.getpid(), garrick.__version__, time.time())

    def started() -> None:
        write_runtime(settings.runtime, runtime)
        _log.info("started", extra={"url": runtime.url, "pid": runtime.pid, "version": runtime.version})
        ready(runtime, False)

    try:
        config = configuration(app, settings)
        config.load()  # reads the certificate
    except OSError as error:
        raise InputError(f"The TLS certificate or key cannot be used: {error}.", "Give PEM files.") from error
    server = Server(config, app.state.service, started)
    server.run(sockets=[listener])
    if server.failure is not None:
        raise server.failure
    _log.info("stopped")


def configuration(app, settings: Settings) -> uvicorn.Config:
    """uvicorn under the limits of the settings."""
    return uvicorn.Config(
        app,
        loop="asyncio",
        http=guarded(settings),
        ws="websockets-sansio",
        ws_max_size=settings.stream_message_bytes,
        ws_per_message_deflate=False,  # a few bytes may unpack to megabytes
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=settings.connections,
        timeout_keep_alive=int(settings.keep_alive_s),
        timeout_graceful_shutdown=_GRACE_S,
        h11_max_incomplete_event_size=settings.header_bytes,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
    )


class Server(uvicorn.Server):
    """uvicorn that tells when it is ready, ends when idle, and leaves its process alive when a signal has stopped it.

    failure: what `started` raised.
    """

    def __init__(self, config: uvicorn.Config, service: Service, started: Callable[[], None]) -> None:
        super().__init__(config)
        self.failure: OutputError | None = None
        self._service = service
        self._started = started
        self._busy, self._requests = time.monotonic(), 0

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        try:
            self._started()
        except OutputError as error:
            self.failure, self.should_exit = error, True

    async def on_tick(self, counter: int) -> bool:
        if counter % 10 == 0 and self._service.settings.idle_minutes:
            self._look_busy()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._service.hub.close()  # event streams would keep it open for ever
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on the signals that ask for it; unlike uvicorn, do not raise them again: what follows cleans up."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _look_busy(self) -> None:
        """End when there has been no request, no connection with one under way and no job for `idle_minutes`."""
        store, requests = self._service.store, self.server_state.total_requests
        active = any(store.count(state) for state in (JobState.QUEUED, JobState.RUNNING, JobState.CANCELLING))
        if active or self.server_state.tasks or requests != self._requests:
            self._busy, self._requests = time.monotonic(), requests
        elif time.monotonic() - self._busy > 60 * self._service.settings.idle_minutes:
            _log.info("nothing to do for %g minutes", self._service.settings.idle_minutes)
            self.should_exit = True


def _url(settings: Settings, listener: socket.socket) -> str:
    """Where clients on this machine find the service."""
    host = settings.host if settings.host not in ("0.0.0.0", "::") else LOOPBACK[settings.host == "::"]
    scheme = "http" if settings.tls_cert is None else "https"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
