"""`garrick doctor`: what this machine has, what it lacks, and how to get it."""

from __future__ import annotations

import ctypes
import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

_GB = 1e9
_MEMORY, _DISK = 4 * _GB, 2 * _GB  # a 512-pixel job of a minute keeps below both


@dataclass(frozen=True)
class Check:
    """One line of the report. needed: Garrick cannot work without it.    fix: what to do, "" when all is well."""

    name: str
    ok: bool
    detail: str
    fix: str = ""
    needed: bool = True


def doctor(as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Say what is missing on this machine and how to get it; exit code 1 when Garrick cannot work."""
    checks = list(examine())
    lacking = [check.name for check in checks if check.needed and not check.ok]
    if as_json:
        typer.echo(json.dumps([asdict(check) for check in checks], indent=2))
    else:
        for check in checks:
            state = "ok" if check.ok else "missing" if check.needed else "without"
            typer.echo(f"{state:8}{check.name}: {check.detail}")
            if not check.ok and check.fix:
                typer.echo(f"{'':8}-> {check.fix}")
        typer.echo(f"Garrick cannot work here yet: {', '.join(lacking)}." if lacking else "Garrick can work here.")
    if lacking:
        raise typer.Exit(1)


def examine() -> Iterator[Check]:
    """Every check, cheap ones first."""
    yield _python()
    yield _packages()
    yield Check("cores", True, str(os.cpu_count()))
    yield _memory()
    yield from _cache()
    yield _gpu()
    yield from _weights()
    yield _models()
    yield from _own_hands()
    yield _blender()


def _python() -> Check:
    version = sys.version_info[:2]
    fix = "Install Python 3.11 and run: python3.11 bootstrap.py setup"
    return Check("python", (3, 11) <= version <= (3, 13), sys.version.split()[0], fix)


def _packages() -> Check:
    """Garrick's own dependencies, without those of its extras."""
    wanted = [line for line in importlib.metadata.requires("garrick") or [] if "extra ==" not in line]
    names = [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in wanted]
    lost = [name for name in names if not list(importlib.metadata.distributions(name=name))]
    detail = f"missing {', '.join(lost)}" if lost else f"all {len(names)} installed"
    return Check("packages", not lost, detail, "Run: python3 bootstrap.py setup")


def _memory() -> Check:
    size = _memory_size()
    return Check(
        "memory", size >= _MEMORY, f"{size / _GB:.1f} GB", f"Garrick wants {_MEMORY / _GB:.0f} GB.", needed=False
    )


def _memory_size() -> int:
    """Bytes of physical memory."""
    if sys.platform != "win32":
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    kilobytes = ctypes.c_ulonglong()
    ctypes.windll.kernel32.GetPhysicallyInstalledSystemMemory(ctypes.byref(kilobytes))
    return kilobytes.value * 1024


def _cache() -> Iterator[Check]:
    from garrick.context import user_cache

    cache = user_cache()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=cache):
            pass
    except OSError as error:
        yield Check("cache", False, f"{cache}: {error.strerror}", "Set GARRICK_CACHE to a folder that can be written.")
    else:
        yield Check("cache", True, str(cache))
    there = next(folder for folder in (cache, *cache.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    yield Check("disk", free >= _DISK, f"{free / _GB:.0f} GB free", "Make room, or set GARRICK_CACHE to another disk.")


def _gpu() -> Check:
    from garrick.rendering.torch_engine.device import usable_gpu

    found = usable_gpu()
    if found is not None:
        return Check("gpu", True, f"{found}; GARRICK_DEVICE=cuda renders on it", needed=False)
    return Check("gpu", False, "none; Garrick works on the processor", needed=False)


def _weights() -> Iterator[Check]:
    from garrick.weights import registry

    extras: dict[str, list[str]] = {}
    for name, state in registry.verify().items():
        entry = registry.REGISTRY[name]
        if entry.extra:
            extras.setdefault(entry.extra, []).append(state)
        else:
            yield Check(f"weights {name}", state is registry.State.OK, f"{state}, {entry.licence}", registry.fix(entry))
    for extra, states in extras.items():
        worst = next((state for state in states if state is not registry.State.OK), registry.State.OK)
        fix = f"Run: garrick weights pull {extra}"
        yield Check(f"extra {extra}", worst is registry.State.OK, f"{worst}, optional", fix, needed=False)


def _models() -> Check:
    from garrick.bodies.body import body_path
    from garrick.bodies.hand import hand_path
    from garrick.bodies.head import head_path

    paths = (head_path(), hand_path("left"), hand_path("right"), body_path())
    missing = [path.name for path in paths if not path.exists()]
    said = f"not built: {', '.join(missing)}" if missing else str(paths[0].parent)
    return Check("head, hands and body", not missing, said, "Run: garrick weights pull")


def _own_hands() -> Iterator[Check]:
    """Where the user has named a folder of body files."""
    from garrick.bodies import own_files
    from garrick.bodies.hand import posed_hand
    from garrick.errors import GarrickError

    if not os.environ.get(own_files.FOLDER):
        return
    name = "own hands"
    try:
        hands = [posed_hand("left"), posed_hand("right")]
    except GarrickError as error:
        yield Check(name, False, error.user_message, error.fix or "")
        return
    sizes = " and ".join(f"{hand.side}, {len(hand.template)} vertices" for hand in hands)
    yield Check(name, True, f"{sizes}; curves are made for them, frames show Garrick's")


def _blender() -> Check:
    named = os.environ.get("GARRICK_BLENDER")
    fix = "Set GARRICK_BLENDER to the path of Blender 4.2 or later, or (Python 3.11) run: python3 bootstrap.py setup"
    if named:
        found = shutil.which(named)
        return Check("blender", found is not None, f"GARRICK_BLENDER is {found or Path(named)}", fix, needed=False)
    if importlib.util.find_spec("bpy"):
        error = _import_error("bpy")
        fix = "Run: python3 bootstrap.py setup   (it names the system package that is missing)"
        return Check("blender", not error, error or f"bpy {importlib.metadata.version('bpy')}", fix, needed=False)
    return Check("blender", False, "scene.blend cannot be written", fix, needed=False)


def _import_error(module: str) -> str:
    """The last line of what a fresh interpreter says when it imports the module; "" when it can."""
    program = f"import os, {module}; os._exit(0)"  # bpy's own way out may hang
    with tempfile.TemporaryDirectory(prefix="garrick-doctor-") as scratch:  # which it then leaves behind
        environment = os.environ | {"TMPDIR": scratch, "TEMP": scratch}
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    return "" if done.returncode == 0 else (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
