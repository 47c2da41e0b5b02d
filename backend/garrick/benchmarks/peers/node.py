"""Peers that are packages of Node."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from garrick.benchmarks.peers.peer import PeerError

_FIND = """
const found = require.resolve(process.argv[1] + '/package.json', { paths: [process.argv[2]] });
process.stdout.write(require('path').dirname(found));
"""
_LONGEST = 1800  # seconds that a peer may work on one recording


def find_package(name: str, folder: Path) -> Path | None:
    """Where Node finds a package from a folder; None without the package, or without Node."""
    node = shutil.which("node")
    if node is None:
        return None
    done = subprocess.run([node, "-e", _FIND, name, str(folder)], capture_output=True, text=True)
    return Path(done.stdout) if done.returncode == 0 else None


def run_script(script: Path, package: Path, sound: bytes, text: str) -> Any:
    """Run `node SCRIPT PACKAGE SOUNDFILE TEXT` and read the json on its last line. Raises PeerError."""
    with tempfile.NamedTemporaryFile(suffix=".raw") as file:
        file.write(sound)
        file.flush()
        command = ["node", str(script), str(package), file.name, text]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST)
        except subprocess.TimeoutExpired as error:
            raise PeerError("it took too long") from error
    if done.returncode != 0:
        raise PeerError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "it failed")
    return json.loads(done.stdout.strip().splitlines()[-1])
