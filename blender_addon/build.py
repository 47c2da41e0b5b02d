"""Build step of the extension: copy the shared core in, zip the whole.

    python blender_addon/build.py [ZIP]

Needs no Blender; the zip is the same, byte for byte, for the same sources.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

ADDON = Path(__file__).resolve().parent
CORE_SOURCE = ADDON.parent / "backend" / "garrick" / "core"
CORE = ADDON / "core"

_LEFT_OUT = ("__pycache__", "build.py")
_EPOCH = (1980, 1, 1, 0, 0, 0)


def copy_core() -> None:
    """Bring `blender_addon/core` up to date with the backend's; several processes may do so at once. Raises OSError."""
    sources = {path.name: path.read_bytes() for path in sorted(CORE_SOURCE.glob("*.py"))}
    if CORE.is_dir() and {path.name: path.read_bytes() for path in CORE.glob("*.py")} == sources:
        return
    CORE.mkdir(exist_ok=True)
    for stale in {path.name for path in CORE.glob("*.py")} - sources.keys():
        (CORE / stale).unlink(missing_ok=True)
    for name, content in sources.items():
        # Written aside and renamed, so that another process never imports half a file.
        with tempfile.NamedTemporaryFile(dir=CORE, suffix=".tmp", delete=False) as aside:
            aside.write(content)
        shutil.copymode(CORE_SOURCE / name, aside.name)
        Path(aside.name).replace(CORE / name)


def build(target: Path) -> Path:
    """Write the extension's zip and return its path. Raises OSError."""
    copy_core()
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(ADDON.rglob("*")):
            name = path.relative_to(ADDON)
            if path.is_file() and not any(part in _LEFT_OUT or part.startswith(".") for part in name.parts):
                archive.writestr(_member(name), path.read_bytes())
    return target


def default_zip() -> Path:
    """`dist/garrick-<version>.zip` of the checkout."""
    version = tomllib.loads((ADDON / "blender_manifest.toml").read_text(encoding="utf-8"))["version"]
    return ADDON.parent / "dist" / f"garrick-{version}.zip"


def _member(name: Path) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name.as_posix(), _EPOCH)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = 0o644 << 16
    return member


if __name__ == "__main__":
    print(build(Path(sys.argv[1]) if len(sys.argv) > 1 else default_zip()))
