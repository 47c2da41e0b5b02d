"""Make one virtual environment for each Blender version that the tests open a scene in: `.venvs/bpy-<version>`.

Run by continuous integration before the tests, all at once, with any Python (it needs only the standard library); quick
when they exist. A Python that is missing, or a package index that does not answer, gets one line and leaves that version's
tests to skip: only bpy 4.5, which the main environment has, is required.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENVS = ROOT / ".venvs"

# 4.2 does not pin numpy, so pip would take one that the real program does not have.
_TESTS = ("pytest>=8", "pytest-timeout>=2.3")
VERSIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "4.2": ("3.11", ("bpy==4.2.23", "numpy<2", *_TESTS)),
    "5.0": ("3.11", ("bpy==5.0.1", *_TESTS)),
    "5.2": ("3.13", ("bpy==5.2.3", *_TESTS)),
}
"""Blender version -> (Python version its wheel is for, what pip installs)."""


def main() -> int:
    """Make what is missing; 0 even when a version could not be had, since its tests then skip with a reason."""
    with ThreadPoolExecutor(len(VERSIONS)) as together:
        for line in together.map(lambda version: make(version, *VERSIONS[version]), VERSIONS):
            if line:
                print(line, flush=True)
    return 0


def interpreter_of(version: str) -> Path:
    """Where the Python of a Blender version's environment lies, whether or not it exists."""
    folder = VENVS / f"bpy-{version}"
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def make(version: str, python_version: str, packages: tuple[str, ...]) -> str | None:
    """Make one environment; a line for the log when something was done or went wrong."""
    folder = VENVS / f"bpy-{version}"
    receipt = folder / "garrick-packages.txt"  # written last: a half-made environment has none
    wanted = "\n".join(packages)
    if receipt.is_file() and receipt.read_text() == wanted:
        return None
    python = find_python(python_version)
    if python is None:
        return f"bpy {version}: skipped, no Python {python_version} on this machine."
    shutil.rmtree(folder, ignore_errors=True)
    pip = [str(interpreter_of(version)), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    steps = (
        [python, "-m", "venv", str(folder)],
        [*pip, "install", "--only-binary=:all:", *packages],
    )
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True)
        if done.returncode != 0:
            shutil.rmtree(folder, ignore_errors=True)
            reason = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
            return f"bpy {version}: skipped, {reason[-1]}"
    receipt.write_text(wanted)
    return f"bpy {version}: made {folder.relative_to(ROOT)}."


def find_python(version: str) -> str | None:
    """An interpreter of exactly that minor version that really starts (a version manager's stub may not)."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [sys.executable, shutil.which(f"python{version}")]
    candidates += [str(folder / "bin" / "python") for folder in sorted(versions.glob(f"{version}.*"))]
    for candidate in candidates:
        if candidate and _version_of(candidate) == version:
            return candidate
    return None


def _version_of(python: str) -> str | None:
    code = "import sys, venv; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-c", code], capture_output=True, text=True, timeout=60)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


if __name__ == "__main__":
    sys.exit(main())
