"""Uploaded files, named by their content: whole and right, or still being sent."""

from __future__ import annotations

import errno
import os
import shutil
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import anyio.to_thread

from garrick.errors import OutputError
from garrick.files import make_folder, output_error, sha256

from .answers import Refused
from .settings import Settings

PREFIX = "sha256:"
"""What an asset's name in a job begins with; 64 hexadecimal digits follow."""

_CHECK_EVERY = 32_000_000  # bytes between two looks at the free disk
_OFFSET = "Upload-Offset"


class AssetStore:
    """Files by the hexadecimal SHA-256 of their content, read-only; those under way lie in `partial/`.

    A name reaches the disk only after it has been matched as 64 hexadecimal digits (by the routes and the job model).
    Raises Refused for what a client did wrong or the limits forbid, OutputError for what the disk refuses.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._folder = settings.assets
        self._busy: set[str] = set()
        self._lock = threading.Lock()
        make_folder(self._folder / "partial")

    def path(self, digest: str) -> Path:
        """Where the whole asset lies, or would."""
        return self._folder / digest[:2] / digest[2:]

    def find(self, digest: str) -> Path | None:
        """The whole asset, if it is there; being asked for keeps it from being collected for a day."""
        path = self.path(digest)
        try:
            os.utime(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise output_error(error, path) from error
        return path

    def offset(self, digest: str) -> int:
        """How many bytes of an asset under way have come."""
        try:
            return self._partial(digest).stat().st_size
        except FileNotFoundError:
            return 0

    async def append(
        self, digest: str, start: int, size: int | None, total: int | None, chunks: AsyncIterator[bytes]
    ) -> bool:
        """Write one part of an asset; whether it is whole now.

        start: where the part begins: at the end of what has come, or at 0 to begin anew.
        size:  bytes the part has; total: the whole has. Both None: the part is the whole, however long it turns out.
        What came before a connection broke stays, and the client goes on from there.
        """
        if total is not None and total > self._settings.asset_bytes:
            raise Refused(413, "too_large", f"An asset may have {self._settings.asset_bytes:,} bytes.", "Send less.")
        with self._alone(digest):
            held = await anyio.to_thread.run_sync(self.offset, digest)
            if start not in (0, held):
                raise Refused(
                    409, "offset", f"{held} bytes have come; the next part begins there.", None, {_OFFSET: str(held)}
                )
            if held == 0:
                self._check_partials()
            check_disk(self._settings, (total or 0) - start)
            came = await self._write(digest, start, size, chunks)
            if total is not None and came < total:
                return False
            await anyio.to_thread.run_sync(self._finish, digest)
            return True

    def collect(self, named: set[str], before: float) -> int:
        """Remove what no job names and nobody has touched since that time (unix seconds); how many files went."""
        gone = 0
        for path in self._files():
            digest = path.name if path.parent.name == "partial" else path.parent.name + path.name
            if (path.parent.name == "partial" or digest not in named) and path.stat().st_mtime < before:
                path.chmod(0o600)  # Windows removes no read-only file
                path.unlink(missing_ok=True)
                gone += 1
        return gone

    def _files(self) -> Iterator[Path]:
        for folder in self._folder.iterdir():
            yield from folder.iterdir()

    def _partial(self, digest: str) -> Path:
        return self._folder / "partial" / digest

    def _check_partials(self) -> None:
        if sum(1 for _ in (self._folder / "partial").iterdir()) >= self._settings.partial_assets:
            raise Refused(429, "busy", "Too many uploads are unfinished.", "Finish one, or wait a day for them to go.")

    @contextmanager
    def _alone(self, digest: str) -> Iterator[None]:
        """One writer an asset."""
        with self._lock:
            if digest in self._busy:
                raise Refused(409, "busy", "This asset is being uploaded by another request.", "Wait and ask again.")
            self._busy.add(digest)
        try:
            yield
        finally:
            with self._lock:
                self._busy.discard(digest)

    async def _write(self, digest: str, start: int, size: int | None, chunks: AsyncIterator[bytes]) -> int:
        """Append the chunks; the length of the file then. What a client sends beyond `size` is refused."""
        path, came, checked = self._partial(digest), start, start
        try:
            with path.open("wb" if start == 0 else "ab") as file:
                async for chunk in chunks:
                    if size is not None and came + len(chunk) > start + size:
                        raise Refused(400, "input", "The body is longer than Content-Range says.", "Send what it says.")
                    await anyio.to_thread.run_sync(file.write, chunk)
                    came += len(chunk)
                    if came - checked >= _CHECK_EVERY:
                        check_disk(self._settings)
                        checked = came
                await anyio.to_thread.run_sync(_sync, file)
        except OSError as error:
            raise _no_room(error, path) from error
        return came

    def _finish(self, digest: str) -> None:
        """Give a whole upload its name. Raises Refused, and forgets it, when its content is another."""
        partial, path = self._partial(digest), self.path(digest)
        try:
            if sha256(partial) != digest:
                partial.unlink()
                raise Refused(422, "hash", "The content has another SHA-256 than its name.", "Send it again.")
            partial.chmod(0o400)
            path.parent.mkdir(exist_ok=True)
            os.replace(partial, path)
        except OSError as error:
            raise _no_room(error, path) from error


def check_disk(settings: Settings, more: int = 0) -> None:
    """Raises Refused when `more` bytes would leave less free disk than the reserve."""
    free = shutil.disk_usage(settings.data).free
    if free - more < settings.disk_reserve:
        raise Refused(
            507,
            "disk",
            f"The disk of the service is nearly full: {free / 1e6:.0f} MB are free.",
            f"Make room: {settings.disk_reserve / 1e6:.0f} MB must stay free.",
        )


def a_day_ago() -> float:
    """Unix seconds: what is younger may belong to a job that is about to come."""
    return time.time() - 86_400


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _no_room(error: OSError, path: Path) -> Refused | OutputError:
    if error.errno == errno.ENOSPC:
        return Refused(507, "disk", "The disk of the service is full.", "Make room; what has come is kept.")
    return output_error(error, path)
