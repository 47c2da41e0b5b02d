"""blender_addon/build.py: what it zips is an extension that Blender accepts; test_first_shot.py installs and runs it."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from blender_addon.build import build


def test_blender_validates_the_zip(tmp_path):
    import bl_pkg

    cli = Path(bl_pkg.__file__).parent / "cli" / "blender_ext.py"
    done = subprocess.run(
        [sys.executable, str(cli), "validate", str(build(tmp_path / "garrick.zip"))], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_zip_is_self_contained_and_the_same_every_time(tmp_path):
    first, second = build(tmp_path / "a.zip"), build(tmp_path / "b.zip")
    assert first.read_bytes() == second.read_bytes()
    names = zipfile.ZipFile(first).namelist()
    assert {"blender_manifest.toml", "LICENSE", "core/performance.py", "shot_import/ops.py"} <= set(names)
    assert not any("__pycache__" in name or name == "build.py" for name in names)
