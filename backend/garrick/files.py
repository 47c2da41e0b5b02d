"""Files that are whole or absent: written under a hidden name beside the target, then renamed."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from garrick.errors import OutputError

if sys.platform != "win32":
    import fcntl

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}
_LOCKLESS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}
_POLL = 0.1  # seconds between looks at a lock
_RETRY = "Make room and run the same command again; what is finished is kept."
_ELSEWHERE = "Choose another folder with --out."


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a hidden name to write to; it becomes `path` when the block ends well and is removed when it does not.

    The hidden name is the same every time, so that what a killed run left behind is overwritten by the next; of several
    processes that write the same file one waits for the other. Raises OutputError for what the disk refuses (OSError in
    the block included).
    """
    aside = path.with_name(f".{path.name}.part")
    try:
        with _alone_with(aside):
            try:
                yield aside
                os.replace(aside, path)
            except BaseException:
                _discard(aside)
                raise
    except OSError as error:
        raise output_error(error, path) from error


@contextmanager
def locked(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold a lock that one process has at a time; it ends with the process that holds it.

    waiting: called while another process has it; what it raises ends the wait. Raises OutputError.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(path)
    try:
        while not lock.is_locked:
            try:
                lock.acquire(timeout=_POLL)
            except Timeout:
                waiting()
    except OSError as error:
        raise output_error(error, path) from error
    try:
        yield
    finally:
        lock.release()


def write_bytes(path: Path, data: bytes) -> None:
    """Write one small file, whole or not at all. Raises OutputError."""
    with whole_file(path) as aside:
        aside.write_bytes(data)


def append_line(path: Path, text: str) -> None:
    """Add one line to a file that other processes may add to as well. Raises OutputError."""
    try:
        with path.open("ab", buffering=0) as file:
            _lock(file.fileno())
            # The line break comes first, so that a line torn by a crash spoils no other.
            file.write(b"\n" + text.encode())
    except OSError as error:
        raise output_error(error, path) from error


def write_json(path: Path, value: Any) -> None:
    """Write `value` as readable JSON; equal values give equal bytes. Raises OutputError."""
    write_bytes(path, (json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode())


def make_folder(path: Path) -> None:
    """Make a folder and its parents. Raises OutputError."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(error, path) from error


def sha256(path: Path) -> str:
    """The hexadecimal digest of a file's content. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def output_error(error: OSError, path: Path) -> OutputError:
    """What the disk refused, in a sentence with its fix."""
    if error.errno in _FULL:
        return OutputError(f"The disk is full: {path} could not be written.", _RETRY)
    if error.errno == errno.EFBIG:
        return OutputError(f"{path} is larger than this disk or user may store in one file.", _ELSEWHERE)
    if error.errno in _REFUSED:
        return OutputError(f"{path} may not be written: {error.strerror}.", _ELSEWHERE)
    return OutputError(f"{path} could not be written: {error.strerror or error}.", _ELSEWHERE)


@contextmanager
def _alone_with(aside: Path) -> Iterator[None]:
    """Have a hidden file to ourselves until it has got its name."""
    while True:
        descriptor = os.open(aside, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(descriptor)
            if not _is_still(aside, descriptor):  # whoever had it has named or removed it
                continue
            if sys.platform == "win32":
                os.close(descriptor)  # an open file could not be renamed there
                descriptor = -1
            yield
            return
        finally:
            if descriptor >= 0:
                os.close(descriptor)


def _lock(descriptor: int) -> None:
    """Wait until no other process has locked the file; closing unlocks. Disks without locks are used by one at a time."""
    if sys.platform == "win32":
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError as error:
        if error.errno not in _LOCKLESS:
            raise


def _is_still(path: Path, descriptor: int) -> bool:
    """Whether the open file is the one that has this name."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _discard(aside: Path) -> None:
    """Remove what a failure left; the disk that refused to write may refuse this too, and the first error counts."""
    try:
        aside.unlink(missing_ok=True)
    except OSError:
        return
