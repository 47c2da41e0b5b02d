"""Files that are whole or absent: written under a hidden name beside the target, then renamed."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from garrick.errors import OutputError

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}
_RETRY = "Make room and run the same command again; what is finished is kept."
_ELSEWHERE = "Choose another folder with --out."


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a hidden name to write to; it becomes `path` when the block ends well and is removed when it does not.

    The hidden name is the same every time, so that what a killed run left behind is overwritten by the next.
    Raises OutputError for what the disk refuses (OSError in the block included).
    """
    aside = path.with_name(f".{path.name}.part")
    try:
        yield aside
        os.replace(aside, path)
    except BaseException as error:
        _discard(aside)
        if isinstance(error, OSError):
            raise output_error(error, path) from error
        raise


def write_bytes(path: Path, data: bytes) -> None:
    """Write one small file, whole or not at all. Raises OutputError."""
    with whole_file(path) as aside:
        aside.write_bytes(data)


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


def _discard(aside: Path) -> None:
    """Remove what a failure left; the disk that refused to write may refuse this too, and the first error counts."""
    try:
        aside.unlink(missing_ok=True)
    except OSError:
        return
