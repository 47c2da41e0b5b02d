"""What computes a result: a digest of source, data and libraries, so that results of another Garrick are told apart."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Iterable
from pathlib import Path

import garrick

_LIBRARIES = (
    "numpy", "scipy", "torch", "numba", "opencv-python-headless", "pillow", "pymatting", "praat-parselmouth", "av",
    "onnxruntime", "ai-edge-litert", "hama", "hibari-tts", "espeakng-loader", "babel", "vaderSentiment", "openexr",
)  # fmt: skip
STAGES = (
    "bodies/*.py", "bodies/*.npz", "core/*.py", "motion/**/*.py", "motion/diffusion/nets/*.onnx", "perception/*.py",
    "perception/*.npz", "speech/**/*.py", "speech/nets/*.onnx", "speech/likeness/*.npz", "weights/*.py", "__init__.py",
    "context.py", "errors.py", "files.py", "stage_files.py",
)  # fmt: skip
"""What speech, portrait and motion may depend on, as patterns below the package."""
FRAMES = (*STAGES, "rendering/**/*.py", "rendering/refine/nets/*.onnx", "outputs/*.py")
"""What frames may depend on."""


def digest(patterns: Iterable[str]) -> str:
    """SHA-256 of the files that match, and of the versions of the libraries that Garrick computes with."""
    package = Path(__file__).parent
    found = hashlib.sha256()
    for path in sorted({path for pattern in patterns for path in package.glob(pattern)}):
        found.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    found.update(json.dumps({name: importlib.metadata.version(name) for name in _LIBRARIES}).encode())
    return found.hexdigest()


MAKER = f"{garrick.__version__}+{digest(FRAMES)[:12]}"
"""Names the Garrick that makes frames; taken at import, when it is the source that runs."""
