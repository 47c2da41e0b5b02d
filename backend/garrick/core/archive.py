"""Deterministic .npz: the same arrays give the same bytes, no pickles in or out."""

from __future__ import annotations

import io
import math
import tokenize
import zipfile
import zlib
from collections.abc import Container, Mapping
from pathlib import Path

import numpy as np

# what zipfile and numpy raise for archives and headers that were tampered with or torn
_DAMAGE = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, tokenize.TokenError, ValueError, EOFError, LookupError,
    TypeError, ArithmeticError, RuntimeError, MemoryError, SyntaxError, OSError,
)  # fmt: skip
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


def load_arrays(
    path: str | Path, limit_bytes: float = 2e9, wanted: Container[str] | None = None
) -> dict[str, np.ndarray]:
    """Read the arrays of an .npz; nothing is unpacked before its header has been believed.

    limit_bytes: what the arrays may take in memory.
    wanted:      names to read; the rest is left alone, so it may be of a kind that is not readable. None: all.
    Raises ValueError when the file is no such archive, is damaged or too large, OSError.
    """
    damaged = ValueError(f"{Path(path).name} is not a readable .npz file.")
    with open(path, "rb") as file:
        try:
            archive = zipfile.ZipFile(file)
            members = [
                member
                for member in archive.infolist()
                if wanted is None or member.filename.removesuffix(".npy") in wanted
            ]
            size = sum(member.file_size for member in members)
        except _DAMAGE as error:
            raise damaged from error
        if size > limit_bytes:
            raise ValueError(f"{Path(path).name} unpacks to more than {limit_bytes / 1e6:.0f} MB.")
        try:
            return {member.filename.removesuffix(".npy"): _load_array(archive, member) for member in members}
        except _DAMAGE as error:
            raise damaged from error


def _load_array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(member) as file:
        read_header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        shape, fortran, dtype = read_header[np.lib.format.read_magic(file)](file)
        size = math.prod(shape) * dtype.itemsize
        if dtype.hasobject or min(shape, default=0) < 0 or size != member.file_size - file.tell():
            raise ValueError("The header is not that of the data.")
        data = file.read()  # to the end, where the checksum is compared
    if len(data) != size:
        raise ValueError("The data are cut short.")
    array = np.frombuffer(bytearray(data), dtype)
    return array.reshape(shape[::-1]).T if fortran else array.reshape(shape)
