"""Where the backend is on this computer: its data folder, the Python that has it, the folder it is set up from.

No bpy: all of it may run in a worker thread.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

BOOTSTRAP = "bootstrap.py"

_RUN = "from garrick.cli import main; main()"


@dataclass(frozen=True)
class Environment:
    """What starts the backend. command: to which garrick's own arguments are added. source: how it was found."""

    command: tuple[str, ...]
    source: str


def default_data(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """The service's data folder when nobody chose one: the same that `garrick serve` takes."""
    if environ.get("GARRICK_DATA"):
        return Path(environ["GARRICK_DATA"])
    home = Path.home()
    if platform == "win32":
        base = Path(environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(environ.get("XDG_DATA_HOME", "").strip() or home / ".local" / "share")
    return base / "garrick" / "service"


def find_environment(
    python: str = "", checkout: str = "", environ: Mapping[str, str] = os.environ
) -> Environment | None:
    """The first of: the chosen Python, $GARRICK_PYTHON, the chosen folder's environment, `garrick` on the PATH.

    A Python that was named but is not there is passed over, so that the next one can do; None when there is none.
    """
    if python and Path(python).is_file():
        return Environment((python, "-c", _RUN), "the Python chosen in the preferences")
    named = environ.get("GARRICK_PYTHON", "")
    if named and shutil.which(named):
        return Environment((named, "-c", _RUN), "$GARRICK_PYTHON")
    if checkout and (own := python_of(Path(checkout))).is_file():
        return Environment((str(own), "-c", _RUN), "Garrick's folder")
    command = shutil.which("garrick", path=environ.get("PATH"))
    return None if command is None else Environment((command,), "the PATH")


def python_of(checkout: Path) -> Path:
    """The Python of the environment that bootstrap.py makes in a checkout, whether or not it is there."""
    return checkout / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def child_environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Our environment for a child with a Python of its own: without what would lead that to Blender's modules."""
    return {name: value for name, value in environ.items() if name not in ("PYTHONHOME", "PYTHONPATH")}
