"""The right to use a face: ticked once for each portrait on this computer, by the picture's content and not its name.

A .blend that somebody else opens brings no consent with it; who opens it has to answer for the face anew.
"""

from __future__ import annotations

import hashlib
import json
import time
from functools import lru_cache
from pathlib import Path

from .places import user_folder

_FILE = "consents.json"


def digest_of(portrait: Path) -> str | None:
    """SHA-256 of a picture, hexadecimal; None when it cannot be read. Read again only when the file has changed."""
    try:
        status = portrait.stat()
        return _digest(portrait, status.st_mtime_ns, status.st_size)
    except OSError:
        return None


def given(portrait: Path) -> bool:
    """Whether the user of this computer has said that this face may be used."""
    digest = digest_of(portrait)
    return digest is not None and digest in _given()


def give(portrait: Path, agreed: bool) -> None:
    """Keep or take back the consent for a portrait. Raises OSError."""
    digest = digest_of(portrait)
    if digest is None:
        raise FileNotFoundError(f"{portrait} cannot be read.")
    consents = dict(_given())
    if agreed:
        consents[digest] = time.time()
    else:
        consents.pop(digest, None)
    _path().write_text(json.dumps(consents, indent=1), encoding="utf-8")


def _given() -> dict[str, float]:
    """Digest -> time (unix seconds) of the consents."""
    try:
        return _read(_path(), _path().stat().st_mtime_ns)
    except (FileNotFoundError, ValueError):
        return {}


def _path() -> Path:
    return user_folder() / _FILE


@lru_cache(maxsize=1)
def _read(path: Path, changed: int) -> dict[str, float]:
    consents = json.loads(path.read_bytes())
    if not isinstance(consents, dict):
        raise ValueError(f"{path} holds no consents.")
    return consents


@lru_cache(maxsize=32)
def _digest(path: Path, changed: int, size: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
