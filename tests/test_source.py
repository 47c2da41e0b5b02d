"""What is said to make a result: all of it, so that nothing else can change the result unseen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from garrick import source

PACKAGE = Path(source.__file__).parent


@pytest.mark.parametrize(
    ("modules", "patterns"),
    [
        ("garrick.speech.listen, garrick.perception.analyse, garrick.motion.perform", source.STAGES),
        ("garrick.rendering.refine.refiner, garrick.rendering.torch_engine.engine, garrick.outputs.exr", source.FRAMES),
    ],
    ids=["stages", "frames"],
)
def test_the_patterns_cover_all_source_and_data_that_is_run(modules, patterns):
    code = (
        f"import sys, {modules}\n"
        "print(*(m.__file__ for name, m in sys.modules.items() if name.split('.')[0] == 'garrick'), sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    run = {Path(line) for line in done.stdout.split()}
    folders = {path.relative_to(PACKAGE).parts[0] for path in run if path.parent != PACKAGE}
    data = {path for folder in folders for kind in ("npz", "onnx") for path in (PACKAGE / folder).rglob(f"*.{kind}")}
    covered = {path for pattern in patterns for path in PACKAGE.glob(pattern)}
    assert data
    assert run | data <= covered


def test_a_file_that_changes_changes_the_digest(tmp_path, monkeypatch):
    (tmp_path / "net.onnx").write_bytes(b"one")
    monkeypatch.setattr(source, "__file__", str(tmp_path / "source.py"))
    before = source.digest(["*.onnx"])
    assert source.digest(["*.onnx", "n*"]) == before
    (tmp_path / "net.onnx").write_bytes(b"two")
    assert source.digest(["*.onnx"]) != before
