"""The PNG sequence, and the EXR sequence beside it where passes are asked for: each file known by its sha256."""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

import garrick
from garrick.core.camera import Camera
from garrick.files import append_line, make_folder, output_error, sha256, write_bytes
from garrick.rendering.take import Frame

from .synthetic import SYNTHETIC, SYNTHETIC_XMP

PATTERN = "frames/frame_{:06d}.png"
EXR_PATTERN = "exr/frame_{:06d}.exr"
_PNG_HEADER = 8 + 25  # bytes: the signature and the IHDR chunk, after which the text belongs
# without a level, libpng packs the differences from one pixel to the next: a third faster than its level 1, and smaller
_PACKING = (cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE)


def encode_png(picture: np.ndarray, synthetic: bool) -> bytes:
    """A PNG; equal pictures give equal bytes.

    picture:   (H, W, 4) uint8 RGBA with straight alpha, or (H, W, 3) uint8 RGB; sRGB.
    synthetic: say in the metadata that no camera saw this.
    """
    order = cv2.COLOR_RGBA2BGRA if picture.shape[2] == 4 else cv2.COLOR_RGB2BGR
    _, encoded = cv2.imencode(".png", cv2.cvtColor(picture, order), _PACKING)
    data = encoded.tobytes()
    return data[:_PNG_HEADER] + _claim() + data[_PNG_HEADER:] if synthetic else data


class FrameStore:
    """The finished frames of one take in a shot folder, and the manifest that says what is in them.

    The manifest is `.garrick/frames.jsonl`: one line for each frame with its take and sha256, appended as the frame gets
    its name, by any number of processes. The last line of a frame counts; one that a crash tore is not read, so its
    frame is made again.

    shot:   the shot folder.
    key:    names everything the pixels depend on; frames of another key are not taken for finished.
    passes: a frame is a PNG and an EXR; without one of them it is not finished.
    """

    def __init__(self, shot: Path, key: str, passes: bool = False) -> None:
        self.passes = passes
        self.shot = shot
        self.take = key[:16]
        self._manifest = shot / ".garrick" / "frames.jsonl"
        # frame -> sha256 of each of its files
        self._hashes: dict[int, tuple[str, ...]] = {
            line["frame"]: self._hashes_of(line) for line in self._last_lines().values() if line["take"] == self.take
        }

    def paths(self, index: int) -> tuple[Path, ...]:
        """Where the frame's files lie: its PNG, and its EXR if there are passes."""
        patterns = (PATTERN, EXR_PATTERN) if self.passes else (PATTERN,)
        return tuple(self.shot / pattern.format(index) for pattern in patterns)

    def finished(self, frames: Iterable[int]) -> set[int]:
        """Those of `frames` whose files are there and hold what was written."""
        return {index for index in frames if index in self._hashes and self._verifies(index)}

    def around(self, frames: range, count: int) -> range:
        """The range, longer on both sides by the finished frames that touch it; the clip has `count` frames.

        Their files are there; their content is not read.
        """
        first, last = frames.start, frames.stop - 1
        while first > 0 and self._recorded(first - 1):
            first -= 1
        while last < count - 1 and self._recorded(last + 1):
            last += 1
        return range(first, last + 1)

    def write(self, index: int, rgba: np.ndarray, layers: Frame | None = None, camera: Camera | None = None) -> None:
        """Encode, write and record one frame; any thread may call it. Raises OutputError.

        rgba: (H, W, 4) uint8, straight alpha. layers: the frame with its passes, and camera: what it was seen
        by, where the store keeps passes.
        """
        encoded = [encode_png(rgba, synthetic=True)]
        if self.passes:
            from .exr import encode_exr  # OpenEXR is loaded for those who ask for passes

            assert layers is not None
            assert camera is not None
            encoded.append(encode_exr(layers, camera))
        make_folder(self._manifest.parent)
        for path, data in zip(self.paths(index), encoded, strict=True):
            make_folder(path.parent)
            write_bytes(path, data)
        self._record(index, tuple(hashlib.sha256(data).hexdigest() for data in encoded))

    def _record(self, index: int, hashes: tuple[str, ...]) -> None:
        line = {"take": self.take, "frame": index, "sha256": hashes[0]}
        append_line(self._manifest, json.dumps(line | ({"exr": hashes[1]} if self.passes else {})))
        self._hashes[index] = hashes

    def _hashes_of(self, line: dict) -> tuple[str, ...]:
        return (line["sha256"], line.get("exr", "")) if self.passes else (line["sha256"],)

    def _recorded(self, index: int) -> bool:
        return index in self._hashes and all(path.is_file() for path in self.paths(index))

    def _verifies(self, index: int) -> bool:
        try:
            return tuple(map(sha256, self.paths(index))) == self._hashes[index]
        except OSError:
            return False

    def _last_lines(self) -> dict[int, dict]:
        """Frame -> what was last written of it."""
        try:
            text = self._manifest.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise output_error(error, self._manifest) from error
        return {line["frame"]: line for line in map(_parse_line, text.splitlines()) if line is not None}


def _parse_line(line: str) -> dict | None:
    """One line of the manifest; None for one that a crash tore."""
    try:
        value = json.loads(line)
    except json.JSONDecodeError:
        return None
    return value if isinstance(value, dict) and {"take", "frame", "sha256"} <= value.keys() else None


def _claim() -> bytes:
    """PNG chunks that say who made the picture and that it is synthetic (PNG specification, section 11.3.3)."""
    texts = {"Software": f"Garrick {garrick.__version__}", "Description": SYNTHETIC}
    chunks = [_chunk(b"tEXt", key.encode("latin-1") + b"\0" + text.encode("latin-1")) for key, text in texts.items()]
    uncompressed = b"\0\0"
    no_language = b"\0\0"
    chunks.append(_chunk(b"iTXt", b"XML:com.adobe.xmp\0" + uncompressed + no_language + SYNTHETIC_XMP.encode()))
    return b"".join(chunks)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
