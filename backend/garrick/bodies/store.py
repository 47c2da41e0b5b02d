"""How a built model gets to its place in the user cache."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from garrick.core.archive import save_arrays
from garrick.errors import OutputError


def write_model(path: Path, arrays: Mapping[str, np.ndarray], compress: bool) -> None:
    """Write a model beside its place and move it there whole: two processes may build the same bytes at once.

    Raises OutputError.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_arrays(partial, arrays, compress)
        os.replace(partial, path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise OutputError(
            f"{path.name} could not be written to {path.parent}: {error.strerror}.", "Make room."
        ) from error
