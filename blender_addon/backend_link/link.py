"""The one link to the backend: which service, how it does, and a client to speak with it.

A thread looks at the service once a second, and a timer on the main thread redraws the panels when what it saw has
changed: nothing here makes the window wait. In background mode, where timers never fire, `client` looks itself.
"""

from __future__ import annotations

import ipaddress
import os
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import bpy

from .. import preferences, tasks
from ..answers import ServiceError
from ..client import Client
from ..core.service_wire import read_address
from ..preferences import Settings
from . import process
from .finding import Environment, find_environment
from .status import Status, addon_version, judge

START = "Press Start in Garrick's Backend panel."
SET_UP = "Choose Garrick's folder in the add-on's preferences and press Set Up Backend."

_LOOK_S = 1.0  # between two looks; with _ANSWER_S, a service that has died shows within 3 s
_ANSWER_S = 1.2
_SILENCE_S = 10.0  # so long a service that is there may be too busy to answer
_PULSE_S = 0.5


@dataclass
class _State:
    """What is known; each member is replaced as a whole, so that any thread may read it."""

    settings: Settings | None = None
    status: Status = field(default_factory=lambda: Status("off", "Not looked for yet"))
    schema: dict[str, Any] | None = None
    schema_of: tuple[Any, Any] | None = None  # which service it is of
    environment: Environment | None = None
    launched: process.Launch | None = None  # the last one; kept so that the system can forget it when it has ended
    raising: bool = False  # `launched` is on its way up
    heard: float = 0.0  # time.monotonic() of the last answer
    drawn: Status | None = None


_state = _State()
_looking = threading.Lock()
_raising = threading.Lock()
_over = threading.Event()  # a new one for each watcher: the one before may still be in its last look
_over.set()


def settings() -> Settings:
    """The preferences; off the main thread those that the main thread has read last (so read them before the work)."""
    if threading.current_thread() is threading.main_thread():
        _state.settings = preferences.read()
    return _state.settings or Settings()


def status() -> Status:
    """How the backend did when it was last looked at; returns at once."""
    return _state.status


def schema() -> dict[str, Any] | None:
    """What the service last said a job may hold (/v1/schema); None before it has been reached. Returns at once."""
    return _state.schema


def environment() -> Environment | None:
    """What would start the backend here, as of the last look; None when it has to be set up first."""
    return _state.environment


def client() -> Client:
    """A client of the service, from any thread. Raises ServiceError with a fix when there is none that can be used."""
    wanted = settings()
    now = _state.status if watching() else look()
    if now.light == "off":
        raise ServiceError("unreachable", _sentence(now), _fix(wanted, now))
    if now.light == "starting":
        raise ServiceError("unreachable", _sentence(now), "Try again in a moment.")
    if now.light == "outdated":
        raise ServiceError("outdated", _sentence(now))
    return _client(wanted)


def ensure(check: Callable[[], None] = lambda: None) -> Client:
    """A client; a service on this computer that does not run is started first, which takes seconds.

    For worker threads and for a blocking execute. check: may raise, to stop waiting (tasks.Handle.check).
    Raises ServiceError.
    """
    wanted = settings()
    if wanted.local and look().light in ("off", "starting"):
        bring_up(check)
    return client()


def bring_up(check: Callable[[], None] = lambda: None) -> Status:
    """Start the service on this computer, unless it runs, and wait until it answers. Blocks. Raises ServiceError."""
    wanted = settings()
    if not wanted.local:
        raise ServiceError("start", "A service at an address cannot be started from here.", "Start it there.")
    while not _raising.acquire(timeout=0.1):  # another task starts it
        check()
    try:
        if look().health is None:
            found = find_environment(wanted.python, wanted.checkout)
            if found is None:
                raise ServiceError("start", "No backend was found on this computer.", SET_UP)
            _state.launched = process.launch(found, wanted.data, wanted.device, wanted.idle_minutes)
            _state.raising = True
            try:
                process.wait_until_up(_state.launched, lambda: look().health is not None, check)
            finally:
                _state.raising = False
                look()
    finally:
        _raising.release()
    return _state.status


def bring_down() -> Status:
    """Stop the service on this computer and wait until it is gone; its jobs are kept. Blocks. Raises ServiceError."""
    wanted = settings()
    if not wanted.local:
        raise ServiceError("stop", "A service at an address cannot be stopped from here.", "Stop it there.")
    now, runtime = look(), wanted.data / "runtime.json"
    if now.health is None:
        raise ServiceError("stop", "The service does not run.")
    pid = process.pid_of(runtime)
    if pid is None or pid != now.health.get("pid"):  # whatever answers there has not written that file
        raise ServiceError("stop", "It is not certain which process the service is.", "End it yourself.")
    # It removes that file last; where it cannot be asked to end but is ended (Windows), the file stays.
    process.stop(pid, lambda: look().health is None and (os.name == "nt" or not runtime.exists()))
    return _state.status


def look() -> Status:
    """Look at the service now, and at its schema when it is another one; at most some seconds. Any thread."""
    wanted = settings()
    with _looking:
        _state.environment = find_environment(wanted.python, wanted.checkout)
        alive = _state.launched is not None and _state.launched.process.poll() is None
        try:
            one = _client(wanted, _ANSWER_S)
            health = one.health()
            _state.heard = time.monotonic()
            now = judge(health, addon_version())
            if now.light != "outdated" and now.light != "off":
                _learn(one, health)
        except ServiceError as error:
            now = _unheard(error, alive and _state.raising, wanted)
        _state.status = now
        return now


def watching() -> bool:
    """Whether the thread looks, so that `status` is never older than some seconds."""
    return not _over.is_set()


def watch() -> None:
    """Begin to look once a second."""
    global _over
    if watching():
        return
    settings()
    _over = threading.Event()
    threading.Thread(target=_watch, args=(_over,), name="garrick: watch", daemon=True).start()


def rest() -> None:
    """Stop looking."""
    _over.set()


def pulse() -> float:
    """The timer: hand the preferences to the thread, and redraw when the status is another; -> seconds until the next."""
    settings()
    if _state.drawn != _state.status:
        _state.drawn = _state.status
        tasks.redraw()
    return _PULSE_S


def register() -> None:
    """Read the preferences, and begin to look where there is a window to show it in."""
    settings()
    if bpy.app.background:
        return
    watch()
    bpy.app.timers.register(pulse, first_interval=_PULSE_S, persistent=True)


def unregister() -> None:
    """Stop looking; a service that runs goes on."""
    if bpy.app.timers.is_registered(pulse):
        bpy.app.timers.unregister(pulse)
    rest()


def _watch(over: threading.Event) -> None:
    while not over.is_set():
        look()
        over.wait(_LOOK_S)


def _client(wanted: Settings, timeout: float = 30.0) -> Client:
    """Raises ServiceError when there is nobody to ask, or when we may not."""
    if wanted.local:
        runtime = wanted.data / "runtime.json"
        found = read_address(runtime)
        if found is None:
            raise ServiceError("unreachable", "The backend does not run")
        return Client(*found, runtime=runtime, timeout=timeout)
    url = address_of(wanted.address)
    if not (wanted.online or is_loopback(url)):
        raise ServiceError("offline", "Blender's Allow Online Access is off, so that address may not be asked")
    try:
        return Client(url, wanted.token, cafile=wanted.cafile, timeout=timeout)
    except OSError as error:
        raise ServiceError("address", f"The certificate cannot be read: {error.strerror or error}") from error


def address_of(text: str) -> str:
    """A url without path of what the user typed; "10.0.0.7:8723" is taken for http. Raises ServiceError."""
    url = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port:
            return f"{parts.scheme}://{parts.netloc}"
    except ValueError:
        pass
    raise ServiceError("address", "The address in the preferences should look like https://10.0.0.7:8723")


def is_loopback(url: str) -> bool:
    """Whether a url is this computer's own, for which no network is needed."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _learn(one: Client, health: dict[str, Any]) -> None:
    """Fetch the schema of a service that we have not spoken with yet."""
    which = (health.get("pid"), health.get("version"))
    if _state.schema is None or _state.schema_of != which:
        _state.schema = one.schema()
        _state.schema_of = which


def _unheard(error: ServiceError, coming: bool, wanted: Settings) -> Status:
    """The status when the service has not answered. coming: a process that we have started is on its way up."""
    before = _state.status
    silent = _caused_by(error, TimeoutError)
    if before.health is not None and silent and time.monotonic() - _state.heard < _SILENCE_S:
        return replace(before, sentence="It is too busy to answer")
    if coming:
        return Status("starting", "Starting")
    if error.kind != "unreachable":
        return Status("off", error.user_message.rstrip("."))
    if _caused_by(error, ssl.SSLCertVerificationError):
        return Status("off", "Its certificate is not one that this computer trusts: choose it in the preferences")
    if not wanted.local:
        return Status("off", f"Nobody answers at {wanted.address}")
    if read_address(wanted.data / "runtime.json") is not None:
        return Status("off", "It has ended without a word")
    return Status("off", "Not running" if _state.environment is not None else "Not set up yet")


def _caused_by(error: BaseException | None, kind: type[Exception]) -> bool:
    """Whether an error of that kind lies under it."""
    while error is not None and not isinstance(error, kind):
        error = error.__cause__
    return error is not None


def _sentence(now: Status) -> str:
    return f"The backend cannot be used: {now.sentence[0].lower()}{now.sentence[1:]}."


def _fix(wanted: Settings, now: Status) -> str:
    if not wanted.local:
        return "Check the address and the token in the add-on's preferences."
    if now.health is not None:
        return "Look at its log, then stop it and start it again."
    return START if _state.environment is not None else SET_UP
