"""Job files: a job as JSON or TOML, the same keys as `Job`, with `name` and `out` beside them; paths from where it lies."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from garrick.errors import InputError
from garrick.job import FILE_FIELDS, SEEDS, Job
from garrick.rendering.camera_moves import DEFAULTS

_LARGEST = 1_000_000  # bytes
_BESIDE = ("name", "out")
_PAIRS = {"size": ("x", "512 or 512x768"), "frames": ("-", "0-99")}


@dataclass(frozen=True)
class JobFile:
    """What a job file asks for.

    name: for people; the file's own without its ending unless it says another.
    out:  the shot folder; `out/NAME-OF-THE-FILE` beside the file unless it says another.
    """

    job: Job
    name: str
    out: Path


def read_job_file(path: Path, changes: Iterable[str] = ()) -> JobFile:
    """Read a job file, .json or .toml.

    changes: "key=value" that count instead of what the file says; an empty value takes the key out; paths in them are
    the caller's, not relative to the file. Raises InputError that says all that is wrong.
    """
    settings = _parse(path)
    _refuse_unknown(settings)
    for name in (*FILE_FIELDS, "out"):
        held = settings.get(name)
        if isinstance(held, str) and held and not (name == "camera" and held in DEFAULTS):
            settings[name] = str(path.parent / held)
    changed = dict(map(_change, changes))
    _refuse_unknown(changed)
    settings = with_move({name: value for name, value in (settings | changed).items() if value != ""})
    name, out = settings.pop("name", path.stem), settings.pop("out", str(path.parent / "out" / path.stem))
    if not isinstance(name, str) or not isinstance(out, str):
        raise InputError(f"{path.name}: name and out are texts.")
    for pair in _PAIRS.keys() & settings.keys():
        if isinstance(settings[pair], str):
            settings[pair] = numbers(settings[pair], pair, *_PAIRS[pair])
    return JobFile(make_job(settings), name, Path(out))


def with_move(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings; a move's name in place of a camera's file, such as "orbit", is what it says."""
    word = str(settings.get("camera"))
    return {**settings, "camera": None, "camera_move": word} if word in DEFAULTS else dict(settings)


def make_job(settings: Mapping[str, Any], option: bool = False) -> Job:
    """The job of settings from outside. option: they were given as command line options, and are called so.

    Raises InputError that says all that is wrong.
    """
    try:
        return Job.model_validate(settings)
    except ValidationError as error:
        raise InputError(sentences(error, option)) from error


def sentences(error: ValidationError, option: bool = False) -> str:
    """All that is wrong, in one line. option: call the fields by their command line options."""
    return "; ".join(_sentence(one, option) for one in error.errors())


def numbers(word: str, name: str, separator: str, example: str) -> tuple[int, int]:
    """Two whole numbers of "A", "AxB" or "A-B"; one counts twice. Raises InputError."""
    parts = word.lower().split(separator)
    if len(parts) > 2 or not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        raise InputError(f"{name} {word[:40]!r} is not understood.", f"Write it like {example}.")
    return int(parts[0]), int(parts[-1])


def _parse(path: Path) -> dict[str, Any]:
    readers = {".json": json.loads, ".toml": tomllib.loads}
    read = readers.get(path.suffix.lower())
    if read is None:
        raise InputError(f"{path.name} is no job file.", "Give a file that ends in .json or .toml.")
    try:
        if path.stat().st_size > _LARGEST:
            raise InputError(f"{path.name} is too large for a job file.")
        settings = read(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"There is no file {path}.", "Give the path of a job file.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path.name} cannot be understood: {error}.") from error
    if not isinstance(settings, dict):
        raise InputError(f"{path.name} is no job file.", 'Begin it with {"portrait": ...}.')
    return settings


def _change(word: str) -> tuple[str, str]:
    """Key and value of "key=value"."""
    name, equals, value = word.partition("=")
    if not equals:
        raise InputError(f"--set {word!r} is not understood.", "Write it like --set fps=24.")
    return name.strip().replace("-", "_"), value.strip()


def _refuse_unknown(settings: Mapping[str, Any]) -> None:
    known = (*Job.model_fields, SEEDS, *_BESIDE)
    for name in settings:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            raise InputError(
                f"There is no setting {name[:40]!r}.",
                f"Did you mean {near[0]}?" if near else f"Settings are: {', '.join(known)}.",
            )


def _sentence(error: Any, option: bool) -> str:
    """One of pydantic's errors as a line."""
    message = "is missing." if error["type"] == "missing" else str(error["msg"]).removeprefix("Value error, ")
    if not error["loc"]:
        return message
    name = str(error["loc"][0])
    return f"{'--' + name.replace('_', '-') if option else name}: {message}"
