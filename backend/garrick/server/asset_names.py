"""Files of assets are named by hashes, which tell nobody anything: what is wrong with one is told by what it is for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from garrick.errors import GarrickError


@contextmanager
def told_by_use(files: Mapping[str, Path]) -> Iterator[None]:
    """A GarrickError of the block names each file as "the portrait", "the background" ... and not as the disk does."""
    try:
        yield
    except GarrickError as error:
        message = error.user_message
        for use, path in files.items():
            for name in (str(path), path.name):
                message = message.replace(f"The {use} {name}", f"The {use}").replace(name, f"the {use}")
        error.user_message = message[:1].upper() + message[1:]
        raise
