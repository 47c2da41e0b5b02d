"""Deterministic .npz: the same arrays give the same bytes, no pickles in or out."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold: file times must not differ between runs


def save_arrays(path: str | Path, arrays: Mapping[str, np.ndarray], compress: bool = True) -> None:
    """Write `arrays` as an .npz that `numpy.load` reads; member order and times are fixed. Raises OSError."""
    method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.asarray(array, order="C"), allow_pickle=False)
            info = zipfile.ZipInfo(name + ".npy", _EPOCH)
            info.compress_type = method
            archive.writestr(info, buffer.getvalue(), compresslevel=1)


def load_arrays(path: str | Path) -> dict[str, np.ndarray]:
    """Read every array of an .npz. Raises ValueError when the file is no such archive."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (zipfile.BadZipFile, EOFError, KeyError, ValueError) as error:
        raise ValueError(f"{Path(path).name} is not a readable .npz file.") from error
