"""glTF 2.0 in one binary file (.glb, Khronos 2.0 specification, 5.1 and 4.4): accessors packed and unpacked, nothing more.

Our own few lines instead of pygltflib's: a library of the schema leaves the packing of accessors, which is the work, to its
user; and `core` goes into Blender, where only numpy is.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

_MAGIC, _JSON, _BIN = 0x46546C67, 0x4E4F534A, 0x004E4942  # "glTF", "JSON", "BIN\0"
_LARGEST = 1_000_000_000  # bytes
_MOST = 50_000_000  # numbers in one accessor
_CODES = {"u1": 5121, "u2": 5123, "u4": 5125, "f4": 5126}
_TYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_COMPONENTS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}

VERTICES, INDICES = 34962, 34963
"""What a buffer view is for: vertex attributes, or triangles."""


class GltfError(ValueError):
    """A file that cannot be used, in a sentence for the user."""


class GltfBuffer:
    """The binary part of a file under way, and the JSON of its views and accessors."""

    def __init__(self) -> None:
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []
        self._data = bytearray()

    def view(self, data: bytes, target: int | None = None) -> int:
        """Add bytes; the index of their view."""
        self._data += bytes(-len(self._data) % 4)  # every view begins on four bytes: no accessor is ever misaligned
        view: dict[str, Any] = {"buffer": 0, "byteOffset": len(self._data), "byteLength": len(data)}
        self.views.append(view if target is None else view | {"target": target})
        self._data += data
        return len(self.views) - 1

    def accessor(self, values: np.ndarray, kind: str, target: int | None = None, bounds: bool = False) -> int:
        """Add an array, (N,) or (N, C) of uint8, uint16, uint32 or float32; its accessor's index.

        kind: "SCALAR", "VEC3" ... bounds: write the least and largest values, as POSITION and times need.
        """
        values = np.ascontiguousarray(values)
        code = _CODES[values.dtype.str[1:]]
        accessor: dict[str, Any] = {"bufferView": self.view(values.tobytes(), target), "componentType": code}
        return self._add(accessor | {"count": len(values), "type": kind}, values, bounds)

    def sparse(self, count: int, rows: np.ndarray, values: np.ndarray) -> int:
        """Add (count, 3) float32 that is zero but in rows (R,), ascending, which hold values (R, 3); with bounds."""
        if len(rows) == 0:  # the format wants at least one
            rows, values = np.zeros(1, np.uint32), np.zeros((1, 3), np.float32)
        held = {
            "count": len(rows),
            "indices": {"bufferView": self.view(rows.astype("<u4").tobytes()), "componentType": _CODES["u4"]},
            "values": {"bufferView": self.view(np.ascontiguousarray(values, "<f4").tobytes())},
        }
        accessor = {"componentType": _CODES["f4"], "count": count, "type": "VEC3", "sparse": held}
        span = values if len(rows) == count else np.concatenate([values, np.zeros((1, 3), np.float32)])
        return self._add(accessor, np.asarray(span, np.float32), bounds=True)

    def _add(self, accessor: dict[str, Any], values: np.ndarray, bounds: bool) -> int:
        if bounds:
            columns = values.reshape(len(values), -1)
            accessor |= {"min": columns.min(axis=0).tolist(), "max": columns.max(axis=0).tolist()}
        self.accessors.append(accessor)
        return len(self.accessors) - 1

    def file(self, document: dict[str, Any]) -> bytes:
        """The whole .glb: `document` with these views, accessors and this buffer."""
        data = bytes(self._data) + bytes(-len(self._data) % 4)
        whole = document | {
            "accessors": self.accessors,
            "bufferViews": self.views,
            "buffers": [{"byteLength": len(data)}],
        }
        text = json.dumps(whole, separators=(",", ":"), allow_nan=False).encode()
        text += b" " * (-len(text) % 4)
        total = 12 + 8 + len(text) + 8 + len(data)
        parts = [struct.pack("<III", _MAGIC, 2, total), struct.pack("<II", len(text), _JSON), text]
        return b"".join([*parts, struct.pack("<II", len(data), _BIN), data])


class GltfFile:
    """A .glb that was read. document: its JSON. Its methods raise GltfError where the file is damaged."""

    def __init__(self, path: str | Path) -> None:
        """Read a file. Raises GltfError, OSError."""
        self.name = Path(path).name
        if Path(path).stat().st_size > _LARGEST:
            raise GltfError(f"{self.name} is larger than {_LARGEST // 1_000_000} MB.")
        data = Path(path).read_bytes()
        if len(data) < 20 or struct.unpack_from("<II", data) != (_MAGIC, 2):
            raise GltfError(f"{self.name} is not a binary glTF 2.0 file.")
        chunks = dict(self._chunks(data))
        try:
            self.document: dict[str, Any] = json.loads(chunks[_JSON])
        except (KeyError, ValueError, RecursionError) as error:
            raise self.damaged() from error
        if not isinstance(self.document, dict):
            raise self.damaged()
        self._binary = chunks.get(_BIN, b"")

    def damaged(self) -> GltfError:
        """What to raise for what cannot be."""
        return GltfError(f"{self.name} is damaged, or holds what Garrick does not read.")

    def array(self, index: int) -> np.ndarray:
        """(N, C) float64 of an accessor; normalised integers become what they stand for."""
        try:
            return self._array(self.document["accessors"][index])
        except (KeyError, IndexError, TypeError, AttributeError, OverflowError) as error:
            raise self.damaged() from error

    def _array(self, accessor: dict[str, Any]) -> np.ndarray:
        count, width = accessor["count"], _COMPONENTS[accessor["type"]]
        if not isinstance(count, int) or not 0 <= count * width <= _MOST:
            raise self.damaged()
        code = accessor["componentType"]
        if "bufferView" in accessor:
            values = self._read(accessor["bufferView"], accessor.get("byteOffset", 0), code, count, width)
        else:
            values = np.zeros((count, width), _TYPES[code])
        if "sparse" in accessor:
            held = accessor["sparse"]
            at, changed = held["indices"], held["values"]
            rows = self._read(at["bufferView"], at.get("byteOffset", 0), at["componentType"], held["count"], 1)[:, 0]
            values = values.copy()
            values[rows] = self._read(changed["bufferView"], changed.get("byteOffset", 0), code, held["count"], width)
        wide = values.astype(np.float64)
        if accessor.get("normalized") and values.dtype.kind in "iu":
            wide = np.maximum(wide / np.iinfo(values.dtype).max, -1.0)
        if not np.isfinite(wide).all():
            raise self.damaged()
        return wide

    def _read(self, view: int, offset: int, code: int, count: int, width: int) -> np.ndarray:
        """(count, width) out of a buffer view."""
        held = self.document["bufferViews"][view]
        dtype = np.dtype(_TYPES[code])
        stride = held.get("byteStride", dtype.itemsize * width)
        start, length = held.get("byteOffset", 0) + offset, held["byteLength"] - offset
        needed = stride * (count - 1) + dtype.itemsize * width if count else 0
        whole = all(isinstance(number, int) and number >= 0 for number in (start, length, stride, count))
        if held["buffer"] != 0 or not whole or needed > length or start + needed > len(self._binary):
            raise self.damaged()
        return np.ndarray((count, width), dtype, self._binary, start, (stride, dtype.itemsize))

    def _chunks(self, data: bytes) -> Sequence[tuple[int, bytes]]:
        found, at = [], 12
        while at + 8 <= len(data):
            length, kind = struct.unpack_from("<II", data, at)
            if at + 8 + length > len(data):
                raise self.damaged()
            found.append((kind, data[at + 8 : at + 8 + length]))
            at += 8 + math.ceil(length / 4) * 4
        return found[::-1]  # of two of a kind the first counts
