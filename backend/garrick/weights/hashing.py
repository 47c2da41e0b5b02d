"""SHA-256 of files and folders, and which files of a folder count."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def tree_hash(root: Path, files: Iterable[Path]) -> str:
    """SHA-256 over the sorted lines "file hash, two blanks, path below root": what sha256sum would list."""
    lines = sorted((path.relative_to(root).as_posix(), file_hash(path)) for path in files)
    return hashlib.sha256("".join(f"{digest}  {name}\n" for name, digest in lines).encode()).hexdigest()


def matching_files(root: Path, patterns: tuple[str, ...]) -> list[Path]:
    """The files below a folder whose path from there fits one of the patterns; a pattern's "*" crosses "/"."""
    return [path for path in root.rglob("*") if matches(path.relative_to(root).as_posix(), patterns) and path.is_file()]


def matches(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a path (with "/") fits one of the patterns."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)
