"""A tiny npm tarball with a folder of weights, and its entry, an extra called "more"."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from garrick.weights.entries import Entry, Tarball
from garrick.weights.hashing import file_hash, matching_files, tree_hash

STYLES = {"soft.bin": b"0123", "loud.bin": b"4567"}


def make_tarball(folder: Path) -> tuple[Path, Entry]:
    """Write toys-2.0.tgz and return it with the entry `styles`."""
    unpacked = folder / "voices"
    unpacked.mkdir()
    path = folder / "toys-2.0.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in STYLES.items():
            (unpacked / name).write_bytes(content)
            archive.add(unpacked / name, f"package/voices/{name}")
        evil = tarfile.TarInfo("package/voices/../../../escaped.bin")
        evil.size = 1
        archive.addfile(evil, io.BytesIO(b"!"))
        link = tarfile.TarInfo("package/voices/link.bin")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        code = tarfile.TarInfo("package/voices/code.js")
        code.size = 1
        archive.addfile(code, io.BytesIO(b";"))
    files = matching_files(unpacked, ("*.bin",))
    size = sum(file.stat().st_size for file in files)
    source = Tarball("toys", "2.0", file_hash(path))
    digest = tree_hash(unpacked, files)
    entry = Entry("styles", "a test", "MIT", "nobody", source, "package/voices", size, digest, ("*.bin",), extra="more")
    return path, entry
